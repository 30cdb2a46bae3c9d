"""Digests by `hashlib`, and the finishing of hash objects."""

from __future__ import annotations

from typing import TYPE_CHECKING

from capilint.model import constants as sdk
from capilint.model.errors import Failure, NotSupported, require
from capilint.model.objects import Hash

if TYPE_CHECKING:
    import hashlib

NAMES = {
    sdk.CALG_MD4: "md4",
    sdk.CALG_MD5: "md5",
    sdk.CALG_SHA1: "sha1",
    sdk.CALG_SHA_256: "sha256",
    sdk.CALG_SHA_384: "sha384",
    sdk.CALG_SHA_512: "sha512",
}
SIZES = {
    sdk.CALG_MD4: 16,
    sdk.CALG_MD5: 16,
    sdk.CALG_SHA1: 20,
    sdk.CALG_SHA_256: 32,
    sdk.CALG_SHA_384: 48,
    sdk.CALG_SHA_512: 64,
    sdk.CALG_SSL3_SHAMD5: 36,
}


def start(algorithm: int) -> hashlib._Hash:
    """A running digest, or Failure where there is none of this algorithm."""
    import hashlib  # as every import of this module's crypto: a replay needs none of it

    if algorithm in (sdk.CALG_MAC, sdk.CALG_MD2):
        raise NotSupported(f"the model has no hash of algorithm {algorithm:#x} (MAC, MD2)")
    require(algorithm in NAMES, sdk.NTE_BAD_ALGID)
    try:
        return hashlib.new(NAMES[algorithm], usedforsecurity=False)
    except ValueError:  # MD4 is off in many builds of OpenSSL
        raise NotSupported(f"this Python's hashlib has no {NAMES[algorithm]}") from None


def digest(algorithm: int, data: bytes) -> bytes:
    """The digest of some bytes."""
    running = start(algorithm)
    running.update(data)
    return running.digest()


def is_sha2(algorithm: int) -> bool:
    """Whether an algorithm is of the SHA-2 family."""
    return algorithm in (sdk.CALG_SHA_256, sdk.CALG_SHA_384, sdk.CALG_SHA_512)


def size(thing: Hash) -> int:
    """Bytes of a hash's value."""
    algorithm = thing.inner if thing.algorithm == sdk.CALG_HMAC else thing.algorithm
    return SIZES.get(algorithm, 0)


def update(thing: Hash, data: bytes) -> None:
    """Adds data; a finished hash takes none (NTE_BAD_HASH_STATE).

    A keyed one needs its key alive (CryptHashData, NTE_BAD_KEY).
    """
    require(thing.value is None, sdk.NTE_BAD_HASH_STATE)
    if thing.algorithm == sdk.CALG_HMAC:
        require(thing.key is not None and thing.key.alive, sdk.NTE_BAD_KEY)
        thing.data += data
    else:
        require(thing.digest is not None, sdk.NTE_BAD_HASH_STATE)
        if thing.digest is not None:
            thing.digest.update(data)


def _hmac(thing: Hash) -> bytes:
    """The value of an HMAC; it is empty where HP_HMAC_INFO was never set."""
    import hmac

    if not thing.inner:
        return b""
    return hmac.digest(thing.secret, bytes(thing.data), NAMES[thing.inner])


def finish(thing: Hash) -> bytes:
    """The value of a hash, which takes no more data afterwards."""
    if thing.value is None:
        if thing.algorithm == sdk.CALG_HMAC:
            thing.value = _hmac(thing)
        elif thing.digest is not None:
            thing.value = thing.digest.digest()
        else:
            raise Failure(sdk.NTE_BAD_HASH_STATE)
    return thing.value
