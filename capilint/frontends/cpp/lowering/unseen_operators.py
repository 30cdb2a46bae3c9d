"""Operators of classes that nobody shows: they are calls, and what they are given they may fill or
keep.

pool >> key       fills it        archive & key     fills it, or only looks
keys << key       keeps it        log << "key " << key     a chain with a text is printed
"""

from __future__ import annotations

from tree_sitter import Node

from capilint import ir
from capilint.frontends.c.parsing.syntax import field, is_constant_name, operator_of, text_of
from capilint.frontends.cpp.lowering.calls import CallLowering

_FILLING = frozenset({">>", "&"})
_KEEPING = frozenset({"<<", "+="})
_NAMES = frozenset({"identifier", "qualified_identifier", "field_expression"})
_TEXTS = frozenset({"string_literal", "concatenated_string", "char_literal", "raw_string_literal"})


class UnseenOperatorLowering(CallLowering):
    """Calls of operators whose class the file does not show."""

    def unseen_operator(self, node: Node) -> ir.Value | None:
        """The value of `object op variable`, None where it is an operation on plain values."""
        operator = operator_of(node)
        if operator not in _FILLING | _KEEPING or (operator == "&" and not _is_discarded(node)):
            return None
        first, operands = self._chain(node, operator)
        given = operands[-1]
        if given.type not in _NAMES or is_constant_name(text_of(given)):
            return None
        if not self._is_unseen(first, operator):
            return None
        if operator in _KEEPING and any(each.type in _TEXTS for each in operands):
            return None
        span, result = self.span(node), self.temporary()
        holder = self.value(field(node, "left"))
        self.emit_call(f"operator{operator}", (holder, self.value(given)), result, span)
        return ir.Read(result)

    def _discard(self, node: Node) -> None:
        """`ASSERT_TRUE(made) << "no key";` asks what `ASSERT_TRUE(made);` does, and prints."""
        if node.type == "binary_expression" and operator_of(node) == "<<":
            first, operands = self._chain(node, "<<")
            printed = first.type == "call_expression" and any(
                each.type in _TEXTS for each in operands
            )
            if printed and self.meaning_of(first) is None:
                self.discard(first)
                for each in operands:
                    self.discard(each)
                return
        super()._discard(node)

    def _chain(self, node: Node, operator: str) -> tuple[Node, list[Node]]:
        """The object at the head of `object op a op b`, and the operands behind it."""
        operands: list[Node] = []
        while node.type in ("binary_expression", "assignment_expression"):
            if operator_of(node) != operator:
                break
            operands.insert(0, self.bare(field(node, "right")))
            node = self.bare(field(node, "left"))
        return node, operands

    def _is_unseen(self, node: Node, operator: str) -> bool:
        """Whether an operand is an object of a class that the file does not show; what the standard
        library prints to keeps nothing."""
        kind = self.type_of(node)
        if kind is not None:
            unseen = self.is_opaque(kind._replace(reference=""))
            return unseen and not (operator in _KEEPING and kind.base.startswith("std::"))
        return operator == ">>" and node.type in _NAMES and not self._is_declared(node)

    def _is_declared(self, node: Node) -> bool:
        name = text_of(node)
        known = is_constant_name(name) or name in self.constants or name in self.expressions
        return known or self.is_local(name) is not None


def _is_discarded(node: Node) -> bool:
    """Whether nobody wants the value: `flags & mask` may be one of a plain type of that name."""
    around = node.parent
    while around is not None and around.type in ("binary_expression", "parenthesized_expression"):
        around = around.parent
    return around is not None and around.type == "expression_statement"
