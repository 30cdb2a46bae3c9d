"""All files of one run as one program: what names mean in each of them.

A name that is defined twice means nothing: it is unknown code.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property

from capilint.ir import Call, Direct, Function, Language, Method, Module, Place, Read, tails
from capilint.ir.arithmetic import number_of
from capilint.rulebook.book import Bound, RuleBook
from capilint.rulebook.protocol import Success

MOST_ALIASES = 8


@dataclass(frozen=True, slots=True)
class Definition:
    """A function and the module that holds it."""

    module: Module
    function: Function

    def __hash__(self) -> int:
        return id(self.function)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Definition) and self.function is other.function


@dataclass
class Names:
    """Modules, and the names between them."""

    modules: Sequence[Module]
    rulebook: RuleBook
    _apis: dict[tuple[str, Language], Bound | None] = field(default_factory=dict)
    _constants: dict[str, int | None] = field(default_factory=dict)
    _classes: dict[str, str | None] = field(default_factory=dict)

    @cached_property
    def definitions(self) -> list[Definition]:
        """Every function of every module."""
        return [
            Definition(module, function) for module in self.modules for function in module.functions
        ]

    @cached_property
    def _by_name(self) -> dict[str, list[Definition]]:
        table: dict[str, list[Definition]] = {}
        for definition in self.definitions:
            table.setdefault(definition.function.qualified_name, []).append(definition)
        return table

    @cached_property
    def _python_modules(self) -> dict[str, list[Module]]:
        """Python modules by every tail of their dotted name."""
        table: dict[str, list[Module]] = {}
        for module in self.modules:
            if module.language is Language.PYTHON:
                for tail in tails(module.name):
                    table.setdefault(tail, []).append(module)
        return table

    @cached_property
    def _raising(self) -> frozenset[str]:
        """Functions whose result an `errcheck` turns into an exception."""
        return frozenset(
            store.removesuffix(".errcheck")
            for module in self.modules
            for store in module.attribute_stores
            if store.endswith(".errcheck")
        )

    @cached_property
    def rebound(self) -> frozenset[str]:
        """Functions and classes of Python whose names the program also gives something else."""
        python = [each for each in self.modules if each.language is Language.PYTHON]
        stores = (self.whole(store) for module in python for store in module.attribute_stores)
        return frozenset(stores).union(*(module.rebound for module in python))

    @cached_property
    def declared(self) -> dict[str, Module]:
        """The classes of Python by qualified name, and where they stand."""
        return {name: module for module in self.modules for name in module.classes}

    @cached_property
    def _overridden(self) -> frozenset[str]:
        """The methods of classes of which one of another module has its own."""
        return frozenset(
            f"{base}.{name}"
            for derived, module in self.declared.items()
            for base in self._ancestors(derived)
            if self.declared[base] is not module
            for name in module.members.get(derived, ())
            if name != "__init__"
        )

    def _ancestors(self, derived: str) -> Iterator[str]:
        pending, seen = [derived], {derived}
        while pending:
            name = pending.pop()
            for base in self.declared[name].classes[name]:
                found = self.class_named(base)
                if found is not None and found not in seen:
                    seen.add(found)
                    pending.append(found)
                    yield found

    # ------------------------------------------------------------ names

    def api(self, name: str, module: Module) -> Bound | None:
        """The API function that a name means in a module, with how it tells success there."""
        key = (name, module.language)
        if key not in self._apis:
            self._apis[key] = self._find_api(name, module.language)
        bound = self._apis[key]
        if bound is not None and bound.by_name:
            return None if self._is_the_programs(name, module) else bound
        if bound is not None and module.language is not Language.PYTHON:
            defined = any(
                each.module is module or each.module.path in module.includes
                for each in self._by_name.get(name, [])
            )
            return None if defined else bound
        return bound

    def _is_the_programs(self, name: str, module: Module) -> bool:
        """Whether a module of the program holds what a name means, or defines it."""
        return self.is_defined(name, module) or any(
            reading.rpartition(".")[0] in self._python_modules
            for reading in self.readings(name, module.language)
        )

    def reached_through(self, callee: Method) -> str:
        """The dotted name of a method of what is called like a library: `x.advapi32.f(..)`.

        Empty where the program gives an attribute of that name an object of its own.
        """
        match callee.receiver:
            case Read(Place(_, (*_, last))) if last not in self._own_objects:
                return f"{last.removeprefix('.')}.{callee.name}"
        return ""

    @cached_property
    def _own_objects(self) -> frozenset[str]:
        """The attributes of Python that are given new objects of the program's classes."""
        made = (
            (call.callee.name, call.result.path[-1])
            for definition in self.definitions
            if definition.module.language is Language.PYTHON
            for call in calls_of(definition.function)
            if isinstance(call.callee, Direct) and call.result is not None and call.result.path
        )
        return frozenset(attribute for name, attribute in made if self.class_named(name))

    def _find_api(self, name: str, language: Language) -> Bound | None:
        """The function that the readings of a name mean; what is certain comes first."""
        readings = (
            (each, self.rulebook.direct(each, language)) for each in self.readings(name, language)
        )
        found = [(reading, bound) for reading, bound in readings if bound is not None]
        found.sort(key=lambda each: each[1].by_name)
        for reading, bound in found[:1]:
            if reading in self._raising or name in self._raising:
                protocol = replace(bound.protocol, success=Success.RAISES)
                return replace(bound, protocol=protocol)
            return bound
        return None

    def readings(self, name: str, language: Language) -> Iterator[str]:
        """The name, and what it becomes through the other modules' aliases."""
        yield name
        if language is not Language.PYTHON:
            return
        seen = {name}
        pending = [name]
        while pending and len(seen) < MOST_ALIASES:
            for reading in self._through_aliases(pending.pop()):
                if reading not in seen:
                    seen.add(reading)
                    pending.append(reading)
                    yield reading

    def _through_aliases(self, name: str) -> Iterator[str]:
        parts = name.split(".")
        for end in range(len(parts) - 1, 0, -1):
            modules = self._python_modules.get(".".join(parts[:end]), [])
            if len(modules) != 1:
                continue
            for width in (1, 2):  # `name`, and `Class.name`
                alias = ".".join(parts[end : end + width])
                for meaning in modules[0].aliases.get(alias, ()):
                    yield ".".join([meaning, *parts[end + width :]])
            return

    def whole(self, name: str) -> str:
        """A dotted name of Python with all of its module's, where it begins with a tail of that:
        `lib.Session` as `package.lib.Session`."""
        head, _, last = name.rpartition(".")
        modules = self._python_modules.get(head, [])
        return f"{modules[0].name}.{last}" if len(modules) == 1 else name

    def class_named(self, name: str) -> str | None:
        """The class that a canonical name means, if the program holds it."""
        if name not in self._classes:
            readings = self.readings(name, Language.PYTHON) if self.declared else ()
            whole = (each for reading in readings for each in (reading, self.whole(reading)))
            found = next((each for each in whole if each in self.declared), None)
            self._classes[name] = None if found in self.rebound else found
        return self._classes[name]

    def constant(self, name: str) -> int | None:
        """The number that a Python constant is, by its dotted name; None where it is none."""
        if name not in self._constants:
            self._constants[name] = None  # for those that are defined in a circle
            self._constants[name] = self._find_constant(name)
        return self._constants[name]

    def _find_constant(self, name: str) -> int | None:
        for reading in self.readings(name, Language.PYTHON):
            head, _, last = reading.rpartition(".")
            modules = self._python_modules.get(head, [])
            if len(modules) == 1 and last in modules[0].constants:
                return number_of(modules[0].constants[last], self.constant)
        return None

    def definition(self, name: str, module: Module) -> Definition | None:
        """The one function that a name means in a module."""
        found = self._meant(name, module)
        return found[0] if len(found) == 1 else None

    def is_defined(self, name: str, module: Module) -> bool:
        """Whether any function may be meant by a name in a module, be it one of several."""
        readings = self.readings(name, module.language)
        return any(self._candidates(reading, module) for reading in readings)

    def alternatives(self, name: str, module: Module) -> list[Definition]:
        """The functions that a name may mean in a module.

        There are several only where one C file defines the name under different `#if`s. Before
        the functions of other C files come those of the headers that a file includes, however
        internal they are. A method that a class of another module overrides is none: on an object
        that comes from elsewhere it may not be what runs.
        """
        found = self._meant(name, module)
        overridden = any(each.function.qualified_name in self._overridden for each in found)
        return [] if overridden else found

    def _meant(self, name: str, module: Module) -> list[Definition]:
        for reading in self.readings(name, module.language):
            found = self._candidates(reading, module)
            own = [candidate for candidate in found if candidate.module is module]
            if not own and module.includes:
                own = [each for each in found if each.module.path in module.includes]
                own = own if len({each.module.path for each in own}) == 1 else []
            found = own or [candidate for candidate in found if not candidate.function.internal]
            if any(each.function.qualified_name in self.rebound for each in found):
                return []
            if len(found) == 1 or (own and language_is_c(module)):
                return found
            if found:
                return []
        return []

    def _candidates(self, name: str, module: Module) -> list[Definition]:
        same = [
            definition
            for definition in self._by_name.get(name, [])
            if (definition.module.language is Language.PYTHON)
            == (module.language is Language.PYTHON)
        ]
        if same or module.language is not Language.PYTHON:
            return same
        head, _, tail = name.rpartition(".")
        return [
            definition
            for candidate in self._python_modules.get(head, [])
            for definition in self._by_name.get(f"{candidate.name}.{tail}", [])
        ]


def calls_of(function: Function) -> Iterator[Call]:
    """Every call in a function."""
    for block in function.blocks:
        for instruction in block.instructions:
            if isinstance(instruction, Call):
                yield instruction


def language_is_c(module: Module) -> bool:
    """Whether names are defined by a preprocessor's choice."""
    return module.language is not Language.PYTHON
