"""What the model's pointers point to, in a form that every caller can offer.

A ctypes shim wraps an address, a test a bytearray: the model reads and writes through these two
shapes and never sees a real pointer.

    Memory   bytes behind a pointer           pbData
    Cell     one number behind a pointer      pdwDataLen, phKey
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol


class Memory(Protocol):
    """Bytes at an address of the program."""

    def read(self, size: int) -> bytes:
        """The first `size` bytes (fewer where the memory ends before)."""
        ...

    def write(self, data: bytes) -> None:
        """Puts `data` at the start; the model has checked the length that the caller stated."""
        ...


class Cell(Protocol):
    """A variable of the program, passed by address: a DWORD, a BOOL or a handle."""

    value: int


@dataclass(slots=True)
class Variable:
    """A Cell of our own, for callers that have no memory of the program at hand."""

    value: int = 0


class Buffer:
    """A Memory of our own over a bytearray."""

    __slots__ = ("content",)

    def __init__(self, content: bytes | bytearray | int = 0) -> None:
        """A buffer with this content, or of this many zero bytes; it keeps a bytearray."""
        self.content = content if isinstance(content, bytearray) else bytearray(content)

    def read(self, size: int) -> bytes:
        """See Memory."""
        return bytes(self.content[:size])

    def write(self, data: bytes) -> None:
        """See Memory; growing past the buffer's end is a bug of the caller: IndexError."""
        if len(data) > len(self.content):
            raise IndexError(f"{len(data)} bytes do not fit a buffer of {len(self.content)}")
        self.content[: len(data)] = data


@dataclass(frozen=True, slots=True)
class PublicKeyInfo:
    """The content of a CERT_PUBLIC_KEY_INFO: the algorithm's OID and the DER of the key."""

    oid: str
    key: bytes
