"""C's and C++'s names as a linker sees them: whose function a name means in a file.

A file's own function comes first, then that of a header that it includes, however internal; then
the one external function of the name. What several files define is nobody's, and two files that
each have a `main` are never linked.

    set(HCRYPTKEY,BOOL)    1. a function of that whole name
                           2. the only C++ function of the plain name `set` with two parameters,
                              as one type may be spelled in two ways
                           3. C's `set`
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from capilint.ir import Function, Language, Module
from capilint.ir.signatures import parameter_count, plain_name

_ENTRY_POINTS = frozenset({"main", "wmain", "WinMain", "wWinMain"})


def is_entry_point(function: Function) -> bool:
    """Whether a program of C or C++ ends when the function returns."""
    compiled = function.language is not Language.PYTHON and not function.internal
    return compiled and plain_name(function.qualified_name) in _ENTRY_POINTS


@dataclass(frozen=True, slots=True)
class Definition:
    """A function and the module that holds it."""

    module: Module
    function: Function

    @property
    def path(self) -> str:
        """The file that its text stands in: the module's, or a header of it."""
        return self.function.path or self.module.path

    def __hash__(self) -> int:
        return id(self.function)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Definition) and self.function is other.function


class Linkage:
    """The functions of C and C++ modules by name."""

    def __init__(self, definitions: Iterable[Definition]) -> None:
        self._files: dict[str, dict[str, list[Definition]]] = defaultdict(lambda: defaultdict(list))
        self._external: dict[str, list[Definition]] = defaultdict(list)
        self._overloads: dict[str, dict[str, None]] = defaultdict(dict)  # by plain name
        self._included: dict[str, frozenset[str]] = {}
        self._programs: set[str] = set()  # the files that have an entry point
        for definition in definitions:
            name = definition.function.qualified_name
            self._files[name][definition.module.path].append(definition)
            if not definition.function.internal:
                self._external[name].append(definition)
            plain = plain_name(name)
            if is_entry_point(definition.function):
                self._programs.add(definition.module.path)
            if plain != name:
                self._overloads[plain][name] = None

    def is_defined(self, name: str) -> bool:
        """Whether any file defines a function that may be meant by that name."""
        plain = plain_name(name)
        return name in self._files or plain in self._files or any(self._fitting(name))

    def near(self, name: str, module: Module) -> list[Definition]:
        """What a module itself, or else one of its headers, defines by a name.

        There are several only where the file does so under different `#if`s.
        """
        files = self._files.get(name)
        if files is None:
            return []
        if module.path in files:
            return files[module.path]
        if module.path not in self._included:
            self._included[module.path] = frozenset(module.includes)
        headers = files.keys() & self._included[module.path]
        return files[headers.pop()] if len(headers) == 1 else []

    def meant(self, name: str, module: Module) -> list[Definition]:
        """The functions that a name may mean in a module."""
        for spelling in self._spellings(name, module):
            near = self.near(spelling, module)
            external = self._linked(spelling, module)
            if near or external:
                return near or (external if len(external) == 1 else [])
        return []

    def _linked(self, name: str, module: Module) -> list[Definition]:
        """The external functions of a name that may be linked with a module."""
        found = self._external.get(name, [])
        if module.path not in self._programs:
            return found
        return [each for each in found if each.module.path not in self._programs - {module.path}]

    def _spellings(self, name: str, module: Module) -> Iterator[str]:
        """The names that what a name means may be defined by, the best one first."""
        yield name
        fitting = [
            each
            for each in self._fitting(name)
            if each in self._external or self.near(each, module)
        ]
        yield from fitting if len(fitting) == 1 else ()
        yield plain_name(name)

    def _fitting(self, name: str) -> Iterator[str]:
        """The C++ functions of a plain name with as many parameters, if that is known."""
        count = parameter_count(name)
        for each in self._overloads.get(plain_name(name), ()):
            if count in (None, parameter_count(each)):
                yield each
