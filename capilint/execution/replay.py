"""The second opinion: a finding's witness is replayed on the runtime model.

    Finding.trace ──► Machine ──events──► Monitor ──► the same code on the same handle?

A handle that the trace did not create is given to the machine with its owner, every call is
made with the outcome that the witness says, and what only the program knows (a lost reference,
a handle handed out, the function's end) is told to the monitor.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from functools import lru_cache, partial

from capilint.finding import Confirmed, Finding, Outcome, TraceEvent
from capilint.model import Machine, Monitor, UnknownFunction
from capilint.model.events import NoticeKind, Role
from capilint.model.machine import signature_of
from capilint.model.signature import Parameter
from capilint.rulebook.protocol import Resource

# The monitor has no word of its own for an exception: the handle is leaked, or lost in a loop.
_MONITORS = {"CAP102": ("CAP101", "CAP103")}
_ABOUT_HANDLES = frozenset(["CAP101", "CAP102", "CAP103", "CAP201", "CAP202", "CAP203", "CAP301"])
_RETURN = "return"
MOST_EVENTS = 20_000  # of one file; each takes some 50 microseconds
FEW_TRACES = 8  # that many runs are kept, for other handles of the same path


def confirm(findings: Iterable[Finding], resources: Mapping[str, Resource]) -> list[Finding]:
    """The findings, each with `confirmed` set by its replay: None where that fails, and for those
    of a file behind so many that to replay them all would take too long."""
    followed = lru_cache(FEW_TRACES)(partial(_followed, resources))
    replayed: Counter[str] = Counter()
    confirmed = []
    for finding in findings:
        opinion: Confirmed = None
        if replayed[finding.path] < MOST_EVENTS:
            runs = followed.cache_info().misses
            opinion = _opinion(finding, resources, followed)
            if followed.cache_info().misses > runs:
                replayed[finding.path] += len(finding.trace)
        confirmed.append(replace(finding, confirmed=opinion))
    return confirmed


def _opinion(
    finding: Finding, resources: Mapping[str, Resource], followed: _Following
) -> Confirmed:
    try:
        return _verdict(finding, resources, followed)
    except Exception:  # an error of the model's costs its opinion, not the finding
        return None


def _followed(
    resources: Mapping[str, Resource], trace: tuple[TraceEvent, ...], owned: frozenset[int]
) -> _Replay | None:
    """The run of a trace up to its end; None where the model lacks one of its functions."""
    run = _Replay(resources, owned)
    try:
        for event in trace:
            run.step(event)
    except UnknownFunction:
        return None
    return run


def _verdict(
    finding: Finding, resources: Mapping[str, Resource], followed: _Following
) -> Confirmed:
    """Whether the monitor says the same; None where the model has no opinion.

    Handles that one path leaves share its run, unless the end of one of them belongs to it.
    """
    resource = resources.get(finding.resource)
    if finding.code not in _ABOUT_HANDLES or resource is None or not resource.modelled:
        return None
    if finding.subject is None:
        return False
    run = followed(finding.trace, _owned(finding))
    if run is not None and finding.subject in run.objects:
        run = _followed(resources, finding.trace, _owned(finding))
    if run is None:
        return None
    run.end(finding.subject)
    if not run.agrees(finding):
        return False
    if finding.merged:
        return None
    return "calls" if finding.assumed else True


def transcript(finding: Finding, resources: Mapping[str, Resource]) -> list[str]:
    """The replay of a finding in words: each event, the handles in it, what the monitor says.

    Handles have the trace's numbers and, where they come to be, the machine's values.
    """
    verdict = _verdict(finding, resources, partial(_followed, resources))
    if verdict is None or finding.subject is None:
        return ["the model has no opinion of it"]
    run = _Replay(resources, _owned(finding))
    lines = [line for event in finding.trace for line in _step_lines(run, event)]
    said = len(run.monitor.verdicts)
    run.end(finding.subject)
    lines += run.sayings(said)
    agreed = "the monitor agrees" if verdict else "the monitor does not agree"
    return [*lines, f"{agreed}: {finding.code} of handle {finding.subject}"]


def _step_lines(run: _Replay, event: TraceEvent) -> list[str]:
    """Carry out an event, and tell of it."""
    known, said = set(run.handles), len(run.monitor.verdicts)
    run.step(event)
    made = _made(event)
    lines = [
        f"before   handle {number} exists, {handle:#x}"
        for number, handle in run.handles.items()
        if number not in known and number not in made
    ]
    place = f"{event.span.line}:{event.span.column}"
    return [*lines, f"{place:<8} {_event_text(run, event, made)}", *run.sayings(said)]


def _event_text(run: _Replay, event: TraceEvent, made: Mapping[int, str]) -> str:
    if event.kind != "call":
        return " ".join([event.kind, *(f"handle {number}" for _, number in event.handles)])
    ended = "succeeds" if event.outcome is Outcome.SUCCEEDED else "fails"
    roles = [
        f"{name} makes handle {number}, {run.handles[number]:#x}"
        if number in made
        else f"{name} is handle {number}"
        for name, number in event.handles
    ]
    return f"{event.function} {ended}: {', '.join(roles)}"


@dataclass(slots=True)
class _Replay:
    """One run of the model. `handles` maps the trace's numbers to the machine's handles.

    `objects` are the numbers of handles that Python objects own: those that a call returned
    instead of writing them somewhere. Their destructors end them. `owned` are handles that have to
    be released here, also where the trace does not create them.
    """

    resources: Mapping[str, Resource]
    owned: frozenset[int]
    machine: Machine = field(default_factory=Machine)
    monitor: Monitor = field(default_factory=Monitor)
    handles: dict[int, int] = field(default_factory=dict)
    objects: dict[int, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.machine.observers.append(self.monitor)

    def step(self, event: TraceEvent) -> None:
        """Replay one event of a trace. Raises UnknownFunction where the model lacks it."""
        self._introduce(event)
        if event.kind == "call":
            self._call(event)
        elif event.kind == "lose":
            self._lose(event)
        elif event.kind == "show":
            self._notify(NoticeKind.SHOW, event)
        elif event.kind == "hand-out":
            self._notify(NoticeKind.HAND_OUT, event)
        elif event.kind == "leave":
            self.machine.notify(NoticeKind.LEAVE)

    def end(self, subject: int) -> None:
        """The function ends, and its objects with it."""
        if subject in self.objects:
            self._destroy(subject)

    def agrees(self, finding: Finding) -> bool:
        """Whether the monitor came to the finding's verdict on the finding's handle."""
        handle = self.handles.get(finding.subject or 0)
        codes = _MONITORS.get(finding.code, (finding.code,))
        return any(said.code in codes and said.handle == handle for said in self.monitor.verdicts)

    def sayings(self, since: int) -> list[str]:
        """The monitor's verdicts, but for the first ones."""
        numbers = {handle: number for number, handle in self.handles.items()}
        return [
            f"monitor  {said.code} of handle {numbers.get(said.handle, 0)}, a {said.resource}"
            for said in self.monitor.verdicts[since:]
        ]

    def _introduce(self, event: TraceEvent) -> None:
        """Give the machine the handles that were alive before the trace began."""
        made = _made(event)
        kinds, owners = dict(event.resources), dict(event.owners)
        for number in (*owners.values(), *(number for _, number in event.handles)):
            if number in self.handles or number in made:
                continue
            kind = "context" if number in owners.values() else kinds[number]
            owner = self.handles.get(owners.get(number, 0), 0)
            self.handles[number] = self.machine.give(kind, owner, number in self.owned)

    def _call(self, event: TraceEvent) -> None:
        made = _made(event)
        kinds = dict(event.resources)
        parameters = list(signature_of(event.function).parameters)
        given: dict[str, int] = {}
        for name, number in event.handles:
            parameter = _parameter(parameters, name, kinds[number])
            if number not in made and parameter is not None:
                parameters.remove(parameter)
                given[parameter.name] = self.handles[number]
        targets = [parameter.name for parameter in parameters if parameter.role is Role.CREATE]
        succeeds = event.outcome is Outcome.SUCCEEDED
        new = self.machine.replay(event.function, given, succeeds, targets if made else ())
        for number, handle in zip(made, new.values(), strict=False):
            self.handles[number] = handle
            if made[number] == _RETURN:
                self.objects[number] = kinds[number]

    def _lose(self, event: TraceEvent) -> None:
        for _, number in event.handles:
            if number in self.objects:
                self._destroy(number)
            else:
                self.machine.notify(NoticeKind.LOSE, self.handles[number])

    def _destroy(self, number: int) -> None:
        """A destructor calls the function that releases its handle, unless the code did."""
        release = self.resources[self.objects.pop(number)].release
        handle = self.handles[number]
        known = self.machine.handles.get(handle)
        if known is not None and known.alive:
            parameter = signature_of(release).parameters[0]
            self.machine.replay(release, {parameter.name: handle})

    def _notify(self, kind: NoticeKind, event: TraceEvent) -> None:
        for _, number in event.handles:
            self.machine.notify(kind, self.handles[number])


_Following = Callable[[tuple[TraceEvent, ...], frozenset[int]], _Replay | None]
"""What runs a trace, in which handles are owned."""


def _owned(finding: Finding) -> frozenset[int]:
    """The handles that are lost on the way: those that nobody else has."""
    losses = (event for event in finding.trace if event.kind == "lose")
    return frozenset(number for event in losses for _, number in event.handles)


def _made(event: TraceEvent) -> dict[int, str]:
    """The numbers of the handles that a call makes, with the names of their out-parameters."""
    if event.kind != "call" or event.outcome is not Outcome.SUCCEEDED:
        return {}
    targets = {
        parameter.name
        for parameter in signature_of(event.function).parameters
        if parameter.role is Role.CREATE
    }
    return {number: name for name, number in event.handles if name == _RETURN or name in targets}


def _parameter(parameters: Iterable[Parameter], name: str, kind: str) -> Parameter | None:
    """The parameter of that name. A binding has names of its own: then the first of that kind."""
    takers = [
        parameter for parameter in parameters if parameter.role not in (Role.NONE, Role.CREATE)
    ]
    named = (parameter for parameter in takers if parameter.name == name)
    of_kind = (parameter for parameter in takers if parameter.kind == kind)
    return next(named, None) or next(of_kind, None)
