"""Lowers C calls, and the uses of the file's macros, which are expanded where they stand."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager

from tree_sitter import Node

from capilint import ir
from capilint.finding import Span
from capilint.frontends.c.facts.declarators import split_at_commas
from capilint.frontends.c.facts.gather import Facts
from capilint.frontends.c.facts.macros import Expansion
from capilint.frontends.c.lowering.values import ValueLowering
from capilint.frontends.c.parsing.parse import parse_expression, parse_statements
from capilint.frontends.c.parsing.positions import Positions
from capilint.frontends.c.parsing.syntax import MARK, field, operands, text_of

_JUMP = re.compile(r"\s*(?:goto|return|break|continue)\b")
_DEEPEST_MACRO = 20
_LEAST_BUDGET = 100_000  # characters of expansions in one function, and as many more
_BUDGET_PER_BYTE = 20  # for each byte of its text
_TRANSPARENT_CALLS = frozenset({b"__builtin_expect", b"__builtin_expect_with_probability"})
_UNREACHABLE_CALLS = frozenset({"__builtin_unreachable", "__builtin_trap"})


class CallLowering(ValueLowering):
    """Calls by name, through pointers, and of macros."""

    def __init__(self, name: str, facts: Facts, positions: Positions) -> None:
        super().__init__(name, facts, positions)
        self._expanding: list[str] = []
        self._budget = _LEAST_BUDGET + _BUDGET_PER_BYTE * positions.size

    def call(self, node: Node, result: ir.Place | None) -> None:
        """Call a function, its result into a place, or nowhere."""
        name = self._called_name(node)
        arguments = field(node, "arguments")
        expansion = self.expansion_of_call(node)
        if expansion is not None:
            with self.expanding(name, node, expansion):
                self._expand_into(expansion, result, node)
            return
        callee: ir.Callee = ir.Direct(name) if name else self._pointer_callee(node)
        if any(part.is_error or _is_jump(part) for part in arguments.children):
            self._call_with_text(callee, arguments, result)
        else:
            values = tuple(self.argument(part) for part in operands(arguments))
            self.graph.emit(ir.Call(callee, values, result, self.span(node)))
        if name in _UNREACHABLE_CALLS or name in self.facts.noreturn:
            self.graph.end(ir.Stop(self.span(node)))

    def _call_with_text(self, callee: ir.Callee, arguments: Node, result: ir.Place | None) -> None:
        """A macro of a header, called with more than expressions: `CHECK(x, goto done)`.

        Its arguments are read one by one. It may run a statement among them; a type names
        nothing, and what is no expression either may be anything.
        """
        span = self.span(arguments.parent or arguments)
        values: list[ir.Value] = []
        statements: list[list[Node]] = []
        with self.positions.fixed_at(span):
            for text in split_at_commas(text_of(arguments)[1:-1]):
                expression = parse_expression(text)
                jump = parse_statements(text) if _JUMP.match(text) else None
                if jump is not None:
                    statements.append(jump)
                elif expression is not None:
                    values.append(self.value(expression))
                else:
                    values.append(ir.Unknown())
            self.graph.emit(ir.Call(callee, tuple(values), result, span))
            for statement in statements:
                self._perhaps(statement, span)

    def _perhaps(self, statements: list[Node], span: Span) -> None:
        """Run statements, or not: nothing is known about the choice."""
        taken, end = self.graph.new_block(), self.graph.new_block()
        self.graph.end(ir.Choose((taken, end), span))
        self.graph.start(taken)
        self.run(statements)
        self.graph.start(end)

    def argument(self, node: Node) -> ir.Value:
        """The value of a call's argument."""
        return self.value(node)

    def call_value(self, node: Node) -> ir.Value:
        """The value of a call: a temporary that holds its result."""
        hinted = self.transparent_argument(node)
        if hinted is not None:
            return self.value(hinted)
        expansion = self.expansion_of_call(node)
        if expansion is not None:
            with self.expanding(self._called_name(node), node, expansion):
                return self._expansion_value(expansion)
        result = self.temporary()
        self.results.add(result.root)
        self.call(node, result)
        return ir.Read(result)

    def transparent_argument(self, node: Node) -> Node | None:
        """The first argument of a builtin that only hints at the compiler."""
        if node.type == "call_expression" and field(node, "function").text in _TRANSPARENT_CALLS:
            parts = operands(field(node, "arguments"))
            return parts[0] if parts else None
        return None

    # ------------------------------------------------------------ callees

    def _called_name(self, node: Node) -> str:
        """The function's name, empty for a call through a pointer."""
        function = self.bare(field(node, "function"))
        if function.type != "identifier":
            return ""
        name = text_of(function)
        for _ in range(_DEEPEST_MACRO):
            expansion = self.facts.macros.expand(name, None)
            if expansion is None or expansion.expression is None:
                break
            inner = self.bare(expansion.expression)
            if inner.type != "identifier":
                break
            name = text_of(inner)
        name = name.removesuffix(MARK)
        return name if self.names.find(name) is None else ""

    def _pointer_callee(self, node: Node) -> ir.Callee:
        function = self.bare(field(node, "function"))
        if function.type == "pointer_expression":  # (*callback)(x) is callback(x)
            function = self.bare(field(function, "argument"))
        value = self.value(function)
        if isinstance(value, ir.FunctionReference):
            return ir.Direct(value.name)
        return ir.Indirect(value)

    # ------------------------------------------------------------ macros

    def macro_acts(self, name: str) -> bool:
        """Whether a macro without parentheses may do more than name a value."""
        return self.facts.macros.acts(name)

    def expansion_of(self, node: Node) -> Expansion | None:
        """What an expression stands for where it is a use of one of the file's macros."""
        if node.type == "call_expression":
            return self.expansion_of_call(node)
        if node.type == "identifier":
            return self._expansion(text_of(node), None)
        return None

    def expansion_of_call(self, node: Node) -> Expansion | None:
        """What a call stands for where it is a use of one of the file's macros."""
        function = node.child_by_field_name("function")
        if function is None or function.type != "identifier":
            return None
        name = text_of(function)
        if not self.facts.macros.takes_arguments(name):
            return None
        parts = operands(field(node, "arguments"))
        return self._expansion(name, tuple(text_of(part) for part in parts))

    def _expansion(self, name: str, arguments: tuple[str, ...] | None) -> Expansion | None:
        if len(self._expanding) >= _DEEPEST_MACRO or self._budget < 0:
            return None
        return self.facts.macros.expand(name, arguments, self._expanding)

    @contextmanager
    def expanding(self, name: str, node: Node, expansion: Expansion) -> Iterator[None]:
        """Within the `with`, nodes come from the macro `name` used at `node`."""
        self._budget -= expansion.size
        if self._budget < 0:
            self.not_understood(node, "macros stand for too much text")
        self._expanding.append(name)
        try:
            with self.positions.fixed_at(self.span(node)):
                yield
        finally:
            self._expanding.pop()

    def macro_place(self, node: Node) -> ir.Place | None:
        """The storage that a use of one of the file's macros names, None for anything else."""
        expansion = self.expansion_of(node)
        if expansion is None or expansion.expression is None:
            return None
        with self.expanding(text_of(node.child_by_field_name("function") or node), node, expansion):
            return self.place(expansion.expression)

    def macro_value(self, node: Node, name: str) -> ir.Value:
        """The value of a use of a macro without parentheses."""
        expansion = self._expansion(name, None)
        if expansion is None:
            return ir.Named(name)
        with self.expanding(name, node, expansion):
            return self._expansion_value(expansion)

    def _expansion_value(self, expansion: Expansion) -> ir.Value:
        if expansion.expression is not None:
            return self.value(expansion.expression)
        self.run(expansion.statements)
        return ir.Unknown()

    def _expand_into(self, expansion: Expansion, result: ir.Place | None, node: Node) -> None:
        if expansion.expression is None:
            self.run(expansion.statements)
        elif result is None:
            self.discard(expansion.expression)
        else:
            self.store(result, expansion.expression, self.span(node))


def _is_jump(argument: Node) -> bool:
    """Whether `return(-1)` or `break` stands where an argument should; they read as names."""
    if argument.type == "call_expression":
        return _JUMP.match(text_of(field(argument, "function"))) is not None
    return argument.type == "identifier" and _JUMP.fullmatch(text_of(argument)) is not None
