"""CryptGetKeyParam and CryptSetKeyParam."""

from __future__ import annotations

from capilint.model import constants as sdk
from capilint.model.blockcipher import BLOCK_LENGTHS
from capilint.model.errors import Failure, NotSupported, require
from capilint.model.objects import Key
from capilint.model.signature import Call, api


def _bits(key: Key) -> int:
    return key.pair.n.bit_length() if key.pair else 8 * len(key.material)


@api(
    "CryptGetKeyParam",
    "hKey:key dwParam:number pbData:memory pdwDataLen:cell dwFlags:number",
)
def get_key_parameter(call: Call) -> None:
    """Tells one property of a key."""
    require(not call.number("dwFlags"), sdk.NTE_BAD_FLAGS)
    key, parameter = call.key("hKey"), call.number("dwParam")
    numbers = {
        sdk.KP_ALGID: key.algorithm,
        sdk.KP_KEYLEN: _bits(key),
        sdk.KP_EFFECTIVE_KEYLEN: _bits(key),
        sdk.KP_BLOCKLEN: _bits(key) if key.pair else 8 * BLOCK_LENGTHS.get(key.algorithm, 0),
        sdk.KP_PERMISSIONS: key.permissions,
        sdk.KP_PADDING: key.padding,
        sdk.KP_MODE: key.mode,
        sdk.KP_MODE_BITS: key.mode_bits,
    }
    if parameter in numbers:
        answer = numbers[parameter].to_bytes(4, "little")
    elif parameter == sdk.KP_IV:
        answer = key.vector
    elif parameter == sdk.KP_SALT:
        answer = key.salt
    else:
        raise Failure(sdk.NTE_BAD_TYPE)
    call.answer(answer, "pbData", "pdwDataLen")


@api("CryptSetKeyParam", "hKey:key dwParam:number pbData:memory dwFlags:number")
def set_key_parameter(call: Call) -> None:
    """Changes one property of a key; a change of mode or vector begins a new message."""
    key, parameter = call.key("hKey"), call.number("dwParam")
    require(call.memory("pbData") is not None, sdk.ERROR_INVALID_PARAMETER)
    require(not call.number("dwFlags"), sdk.NTE_BAD_FLAGS)
    if parameter == sdk.KP_SALT_EX:
        raise NotSupported("the model sets salts of the key's own length only, not KP_SALT_EX")
    if parameter == sdk.KP_IV:
        key.vector = call.data("pbData", BLOCK_LENGTHS.get(key.algorithm, 0))
        key.chain = None
    elif parameter == sdk.KP_SALT:
        key.salt = call.data("pbData", len(key.salt))
    else:
        _set_number(key, parameter, int.from_bytes(call.data("pbData", 4), "little"))


def _set_number(key: Key, parameter: int, value: int) -> None:
    if parameter == sdk.KP_MODE:
        key.mode, key.chain = value, None
    elif parameter == sdk.KP_MODE_BITS:
        key.mode_bits = value
    elif parameter == sdk.KP_PADDING:
        require(value == sdk.PKCS5_PADDING, sdk.NTE_BAD_DATA)
    elif parameter == sdk.KP_PERMISSIONS:
        # The permission to export stays as the key was made.
        require(not value & ~key.permissions & sdk.CRYPT_EXPORT, sdk.NTE_BAD_DATA)
        key.permissions = value | key.permissions & sdk.CRYPT_EXPORT
    elif parameter == sdk.KP_EFFECTIVE_KEYLEN:
        require(key.algorithm == sdk.CALG_RC2, sdk.NTE_BAD_TYPE)
    else:
        raise Failure(sdk.NTE_BAD_TYPE)
