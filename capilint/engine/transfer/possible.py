"""Which of a summary's outcomes a state allows: decided once for each question, not per outcome.

requires  a is 0, b is 4      ┐              a ──► the caller's value ──► not 0
          a is 0              ├─ questions ─ b ──► the caller's value ──► open
          b is 4              ┘
                                outcome 3 is left, and its path learns that b is 4
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from capilint.engine.domain.binding import Argument
from capilint.engine.domain.evaluate import Evaluator
from capilint.engine.domain.state import State
from capilint.engine.domain.typestate import Typestates
from capilint.engine.domain.values import AbstractValue, Symbol
from capilint.engine.summaries.substitution import Substitution
from capilint.engine.summaries.summary import Outcome, Summary, is_input
from capilint.engine.transfer.expected import expected
from capilint.engine.transfer.ways import Site
from capilint.ir import Variable


@dataclass(slots=True)
class Questions:
    """What one call's outcomes ask of the state in which it begins, which nobody changes."""

    evaluator: Evaluator
    state: State
    caller: Substitution
    _answers: dict[AbstractValue, tuple[AbstractValue, bool | None]] = field(default_factory=dict)

    def open_for(self, outcome: Outcome) -> list[tuple[AbstractValue, bool]] | None:
        """What an outcome requires that is not known to hold; None where it cannot be."""
        found = []
        for term, truth in outcome.requires:
            value, known = self._answer(term)
            if known is None:
                found.append((value, truth))
            elif known != truth:
                return None
        return found

    def learn(self, state: State, required: list[tuple[AbstractValue, bool]]) -> bool:
        """Note in a state like the call's what is required; False where that cannot be."""
        return all(self.evaluator.assume(state, value, truth) for value, truth in required)

    def _answer(self, term: AbstractValue) -> tuple[AbstractValue, bool | None]:
        """The caller's value of what is asked, and whether it is known to be non-zero."""
        answer = self._answers.get(term)
        if answer is None:
            value = self.caller.value(term)
            answer = self._answers[term] = (value, self.evaluator.truth(self.state, value))
        return answer


@dataclass(frozen=True, slots=True)
class PossibleOutcomes:
    """Picks the outcomes of calls in one function."""

    evaluator: Evaluator
    typestates: Typestates

    def of(
        self,
        state: State,
        site: Site,
        summary: Summary,
        given: Mapping[Variable, Argument],
        known: dict[Symbol, AbstractValue],
    ) -> Iterator[tuple[Outcome, State]]:
        """The outcomes that a state allows, each with a state of its own that knows about it;
        `known` takes the caller's values of what it is asked."""
        caller = Substitution(self.evaluator, state, site.key, given, {}, known)
        questions = Questions(self.evaluator, state, caller)
        for outcome in self._fitting(questions, expected(summary, site.result_is_read, caller)):
            required = questions.open_for(outcome)
            if required is None:
                continue
            branch = state.copy()
            if questions.learn(branch, required):
                yield outcome, branch

    def _fitting(self, questions: Questions, outcomes: tuple[Outcome, ...]) -> list[Outcome]:
        """A callee that releases what it is given as one kind or another knows which it is."""
        kinds = [dict(self._releases(questions, outcome)) for outcome in outcomes]
        if all(all(known.values()) for known in kinds):
            return list(outcomes)
        fits = {
            symbol
            for outcome, known in zip(outcomes, kinds, strict=True)
            for required in (questions.open_for(outcome),)
            if required is not None and questions.learn(questions.state.copy(), required)
            for symbol, fit in known.items()
            if fit
        }
        return [
            outcome
            for outcome, known in zip(outcomes, kinds, strict=True)
            if all(fit or symbol not in fits for symbol, fit in known.items())
        ]

    def _releases(self, questions: Questions, outcome: Outcome) -> Iterator[tuple[Symbol, bool]]:
        """The caller's handles that an outcome releases, and whether as what they are."""
        for event in outcome.events:
            for role in event.roles:
                if role.action == "release" and is_input(role.symbol):
                    value = questions.caller.symbol(role.symbol)
                    if not isinstance(value, Symbol):
                        continue
                    handle = questions.state.handles.get(value)
                    known = self.typestates.members.resource_of(value)
                    if handle is not None and handle.made:
                        known = handle.resource
                    if known is not None:
                        yield value, known == role.resource
