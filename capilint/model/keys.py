"""The life of keys: generating, deriving, fetching, duplicating, destroying; their parameters."""

from __future__ import annotations

from capilint.model import constants as sdk
from capilint.model import hashing, rsa
from capilint.model.blockcipher import BLOCK_LENGTHS
from capilint.model.errors import Failure, require
from capilint.model.objects import Context, Key
from capilint.model.signature import Call, api

KEY_SPECS = {
    sdk.AT_KEYEXCHANGE: sdk.CALG_RSA_KEYX,
    sdk.AT_SIGNATURE: sdk.CALG_RSA_SIGN,
    sdk.CALG_RSA_KEYX: sdk.CALG_RSA_KEYX,
    sdk.CALG_RSA_SIGN: sdk.CALG_RSA_SIGN,
}
_SPEC_OF = {sdk.CALG_RSA_KEYX: sdk.AT_KEYEXCHANGE, sdk.CALG_RSA_SIGN: sdk.AT_SIGNATURE}
_LENGTHS = {  # bits: default, shortest, longest (SDK: Enhanced Provider Algorithms)
    sdk.CALG_RC2: (128, 40, 128),
    sdk.CALG_RC4: (128, 40, 128),
    sdk.CALG_DES: (56, 56, 56),
    sdk.CALG_3DES_112: (112, 112, 112),
    sdk.CALG_3DES: (168, 168, 168),
    sdk.CALG_AES: (128, 128, 128),
    sdk.CALG_AES_128: (128, 128, 128),
    sdk.CALG_AES_192: (192, 192, 192),
    sdk.CALG_AES_256: (256, 256, 256),
    sdk.CALG_RSA_KEYX: (1024, 384, 16384),
    sdk.CALG_RSA_SIGN: (1024, 384, 16384),
}
_PARITY_LENGTHS = {56: 64, 112: 128, 168: 192}  # DES keys are stored with parity bits
_AES = (sdk.CALG_AES, sdk.CALG_AES_128, sdk.CALG_AES_192, sdk.CALG_AES_256)
_PADDED_DERIVATION = (*_AES, sdk.CALG_3DES, sdk.CALG_3DES_112)
_SALT_LENGTH = 11  # bytes: 88 bits beside a 40-bit key


def key_size(context: Context, algorithm: int, flags: int) -> int:
    """Bytes of a new key: the upper half of `flags` gives bits, 0 the default."""
    bits = flags >> 16 or _lengths(context, algorithm)[0]
    bits = _PARITY_LENGTHS.get(bits, bits)
    require(bits % 8 == 0 and fits(context, algorithm, bits // 8), sdk.NTE_BAD_FLAGS)
    return bits // 8


def fits(context: Context, algorithm: int, size: int) -> bool:
    """Whether a key of this algorithm can have this many bytes, as it is stored."""
    _, shortest, longest = _lengths(context, algorithm)
    shortest, longest = (_PARITY_LENGTHS.get(bits, bits) for bits in (shortest, longest))
    return shortest <= size * 8 <= longest


def _lengths(context: Context, algorithm: int) -> tuple[int, int, int]:
    require(algorithm in _LENGTHS, sdk.NTE_BAD_ALGID)
    aes = algorithm in _AES
    require(not aes or context.provider_type == sdk.PROV_RSA_AES, sdk.NTE_BAD_ALGID)
    return _LENGTHS[algorithm]


def new_key(context: Context, algorithm: int, material: bytes, flags: int) -> Key:
    """A session key in its initial state: CBC with a zero vector (CryptGenKey, Remarks)."""
    permissions = (
        sdk.CRYPT_ENCRYPT | sdk.CRYPT_DECRYPT | sdk.CRYPT_READ | sdk.CRYPT_WRITE | sdk.CRYPT_MAC
    )
    if flags & sdk.CRYPT_EXPORTABLE:
        permissions |= sdk.CRYPT_EXPORT
    vector = bytes(BLOCK_LENGTHS.get(algorithm, 0))
    return Key(context, algorithm, bytearray(material), permissions, vector=vector)


def key_of_pair(context: Context, algorithm: int, pair: rsa.KeyPair) -> Key:
    """A handle to a key pair."""
    key = new_key(context, algorithm, b"", sdk.CRYPT_EXPORTABLE if pair.exportable else 0)
    key.pair = pair
    return key


@api("CryptGenKey", "hProv:context Algid:number dwFlags:number phKey:new-key")
def generate_key(call: Call) -> Key:
    """A random session key, or a new key pair in the container."""
    context, algorithm, flags = call.context("hProv"), call.number("Algid"), call.number("dwFlags")
    algorithm = KEY_SPECS.get(algorithm, algorithm)
    size = key_size(context, algorithm, flags)
    _require_no_dialog(context, flags)
    rng = call.process.random
    if algorithm in _SPEC_OF:
        pair = rsa.generate(size * 8, rng, bool(flags & sdk.CRYPT_EXPORTABLE))
        context.container.pairs[_SPEC_OF[algorithm]] = pair
        return key_of_pair(context, algorithm, pair)
    key = new_key(context, algorithm, rng.randbytes(size), flags)
    if flags & sdk.CRYPT_CREATE_SALT and algorithm in (sdk.CALG_RC2, sdk.CALG_RC4):
        key.salt = rng.randbytes(_SALT_LENGTH)
    return key


def _require_no_dialog(context: Context, flags: int) -> None:
    """Flags that ask the user fail where no dialog may appear (CryptGenKey, dwFlags)."""
    silent = context.flags & sdk.CRYPT_SILENT
    asks = flags & sdk.CRYPT_USER_PROTECTED and silent
    insists = flags & sdk.CRYPT_FORCE_KEY_PROTECTION_HIGH
    forbidden = insists and (silent or context.flags & sdk.CRYPT_VERIFYCONTEXT)
    require(not asks and not forbidden, sdk.NTE_SILENT_CONTEXT)


@api(
    "CryptDeriveKey",
    "hProv:context Algid:number hBaseData:hash dwFlags:number phKey:new-key",
)
def derive_key(call: Call) -> Key:
    """A session key from a hash, which is finished by it (SDK page, Remarks)."""
    context, algorithm, flags = call.context("hProv"), call.number("Algid"), call.number("dwFlags")
    require(algorithm & 0xE000 == 0x6000, sdk.NTE_BAD_ALGID)
    size = key_size(context, algorithm, flags)
    base = call.hash("hBaseData")
    digest = hashing.finish(base)
    expand = algorithm in _PADDED_DERIVATION and not hashing.is_sha2(base.algorithm)
    if expand or size > len(digest):
        digest = _expanded(base.algorithm, digest)
    return new_key(context, algorithm, digest[:size], flags)


def _expanded(algorithm: int, digest: bytes) -> bytes:
    def half(filler: int) -> bytes:
        padded = digest + bytes(64 - len(digest))
        return hashing.digest(algorithm, bytes(byte ^ filler for byte in padded))

    return half(0x36) + half(0x5C)


@api("CryptGetUserKey", "hProv:context dwKeySpec:number phUserKey:new-key")
def get_user_key(call: Call) -> Key:
    """A handle to a key pair of the container."""
    context, spec = call.context("hProv"), call.number("dwKeySpec")
    pair = context.container.pairs.get(spec)
    if pair is None:
        raise Failure(sdk.NTE_NO_KEY)
    return key_of_pair(context, KEY_SPECS[spec], pair)


@api(
    "CryptDuplicateKey",
    "hKey:key pdwReserved:reserved dwFlags:number phKey:new-key",
    bad_handle=sdk.NTE_BAD_KEY,
)
def duplicate_key(call: Call) -> Key:
    """An exact copy of a key and of its state."""
    require(call.arguments.get("pdwReserved") is None, sdk.ERROR_INVALID_PARAMETER)
    require(not call.number("dwFlags"), sdk.ERROR_INVALID_PARAMETER)
    key = call.key("hKey")
    copy = new_key(key.context, key.algorithm, bytes(key.material), 0)
    copy.permissions, copy.pair, copy.salt = key.permissions, key.pair, key.salt
    copy.mode, copy.mode_bits, copy.padding = key.mode, key.mode_bits, key.padding
    copy.vector, copy.chain = key.vector, key.chain
    copy.stream = key.stream.copy() if key.stream else None
    return copy


@api("CryptDestroyKey", "hKey:-key")
def destroy_key(call: Call) -> None:
    """Ends a key handle; a key pair in a container survives."""
    key = call.key("hKey")
    require(not key.busy, sdk.ERROR_BUSY)
    call.process.release(key)
