"""The classes of a file: their methods, bases and attributes, and which objects are theirs."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

import libcst as cst

from capilint.frontends.python.naming.scopes import (
    Kind,
    Scope,
    Site,
    all_parameters,
    assigned,
    decorators,
)
from capilint.frontends.python.parsing.tree import descendants, dotted_name


@dataclass(slots=True, eq=False)
class Class:
    """One class. `attributes` are the sites of `self.name = value` in its methods."""

    node: cst.ClassDef
    scope: Scope
    bases: tuple[str, ...] = ()
    methods: dict[str, cst.FunctionDef] = field(default_factory=dict)
    attributes: dict[str, list[Site]] | None = None


class Classes:
    """Every class that the lowering has come to so far, by qualified name."""

    def __init__(
        self, scope_of: Callable[[cst.FunctionDef | cst.Lambda | cst.ClassDef, Scope], Scope]
    ) -> None:
        self._classes: dict[str, Class] = {}
        self.scope_of = scope_of
        self._derived: dict[str, list[Class]] = {}
        self._open: dict[tuple[str, str], bool] = {}

    def __contains__(self, name: str) -> bool:
        return name in self._classes

    def add(self, node: cst.ClassDef, scope: Scope, bases: tuple[str, ...]) -> None:
        """Make a class known."""
        known = self._classes[scope.name] = Class(node, scope, bases)
        for base in bases:
            self._derived.setdefault(base, []).append(known)
        for name, sites in scope.bindings.items():
            method = sites[-1].definition
            if isinstance(method, cst.FunctionDef):
                known.methods[name] = method

    def scope(self, name: str) -> Scope:
        """The scope of a class that is known."""
        return self._classes[name].scope

    def bases(self) -> dict[str, tuple[str, ...]]:
        """Every class with the canonical names of its bases."""
        return {name: known.bases for name, known in self._classes.items()}

    def members(self) -> dict[str, frozenset[str]]:
        """Every class with the names that its body binds."""
        return {name: frozenset(known.scope.bindings) for name, known in self._classes.items()}

    def top_level_scopes(self) -> Iterator[tuple[str, Scope]]:
        """The scopes of the module's classes, each with its prefix `Class.`."""
        for known in self._classes.values():
            if known.scope.parent is not None and known.scope.parent.kind is Kind.MODULE:
                yield f"{known.node.name.value}.", known.scope

    def method(self, owner: str, name: str) -> tuple[str, cst.FunctionDef] | None:
        """The qualified name and definition of a method, also of a base in the same file."""
        for known in self._with_bases(owner):
            if name in known.methods:
                return f"{known.scope.name}.{name}", known.methods[name]
            if name in known.scope.bindings or name in self._attributes(known):
                return None
        return None

    def is_open(self, owner: str, name: str) -> bool:
        """Whether a call of the method on an `owner` may run another one: a subclass's.

        So it is where a class of the file overrides it, and where its body only says that
        subclasses should.
        """
        if (owner, name) not in self._open:
            found = self.method(owner, name)
            abstract = found is not None and (_is_abstract(found[1]) or self._is_stub(*found))
            self._open[owner, name] = abstract or self._is_overridden(owner, name)
        return self._open[owner, name]

    def _is_stub(self, qualified: str, method: cst.FunctionDef) -> bool:
        """Whether the body is left out; in a protocol also where it does nothing."""
        bases = self._classes[qualified.rpartition(".")[0]].node.bases
        named = (each.value for each in bases)
        named = (each.value if isinstance(each, cst.Subscript) else each for each in named)
        protocol = any(dotted_name(each).rpartition(".")[2] == "Protocol" for each in named)
        body = descendants([method.body], into_scopes=False)
        acts = [node for node in body if isinstance(node, cst.BaseSmallStatement)]
        written = [node.value if isinstance(node, cst.Expr) else node for node in acts]
        left_out = any(isinstance(node, cst.Ellipsis) for node in written)
        empty = all(isinstance(node, _EMPTY) for node in written)
        return empty and (left_out or protocol)

    def _is_overridden(self, owner: str, name: str) -> bool:
        pending, seen = [owner], {owner}
        while pending:
            for known in self._derived.get(pending.pop(), ()):
                if name in known.scope.bindings:
                    return True
                if known.scope.name not in seen:
                    seen.add(known.scope.name)
                    pending.append(known.scope.name)
        return False

    def enters_itself(self, owner: str) -> bool:
        """Whether `with` on an object of the class gives the object: `__enter__` returns self."""
        found = self.method(owner, "__enter__")
        if found is None:
            return False
        body = list(descendants([found[1].body], into_scopes=False))
        returned = [dotted_name(node.value) for node in body if isinstance(node, cst.Return)]
        own = [parameter.name.value for parameter in all_parameters(found[1].params)[:1]]
        return bool(returned) and all([name] == own for name in returned)

    def attribute_sites(self, owner: str, name: str) -> list[Site]:
        """Every place that sets the attribute, in the class's body or through `self`."""
        for known in self._with_bases(owner):
            sites = [*known.scope.bindings.get(name, ()), *self._attributes(known).get(name, ())]
            if sites:
                return sites
        return []

    def of_receiver(self, node: cst.BaseExpression, scope: Scope) -> str | None:
        """The class of an object: of `self` (or `cls`) in a method; None where it is not known."""
        if not isinstance(node, cst.Name):
            return None
        owner = scope.owner(node.value)
        if owner is None or owner.owner_class not in self._classes:
            return None
        if len(owner.sites(node.value)) != 1 or owner.parameters[:1] != [node.value]:
            return None
        return None if owner.is_static else owner.owner_class

    def _with_bases(self, owner: str) -> Iterator[Class]:
        pending, seen = [owner], set[str]()
        while pending:
            name = pending.pop(0)
            known = self._classes.get(name)
            if known is not None and name not in seen:
                seen.add(name)
                pending.extend(known.bases)
                yield known

    def _attributes(self, known: Class) -> dict[str, list[Site]]:
        if known.attributes is None:
            known.attributes = {}
            for method in known.methods.values():
                scope = self.scope_of(method, known.scope)
                if scope.parameters:
                    _note_attributes(known.attributes, method, scope)
        return known.attributes


_EMPTY = (cst.Ellipsis, cst.SimpleString, cst.ConcatenatedString, cst.Pass)


def _is_abstract(method: cst.FunctionDef) -> bool:
    nodes = descendants([method.body], into_scopes=False)
    raised = (node.exc for node in nodes if isinstance(node, cst.Raise))
    names = (exc.func if isinstance(exc, cst.Call) else exc for exc in raised)
    marked = any(name.endswith("abstractmethod") for name in decorators(method))
    return marked or any(dotted_name(name) == "NotImplementedError" for name in names)


def _note_attributes(table: dict[str, list[Site]], method: cst.FunctionDef, scope: Scope) -> None:
    prefix = scope.parameters[0] + "."
    for node in descendants([method.body], into_scopes=False):
        targets: list[tuple[cst.BaseAssignTargetExpression, cst.BaseExpression | None]] = []
        if isinstance(node, cst.Assign):
            targets = [(target.target, node.value) for target in node.targets]
        elif isinstance(node, cst.AnnAssign) and node.value is not None:
            targets = [(node.target, node.value)]
        elif isinstance(node, cst.AugAssign):
            targets = [(node.target, None)]
        for target, value in targets:
            for element, given in assigned(target, value):
                name = dotted_name(element)
                if name.startswith(prefix) and name.count(".") == 1:
                    table.setdefault(name[len(prefix) :], []).append(Site(scope, given))
