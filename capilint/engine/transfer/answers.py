"""What a function of the program answers where it is told how a call went.

errno_of(status)    a success: 0         ┐ what is answered of a failure tells it apart,
                    a failure: EIO       ┘ though nobody knows the number
win32_of(status)    whatever it was: the answer of unknown code ──► a doubt, as of unknown code
first_bad(list)     it looks at some of them, who knows which ──► a doubt, of all
checked(status)     { throw_if(!status); return status; } ──► raises where it is told of a failure
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from capilint.engine.domain.binding import Argument, Arguments, statuses_behind, statuses_given
from capilint.engine.domain.evaluate import Evaluator
from capilint.engine.domain.state import State
from capilint.engine.domain.values import AbstractValue, Number, Status, Symbol, Text
from capilint.engine.summaries.summary import RESULT, Outcome, Summary
from capilint.engine.transfer.doubts import doubt
from capilint.engine.transfer.ways import Site
from capilint.ir import Variable

Members = frozenset[tuple[tuple[str, ...], AbstractValue]]


@dataclass(frozen=True, slots=True)
class Answers:
    """What a callee answers in one state, of the statuses that it is given.

    `elsewhere` are the numbers that it answers only if they were others.
    """

    statuses: tuple[Status, ...]
    elsewhere: frozenset[Number | Text]
    alike: bool

    def leave_open(self, state: State) -> None:
        """Hold back what hangs on the statuses, if the answer does not tell of them."""
        if self.alike:
            for status in self.statuses:
                doubt(state, status)


def answers_to(
    evaluator: Evaluator,
    state: State,
    site: Site,
    arguments: Arguments,
    given: Mapping[Variable, Argument],
    summary: Summary,
    possible: Sequence[Outcome],
) -> Answers:
    """What the outcomes that are possible in a state answer there, and the others elsewhere.

    They are alike where the others answer nothing else: only a third function knows what it says.
    """
    if not site.result_is_read:
        return Answers((), frozenset(), False)
    among = _searched(state, given, summary)
    if among:
        return Answers(among, frozenset(), True)
    statuses = tuple(statuses_given(evaluator, state, arguments))
    if not statuses:
        return Answers((), frozenset(), False)
    here = {_answer(each) for each in possible}
    others = {_answer(each) for each in summary.outcomes if each not in possible}
    numbers = [each for each in others - here if isinstance(each, Number)]
    alike = others <= here and (bool(others) or None in here)
    members = (value for each in summary.outcomes for _, value in _members(each))
    alike = alike or any(map(_is_unseen, members))
    return Answers(statuses, frozenset(numbers), alike)


def _searched(
    state: State, given: Mapping[Variable, Argument], summary: Summary
) -> tuple[Status, ...]:
    """The statuses among which the callee looks for some."""
    values = (
        given[each].value for each in summary.parameters if each in summary.searched & set(given)
    )
    return tuple(status for value in values for status in statuses_behind(state, value))


def _answer(outcome: Outcome) -> AbstractValue | Members | None:
    """What comes back, or None where only unknown code knows it."""
    members = _members(outcome)
    if members:
        return members
    return None if _is_unseen(outcome.result) else outcome.result


def _members(outcome: Outcome) -> Members:
    """What is in a structure that comes back."""
    return frozenset((at.path, value) for at, value in outcome.stores if at.base == RESULT)


def _is_unseen(value: AbstractValue | None) -> bool:
    return isinstance(value, Symbol) and value.kind in ("result", "report")


def raises_at_success(
    evaluator: Evaluator, state: State, arguments: Arguments, possible: Sequence[Outcome]
) -> bool:
    """Whether what unseen code raises in the callee is for a failure, and it is told of successes.

    What such code looks at is not in the outcomes: there is one that raises, and one that does not.
    """
    if all(outcome.raised for outcome in possible):
        return False
    statuses = statuses_given(evaluator, state, arguments)
    return bool(statuses) and all(status.failed is False for status in statuses)
