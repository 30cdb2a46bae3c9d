"""Which clause an exception meets, as far as the names of the classes tell.

               Python                            C++
    all        except:, except BaseException     catch (...)
    a class    the built-in classes are known,   the standard's and some libraries' are rule data,
               the program's by its text         the program's by its text

A class that nobody knows may be any other's child: what its clause catches is open.
"""

from __future__ import annotations

import builtins
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Protocol

from capilint.ir import Language

OS_ERRORS = frozenset(["ctypes.WinError", "WindowsError", "socket.error"])
EVERYTHING = "..."
_CHARACTERS = ("char", "char8_t", "char16_t", "char32_t", "wchar_t")
_NUMBERS = ("bool", "double", "float", "int", "long", "short", "signed", "unsigned")
_FUNDAMENTAL = frozenset((*_CHARACTERS, *_NUMBERS, "void"))

BasesOf = Callable[[str], Sequence[str] | None]


class Exceptions(Protocol):
    """The exceptions of one language. An empty `exception` is one of an unknown class."""

    def catches(self, exception: str, clause: str) -> bool | None:
        """Whether a clause for one class catches an exception of another; None: that is open."""

    def may_be_unknown(self, clause: str) -> bool:
        """Whether a clause may be there for what unknown code raises."""

    def ends_process(self, exception: str) -> bool:
        """Whether the exception, if nobody catches it, is an orderly end of the program."""


def exceptions_of(language: Language, bases_of: BasesOf, unsaid: frozenset[str]) -> Exceptions:
    """The exceptions of a language; `bases_of` knows the bases of its classes, `unsaid` are those
    that are caught where nobody says what is thrown."""
    if language is Language.PYTHON:
        return PythonExceptions(bases_of)
    return CppExceptions(bases_of, unsaid)


@dataclass(frozen=True, slots=True)
class CppExceptions:
    """C++'s exceptions; C has none."""

    bases_of: BasesOf
    unsaid: frozenset[str]

    def catches(self, exception: str, clause: str) -> bool | None:
        """See `Exceptions`. A clause for a pointer catches pointers to derived classes."""
        if clause == EVERYTHING:
            return True
        if not exception:
            return None
        if exception == clause:
            return True
        thrown, caught = exception.rstrip("* "), clause.rstrip("* ")
        if exception[len(thrown) :].strip() != clause[len(caught) :].strip():
            return False
        return self._derives(thrown, caught, set())

    def _derives(self, name: str, base: str, seen: set[str]) -> bool | None:
        if name == base:
            return True
        if not _FUNDAMENTAL.isdisjoint(name.split()) or name in seen:
            return False
        seen.add(name)
        bases = self.bases_of(name)
        answers = [self._derives(each, base, seen) for each in bases or ()]
        if True in answers:
            return True
        return None if None in answers or bases is None else False

    def may_be_unknown(self, clause: str) -> bool:
        """Whether it catches everything, or what libraries throw."""
        return clause == EVERYTHING or clause.rstrip("* ") in self.unsaid

    def ends_process(self, exception: str) -> bool:
        """None does."""
        return False


@dataclass(frozen=True, slots=True)
class PythonExceptions:
    """Python's exceptions: `bases_of` knows the program's own and the bindings'."""

    bases_of: BasesOf

    def catches(self, exception: str, clause: str) -> bool | None:
        """See `Exceptions`."""
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
        bases = self.bases_of(exception)
        answers = [self.catches(base, clause) for base in bases or ()]
        if True in answers:
            return True
        return None if None in answers or bases is None else False

    def may_be_unknown(self, clause: str) -> bool:
        """Any may: nothing in Python says what a call raises."""
        return True

    def ends_process(self, exception: str) -> bool:
        """Whether it is `SystemExit`."""
        return builtin_class(exception) is SystemExit


def builtin_class(name: str) -> type[BaseException] | None:
    """The built-in exception of that name; the platform's own names for OSError included."""
    plain = "OSError" if name in OS_ERRORS else name.removeprefix("builtins.")
    found = getattr(builtins, plain, None)
    return found if isinstance(found, type) and issubclass(found, BaseException) else None


def _related(raised: type[BaseException], clause: str) -> bool | None:
    """A built-in exception may be what a library's own name stands for, such as `error`."""
    return None if issubclass(raised, OSError) else False
