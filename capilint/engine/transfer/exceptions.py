"""Which `except` clause an exception meets, as far as the names of the classes tell."""

from __future__ import annotations

import builtins
from collections.abc import Mapping, Sequence

OS_ERRORS = frozenset(["ctypes.WinError", "WindowsError", "socket.error"])


def builtin_class(name: str) -> type[BaseException] | None:
    """The built-in exception of that name; the platform's own names for OSError included."""
    plain = "OSError" if name in OS_ERRORS else name.removeprefix("builtins.")
    found = getattr(builtins, plain, None)
    return found if isinstance(found, type) and issubclass(found, BaseException) else None


def catches(exception: str, clause: str, classes: Mapping[str, Sequence[str]]) -> bool | None:
    """Whether a clause for one class catches an exception of another; None where that is open.

    `classes` maps the program's own classes to their bases. An empty `exception` is one of an
    unknown class.
    """
    caught = builtin_class(clause)
    if caught in (BaseException, Exception):
        raised = builtin_class(exception)
        return raised is None or issubclass(raised, caught)
    if not exception:
        return None
    if exception == clause:
        return True
    raised = builtin_class(exception)
    if raised is not None:
        return issubclass(raised, caught) if caught is not None else _related(raised, clause)
    answers = [catches(base, clause, classes) for base in classes.get(exception, ())]
    if True in answers:
        return True
    return None if None in answers or exception not in classes else False


def _related(raised: type[BaseException], clause: str) -> bool | None:
    """A built-in exception may be what a library's own name stands for, such as `error`."""
    return None if issubclass(raised, OSError) else False
