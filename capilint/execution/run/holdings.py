"""Which handles a Python value holds: the search that tells a leak from a handle put away.

It follows what a program puts handles into: numbers, boxes of ctypes and cffi, containers,
objects, closures, the modules of the program. It is bounded; past the bound everything is held.
"""

from __future__ import annotations

import ctypes
import gc
import sys
from collections.abc import Iterable, Iterator, Set
from types import BuiltinFunctionType, CodeType, FrameType, FunctionType, ModuleType
from typing import Any

_MOST = 20_000  # values looked at
_EMPTY = (str, bytes, float, complex, CodeType, BuiltinFunctionType, FrameType, type(None))
_BOXES = (ctypes._SimpleCData, ctypes.Structure, ctypes.Union, ctypes.Array, ctypes._Pointer)
_OWN_MODULE = "__main__"


def held(roots: Iterable[object], handles: Set[int]) -> set[int]:
    """Those of the handles that can be reached from the roots."""
    if not handles:
        return set()
    found: set[int] = set()
    seen: set[int] = set()
    waiting = list(roots)
    while waiting and found != handles:
        value = waiting.pop()
        if isinstance(value, int):
            found |= {int(value)} & handles
        elif not isinstance(value, _EMPTY) and id(value) not in seen:
            if len(seen) == _MOST:
                return set(handles)
            seen.add(id(value))
            waiting.extend(_parts(value))
    return found


def outside(frame: FrameType) -> Iterator[object]:
    """What outlives a frame: its parameters' objects, its closure, the globals."""
    code, names = frame.f_code, frame.f_locals
    count = code.co_argcount + code.co_kwonlyargcount
    count += bool(code.co_flags & 0x4) + bool(code.co_flags & 0x8)  # *args, **kwargs
    for name in (*code.co_varnames[:count], *code.co_freevars):
        value = names.get(name)
        if not isinstance(value, int):  # a number is the caller's own copy
            yield value
    yield from frame.f_globals.values()


def _parts(value: Any) -> Iterable[object]:
    """The values in a value. Memory behind a pointer is not read: it may be gone."""
    if type(value).__module__.startswith("capilint."):
        return ()  # the machine holds them all
    if isinstance(value, _BOXES):
        return _in_box(value)
    if type(value).__module__ == "_cffi_backend":
        return _in_cdata(value)
    if isinstance(value, ModuleType):
        return vars(value).values() if _is_programs(value) else ()
    if isinstance(value, FunctionType):
        return (*(value.__closure__ or ()), *(value.__defaults__ or ()))
    if isinstance(value, type):
        return vars(value).values() if value.__module__ == _OWN_MODULE else ()
    return gc.get_referents(value)


def _in_box(box: Any) -> Iterator[object]:
    yield box._objects
    yield from vars(box).values()
    if isinstance(box, ctypes._SimpleCData):
        yield box.value
    elif isinstance(box, ctypes.Array):
        yield from box
    elif isinstance(box, (ctypes.Structure, ctypes.Union)):
        yield from (getattr(box, field[0]) for field in box._fields_)


def _in_cdata(data: Any) -> Iterator[object]:
    """A number of cffi, or the memory that `ffi.new` made."""
    try:
        if "Own" in type(data).__name__:
            try:
                yield from data
            except TypeError:
                yield data[0]
        else:
            yield int(data)
    except (TypeError, ValueError, AttributeError):
        return


def _is_programs(module: ModuleType) -> bool:
    name = module.__name__.partition(".")[0]
    known = name in sys.stdlib_module_names or name in ("capilint", "cffi")
    return name == _OWN_MODULE or (not known and hasattr(module, "__file__"))
