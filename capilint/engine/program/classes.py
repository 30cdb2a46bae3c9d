"""What the analysis asks of the classes of a program, whichever language they are in.

    construct ──► methods that others call ──► end
    __init__                                   __del__, __exit__, close       Python
    Key::Key(..)                               Key::~Key()                    C++

In Python making and ending an object is implicit, and the engine follows its objects; in C++ the
front end calls constructors and destructors where they run.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from enum import Enum, auto
from typing import Protocol

from capilint.engine.program.linkage import Definition
from capilint.ir import Call, Function, Module
from capilint.ir.signatures import last_name, scope_of


class Missing(Enum):
    """Why a class has no method of a name."""

    ABSENT = auto()  # no base defines it
    UNKNOWN = auto()  # code that the program does not hold may define it


class Classes(Protocol):
    """The classes that one language has in a program. Names of classes are whole ones."""

    def bases_of(self, name: str) -> tuple[str, ...] | None:
        """The bases of a class of the program, or an exception; None where there is no such one."""

    def has_methods(self, name: str) -> bool:
        """Whether a class defines methods of its own, where calling it makes an object."""

    def is_computed(self, accessor: str) -> bool:
        """Whether an accessor runs a method: what it gives knows the object."""

    def method(self, owner: str, name: str) -> Definition | Missing:
        """What calling `name` on an object of the class runs."""

    def is_plain(self, owner: str) -> bool:
        """Whether an object of the class keeps in an attribute what is stored there."""

    def made_by(self, call: Call, caller: Definition) -> tuple[str, ...]:
        """The classes of which a call implicitly makes an object, one of them at a time."""

    def run_by(self, caller: Definition) -> Iterator[Definition]:
        """The methods that a function may run implicitly on the objects that it makes."""

    def named(self, name: str, module: Module) -> str | None:
        """The class that a called name means in a module, if the program holds it."""

    def makes_data(self, name: str, module: Module) -> bool:
        """Whether calling a name in a module makes plain data, which raises nothing."""

    # ------------------------------------------------------------ the life of an object

    @property
    def ends_half_made(self) -> bool:
        """Whether the destructor runs on an object whose constructor raised."""

    def abandons_object(self, definition: Definition) -> bool:
        """Whether nothing ends the object where the function, a constructor, raises."""

    def is_constructor(self, function: Function) -> bool:
        """Whether a function is the constructor of its class."""

    def enders(self, owner: str, module: Module) -> Sequence[Definition | Missing]:
        """The functions that end an object, as a module sees its class: the destructor first."""

    def methods_of(self, owner: str) -> Sequence[Definition]:
        """The methods of a class and its bases, but for constructors and destructors."""

    def are_related(self, one: str, other: str) -> bool:
        """Whether of two classes one is the other, or derived from it."""

    def is_called_by_others(self, definition: Definition) -> bool:
        """Whether code outside of its class may call a method, on an object that lives on."""

    def is_own(self, owner: str, member: str, module: Module) -> bool:
        """Whether only the methods of the class, all of which the program holds, can get at what
        a member holds."""


def is_destructor(shown: str) -> bool:
    """Whether a function that reports show by this name is a destructor."""
    last = last_name(shown).rpartition(".")[2]
    return last == "__del__" or last.startswith("~")


def is_method(shown: str) -> bool:
    """Whether a function that reports show by this name is a class's: no namespace is shown."""
    return bool(scope_of(shown)) or "." in shown
