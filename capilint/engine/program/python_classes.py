"""The Python classes of a program: what a method's name means on an object of one of them.

Only what is certain counts. A name is looked up along the bases; where one that the program does
not hold comes before the name is found, it may mean anything.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from functools import cached_property

from capilint.engine.program.classes import Missing
from capilint.engine.program.linkage import Definition
from capilint.engine.program.liveness import written_variables
from capilint.engine.program.names import Names, calls_of
from capilint.ir import (
    Call,
    Direct,
    Function,
    FunctionReference,
    Indirect,
    Language,
    Method,
    Module,
    Named,
    Read,
    Scope,
    Variable,
    values_of,
)

# Methods by which an object's attributes, or the object itself, become something else.
_UNPREDICTABLE = frozenset(
    {"__new__", "__getattr__", "__getattribute__", "__setattr__", "__init_subclass__"}
)
_CONSTRUCTOR, _DESTRUCTOR = "__init__", "__del__"
_AFTER_CONSTRUCTOR = "__post_init__"
_CLOSERS = ("__exit__", "close")
_KNOWN_BASES = frozenset({"object", "abc.ABC"})


@dataclass
class PythonClasses:
    """The classes of Python in one program. See `Classes`."""

    names: Names
    _methods: dict[tuple[str, str], Definition | Missing] = field(default_factory=dict)
    _plain: dict[str, bool] = field(default_factory=dict)

    @cached_property
    def bases(self) -> dict[str, tuple[str, ...]]:
        """The classes of all modules by canonical name, and exceptions, with their bases."""
        exceptions = {name: tuple(bases) for name, *bases in self.names.rulebook.exceptions}
        declared = {name: holder.classes[name] for name, holder in self.names.declared.items()}
        return {**declared, **exceptions}

    def bases_of(self, name: str) -> tuple[str, ...] | None:
        """See `Classes`."""
        return self.bases.get(name)

    def has_methods(self, name: str) -> bool:
        """Whether a class defines methods of its own."""
        return name in self._own_methods

    @cached_property
    def _own_methods(self) -> dict[str, dict[str, Definition]]:
        table: dict[str, dict[str, Definition]] = {}
        for definition in self.names.definitions:
            function = definition.function
            if function.language is Language.PYTHON and function.owner_class is not None:
                owner, _, name = function.qualified_name.rpartition(".")
                table.setdefault(owner, {})[name] = definition
        return table

    @cached_property
    def _rebound(self) -> frozenset[str]:
        """Methods that are something else's second name, or that the program replaces."""
        modules = [each for each in self.names.modules if each.language is Language.PYTHON]
        aliases = (f"{module.name}.{name}" for module in modules for name in module.aliases)
        stores = (name for module in modules for name in module.attribute_stores)
        return frozenset((*aliases, *stores))

    # ------------------------------------------------------------ lookup

    def named(self, name: str, module: Module) -> str | None:
        """The class that a canonical name means in a module, if the program holds it."""
        return self.names.class_named(name, module)

    def method(self, owner: str, name: str) -> Definition | Missing:
        """What calling `name` on an object of the class runs."""
        key = (owner, name)
        if key not in self._methods:
            self._methods[key] = self._find_method(owner, name)
        return self._methods[key]

    def _find_method(self, owner: str, name: str) -> Definition | Missing:
        for known in self._lineage(owner):
            if known is None:
                return Missing.UNKNOWN
            if f"{known}.{name}" in self._rebound:
                return Missing.UNKNOWN
            found = self._own_methods.get(known, {}).get(name)
            if found is not None:
                function = found.function
                usual = not (function.descriptor or function.decorated or function.generator)
                single = self.names.definition(function.qualified_name, found.module) == found
                return found if usual and single else Missing.UNKNOWN
        return Missing.ABSENT

    def _lineage(self, owner: str) -> Iterator[str | None]:
        """The class and its bases in the order of lookup; None for one that is not known."""
        pending: list[tuple[str, Module | None]] = [(owner, None)]
        seen: set[str] = set()
        while pending:
            name, module = pending.pop(0)
            if name in _KNOWN_BASES or name in seen:
                continue
            seen.add(name)
            known = name if name in self.bases else None
            if known is None and module is not None:
                known = self.named(name, module)
            yield known
            if known is not None:
                holder = self.names.declared.get(known)
                pending = [*((base, holder) for base in self.bases.get(known, ())), *pending]

    def makes_data(self, name: str, module: Module) -> bool:
        """So does a class of the rules', and one that adds nothing to how such a one is made."""
        return self._is_data(name, module, set())

    def _is_data(self, name: str, module: Module, seen: set[str]) -> bool:
        if name in self.names.rulebook.data_types:
            return True
        owner = self.named(name, module)
        if owner is None or owner in seen:
            return False
        seen.add(owner)
        making = _UNPREDICTABLE | {_CONSTRUCTOR}
        if not making.isdisjoint(self._own_methods.get(owner, ())):
            return False
        holder = self.names.declared[owner]
        return any(self._is_data(base, holder, seen) for base in self.bases[owner])

    def is_plain(self, owner: str) -> bool:
        """Whether an object of the class keeps in an attribute what is stored there.

        Attributes that are computed are another matter.
        """
        if owner not in self._plain:
            self._plain[owner] = _UNPREDICTABLE.isdisjoint(
                name
                for known in self._lineage(owner)
                for name in self._own_methods.get(known or "", ())
            )
        return self._plain[owner]

    def is_computed(self, accessor: str) -> bool:
        """Whether an accessor is a method's, in whichever class: what it gives knows the object."""
        return accessor in self._computed

    @cached_property
    def _computed(self) -> frozenset[str]:
        names = {name for methods in self._own_methods.values() for name in methods}
        return frozenset(f".{name}" for name in (*names, "__dict__")) if names else frozenset()

    # ------------------------------------------------------------ the life of an object

    @property
    def ends_half_made(self) -> bool:
        """It does: `__del__` of whatever there is."""
        return True

    def abandons_object(self, definition: Definition) -> bool:
        """Whether it is the constructor of a class that has no destructor, and no unknown base."""
        function = definition.function
        owner = function.owner_class or ""
        if owner not in self.bases or not function.parameters:
            return False
        if not self.is_constructor(function) and not self._ends_construction(function, owner):
            return False
        return self.method(owner, _DESTRUCTOR) is Missing.ABSENT

    def _ends_construction(self, function: Function, owner: str) -> bool:
        """Whether it is what the constructor that a data class is given calls in the end."""
        if function.qualified_name != f"{owner}.{_AFTER_CONSTRUCTOR}":
            return False
        constructor = self.method(owner, _CONSTRUCTOR)
        return isinstance(constructor, Definition) and constructor.function.implicit

    def is_constructor(self, function: Function) -> bool:
        """Whether a function is the constructor of its class."""
        return function.qualified_name == f"{function.owner_class}.{_CONSTRUCTOR}"

    def enders(self, owner: str, module: Module) -> Sequence[Definition | Missing]:
        """The destructor, and what `with` and people call to end an object."""
        return [self.method(owner, name) for name in (_DESTRUCTOR, *_CLOSERS)]

    def methods_of(self, owner: str) -> Sequence[Definition]:
        """Those of which it is known what they run; most `__dunder__` ones are called by Python."""
        tables = (self._own_methods.get(known or "", {}) for known in self._lineage(owner))
        named = {name for table in tables for name in table}
        names = {name for name in named if not (name.startswith("__") and name.endswith("__"))}
        found = (self.method(owner, name) for name in sorted(names | named.intersection(_CLOSERS)))
        return [each for each in found if isinstance(each, Definition) and each.function.receiver]

    def are_related(self, one: str, other: str) -> bool:
        """As far as the bases are known."""
        lineages = (list(self._lineage(one)), list(self._lineage(other)))
        return other in lineages[0] or one in lineages[1]

    def is_called_by_others(self, definition: Definition) -> bool:
        """Whether its name is not one that a class keeps for itself."""
        owner, _, name = definition.function.qualified_name.rpartition(".")
        public = not name.startswith("_") or name in (_CONSTRUCTOR, "__exit__")
        return public and owner == definition.function.owner_class

    def is_own(self, owner: str, member: str, module: Module) -> bool:
        """No attribute is only the class's own."""
        return False

    # ------------------------------------------------------------ where objects are made

    def made_by(self, call: Call, caller: Definition) -> tuple[str, ...]:
        """The classes of which a call makes an object, one of them at a time."""
        match call.callee:
            case Direct(name):
                owner = self.named(name, caller.module)
                return () if owner is None else (owner,)
            case Indirect(Read(place)) if place.root.scope is Scope.PARAMETER and not place.path:
                return self.given_to(caller, place.root)
            case _:
                return ()

    def run_by(self, caller: Definition) -> Iterator[Definition]:
        """The methods that a function may run on the objects that it makes."""
        calls = list(calls_of(caller.function))
        wanted = {call.callee.name for call in calls if isinstance(call.callee, Method)}
        for owner in dict.fromkeys(each for call in calls for each in self.made_by(call, caller)):
            for name in sorted({_CONSTRUCTOR, _DESTRUCTOR, *wanted}):
                found = self.method(owner, name)
                if isinstance(found, Definition):
                    yield found

    # ------------------------------------------------------------ classes as arguments

    def given_to(self, definition: Definition, parameter: Variable) -> tuple[str, ...]:
        """The classes that all callers give a parameter; none where one gives something else.

        All callers are known of a function whose name says that it is the program's own, and
        that is only ever called.
        """
        found: dict[str, None] = {}
        pending = [(definition, parameter)]
        seen = set(pending)
        while pending:
            given = self._given(*pending.pop())
            if given is None:
                return ()
            for value in given:
                if isinstance(value, str):
                    found[value] = None
                elif value not in seen:
                    seen.add(value)
                    pending.append(value)
        return tuple(found)

    def _given(
        self, definition: Definition, parameter: Variable
    ) -> list[str | tuple[Definition, Variable]] | None:
        """A class's name, or a parameter of the caller, for each call; None: not known."""
        function = definition.function
        if not _is_private(function) or definition in self._referenced:
            return None
        if parameter in written_variables(function):
            return None
        position = [each.variable for each in function.parameters].index(parameter)
        given: list[str | tuple[Definition, Variable]] = []
        for caller, call in self._sites.get(definition, ()):
            if call.spread or position >= len(call.arguments):
                return None
            match call.arguments[position]:
                case Named(name) if (owner := self.named(name, caller.module)) is not None:
                    given.append(owner)
                case Read(place) if place.root.scope is Scope.PARAMETER and not place.path:
                    given.append((caller, place.root))
                case _:
                    return None
        return given

    @cached_property
    def _sites(self) -> dict[Definition, list[tuple[Definition, Call]]]:
        table: dict[Definition, list[tuple[Definition, Call]]] = {}
        for caller in self.names.definitions:
            for call in calls_of(caller.function):
                if isinstance(call.callee, Direct):
                    for target in self.names.alternatives(call.callee.name, caller.module):
                        table.setdefault(target, []).append((caller, call))
        return table

    @cached_property
    def _referenced(self) -> set[Definition]:
        """The functions that are used as values."""
        return {
            target
            for definition in self.names.definitions
            for block in definition.function.blocks
            for instruction in block.instructions
            for value in values_of(instruction)
            if isinstance(value, FunctionReference)
            for target in self.names.alternatives(value.name, definition.module)
        }


def _is_private(function: Function) -> bool:
    name = function.qualified_name.rpartition(".")[2]
    return name.startswith("_") and not name.endswith("__")
