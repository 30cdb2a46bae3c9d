"""cffi's dlopen with the model behind advapi32 (the ABI mode: `FFI().cdef`, `FFI().dlopen`)."""

from __future__ import annotations

import ctypes
from collections.abc import Callable
from importlib import import_module
from typing import Any

from capilint.execution.run import windows_errors
from capilint.execution.run.fake_ctypes import Library
from capilint.execution.run.libraries import KNOWN, MissingFunction, missing_library, plain_name

_INTEGERS = {  # Windows' own types, which cffi knows on Windows only
    "BOOL": "int32_t",
    "BYTE": "uint8_t",
    "WORD": "uint16_t",
    "DWORD": "uint32_t",
    "LONG": "int32_t",
    "ULONG": "uint32_t",
    "UINT": "uint32_t",
    "INT": "int32_t",
    "ULONG_PTR": "uintptr_t",
    "LONG_PTR": "intptr_t",
    "DWORD_PTR": "uintptr_t",
    "HANDLE": "void *",
    "HMODULE": "void *",
    "PVOID": "void *",
    "LPVOID": "void *",
    "LPCVOID": "void const *",
    "LPSTR": "char *",
    "LPCSTR": "char const *",
    "LPWSTR": "wchar_t *",
    "LPCWSTR": "wchar_t const *",
    "PBYTE": "uint8_t *",
    "LPBYTE": "uint8_t *",
    "PDWORD": "uint32_t *",
    "LPDWORD": "uint32_t *",
}


def install(load: Callable[[str], Library]) -> None:
    """Turns this process' cffi, where it is installed, into that of Windows."""
    try:
        cffi: Any = import_module("cffi")  # a package without types
        commontypes: Any = import_module("cffi.commontypes")
    except ImportError:
        return  # the program's own import says so
    for name, meaning in _INTEGERS.items():
        commontypes.COMMON_TYPES.setdefault(name, meaning)
    real = cffi.FFI.dlopen

    def dlopen(self: Any, name: Any, flags: int = 0) -> Any:
        if isinstance(name, str) and plain_name(name) in KNOWN:
            return _Library(self, load(name))
        try:
            return real(self, name, flags)
        except OSError:
            raise missing_library(name) from None

    def last_error(self: Any, code: int = -1) -> tuple[int, str]:
        number = ctypes.GetLastError() if code == -1 else code  # type: ignore[attr-defined]
        return number, windows_errors.text_of(number)

    cffi.FFI.dlopen = dlopen
    cffi.FFI.getwinerror = last_error


class _Library:
    """What FFI.dlopen gives: the functions that cdef declares, and its constants."""

    def __init__(self, ffi: Any, library: Library) -> None:
        self._ffi = ffi
        self._library = library

    def __getattr__(self, name: str) -> Any:
        declared = self._ffi._parser._declarations
        constants = self._ffi._parser._int_constants
        if name in constants:
            return constants[name]
        if f"function {name}" not in declared:
            raise MissingFunction(f"{name}: the program's cdef does not declare it")
        address = self._library.address(name)
        kind, _ = declared[f"function {name}"]
        with self._ffi._lock:
            type_ = self._ffi._get_cached_btype(kind)
        function = self._ffi.cast(type_, address)
        setattr(self, name, function)
        return function
