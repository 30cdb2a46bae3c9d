"""Which scope binds a name, and by what: Python's scoping rules without running anything."""

from __future__ import annotations

from collections.abc import Callable, Container, Iterable, Iterator
from dataclasses import dataclass, field
from enum import Enum, auto
from typing import Any

import libcst as cst

from capilint.frontends.python.parsing.decided import unrun
from capilint.frontends.python.parsing.tree import (
    descendants,
    dotted_name,
    of_kind,
    opens_scope,
    text_literal,
)


class Kind(Enum):
    """The kinds of scope."""

    MODULE = auto()
    CLASS = auto()
    FUNCTION = auto()
    COMPREHENSION = auto()


@dataclass(frozen=True, slots=True, eq=False)
class Site:
    """One place that binds a name: an import, a definition, `name = expression`, or others.

    `imported` is the dotted name, and `source` the statement, if it names others as well;
    `unpacked` the call in `a, name = call()`, with the name's index
    there; `manager` the expression of a `with .. as name`; `parameter` what declares one, and
    `type_name` its annotation; `scope` the one that expressions are to be read in.
    """

    scope: Scope
    expression: cst.BaseExpression | None = None
    manager: cst.BaseExpression | None = None
    parameter: cst.Param | None = None
    type_name: cst.BaseExpression | None = None
    imported: str = ""
    source: cst.ImportFrom | None = None
    unpacked: tuple[cst.Call, int] | None = None
    definition: cst.FunctionDef | cst.ClassDef | None = None


@dataclass(slots=True, eq=False)
class Scope:
    """One scope.

    `name` is its qualified name and `node` its definition. `rebound` are names that inner
    functions assign. `owner_class` is set in the scope of a method; `is_static` if it has no
    `self` or `cls`.
    `yields` says whether the body is a generator's.
    """

    kind: Kind
    name: str
    parent: Scope | None
    node: cst.CSTNode | None = None
    bindings: dict[str, list[Site]] = field(default_factory=dict)
    parameters: list[str] = field(default_factory=list)
    global_names: set[str] = field(default_factory=set)
    nonlocal_names: set[str] = field(default_factory=set)
    rebound: set[str] = field(default_factory=set)
    star_imports: list[str] = field(default_factory=list)
    owner_class: str | None = None
    is_static: bool = False
    yields: bool = False
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

    def sites(self, name: str) -> list[Site]:
        """Every place that binds `name` in this scope."""
        return self.bindings.get(name, [])

    def bind(self, name: str, site: Site) -> None:
        """Note one more place that binds `name`."""
        target = self.module if name in self.global_names else self
        if target is not self or name not in self.nonlocal_names:
            target.bindings.setdefault(name, []).append(site)


def module_scope(tree: cst.Module, name: str, is_package: bool) -> Scope:
    """The scope of a whole file."""
    scope = Scope(Kind.MODULE, name, None, module_name=name, is_package=is_package)
    collect(scope, tree.body)
    return scope


def class_scope(node: cst.ClassDef, parent: Scope, name: str) -> Scope:
    """The scope of a class body."""
    scope = Scope(Kind.CLASS, name, parent, node)
    collect(scope, [node.body])
    return scope


def function_scope(node: cst.FunctionDef | cst.Lambda, parent: Scope, name: str) -> Scope:
    """The scope of a function's body."""
    scope = Scope(Kind.FUNCTION, name, parent, node)
    if parent.kind is Kind.CLASS:
        scope.owner_class = parent.name
        scope.is_static = isinstance(node, cst.FunctionDef) and "staticmethod" in decorators(node)
    for parameter in all_parameters(node.params):
        scope.parameters.append(parameter.name.value)
        default = parameter.default if text_literal(parameter.default) is not None else None
        site = Site(scope, default, parameter=parameter, type_name=_annotated(parameter))
        scope.bind(parameter.name.value, site)
    collect(scope, [node.body])
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


def _annotated(parameter: cst.Param) -> cst.BaseExpression | None:
    """The annotation of a parameter, also one that is quoted."""
    annotation = parameter.annotation.annotation if parameter.annotation is not None else None
    quoted = text_literal(annotation)
    return cst.Name(quoted) if quoted is not None and quoted.isidentifier() else annotation


def collect(scope: Scope, roots: Iterable[cst.CSTNode]) -> None:
    """Note in `scope` the names that the code below `roots` binds in it."""
    nodes = list(descendants(roots, into_scopes=False))
    kinds = {type(node) for node in nodes}
    scope.yields = cst.Yield in kinds
    scope.global_names.update(_declared(nodes, cst.Global))
    scope.nonlocal_names.update(_declared(nodes, cst.Nonlocal))
    if scope.kind is Kind.FUNCTION:
        inner = [node for node in nodes if opens_scope(node)]
        scope.rebound = set(_declared(descendants(inner), cst.Nonlocal)) - scope.nonlocal_names
    never_run = _never_run(nodes)
    _bind_all(scope, (node for node in nodes if node not in never_run))
    if never_run:  # it counts for names that have no other meaning
        run = {name: len(sites) for name, sites in scope.bindings.items()}
        _bind_all(scope, (node for node in nodes if node in never_run))
        for name, count in run.items():
            del scope.bindings[name][count:]


def assigned_globals(tree: cst.Module, names: Container[str]) -> Iterator[str]:
    """Those of a module's names that a function of it declares global, and gives a value."""
    everything = list(descendants([tree]))
    if not any(of_kind(everything, cst.Global)):
        return
    for function in of_kind(everything, cst.FunctionDef):
        body = descendants([function.body], into_scopes=False)
        declared = {name for name in _declared(body, cst.Global) if name in names}
        if declared:
            inner = Scope(Kind.MODULE, "", None)
            collect(inner, [function.body])
            yield from declared & inner.bindings.keys()


def _bind_all(scope: Scope, nodes: Iterable[cst.CSTNode]) -> None:
    for node in nodes:
        binder = _BINDERS.get(type(node))
        if binder is not None:
            binder(scope, node)


def _never_run(nodes: Iterable[cst.CSTNode]) -> set[cst.CSTNode]:
    branches = (unrun(node) for node in of_kind(nodes, cst.If))
    return {
        node
        for branch in branches
        if branch is not None
        for node in descendants([branch], into_scopes=False)
    }


def _declared(
    nodes: Iterable[cst.CSTNode], kind: type[cst.Global] | type[cst.Nonlocal]
) -> Iterator[str]:
    for node in of_kind(nodes, kind):
        yield from (item.name.value for item in node.names)


def _bind_target(
    scope: Scope, target: cst.CSTNode, value: cst.BaseExpression | None = None
) -> None:
    if isinstance(target, cst.Name):
        scope.bind(target.value, Site(scope, expression=value))
    elif isinstance(target, (cst.Tuple, cst.List)):
        starred = any(isinstance(element, cst.StarredElement) for element in target.elements)
        parts = _parts(value, len(target.elements))
        for index, element in enumerate(target.elements):
            if parts and not starred:
                _bind_target(scope, element.value, parts[index])
            elif (
                isinstance(value, cst.Call) and isinstance(element.value, cst.Name) and not starred
            ):
                scope.bind(element.value.value, Site(scope, unpacked=(value, index)))
            else:
                _bind_target(scope, element.value)


def assigned(
    target: cst.BaseExpression, value: cst.BaseExpression | None
) -> Iterator[tuple[cst.BaseExpression, cst.BaseExpression | None]]:
    """What an assignment gives a value, each with it, or with None where it is not written out."""
    if not isinstance(target, cst.Tuple | cst.List):
        yield target, value
        return
    starred = any(isinstance(element, cst.StarredElement) for element in target.elements)
    parts = [] if starred else _parts(value, len(target.elements))
    for index, element in enumerate(target.elements):
        yield from assigned(element.value, parts[index] if parts else None)


def _parts(value: cst.BaseExpression | None, count: int) -> list[cst.BaseExpression]:
    """The elements of a tuple that is written out, if it has as many: `OK, BAD = 0, 5`."""
    elements = value.elements if isinstance(value, cst.Tuple) else ()
    known = [element.value for element in elements if isinstance(element, cst.Element)]
    return known if len(known) == count == len(elements) else []


def _bind_definition(scope: Scope, node: cst.FunctionDef | cst.ClassDef) -> None:
    scope.bind(node.name.value, Site(scope, definition=node))


def _bind_assign(scope: Scope, node: cst.Assign) -> None:
    for target in node.targets:
        _bind_target(scope, target.target, node.value)


def _bind_value(scope: Scope, node: cst.AnnAssign | cst.NamedExpr) -> None:
    if node.value is not None:
        _bind_target(scope, node.target, node.value)


def _bind_opaque(scope: Scope, node: cst.AugAssign | cst.Del | cst.For) -> None:
    _bind_target(scope, node.target)


def _bind_caught(scope: Scope, node: cst.ExceptHandler | cst.ExceptStarHandler) -> None:
    if node.name is not None:
        _bind_target(scope, node.name.name)


def _bind_managed(scope: Scope, node: cst.WithItem) -> None:
    target = node.asname.name if node.asname is not None else None
    if isinstance(target, cst.Name):
        scope.bind(target.value, Site(scope, manager=node.item))
    elif target is not None:
        _bind_target(scope, target)


def _bind_capture(scope: Scope, node: cst.MatchAs | cst.MatchStar | cst.MatchMapping) -> None:
    name = node.rest if isinstance(node, cst.MatchMapping) else node.name
    if name is not None:
        scope.bind(name.value, Site(scope))


def _bind_import(scope: Scope, node: cst.Import) -> None:
    for alias in node.names:
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
        imported = f"{source}.{name}" if source else name
        scope.bind(bound, Site(scope, imported=imported, source=node))


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


_BINDERS: dict[type[cst.CSTNode], Callable[[Scope, Any], None]] = {
    cst.FunctionDef: _bind_definition,
    cst.ClassDef: _bind_definition,
    cst.Assign: _bind_assign,
    cst.AnnAssign: _bind_value,
    cst.NamedExpr: _bind_value,
    cst.AugAssign: _bind_opaque,
    cst.Del: _bind_opaque,
    cst.For: _bind_opaque,
    cst.ExceptHandler: _bind_caught,
    cst.ExceptStarHandler: _bind_caught,
    cst.WithItem: _bind_managed,
    cst.MatchAs: _bind_capture,
    cst.MatchStar: _bind_capture,
    cst.MatchMapping: _bind_capture,
    cst.Import: _bind_import,
    cst.ImportFrom: _bind_import_from,
}
