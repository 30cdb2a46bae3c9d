"""Leaving: return, break, continue, raise; and what runs on the way out: `finally`, `except`.

A cleanup is copied for every way out, so that paths stay apart:

    try: A          A ── normal ─────── cleanup ── after
    finally: C        ├─ exception ──── cleanup ── raise again
                      └─ return / ... ─ cleanup ── return
"""

from __future__ import annotations

from collections.abc import Callable

import libcst as cst

from capilint import ir
from capilint.finding import Span
from capilint.frontends.python.context import Frame
from capilint.frontends.python.standard_names import CATCH_ALL
from capilint.frontends.python.targets import Targets


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

    def leave(self, is_target: Callable[[Frame], bool]) -> Frame | None:
        """Run the cleanups out to the frame looked for (None: out of the function)."""
        frames = self.frames
        handler = self.graph.handler
        try:
            for depth in range(len(frames) - 1, -1, -1):
                frame = frames[depth]
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
        if value is not None and any(frame.cleanup for frame in self.frames):
            value = self._saved(value, span)
        self.leave(lambda frame: False)
        self.graph.end(ir.Return(value, span))

    def statement_break(self, node: cst.Break) -> None:
        loop = self.leave(lambda frame: frame.break_target is not None)
        self._jump_or_stop(loop.break_target if loop is not None else None, node)

    def statement_continue(self, node: cst.Continue) -> None:
        loop = self.leave(lambda frame: frame.continue_target is not None)
        self._jump_or_stop(loop.continue_target if loop is not None else None, node)

    def _jump_or_stop(self, target: int | None, node: cst.CSTNode) -> None:
        if target is None:
            self.graph.end(ir.Stop(self.span(node), understood=False))
        else:
            self.graph.jump(target)

    def statement_raise(self, node: cst.Raise) -> None:
        if node.exc is not None:
            self.discard(node.exc)
        if node.cause is not None:
            self.discard(node.cause.item)
        self.graph.end(ir.Raise(self.span(node), again=node.exc is None))

    def statement_assert(self, node: cst.Assert) -> None:
        holds, fails = self.graph.new_block(), self.graph.new_block()
        self.condition(node.test, holds, fails)
        self.graph.start(fails)
        if node.msg is not None:
            self.discard(node.msg)
        self.graph.end(ir.Raise(self.span(node)))
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
        with self.graph.handled_by(dispatch):
            self.block(node.body)
        if node.orelse is not None:
            self.block(node.orelse.body)
        self.graph.jump(after)
        self._dispatch(node, dispatch, after)
        self.graph.start(after)

    def _dispatch(self, node: cst.Try | cst.TryStar, dispatch: int, after: int) -> None:
        span = self.module.positions.head(node)
        clauses: list[cst.ExceptHandler | cst.ExceptStarHandler] = []
        for clause in node.handlers:
            clauses.append(clause)
            if self._catches_all(clause):
                break
        entries = [self.graph.new_block() for _ in clauses]
        unmatched = [] if self._catches_all(clauses[-1]) else [self.graph.new_block()]
        self.graph.start(dispatch)
        self.graph.end(ir.Choose((*entries, *unmatched), span))
        for clause, entry in zip(clauses, entries, strict=True):
            self.graph.start(entry)
            if clause.name is not None:
                self.store(clause.name.name, ir.Unknown(), self.span(clause.name))
            self.block(clause.body)
            self.graph.jump(after)
        for block in unmatched:
            self.graph.start(block)
            self.graph.end(ir.Raise(span, again=True))

    def _catches_all(self, clause: cst.ExceptHandler | cst.ExceptStarHandler) -> bool:
        types = [clause.type]
        if isinstance(clause.type, cst.Tuple):
            types = [element.value for element in clause.type.elements]
        return any(
            kind is None or self.names.canonical(kind, self.scope) in CATCH_ALL for kind in types
        )
