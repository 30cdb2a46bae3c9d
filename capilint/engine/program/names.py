"""All files of one run as one program: what names mean in each of them.

A name that is defined twice means nothing: it is unknown code.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property, partial

from capilint.engine.program.imports import Imports
from capilint.engine.program.linkage import Definition, Linkage
from capilint.ir import Call, Direct, Function, Language, Method, Module, Place, Read
from capilint.ir.arithmetic import number_of
from capilint.ir.signatures import parameter_count, plain_name
from capilint.rulebook.book import Bound, RuleBook
from capilint.rulebook.protocol import Protocol, Success

MOST_ALIASES = 8
_VARIANT = re.compile(r"@[0-9]+(?=\.|$)")  # which of several definitions of a name it is


@dataclass
class Names:
    """Modules, and the names between them."""

    modules: Sequence[Module]
    rulebook: RuleBook
    _apis: dict[tuple[str, str], Bound | None] = field(default_factory=dict)
    _constants: dict[tuple[str, str], int | None] = field(default_factory=dict)
    _used: dict[tuple[str, tuple[str, ...]], bool] = field(default_factory=dict)
    _classes: dict[tuple[str, str], str | None] = field(default_factory=dict)

    @cached_property
    def definitions(self) -> list[Definition]:
        """Every function of every module."""
        return [
            Definition(module, function) for module in self.modules for function in module.functions
        ]

    @cached_property
    def _linkage(self) -> Linkage:
        return Linkage(each for each in self.definitions if not _is_python(each.module))

    @cached_property
    def _by_name(self) -> dict[str, list[Definition]]:
        """Python's functions by their dotted names."""
        table: dict[str, list[Definition]] = {}
        for definition in self.definitions:
            if _is_python(definition.module):
                name = definition.function.qualified_name
                for each in {name, _VARIANT.sub("", name)}:
                    table.setdefault(each, []).append(definition)
        return table

    @cached_property
    def _imports(self) -> Imports:
        return Imports(self.modules)

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
        stores = (
            self._whole(store, module) for module in python for store in module.attribute_stores
        )
        return frozenset(stores).union(*(module.rebound for module in python))

    @cached_property
    def declared(self) -> dict[str, Module]:
        """The classes of Python by qualified name, and where they stand."""
        python = [each for each in self.modules if _is_python(each)]
        return {name: module for module in python for name in module.classes}

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
                found = self.class_named(base, self.declared[name])
                if found is not None and found not in seen:
                    seen.add(found)
                    pending.append(found)
                    yield found

    # ------------------------------------------------------------ names

    def api(self, name: str, module: Module) -> Bound | None:
        """The API function that a name means in a module, with how it tells success there."""
        key = (name, module.path)
        if key not in self._apis:
            self._apis[key] = self._find_api(name, module)
        bound = self._apis[key]
        if bound is not None and bound.by_name:
            return None if self._is_the_programs(name, module) else bound
        if bound is not None and module.language is not Language.PYTHON:
            own = self._linkage.near(name, module) or not _may_be_of_c(name, bound.protocol)
            return None if own else bound
        return bound

    def _is_the_programs(self, name: str, module: Module) -> bool:
        """Whether a module of the program holds what a name means, or defines it."""
        return self.is_defined(name, module) or any(
            self._imports.called(reading.rpartition(".")[0], user)
            for reading, user in self._readings(name, module)
        )

    def reached_through(self, callee: Method) -> str:
        """The dotted name of a method of what is called like a library: `x.advapi32.f(..)`.

        Empty where the program gives an attribute of that name an object of its own.
        """
        match callee.receiver:
            case Read(Place(_, (*_, last))) if last not in self._own_objects:
                return f"{last.removeprefix('.')}.{callee.name}"
        return ""

    def method_of_object(self, callee: Method, given: int, caller: Definition) -> Bound | None:
        """The API's method of a name, on an object of which nothing is known.

        The caller's module imports what makes such objects, and the method may be `given` so many
        arguments, other than a function of a DLL of the same name. The caller's own object, and
        the modules and classes that the file names, are no such objects.
        """
        bound = self.rulebook.method_named(callee.name)
        if bound is None or given >= len(bound.protocol.params):
            return None
        match callee.receiver:
            case Read(Place(root, path)) if path or root != caller.function.receiver:
                modules = self.rulebook.modules_of(bound.binding.name)
                return bound if self._uses(caller.module, tuple(modules)) else None
        return None

    def _uses(self, module: Module, others: tuple[str, ...]) -> bool:
        """Whether a module imports one of some others, or calls something in it."""
        key = (module.path, others)
        if key not in self._used:
            named = {name for names in module.aliases.values() for name in names}
            calls = (call for function in module.functions for call in calls_of(function))
            named.update(each.callee.name for each in calls if isinstance(each.callee, Direct))
            self._used[key] = any(_is_in(name, others) for name in named)
        return self._used[key]

    @cached_property
    def _own_objects(self) -> frozenset[str]:
        """The attributes of Python that are given new objects of the program's classes."""
        made = (
            (call.callee.name, definition.module, call.result.path[-1])
            for definition in self.definitions
            if definition.module.language is Language.PYTHON
            for call in calls_of(definition.function)
            if isinstance(call.callee, Direct) and call.result is not None and call.result.path
        )
        return frozenset(last for name, module, last in made if self.class_named(name, module))

    def api_reading(self, name: str, module: Module) -> str:
        """What a name that means an API function in a module is called everywhere; empty where it
        means none."""
        found = self._api_readings(name, module)
        return found[0][0] if found else ""

    def _find_api(self, name: str, module: Module) -> Bound | None:
        """The function that the readings of a name mean."""
        for reading, bound in self._api_readings(name, module)[:1]:
            if reading in self._raising or name in self._raising:
                protocol = replace(bound.protocol, success=Success.RAISES)
                return replace(bound, protocol=protocol)
            return bound
        return None

    def _api_readings(self, name: str, module: Module) -> list[tuple[str, Bound]]:
        """The readings of a name that mean a function; what is certain comes first."""
        found = [
            (reading, bound)
            for reading, user in self._readings(name, module)
            if (bound := self.rulebook.direct(_listless(reading, user), user.language)) is not None
        ]
        return sorted(found, key=lambda each: each[1].by_name)

    def _readings(self, name: str, module: Module) -> Iterator[tuple[str, Module]]:
        """The name, and what it becomes through the other modules' aliases: each with the module
        that it is to be understood in."""
        yield name, module
        if module.language is not Language.PYTHON:
            return
        seen = {name}
        pending = [(name, module)]
        while pending and len(seen) < MOST_ALIASES:
            for reading, user in self._through_aliases(*pending.pop()):
                if reading not in seen:
                    seen.add(reading)
                    pending.append((reading, user))
                    yield reading, user

    def _through_aliases(self, name: str, module: Module) -> Iterator[tuple[str, Module]]:
        parts = name.split(".")
        for end in range(len(parts) - 1, 0, -1):
            modules = self._imports.called(".".join(parts[:end]), module)
            if len(modules) != 1:
                continue
            for width in (1, 2):  # `name`, and `Class.name`
                alias = ".".join(parts[end : end + width])
                for meaning in modules[0].aliases.get(alias, ()):
                    yield ".".join([meaning, *parts[end + width :]]), modules[0]
            return

    def _whole(self, name: str, module: Module) -> str:
        """A dotted name of Python with all of its module's, where it begins with a tail of that:
        `lib.Session` as `package.lib.Session`."""
        head, _, last = name.rpartition(".")
        modules = self._imports.called(head, module)
        return f"{modules[0].name}.{last}" if len(modules) == 1 else name

    def class_named(self, name: str, module: Module) -> str | None:
        """The class that a canonical name means in a module, if the program holds it."""
        key = (name, module.path)
        if key not in self._classes:
            readings = self._readings(name, module) if self.declared else ()
            found = next(filter(None, (self._class(*reading) for reading in readings)), None)
            self._classes[key] = None if found in self.rebound else found
        return self._classes[key]

    def _class(self, name: str, module: Module) -> str | None:
        for each in (name, self._whole(name, module)):
            holder = self.declared.get(each)
            if holder is not None and (
                each != name or self._imports.reaches(module, holder.name, holder)
            ):
                return each
        return None

    def constant(self, name: str, module: Module) -> int | None:
        """The number that a Python constant is, by its dotted name; None where it is none."""
        key = (name, module.path)
        if key not in self._constants:
            self._constants[key] = None  # for those that are defined in a circle
            self._constants[key] = self._find_constant(name, module)
        return self._constants[key]

    def _find_constant(self, name: str, module: Module) -> int | None:
        for reading, user in self._readings(name, module):
            head, _, last = reading.rpartition(".")
            modules = self._imports.called(head, user)
            if len(modules) == 1 and last in modules[0].constants:
                elsewhere = partial(self.constant, module=modules[0])
                return number_of(modules[0].constants[last], elsewhere)
        return None

    def definition(self, name: str, module: Module) -> Definition | None:
        """The one function that a name means in a module."""
        found = self._meant(name, module)
        return found[0] if len(found) == 1 else None

    def is_defined(self, name: str, module: Module) -> bool:
        """Whether any function may be meant by a name in a module, be it one of several."""
        if not _is_python(module):
            return self._linkage.is_defined(name)
        return any(self._in_python(*reading) for reading in self._readings(name, module))

    def undefined(self, name: str, module: Module) -> Iterator[str]:
        """The name, and what imports in several branches make of it, where nobody defines that."""
        if not _is_python(module):
            if not self._linkage.is_defined(name):
                yield name
            return
        readings = list(self._readings(name, module))
        defined = [bool(self._in_python(*reading)) for reading in readings]
        if defined[0] or (any(defined) and len(readings) <= 2):
            return
        yield from (
            reading for (reading, _), known in zip(readings, defined, strict=True) if not known
        )

    def alternatives(self, name: str, module: Module) -> list[Definition]:
        """The functions that a name may mean in a module.

        There are several only where one C file defines the name under different `#if`s, or a module
        of Python in different branches of one statement. A method
        that a class of another module overrides is none: on an object that comes from elsewhere
        it may not be what runs.
        """
        found = self._meant(name, module)
        overridden = any(each.function.qualified_name in self._overridden for each in found)
        return [] if overridden else found

    def _meant(self, name: str, module: Module) -> list[Definition]:
        if not _is_python(module):
            found = self._linkage.meant(name, module)
            return [] if any(self._is_stand_in(name, each) for each in found) else found
        meant: list[Definition] = []
        for reading, user in self._readings(name, module):
            found = self._in_python(reading, user)
            if any(each.function.qualified_name in self.rebound for each in found):
                return []
            own = [candidate for candidate in found if candidate.module is module]
            one = next((each for each in (own, found) if _is_one(each)), [])
            if found and (reading == name or not one):
                return meant or one
            if meant and one and one != meant:
                return []  # what is imported in one branch, and what is in another
            meant = meant or one
        return meant

    def _is_stand_in(self, name: str, definition: Definition) -> bool:
        """Whether a file defines an API's function itself, for a test or to take its place.

        What such a function leaves undone says nothing of its callers: it is unknown code.
        """
        bound = self.rulebook.direct(_listless(name, definition.module), definition.module.language)
        if bound is None or not bound.protocol.source or not _may_be_of_c(name, bound.protocol):
            return False
        return len(definition.function.parameters) == len(bound.protocol.params)

    def _in_python(self, name: str, module: Module) -> list[Definition]:
        """The functions of a dotted name, or of one that ends so, that a module can reach."""
        found = self._by_name.get(name, [])
        if found:
            reaches = self._imports.reaches
            return [each for each in found if reaches(module, each.module.name, each.module)]
        head, _, tail = name.rpartition(".")
        return [
            definition
            for candidate in self._imports.called(head, module)
            for definition in self._by_name.get(f"{candidate.name}.{tail}", [])
        ]


def _is_in(name: str, modules: Collection[str]) -> bool:
    """Whether a dotted name is that of one of some modules, or of something in it."""
    return any(name == module or name.startswith(f"{module}.") for module in modules)


def _is_one(found: list[Definition]) -> bool:
    """Whether a function is meant, or the variants of one, of which a module runs one."""
    names = {each.function.qualified_name for each in found}
    variants = len(found) == len(names) and all(map(_VARIANT.search, names))
    return len(found) == 1 or (variants and len({each.module.path for each in found}) == 1)


def calls_of(function: Function) -> Iterator[Call]:
    """Every call in a function."""
    for block in function.blocks:
        for instruction in block.instructions:
            if isinstance(instruction, Call):
                yield instruction


def _listless(name: str, module: Module) -> str:
    """The name without a parameter list of C++'s."""
    return name if _is_python(module) else plain_name(name)


def _may_be_of_c(name: str, protocol: Protocol) -> bool:
    """Whether a C++ name's parameter list, if it has one, may be that of an API's function in C."""
    count = parameter_count(name)
    if count is None or not protocol.params:
        return True
    parameters = name[len(plain_name(name)) :]
    fits = protocol.variadic or count == len(protocol.params)
    return fits and not any(each in parameters for each in ("&", "<", "::"))


def _is_python(module: Module) -> bool:
    return module.language is Language.PYTHON
