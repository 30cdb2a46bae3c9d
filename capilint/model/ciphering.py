"""CryptEncrypt and CryptDecrypt."""

from __future__ import annotations

from capilint.model import blockcipher, hashing, rsa
from capilint.model import constants as sdk
from capilint.model.errors import Failure, require
from capilint.model.objects import Key
from capilint.model.rc4 import RC4
from capilint.model.signature import Call, api


@api(
    "CryptEncrypt",
    "hKey:key hHash:hash? Final:number dwFlags:number pbData:memory pdwDataLen:cell"
    " dwBufLen:number",
)
def encrypt(call: Call) -> None:
    """Encrypts in place; a NULL buffer asks for the size."""
    key, final, flags = call.key("hKey"), bool(call.number("Final")), call.number("dwFlags")
    require(not flags & ~sdk.CRYPT_OAEP, sdk.NTE_BAD_FLAGS)
    length, memory = call.cell("pdwDataLen"), call.memory("pbData")
    size = _encrypted_size(key, length.value, final)
    if memory is None:
        length.value = size
        return
    plain = memory.read(length.value)
    if size > call.number("dwBufLen"):
        length.value = size
        raise Failure(sdk.ERROR_MORE_DATA)
    thing = call.optional_hash("hHash")
    if thing is not None:
        hashing.update(thing, plain)
    if key.pair is not None:
        require(key.algorithm == sdk.CALG_RSA_KEYX, sdk.NTE_BAD_KEY)
        oaep = bool(flags & sdk.CRYPT_OAEP)
        result = rsa.encrypt(key.pair, plain, call.process.random, oaep)
    else:
        result = encrypt_bytes(key, plain, final)
    memory.write(result)
    length.value = len(result)


@api(
    "CryptDecrypt",
    "hKey:key hHash:hash? Final:number dwFlags:number pbData:memory pdwDataLen:cell",
)
def decrypt(call: Call) -> None:
    """Decrypts in place."""
    key, final, flags = call.key("hKey"), bool(call.number("Final")), call.number("dwFlags")
    require(not flags & ~sdk.CRYPT_OAEP, sdk.NTE_BAD_FLAGS)
    length, memory = call.cell("pdwDataLen"), call.memory("pbData")
    if memory is None:
        raise Failure(sdk.ERROR_INVALID_PARAMETER)
    data = memory.read(length.value)
    if key.pair is not None:
        require(key.algorithm == sdk.CALG_RSA_KEYX, sdk.NTE_BAD_KEY)
        result = rsa.decrypt(key.pair, data, bool(flags & sdk.CRYPT_OAEP))
    else:
        result = decrypt_bytes(key, data, final)
    thing = call.optional_hash("hHash")
    if thing is not None:
        hashing.update(thing, result)
    memory.write(result)
    length.value = len(result)


def _encrypted_size(key: Key, size: int, final: bool) -> int:
    if key.pair is not None:
        return key.pair.size
    block = blockcipher.BLOCK_LENGTHS.get(key.algorithm)
    if block is None:
        return size
    require(final or size % block == 0, sdk.NTE_BAD_DATA)
    return (size // block + 1) * block if final else size


def encrypt_bytes(key: Key, plain: bytes, final: bool = True) -> bytes:
    """One section of a message under a session key; the last one is padded to whole blocks."""
    block = blockcipher.BLOCK_LENGTHS.get(key.algorithm)
    if block is None:
        return _stream(key, plain, final)
    if final:
        missing = block - len(plain) % block
        plain += bytes([missing]) * missing
    return _blocks(key, plain, final, encrypt=True)


def decrypt_bytes(key: Key, data: bytes, final: bool = True) -> bytes:
    """The reverse of encrypt_bytes; NTE_BAD_DATA where length or padding is wrong."""
    block = blockcipher.BLOCK_LENGTHS.get(key.algorithm)
    if block is None:
        return _stream(key, data, final)
    require(len(data) % block == 0 and bool(data or not final), sdk.NTE_BAD_DATA)
    plain = _blocks(key, data, final, encrypt=False)
    if not final:
        return plain
    padding = plain[-1]
    good = 1 <= padding <= block and plain.endswith(bytes([padding]) * padding)
    require(good, sdk.NTE_BAD_DATA)
    return plain[:-padding]


def _blocks(key: Key, data: bytes, final: bool, encrypt: bool) -> bytes:
    secret, chain = bytes(key.material), key.chain or key.vector
    result, chain = blockcipher.crypt(key.algorithm, secret, key.mode, chain, data, encrypt)
    key.chain = None if final else chain
    return result


def _stream(key: Key, data: bytes, final: bool) -> bytes:
    require(key.algorithm == sdk.CALG_RC4, sdk.NTE_BAD_KEY)
    if key.stream is None:
        key.stream = RC4(bytes(key.material) + key.salt)
    result = key.stream.crypt(data)
    if final:
        key.stream = None
    return result
