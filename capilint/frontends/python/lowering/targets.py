"""Assignments: to names, attributes, subscripts, and tuples of them."""

from __future__ import annotations

from collections.abc import Sequence

import libcst as cst

from capilint import ir
from capilint.finding import Span
from capilint.frontends.python.lowering.records import Records
from capilint.frontends.python.lowering.values import binary_symbol, is_slice
from capilint.frontends.python.parsing.tree import is_pure


class Targets(Records):
    """Lowers every form of assignment and `del`."""

    def store(self, target: cst.CSTNode, value: ir.Value, span: Span) -> None:
        match target:
            case cst.Name(value=name):
                place = self.place_of(name)
                if place is not None:
                    self.assign(place, value, span)
            case cst.Attribute():
                self._store_attribute(target, value, span)
            case cst.Subscript():
                self._store_subscript(target, value, span)
            case cst.Tuple(elements=elements) | cst.List(elements=elements):
                self._unpack(elements, value, span)
            case cst.StarredElement(value=inner):
                self.store(inner, value, span)

    def _store_attribute(self, target: cst.Attribute, value: ir.Value, span: Span) -> None:
        if self.names.class_of(target.value, self.scope) is None:
            canonical = self.names.canonical(target, self.scope)
            if canonical is not None:
                self.module.attribute_stores.add(canonical)
                self.escape((value,), target)
                return
        self.assign(self.attribute_place(target), value, span)

    def _store_subscript(self, target: cst.Subscript, value: ir.Value, span: Span) -> None:
        """Storing into a container keeps the value; a known index keeps its name as well."""
        place, keys = self.subscript_place(target)
        if not is_slice(target) and place.path[-1] != "[?]":
            self.assign(place, value, span)
        self.escape((*keys, value), target)

    def _unpack(self, elements: Sequence[cst.BaseElement], value: ir.Value, span: Span) -> None:
        starred = [isinstance(element, cst.StarredElement) for element in elements]
        known = _shared_out(value.values, starred) if isinstance(value, ir.TupleOf) else None
        if known is not None:
            places = [self._saved(part, span) for part in known]
            for element, part in zip(elements, places, strict=True):
                self.store(element.value, part, span)
            return
        whole = self.held(value, span)
        for index, element in enumerate(elements):
            place = ir.Place(whole.root, (*whole.path, f"[{index}]"))
            part = ir.Unknown((ir.Read(whole),)) if any(starred[: index + 1]) else ir.Read(place)
            self.store(element.value, part, span)

    def _saved(self, value: ir.Value, span: Span) -> ir.Value:
        """The value as it is now, whatever is assigned later (`a, b = b, a`)."""
        if not ir.places_in(value):
            return value
        place = self.temporary()
        self.assign(place, value, span)
        return ir.Read(place)

    def statement_assign(self, node: cst.Assign) -> None:
        targets = [target.target for target in node.targets]
        if len(targets) == 1:
            self._assign_one(targets[0], node.value, self.span(node))
            return
        value = self._saved(self.value(node.value), self.span(node))
        for target in targets:
            self.store(target, value, self.span(node))

    def statement_annassign(self, node: cst.AnnAssign) -> None:
        if node.value is not None:
            self._assign_one(node.target, node.value, self.span(node))

    def value_namedexpr(self, node: cst.NamedExpr) -> ir.Value:
        self._assign_one(node.target, node.value, self.span(node))
        return self.value(node.target)

    def _assign_one(
        self, target: cst.BaseExpression, value: cst.BaseExpression, span: Span
    ) -> None:
        """`target = value`; a call's result goes straight into a target that has a place."""
        if self.begins_list(target, value) or self.begins_record(target, value):
            return
        while isinstance(value, cst.Await):
            value = value.expression
        place = self._direct_place(target) if isinstance(value, (cst.Call, cst.Yield)) else None
        if place is not None and isinstance(value, cst.Yield):
            self.hand_out(value, place)
        elif place is not None and isinstance(value, cst.Call) and not self.is_alias(value):
            self.call(value, place)
        else:
            self.store(target, self.value(value), span)

    def _direct_place(self, target: cst.BaseExpression) -> ir.Place | None:
        if isinstance(target, cst.Name):
            return self.place_of(target.value)
        if not isinstance(target, cst.Attribute) or not is_pure(target):
            return None
        is_own = self.names.class_of(target.value, self.scope) is not None
        if is_own or self.names.canonical(target, self.scope) is None:
            return self.attribute_place(target)
        return None

    def statement_augassign(self, node: cst.AugAssign) -> None:
        old, value = self.value(node.target), self.value(node.value)
        if isinstance(node.operator, cst.AddAssign):  # a list gets new elements
            self.escape((value,), node)
        operation = ir.Operation(binary_symbol(node.operator), (old, value))
        self.store(node.target, operation, self.span(node))

    def statement_del(self, node: cst.Del) -> None:
        self._delete(node.target, self.span(node))

    def _delete(self, target: cst.CSTNode, span: Span) -> None:
        match target:
            case cst.Name(value=name):
                place = self.place_of(name)
                if place is not None:
                    self.emit(ir.Delete(place, span))
            case cst.Attribute():
                if self.names.canonical(target, self.scope) is None:
                    self.emit(ir.Delete(self.attribute_place(target), span))
            case cst.Subscript():
                if not is_slice(target):
                    self.emit(ir.Delete(self.subscript_place(target)[0], span))
            case cst.Tuple(elements=elements) | cst.List(elements=elements):
                for element in elements:
                    self._delete(element.value, span)


def _shared_out(values: tuple[ir.Value, ...], starred: list[bool]) -> list[ir.Value] | None:
    """What each target of an unpacking gets, `*rest` a tuple; None where the numbers differ."""
    surplus = len(values) - len(starred)
    if True not in starred:
        return None if surplus else list(values)
    if surplus < -1:
        return None
    at = starred.index(True)
    end = at + surplus + 1
    return [*values[:at], ir.TupleOf(values[at:end]), *values[end:]]
