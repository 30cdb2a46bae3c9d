"""Hash objects: their life, their data, their parameters, and signatures."""

from __future__ import annotations

import struct

from capilint.model import constants as sdk
from capilint.model import hashing, rsa
from capilint.model.errors import Failure, NotSupported, require
from capilint.model.objects import Hash
from capilint.model.signature import Call, api

_HMAC_INFO = struct.Struct("<I4xQI4xQI4x")  # of a 64-bit program


@api("CryptCreateHash", "hProv:context Algid:number hKey:key? dwFlags:number phHash:new-hash")
def create_hash(call: Call) -> Hash:
    """An empty hash. An HMAC needs a key; the others take none."""
    algorithm, key = call.number("Algid"), call.optional_key("hKey")
    context = call.context("hProv")
    require(not call.number("dwFlags"), sdk.NTE_BAD_FLAGS)
    if algorithm == sdk.CALG_HMAC:
        if key is None:
            raise Failure(sdk.NTE_BAD_KEY)
        return Hash(context, algorithm, key=key, secret=bytes(key.material))
    if algorithm == sdk.CALG_SSL3_SHAMD5:  # its value comes by HP_HASHVAL
        return Hash(context, algorithm)
    return Hash(context, algorithm, hashing.start(algorithm))


@api(
    "CryptDuplicateHash",
    "hHash:hash pdwReserved:reserved dwFlags:number phHash:new-hash",
    bad_handle=sdk.NTE_BAD_HASH,
)
def duplicate_hash(call: Call) -> Hash:
    """An exact copy of a hash and of its state."""
    require(call.arguments.get("pdwReserved") is None, sdk.ERROR_INVALID_PARAMETER)
    require(not call.number("dwFlags"), sdk.ERROR_INVALID_PARAMETER)
    old = call.hash("hHash")
    copy = Hash(old.context, old.algorithm, key=old.key, secret=old.secret, value=old.value)
    copy.inner = old.inner
    copy.digest = old.digest.copy() if old.digest else None
    copy.data = bytearray(old.data)
    return copy


@api("CryptDestroyHash", "hHash:-hash")
def destroy_hash(call: Call) -> None:
    """Ends a hash handle."""
    thing = call.hash("hHash")
    require(not thing.busy, sdk.ERROR_BUSY)
    call.process.release(thing)


@api("CryptHashData", "hHash:hash pbData:memory dwDataLen:number dwFlags:number")
def hash_data(call: Call) -> None:
    """Adds bytes to a hash."""
    require(not call.number("dwFlags"), sdk.NTE_BAD_FLAGS)
    hashing.update(call.hash("hHash"), call.data("pbData", call.number("dwDataLen")))


@api("CryptHashSessionKey", "hHash:hash hKey:key dwFlags:number")
def hash_session_key(call: Call) -> None:
    """Adds a key's bytes to a hash, last byte first unless CRYPT_LITTLE_ENDIAN is set."""
    flags, key = call.number("dwFlags"), call.key("hKey")
    require(not flags & ~sdk.CRYPT_LITTLE_ENDIAN, sdk.NTE_BAD_FLAGS)
    require(key.pair is None, sdk.NTE_BAD_KEY)
    step = 1 if flags & sdk.CRYPT_LITTLE_ENDIAN else -1
    hashing.update(call.hash("hHash"), bytes(key.material)[::step])


@api(
    "CryptGetHashParam",
    "hHash:hash dwParam:number pbData:memory pdwDataLen:cell dwFlags:number",
)
def get_hash_parameter(call: Call) -> None:
    """Tells one property of a hash; reading its value finishes it."""
    require(not call.number("dwFlags"), sdk.NTE_BAD_FLAGS)
    thing, parameter = call.hash("hHash"), call.number("dwParam")
    if parameter == sdk.HP_ALGID:
        answer = thing.algorithm.to_bytes(4, "little")
    elif parameter == sdk.HP_HASHSIZE:
        answer = hashing.size(thing).to_bytes(4, "little")
    elif parameter == sdk.HP_HASHVAL:
        if call.memory("pbData") is None:
            call.cell("pdwDataLen").value = hashing.size(thing)
            return
        answer = hashing.finish(thing)
    else:
        raise Failure(sdk.NTE_BAD_TYPE)
    call.answer(answer, "pbData", "pdwDataLen")


@api("CryptSetHashParam", "hHash:hash dwParam:number pbData:memory dwFlags:number")
def set_hash_parameter(call: Call) -> None:
    """Sets the value of a hash, or the inner algorithm of an HMAC (its default pads only)."""
    require(not call.number("dwFlags"), sdk.NTE_BAD_FLAGS)
    thing, parameter = call.hash("hHash"), call.number("dwParam")
    if parameter == sdk.HP_HASHVAL:
        require(thing.value is None, sdk.NTE_BAD_HASH_STATE)
        thing.value = call.data("pbData", hashing.size(thing))
    elif parameter == sdk.HP_HMAC_INFO and thing.algorithm == sdk.CALG_HMAC:
        thing.inner = _inner_algorithm(call.data("pbData", _HMAC_INFO.size))
    else:
        raise Failure(sdk.NTE_BAD_TYPE)


def _inner_algorithm(information: bytes) -> int:
    """The hash algorithm that an HMAC_INFO names."""
    inner, _, inner_size, _, outer_size = _HMAC_INFO.unpack(information)
    if inner_size or outer_size:
        raise NotSupported("the model has HMACs with the standard pads only (HMAC_INFO)")
    require(inner in hashing.NAMES, sdk.NTE_BAD_ALGID)
    return int(inner)


_SIGN = (
    "hHash:hash dwKeySpec:number szDescription:text dwFlags:number pbSignature:memory"
    " pdwSigLen:cell"
)
_VERIFY = (
    "hHash:hash pbSignature:memory dwSigLen:number hPubKey:key szDescription:text dwFlags:number"
)


@api("CryptSignHash", _SIGN)
@api("CryptSignHashA", _SIGN)
@api("CryptSignHashW", _SIGN)
def sign_hash(call: Call) -> None:
    """Signs a hash with a key pair of its context's container."""
    flags, thing = call.number("dwFlags"), call.hash("hHash")
    require(not flags & ~sdk.CRYPT_NOHASHOID, sdk.NTE_BAD_FLAGS)
    pair = thing.context.container.pairs.get(call.number("dwKeySpec"))
    if pair is None:
        raise Failure(sdk.NTE_NO_KEY)
    length = call.cell("pdwSigLen")
    if call.memory("pbSignature") is None or length.value < pair.size:
        call.answer(bytes(pair.size), "pbSignature", "pdwSigLen")
        return
    with_oid = not flags & sdk.CRYPT_NOHASHOID
    signature = rsa.sign(pair, thing.algorithm, hashing.finish(thing), with_oid)
    call.answer(signature, "pbSignature", "pdwSigLen")


@api("CryptVerifySignature", _VERIFY)
@api("CryptVerifySignatureA", _VERIFY)
@api("CryptVerifySignatureW", _VERIFY)
def verify_signature(call: Call) -> None:
    """Fails with NTE_BAD_SIGNATURE unless the signature fits the hash and the key."""
    flags, thing = call.number("dwFlags"), call.hash("hHash")
    require(not flags & ~sdk.CRYPT_NOHASHOID, sdk.NTE_BAD_FLAGS)
    pair = call.key("hPubKey").pair
    if pair is None:
        raise Failure(sdk.NTE_BAD_KEY)
    signature = call.data("pbSignature", call.number("dwSigLen"))
    with_oid = not flags & sdk.CRYPT_NOHASHOID
    rsa.verify(pair, thing.algorithm, hashing.finish(thing), with_oid, signature)
