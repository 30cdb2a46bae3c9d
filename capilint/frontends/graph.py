"""Builds one function's control-flow graph, block by block, for any front end.

    graph = GraphBuilder()
    then, end = graph.new_block(), graph.new_block()
    graph.branch(condition, then, end, span)   # ends the current block
    graph.start(then)
    graph.emit(instruction)
    graph.jump(end)
    graph.start(end)
    graph.end(Return(None, span, implicit=True))
    blocks = graph.finish()                    # reachable, joined, in reverse post-order

After a terminator there is no current block: what is emitted then is unreachable and lost.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace

from capilint.finding import Span
from capilint.ir import (
    BasicBlock,
    Branch,
    Call,
    Choose,
    EndScope,
    Instruction,
    Jump,
    Question,
    Raise,
    Terminator,
    Value,
)


@dataclass(slots=True)
class _OpenBlock:
    handler: int | None
    instructions: list[Instruction] = field(default_factory=list)
    terminator: Terminator | None = None


class GraphBuilder:
    """A graph under construction. Block 0 is the entry and is the current block at first."""

    def __init__(self) -> None:
        self._blocks: list[_OpenBlock] = [_OpenBlock(None)]
        self._current: int | None = 0
        self._handler: int | None = None

    def __len__(self) -> int:
        """The number of blocks so far, for callers that bound a function's size."""
        return len(self._blocks)

    @property
    def reachable(self) -> bool:
        """Whether control can come to the point where the next instruction goes."""
        return self._current is not None

    @property
    def handler(self) -> int | None:
        """The block that exceptions go to at this point."""
        return self._handler

    def new_block(self) -> int:
        """A block to jump to, filled after `start`. Its handler is that of `start`'s point."""
        self._blocks.append(_OpenBlock(None))
        return len(self._blocks) - 1

    def start(self, block: int) -> None:
        """Make `block` the current one. An unfinished current block falls through into it."""
        self.jump(block)
        self._current = block
        self._blocks[block].handler = self._handler

    def emit(self, instruction: Instruction) -> None:
        """Add an instruction to the current block."""
        if self._current is not None:
            self._blocks[self._current].instructions.append(instruction)

    def end(self, terminator: Terminator) -> None:
        """Finish the current block."""
        if self._current is not None:
            self._blocks[self._current].terminator = terminator
            self._current = None

    def end_branch(self) -> None:
        """Note that a branch ends with the last instruction, if that is a call for its effects."""
        self._note(lambda call: replace(call, ends_branch=True))

    def may_raise(self) -> None:
        """Note that the last instruction, a call for its effects, may raise by its name."""
        self._note(lambda call: replace(call, may_raise=True))

    def _note(self, noted: Callable[[Call], Call]) -> None:
        here = self._blocks[self._current].instructions if self._current is not None else []
        last = next((i for i in range(len(here))[::-1] if not isinstance(here[i], EndScope)), 0)
        match here[last : last + 1]:
            case [Call(result=None) as call]:
                here[last] = noted(call)

    def jump(self, target: int) -> None:
        """Finish the current block by going on at `target`."""
        self.end(Jump(target))

    def branch(
        self,
        condition: Value,
        if_true: int,
        if_false: int,
        span: Span,
        question: Question = Question.CONDITION,
    ) -> None:
        """Finish the current block by a two-way branch."""
        self.end(Branch(condition, if_true, if_false, span, question))

    @contextmanager
    def handled_by(self, handler: int | None) -> Iterator[None]:
        """Within the `with`, exceptions go to block `handler` (None: out of the function)."""
        outer = self._handler
        self.set_handler(handler)
        try:
            yield
        finally:
            self.set_handler(outer)

    def set_handler(self, handler: int | None) -> None:
        """From here on, exceptions go to block `handler` (None: out of the function)."""
        self._handler = handler
        if self._current is None:
            return
        here = self._blocks[self._current]
        if not here.instructions:
            here.handler = handler
        elif here.handler != handler:
            self.start(self.new_block())

    def finish(self) -> tuple[BasicBlock, ...]:
        """The graph: unreachable blocks dropped, straight lines joined, entry at 0.

        A block that was never ended is a mistake of the front end: ValueError.
        """
        self._skip_empty_blocks()
        self._join_straight_lines()
        order = self._reverse_post_order()
        number = {old: new for new, old in enumerate(order)}
        return tuple(self._freeze(number, old) for old in order)

    def _successors(self, block: int) -> list[int]:
        open_block = self._blocks[block]
        targets = list(_targets(open_block.terminator))
        raises = bool(open_block.instructions) or isinstance(open_block.terminator, Raise)
        if open_block.handler is not None and raises:
            targets.append(open_block.handler)
        return targets

    def _skip_empty_blocks(self) -> None:
        """Let every edge to an empty block that only jumps lead to where it jumps."""
        final: dict[int, int] = {}
        for block in range(len(self._blocks)):
            trail: list[int] = []
            seen: set[int] = set()
            here = block
            while here not in final and here not in seen and self._only_jumps(here):
                seen.add(here)
                trail.append(here)
                (here,) = _targets(self._blocks[here].terminator)
            here = final.get(here, here)
            final.update((step, here) for step in trail)
        for open_block in self._blocks:
            if open_block.terminator is not None:
                open_block.terminator = _renumbered(open_block.terminator, final)
            if open_block.handler is not None:
                open_block.handler = final.get(open_block.handler, open_block.handler)

    def _only_jumps(self, block: int) -> bool:
        open_block = self._blocks[block]
        return not open_block.instructions and isinstance(open_block.terminator, Jump)

    def _join_straight_lines(self) -> None:
        """Append a block to its only predecessor where nothing else leads to it."""
        order = self._reverse_post_order()
        arrivals: dict[int, int] = {0: 1}
        for block in order:
            for target in self._successors(block):
                arrivals[target] = arrivals.get(target, 0) + 1
        for block in order:
            head = self._blocks[block]
            while isinstance(head.terminator, Jump) and arrivals[head.terminator.target] == 1:
                tail = self._blocks[head.terminator.target]
                if tail.handler != head.handler or tail is head:
                    break
                head.instructions.extend(tail.instructions)
                head.terminator = tail.terminator
                tail.instructions, tail.terminator = [], None

    def _reverse_post_order(self) -> list[int]:
        seen = {0}
        done: list[int] = []
        stack = [(0, iter(self._successors(0)[::-1]))]
        while stack:
            block, targets = stack[-1]
            target = next(targets, None)
            if target is None:
                done.append(block)
                stack.pop()
            elif target not in seen:
                seen.add(target)
                stack.append((target, iter(self._successors(target)[::-1])))
        return done[::-1]

    def _freeze(self, number: dict[int, int], old: int) -> BasicBlock:
        open_block = self._blocks[old]
        if open_block.terminator is None:
            raise ValueError(f"block {old} has no terminator")
        handler = open_block.handler
        return BasicBlock(
            number[old],
            tuple(open_block.instructions),
            _renumbered(open_block.terminator, number),
            None if handler is None else number.get(handler),
        )


def _targets(terminator: Terminator | None) -> tuple[int, ...]:
    match terminator:
        case Jump(target):
            return (target,)
        case Branch(_, if_true, if_false):
            return (if_true, if_false)
        case Choose(targets):
            return targets
        case _:
            return ()


def _renumbered(terminator: Terminator, number: dict[int, int]) -> Terminator:
    match terminator:
        case Jump(target):
            return Jump(number.get(target, target))
        case Branch(_, if_true, if_false):
            true, false = number.get(if_true, if_true), number.get(if_false, if_false)
            return replace(terminator, if_true=true, if_false=false)  # a test counts
        case Choose(targets):
            return replace(terminator, targets=tuple(number.get(t, t) for t in targets))
        case _:
            return terminator
