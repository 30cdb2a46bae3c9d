"""ctypes as Windows has it, with the model behind advapi32: everything else stays the real one.

Functions are real ctypes functions at the addresses that `marshal` hands out, so that argtypes,
restype, errcheck, byref and the conversion of arguments are ctypes' own.
"""

from __future__ import annotations

import builtins
import ctypes
import importlib
import sys
import threading
from collections.abc import Callable
from typing import Any

from capilint.execution.run import windows_errors
from capilint.execution.run.libraries import KNOWN, check_function, missing_library, plain_name
from capilint.execution.run.marshal import Marshal

_Pointer: Any = ctypes._CFuncPtr  # type: ignore[attr-defined]
_CDECL = 1  # FUNCFLAG_CDECL: both ends are ours, so that stdcall is never needed
_IN, _OUT, _ZERO = 1, 2, 4  # paramflags


class LastErrors:
    """The last error of the thread, and ctypes' private copy of it (use_last_error)."""

    def __init__(self, marshal: Marshal) -> None:
        """Of this machine."""
        self._machine = marshal.machine
        self._thread = threading.local()

    def get(self) -> int:
        """ctypes.GetLastError."""
        return windows_errors.signed(self._machine.last_error)

    def copy(self) -> None:
        """What ctypes does after a call to a library that was loaded with use_last_error."""
        self._thread.copy = self._machine.last_error

    def get_copy(self) -> int:
        """ctypes.get_last_error."""
        return windows_errors.signed(getattr(self._thread, "copy", 0))

    def set_copy(self, code: int) -> int:
        """ctypes.set_last_error: the old value."""
        old, self._thread.copy = self.get_copy(), code & 0xFFFFFFFF
        return old

    def set(self, code: int) -> None:
        """kernel32.SetLastError."""
        self._machine.last_error = code

    def raw(self) -> int:
        """kernel32.GetLastError."""
        return self._machine.last_error


class Function(_Pointer):  # type: ignore[misc]
    """A function of a Library."""

    _flags_ = _CDECL
    _restype_ = ctypes.c_int


class Library:
    """What ctypes.WinDLL("advapi32") gives: functions as attributes, made at their first use."""

    def __init__(self, name: str, marshal: Marshal, errors: LastErrors, copies: bool) -> None:
        """`copies` is use_last_error."""
        self._name = name
        self._handle = 0x10000000 + 0x10000 * sorted(KNOWN).index(plain_name(name))
        self._marshal = marshal
        self._errors = errors
        self._copies = copies

    def __getattr__(self, name: str) -> Any:
        """The function of that name. Raises MissingFunction."""
        if name.startswith("__") and name.endswith("__"):
            raise AttributeError(name)
        function = self[name]
        setattr(self, name, function)
        return function

    def __getitem__(self, name: str | int) -> Any:
        """A new object for the function, without the attributes set on others."""
        function = Function(self.address(str(name)))
        function.__name__ = name
        return function

    def address(self, name: str) -> int:
        """Where the function is."""
        check_function(plain_name(self._name), name)
        if name == "GetLastError":
            return self._marshal.closure(ctypes.c_uint32, [], self._errors.raw)
        if name == "SetLastError":
            return self._marshal.closure(None, [ctypes.c_uint32], self._errors.set)
        return self._marshal.address(name, self._errors.copy if self._copies else None)

    def __repr__(self) -> str:
        """As ctypes shows libraries."""
        return f"<WinDLL '{self._name}', in the model of capilint>"


def install(marshal: Marshal) -> Callable[[str], Library]:
    """Turns this process' ctypes into that of Windows; gives what loads a library by name."""
    errors = LastErrors(marshal)

    def load(name: str, copies: bool = False) -> Library:
        if plain_name(name) not in KNOWN:
            raise missing_library(name)
        return Library(name, marshal, errors, copies)

    _install_types()
    _install_loaders(load)
    _install_errors(errors)
    return load


def _install_types() -> None:
    """A long of Windows has 32 bits; wintypes is made anew from it."""
    module: Any = ctypes
    module.c_long, module.c_ulong = ctypes.c_int32, ctypes.c_uint32
    module.HRESULT = ctypes.c_int32
    sys.modules.pop("ctypes.wintypes", None)
    module.wintypes = importlib.import_module("ctypes.wintypes")


def _install_loaders(load: Callable[[str, bool], Library]) -> None:
    module: Any = ctypes
    real = ctypes.CDLL

    class CDLL(real):  # type: ignore[valid-type, misc]
        """The real one for libraries of this system, the model's for those of Windows."""

        def __new__(cls, name: Any = None, *args: Any, **named: Any) -> Any:
            if plain_name(name) in KNOWN:
                return load(name, bool(named.get("use_last_error")))
            return super().__new__(cls)

        def __init__(self, name: Any = None, *args: Any, **named: Any) -> None:
            try:
                super().__init__(name, *args, **named)
            except OSError:
                raise missing_library(name) from None

    def windows_only(name: Any, *args: Any, **named: Any) -> Library:
        return load(name, bool(named.get("use_last_error")))

    module.CDLL = CDLL
    module.WinDLL = module.OleDLL = windows_only
    module.cdll = ctypes.LibraryLoader(CDLL)
    module.windll = module.oledll = ctypes.LibraryLoader(windows_only)  # type: ignore[arg-type]
    module.WINFUNCTYPE = _prototype


def _install_errors(errors: LastErrors) -> None:
    module: Any = ctypes

    def win_error(code: int | None = None, text: str | None = None) -> OSError:
        number = errors.get() if code is None else windows_errors.signed(code)
        return windows_errors.WindowsError(number, text or windows_errors.text_of(number))

    def format_error(code: int | None = None) -> str:
        return windows_errors.text_of(errors.get() if code is None else code)

    module.GetLastError = errors.get
    module.get_last_error, module.set_last_error = errors.get_copy, errors.set_copy
    module.WinError, module.FormatError = win_error, format_error
    builtins.WindowsError = OSError  # type: ignore[attr-defined]


def _prototype(result: Any, *types: Any, **_flags: bool) -> Any:
    """ctypes.WINFUNCTYPE: a class of functions with these types."""

    class WinFunction(_Pointer):  # type: ignore[misc]
        _flags_ = _CDECL
        _restype_ = result
        _argtypes_ = types

        def __new__(cls, *args: Any) -> Any:
            if not (args and isinstance(args[0], tuple)):
                return super().__new__(cls, *args)
            name, library = args[0]
            function = super().__new__(cls, library.address(name))
            function.__name__ = name
            function.flags = args[1] if len(args) > 1 else None
            return function

        def __call__(self, *args: Any, **named: Any) -> Any:
            flags = getattr(self, "flags", None)
            if flags is None:
                return super().__call__(*args, **named)
            values, outputs = _filled(flags, types, args, named)
            answer = super().__call__(*values)
            results = [output.value for output in outputs]
            return (results[0] if len(results) == 1 else tuple(results)) if results else answer

    return WinFunction


def _filled(flags: Any, types: Any, args: Any, named: Any) -> tuple[list[Any], list[Any]]:
    """The arguments of a call by paramflags, and the variables for its outputs."""
    given = list(args)
    values: list[Any] = []
    outputs: list[Any] = []
    for flag, type_ in zip(flags, types, strict=True):
        kind, name, default = (*flag, "", None)[:3] if len(flag) < 3 else flag
        if kind & _OUT and not kind & _IN:
            outputs.append(type_._type_())
            values.append(ctypes.byref(outputs[-1]))
        elif kind & _ZERO:
            values.append(0)
        elif given:
            values.append(given.pop(0))
        elif name in named or len(flag) > 2:
            values.append(named.get(name, default))
        else:
            raise TypeError(f"required argument '{name}' missing")
    return values, outputs
