"""Finds what whole names a written name may have: through scopes, `using`s and namespaces."""

from __future__ import annotations

from collections.abc import Iterator

from capilint.frontends.cpp.facts.model import Declarations, Scope


class Scopes:
    """The namespaces of one file with its headers."""

    def __init__(self, declarations: Declarations) -> None:
        self.declarations = declarations
        self._opened: dict[str, tuple[str, ...]] = {}

    def around(self, scope: Scope) -> Iterator[Scope]:
        """A scope and those around it, the innermost first."""
        for end in range(len(scope), -1, -1):
            yield scope[:end]

    def opened(self, namespace: str) -> tuple[str, ...]:
        """A namespace with those whose names it shows, by `using namespace` or for being unnamed
        or inline."""
        found = self._opened.get(namespace)
        if found is None:
            found = self._opened[namespace] = tuple(self._reached(namespace))
        return found

    def _reached(self, namespace: str) -> Iterator[str]:
        pending, seen = [namespace], {namespace}
        while pending:
            outer = pending.pop(0)
            yield outer
            scope = tuple(outer.split("::")) if outer else ()
            for each in sorted(self.declarations.usings.get(scope, ())):
                opened = self.namespace(each, scope)
                if opened not in seen:
                    seen.add(opened)
                    pending.append(opened)

    def namespace(self, name: str, scope: Scope) -> str:
        """The whole name of a namespace that is named at a scope."""
        for outer in self.around(scope):
            whole = "::".join((*outer, name))
            whole = self.declarations.names.get(whole, whole)
            if whole in self.declarations.namespaces:
                return whole
        return name

    def whole_names(self, name: str, namespace: str) -> Iterator[str]:
        """The whole names that a plain name may have in a namespace."""
        for each in self.opened(namespace):
            yield f"{each}::{name}" if each else name
