"""C's names as a linker sees them: whose function a name means in a file.

A file's own function comes first, then that of a header that it includes, however internal; then
the one external function of the name. What several files define is nobody's.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass

from capilint.ir import Function, Module


@dataclass(frozen=True, slots=True)
class Definition:
    """A function and the module that holds it."""

    module: Module
    function: Function

    def __hash__(self) -> int:
        return id(self.function)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Definition) and self.function is other.function


class Linkage:
    """The functions of C modules by name."""

    def __init__(self, definitions: Iterable[Definition]) -> None:
        self._files: dict[str, dict[str, list[Definition]]] = defaultdict(lambda: defaultdict(list))
        self._external: dict[str, list[Definition]] = defaultdict(list)
        self._included: dict[str, frozenset[str]] = {}
        for definition in definitions:
            name = definition.function.qualified_name
            self._files[name][definition.module.path].append(definition)
            if not definition.function.internal:
                self._external[name].append(definition)

    def is_defined(self, name: str) -> bool:
        """Whether any file defines a function of that name."""
        return name in self._files

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
        near = self.near(name, module)
        external = self._external.get(name, ())
        return near or (list(external) if len(external) == 1 else [])
