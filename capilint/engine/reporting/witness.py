"""From defects to findings: the shortest path, its steps, and the trace that can be replayed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from capilint.engine.domain.events import Defect, Event, Origin, Role
from capilint.engine.domain.values import Symbol
from capilint.engine.fixpoint import Graph, events_to
from capilint.engine.program.classes import is_destructor, is_method
from capilint.engine.reporting.duplicates import Candidate
from capilint.engine.reporting.enders import (
    LEAKS,
    acts,
    begin_of_ender,
    closed_later,
    steps_to_ender,
    where_missing,
)
from capilint.finding import Finding, Outcome, Span, Step, TraceEvent
from capilint.rulebook.protocol import Resource
from capilint.rulebook.wording import Facts, help_text, message, name_and_severity

CALLEES = ("CAP201", "CAP202", "CAP203", "CAP301")  # what a callee may do alone
AT_CREATION = (*LEAKS, "CAP401")


@dataclass(frozen=True, slots=True)
class Witnessed:
    """A defect with all events on its shortest path."""

    defect: Defect
    events: Sequence[Event]


def shortest_witnesses(
    defects: Sequence[Defect], graph: Graph, origins: Mapping[Symbol, Origin]
) -> list[Witnessed]:
    """One witness per handle and kind of mistake, the shortest; CAP102 gives way to CAP101.

    Handles of one line of source are one, however often a front end copied the line.
    """
    before = graph.shortest()
    best: dict[tuple[object, ...], Witnessed] = {}
    for defect in defects:
        symbol = defect.symbol
        newest = Symbol(symbol.kind, symbol.site, symbol.detail)
        origin = origins.get(newest)
        key = (defect.code, newest if origin is None else (origin.span, origin.text))
        events = events_to(before, defect.node, defect.trail)
        known = best.get(key)
        if known is None or _length(defect, events) < _length(known.defect, known.events):
            best[key] = Witnessed(defect, events)
    return [
        witness
        for (code, *handle), witness in best.items()
        if not (code == "CAP102" and ("CAP101", *handle) in best)
    ]


def _length(defect: Defect, events: Sequence[Event]) -> tuple[int, int, Span]:
    failures = sum(1 for event in events if event.succeeded is False)
    return (len(events), failures, defect.span)


@dataclass(slots=True)
class Narrator:
    """Turns witnessed defects of one function into findings."""

    path: str
    function: str
    begins: int
    origins: dict[Symbol, Origin]
    texts: dict[Symbol, str]
    resources: Mapping[str, Resource]

    def tell(self, witness: Witnessed) -> Candidate:
        """The finding of a witness."""
        inside = self._inside(witness.defect, witness.events)
        return Candidate(
            self._finding(witness),
            inside,
            self.begins,
            closed_later(witness.defect, witness.events),
        )

    def _inside(self, defect: Defect, events: Sequence[Event]) -> tuple[str | Span, ...] | None:
        """The callees' places of a mistake: all in one call, or in a method and the destructor."""
        if defect.code not in CALLEES or not events or not events[-1].depth:
            return None
        if defect.code == "CAP203":
            return _place(events[-1])
        if defect.code == "CAP301":
            cause = self._owner_release(defect, events)[1]
        else:
            cause = _last_release(events, defect.symbol)
        outer = [i for i, event in enumerate(events) if event.kind == "enter" and not event.depth]
        if cause is None or not outer:
            return None
        if cause < outer[-1]:
            ended = is_destructor(events[outer[-1]].function)
            before = [events[index].function for index in outer if index <= cause]
            if before and (is_destructor(before[-1]) or not is_method(before[-1])):
                return None  # who made two objects of one handle, or ended it beside the object
            ended = ended and (defect.ender is not None or events[cause].depth > 0)
            return (*_place(events[cause]), *_place(events[-1])) if ended else None
        where = events[cause] if defect.code == "CAP301" else events[-1]
        return _place(where)

    def _finding(self, witness: Witnessed) -> Finding:
        defect, events = witness.defect, witness.events
        origin = self._origin(defect.symbol)
        handle = defect.text or (origin.text if origin else "")
        owner, release = self._owner_release(defect, events)
        resource = self.resources.get(defect.resource)
        facts = Facts(
            resource=defect.resource,
            handle=handle,
            function=defect.ender.function if defect.ender else self.function,
            creator=origin.creator if origin else _elsewhere(handle, defect.code),
            line=self._line(defect, events, origin),
            release=resource.release if resource is not None else "",
            released=resource.released if resource is not None else "destroyed",
            call=_called(events),
            owner=self._owner_text(owner),
        )
        name, severity = name_and_severity(defect.code)
        span = defect.span
        if origin is not None and defect.code in AT_CREATION:
            span = origin.span
        elif release is not None and defect.code == "CAP301":
            span = span_here(events, release)
        here = defect.ender if defect.code not in LEAKS else None
        trace, subject = Tracer().trace(events, defect)
        return Finding(
            code=defect.code,
            name=name,
            severity=severity,
            path=here.path if here is not None else self.path,
            span=span,
            function=here.function if here is not None else self.function,
            resource=defect.resource,
            handle=handle,
            message=message(defect.code, facts),
            steps=tuple(self._steps(witness, facts, owner)),
            help=help_text(defect.code, where_missing(defect, events, facts, owner)),
            trace=trace,
            subject=subject,
            ender=defect.ender.function if defect.ender is not None else "",
        )

    def _origin(self, symbol: Symbol) -> Origin | None:
        newest = Symbol(symbol.kind, symbol.site, symbol.detail)
        return self.origins.get(newest)

    def _owner_text(self, owner: Symbol | None) -> str:
        if owner is None:
            return ""
        origin = self._origin(owner)
        return origin.text if origin and origin.text else self.texts.get(owner, "")

    def _line(self, defect: Defect, events: Sequence[Event], origin: Origin | None) -> int:
        """The other line that the message speaks of."""
        if defect.code in ("CAP201", "CAP202"):
            released = _last_release(events, defect.symbol)
            if released is not None:
                return span_here(events, released).line
        if defect.code == "CAP301" and origin is not None:
            return origin.span.line
        return defect.span.line

    def _owner_release(
        self, defect: Defect, events: Sequence[Event]
    ) -> tuple[Symbol | None, int | None]:
        """The owner of the handle and the index of the event that released it."""
        owner = None
        for event in events:
            for role in event.roles:
                if role.symbol == defect.symbol and role.owner is not None:
                    owner = role.owner
        if owner is None:
            return None, None
        return owner, _last_reference(events, owner)

    # ------------------------------------------------------------ steps

    def _steps(self, witness: Witnessed, facts: Facts, owner: Symbol | None) -> list[Step]:
        defect, events = witness.defect, witness.events
        handle = facts.handle or f"the {facts.resource}"
        steps: list[Step] = []
        shown: set[tuple[str, Span]] = set()
        alive = not any(acts(event.roles, defect.symbol, "create") for event in events)
        last = len(events) - 1
        for index, event in enumerate(events[: begin_of_ender(defect, events)]):
            span = span_here(events, index)
            text = kind = ""
            if acts(event.roles, defect.symbol, "create"):
                alive, kind, text = True, "create", f"{handle} is created here"
            elif index == last and defect.code not in LEAKS and event.kind != "exit":
                continue
            elif _ends(event.roles, defect):
                alive, kind, text = False, "release", f"{handle} is {facts.released} here"
            elif alive and owner is not None and acts(event.roles, owner, "release"):
                name = facts.owner or "its context"
                kind, text = "release", f"{name} is released here, {handle} is still alive"
            elif alive and event.succeeded is False and event.depth == 0:
                kind, text = "fail", f"{event.function} fails"
            elif alive and event.kind == "raise" and defect.code == "CAP102":
                kind, text = "raise", f"{event.function} raises an exception"
            if kind and (kind != "raise" or (self.path, span) not in shown):
                shown.add((self.path, span))
                steps.append(Step(kind, self.path, span, text))
        steps += steps_to_ender(self.path, defect, events, facts, owner)
        final = self._final_step(defect, facts, handle, events)
        if final is not None:
            steps.append(final)
        return _without_repetition(steps)

    def _final_step(
        self, defect: Defect, facts: Facts, handle: str, events: Sequence[Event]
    ) -> Step | None:
        called = facts.call
        taker = "the caller" if events and events[-1].kind in ("hand-out", "show") else called
        told = defect.ender.handle if defect.ender and defect.ender.handle else handle
        kind, text = {
            "CAP101": ("leave", f"leaves with {told} alive"),
            "CAP102": ("leave", f"an exception leaves with {handle} alive"),
            "CAP103": ("lose", f"the last reference to {handle} is gone here"),
            "CAP201": ("use", f"{taker} gets the dead handle"),
            "CAP202": ("release", f"{handle} is {facts.released} again"),
            "CAP203": ("release", f"{called} does not end the life of a {facts.resource}"),
            "CAP301": ("use", f"{handle} is used or ended here, after its context"),
            "CAP402": ("release", f"{handle} may never have been set"),
            "CAP401": ("create", "nobody looks at the result"),
        }[defect.code]
        if defect.code == "CAP202" and events and events[-1].depth:
            text += f", by {called}"
        if defect.code == "CAP102" and not _leaves_by_exception(defect, events):
            text = f"leaves with {handle} alive, after an exception"
        path = defect.ender.path if defect.ender else self.path
        return Step(kind, path, defect.span, text)


def _elsewhere(handle: str, code: str) -> str:
    """Where a handle comes from that another function of the program made: one that is a member,
    or that only an object holds."""
    return "elsewhere" if "." in handle or "->" in handle or code == "CAP103" else ""


def _place(event: Event) -> tuple[str | Span, ...]:
    return event.path, event.span


def _last_release(events: Sequence[Event], symbol: Symbol) -> int | None:
    """The index of the release before the last event."""
    for index in range(len(events) - 2, -1, -1):
        if acts(events[index].roles, symbol, "release"):
            return index
    return None


def _last_reference(events: Sequence[Event], owner: Symbol) -> int | None:
    """The index of the event that gives up the owner's last reference."""
    count = 1
    for index, event in enumerate(events):
        if acts(event.roles, owner, "create"):
            count = 1
        elif acts(event.roles, owner, "retain"):
            count += event.succeeded is not False
        elif acts(event.roles, owner, "release"):
            count -= 1
            if count == 0:
                return index
    return None


def _without_repetition(steps: list[Step]) -> list[Step]:
    kept: list[Step] = []
    for step in steps:
        if step not in kept:
            kept.append(step)
    return kept


def _ends(roles: Sequence[Role], defect: Defect) -> bool:
    """Whether a call releases the defect's handle as what it is."""
    return any(
        role.symbol == defect.symbol
        and role.action == "release"
        and role.resource == defect.resource
        for role in roles
    )


def _leaves_by_exception(defect: Defect, events: Sequence[Event]) -> bool:
    return bool(events) and events[-1].kind == "raise" and events[-1].span == defect.span


def _called(events: Sequence[Event]) -> str:
    """The function of this path's last call, as this function calls it."""
    if not events:
        return ""
    for event in reversed(events):
        if event.kind == "call" and event.depth == 0:
            return event.function
        if event.kind in ("enter", "exit"):
            return event.function
    return ""


def span_here(events: Sequence[Event], index: int) -> Span:
    """Where an event happens in this function: for one inside a callee, the call."""
    for position in range(index, -1, -1):
        if events[position].depth == 0:
            return events[position].span
    return events[index].span


@dataclass(slots=True)
class Tracer:
    """Numbers the handles of a path, so that the replay needs no symbols."""

    numbers: dict[Symbol, int] = field(default_factory=dict)
    count: int = 0

    def trace(
        self, events: Sequence[Event], defect: Defect
    ) -> tuple[tuple[TraceEvent, ...], int | None]:
        """The path as the replay takes it, and the number of the defect's handle."""
        acts = [event for event in events if event.kind not in ("enter", "exit")]
        wrong = {defect.symbol: defect.resource} if defect.code == "CAP203" else {}
        traced = [self._event(event, wrong) for event in acts]
        subject = self.numbers.get(defect.symbol)
        if acts:  # a last call that destroys or uses one handle may make another of that name
            for role, (_, number) in zip(acts[-1].roles, traced[-1].handles, strict=True):
                if role.symbol == defect.symbol and role.action != "create":
                    subject = number
        if defect.code in ("CAP101", "CAP102"):
            traced.append(TraceEvent("leave", "", defect.span))
        return tuple(traced), subject

    def _event(self, event: Event, known: Mapping[Symbol, str]) -> TraceEvent:
        """A call as the model is told of it; `known` is what handles are, whatever it takes them
        for."""
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
            resources.append((number, known.get(role.symbol, role.resource)))
            if role.owner is not None:
                owners.append((number, self._number(role.owner)))
        outcome = Outcome.FAILED if event.succeeded is False else Outcome.SUCCEEDED
        return TraceEvent(
            event.kind,
            event.function,
            event.span,
            outcome,
            tuple(handles),
            tuple(resources),
            tuple(owners),
        )

    def _renew(self, symbol: Symbol) -> None:
        previous = self.numbers.pop(symbol, None)
        if previous is not None:
            self.numbers[symbol.older()] = previous

    def _number(self, symbol: Symbol) -> int:
        if symbol not in self.numbers:
            self.count += 1
            self.numbers[symbol] = self.count
        return self.numbers[symbol]
