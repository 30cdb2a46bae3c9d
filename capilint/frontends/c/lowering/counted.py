"""Loops over the handles in an array of which each round is known: they are lowered round by round.

    for (i = 0; i < 2; i++)            i = 0; CryptGenKey(.., &keys[0])
        CryptGenKey(.., &keys[i]);     i = 1; CryptGenKey(.., &keys[1])

An index that is calculated from what such loops count is a number, too: `keys[i - 1]`, and so is
the bound of a loop inside: `while` the first is in its third round, `j < i` means two rounds.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import NamedTuple

from tree_sitter import Node

from capilint import ir
from capilint.frontends.c.facts.declarators import declared_by
from capilint.frontends.c.lowering.declarations import DeclarationLowering
from capilint.frontends.c.parsing.syntax import field, operands, operator_of, text_of

MOST_ROUNDS = 4  # rounds that are told apart
HANDLE = re.compile(r"(?:const )?(?:::)?(?:H[A-Z]+|[A-Z_]+_HANDLE)\b")
"""What is by its name the type of handles."""

_NAMES = frozenset({"identifier", "field_expression", "call_expression"})
_STEPS = {"++": 1, "--": -1}
_COMPARING = {
    "<": lambda left, right: left < right,
    "<=": lambda left, right: left <= right,
    ">": lambda left, right: left > right,
    ">=": lambda left, right: left >= right,
    "!=": lambda left, right: left != right,
}


class Rounds(NamedTuple):
    """What a loop counts, by name: its value in each round, and at the end."""

    name: str
    values: tuple[int, ...]
    last: int


class CountedLowering(DeclarationLowering):
    """Finds loops that are to be lowered round by round, and what they count."""

    counted: Mapping[ir.Variable, int] = {}

    def index_accessor(self, node: Node) -> str:
        """How the element with an index is reached."""
        number = self.number(self.value(node)) if self.counted else None
        return super().index_accessor(node) if number is None else f"[{number}]"

    def number(self, value: ir.Value) -> int | None:
        """A number that is known, at least in the present round."""
        match value:
            case ir.Constant(int(number)) | ir.Named(_, int(number)):
                return number
            case ir.Read(ir.Place(variable, ())):
                return self.counted.get(variable)
            case ir.Operation("+" | "-" as operator, (left, right)):
                one, other = self.number(left), self.number(right)
                if one is not None and other is not None:
                    return one + other if operator == "+" else one - other
        return None

    def rounds_of(self, node: Node) -> Rounds | None:
        """The rounds of a `for`, if they are known and reach for handles in a local array."""
        parts = [node.child_by_field_name(each) for each in ("initializer", "condition", "update")]
        first, condition, update = parts
        if first is None or condition is None or update is None:
            return None
        step, begins = _step(update), _beginning(first)
        condition = self.bare(condition)
        if step is None or begins is None or begins[0] != step[0]:
            return None
        name, body = step[0], field(node, "body")
        compare = _COMPARING.get(operator_of(condition) or "")
        if compare is None or text_of(field(condition, "left")) != name:
            return None
        if name not in self._indices_of_handles(body) or not may_be_repeated(body, name):
            return None
        start, bound = self.limit(begins[1]), self.limit(field(condition, "right"))
        if start is None or bound is None:
            return None
        values, number = list[int](), start
        while compare(number, bound):
            if len(values) == MOST_ROUNDS:
                return None
            values.append(number)
            number += step[1]
        return Rounds(name, tuple(values), number)

    def limit(self, node: Node) -> int | None:
        """The number that a loop begins or ends with, if that is known."""
        return None if self.acts(node) else self.number(self.value(node))

    def let_go_of_elements(self, loop: Node) -> None:
        """Which elements of an array a loop reaches for is not followed, nor whether it does."""
        for array in self._indices_of_handles(loop).values():
            self.graph.emit(ir.Escape((ir.AddressOf(ir.Place(array)),), self.span(loop)))

    def _indices_of_handles(self, node: Node) -> dict[str, ir.Variable]:
        """The names by which a loop picks elements of local arrays of handles, with the array."""
        found: dict[str, ir.Variable] = {}
        if not any(map(self.holds_handles, self.names.types)):
            return found
        for each in _below(node):
            if each.type == "subscript_expression":
                array = self.names.find(text_of(field(each, "argument")))
                if array is not None and self.holds_handles(array):
                    inside = _below(self.index(each))
                    found.update((text_of(one), array) for one in inside if one.type in _NAMES)
        return found

    def holds_handles(self, variable: ir.Variable) -> bool:
        """Whether a local variable is an array of what is a handle by its name."""
        kind = self.names.types.get(variable, "")
        return "[" in kind and HANDLE.match(kind) is not None


def _step(update: Node) -> tuple[str, int] | None:
    """What a loop counts by its last part, and in which direction."""
    operator = operator_of(update)
    if update.type == "update_expression" and operator in _STEPS:
        return text_of(field(update, "argument")), _STEPS[operator]
    return None


def _beginning(first: Node) -> tuple[str, Node] | None:
    """What a loop counts by its first part, and with what it begins."""
    if first.type == "assignment_expression" and operator_of(first) == "=":
        return text_of(field(first, "left")), field(first, "right")
    if first.type != "declaration":
        return None
    declarators = first.children_by_field_name("declarator")
    if len(declarators) != 1 or declarators[0].type != "init_declarator":
        return None
    declared, value = declared_by(declarators[0]), field(declarators[0], "value")
    if value.type in ("initializer_list", "argument_list") and len(operands(value)) == 1:
        value = operands(value)[0]
    return None if declared is None else (declared.name, value)


def may_be_repeated(body: Node, name: str) -> bool:
    """Whether a loop's body can stand there several times, and leaves it to the loop to count."""
    if body.has_error:
        return False
    for each in _below(body):
        match each.type:
            case "labeled_statement" | "lambda_expression":
                return False
            case "update_expression" | "pointer_expression":
                changed = text_of(field(each, "argument")) == name
                if changed and operator_of(each) != "*":
                    return False
            case "assignment_expression":
                if text_of(field(each, "left")) == name:
                    return False
    return True


def _below(node: Node) -> Iterator[Node]:
    """A node and all below it."""
    pending = [node]
    while pending:
        each = pending.pop()
        yield each
        pending.extend(operands(each))
