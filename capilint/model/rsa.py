"""RSA by PKCS #1 v1.5, on numbers.

Own code, because the providers allow what the `cryptography` package refuses: key pairs from a
seed, keys of 384 bits, MD5 signatures, and signatures without a hash OID.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from math import gcd
from typing import TYPE_CHECKING

from capilint.model import constants as sdk
from capilint.model.errors import Failure, require

if TYPE_CHECKING:
    import random

PUBLIC_EXPONENT = 65537
_OVERHEAD = 11  # bytes of PKCS #1 v1.5 padding, at least
_ROUNDS = 24

_DIGEST_INFO = {  # DER of DigestInfo up to the digest: RFC 8017, section 9.2
    sdk.CALG_MD5: "3020300c06082a864886f70d020505000410",
    sdk.CALG_MD4: "3020300c06082a864886f70d020405000410",
    sdk.CALG_SHA1: "3021300906052b0e03021a05000414",
    sdk.CALG_SHA_256: "3031300d060960864801650304020105000420",
    sdk.CALG_SHA_384: "3041300d060960864801650304020205000430",
    sdk.CALG_SHA_512: "3051300d060960864801650304020305000440",
}


@dataclass(frozen=True, slots=True)
class KeyPair:
    """RSA numbers; `d`, `p` and `q` are 0 where only the public half is known."""

    n: int
    e: int = PUBLIC_EXPONENT
    d: int = 0
    p: int = 0
    q: int = 0
    exportable: bool = False

    @property
    def size(self) -> int:
        """Bytes of the modulus."""
        return (self.n.bit_length() + 7) // 8


def generate(bits: int, rng: random.Random, exportable: bool) -> KeyPair:
    """A key pair whose modulus has exactly this many bits."""
    while True:
        p, q = _prime(bits - bits // 2, rng), _prime(bits // 2, rng)
        phi = (p - 1) * (q - 1)
        if p != q and gcd(phi, PUBLIC_EXPONENT) == 1 and (p * q).bit_length() == bits:
            d = pow(PUBLIC_EXPONENT, -1, phi)
            return KeyPair(p * q, PUBLIC_EXPONENT, d, p, q, exportable)


@cache
def _small_primes() -> tuple[int, ...]:
    odd = range(3, 2000, 2)
    return tuple(n for n in odd if all(n % d for d in range(3, int(n**0.5) + 1, 2)))


def _prime(bits: int, rng: random.Random) -> int:
    while True:
        candidate = rng.getrandbits(bits) | 1 | 3 << (bits - 2)
        if all(candidate % small for small in _small_primes()) and _probably_prime(candidate, rng):
            return candidate


def _probably_prime(candidate: int, rng: random.Random) -> bool:
    """Miller and Rabin's test."""
    odd, twos = candidate - 1, 0
    while not odd & 1:
        odd, twos = odd >> 1, twos + 1
    for _ in range(_ROUNDS):
        x = pow(rng.randrange(2, candidate - 1), odd, candidate)
        if x in (1, candidate - 1):
            continue
        for _ in range(twos - 1):
            x = x * x % candidate
            if x == candidate - 1:
                break
        else:
            return False
    return True


def encrypt(pair: KeyPair, data: bytes, rng: random.Random, oaep: bool = False) -> bytes:
    """The ciphertext, little-endian (CryptEncrypt, Remarks). NTE_BAD_LEN where it is too long."""
    if oaep:
        block = _oaep_pad(data, pair.size, rng)
    else:
        require(len(data) <= pair.size - _OVERHEAD, sdk.NTE_BAD_LEN)
        filler = bytes(rng.randrange(1, 256) for _ in range(pair.size - 3 - len(data)))
        block = b"\0\2" + filler + b"\0" + data
    return _power(block, pair.e, pair)[::-1]


def decrypt(pair: KeyPair, data: bytes, oaep: bool = False) -> bytes:
    """The plaintext of a little-endian ciphertext. NTE_BAD_DATA where the padding is wrong."""
    require(bool(pair.d), sdk.NTE_BAD_KEY)
    require(len(data) == pair.size, sdk.NTE_BAD_DATA)
    block = _power(data[::-1], pair.d, pair)
    if oaep:
        return _oaep_unpad(block)
    filler, separator, plain = block[2:].partition(b"\0")
    require(block[:2] == b"\0\2" and bool(separator) and len(filler) >= 8, sdk.NTE_BAD_DATA)
    return plain


def sign(pair: KeyPair, algorithm: int, digest: bytes, with_oid: bool) -> bytes:
    """A PKCS #1 v1.5 signature, little-endian."""
    return _power(_signature_block(pair, algorithm, digest, with_oid), pair.d, pair)[::-1]


def verify(pair: KeyPair, algorithm: int, digest: bytes, with_oid: bool, signature: bytes) -> None:
    """Fails with NTE_BAD_SIGNATURE unless the signature is the digest's."""
    require(len(signature) == pair.size, sdk.NTE_BAD_SIGNATURE)
    opened = _power(signature[::-1], pair.e, pair)
    require(
        opened == _signature_block(pair, algorithm, digest, with_oid),
        sdk.NTE_BAD_SIGNATURE,
    )


def _signature_block(pair: KeyPair, algorithm: int, digest: bytes, with_oid: bool) -> bytes:
    prefix = bytes.fromhex(_DIGEST_INFO.get(algorithm, "")) if with_oid else b""
    content = prefix + digest
    require(len(content) <= pair.size - _OVERHEAD, sdk.NTE_BAD_LEN)
    return b"\0\1" + b"\xff" * (pair.size - 3 - len(content)) + b"\0" + content


def _power(block: bytes, exponent: int, pair: KeyPair) -> bytes:
    number = int.from_bytes(block, "big")
    require(number < pair.n, sdk.NTE_BAD_DATA)
    return pow(number, exponent, pair.n).to_bytes(pair.size, "big")


# ---------------------------------------------------------------- OAEP with SHA-1, no label

_DIGEST = 20


def _sha1(data: bytes) -> bytes:
    import hashlib

    return hashlib.sha1(data, usedforsecurity=False).digest()


def _mask(seed: bytes, size: int) -> bytes:
    counters = range(size // _DIGEST + 1)
    return b"".join(_sha1(seed + counter.to_bytes(4, "big")) for counter in counters)[:size]


def _xor(left: bytes, right: bytes) -> bytes:
    return bytes(a ^ b for a, b in zip(left, right, strict=True))


def _oaep_pad(data: bytes, size: int, rng: random.Random) -> bytes:
    room = size - 2 * _DIGEST - 2 - len(data)
    require(room >= 0, sdk.NTE_BAD_LEN)
    body = _sha1(b"") + bytes(room) + b"\1" + data
    seed = rng.randbytes(_DIGEST)
    masked = _xor(body, _mask(seed, len(body)))
    return b"\0" + _xor(seed, _mask(masked, _DIGEST)) + masked


def _oaep_unpad(block: bytes) -> bytes:
    masked = block[1 + _DIGEST :]
    seed = _xor(block[1 : 1 + _DIGEST], _mask(masked, _DIGEST))
    body = _xor(masked, _mask(seed, len(masked)))
    filler, separator, plain = body[_DIGEST:].partition(b"\1")
    if block[0] or body[:_DIGEST] != _sha1(b"") or not separator or any(filler):
        raise Failure(sdk.NTE_BAD_DATA)
    return plain
