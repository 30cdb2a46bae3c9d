"""Dictionaries and namespaces that a function has to itself: each key of one is a variable.

    made = {"prov": prov, "key": key}                    made["prov"] = prov; made["key"] = key
    made = SimpleNamespace(prov=prov, key=key)           made.prov = prov; made.key = key
    CryptDestroyKey(made["key"])

Only one of which nothing is asked but its keys, by their names, is followed; into any other one
what is put goes where the analysis cannot follow.
"""

from __future__ import annotations

from collections.abc import Iterator

import libcst as cst

from capilint import ir
from capilint.frontends.python.lowering.lists import Lists
from capilint.frontends.python.naming.scopes import Kind, Scope
from capilint.frontends.python.parsing.tree import descendants, literal_content

_NAMESPACES = ("types.SimpleNamespace", "argparse.Namespace")

Item = tuple[str, cst.BaseExpression]  # the accessor of a key, and what is put there


class Records(Lists):
    """Lowers `made = {"key": key}` and `made.key` of a namespace."""

    def begins_record(self, target: cst.BaseExpression, value: cst.BaseExpression) -> bool:
        """Whether `target = value` begins a record that is followed; if so it is lowered."""
        if not isinstance(target, cst.Name) or self.scope.kind is not Kind.FUNCTION:
            return False
        items = self._record_items(value)
        if not items or not self._is_own_record(target.value, self.scope, value):
            return False
        root = self.place_in(self.scope, target.value).root
        self.assign(ir.Place(root), ir.TupleOf(()), self.span(target))
        for accessor, each in items:
            place = ir.Place(root, (accessor,))
            if isinstance(each, cst.Call) and not self.is_alias(each):
                self.call(each, place)
            else:
                self.assign(place, self.value(each), self.span(each))
        return True

    def _record_items(self, value: cst.BaseExpression) -> list[Item] | None:
        """What is in a record where it begins; None for anything else."""
        match value:
            case cst.Dict(elements=elements):
                found = [_entry(each) for each in elements]
            case cst.Call(func=func, args=args):
                if self.names.canonical(func, self.scope) not in _NAMESPACES:
                    return None
                found = [
                    (f".{each.keyword.value}", each.value) if each.keyword is not None else None
                    for each in args
                ]
            case _:
                return None
        items = [each for each in found if each is not None]
        return items if len(items) == len(found) else None

    def _is_own_record(self, name: str, owner: Scope, value: cst.BaseExpression) -> bool:
        """Whether a name is that of a record of which only keys are asked that it began with."""
        sites = owner.sites(name)
        if owner.owner(name) is not owner or len(sites) != 1 or owner.node is None:
            return False
        if sites[0].expression is not value:
            return False
        mentioned = sum(
            isinstance(each, cst.Name) and each.value == name for each in descendants([owner.node])
        )
        asked = list(_keys_asked(name, owner.node))
        known = {accessor for accessor, _ in self._record_items(value) or ()}
        return mentioned == len(asked) + 1 and known.issuperset(asked)

    def member_place(self, node: cst.BaseExpression, name: str) -> ir.Place:
        if isinstance(node, cst.Name) and self.scope.kind is Kind.FUNCTION:
            sites = self.scope.sites(node.value)
            value = sites[0].expression if len(sites) == 1 else None
            if (
                isinstance(value, cst.Call)
                and self._record_items(value)
                and self._is_own_record(node.value, self.scope, value)
            ):
                return ir.Place(self.place_in(self.scope, node.value).root, (f".{name}",))
        return super().member_place(node, name)


def _entry(element: cst.BaseDictElement) -> Item | None:
    if not isinstance(element, cst.DictElement):
        return None
    accessor = _accessor(element.key)
    return None if accessor is None else (accessor, element.value)


def _accessor(key: cst.BaseExpression) -> str | None:
    content = literal_content(key) if isinstance(key, cst.SimpleString) else None
    return f'["{content}"]' if isinstance(content, str) else None


def _keys_asked(name: str, node: cst.CSTNode) -> Iterator[str]:
    """The accessors by which a function reaches into the variable of a name."""
    for each in descendants([node]):
        match each:
            case cst.Attribute(value=cst.Name(value=found), attr=attribute) if found == name:
                yield f".{attribute.value}"
            case cst.Subscript(
                value=cst.Name(value=found),
                slice=[cst.SubscriptElement(slice=cst.Index(value=key))],
            ) if found == name:
                accessor = _accessor(key)
                if accessor is not None:
                    yield accessor
