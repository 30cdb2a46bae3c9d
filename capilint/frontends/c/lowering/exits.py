"""Lowers what leaves a C statement from within: return, goto, break, continue, `__leave`.

What a jump leaves ends on the way: the variables of blocks, and each `__finally`, which is
lowered once for every way out of its `__try`. A goto's way is known only when its label is, so
gotos wait until the function's end.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

from tree_sitter import Node

from capilint import ir
from capilint.finding import Span
from capilint.frontends.c.facts.gather import Facts
from capilint.frontends.c.lowering.initialisers import InitialiserLowering
from capilint.frontends.c.lowering.scopes import (
    Block,
    Cleanup,
    Finally,
    Frame,
    Loop,
    Switch,
    Try,
    between,
    enclosing,
)
from capilint.frontends.c.parsing.positions import Positions
from capilint.frontends.c.parsing.syntax import field, operands, text_of

_MOST_COPIES = 1_000  # of `__finally` blocks in one function

Statements = Iterator[Node]


class TooLarge(Exception):
    """A function whose ways out run too many copies of its `__finally` blocks."""


@dataclass(frozen=True, slots=True)
class _Goto:
    label: str
    block: int
    frame: Frame
    node: Node
    span: Span


@dataclass(frozen=True, slots=True)
class _Label:
    block: int
    frame: Frame


class ExitLowering(InitialiserLowering):
    """Ways out of statements, and the structured exceptions that run code on the way."""

    def __init__(
        self,
        name: str,
        facts: Facts,
        positions: Positions,
        unexpanded: frozenset[str] = frozenset(),
    ) -> None:
        super().__init__(name, facts, positions, unexpanded)
        self._labels: dict[str, _Label] = {}
        self._gotos: list[_Goto] = []
        self._copies = 0

    def leave_to(self, outer: Frame | None, span: Span) -> Statements:
        """End what encloses this point up to the frame `outer`, which stays."""
        here = self.names.frame
        for frame in between(here, outer):
            yield from self._leave(frame, span)
        self.names.frame = here

    def _leave(self, frame: Frame, span: Span) -> Statements:
        if isinstance(frame, Block):
            self.end_variables(frame, span)
        elif isinstance(frame, Cleanup):
            self.clean_up(frame, span)
        elif isinstance(frame, Finally) and frame.body is not None and self.graph.reachable:
            assert frame.outer is not None
            self._copies += 1
            if self._copies > _MOST_COPIES:
                raise TooLarge
            self.names.frame = frame.outer
            with self.graph.handled_by(frame.handler):
                yield frame.body

    def end_variables(self, block: Block, span: Span) -> None:
        """End the variables of a block."""
        local = (ir.Scope.LOCAL,)
        ended = tuple(each for each in block.variables.values() if each.scope in local)
        if ended:
            self.graph.emit(ir.EndScope(ended, span))

    def clean_up(self, cleanup: Cleanup, span: Span) -> None:
        """Make the call that leaving a scope asks for."""
        if cleanup.call is None or cleanup.only_on_exception or not self.graph.reachable:
            return
        with self.graph.handled_by(cleanup.handler):
            self.end_by(cleanup.call, span)

    def end_by(self, call: ir.Call, span: Span) -> None:
        """Make the call of a cleanup, where a scope is left."""
        self.graph.emit(replace(call, span=span))

    def enter_cleanup(self, call: ir.Call, *, pad: bool, only_on_exception: bool = False) -> None:
        """From here to the end of the scope, leaving it makes a call; with `pad`, exceptions do."""
        handler = self.graph.handler
        block = self.graph.new_block() if pad else None
        self.names.frame = Cleanup(
            self.names.frame, call, handler, block, only_on_exception=only_on_exception
        )
        if block is not None:
            self.graph.set_handler(block)

    def end_scope(self, outer: Frame, span: Span) -> None:
        """Control leaves the cleanups inside of a frame at their end, which becomes the present
        frame."""
        for frame in between(self.names.frame, outer):
            if isinstance(frame, Cleanup):
                self.clean_up(frame, span)
                self.finish_pad(frame, span)
        self.names.frame = outer

    def finish_pad(self, cleanup: Cleanup, span: Span) -> None:
        """Exceptions from inside of a cleanup's scope: they go on when the call is made."""
        self.graph.set_handler(cleanup.handler)
        if cleanup.pad is None or cleanup.call is None:
            return
        after = self.graph.new_block() if self.graph.reachable else None
        if after is not None:
            self.graph.jump(after)
        self.graph.start(cleanup.pad)
        self.end_by(cleanup.call, span)
        self.graph.end(ir.Raise(span, again=True))
        if after is not None:
            self.graph.start(after)

    # ------------------------------------------------------------ the statements

    def return_statement(self, node: Node) -> Statements:
        """`return value;`: what runs on the way out runs after the value is known."""
        span = self.span(node)
        parts = operands(node)
        value = self.value(parts[0]) if parts else None
        here = self.names.frame
        acting = [frame for frame in between(here, None) if _runs_code(frame)]
        if acting and value is not None and not isinstance(value, ir.Constant):
            value = ir.Read(self.held(value, span))
        for frame in acting:
            if isinstance(frame, Cleanup):
                self.clean_up(frame, span)
            else:
                yield from self._leave(frame, span)
        self.names.frame = here
        self.graph.end(ir.Return(value, span))

    def break_statement(self, node: Node) -> Statements:
        """`break` out of the innermost loop or switch."""
        frame = enclosing(self.names.frame, Loop, Switch)
        yield from self._jump_out(node, frame, getattr(frame, "break_to", None))

    def continue_statement(self, node: Node) -> Statements:
        """`continue` with the innermost loop."""
        frame = enclosing(self.names.frame, Loop)
        yield from self._jump_out(node, frame, getattr(frame, "continue_to", None))

    def leave_statement(self, node: Node) -> Statements:
        """`__leave` the innermost `__try`."""
        frame = enclosing(self.names.frame, Try)
        yield from self._jump_out(node, frame, getattr(frame, "leave_to", None))

    def _jump_out(self, node: Node, frame: Frame | None, target: int | None) -> Statements:
        if target is None:
            self.stop(node, "jump out of nothing")
            return
        yield from self.leave_to(frame, self.span(node))
        self.graph.jump(target)

    def stop(self, node: Node, reason: str) -> None:
        """Give up this path: where control goes is not understood."""
        self.not_understood(node, reason)
        self.graph.end(ir.Stop(self.span(node), understood=False))

    # ------------------------------------------------------------ goto

    def goto_statement(self, node: Node) -> None:
        """`goto label;`"""
        label = node.child_by_field_name("label")
        if label is None:
            self.stop(node, "computed goto")
            return
        if self.graph.reachable:
            block = self.graph.new_block()
            self._gotos.append(
                _Goto(text_of(label), block, self.names.frame, node, self.span(node))
            )
            self.graph.jump(block)

    def labeled_statement(self, node: Node) -> Statements:
        """`label: statement`"""
        block = self.graph.new_block()
        name = text_of(field(node, "label"))
        self._labels.setdefault(name, _Label(block, self.names.frame))
        self.graph.start(block)
        yield from (part for part in operands(node) if part.type != "statement_identifier")

    def finish_gotos(self) -> Statements:
        """Lower the ways of all gotos to their labels, after the function's last statement."""
        while self._gotos:
            goto = self._gotos.pop()
            self.graph.start(goto.block)
            label = self._labels.get(goto.label)
            self.names.frame = goto.frame
            if label is None:
                with self.positions.fixed_at(goto.span):  # a macro's argument has other places
                    self.stop(goto.node, f"no label {goto.label}")
                continue
            yield from self.leave_to(label.frame, goto.span)
            self.graph.jump(label.block)

    # ------------------------------------------------------------ structured exceptions

    def seh_try_statement(self, node: Node) -> Statements:
        """`__try` with `__finally` or `__except`."""
        clause = operands(node)[-1]
        if clause.type == "seh_finally_clause":
            yield from self._try_finally(node, clause)
        elif clause.type == "seh_except_clause":
            yield from self._try_except(node, clause)
        else:
            self.stop(node, "__try without a handler")

    def _try_finally(self, node: Node, clause: Node) -> Statements:
        outer, body = self.names.frame, field(clause, "body")
        leave, raised, end = (self.graph.new_block() for _ in range(3))
        guard = Finally(outer, body=body, handler=self.graph.handler)
        self.names.frame = Try(guard, leave_to=leave)
        with self.graph.handled_by(raised):
            yield field(node, "body")
        self.names.frame = outer
        self.graph.start(leave)
        yield body
        self.graph.jump(end)
        self.graph.start(raised)
        yield body
        self.graph.end(ir.Raise(self.span(clause), again=True))
        self.graph.start(end)

    def _try_except(self, node: Node, clause: Node) -> Statements:
        outer = self.names.frame
        raised, handle, end = (self.graph.new_block() for _ in range(3))
        self.names.frame = Try(outer, leave_to=end)
        with self.graph.handled_by(raised):
            yield field(node, "body")
        self.names.frame = outer
        self.graph.jump(end)
        self.graph.start(raised)
        self._filter(field(clause, "filter"), handle)
        self.graph.start(handle)
        yield field(clause, "body")
        self.graph.start(end)

    def _filter(self, node: Node, handle: int) -> None:
        """An exception filter: a constant one handles all, another one may let it pass."""
        value = self.value(node)
        if isinstance(value, ir.Named | ir.Constant):
            self.graph.jump(handle)
            return
        passing = self.graph.new_block()
        self.graph.end(ir.Choose((handle, passing), self.span(node)))
        self.graph.start(passing)
        self.graph.end(ir.Raise(self.span(node), again=True))


def _runs_code(frame: Frame) -> bool:
    """Whether leaving a frame calls anything."""
    return isinstance(frame, Finally | Cleanup)
