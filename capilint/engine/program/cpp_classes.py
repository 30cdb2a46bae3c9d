"""The classes of C++ in a program: what their texts declare, and which functions are theirs.

Nothing about them is implicit by the time the engine sees it: the front end calls constructors and
destructors where they run. So this only answers questions about classes as a whole.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property

from capilint.engine.program.classes import Missing
from capilint.engine.program.linkage import Definition
from capilint.engine.program.names import Names
from capilint.ir import Call, Language, Module
from capilint.ir.signatures import is_constructor


@dataclass
class CppClasses:
    """The classes of C++ in one program. See `Classes`."""

    names: Names

    @cached_property
    def bases(self) -> dict[str, tuple[str, ...]]:
        """The classes of all modules by name, and the rules' exceptions, with their bases.

        One that two files declare in two ways is not known.
        """
        found: dict[str, set[tuple[str, ...]]] = {}
        for module in self.names.modules:
            if module.language is Language.CPP:
                for name, bases in module.classes.items():
                    found.setdefault(name, set()).add(bases)
        declared = {name: bases for name, (bases, *others) in found.items() if not others}
        return {**self.names.rulebook.exception_classes, **declared}

    @property
    def with_methods(self) -> frozenset[str]:
        """None: a call of a class's name is one of its constructor."""
        return frozenset()

    @property
    def computed(self) -> frozenset[str]:
        """None: reading a member runs nothing."""
        return frozenset()

    def method(self, owner: str, name: str) -> Definition | Missing:
        """What calling `name` on an object runs is told by the call itself."""
        return Missing.UNKNOWN

    def is_plain(self, owner: str) -> bool:
        """A member keeps what is stored there."""
        return True

    def made_by(self, call: Call, caller: Definition) -> tuple[str, ...]:
        """None: constructors are called explicitly."""
        return ()

    def run_by(self, caller: Definition) -> Iterator[Definition]:
        """None: what a function runs, it calls."""
        return iter(())

    def named(self, name: str, module: Module) -> str | None:
        """None: a class is no function."""
        return None

    # ------------------------------------------------------------ the life of an object

    def abandons_object(self, definition: Definition) -> bool:
        """Whether it is a constructor: where one raises, its own destructor does not run."""
        function = definition.function
        return function.owner_class is not None and is_constructor(function.qualified_name)
