"""Leaving: return, break, continue, raise; and what runs on the way out: `finally`, `except`.

A cleanup is copied for every way out, so that paths stay apart:

    try: A          A ── normal ─────── cleanup ── after
    finally: C        ├─ exception ──── cleanup ── raise again
                      └─ return / ... ─ cleanup ── return
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial

import libcst as cst

from capilint import ir
from capilint.finding import Span
from capilint.frontends.python.lowering.context import Frame
from capilint.frontends.python.lowering.targets import Targets


class Exits(Targets):
    """Lowers jumps out of statements and the handlers that they and exceptions meet."""

    def protected(self, body: Callable[[], None], cleanup: Callable[[], None], span: Span) -> None:
        """Lower `body` with `cleanup` on every way out of it; `span` is the cleanup's place."""
        after, failing = self.graph.new_block(), self.graph.new_block()
        self.frames.append(Frame(cleanup=cleanup, handler=self.graph.handler))
        with self.graph.handled_by(failing):
            body()
        self.frames.pop()
        if self.graph.reachable:
            cleanup()
        self.graph.jump(after)
        self.graph.start(failing)
        cleanup()
        self.graph.end(ir.Raise(span, again=True))
        self.graph.start(after)

    def leave(self, is_target: Callable[[Frame], bool], again: Callable[[], None]) -> Frame | None:
        """Run the cleanups out to the frame looked for; None for out of the function.

        A frame on the way may take over; it gets `again`, which does the same further out, and
        the block is ended then.
        """
        frames = self.frames
        handler = self.graph.handler
        try:
            for depth in range(len(frames) - 1, -1, -1):
                frame = frames[depth]
                if frame.intercept is not None:
                    frame.intercept(again)
                    return frame
                if is_target(frame):
                    return frame
                if frame.cleanup is not None:
                    self.frames = frames[:depth]
                    handler = frame.handler
                    with self.graph.handled_by(handler):
                        frame.cleanup()
            return None
        finally:
            self.frames = frames

    def statement_return(self, node: cst.Return) -> None:
        value = None if node.value is None else self.value(node.value)
        self.return_value(value, self.span(node))

    def return_value(self, value: ir.Value | None, span: Span) -> None:
        """Return, running the cleanups on the way; they do not change the value any more."""
        if value is not None and any(frame.cleanup or frame.intercept for frame in self.frames):
            value = self._saved(value, span)
        saved = value
        self.leave(lambda frame: False, lambda: self.return_value(saved, span))
        self.graph.end(ir.Return(value, span))

    def statement_break(self, node: cst.Break | cst.Continue) -> None:
        again = partial(self.statement_break, node)
        loop = self.leave(lambda frame: frame.break_target is not None, again)
        if loop is None:
            self.graph.end(ir.Stop(self.span(node), understood=False))
        elif loop.break_target is not None and loop.continue_target is not None:
            goes_on = isinstance(node, cst.Continue)
            self.graph.jump(loop.continue_target if goes_on else loop.break_target)

    statement_continue = statement_break

    def statement_raise(self, node: cst.Raise) -> None:
        if node.exc is not None:
            self.discard(node.exc)
        if node.cause is not None:
            self.discard(node.cause.item)
        name = self._exception_name(node.exc) or ""
        self.graph.end(ir.Raise(self.span(node), again=node.exc is None, exception=name))

    def _exception_name(self, raised: cst.BaseExpression | None) -> str | None:
        if isinstance(raised, cst.Call):
            raised = raised.func
        return None if raised is None else self.names.canonical(raised, self.scope)

    def statement_assert(self, node: cst.Assert) -> None:
        holds, fails = self.graph.new_block(), self.graph.new_block()
        self.condition(node.test, holds, fails)
        self.graph.start(fails)
        if node.msg is not None:
            self.discard(node.msg)
        self.graph.end(ir.Raise(self.span(node), exception="AssertionError"))
        self.graph.start(holds)

    def statement_try(self, node: cst.Try | cst.TryStar) -> None:
        final = node.finalbody
        if final is None:
            self._handled(node)
            return
        span = self.module.positions.head(final)
        self.protected(lambda: self._handled(node), lambda: self.block(final.body), span)

    statement_trystar = statement_try

    def _handled(self, node: cst.Try | cst.TryStar) -> None:
        """The body with its `except` clauses and `else`, inside any `finally`."""
        if not node.handlers:
            self.block(node.body)
            return
        dispatch, after = self.graph.new_block(), self.graph.new_block()
        clauses: Sequence[cst.ExceptHandler | cst.ExceptStarHandler] = node.handlers
        entries = [(self._types(clause), self.graph.new_block()) for clause in clauses]
        with self.graph.handled_by(dispatch):
            self.block(node.body)
        if node.orelse is not None:
            self.block(node.orelse.body)
        self.graph.jump(after)
        head = self.module.positions.head
        self._dispatch(entries, dispatch, head(node), tuple(map(head, clauses)))
        for clause, (_, entry) in zip(clauses, entries, strict=True):
            self.graph.start(entry)
            if clause.name is not None:
                self.store(clause.name.name, ir.Unknown(), self.span(clause.name))
            self.block(clause.body)
            self.graph.jump(after)
        self.graph.start(after)

    def _dispatch(
        self,
        entries: list[tuple[tuple[str, ...], int]],
        dispatch: int,
        span: Span,
        places: tuple[Span, ...],
    ) -> None:
        """Choose among the clauses, up to one that catches all; with none, raise again."""
        self.graph.start(dispatch)
        targets: list[int] = []
        catches: list[tuple[str, ...] | None] = []
        for types, entry in entries:
            targets.append(entry)
            catches.append(types)
            if "BaseException" in types:
                self.graph.end(ir.Choose(tuple(targets), span, tuple(catches), places))
                return
        unmatched = self.graph.new_block()
        self.graph.end(ir.Choose((*targets, unmatched), span, (*catches, None), places))
        self.graph.start(unmatched)
        self.graph.end(ir.Raise(span, again=True))

    def _types(self, clause: cst.ExceptHandler | cst.ExceptStarHandler) -> tuple[str, ...]:
        """The canonical names of the exceptions that a clause catches; empty text for unknown."""
        if clause.type is None:
            return ("BaseException",)
        kinds = [clause.type]
        named = self.names.only_value(clause.type, self.scope) or clause.type
        if isinstance(named, cst.Tuple):
            kinds = [element.value for element in named.elements]
        return tuple(self.names.canonical(kind, self.scope) or "" for kind in kinds)
