"""From defects to findings: the shortest path, its steps, and the trace that can be replayed."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace

from capilint.engine.checks.closing_calls import Held
from capilint.engine.domain.events import Defect, Event, Origin
from capilint.engine.domain.handle import MEMORY
from capilint.engine.domain.values import Location, Symbol
from capilint.engine.program.classes import is_destructor, is_method
from capilint.engine.reporting.choosing import Witnessed
from capilint.engine.reporting.duplicates import Candidate
from capilint.engine.reporting.enders import (
    LEAKS,
    acts,
    closed_later,
    where_missing,
)
from capilint.engine.reporting.happened import Events
from capilint.engine.reporting.routes import route
from capilint.engine.reporting.steps import Story
from capilint.engine.reporting.tracing import Tracer
from capilint.engine.summaries.summary import is_global
from capilint.finding import Finding, Severity, Span, Step
from capilint.ir import Function
from capilint.rulebook.protocol import Protocol, Resource
from capilint.rulebook.wording import Facts, help_text, message, name_and_severity

CALLEES = ("CAP201", "CAP202", "CAP203", "CAP301")  # what a callee may do alone
AT_CREATION = (*LEAKS, "CAP401")


@dataclass(slots=True)
class Narrator:
    """Turns witnessed defects of one function into findings.

    What is alive where the process ends with the function is remarked on, and no more. `own` are
    the user's functions. `routes` says whether findings have theirs: in a long function with many
    leaks they are long, and only a picture of the path shows them.
    """

    path: str
    function: Function
    ends_process: bool
    origins: dict[Symbol, Origin]
    texts: dict[Symbol, str]
    resources: Mapping[str, Resource]
    own: Mapping[str, Protocol]
    quoted: Callable[[str, Span], str]
    held: Callable[[Symbol], Held | None]
    routes: bool
    _tracer: Tracer = field(default_factory=Tracer)

    def tell(self, witness: Witnessed) -> Candidate:
        """The finding of a witness."""
        defect, events = witness.defect, witness.events
        leaked = defect.code in LEAKS and defect.ender is None
        return Candidate(
            self._finding(witness),
            self._inside(defect, events),
            self.function.span.line,
            closed_later(defect, events),
            _around(events, self._owner_release(defect, events)[1]),
            self.held(defect.symbol) if leaked else None,
            _two_calls(defect, events),
            defect.unended,
        )

    def _inside(self, defect: Defect, events: Events) -> tuple[str | Span, ...] | None:
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
        return _place(_in_common(events, cause) if defect.code == "CAP301" else events[-1])

    def _finding(self, witness: Witnessed) -> Finding:
        defect, events = witness.defect, witness.events
        origin = self._origin(defect.symbol)
        handle = defect.text or (origin.text if origin else "")
        owner, release = self._owner_release(defect, events)
        freed = _freed_by(events, release)
        facts = replace(
            self._facts(defect, events, origin, handle),
            owner=self._owner_text(owner),
            owned_by="context" if freed is None else MEMORY,
            ended={None: "released", "": "gone"}.get(freed, "freed"),
        )
        name, severity = name_and_severity(defect.code)
        span = defect.span
        if origin is not None and defect.code in AT_CREATION:
            span = origin.span
        elif release is not None and defect.code == "CAP301":
            span = events.span_here(release)
        at_exit = self.ends_process and defect.code == "CAP101"
        here = defect.ender if defect.code not in LEAKS else None
        trace, subject = self._tracer.trace(events, defect)
        return Finding(
            code=defect.code,
            name=name,
            severity=Severity.NOTE if at_exit else severity,
            path=here.path if here is not None else self.path,
            span=span,
            function=here.function if here is not None else self.function.name,
            resource=defect.resource,
            handle=handle,
            message=message(defect.code, facts, at_exit),
            steps=tuple(Story(self.path, self.quoted, witness, facts, owner).steps()),
            also=self._also(witness, handle),
            help=help_text(defect.code, where_missing(defect, events, facts, owner)),
            merged=witness.merged,
            assumed=events.assumes,
            trace=trace,
            subject=subject,
            ender=defect.ender.function if defect.ender is not None else "",
            ender_handle=defect.ender.handle if defect.ender is not None else "",
            route=route(self.function, self.path, witness, release) if self.routes else (),
        )

    def _facts(self, defect: Defect, events: Events, origin: Origin | None, handle: str) -> Facts:
        """What the words of a finding need of the handle itself."""
        resource = self.resources.get(defect.resource)
        return Facts(
            resource=defect.resource,
            handle=handle,
            function=defect.ender.function if defect.ender else self.function.name,
            creator=origin.creator if origin else _elsewhere(handle, defect),
            line=self._line(defect, events, origin),
            release=self._release(defect, origin),
            released=resource.released if resource is not None else "destroyed",
            call=_called(events),
        )

    def _release(self, defect: Defect, origin: Origin | None) -> str:
        """The function that ends the handle: the user's, where one of the user's made it."""
        if origin is not None and origin.creator in self.own:
            for name, protocol in self.own.items():
                if defect.resource in protocol.releases.values():
                    return name
        kinds = (defect.resource, *(origin.alternatives if origin is not None else ()))
        known = (self.resources.get(kind) for kind in kinds)
        return " or ".join(each.release for each in known if each is not None)

    def _also(self, witness: Witnessed, handle: str) -> tuple[Step, ...]:
        """The other places where the function leaves a handle alive or loses it, and where it makes
        it, in their order."""
        if witness.defect.code not in LEAKS or witness.defect.ender is not None:
            return ()
        texts = {
            "CAP101": ("leave", f"also leaves with {handle} alive"),
            "CAP102": ("leave", f"also leaves with {handle} alive, by an exception"),
            "CAP103": ("lose", f"the last reference to {handle} is gone here, too"),
        }
        places = {each.span: texts[each.code] for each in witness.others}
        made = ("create", f"{handle} may be created here instead")
        origins = (self._origin(each.symbol) for each in witness.instead)
        places.update((origin.span, made) for origin in origins if origin is not None)
        return tuple(
            Step(kind, self.path, span, text) for span, (kind, text) in sorted(places.items())
        )

    def _origin(self, symbol: Symbol) -> Origin | None:
        newest = Symbol(symbol.kind, symbol.site, symbol.detail)
        return self.origins.get(newest)

    def _owner_text(self, owner: Symbol | None) -> str:
        if owner is None:
            return ""
        origin = self._origin(owner)
        text = origin.text if origin and origin.text else self.texts.get(owner, "")
        return "" if text.startswith("%") else text  # of what no variable was given

    def _line(self, defect: Defect, events: Events, origin: Origin | None) -> int:
        """The other line that the message speaks of."""
        if defect.code in ("CAP201", "CAP202"):
            released = _last_release(events, defect.symbol)
            if released is not None:
                return events.span_here(released).line
        if defect.code == "CAP301" and origin is not None:
            return origin.span.line
        return defect.span.line

    def _owner_release(self, defect: Defect, events: Events) -> tuple[Symbol | None, int | None]:
        """The owner of the handle and the index of the event that released it."""
        for number in reversed(events.about(defect.symbol)):
            for role in reversed(events[number].roles):
                if role.symbol is defect.symbol and role.owner is not None:
                    return role.owner, _last_reference(events, role.owner)
        return None, None


def _elsewhere(handle: str, defect: Defect) -> str:
    """Where a handle comes from that another function of the program made: one that is a member,
    or in a variable of the file, or that only an object holds."""
    place = defect.symbol.detail
    member = isinstance(place, Location) and (
        is_global(place.base) or any(each.startswith(".") for each in place.path)
    )
    shown = "." in handle or "->" in handle
    return "another function" if member or shown or defect.code == "CAP103" else ""


def _place(event: Event) -> tuple[str | Span, ...]:
    return event.path, event.span


def _in_common(events: Sequence[Event], cause: int) -> Event:
    """The event in the callee in which both an earlier one and the last one happen, that the
    earlier one is, or is inside of."""
    depth = min(event.depth for event in events[cause:])
    return next(each for each in reversed(events[: cause + 1]) if each.depth <= depth)


def _two_calls(defect: Defect, events: Events) -> tuple[Span, Span] | None:
    """The two calls in which callees release the handle of a second release."""
    cause = _last_release(events, defect.symbol) if defect.code == "CAP202" else None
    if cause is None or not events[cause].depth or not events[-1].depth:
        return None
    first, second = events.span_here(cause), events.span_here(len(events) - 1)
    return (first, second) if first != second else None


def _around(events: Sequence[Event], index: int | None) -> tuple[tuple[str, Span], ...]:
    """The calls that callees make around an event."""
    calls: list[Event] = []
    for event in events[: index or 0]:
        if event.kind == "enter":
            calls.append(event)
        elif event.kind == "exit" and calls:
            calls.pop()
    return tuple((each.path, each.span) for each in calls[1:])


def _last_release(events: Events, symbol: Symbol) -> int | None:
    """The index of the release before the last event."""
    last = len(events) - 1
    for index in reversed(events.changing(symbol)):
        if index < last and acts(events[index].roles, symbol, "release"):
            return index
    return None


def _last_reference(events: Events, owner: Symbol) -> int | None:
    """The index of the event that gives up the owner's last reference."""
    count = 1
    for index in events.changing(owner):
        event = events[index]
        actions = [role.action for role in event.roles if role.symbol is owner]
        if "create" in actions:
            count = 1
        elif "retain" in actions:
            count += event.succeeded is not False
        elif "free" in actions:
            return index
        elif "release" in actions:
            count -= 1
            if count == 0:
                return index
    return None


def _freed_by(events: Sequence[Event], release: int | None) -> str | None:
    """The function that frees the memory which an owner is, empty where its scope ends; None where
    it is a handle."""
    event = events[release] if release is not None else None
    return event.function if event is not None and event.kind == "free" else None


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
