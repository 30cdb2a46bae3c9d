"""Which scope binds a name, and by what: Python's scoping rules without running anything."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from enum import Enum, auto

import libcst as cst

from capilint.frontends.python.tree import descendants, dotted_name


class Kind(Enum):
    """The kinds of scope."""

    MODULE = auto()
    CLASS = auto()
    FUNCTION = auto()
    COMPREHENSION = auto()


@dataclass(frozen=True, slots=True, eq=False)
class Site:
    """One place that binds a name: an import, a definition, `name = expression`, or neither.

    `imported` is the dotted name; `scope` the one that `expression` is to be read in.
    """

    scope: Scope
    expression: cst.BaseExpression | None = None
    imported: str = ""
    definition: cst.FunctionDef | cst.ClassDef | None = None


@dataclass(slots=True, eq=False)
class Scope:
    """One scope. `name` is its qualified name; `rebound` are names that inner functions assign.

    `owner_class` is set in the scope of a method; `is_static` if it has no `self` or `cls`.
    """

    kind: Kind
    name: str
    parent: Scope | None
    bindings: dict[str, list[Site]] = field(default_factory=dict)
    parameters: list[str] = field(default_factory=list)
    global_names: set[str] = field(default_factory=set)
    nonlocal_names: set[str] = field(default_factory=set)
    rebound: set[str] = field(default_factory=set)
    star_imports: list[str] = field(default_factory=list)
    owner_class: str | None = None
    is_static: bool = False
    module_name: str = ""
    is_package: bool = False

    @property
    def module(self) -> Scope:
        """The module's scope."""
        return self if self.parent is None else self.parent.module

    def owner(self, name: str) -> Scope | None:
        """The scope that `name`, read here, belongs to; None if nothing here binds it."""
        if name in self.global_names:
            return self.module
        if name in self.bindings and name not in self.nonlocal_names:
            return self
        inside_class = self.kind is Kind.COMPREHENSION
        scope = self.parent
        while scope is not None:
            inside_class = inside_class and scope.kind is not Kind.FUNCTION
            if scope.kind is not Kind.CLASS or inside_class:
                if name in scope.global_names:
                    return scope.module
                if name in scope.bindings and name not in scope.nonlocal_names:
                    return scope
            scope = scope.parent
        return None

    def bind(self, name: str, site: Site) -> None:
        """Note one more place that binds `name`."""
        target = self.module if name in self.global_names else self
        if target is not self or name not in self.nonlocal_names:
            target.bindings.setdefault(name, []).append(site)


def module_scope(tree: cst.Module, name: str, is_package: bool) -> Scope:
    """The scope of a whole file."""
    scope = Scope(Kind.MODULE, name, None, module_name=name, is_package=is_package)
    _collect(scope, tree.body)
    return scope


def class_scope(node: cst.ClassDef, parent: Scope) -> Scope:
    """The scope of a class body."""
    scope = Scope(Kind.CLASS, f"{parent.name}.{node.name.value}", parent)
    _collect(scope, [node.body])
    return scope


def function_scope(node: cst.FunctionDef | cst.Lambda, parent: Scope, name: str) -> Scope:
    """The scope of a function's body."""
    scope = Scope(Kind.FUNCTION, name, parent)
    if parent.kind is Kind.CLASS:
        scope.owner_class = parent.name
        scope.is_static = isinstance(node, cst.FunctionDef) and "staticmethod" in decorators(node)
    for parameter in all_parameters(node.params):
        scope.parameters.append(parameter.name.value)
        scope.bind(parameter.name.value, Site(scope))
    _collect(scope, [node.body])
    scope.rebound = {
        item.name.value
        for inner in descendants([node.body])
        if isinstance(inner, cst.Nonlocal)
        for item in inner.names
    } - scope.nonlocal_names
    return scope


def comprehension_scope(clause: cst.CompFor, parent: Scope) -> Scope:
    """The scope of a comprehension, from its outermost `for`."""
    scope = Scope(Kind.COMPREHENSION, parent.name, parent)
    inner: cst.CompFor | None = clause
    while inner is not None:
        _bind_target(scope, inner.target)
        inner = inner.inner_for_in
    return scope


def all_parameters(parameters: cst.Parameters) -> list[cst.Param]:
    """The parameters in the order of the source."""
    found = [*parameters.posonly_params, *parameters.params]
    if isinstance(parameters.star_arg, cst.Param):
        found.append(parameters.star_arg)
    found.extend(parameters.kwonly_params)
    if parameters.star_kwarg is not None:
        found.append(parameters.star_kwarg)
    return found


def _collect(scope: Scope, roots: Iterable[cst.CSTNode]) -> None:
    nodes = list(descendants(roots, into_scopes=False))
    for node in nodes:
        if isinstance(node, cst.Global):
            scope.global_names.update(item.name.value for item in node.names)
        elif isinstance(node, cst.Nonlocal):
            scope.nonlocal_names.update(item.name.value for item in node.names)
    for node in nodes:
        _bind(scope, node)


def _bind(scope: Scope, node: cst.CSTNode) -> None:
    """Note the names that one node binds."""
    match node:
        case cst.FunctionDef(name=name) | cst.ClassDef(name=name):
            scope.bind(name.value, Site(scope, definition=node))
        case cst.Assign(targets=targets, value=value):
            for target in targets:
                _bind_target(scope, target.target, value)
        case cst.AnnAssign(target=target, value=value) if value is not None:
            _bind_target(scope, target, value)
        case cst.NamedExpr(target=target, value=value):
            _bind_target(scope, target, value)
        case cst.AugAssign(target=target) | cst.Del(target=target):
            _bind_target(scope, target)
        case cst.For(target=target):
            _bind_target(scope, target)
        case cst.WithItem(asname=cst.AsName(name=target)):
            _bind_target(scope, target)
        case cst.ExceptHandler(name=cst.AsName(name=target)):
            _bind_target(scope, target)
        case cst.ExceptStarHandler(name=cst.AsName(name=target)):
            _bind_target(scope, target)
        case cst.MatchAs(name=cst.Name() as name) | cst.MatchStar(name=cst.Name() as name):
            scope.bind(name.value, Site(scope))
        case cst.MatchMapping(rest=cst.Name() as name):
            scope.bind(name.value, Site(scope))
        case cst.Import(names=aliases):
            _bind_import(scope, aliases)
        case cst.ImportFrom():
            _bind_import_from(scope, node)


def _bind_target(
    scope: Scope, target: cst.CSTNode, value: cst.BaseExpression | None = None
) -> None:
    if isinstance(target, cst.Name):
        scope.bind(target.value, Site(scope, expression=value))
    elif isinstance(target, (cst.Tuple, cst.List)):
        for element in target.elements:
            _bind_target(scope, element.value)


def _bind_import(scope: Scope, aliases: Iterable[cst.ImportAlias]) -> None:
    for alias in aliases:
        dotted = dotted_name(alias.name)
        if alias.asname is not None:
            scope.bind(dotted_name(alias.asname.name), Site(scope, imported=dotted))
        else:
            top = dotted.partition(".")[0]
            scope.bind(top, Site(scope, imported=top))


def _bind_import_from(scope: Scope, node: cst.ImportFrom) -> None:
    source = _imported_module(scope.module, node)
    if isinstance(node.names, cst.ImportStar):
        scope.module.star_imports.append(source)
        return
    for alias in node.names:
        name = dotted_name(alias.name)
        bound = dotted_name(alias.asname.name) if alias.asname is not None else name
        scope.bind(bound, Site(scope, imported=f"{source}.{name}" if source else name))


def _imported_module(module: Scope, node: cst.ImportFrom) -> str:
    """The dotted name of the module after `from`, relative ones by the file's own name."""
    named = dotted_name(node.module)
    if not node.relative:
        return named
    up = len(node.relative) - (1 if module.is_package else 0)
    parts = module.module_name.split(".")
    base = parts[: len(parts) - up] if up < len(parts) else []
    return ".".join([*base, *([named] if named else [])])


def decorators(node: cst.FunctionDef) -> list[str]:
    """The decorators as dotted names, those with arguments by what is called."""
    found = (decorator.decorator for decorator in node.decorators)
    return [dotted_name(item.func if isinstance(item, cst.Call) else item) for item in found]


def is_generator(node: cst.FunctionDef) -> bool:
    """Whether calling the function runs nothing yet: it yields, or is `async`."""
    if node.asynchronous is not None:
        return True
    return any(
        isinstance(inner, cst.Yield) for inner in descendants([node.body], into_scopes=False)
    )
