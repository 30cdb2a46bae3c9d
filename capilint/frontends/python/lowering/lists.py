"""Lists that a function has to itself: what is appended to one is an element of it.

    keys = []                  keys = ()
    keys.append(key)           add keys[+](key)
    for each in keys:          %c = 0; loop: %e = next keys(&%c); each = %e*

Only a list of which nothing else is asked is followed; of any other one what is appended escapes.
"""

from __future__ import annotations

import libcst as cst

from capilint import ir
from capilint.frontends.python.lowering.conditions import Conditions
from capilint.frontends.python.naming.scopes import Kind, Scope
from capilint.frontends.python.parsing.tree import descendants


class Lists(Conditions):
    """Lowers `keys.append(key)` and `len(keys)`."""

    def list_named(self, node: cst.CSTNode) -> ir.Place | None:
        """The place of the list that is followed, if an expression names one."""
        if not isinstance(node, cst.Name) or self.scope.kind is not Kind.FUNCTION:
            return None
        name, owner = node.value, self.scope
        if owner.owner(name) is not owner:
            return None
        if (owner, name) not in self.followed_lists:
            self.followed_lists[owner, name] = _is_followed(name, owner)
        return self.place_in(owner, name) if self.followed_lists[owner, name] else None

    def begins_list(self, target: cst.BaseExpression, value: cst.BaseExpression) -> bool:
        """Whether `target = value` begins a list that is followed; if so it is lowered."""
        if not _is_empty_list(value):
            return False
        place = self.list_named(target)
        if place is None:
            return False
        self.assign(place, ir.TupleOf(()), self.span(target))
        return True

    def call(self, node: cst.Call, result: ir.Place | None) -> None:
        span = self.span(node)
        appended = _appended(node)
        place = None if appended is None else self.list_named(appended[0])
        if appended is not None and place is not None:
            value = self.value(appended[1])
            path = (ir.NEW_ELEMENT,)
            self.emit(ir.Elements(ir.ElementOperation.ADD, place, span, value, path))
            return
        counted = _counted(node)
        place = None if counted is None else self.list_named(counted)
        if place is not None:
            self.emit(ir.Elements(ir.ElementOperation.COUNT, place, span, result=result))
            return
        super().call(node, result)


def _is_followed(name: str, owner: Scope) -> bool:
    """Whether a name is that of a list which its function only fills, counts and goes through."""
    sites = owner.sites(name)
    if len(sites) != 1 or not _is_empty_list(sites[0].expression) or owner.node is None:
        return False
    mentioned, understood = 0, 1  # the assignment
    for node in descendants([owner.node]):
        match node:
            case cst.Name(value=value) if value == name:
                mentioned += 1
            case cst.NamedExpr(target=target) if _names(target, name):
                return False
            case cst.Expr(value=cst.Call() as call):
                appended = _appended(call)
                understood += appended is not None and _names(appended[0], name)
            case cst.Call() as call:
                understood += _names(_counted(call), name)
            case cst.For(iter=iterated, asynchronous=None):
                understood += _names(iterated, name)
    return mentioned == understood


def _names(node: cst.CSTNode | None, name: str) -> bool:
    return isinstance(node, cst.Name) and node.value == name


def _is_empty_list(node: cst.CSTNode | None) -> bool:
    match node:
        case cst.List(elements=()):
            return True
        case cst.Call(func=cst.Name(value="list"), args=()):
            return True
    return False


def _appended(node: cst.Call) -> tuple[cst.BaseExpression, cst.BaseExpression] | None:
    """The list and the value of `keys.append(key)`."""
    match node:
        case cst.Call(
            func=cst.Attribute(value=appended, attr=cst.Name(value="append")),
            args=[cst.Arg(value=value, keyword=None, star="")],
        ):
            return appended, value
    return None


def _counted(node: cst.Call) -> cst.BaseExpression | None:
    """What is counted in `len(keys)`."""
    match node:
        case cst.Call(
            func=cst.Name(value="len"), args=[cst.Arg(value=counted, keyword=None, star="")]
        ):
            return counted
    return None
