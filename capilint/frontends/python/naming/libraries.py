"""Which library something stands for that does not say so itself.

    def library(): return ctypes.WinDLL("ncrypt")      library().NCryptFreeObject
    def keypair(lib): lib.BCryptOpen..(..)             all callers give it ctypes.windll.bcrypt
    dll = dll or ctypes.windll.ncrypt                  what else there may be stands in for it
    def libraries(): return {"ncrypt": ctypes.windll.ncrypt}      libraries()["ncrypt"]

A stand-in, which tests pass, offers what the library does; so the library is what is meant.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from functools import cached_property
from typing import Protocol

import libcst as cst

from capilint.frontends.python.naming.classes import Classes
from capilint.frontends.python.naming.scopes import Scope, Site, all_parameters
from capilint.frontends.python.naming.standard_names import (
    CACHING_DECORATORS,
    DESCRIPTORS,
    LIBRARY_LOADERS,
    LIBRARY_MODULES,
    LIBRARY_NAMESPACES,
    LOADER_METHODS,
    LOGGER_MAKER,
    PROPERTIES,
)
from capilint.frontends.python.parsing.tree import descendants, opens_scope, text_literal
from capilint.ir.libraries import told_apart

_CONSTRUCTOR = "__init__"
_Tables = dict[cst.Dict, Scope]  # dicts that are written out, with the scopes that they stand in


class Resolver(Protocol):
    """What names of the file mean."""

    classes: Classes

    def canonical(self, node: cst.BaseExpression, scope: Scope) -> str | None:
        """The canonical dotted name of an expression."""

    def class_of(self, node: cst.BaseExpression, scope: Scope) -> str | None:
        """The class of an object."""

    def sites_of(self, name: str, scope: Scope) -> list[Site]:
        """What binds a name."""

    def of_site(self, site: Site) -> str | None:
        """What a binding gives its name."""


class Libraries:
    """The libraries that functions and methods of one file give, and are given."""

    def __init__(self, tree: cst.Module, module: Scope, names: Resolver) -> None:
        self._tree = tree
        self._module = module
        self._names = names
        self._results: dict[tuple[cst.FunctionDef, int | None], str | None] = {}
        self._tables: dict[tuple[cst.BaseExpression, Scope], _Tables | None] = {}

    # ------------------------------------------------------------ what a function gives

    def given_by(
        self, func: cst.BaseExpression, scope: Scope, index: int | None = None
    ) -> str | None:
        """The library that a function or a method of this file gives, as in `_lib().CryptGenKey`.

        With an index, the one at that place of the tuple that it gives.
        """
        match func:
            case cst.Name(value=name):
                sites = self._names.sites_of(name, scope)
                definition = sites[0].definition if len(sites) == 1 else None
                if isinstance(definition, cst.FunctionDef):
                    return self._result(definition, sites[0].scope, index)
            case cst.Attribute(value=value, attr=attr):
                owner = self._names.class_of(value, scope) or self._names.canonical(value, scope)
                if owner is not None and owner in self._names.classes:
                    return self._of_method(owner, attr.value, index)
        return None

    def of_property(self, owner: str, name: str) -> str | None:
        """The library that a property of a class gives."""
        found = self._names.classes.method(owner, name)
        called = (decorator.decorator for decorator in found[1].decorators) if found else ()
        named = (self._names.canonical(each, self._module) for each in called)
        asked = not PROPERTIES.isdisjoint(named)
        return self._of_method(owner, name, None) if asked else None

    def _of_method(self, owner: str, name: str, index: int | None) -> str | None:
        classes = self._names.classes
        found = classes.method(owner, name)
        if found is None or classes.is_open(owner, name):
            return None
        return self._result(found[1], classes.scope(found[0].rpartition(".")[0]), index)

    def _result(self, definition: cst.FunctionDef, parent: Scope, index: int | None) -> str | None:
        key = definition, index
        if key not in self._results:
            self._results[key] = None  # what calls itself gives nothing known
            self._results[key] = self._find_result(definition, parent, index)
        return self._results[key]

    def _find_result(
        self, definition: cst.FunctionDef, parent: Scope, index: int | None
    ) -> str | None:
        scope = self._names.classes.scope_of(definition, parent)
        if definition.asynchronous is not None or scope.yields:
            return None
        if any(each.default is not None for each in all_parameters(definition.params)):
            return None  # a default may be what names the library
        called = (decorator.decorator for decorator in definition.decorators)
        named = (item.func if isinstance(item, cst.Call) else item for item in called)
        transparent = CACHING_DECORATORS | DESCRIPTORS
        if any(self._names.canonical(name, parent) not in transparent for name in named):
            return None
        body = descendants([definition.body], into_scopes=False)
        returned = [node.value for node in body if isinstance(node, cst.Return)]
        if index is not None:
            returned = [_element(value, index) for value in returned]
        found = {name for value in returned for name in self._meanings(value, scope)}
        return None if None in found else one_library(found)

    def _meanings(self, node: cst.BaseExpression | None, scope: Scope) -> set[str | None]:
        """All that a returned expression may stand for; None is for what is not known.

        A name may be None at first: `if _library is None: _library = ctypes.WinDLL(..)`.
        """
        match node:
            case None:
                return {None}
            case cst.IfExp(body=body, orelse=orelse):
                return self._meanings(body, scope) | self._meanings(orelse, scope)
            case cst.Name(value=name):
                sites = self._names.sites_of(name, scope)
                values = [site for site in sites if not is_empty(site)]
                return {self._names.of_site(site) for site in values} or {None}
        return {self._names.canonical(node, scope)}

    # ------------------------------------------------------------ what a dict of them has

    def item(self, table: cst.BaseExpression, key: str, scope: Scope) -> str | None:
        """What a dict of libraries and types has under a key, as in `_libs()["advapi32"]`.

        The dict is one that is written out, or a name, a parameter or a call that stands for such.
        """
        tables = self._tables_of(table, scope)
        items = [
            self._names.canonical(element.value, written)
            for each, written in (tables or {}).items()
            for element in each.elements
            if isinstance(element, cst.DictElement) and text_literal(element.key) == key
        ]
        return items[0] if len(set(items)) == 1 else one_library(items)

    def _tables_of(self, node: cst.BaseExpression, scope: Scope) -> _Tables | None:
        """The dicts that an expression may stand for; None where one is not known."""
        if isinstance(node, cst.Dict):
            return {node: scope}
        if (node, scope) not in self._tables:
            self._tables[node, scope] = None  # what leads back to itself is not known
            self._tables[node, scope] = self._find_tables(node, scope)
        return self._tables[node, scope]

    def _find_tables(self, node: cst.BaseExpression, scope: Scope) -> _Tables | None:
        match node:
            case cst.Name(value=name):
                sites = [each for each in self._names.sites_of(name, scope) if not is_empty(each)]
                values = [value for site in sites for value in self._values_of(site)]
            case cst.Call(func=cst.Name(value=name)):
                values = self._results_of(name, scope)
            case _:
                values = []
        found: _Tables = {}
        for value in values:
            tables = None if value is None else self._tables_of(*value)
            if tables is None:
                return None
            found.update(tables)
        return found or None

    def _values_of(self, site: Site) -> list[tuple[cst.BaseExpression, Scope] | None]:
        """What a binding gives its name: an expression, or what the callers in the file give."""
        if site.expression is not None:
            return [(site.expression, site.scope)]
        function = site.scope.node
        if site.parameter is None or not isinstance(function, cst.FunctionDef):
            return [None]
        return list(self._given(site.scope, function, site.parameter))

    def _results_of(self, name: str, scope: Scope) -> list[tuple[cst.BaseExpression, Scope] | None]:
        """What a function of this file returns."""
        sites = self._names.sites_of(name, scope)
        definition = sites[0].definition if len(sites) == 1 else None
        if not isinstance(definition, cst.FunctionDef):
            return [None]
        inner = self._names.classes.scope_of(definition, sites[0].scope)
        if definition.asynchronous is not None or definition.decorators or inner.yields:
            return [None]
        body = descendants([definition.body], into_scopes=False)
        values = [node.value for node in body if isinstance(node, cst.Return)]
        return [None if value is None else (value, inner) for value in values]

    # ------------------------------------------------------------ what a parameter is given

    def given_to(self, site: Site) -> str | None:
        """The library that a parameter's default is, or that all callers in the file give it."""
        parameter, function = site.parameter, site.scope.node
        if parameter is None or not isinstance(function, cst.FunctionDef):
            return None
        default = None
        if parameter.default is not None and site.scope.parent is not None:
            default = self._names.canonical(parameter.default, site.scope.parent)
        values = self._given(site.scope, function, parameter)
        given = [None if each is None else self._names.canonical(*each) for each in values]
        usual = one_library([default])
        if usual is None and (not given or None in given):
            return None
        return one_library([usual, *given])

    def _given(
        self, scope: Scope, function: cst.FunctionDef, parameter: cst.Param
    ) -> Iterator[tuple[cst.BaseExpression, Scope] | None]:
        """What the calls in the file give a parameter; None is for what a call does not show."""
        for call, where, bound in self._calls_of(scope, function):
            try:
                value = _argument(call, function, parameter, bound)
            except ValueError:
                yield None
                continue
            itself = isinstance(value, cst.Name) and where.owner(value.value) is scope
            if value is None or is_constant(value) or itself:
                continue
            yield value, where

    def _calls_of(
        self, scope: Scope, function: cst.FunctionDef
    ) -> Iterator[tuple[cst.Call, Scope, bool]]:
        """The calls of a function in the file, and whether its first parameter is not written."""
        owner, name = scope.owner_class, function.name.value
        makes = owner is not None and name == _CONSTRUCTOR
        word = name if owner is None or not makes else owner.rpartition(".")[2]
        for call, where in self._calls.get(word, ()):
            called = self._names.canonical(call.func, where)
            if called is not None:
                outer = scope.parent.name if scope.parent is not None else ""
                if called == (owner if makes else f"{outer}.{name}"):
                    yield call, where, makes
            elif owner is not None and not makes and isinstance(call.func, cst.Attribute):
                receiver = self._names.class_of(call.func.value, where)
                found = self._names.classes.method(receiver, name) if receiver else None
                if receiver is None or (found is not None and found[1] is function):
                    yield call, where, not scope.is_static

    @cached_property
    def _calls(self) -> dict[str, list[tuple[cst.Call, Scope]]]:
        """Every call of the file by the last word of what is called."""
        table: dict[str, list[tuple[cst.Call, Scope]]] = {}
        pending: list[tuple[Iterable[cst.CSTNode], Scope]] = [(self._tree.body, self._module)]
        while pending:
            nodes, scope = pending.pop()
            for node in descendants(nodes, into_scopes=False):
                if type(node) is cst.Call:
                    name = node.func.attr if isinstance(node.func, cst.Attribute) else node.func
                    if isinstance(name, cst.Name):
                        table.setdefault(name.value, []).append((node, scope))
                elif opens_scope(node):
                    assert isinstance(node, cst.FunctionDef | cst.ClassDef | cst.Lambda)
                    inner = self._names.classes.scope_of(node, scope)
                    pending.append(([node.body], inner))
        return table


def one_library(found: Iterable[str | None]) -> str | None:
    """The one library among what something may stand for: the first name of it."""
    libraries = [each for each in found if each is not None and _is_known_library(each)]
    different = {told_apart(each) for each in libraries}
    return libraries[0] if len(different) == 1 else None


def _is_known_library(canonical: str) -> bool:
    reaches = is_in_library(canonical) and not canonical.endswith(("FFI()", f"{LOGGER_MAKER}()"))
    return reaches or canonical in LIBRARY_NAMESPACES or canonical in LIBRARY_MODULES


def is_loader(canonical: str) -> bool:
    """Whether calling this name gives a library (or what libraries are loaded with)."""
    return canonical in LIBRARY_LOADERS or canonical.endswith(LOADER_METHODS)


def is_in_library(canonical: str) -> bool:
    """Whether a canonical name reaches into a loaded library."""
    namespaces = tuple(f"{namespace}." for namespace in LIBRARY_NAMESPACES)
    return "(" in canonical or "[" in canonical or canonical.startswith(namespaces)


def _argument(
    call: cst.Call, function: cst.FunctionDef, parameter: cst.Param, bound: bool
) -> cst.BaseExpression | None:
    """What a call gives a parameter; None where it gives nothing.

    With `bound`, the first parameter is the object. ValueError where the call does not show it.
    """
    positional = [*function.params.posonly_params, *function.params.params][bound:]
    number = next((i for i, each in enumerate(positional) if each is parameter), None)
    for index, argument in enumerate(call.args):
        if argument.star:
            raise ValueError
        if argument.keyword is not None:
            if argument.keyword.value == parameter.name.value:
                return argument.value
        elif index == number:
            return argument.value
    if parameter.default is None:
        raise ValueError
    return None


def _element(node: cst.BaseExpression | None, index: int) -> cst.BaseExpression | None:
    """What a tuple that is written out has at an index; None where that is not known."""
    elements = node.elements if isinstance(node, cst.Tuple) else ()
    starred = any(isinstance(element, cst.StarredElement) for element in elements)
    return None if starred or index >= len(elements) else elements[index].value


def is_empty(site: Site) -> bool:
    """Whether a site only says that there is nothing yet, or no longer."""
    return site.expression is not None and is_constant(site.expression)


def is_constant(node: cst.BaseExpression) -> bool:
    """Whether an expression is one of the names that nothing can be bound to."""
    return isinstance(node, cst.Name) and node.value in ("None", "True", "False")
