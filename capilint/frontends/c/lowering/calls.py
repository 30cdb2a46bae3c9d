"""Lowers C calls, and what reads like one: macros of unseen headers."""

from __future__ import annotations

import re

from tree_sitter import Node

from capilint import ir
from capilint.finding import Span
from capilint.frontends.c.facts.declarators import split_at_commas
from capilint.frontends.c.lowering.base import TOO_MUCH
from capilint.frontends.c.lowering.values import ValueLowering
from capilint.frontends.c.parsing.parse import parse_expression, parse_statements
from capilint.frontends.c.parsing.syntax import field, has_effects, operands, text_of

_JUMP = re.compile(r"\s*(?:goto|return|break|continue)\b")
_JUMPS_IN = re.compile(rb"goto|return|break|continue")
_JUMPS = frozenset({b"goto", b"return", b"break", b"continue"})
_TRANSPARENT_CALLS = frozenset({b"__builtin_expect", b"__builtin_expect_with_probability"})
# What is told to a compiler or an analyser: a call in there does not happen. In a build, sal.h
# makes nothing of its two; MSVC and clang say so of the others.
_NOT_EVALUATED = frozenset({"__assume", "__builtin_assume", "__noop"}) | frozenset(
    {"_Analysis_assume_", "__analysis_assume", "__builtin_constant_p"}
)
_UNREACHABLE_CALLS = frozenset({"__builtin_unreachable", "__builtin_trap"})


class CallLowering(ValueLowering):
    """Calls by name, through pointers, and of macros of unseen headers."""

    def call(self, node: Node, result: ir.Place | None) -> None:
        """Call a function, its result into a place, or nowhere."""
        function = self.bare(field(node, "function"))
        self.call_named(self.called_name(function), node, result)

    def call_named(self, name: str, node: Node, result: ir.Place | None) -> None:
        """Call a function by its name; by what the call says where it is empty."""
        arguments = field(node, "arguments")
        if name in self.unexpanded:
            self.not_understood(node, TOO_MUCH)
            return
        parts = operands(arguments)
        if name in _NOT_EVALUATED and any(map(has_effects, parts)):
            if result is not None:
                self.assign(result, ir.Unknown(), self.span(node))
            return
        callee: ir.Callee = ir.Direct(name) if name else self._pointer_callee(node)
        if _may_hold_text(arguments) and any(part.is_error or _is_jump(part) for part in parts):
            self._call_with_text(callee, arguments, result)
        else:
            values = tuple([self.argument(part) for part in parts])
            self.graph.emit(ir.Call(callee, values, result, self.span(node)))
        if name in _UNREACHABLE_CALLS or name in self.facts.noreturn:
            self.never_returns(name, node)

    def never_returns(self, name: str, node: Node) -> None:
        """A function was called of which its declaration says that it never comes back."""
        self.graph.end(ir.Stop(self.span(node)))

    def _call_with_text(self, callee: ir.Callee, arguments: Node, result: ir.Place | None) -> None:
        """A macro of an unseen header, called with more than expressions: `CHECK(x, goto done)`.

        Its arguments are read one by one. It may run a statement among them; a type names
        nothing, and what is no expression either may be anything.
        """
        span = self.span(arguments.parent or arguments)
        values: list[ir.Value] = []
        statements: list[list[Node]] = []
        grammar = self.facts.grammar
        with self.positions.fixed_at(span):
            for text in split_at_commas(text_of(arguments)[1:-1]):
                expression = parse_expression(text, grammar)
                jump = parse_statements(text, grammar) if _JUMP.match(text) else None
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
        return self.bare_argument(self.bare(node))

    def bare_argument(self, node: Node) -> ir.Value:
        """The same of one without parentheses or casts around it."""
        return self.bare_value(node)

    def call_value(self, node: Node) -> ir.Value:
        """The value of a call: a temporary that holds its result."""
        hinted = self.transparent_argument(node)
        if hinted is not None:
            return self.value(hinted)
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

    def called_name(self, function: Node) -> str:
        """The name of what is called, empty for a call through a pointer."""
        if function.type != "identifier":
            return ""
        name = text_of(function)
        return name if self.names.find(name) is None else ""

    def _pointer_callee(self, node: Node) -> ir.Callee:
        function = self.bare(field(node, "function"))
        if function.type == "pointer_expression":  # (*callback)(x) is callback(x)
            function = self.bare(field(function, "argument"))
        if self._only_picks(function, node):
            return ir.Indirect(ir.Unknown())
        value = self.value(function)
        if isinstance(value, ir.FunctionReference):
            return ir.Direct(value.name)
        return ir.Indirect(value)

    def _only_picks(self, chooser: Node, node: Node) -> bool:
        """Whether an unseen macro counts what is given, to choose among others by their number.

        `OVERLOAD(check_, e)(e)` and `GET_MACRO(e, check2, check1)(e)` do what `e` says once.
        """
        if chooser.type != "call_expression":
            return False
        name = self.called_name(self.bare(field(chooser, "function")))
        if not name or name in self.facts.functions:
            return False
        counted = "".join(text_of(field(chooser, "arguments")).split())
        given = [part for part in operands(field(node, "arguments")) if has_effects(part)]
        return bool(given) and all("".join(text_of(part).split()) in counted for part in given)


def _may_hold_text(arguments: Node) -> bool:
    """Whether something may stand among the arguments that is no expression."""
    return arguments.has_error or _JUMPS_IN.search(arguments.text or b"") is not None


def _is_jump(argument: Node) -> bool:
    """Whether `return(-1)` or `break` stands where an argument should; they read as names."""
    kind = argument.type
    if kind == "call_expression":
        return _JUMP.match(text_of(field(argument, "function"))) is not None
    return kind == "identifier" and argument.text in _JUMPS
