"""All files of one run as one program: what names mean in each of them.

A name that is defined twice means nothing: it is unknown code.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property

from capilint.engine.program.linkage import Definition, Linkage
from capilint.ir import Language, Method, Module, Place, Read, tails
from capilint.ir.arithmetic import number_of
from capilint.rulebook.book import Bound, RuleBook
from capilint.rulebook.protocol import Success

MOST_ALIASES = 8


@dataclass
class Names:
    """Modules, and the names between them."""

    modules: Sequence[Module]
    rulebook: RuleBook
    _apis: dict[tuple[str, Language], Bound | None] = field(default_factory=dict)
    _constants: dict[str, int | None] = field(default_factory=dict)

    @cached_property
    def definitions(self) -> list[Definition]:
        """Every function of every module."""
        return [
            Definition(module, function) for module in self.modules for function in module.functions
        ]

    @cached_property
    def _linkage(self) -> Linkage:
        return Linkage(each for each in self.definitions if not _is_python(each))

    @cached_property
    def _by_name(self) -> dict[str, list[Definition]]:
        """Python's functions by their dotted names."""
        table: dict[str, list[Definition]] = {}
        for definition in filter(_is_python, self.definitions):
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

    # ------------------------------------------------------------ names

    def api(self, name: str, module: Module) -> Bound | None:
        """The API function that a name means in a module, with how it tells success there."""
        key = (name, module.language)
        if key not in self._apis:
            self._apis[key] = self._find_api(name, module.language)
        bound = self._apis[key]
        if bound is not None and module.language is not Language.PYTHON:
            return None if self._linkage.near(name, module) else bound
        return bound

    def reached_through(self, callee: Method) -> str:
        """The dotted name of a method of what is called like a library: `x.advapi32.f(..)`."""
        match callee.receiver:
            case Read(Place(_, (*_, last))):
                return f"{last.removeprefix('.')}.{callee.name}"
        return ""

    def _find_api(self, name: str, language: Language) -> Bound | None:
        for candidate in self.readings(name, language):
            bound = self.rulebook.direct(candidate, language)
            if bound is not None:
                if candidate in self._raising or name in self._raising:
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
        found = self.alternatives(name, module)
        return found[0] if len(found) == 1 else None

    def is_defined(self, name: str, module: Module) -> bool:
        """Whether any function may be meant by a name in a module, be it one of several."""
        if module.language is not Language.PYTHON:
            return self._linkage.is_defined(name)
        return any(self._in_python(each) for each in self.readings(name, Language.PYTHON))

    def alternatives(self, name: str, module: Module) -> list[Definition]:
        """The functions that a name may mean in a module.

        There are several only where one C file defines the name under different `#if`s.
        """
        if module.language is not Language.PYTHON:
            return self._linkage.meant(name, module)
        for reading in self.readings(name, Language.PYTHON):
            found = self._in_python(reading)
            own = [candidate for candidate in found if candidate.module is module]
            if found:
                return next((each for each in (own, found) if len(each) == 1), [])
        return []

    def _in_python(self, name: str) -> list[Definition]:
        """The functions of a dotted name, or of one that ends so."""
        same = self._by_name.get(name, [])
        if same:
            return same
        head, _, tail = name.rpartition(".")
        return [
            definition
            for candidate in self._python_modules.get(head, [])
            for definition in self._by_name.get(f"{candidate.name}.{tail}", [])
        ]


def _is_python(definition: Definition) -> bool:
    return definition.module.language is Language.PYTHON
