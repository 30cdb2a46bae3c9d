"""Leaks that hang on a failed release: nobody has to reckon with one.

if (!CryptDestroyKey(first))        it fails for a handle that is none, and what would one do
    return FALSE;                   about it? That second is alive there is no mistake
CryptDestroyKey(second);
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import chain

from capilint.engine.domain.escapes import newest
from capilint.engine.domain.events import Defect, Event
from capilint.engine.domain.values import Symbol
from capilint.engine.fixpoint import Graph
from capilint.engine.reporting.enders import LEFT
from capilint.engine.reporting.happened import Events


def asks_for_releases(defects: Sequence[Defect], graph: Graph) -> bool:
    """Whether a function asks of any release whether it failed, on the ways to some defects."""
    seen: set[int] = set()
    trails = chain(
        (defect.trail for defect in defects), (trail for ways in graph.ways for _, trail in ways)
    )
    for trail in trails:
        while trail is not None and id(trail) not in seen:  # trails share what they begin with
            if _is_failed_release(trail.event):
                return True
            seen.add(id(trail))
            trail = trail.before
    return False


def failed_release(defect: Defect, events: Events) -> int | None:
    """The number of the event on a path to a leak that is the last answer of a call on it, where
    that is the failed release of another handle."""
    if defect.code not in LEFT or defect.ender is not None:
        return None
    last = events.answers[-1] if events.answers else None
    if last is None or not _is_failed_release(events[last], defect.symbol):
        return None
    return last


def outermost(events: Sequence[Event], number: int) -> int:
    """The number of the event where the function itself calls what an event happens in."""
    if not events[number].depth:
        return number
    return next(n for n in range(number, -1, -1) if not events[n].depth)


def _is_failed_release(event: Event, but: Symbol | None = None) -> bool:
    return event.succeeded is False and any(
        role.action == "release" and (but is None or newest(role.symbol) != newest(but))
        for role in event.roles
    )
