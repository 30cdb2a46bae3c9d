"""Which parameters a function searches: it looks at elements behind them that nobody can name.

    for (i = 0; i < n; i++)            for (; n--; results++)           for (BOOL ok : results)
        if (results[i] < 0)                if (*results < 0)                if (!ok)
            return 0;                          return 0;                        return false;

What it answers hangs on all that its caller keeps there.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

from capilint.engine.program.structures import aliases
from capilint.engine.summaries.summary import Outcome, Summary
from capilint.ir import (
    Assign,
    BasicBlock,
    Branch,
    Call,
    Direct,
    Function,
    Place,
    Read,
    Value,
    Variable,
    places_in,
    values_of,
)


def searched_by(
    function: Function, outcomes: Sequence[Outcome], summary_of: Callable[[str], Summary | None]
) -> frozenset[Variable]:
    """The parameters that a function searches itself, or gives to one that does; none where it
    answers always the same."""
    if len({outcome.result for outcome in outcomes if not outcome.raised}) < 2:
        return frozenset()
    return frozenset(
        parameter.variable
        for parameter in function.parameters
        if _Search(function, parameter.variable).found(summary_of)
    )


class _Search:
    """What one function does with what a parameter leads to."""

    def __init__(self, function: Function, parameter: Variable) -> None:
        self._blocks = function.blocks
        self._same = aliases(function, parameter)
        self._moving = self._derived({parameter}) - self._same

    def found(self, summary_of: Callable[[str], Summary | None]) -> bool:
        """Whether it is searched."""
        return any(
            self._is_element(place)
            for block in self._blocks
            for value in _asked(block)
            for place in places_in(value)
        ) or any(
            isinstance(instruction, Call) and self._is_passed_on(instruction, summary_of)
            for block in self._blocks
            for instruction in block.instructions
        )

    def _derived(self, known: set[Variable]) -> set[Variable]:
        """The variables that are calculated from what the parameter leads to, and itself."""
        before = 0
        while before < len(known):
            before = len(known)
            for block in self._blocks:
                for instruction in block.instructions:
                    match instruction:
                        case Assign(Place(root, ()), value):
                            if any(place.root in known for place in places_in(value)):
                                known.add(root)
        return known

    def _is_element(self, place: Place) -> bool:
        """Whether a place is behind the parameter, who knows which."""
        if place.root in self._moving:
            return bool(place.path)
        return place.root in self._same and "[?]" in place.path

    def _is_passed_on(self, call: Call, summary_of: Callable[[str], Summary | None]) -> bool:
        if not isinstance(call.callee, Direct):
            return False
        given = [
            index
            for index, value in enumerate(call.arguments)
            if isinstance(value, Read) and value.place.root in self._same | self._moving
        ]
        summary = summary_of(call.callee.name) if given else None
        return summary is not None and any(
            summary.parameters[index] in summary.searched
            for index in given
            if index < len(summary.parameters)
        )


def _asked(block: BasicBlock) -> Iterator[Value]:
    """What a block looks at; what is told of a whole container hangs on its elements."""
    for instruction in block.instructions:
        yield from values_of(instruction)
    if isinstance(block.terminator, Branch):
        yield block.terminator.condition
