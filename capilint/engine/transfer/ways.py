"""A call site, and the ways on after it."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import NamedTuple

from capilint.engine.domain.events import Path
from capilint.engine.domain.handle import changed
from capilint.engine.domain.state import CAUGHT, State
from capilint.engine.program.liveness import Liveness
from capilint.ir import Call, Variable


class Continuation(NamedTuple):
    """A way on after a call; `raised` where an exception comes out of it."""

    path: Path
    raised: bool = False


@dataclass(frozen=True, slots=True)
class Site:
    """A call at a place in the code; `last_reads` are the variables that only it still reads."""

    key: object
    call: Call
    result_is_read: bool
    last_reads: frozenset[Variable] = frozenset()


@dataclass(slots=True)
class Sites:
    """The sites of one function's calls, each the same for all states that come there."""

    liveness: Liveness
    known: dict[tuple[int, int], Site] = field(default_factory=dict)

    def of(self, call: Call, key: tuple[int, int]) -> Site:
        """The site of a call."""
        site = self.known.get(key)
        if site is None:
            last_reads = self.liveness.last_reads.get(key, frozenset())
            site = self.known[key] = Site(key, call, key not in self.liveness.unread, last_reads)
        return site


def age_doubts(state: State, site: object) -> None:
    """A call is made anew: what nobody settled about its last outcome stays open for good."""
    for symbol, handle in list(state.handles.items()):
        if handle.doubt == site:
            state.handles[symbol] = changed(handle, doubt=("past", site))


def raise_from(path: Path, certainty: str, exception: str = "") -> Continuation:
    """An exception leaves here: mark what lives, so that a leak can be told as CAP102.

    `certainty` is CERTAIN, or POSSIBLE where unknown code may raise; `exception` is the
    name of its class, where that is known.
    """
    state = path.state
    if not state.raising or state.raising.startswith(CAUGHT):
        state.count_exception()
    state.raising = certainty
    state.exception = exception
    for symbol, handle in list(state.handles.items()):
        if not handle.raised and handle.owed:
            state.handles[symbol] = changed(handle, raised=True)
    return Continuation(path, raised=True)
