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
        if self._current is None:
            return
        here = self._blocks[self._current].instructions
        last = len(here) - 1
        while last > 0 and isinstance(here[last], EndScope):
            last -= 1
        call = here[last] if here else None
        if isinstance(call, Call) and call.result is None:
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
        ends = self._ends_of_jumps()
        ways = [self._ways(each, ends) for each in self._blocks]
        order = _reverse_post_order(ways)
        order = self._joined(order, ways, ends)
        number = {old: new for new, old in enumerate(order)}
        return tuple([self._frozen(old, number, ends) for old in order])

    def _ends_of_jumps(self) -> list[int]:
        """Where each block leads: an empty one that only jumps to where it jumps."""
        jumps = [
            each.terminator.target
            if not each.instructions and isinstance(each.terminator, Jump)
            else None
            for each in self._blocks
        ]
        ends = list(range(len(jumps)))
        seen: set[int] = set()
        for block in range(len(jumps)):
            trail: list[int] = []
            here = block
            while here not in seen and (target := jumps[here]) is not None:
                seen.add(here)
                trail.append(here)
                here = target
            for step in trail:
                ends[step] = ends[here]
        return ends

    def _ways(self, block: _OpenBlock, ends: list[int]) -> list[int]:
        """Where control goes from a block, its handler last; that is now where it leads."""
        terminator = block.terminator
        ways = [ends[target] for target in _targets(terminator)]
        if block.handler is not None:
            block.handler = ends[block.handler]
            if block.instructions or isinstance(terminator, Raise):
                ways.append(block.handler)
        return ways

    def _joined(self, order: list[int], ways: list[list[int]], ends: list[int]) -> list[int]:
        """Append each block to its only predecessor where nothing else leads to it; the order of
        those that are left."""
        arrivals = [0] * len(ways)
        arrivals[0] = 1
        for block in order:
            for target in ways[block]:
                arrivals[target] += 1
        gone: set[int] = set()
        for block in order:
            head = self._blocks[block]
            while isinstance(head.terminator, Jump):
                target = ends[head.terminator.target]
                tail = self._blocks[target]
                if arrivals[target] != 1 or tail.handler != head.handler or tail is head:
                    break
                head.instructions.extend(tail.instructions)
                head.terminator = tail.terminator
                tail.instructions, tail.terminator = [], None
                gone.add(target)
        return [block for block in order if block not in gone] if gone else order

    def _frozen(self, old: int, number: dict[int, int], ends: list[int]) -> BasicBlock:
        block = self._blocks[old]
        handler = None if block.handler is None else number.get(block.handler)
        terminator = block.terminator
        match terminator:
            case None:
                raise ValueError(f"block {old} has no terminator")
            case Jump(target):
                terminator = Jump(number[ends[target]])
            case Branch(condition, if_true, if_false, span, question):
                true, false = number[ends[if_true]], number[ends[if_false]]
                terminator = Branch(condition, true, false, span, question)
            case Choose(targets):
                terminator = replace(terminator, targets=tuple(number[ends[t]] for t in targets))
        return BasicBlock(number[old], tuple(block.instructions), terminator, handler)


def _reverse_post_order(ways: list[list[int]]) -> list[int]:
    """The blocks that the first one leads to."""
    seen = {0}
    done: list[int] = []
    stack = [(0, ways[0].copy())]
    while stack:
        block, targets = stack[-1]
        while targets:
            target = targets.pop()
            if target not in seen:
                seen.add(target)
                stack.append((target, ways[target].copy()))
                break
        else:
            done.append(block)
            stack.pop()
    done.reverse()
    return done


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
