"""Names that an import in a branch binds together: who uses one of them means its companions.

if backend == "old":                         def make():
    from .advapi import advapi, check            check(cng.make(..))
else:                                               └── that of .cng: where the other branch
    from .cng import cng, check                         has run there is no `cng`
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property

import libcst as cst

from capilint.frontends.python.naming.scopes import Kind, Scope, Site
from capilint.frontends.python.parsing.tree import descendants, of_kind


class Companions:
    """What imports in branches of a module bind together."""

    def __init__(self, tree: cst.Module, module: Scope) -> None:
        self._tree = tree
        self._module = module
        self._used: dict[Scope, frozenset[str]] = {}

    def meant(self, sites: Sequence[Site], scope: Scope) -> Sequence[Site]:
        """Of the sites that bind a name of the module the one that a function in which it is used
        must mean, or all of them."""
        imports = {site.source for site in sites}
        if len(imports) < 2 or None in imports or not imports.isdisjoint(self._always):
            return sites
        used = self._used_in(scope)
        found = [site for site in sites if not used.isdisjoint(self._only_of(site.source))]
        return found if len({site.source for site in found}) == 1 else sites

    @cached_property
    def _always(self) -> frozenset[cst.CSTNode | None]:
        """The statements that are in no branch."""
        lines = (each for each in self._tree.body if isinstance(each, cst.SimpleStatementLine))
        return frozenset(statement for line in lines for statement in line.body)

    def _only_of(self, source: cst.ImportFrom | None) -> frozenset[str]:
        """The names that only one import binds."""
        return frozenset(
            name
            for name, sites in self._module.bindings.items()
            if len(sites) == 1 and sites[0].source is source
        )

    def _used_in(self, scope: Scope) -> frozenset[str]:
        """The names that the function around a scope has in its body."""
        function = scope
        while function.kind is not Kind.FUNCTION and function.parent is not None:
            function = function.parent
        node = function.node
        if not isinstance(node, cst.FunctionDef | cst.Lambda):
            return frozenset()
        if function not in self._used:
            names = of_kind(descendants([node.body]), cst.Name)
            self._used[function] = frozenset(each.value for each in names)
        return self._used[function]
