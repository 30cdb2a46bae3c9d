"""What parts the ways through a function that end a handle from those that do not.

static void end_key(HCRYPTKEY k, int force)
{
    if (!force)              `!force` is true   ── k is spared
        return;              `!force` is false  ── k is destroyed
    CryptDestroyKey(k);
}
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from typing import NamedTuple

from capilint.engine.domain.events import Event
from capilint.engine.domain.values import Symbol
from capilint.engine.summaries.projection import project
from capilint.engine.summaries.summary import Exit, Outcome, is_input

MOST_WAYS = 64  # each is compared with all others


class _Way(NamedTuple):
    """A way through a function: its branches, the caller's handles that it ends, and the last
    branch of that kind in a function that it calls."""

    outcome: Outcome
    branches: Sequence[Event]
    ended: frozenset[Symbol]
    inside: Event | None


def outcomes_of(exits: Iterable[tuple[Exit, Sequence[Event]]], with_parts: bool) -> list[Outcome]:
    """The exits, each with the events that lead to it, as the caller sees them; see `project`.

    Of those between which one handle's end lies, `parted` is the branch that decides it.
    """
    ways = []
    for exit_, events in exits:
        done = tuple(event for event in events if event.at is None)
        outcome = project(replace(exit_, events=done), with_parts)
        branches = [event for event in events if event.kind == "branch"]
        inside = next((event.parted for event in reversed(done) if event.parted), None)
        ways.append(_Way(outcome, branches, _ended(done), inside))
    if len(ways) > MOST_WAYS or len({way.ended for way in ways}) < 2:
        return [way.outcome for way in ways]
    return [replace(way.outcome, parted=_parted(way, ways)) for way in ways]


def _ended(events: Iterable[Event]) -> frozenset[Symbol]:
    return frozenset(
        role.symbol
        for event in events
        for role in event.roles
        if role.action == "release" and is_input(role.symbol)
    )


def _parted(way: _Way, ways: Iterable[_Way]) -> Event | None:
    """The last branch at which another way, that differs in one handle's end, goes elsewhere:
    its own, or that of a function that it calls."""
    others = [
        (other, other.ended ^ way.ended)
        for other in ways
        if other.ended != way.ended and not _lacks_what_it_spares(way, other)
    ]
    handles = {symbol for _, differing in others for symbol in differing}
    if len(handles) != 1:
        return None
    numbers = [_first_difference(way.branches, other.branches) for other, _ in others]
    last = max(numbers, default=-1)
    return way.branches[last] if last >= 0 else way.inside


def _lacks_what_it_spares(one: _Way, other: _Way) -> bool:
    """Whether there is no handle where one of the two does not end it."""
    return any(
        (symbol, False) in way.outcome.requires
        for way, ends in ((one, other.ended), (other, one.ended))
        for symbol in ends - way.ended
    )


def _first_difference(one: Sequence[Event], other: Sequence[Event]) -> int:
    """The number of the first branch that goes the other way, -1 where there is none."""
    for number, (mine, others) in enumerate(zip(one, other, strict=False)):
        if mine.at is not others.at:
            return -1
        if mine.way != others.way:
            return number
    return -1
