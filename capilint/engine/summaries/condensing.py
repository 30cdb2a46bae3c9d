"""Many outcomes of a function to the few that its callers need to tell apart."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from capilint.engine.domain.escapes import CreationSite
from capilint.engine.domain.events import events_for_caller
from capilint.engine.domain.handle import Typestate, changed
from capilint.engine.domain.values import (
    ZERO,
    AbstractValue,
    Number,
    Symbol,
    Text,
    symbols_in,
)
from capilint.engine.summaries.projection import escapes_of
from capilint.engine.summaries.summary import Outcome, Summary, is_input

FEW_OUTCOMES = 8
MOST_OUTCOMES = 16
MOST_REQUIREMENTS = 8
MOST_PAIRED = 128


def condense(outcomes: list[Outcome]) -> tuple[Outcome, ...] | None:
    """One outcome per effect and requirement, or None where there are too many to be of use.

    Where they are many, only what concerns handles and the result tells them apart, or, of the
    result, whether it is zero, or what tells of a success; what escapes in one of them then escapes
    in all that are else alike.
    """
    result = _by_effect(outcomes)
    if FEW_OUTCOMES < len(result) <= MOST_PAIRED:
        result = outcomes = _without_empty_cases(result)
    if len(result) > FEW_OUTCOMES:
        result = _by_effect([_about_handles(outcome, with_result=True) for outcome in outcomes])
    if len(result) > MOST_OUTCOMES:
        answer = _success(outcomes)
        told = [_about_handles(each, each.result == answer) for each in outcomes]
        result = _by_effect(told)
        if answer is not None and len(result) > MOST_OUTCOMES:
            told = [_about_handles(each, with_result=False) for each in outcomes]
            result = _by_effect(told)
        outcomes = told
    if len(result) > MOST_OUTCOMES:
        result = _by_effect(_escaping_alike(outcomes))
    return tuple(map(_for_caller, result)) if len(result) <= MOST_OUTCOMES else None


def _success(outcomes: Sequence[Outcome]) -> Number | Text | None:
    """What is returned wherever the caller gets most: `CKR_OK`, whatever number that is."""
    most = max(each.gives for each in outcomes)
    answers = {each.result for each in outcomes if each.gives == most}
    answer = answers.pop() if len(answers) == 1 and most else None
    return answer if isinstance(answer, Number | Text) else None


def _without_empty_cases(outcomes: list[Outcome]) -> list[Outcome]:
    """The outcomes without those that only lack an input's release since the input is zero: to
    release it does nothing then, so that the one stands for the other.

        h is 0                                    }
        h is not 0:   h destroyed, maybe cleared  }   h destroyed, maybe cleared
    """
    count = len(outcomes) + 1
    while len(outcomes) < count:  # one that stands for another may stand for a third
        count = len(outcomes)
        for symbol in dict.fromkeys(each for one in outcomes for each in _released_inputs(one)):
            outcomes = _without_empty_case(outcomes, symbol)
    return outcomes


def _without_empty_case(outcomes: list[Outcome], symbol: Symbol) -> list[Outcome]:
    empty: dict[tuple[object, ...], list[Outcome]] = {}
    for outcome in outcomes:
        if (symbol, False) in outcome.requires:
            empty.setdefault(_apart_from(outcome, symbol), []).append(outcome)
    if not empty:
        return outcomes
    kept: list[Outcome] = []
    dropped: set[int] = set()
    for outcome in outcomes:
        stands_for: tuple[Outcome, ...] = ()
        if symbol in _released_inputs(outcome):
            stands_for = tuple(empty.get(_apart_from(outcome, symbol), ()))
        dropped.update(map(id, stands_for))
        if stands_for:
            requires = tuple(each for each in outcome.requires if not _is_about(each, symbol))
            outcome = replace(outcome, requires=requires, parted=None)
        kept.append(outcome)
    return [each for each in kept if id(each) not in dropped]


def _released_inputs(outcome: Outcome) -> list[Symbol]:
    return [
        symbol
        for symbol, handle in outcome.handles
        if not handle.made and handle.typestate is Typestate.DESTROYED
    ]


def _is_about(requirement: tuple[AbstractValue, bool], symbol: Symbol) -> bool:
    return symbols_in(requirement[0]) == (symbol,)


def _apart_from(outcome: Outcome, symbol: Symbol) -> tuple[object, ...]:
    """All that an outcome does and requires but for one of the inputs."""
    return (
        outcome.raised,
        outcome.exception,
        outcome.result,
        outcome.result_truth,
        outcome.result_negative,
        frozenset(each for each in outcome.stores if each != (symbol.detail, ZERO)),
        frozenset(each for each in outcome.handles if each[0] != symbol),
        frozenset(outcome.escapes),
        frozenset(each for each in outcome.requires if not _is_about(each, symbol)),
    )


def _escaping_alike(outcomes: list[Outcome]) -> list[Outcome]:
    """The outcomes, each with what escapes in any of those that differ in nothing else."""
    groups: dict[tuple[object, ...], list[Outcome]] = {}
    for outcome in outcomes:
        groups.setdefault(replace(outcome, escapes=()).effect(), []).append(outcome)
    return [
        replace(outcome, escapes=escapes)
        for group in groups.values()
        for escapes in [tuple(dict.fromkeys(part for each in group for part in each.escapes))]
        for outcome in group
    ]


def _for_caller(outcome: Outcome) -> Outcome:
    """An outcome with those of its events that concern the caller."""
    handed_out = {symbol for symbol, _ in outcome.handles}
    events = events_for_caller(
        outcome.events, lambda symbol: symbol in handed_out or is_input(symbol)
    )
    return replace(outcome, events=events)


def _by_effect(outcomes: list[Outcome]) -> list[Outcome]:
    groups: dict[tuple[object, ...], list[Outcome]] = {}
    for outcome in outcomes:
        group = groups.setdefault(outcome.effect(), [])
        same = next((known for known in group if known.requires == outcome.requires), None)
        if same is None:
            group.append(outcome)
        elif len(outcome.events) < len(same.events):
            group[group.index(same)] = outcome
    result: list[Outcome] = []
    for group in groups.values():
        result += [_weaken(group)] if len(group) > MOST_REQUIREMENTS else _implied_away(group)
    return result


def _about_handles(outcome: Outcome, with_result: bool) -> Outcome:
    """An outcome in which all but handles and the result, or its being zero, is unknown."""
    made = {symbol for symbol, handle in outcome.handles if handle.made} | outcome.memory

    def kept(value: AbstractValue) -> bool:
        return value == ZERO or any(symbol in made for symbol in symbols_in(value))

    stores = tuple(
        (location, value if kept(value) else Symbol("result", "callee", location))
        for location, value in outcome.stores
    )
    result, truth = outcome.result, outcome.result_truth
    fixed = isinstance(result, Number | Text) or (isinstance(result, Symbol) and is_input(result))
    if result is not None and not kept(result) and not (with_result and fixed):
        truth = result.value != 0 if isinstance(result, Number) else truth
        result = Symbol("result", "callee")
    handles = tuple((symbol, changed(handle, used=False)) for symbol, handle in outcome.handles)
    dropped = [part for _, value in outcome.stores if not kept(value) for part in symbols_in(value)]
    return replace(
        outcome,
        stores=stores,
        result=result,
        result_truth=truth,
        handles=handles,
        escapes=escapes_of((*outcome.escapes, *dropped), []),
    )


def _weaken(group: list[Outcome]) -> Outcome:
    common = set(group[0].requires)
    for outcome in group[1:]:
        common &= set(outcome.requires)
    return replace(group[0], requires=tuple(common), parted=None)


def _implied_away(group: list[Outcome]) -> list[Outcome]:
    """Drop the outcomes whose requirements include those of another with the same effect."""
    kept: list[Outcome] = []
    for outcome in sorted(group, key=lambda candidate: len(candidate.requires)):
        requires = set(outcome.requires)
        if not any(set(known.requires) <= requires for known in kept):
            kept.append(outcome)
    return kept


def united(summaries: Sequence[Summary | None]) -> Summary | None:
    """One summary for functions of one name of which the build takes one."""
    known = [summary for summary in summaries if summary is not None]
    if not known or len(known) < len(summaries):
        return None
    first = known[0]
    if any(summary.parameters != first.parameters for summary in known):
        return None
    outcomes = condense([outcome for summary in known for outcome in summary.outcomes])
    if outcomes is None:
        return None
    sites: dict[Symbol, list[CreationSite]] = {}
    for summary in known:
        for symbol, found in summary.sites.items():
            sites.setdefault(symbol, []).extend(found)
    return replace(
        first,
        outcomes=outcomes,
        opaque=any(summary.opaque for summary in known),
        searched=first.searched.union(*(summary.searched for summary in known)),
        sites=sites,
        shared={symbol: cause for summary in known for symbol, cause in summary.shared.items()},
    )
