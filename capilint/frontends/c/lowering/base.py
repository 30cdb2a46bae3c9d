"""What all parts of the lowering of one C function share."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections import ChainMap
from collections.abc import Iterable, MutableMapping

from tree_sitter import Node

from capilint import ir
from capilint.finding import Span
from capilint.frontends.c.facts.gather import Facts
from capilint.frontends.c.lowering.scopes import Names
from capilint.frontends.c.parsing.positions import Positions
from capilint.frontends.c.parsing.syntax import (
    identifiers_in,
    operands,
    operator_of,
    text_of,
)
from capilint.frontends.graph import GraphBuilder

DEEPEST = 100  # nested expressions; beyond, what they mention escapes
TOO_MUCH = "macros stand for too much text"
_AROUND = frozenset(
    {"cast_expression", "parenthesized_expression", "extension_expression", "call_expression"}
    | {"condition_clause"}
)  # what may stand around an expression without changing its value


class Lowering(ABC):
    """The function under construction: its graph, its names, and where they stand."""

    def __init__(
        self,
        name: str,
        facts: Facts,
        positions: Positions,
        unexpanded: frozenset[str] = frozenset(),
    ) -> None:
        """`unexpanded` are macros of the function that stand for too much text to be read."""
        self.name = name
        self.unexpanded = unexpanded
        self.facts = facts
        self.unions: MutableMapping[str, str] = ChainMap({}, facts.unions)
        self.constants: MutableMapping[str, int] = ChainMap({}, facts.constants)
        self.expressions: MutableMapping[str, str] = ChainMap({}, facts.expressions)
        self.positions = positions
        self.names = Names(name, facts.variables)
        self.graph = GraphBuilder()
        self.problems: list[ir.Problem] = []
        self.results: set[ir.Variable] = set()  # temporaries that hold what calls returned
        self.depth = 0
        self.question = ir.Question.CONDITION
        self.spelt_out = 0  # names of the constant expression that is read
        self._problem_lines: set[int] = set()

    @abstractmethod
    def value(self, node: Node) -> ir.Value:
        """Evaluate an expression for its value."""

    @abstractmethod
    def discard(self, node: Node) -> None:
        """Evaluate an expression for its effects."""

    @abstractmethod
    def store(self, target: ir.Place, node: Node, span: Span) -> None:
        """Evaluate an expression into a place."""

    @abstractmethod
    def condition(self, node: Node, if_true: int, if_false: int) -> None:
        """Evaluate an expression as a condition; ends the current block."""

    @abstractmethod
    def call(self, node: Node, result: ir.Place | None) -> None:
        """Call a function, its result into a place, or nowhere."""

    @abstractmethod
    def run(self, statements: Iterable[Node]) -> None:
        """Lower statements one after the other."""

    def span(self, node: Node) -> Span:
        """Where a node stands in the source."""
        return self.positions.span(node)

    def assign(self, target: ir.Place, value: ir.Value, span: Span) -> None:
        """Emit `target = value`."""
        self.graph.emit(ir.Assign(target, value, span))

    def temporary(self) -> ir.Place:
        """A place for an intermediate result."""
        return ir.Place(self.names.temporary())

    def held(self, value: ir.Value, span: Span) -> ir.Place:
        """A temporary that holds a value."""
        place = self.temporary()
        self.assign(place, value, span)
        return place

    def is_elsewhere(self, place: ir.Place) -> bool:
        """Whether a place that is written is a call's result: C has no such lvalue, so what looks
        like a call is a macro of an unseen header, and stands for storage that nobody knows."""
        return place.root in self.results and "*" not in place.path

    def member_accessor(self, name: str) -> str:
        """How a member is reached; those of a union are one."""
        first = self.unions.get(name, name)
        return f".{name}" if first == name else ir.Respelt(f".{first}", f".{name}")

    def may_nest(self) -> bool:
        """Whether an expression may go one level deeper by control flow."""
        return self.depth < DEEPEST

    def not_understood(self, node: Node, reason: str) -> None:
        """Note a problem, and let go of every variable that the text mentions."""
        span = self.span(node)
        if span.line not in self._problem_lines:
            self._problem_lines.add(span.line)
            self.problems.append(ir.Problem(span, reason, self.name))
        mentions = self.mentions(node)
        if mentions:
            self.graph.emit(ir.Escape(mentions, span))

    def note_errors_below(self, node: Node) -> None:
        """Note the parts of a node that the parser could not fit in."""
        for child in node.children:
            if child.is_error and operands(child) and not self._is_qualifier(child):
                self.not_understood(child, "not understood here")

    def _is_qualifier(self, error: Node) -> bool:
        """Whether it is an unknown word in a declaration, such as `ALIGN16 BYTE iv[16]`."""
        parts = operands(error)
        declared = error.parent is not None and error.parent.type == "declaration"
        word = text_of(parts[0]) if len(parts) == 1 else ""
        return declared and word.isidentifier() and self.names.find(word) is None

    def mentions(self, node: Node) -> tuple[ir.Value, ...]:
        """The variables that a piece of text names."""
        found = (self.names.find(name) for name in identifiers_in(node))
        return tuple(ir.Read(ir.Place(variable)) for variable in found if variable is not None)

    def bare(self, node: Node) -> Node:
        """The expression inside parentheses and casts, which change no handle."""
        while node.type in _AROUND:
            inner = self._inside(node)
            if inner is None:
                break
            node = inner
        return node

    def _inside(self, node: Node) -> Node | None:
        match node.type:
            case "cast_expression":
                return node.child_by_field_name("value")
            case "parenthesized_expression" | "extension_expression":
                parts = operands(node)
                usable = len(parts) == 1 and not parts[0].is_error
                return parts[0] if usable and parts[0].type != "compound_statement" else None
            case "condition_clause":  # of C++
                parts = operands(node)
                return node.child_by_field_name("value") or (parts[-1] if parts else None)
            case "call_expression":  # (HCRYPTKEY)(x) parses as a call
                if self._is_cast(node.child_by_field_name("function")):
                    arguments = node.child_by_field_name("arguments")
                    parts = operands(arguments) if arguments is not None else []
                    return parts[0] if len(parts) == 1 else None
        return None

    def cast_operator(self, node: Node) -> str | None:
        """The unary operator of `(LPBYTE)&x`, which parses as a binary `(LPBYTE) & x`."""
        operator = operator_of(node)
        if operator not in ("&", "*", "-", "+"):
            return None
        return operator if self._is_cast(node.child_by_field_name("left")) else None

    def _is_cast(self, node: Node | None) -> bool:
        if node is None or node.type != "parenthesized_expression":
            return False
        parts = operands(node)
        return len(parts) == 1 and parts[0].type == "identifier" and self.is_type(text_of(parts[0]))

    def is_type(self, name: str) -> bool:
        """Whether a name in parentheses before an operand must be a type's: nothing else has it."""
        facts = self.facts
        if name in facts.typedefs:
            return True
        known = name in facts.functions or name in self.constants
        known = known or facts.macros.find(name) is not None
        return not known and self.names.find(name) is None
