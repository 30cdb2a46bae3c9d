"""Block ciphers, by the `cryptography` package (the extra `capilint[model]`)."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

from capilint.model import constants as sdk
from capilint.model.errors import Failure, NotSupported

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.ciphers import BlockCipherAlgorithm
    from cryptography.hazmat.primitives.ciphers.modes import ECB, ModeWithInitializationVector

BLOCK_LENGTHS = {  # bytes
    sdk.CALG_DES: 8,
    sdk.CALG_3DES_112: 8,
    sdk.CALG_3DES: 8,
    sdk.CALG_RC2: 8,
    sdk.CALG_AES: 16,
    sdk.CALG_AES_128: 16,
    sdk.CALG_AES_192: 16,
    sdk.CALG_AES_256: 16,
}
_RC2_KEY = 16  # bytes: all that the package offers, and the providers' default


def crypt(
    algorithm: int, key: bytes, mode: int, chain: bytes, data: bytes, encrypt: bool
) -> tuple[bytes, bytes]:
    """Whole blocks through a cipher: the result and the next feedback register.

    `chain` is the feedback register: the initialisation vector, or the last ciphertext.
    """
    try:
        from cryptography.hazmat.primitives.ciphers import Cipher
    except ImportError:
        raise NotSupported(
            "block ciphers in the model need the package `cryptography`:"
            f" {sys.executable} -m pip install cryptography"
        ) from None
    cipher = Cipher(_algorithm(algorithm, key, mode), _mode(mode, chain))
    context = cipher.encryptor() if encrypt else cipher.decryptor()
    result = context.update(data) + context.finalize()
    ciphertext = result if encrypt else data
    return result, (chain + ciphertext)[-len(chain) :]


def _algorithm(algorithm: int, key: bytes, mode: int) -> BlockCipherAlgorithm:
    from cryptography.hazmat.decrepit.ciphers.algorithms import RC2, TripleDES
    from cryptography.hazmat.primitives.ciphers.algorithms import AES

    if algorithm == sdk.CALG_RC2:
        if len(key) != _RC2_KEY or mode != sdk.CRYPT_MODE_CBC:
            raise NotSupported("the model has RC2 with 128-bit keys in CBC mode only")
        return RC2(key)
    if algorithm == sdk.CALG_DES:
        return TripleDES(key * 3)
    if algorithm == sdk.CALG_3DES_112:
        return TripleDES(key + key[:8])
    return TripleDES(key) if algorithm == sdk.CALG_3DES else AES(key)


def _mode(mode: int, chain: bytes) -> ECB | ModeWithInitializationVector:
    from cryptography.hazmat.decrepit.ciphers.modes import CFB8
    from cryptography.hazmat.primitives.ciphers.modes import CBC, ECB

    if mode == sdk.CRYPT_MODE_ECB:
        return ECB()
    if mode == sdk.CRYPT_MODE_CBC:
        return CBC(chain)
    if mode == sdk.CRYPT_MODE_CFB:
        return CFB8(chain)
    raise Failure(sdk.NTE_BAD_ALGID)
