"""The branches of a function that decide nothing about its handles.

    ── branch ─┬─ log("verbose") ─┬─ join ──▶      both ways lead to the same block, and on the
               └──────────────────┘                way to it nothing happens that matters later
    ┌─ branch ─┬─▶ join
    └── body ◀─┘                                   a loop is one, too

Which way such a branch goes is of no consequence, also where nobody knows what it asks for.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from functools import cached_property

from capilint.engine.program.liveness import Liveness, reads_of
from capilint.ir import (
    Assign,
    BasicBlock,
    Branch,
    Call,
    Declare,
    Elements,
    EndScope,
    Escape,
    Function,
    Instruction,
    Jump,
    Place,
    Value,
    Variable,
    places_in,
    successors,
)


@dataclass
class IdleBranches:
    """Tells which blocks of one function end with an idle branch.

    `acted_on` are the values that a call makes or ends handles in; None where it does neither.
    """

    function: Function
    liveness: Liveness
    acted_on: Callable[[Call], tuple[Value, ...] | None]
    _known: dict[int, bool] = field(default_factory=dict)

    def has(self, number: int) -> bool:
        """Whether the branch at the end of a block is idle."""
        if number not in self._known:
            join = self._join(number)
            self._known[number] = join is not None and self._harmless(number, join)
        return self._known[number]

    # ------------------------------------------------------------ where both ways meet

    @cached_property
    def _after(self) -> list[int]:
        """For each block, as bits, itself and those that every way from it passes."""
        blocks = self.function.blocks
        everything = (1 << len(blocks)) - 1
        after = [everything] * len(blocks)
        following = [tuple(successors(block)) for block in blocks]
        changed = True
        while changed:
            changed = False
            for number in range(len(blocks) - 1, -1, -1):
                common = everything if following[number] else 0
                for target in following[number]:
                    common &= after[target]
                passed = common | 1 << number
                if passed != after[number]:
                    after[number] = passed
                    changed = True
        return after

    def _join(self, number: int) -> int | None:
        """The first block that every way from a block passes."""
        passed = self._after[number] & ~(1 << number)
        candidates = (each for each in range(len(self.function.blocks)) if passed >> each & 1)
        return max(candidates, key=lambda each: self._after[each].bit_count(), default=None)

    def _between(self, number: int, join: int) -> list[BasicBlock]:
        blocks = self.function.blocks
        pending = [each for each in successors(blocks[number]) if each != join]
        found = {number, join}
        between = []
        while pending:
            target = pending.pop()
            if target not in found:
                found.add(target)
                between.append(blocks[target])
                pending += successors(blocks[target])
        return between

    # ------------------------------------------------------------ what happens on the way

    def _harmless(self, number: int, join: int) -> bool:
        between = self._between(number, join)
        if not all(isinstance(block.terminator, Jump | Branch) for block in between):
            return False
        instructions = [each for block in between for each in block.instructions]
        if not all(map(self._leaves_handles_alone, instructions)):
            return False
        own = {number, *(block.number for block in between)}
        asked = {
            place.root
            for block in self.function.blocks
            if block.number not in own and isinstance(block.terminator, Branch)
            for place in places_in(block.terminator.condition)
        }
        live = self.liveness.at_entry[join]
        return not any(
            live[variable] and variable in asked
            for each in instructions
            for variable in _written_in(each)
        )

    def _leaves_handles_alone(self, instruction: Instruction) -> bool:
        match instruction:
            case Declare() | EndScope():
                return True
            case Assign() | Escape():
                return self._concerned.isdisjoint(_mentioned(instruction))
            case Call():
                apart = self._concerned.isdisjoint(_mentioned(instruction))
                return apart and self.acted_on(instruction) is None
            case _:
                return False

    @cached_property
    def _concerned(self) -> frozenset[Variable]:
        """The variables that lead to handles, as calls show and assignments pass it on."""
        instructions = [each for block in self.function.blocks for each in block.instructions]
        found: set[Variable] = set()
        for each in instructions:
            values = self.acted_on(each) if isinstance(each, Call) else None
            if values is not None:
                found.update(place.root for value in values for place in places_in(value))
                found.update(_written_in(each))
        size = -1
        while len(found) != size:
            size = len(found)
            for each in instructions:
                if isinstance(each, Assign | Elements) and not found.isdisjoint(_mentioned(each)):
                    found.update(_mentioned(each))
        return frozenset(found)


def _mentioned(instruction: Instruction) -> Iterator[Variable]:
    yield from reads_of(instruction)
    yield from _written_in(instruction)


def _written_in(instruction: Instruction) -> Iterator[Variable]:
    """The variables that an instruction writes to, wherever in them."""
    match instruction:
        case Assign(target) | Call(result=Place() as target) | Elements(container=target):
            yield target.root
