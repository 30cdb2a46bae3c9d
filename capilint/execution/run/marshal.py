"""From machine words to the model: C-callable functions that read the program's own memory.

ctypes, cffi, C ── a call by address ── closure of libffi ── Marshal ── Machine.call
"""

from __future__ import annotations

import ctypes
from collections.abc import Callable
from threading import RLock
from typing import Any

from capilint.model.errors import NotSupported
from capilint.model.events import Role
from capilint.model.machine import Machine, signature_of
from capilint.model.memory import PublicKeyInfo
from capilint.model.signature import Parameter

Complain = Callable[[str], None]


class Pointer:
    """A Memory of the model (see there) at an address of this process."""

    __slots__ = ("_address",)

    def __init__(self, address: int) -> None:
        """The memory that starts there; nobody knows where it ends."""
        self._address = address

    def read(self, size: int) -> bytes:
        """See Memory."""
        return ctypes.string_at(self._address, size)

    def write(self, data: bytes) -> None:
        """See Memory."""
        ctypes.memmove(self._address, data, len(data))


class _Blob(ctypes.Structure):
    _fields_ = (("size", ctypes.c_uint32), ("data", ctypes.c_void_p))


class _PublicKeyInfo(ctypes.Structure):
    """CERT_PUBLIC_KEY_INFO of wincrypt.h: an algorithm, and a bit string."""

    _fields_ = (
        ("oid", ctypes.c_char_p),
        ("parameters", _Blob),
        ("key", _Blob),
        ("unused_bits", ctypes.c_uint32),
    )


class Marshal:
    """Hands out addresses of API functions that a program can call.

    `complain` is called, and must not come back, where the model cannot go on: an exception
    cannot travel through a C program.
    """

    def __init__(self, machine: Machine, complain: Complain) -> None:
        """Functions for this machine."""
        self.machine = machine
        self._complain = complain
        self.lock = RLock()  # the program's threads take turns in the model
        self._closures: list[object] = []  # libffi's memory must outlive the program

    def address(self, function: str, afterwards: Callable[[], None] | None = None) -> int:
        """The address of an API function. `afterwards` runs at the end of each call.

        Raises UnknownFunction where the model does not have it.
        """
        signature = signature_of(function)
        types = [_word(parameter) for parameter in signature.parameters]
        wide = function.endswith("W")

        def body(*words: int | None) -> int:
            try:
                arguments = {
                    parameter.name: _argument(parameter, word or 0, wide)
                    for parameter, word in zip(signature.parameters, words, strict=True)
                }
                with self.lock:
                    result = self.machine.call(function, **arguments)
            except NotSupported as error:
                self._complain(str(error))
                raise
            except Exception as error:
                self._complain(f"internal error in {function}: {type(error).__name__}: {error}")
                raise
            if afterwards is not None:
                afterwards()
            return ctypes.c_int32(result).value

        return self.closure(ctypes.c_int32, types, body)

    def closure(self, result: Any, types: list[Any], body: Callable[..., Any]) -> int:
        """The address of a C function that calls a Python one; it lives as long as we do."""
        made = ctypes.CFUNCTYPE(result, *types)(body)
        self._closures.append(made)
        return ctypes.cast(made, ctypes.c_void_p).value or 0


def _word(parameter: Parameter) -> Any:
    return ctypes.c_uint32 if parameter.kind == "number" else ctypes.c_void_p


def _argument(parameter: Parameter, word: int, wide: bool) -> object:
    """A machine word as the model wants it; NULL is None."""
    is_handle = parameter.role not in (Role.NONE, Role.CREATE)
    if is_handle or parameter.kind in ("number", "certificate"):
        return word
    if not word:
        return None
    if parameter.role is Role.CREATE:
        return ctypes.c_size_t.from_address(word)
    if parameter.kind == "cell":
        return ctypes.c_uint32.from_address(word)
    if parameter.kind == "memory":
        return Pointer(word)
    if parameter.kind == "text":
        return ctypes.wstring_at(word) if wide else ctypes.string_at(word).decode("latin-1")
    if parameter.kind == "information":
        info = _PublicKeyInfo.from_address(word)
        key = ctypes.string_at(info.key.data, info.key.size) if info.key.data else b""
        return PublicKeyInfo((info.oid or b"").decode("latin-1"), key)
    return word
