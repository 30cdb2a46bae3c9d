"""Which outcomes a call of a function of the program may have, where nobody looks at its result.

digest_begin(&d);        a creator is taken to succeed, or to leave behind what it has undone;
digest_end(&d);          but one that has no result to look at, and leaves unset what its caller
                         never set, may have failed
holder.attach(key, own)  nor is it a failure to take the caller's handle instead of a copy of it
"""

from __future__ import annotations

from collections.abc import Sequence

from capilint.engine.domain.values import Location, Symbol, Uninitialised
from capilint.engine.summaries.substitution import Substitution
from capilint.engine.summaries.summary import Outcome, Summary, is_input


def expected(summary: Summary, result_is_read: bool, caller: Substitution) -> tuple[Outcome, ...]:
    """The outcomes that the caller has to reckon with, those first that take what was never set
    for something: what is done first with it is then told of first."""
    outcomes = tuple(sorted(summary.outcomes, key=lambda each: _nothings(each, caller)))
    most = summary.most_creations
    if result_is_read or most == 0:
        return outcomes
    best = [outcome for outcome in outcomes if outcome.creations == most]
    silent = all(outcome.result is None for outcome in outcomes)
    return tuple(
        outcome
        for outcome in outcomes
        if outcome.raised
        or outcome.creations == most
        or outcome.leaves_ended
        or _takes_instead(outcome, best)
        or (silent and _leaves_unset(outcome, best, caller))
    )


def _nothings(outcome: Outcome, caller: Substitution) -> int:
    """How many values that were never set have to be 0."""
    return sum(
        not truth and isinstance(term, Symbol) and isinstance(caller.symbol(term), Uninitialised)
        for term, truth in outcome.requires
    )


def _leaves_unset(outcome: Outcome, best: Sequence[Outcome], caller: Substitution) -> bool:
    """Whether a place that gets a new handle elsewhere stays as it is, never set."""
    filled = {place for each in best for place in _filled(each)}
    places = map(caller.location, filled - {place for place, _ in outcome.stores})
    return any(
        place is not None and isinstance(caller.state.load(place), Uninitialised)
        for place in places
    )


def _takes_instead(outcome: Outcome, best: Sequence[Outcome]) -> bool:
    """Whether each place that gets a new handle elsewhere gets something of the caller's."""
    places = {place for each in best for place in _filled(each)}
    stored = [value for place, value in outcome.stores if place in places]
    taken = (isinstance(value, Symbol) and is_input(value) for value in stored)
    return bool(places) and len(stored) == len(places) and all(taken)


def _filled(outcome: Outcome) -> set[Location]:
    made = {symbol for symbol, handle in outcome.handles if handle.made}
    return {place for place, value in outcome.stores if isinstance(value, Symbol) and value in made}
