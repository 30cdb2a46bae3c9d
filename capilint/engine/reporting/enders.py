"""The end of a leak's path that lies in another function: the one that ends the handle's object.

digest_open  ──► create d->hash ──► leave      the function that the finding is in
                                    │
digest_close ◄──────────────────────┘          its ender: releases the rest, and leaves
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace

from capilint.engine.domain.events import Defect, Event, Role
from capilint.engine.domain.values import Symbol
from capilint.engine.reporting.happened import Events
from capilint.finding import Span, Step
from capilint.rulebook.wording import Facts

LEFT = ("CAP101", "CAP102")  # alive where the function is left
LEAKS = (*LEFT, "CAP103")


def acts(roles: Sequence[Role], symbol: Symbol, action: str) -> bool:
    """Whether a call does something to a handle."""
    return any(role.symbol == symbol and role.action == action for role in roles)


def begin_of_ender(defect: Defect, events: Sequence[Event]) -> int:
    """Where the events in the function begin that ends an object instead of the handle."""
    if defect.ender is None or defect.code not in LEAKS:
        return len(events)
    own = (
        index
        for index, event in enumerate(events)
        if event.kind == "enter" and not event.depth and event.function == defect.ender.function
    )
    return max(own, default=len(events))


def steps_to_ender(
    path: str, defect: Defect, events: Sequence[Event], facts: Facts, owner: Symbol | None
) -> Iterator[Step]:
    """Where a function of the file at `path` leaves a handle, and what its ender ends instead."""
    ender = defect.ender
    if ender is None:
        return
    if defect.code not in LEAKS:
        yield from _way_to_ender(events)
        return
    if ender.given is not None:
        how = "it stays" if ender.stays else "the caller gets it"
        yield Step("leave", path, ender.given, f"{how} in {facts.handle}")
    for event, of_owner in _releases_inside(events[begin_of_ender(defect, events) :], owner):
        text = f"{ender.function} releases another member here"
        if of_owner:
            text = f"{facts.owner or 'its context'} is released here, {facts.handle} is not"
        yield Step("release", event.path, event.span, text)


def _way_to_ender(events: Sequence[Event]) -> Iterator[Step]:
    """By which call of a destructor's a method is reached that does more than its own part."""
    if not events or events[-1].depth < 2:
        return
    begin = [n for n, each in enumerate(events) if each.kind == "enter" and not each.depth][-1:]
    inside = (each for n in begin for each in events[n + 1 :] if each.kind == "enter")
    called = next(inside, None)
    if called is not None:
        text = f"{events[begin[0]].function} calls {called.function}"
        yield Step("call", called.path, called.span, text)


def where_missing(
    defect: Defect, events: Sequence[Event], facts: Facts, owner: Symbol | None
) -> Facts:
    """The facts where the release is missing: in an ender before that of the owner."""
    if defect.ender is None or defect.code not in LEAKS:
        return facts
    releases = _releases_inside(events[begin_of_ender(defect, events) :], owner)
    line = next((event.span.line for event, of_owner in releases if of_owner), facts.line)
    return replace(facts, handle=defect.ender.handle or facts.handle, line=line)


def closed_later(defect: Defect, events: Events) -> frozenset[tuple[str, Span, str]]:
    """The places in callees that made a leaked handle, each with each function called later, and
    with none."""
    if defect.code not in LEAKS or defect.ender is not None or not events.enters:
        return frozenset()
    open_calls: list[Event] = []
    places: set[tuple[str, Span]] = set()
    later: set[str] = set()
    for event in events:
        if event.kind == "enter":
            open_calls.append(event)
            later.add(event.function)
        elif event.kind == "exit" and open_calls:
            open_calls.pop()
        elif acts(event.roles, defect.symbol, "create"):
            around = [each for each in (*open_calls, event) if each.depth]
            places, later = {(each.path, each.span) for each in around}, set()
    return frozenset((*place, name) for place in places for name in (*later, ""))


def _releases_inside(events: Sequence[Event], owner: Symbol | None) -> Iterator[tuple[Event, bool]]:
    """A called function's events in which something is released, and whether that is the owner."""
    inside: Event | None = None
    for event in events:
        inside = event if event.depth == 1 and event.kind != "exit" else inside
        if inside is not None and any(role.action == "release" for role in event.roles):
            yield inside, owner is not None and acts(event.roles, owner, "release")
