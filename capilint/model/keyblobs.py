"""CryptExportKey and CryptImportKey: key blobs in the layouts of the SDK.

BLOBHEADER   type, version, reserved (2 bytes), ALG_ID
PLAINTEXT    header, size, key
SIMPLE       header, ALG_ID of the encryption, encrypted key (little-endian)
PUBLICKEY    header, "RSA1", bits, exponent, modulus
PRIVATEKEY   header, "RSA2", bits, exponent, modulus, p, q, dp, dq, iq, d
"""

from __future__ import annotations

import struct

from capilint.model import constants as sdk
from capilint.model import rsa
from capilint.model.ciphering import decrypt_bytes, encrypt_bytes
from capilint.model.errors import Failure, require
from capilint.model.keys import KEY_SPECS, fits, key_of_pair, new_key
from capilint.model.objects import Context, Key
from capilint.model.signature import Call, api

_HEADER = struct.Struct("<BBHI")
_PUBLIC = struct.Struct("<III")
_NUMBER = struct.Struct("<I")
_SPECS = {sdk.CALG_RSA_KEYX: sdk.AT_KEYEXCHANGE, sdk.CALG_RSA_SIGN: sdk.AT_SIGNATURE}


@api(
    "CryptExportKey",
    "hKey:key hExpKey:key? dwBlobType:number dwFlags:number pbData:memory pdwDataLen:cell",
)
def export_key(call: Call) -> None:
    """Writes a key as a blob; a NULL buffer asks for its size."""
    key, wrapper, kind = call.key("hKey"), call.optional_key("hExpKey"), call.number("dwBlobType")
    if kind == sdk.PUBLICKEYBLOB:
        require(wrapper is None, sdk.NTE_BAD_KEY)
        blob = _public_blob(key)
    elif kind == sdk.PRIVATEKEYBLOB:
        blob = _private_blob(key, wrapper)
    elif kind == sdk.PLAINTEXTKEYBLOB:
        require(bool(key.permissions & sdk.CRYPT_EXPORT), sdk.NTE_BAD_KEY_STATE)
        secret = _modulus(key.pair) if key.pair else bytes(key.material)
        blob = _header(kind, key) + _NUMBER.pack(len(secret)) + secret
    elif kind == sdk.SIMPLEBLOB:
        blob = _simple_blob(call, key, wrapper)
    else:
        raise Failure(sdk.NTE_BAD_TYPE)
    call.answer(blob, "pbData", "pdwDataLen")


def _header(kind: int, key: Key) -> bytes:
    return _HEADER.pack(kind, sdk.CUR_BLOB_VERSION, 0, key.algorithm)


def _public_blob(key: Key) -> bytes:
    pair = key.pair
    if pair is None:
        raise Failure(sdk.NTE_BAD_KEY)
    numbers = _PUBLIC.pack(sdk.MAGIC_RSA1, pair.n.bit_length(), pair.e)
    return _header(sdk.PUBLICKEYBLOB, key) + numbers + _modulus(pair)


def _modulus(pair: rsa.KeyPair) -> bytes:
    return pair.n.to_bytes(pair.size, "little")


def _private_blob(key: Key, wrapper: Key | None) -> bytes:
    pair = key.pair
    if pair is None:
        raise Failure(sdk.NTE_BAD_KEY)
    require(bool(pair.d and key.permissions & sdk.CRYPT_EXPORT), sdk.NTE_BAD_KEY_STATE)
    half = (pair.size + 1) // 2
    parts = (
        (pair.n, pair.size),
        (pair.p, half),
        (pair.q, half),
        (pair.d % (pair.p - 1), half),
        (pair.d % (pair.q - 1), half),
        (pow(pair.q, -1, pair.p), half),
        (pair.d, pair.size),
    )
    body = _PUBLIC.pack(sdk.MAGIC_RSA2, pair.n.bit_length(), pair.e) + b"".join(
        number.to_bytes(size, "little") for number, size in parts
    )
    if wrapper is not None:
        body = encrypt_bytes(wrapper, body)
    return _header(sdk.PRIVATEKEYBLOB, key) + body


def _simple_blob(call: Call, key: Key, wrapper: Key | None) -> bytes:
    require(key.pair is None, sdk.NTE_BAD_KEY)
    if wrapper is None or wrapper.pair is None:
        raise Failure(sdk.NTE_NO_KEY)
    require(bool(key.permissions & sdk.CRYPT_EXPORT), sdk.NTE_BAD_KEY_STATE)
    oaep = bool(call.number("dwFlags") & sdk.CRYPT_OAEP)
    secret = bytes(key.material)[::-1]
    encrypted = rsa.encrypt(wrapper.pair, secret, call.process.random, oaep)
    return _header(sdk.SIMPLEBLOB, key) + _NUMBER.pack(wrapper.algorithm) + encrypted


@api(
    "CryptImportKey",
    "hProv:context pbData:memory dwDataLen:number hPubKey:key? dwFlags:number phKey:new-key",
)
def import_key(call: Call) -> Key:
    """Makes a key from a blob; a private key goes into the container, too."""
    blob = call.data("pbData", call.number("dwDataLen"))
    require(bool(blob), sdk.ERROR_INVALID_PARAMETER)
    require(len(blob) >= _HEADER.size, sdk.NTE_BAD_DATA)
    kind, version, _, algorithm = _HEADER.unpack_from(blob)
    require(version == sdk.CUR_BLOB_VERSION, sdk.NTE_BAD_VER)
    context, body, flags = call.context("hProv"), blob[_HEADER.size :], call.number("dwFlags")
    wrapper = call.optional_key("hPubKey")
    if kind == sdk.PUBLICKEYBLOB:
        return key_of_pair(context, algorithm, _public_pair(body))
    if kind == sdk.PRIVATEKEYBLOB:
        return _import_private(context, algorithm, wrapper, body, flags)
    if kind == sdk.PLAINTEXTKEYBLOB:
        secret = _plain_secret(body)
    elif kind == sdk.SIMPLEBLOB:
        secret = _unwrapped(context, wrapper, body, bool(flags & sdk.CRYPT_OAEP))
    else:
        raise Failure(sdk.NTE_BAD_TYPE)
    require(fits(context, algorithm, len(secret)), sdk.NTE_BAD_DATA)
    return new_key(context, algorithm, secret, flags)


def _plain_secret(body: bytes) -> bytes:
    require(len(body) >= _NUMBER.size, sdk.NTE_BAD_DATA)
    (size,) = _NUMBER.unpack_from(body)
    secret = body[_NUMBER.size : _NUMBER.size + size]
    require(len(secret) == size, sdk.NTE_BAD_DATA)
    return secret


def _unwrapped(context: Context, wrapper: Key | None, body: bytes, oaep: bool) -> bytes:
    pair = wrapper.pair if wrapper else context.container.pairs.get(sdk.AT_KEYEXCHANGE)
    if pair is None:
        raise Failure(sdk.NTE_BAD_DATA)
    return rsa.decrypt(pair, body[_NUMBER.size : _NUMBER.size + pair.size], oaep)[::-1]


def _public_pair(body: bytes) -> rsa.KeyPair:
    require(len(body) >= _PUBLIC.size, sdk.NTE_BAD_DATA)
    magic, bits, exponent = _PUBLIC.unpack_from(body)
    modulus = body[_PUBLIC.size : _PUBLIC.size + bits // 8]
    require(magic == sdk.MAGIC_RSA1 and len(modulus) == bits // 8 > 0, sdk.NTE_BAD_DATA)
    return rsa.KeyPair(int.from_bytes(modulus, "little"), exponent, exportable=True)


def _import_private(
    context: Context, algorithm: int, wrapper: Key | None, body: bytes, flags: int
) -> Key:
    if wrapper is not None:
        body = decrypt_bytes(wrapper, body)
    require(len(body) >= _PUBLIC.size, sdk.NTE_BAD_DATA)
    magic, bits, exponent = _PUBLIC.unpack_from(body)
    size, half = bits // 8, (bits // 8 + 1) // 2
    require(magic == sdk.MAGIC_RSA2, sdk.NTE_BAD_DATA)
    require(len(body) >= _PUBLIC.size + 2 * size + 5 * half, sdk.NTE_BAD_DATA)
    require(algorithm in KEY_SPECS, sdk.NTE_BAD_ALGID)

    def number(start: int, length: int) -> int:
        start += _PUBLIC.size
        return int.from_bytes(body[start : start + length], "little")

    pair = rsa.KeyPair(
        number(0, size),
        exponent,
        number(size + 5 * half, size),
        number(size, half),
        number(size + half, half),
        bool(flags & sdk.CRYPT_EXPORTABLE),
    )
    context.container.pairs[_SPECS[KEY_SPECS[algorithm]]] = pair
    return key_of_pair(context, KEY_SPECS[algorithm], pair)
