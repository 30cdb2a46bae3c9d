"""The calls of a path as the replay takes them: handles are numbers there, and no symbols.

create a ── create b ── release a ── leave      a: 1, b: 2

Many defects of one function lie on one path, or on the same one further along.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from capilint.engine.domain.events import Defect, Event
from capilint.engine.domain.values import Symbol
from capilint.engine.reporting.enders import LEFT
from capilint.finding import Outcome, TraceEvent

_UNTOLD = frozenset(("enter", "exit", "branch", "end", "free"))


@dataclass(slots=True)
class Tracer:
    """Traces paths of one function; what a path has in common with the last one is kept."""

    _path: _Numbered = field(default_factory=lambda: _Numbered({}))

    def trace(
        self, events: Sequence[Event], defect: Defect
    ) -> tuple[tuple[TraceEvent, ...], int | None]:
        """The path as the replay takes it, and the number of the defect's handle."""
        acts = [event for event in events if event.kind not in _UNTOLD]
        if defect.code == "CAP203":
            path = _Numbered({defect.symbol: defect.resource})
        else:
            common = min(len(acts), len(self._path.acts))
            if acts[:common] != self._path.acts[:common]:
                self._path = _Numbered({})
            path = self._path
        for event in acts[len(path.acts) :]:
            path.add(event)
        subject = path.number_after(len(acts), defect.symbol)
        traced = path.traced[: len(acts)]
        if acts:  # a last call that destroys or uses one handle may make another of that name
            for role, (_, number) in zip(acts[-1].roles, traced[-1].handles, strict=True):
                if role.symbol == defect.symbol and role.action != "create":
                    subject = number
        if defect.code in LEFT:
            traced.append(TraceEvent("leave", "", defect.span))
        return tuple(traced), subject


@dataclass(slots=True)
class _Numbered:
    """A path, event by event; `known` is what handles are, whatever a call takes them for.

    `history` has for each symbol the events after which it has another number, and that.
    """

    known: Mapping[Symbol, str]
    acts: list[Event] = field(default_factory=list)
    traced: list[TraceEvent] = field(default_factory=list)
    numbers: dict[Symbol, int] = field(default_factory=dict)
    history: dict[Symbol, list[tuple[int, int | None]]] = field(default_factory=dict)
    count: int = 0

    def number_after(self, length: int, symbol: Symbol) -> int | None:
        """The number of a handle once that many events have happened."""
        history = self.history.get(symbol, ())
        before = bisect_left(history, length, key=lambda each: each[0])
        return history[before - 1][1] if before else None

    def add(self, event: Event) -> None:
        """Go on to an event."""
        handles: list[tuple[str, int]] = []
        resources: list[tuple[int, str]] = []
        owners: list[tuple[int, int]] = []
        for role in event.roles:
            if role.owner is not None:
                self._number(role.owner)
            if role.action == "create":
                self._renew(role.symbol)
            number = self._number(role.symbol)
            handles.append((role.parameter, number))
            resources.append((number, self.known.get(role.symbol, role.resource)))
            if role.owner is not None:
                owners.append((number, self._number(role.owner)))
        outcome = Outcome.FAILED if event.succeeded is False else Outcome.SUCCEEDED
        traced = TraceEvent(
            event.kind,
            event.function,
            event.span,
            outcome,
            tuple(handles),
            tuple(resources),
            tuple(owners),
        )
        self.acts.append(event)
        self.traced.append(traced)

    def _renew(self, symbol: Symbol) -> None:
        previous = self.numbers.pop(symbol, None)
        if previous is not None:
            self._note(symbol.older(), previous)
            self.history[symbol].append((len(self.acts), None))

    def _number(self, symbol: Symbol) -> int:
        known = self.numbers.get(symbol)
        if known is None:
            self.count += 1
            known = self._note(symbol, self.count)
        return known

    def _note(self, symbol: Symbol, number: int) -> int:
        self.numbers[symbol] = number
        self.history.setdefault(symbol, []).append((len(self.acts), number))
        return number
