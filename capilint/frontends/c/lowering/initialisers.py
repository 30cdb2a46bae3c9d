"""Lowers `= {...}`: what it sets is assigned one by one, after the whole is cleared."""

from __future__ import annotations

from tree_sitter import Node

from capilint import ir
from capilint.finding import Span
from capilint.frontends.c.lowering.conditions import ConditionLowering
from capilint.frontends.c.parsing.syntax import field, operands, text_of

_ZERO = ir.Constant(0)
_ZERO_TEXTS = frozenset({"0", "0L", "0U", "0UL", "0x0", "NULL", "FALSE", "false", "nullptr"})


class InitialiserLowering(ConditionLowering):
    """Aggregates of arrays and structs. Members without a name are found only in arrays."""

    def initialise(self, target: ir.Place, node: Node, span: Span) -> None:
        """`target = {...}`: C clears what the list does not set."""
        self.graph.emit(ir.Assign(target, _ZERO, span, zeroes=True))
        self._set_members(target, node, self._is_array(target))

    def _is_array(self, target: ir.Place) -> bool:
        return not target.path and self.names.dimensions.get(target.root, 0) > 0

    def _set_members(self, target: ir.Place, node: Node, array: bool) -> None:
        position = 0
        texts: list[ir.Value] = []
        held: list[tuple[ir.Value, Span]] = []
        for member in operands(node):
            if member.type == "initializer_pair":
                position = self._set_designated(target, member)
            elif array:
                self._set(ir.Place(target.root, (*target.path, f"[{position}]")), member)
            elif member.type == "initializer_list":
                self._set_members(target, member, array=False)
            else:
                value = self.value(member)
                if isinstance(value, ir.Constant) and isinstance(value.value, str):
                    texts.append(value)
                elif any(True for _ in ir.places_in(value)):
                    held.append((value, self.span(member)))
            position += 1
        for value, span in held:  # a structure's member whose name the list does not say
            told = texts if len(held) == len(texts) == 1 else ()
            self.graph.emit(ir.Escape((value, *told), span))

    def _set_designated(self, target: ir.Place, pair: Node) -> int:
        """`.field = value` or `[2] = value`; the position that it sets."""
        path = target.path
        position = 0
        for designator in pair.children_by_field_name("designator"):
            inner = operands(designator)
            if designator.type == "field_designator" and inner:
                path = (*path, "." + text_of(inner[0]))
                continue
            index = self.value(inner[0]) if inner else ir.Unknown()
            known = isinstance(index, ir.Constant | ir.Named) and isinstance(index.value, int)
            position = index.value if known else 0  # type: ignore[union-attr,assignment]
            path = (*path, f"[{position}]" if known else "[?]")
        self._set(ir.Place(target.root, path), field(pair, "value"))
        return position

    def _set(self, target: ir.Place, node: Node) -> None:
        node = self.bare(node)
        if node.type == "initializer_list":
            self.depth += 1
            if self.may_nest():
                self._set_members(target, node, array=False)
            self.depth -= 1
            return
        if text_of(node) not in _ZERO_TEXTS:
            self.store(target, node, self.span(node))
