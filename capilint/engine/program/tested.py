"""Which variables the branches have asked about that a call stands in: a forward dataflow.

    if (!status) {
        report("CryptEncrypt", status);      stands in the branch where `status` is zero
        return 0;
    }
    check(status);                           stands behind it: both ways lead here

A call in such a branch tells how something went; it is no check of it.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property

from capilint.engine.program.liveness import written_by
from capilint.ir import (
    BasicBlock,
    Branch,
    Call,
    Function,
    Instruction,
    Scope,
    Variable,
    places_in,
    successors,
    values_of,
)

Answer = tuple[Variable, int, int]  # a variable, the block that asks about it, the way taken


@dataclass
class Tested:
    """The variables that one function's branches have asked about, call by call."""

    function: Function

    def before(self, call: Call) -> frozenset[Variable]:
        """The variables that the branches around a call have asked about; none where nothing in
        its branch follows it, so that it need not come back."""
        return self._before.get(id(call), frozenset())

    @cached_property
    def _before(self) -> dict[int, frozenset[Variable]]:
        """The same for each call that something follows in its branch."""
        found: dict[int, frozenset[Variable]] = {}
        for number, answers in self._at_entry.items():
            instructions = self.function.blocks[number].instructions
            for index, each in enumerate(instructions):
                if isinstance(each, Call) and not _may_be_the_end(each, instructions[index + 1 :]):
                    found[id(each)] = frozenset(variable for variable, _, _ in answers)
                answers = _without(answers, each)
        return found

    @cached_property
    def _at_entry(self) -> dict[int, frozenset[Answer]]:
        """What is answered at the head of each block that can be reached, on all ways to it."""
        entry: dict[int, frozenset[Answer]] = {0: frozenset()}
        pending = deque([0])
        while pending:
            block = self.function.blocks[pending.popleft()]
            for target, answers in self._ways(block, entry[block.number]):
                known = entry.get(target)
                new = answers if known is None else known & answers
                if new != known:
                    entry[target] = new
                    pending.append(target)
        return entry

    def _ways(
        self, block: BasicBlock, answers: frozenset[Answer]
    ) -> Iterator[tuple[int, frozenset[Answer]]]:
        for instruction in block.instructions:
            answers = _without(answers, instruction)
        targets = successors(block)
        asked = _asked(block) if len(set(targets)) > 1 else frozenset()
        for target in targets:
            yield target, answers | {(each, block.number, target) for each in asked}
        if block.handler is not None:
            yield block.handler, frozenset()


def _asked(block: BasicBlock) -> frozenset[Variable]:
    """The variables that a block's branch asks about, also through a call: `if (FAILED(rc))`."""
    if not isinstance(block.terminator, Branch):
        return frozenset()
    found = {place.root for place in places_in(block.terminator.condition)}
    for instruction in reversed(block.instructions):
        target = written_by(instruction)
        if target in found and target is not None and target.scope is Scope.TEMPORARY:
            places = (place for value in values_of(instruction) for place in places_in(value))
            found.update(place.root for place in places)
    return frozenset(found)


def _without(answers: frozenset[Answer], instruction: Instruction) -> frozenset[Answer]:
    target = written_by(instruction)
    if target is None or all(answer[0] != target for answer in answers):
        return answers
    return frozenset(answer for answer in answers if answer[0] != target)


def _may_be_the_end(call: Call, following: tuple[Instruction, ...]) -> bool:
    """Whether nothing in a branch follows a call but one that is given its result."""
    if call.ends_branch:
        return True
    return call.result is not None and any(
        isinstance(each, Call)
        and each.ends_branch
        and any(place.root == call.result.root for v in values_of(each) for place in places_in(v))
        for each in following
    )
