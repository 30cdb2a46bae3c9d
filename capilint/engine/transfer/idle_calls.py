"""Calls that come to the same whichever way they go: they part no paths.

log(text)    if (verbose) print(text);    ──► the same state twice, but for what is known of
                                              `verbose`: who asks for it later finds out then

That others get to see what a global variable leads to, which they do anyhow, or a value of which
nothing is known, is no difference either.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from itertools import chain

from capilint.engine.domain.events import Path
from capilint.engine.domain.state import State
from capilint.engine.domain.values import (
    AbstractValue,
    Location,
    Number,
    Status,
    Symbol,
    Text,
)
from capilint.engine.summaries.summary import Outcome, is_global
from capilint.ir import Variable

Ways = list[tuple[Outcome, State]]
_UNKNOWN = ("result", "report", "join", "missing", "clobber")


def outcomes_apart(
    before: State, ways: Ways, shown: Callable[[Symbol], Iterable[AbstractValue]]
) -> Ways:
    """The ways through a call, or the one that stands for all of them.

    They begin in the state `before`; `shown` are the caller's values that others get to see where
    a symbol of the callee's escapes.
    """
    if len(ways) < 2 or not _do_the_same([outcome for outcome, _ in ways]):
        return ways
    first = min(ways, key=lambda way: len(way[0].escapes))
    escapes: list[set[Symbol]] = [set(outcome.escapes) for outcome, _ in ways]
    differing = set[Symbol]().union(*escapes) - escapes[0].intersection(*escapes)
    if not all(
        _is_seen_anyhow(before, each) for each in chain.from_iterable(map(shown, differing))
    ):
        return ways
    return [(first[0], _knowing_what_all_know([state for _, state in ways], first[1]))]


def paths_apart(ways: list[tuple[Outcome, Path]]) -> list[tuple[Outcome, Path]]:
    """The paths on from all ways through a call, or the one that stands for all of them."""
    if len(ways) < 2 or any(outcome.raised for outcome, _ in ways):
        return ways
    (outcome, path), *others = ways
    if all(
        other.events == outcome.events and _are_alike(path.state, way.state)
        for other, way in others
    ):
        _knowing_what_all_know([way.state for _, way in ways], path.state)
        return ways[:1]
    return ways


def _do_the_same(outcomes: Sequence[Outcome]) -> bool:
    """Whether outcomes differ at most in what they require, and in what escapes."""
    first, *others = outcomes
    return not (first.handles or first.raised) and all(
        not (other.handles or other.raised)
        and other.result == first.result
        and other.result_truth == first.result_truth
        and other.result_negative == first.result_negative
        and other.stores == first.stores
        and other.events == first.events
        for other in others
    )


def _is_seen_anyhow(state: State, value: AbstractValue) -> bool:
    """Whether it changes nothing that others get to see a value, and what it leads to."""
    if not isinstance(value, Symbol):
        return isinstance(value, Number | Text | Status)
    place = Location(value)
    return (
        _is_visible_anyhow(value)
        and place not in state.invariants.values
        and not state.kept_in(place)
        and not any(value in handle.chain for handle in state.handles)
    )


def _are_alike(one: State, other: State) -> bool:
    return (
        one.handles == other.handles
        and all(map(_is_visible_anyhow, one.shared ^ other.shared))
        and all(map(_is_visible_anyhow, one.exposed ^ other.exposed))
        and one.environment == other.environment
        and one.objects == other.objects
        and (one.raising, one.exception) == (other.raising, other.exception)
        and (one.failed, one.failing) == (other.failed, other.failing)
    )


def _is_visible_anyhow(base: Variable | Symbol) -> bool:
    """Whether what is there can be seen from outside, or is nobody's to keep, shown or not."""
    if isinstance(base, Variable):
        return False
    return base.kind in _UNKNOWN or (base.kind == "initial" and is_global(base))


def _knowing_what_all_know(states: Sequence[State], one: State) -> State:
    """One of the states, with no more facts than all of them have, and no more that is shown."""
    one.facts = {
        term: truth
        for term, truth in one.facts.items()
        if all(state.facts.get(term) == truth for state in states)
    }
    one.exposed = frozenset.intersection(*(state.exposed for state in states))
    one.shared = frozenset.intersection(*(state.shared for state in states))
    return one
