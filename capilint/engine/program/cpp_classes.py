"""The classes of C++ in a program: what their texts declare, and which functions are theirs.

Nothing about them is implicit by the time the engine sees it: the front end calls constructors and
destructors where they run. So this only answers questions about classes as a whole.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property

from capilint.engine.program.classes import Missing
from capilint.engine.program.linkage import Definition
from capilint.engine.program.names import Names
from capilint.ir import Call, Function, Language, Module, places_in, values_of
from capilint.ir.signatures import last_name


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

    def bases_of(self, name: str) -> tuple[str, ...] | None:
        """See `Classes`."""
        return self.bases.get(name)

    def has_methods(self, name: str) -> bool:
        """None has: a call of a class's name is one of its constructor."""
        return False

    def is_computed(self, accessor: str) -> bool:
        """None is: reading a member runs nothing."""
        return False

    def makes_data(self, name: str, module: Module) -> bool:
        """Which constructors raise is told by themselves."""
        return False

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

    @property
    def ends_half_made(self) -> bool:
        """It does not; only those of members and bases that are complete do."""
        return False

    def abandons_object(self, definition: Definition) -> bool:
        """Whether it is a constructor: where one raises, its own destructor does not run.

        That of a base does, so what may be in one that nobody has seen is not abandoned.
        """
        return self.is_constructor(definition.function) and not _fills_unseen_base(definition)

    def is_constructor(self, function: Function) -> bool:
        """Whether it has its class's name: `ns::Key::Key(HCRYPTKEY)`."""
        if function.owner_class is None:
            return False
        own = _template(last_name(function.owner_class))
        return _template(last_name(function.qualified_name)) == own

    def enders(self, owner: str, module: Module) -> Sequence[Definition | Missing]:
        """The destructor alone."""
        return [self._destructor(owner, module)]

    def _destructor(self, owner: str, module: Module) -> Definition | Missing:
        name = f"{owner}::~{_template(last_name(owner))}()"
        found = self.names.definition(name, module)
        if found is not None:
            return found
        text = module.class_texts.get(owner)
        if text is None or name in text.methods or self.names.is_defined(name, module):
            return Missing.UNKNOWN
        return Missing.ABSENT if self._knows_bases(owner, module) else Missing.UNKNOWN

    def _knows_bases(self, owner: str, module: Module) -> bool:
        lineage = [owner]
        for name in lineage:
            if name not in module.classes:
                return False
            lineage += [base for base in module.classes[name] if base not in lineage]
        return True

    def methods_of(self, owner: str) -> Sequence[Definition]:
        """None that is asked for: a destructor ends an object."""
        return ()

    def are_related(self, one: str, other: str) -> bool:
        """Nobody asks."""
        return False

    def is_called_by_others(self, definition: Definition) -> bool:
        """Whether it is public, or a constructor that is not private, and no destructor.

        A protected method is a part of what the methods of derived classes do.
        """
        function, module = definition.function, definition.module
        text = module.class_texts.get(function.owner_class or "")
        name = last_name(function.qualified_name)
        if text is None or name in text.private or name.startswith("~"):
            return False
        return name not in text.protected or self.is_constructor(function)

    def is_own(self, owner: str, member: str, module: Module) -> bool:
        """Whether it is private to a class without friends, and the program has all methods."""
        text = module.class_texts.get(owner)
        if text is None or member not in text.private:
            return False
        return all(self.names.definition(each, module) is not None for each in text.methods)


def _fills_unseen_base(definition: Definition) -> bool:
    """Whether a method uses members of its object that its class is not known to have."""
    function = definition.function
    members = definition.module.structures.get(function.owner_class or "")
    receiver = function.receiver
    if members is None or receiver is None:
        return False
    used = (
        place.path[1].removeprefix(".")
        for block in function.blocks
        for instruction in block.instructions
        for value in values_of(instruction)
        for place in places_in(value)
        if place.root == receiver and place.path[1:2]
    )
    return not members.issuperset(used)


def _template(name: str) -> str:
    """The name of a class without the arguments of a template."""
    return name.partition("<")[0]
