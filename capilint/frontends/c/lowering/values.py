"""Lowers C expressions to values. Effects inside them become instructions, in order."""

from __future__ import annotations

from collections.abc import Callable

from tree_sitter import Node

from capilint import ir
from capilint.frontends.c.lowering.base import DEEPEST, TOO_MUCH
from capilint.frontends.c.lowering.places import PlaceLowering
from capilint.frontends.c.parsing import numbers
from capilint.frontends.c.parsing.parse import parse_expression
from capilint.frontends.c.parsing.syntax import (
    commas,
    field,
    operands,
    operator_of,
    text_of,
)

_LONGEST_CHAIN = 30  # operands of one operator that are worth telling apart
_MOST_NAMES = 50  # of constants that one constant is made of: each may take two of the one before


_TEXTS = frozenset(
    ["__FILE__", "__FILE_NAME__", "__FUNCTION__", "__PRETTY_FUNCTION__", "__FUNCSIG__", "__func__"]
)
"""Names that a compiler knows, for texts about the place where they stand."""


class ValueLowering(PlaceLowering):
    """Values of expressions; calls, assignments and lazy operators are in the subclasses."""

    def value(self, node: Node) -> ir.Value:
        """Evaluate an expression for its value. Too deep an expression is not understood."""
        return self.bare_value(self.bare(node))

    def bare_value(self, node: Node) -> ir.Value:
        """The same of one without parentheses or casts around it."""
        if self.depth >= DEEPEST:
            self.not_understood(node, "expression nested too deeply")
            return ir.Unknown(self.mentions(node))
        self.depth += 1
        try:
            return self._value(node)
        except ValueError:  # a broken tree
            self.not_understood(node, "expression not understood")
            return ir.Unknown(self.mentions(node))
        finally:
            self.depth -= 1

    def _value(self, node: Node) -> ir.Value:
        if node.has_error:
            self.note_errors_below(node)
        method = _VALUES.get(node.type)
        if method is not None:
            return method(self, node)
        if node.is_error or node.is_missing:
            self.not_understood(node, "expression not understood")
            return ir.Unknown(self.mentions(node))
        return self.other_value(node)

    def other_value(self, node: Node) -> ir.Value:
        """The value of an expression with effects or laziness."""
        return ir.Unknown(self.mentions(node))

    # ------------------------------------------------------------ names and literals

    def _identifier(self, node: Node) -> ir.Value:
        name = text_of(node)
        if name in _TEXTS:
            return ir.Constant(name)
        if name == "__LINE__":
            return ir.Constant(self.span(node).line)
        number = self.facts.macros.number(name)
        if number is None:
            place = self.named_place(node)
            if place is not None:
                return self.content(place, node)
        if number is not None:
            return ir.Named(name, number)
        if name in self.unexpanded:
            self.not_understood(node, TOO_MUCH)
            return ir.Unknown()
        if name in self.constants:
            return ir.Constant(self.constants[name])
        if name in self.expressions:
            return self._constant_expression(node, self.expressions[name])
        if name in self.facts.functions:
            return ir.FunctionReference(name)
        return ir.Named(name)

    def _constant_expression(self, node: Node, text: str) -> ir.Value:
        """The value of a name that stands for a constant expression."""
        expression = None
        if self.spelt_out < _MOST_NAMES:
            expression = parse_expression(text, self.facts.grammar)
        if expression is None:
            return ir.Unknown()
        outermost = not self.spelt_out
        self.spelt_out += 1
        try:
            with self.positions.fixed_at(self.span(node)):
                return self.value(expression)
        finally:
            if outermost:
                self.spelt_out = 0

    def _number(self, node: Node) -> ir.Value:
        number = numbers.integer(text_of(node))
        return ir.Unknown() if number is None else ir.Constant(number)

    def _character(self, node: Node) -> ir.Value:
        number = numbers.character(text_of(node))
        return ir.Unknown() if number is None else ir.Constant(number)

    def _string(self, node: Node) -> ir.Value:
        return ir.Constant("".join(text_of(part) for part in _string_parts(node)))

    def _true(self, node: Node) -> ir.Value:
        return ir.Constant(1)

    def _false(self, node: Node) -> ir.Value:
        return ir.Constant(0)

    def _null(self, node: Node) -> ir.Value:
        return ir.Constant(None)

    def _nothing_known(self, node: Node) -> ir.Value:
        return ir.Unknown()

    # ------------------------------------------------------------ places and operators

    def _lvalue(self, node: Node) -> ir.Value:
        return self.content(self.place(node), node)

    def _pointer(self, node: Node) -> ir.Value:
        argument = self.bare(field(node, "argument"))
        if operator_of(node) == "*":
            return self._lvalue(node)
        return self._address(argument)

    def _address(self, argument: Node) -> ir.Value:
        name = text_of(argument) if argument.type == "identifier" else ""
        if name in self.facts.functions and self.names.find(name) is None:
            return self.value(argument)
        place = self.place(argument)
        return ir.Unknown() if self.is_elsewhere(place) else self.address_of(place)

    def _unary(self, node: Node) -> ir.Value:
        return _unary_of(operator_of(node), self.value(field(node, "argument")))

    def _binary(self, node: Node) -> ir.Value:
        operator = operator_of(node)
        if operator in ("&&", "||"):
            return self.logical_value(node)
        match self.cast_operator(node):
            case "&":
                return self._address(self.bare(field(node, "right")))
            case "*":
                return self._lvalue(node)
            case "-" | "+":
                return _unary_of(operator, self.value(field(node, "right")))
        chain: list[tuple[str, Node]] = []
        while node.type == "binary_expression" and operator_of(node) not in ("&&", "||"):
            if chain and self.cast_operator(node) is not None:
                break
            chain.append((operator_of(node), field(node, "right")))
            node = self.bare(field(node, "left"))
        return self._folded_chain(node, chain[::-1])

    def _folded_chain(self, first: Node, chain: list[tuple[str, Node]]) -> ir.Value:
        """`first op a op b ...`; a long chain is evaluated but not told apart."""
        long = len(chain) > _LONGEST_CHAIN
        nesting = 0 if long else len(chain)
        self.depth += nesting
        try:
            value = self.value(first)
            values = [value]
            for operator, node in chain:
                right = self.value(node)
                values.append(right)
                value = ir.Constant(None) if long else folded(operator, value, right)
        finally:
            self.depth -= nesting
        return ir.Unknown(tuple(dict.fromkeys(values))) if long else value

    def logical_value(self, node: Node) -> ir.Value:
        """The value of `&&` or `||`."""
        return self.other_value(node)

    def _comma(self, node: Node) -> ir.Value:
        *first, last = commas(node)
        for part in first:
            self.discard(part)
        return self.value(last)


def _unary_of(operator: str, value: ir.Value) -> ir.Value:
    match value:
        case ir.Constant(int(number)):
            computed = numbers.unary(operator, number)
            if computed is not None:
                return ir.Constant(computed)
        case ir.Constant(None) if operator == "!":
            return ir.Constant(1)
    return ir.Operation(operator, (value,))


def folded(operator: str, left: ir.Value, right: ir.Value) -> ir.Value:
    """`left operator right`, computed where both are numbers."""
    match left, right:
        case ir.Constant(int(first)), ir.Constant(int(second)):
            number = numbers.binary(operator, first, second)
            if number is not None:
                return ir.Constant(number)
    return ir.Operation(operator, (left, right))


def _string_parts(node: Node) -> list[Node]:
    literals = operands(node) if node.type == "concatenated_string" else [node]
    return [
        part
        for literal in literals
        if literal.type == "string_literal"
        for part in literal.named_children
    ]


_VALUES: dict[str, Callable[[ValueLowering, Node], ir.Value]] = {
    "identifier": ValueLowering._identifier,
    "number_literal": ValueLowering._number,
    "char_literal": ValueLowering._character,
    "string_literal": ValueLowering._string,
    "concatenated_string": ValueLowering._string,
    "true": ValueLowering._true,
    "false": ValueLowering._false,
    "null": ValueLowering._null,
    "field_expression": ValueLowering._lvalue,
    "subscript_expression": ValueLowering._lvalue,
    "pointer_expression": ValueLowering._pointer,
    "unary_expression": ValueLowering._unary,
    "binary_expression": ValueLowering._binary,
    "comma_expression": ValueLowering._comma,
    "sizeof_expression": ValueLowering._nothing_known,
    "alignof_expression": ValueLowering._nothing_known,
    "offsetof_expression": ValueLowering._nothing_known,
    "type_descriptor": ValueLowering._nothing_known,
    "macro_type_specifier": ValueLowering._nothing_known,
}
