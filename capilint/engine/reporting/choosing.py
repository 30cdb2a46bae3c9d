"""From defects to one witness for each mistake: the shortest path, and what decides it."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace

from capilint.engine.domain.budget import BoundReached, Effort
from capilint.engine.domain.escapes import newest
from capilint.engine.domain.events import Defect, Event, Origin, Trail
from capilint.engine.domain.values import Symbol
from capilint.engine.fixpoint import Graph, Links
from capilint.engine.reporting.deciding import Decisions, Path, Station
from capilint.engine.reporting.enders import LEAKS, acts, begin_of_ender
from capilint.engine.reporting.hanging import asks_for_releases, failed_release, outermost
from capilint.engine.reporting.happened import Events
from capilint.engine.reporting.lengths import Length, Lengths
from capilint.engine.reporting.waypoints import Waypoint, waypoints
from capilint.engine.transfer.leaving import MODULE
from capilint.finding import Span
from capilint.ir import Function, Raise

Key = tuple[object, ...]
MINOR = ("CAP401",)  # each creation may be one: they are told last
STRONGER = {"CAP102": ("CAP101", "CAP103"), "CAP103": ("CAP101",)}
"""A handle that is left alive in several ways is one mistake: that of which code?"""
_IN_A_SCRIPT = {"CAP102": ("CAP101", "CAP103"), "CAP101": ("CAP103",)}
"""The same in a module's own code, at whose end the process ends: what is lost before is lost."""


@dataclass(frozen=True, slots=True)
class Witnessed:
    """A defect with all events on its shortest path.

    `made` is the number of the event from which on the handle is followed, -1 where that is the
    path's begin. `deciding` are the numbers of those that decide the path, `spared` those among
    them that, had they ended otherwise, would have released the handle. `others` are the defects of
    the same kind and handle elsewhere. `merged` is set where the path goes through a state that
    stands for several, so that it may be none's. `waypoints` are the points it comes by.
    `instead` are those of handles that are made in the place of this one and leaked as it is.
    """

    defect: Defect
    events: Events
    made: int = -1
    deciding: frozenset[int] = frozenset()
    spared: frozenset[int] = frozenset()
    others: Sequence[Defect] = ()
    merged: bool = False
    waypoints: Sequence[Waypoint] = ()
    instead: Sequence[Defect] = ()


def shortest_witnesses(
    defects: Sequence[Defect],
    graph: Graph,
    exits: Sequence[Station],
    origins: Mapping[Symbol, Origin],
    function: Function,
    effort: Effort,
) -> list[Witnessed]:
    """One witness per handle and kind of mistake, the shortest; `exits` are where the function is
    left. A handle that some paths leave alive and others lose is one mistake.

    Handles of one line of source are one, however often a front end copied the line. Where the
    effort reaches its bound, those that were looked at by then.
    """
    if not defects:
        return []
    before = graph.shortest()
    lengths = Lengths(before)
    alike_: dict[Key, list[Defect]] = {}
    best: dict[Key, tuple[Length, Defect]] = {}
    for defect in defects:
        key = _key(defect, origins)
        defect, elsewhere = _where_raised(defect, before, graph)
        alike_.setdefault(key, []).extend((defect, *elsewhere))
        length = lengths.to(defect.node, defect.trail)
        known = best.get(key)
        if known is None or (length, defect.span) < (known[0], known[1].span):
            best[key] = (length, defect)
    courses = _Courses(Decisions(graph, exits, before, effort))
    others = _IN_A_SCRIPT if function.name == MODULE else STRONGER
    hangs = asks_for_releases(defects, graph)
    found: list[Witnessed] = []
    code: object = ""
    try:
        for (code, *handle), (_, defect) in sorted(
            best.items(), key=lambda each: _is_minor(each[0])
        ):
            if any((stronger, *handle) in best for stronger in others.get(str(code), ())):
                continue
            kinds = LEAKS if code in LEAKS else (code,)
            same = _Same([each for kind in kinds for each in alike_.get((kind, *handle), ())])
            if hangs:
                same = _without_hanging(same, courses)
                if not same.defects:
                    continue
                if defect not in same.defects:
                    defect = min(
                        same.defects,
                        key=lambda each: (lengths.to(each.node, each.trail), each.span),
                    )
            found.append(_witnessed(defect, same, courses))
    except BoundReached:
        effort.reached = code not in MINOR
    return found


def _is_minor(key: Key) -> bool:
    return key[0] in MINOR


@dataclass(slots=True)
class _Same:
    """The defects of one mistake, and where they are: lists that stay the same ones."""

    defects: Sequence[Defect]
    stations: Sequence[Station] = ()
    _alike: dict[tuple[str, Span], list[Station]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.stations = [Station(each.node, each.trail) for each in self.defects]
        for each, station in zip(self.defects, self.stations, strict=True):
            self._alike.setdefault((each.code, each.span), []).append(station)

    def ends_like(self, defect: Defect) -> Sequence[Station]:
        """Where the handle is left, or goes wrong, at the same place."""
        return self._alike.get((defect.code, defect.span), ())


@dataclass(frozen=True, slots=True)
class _Course:
    """The shortest way to a defect."""

    stations: Sequence[Station]
    events: Events
    waypoints: Sequence[Waypoint]


@dataclass(slots=True)
class _Courses:
    """The shortest ways to the defects of one function: those of one end are one."""

    decisions: Decisions
    _known: dict[tuple[int, int], _Course] = field(default_factory=dict)

    def to(self, defect: Defect) -> _Course:
        """The shortest way to a defect."""
        key = defect.node, id(defect.trail)
        known = self._known.get(key)
        if known is None:
            decisions = self.decisions
            stations = _stations(decisions.before, defect)
            decisions.effort.spend(len(stations))
            points = waypoints(decisions.graph, decisions.before, defect)
            known = self._known[key] = _Course(stations, Events(_events(stations)), points)
        return known


def _without_hanging(same: _Same, courses: _Courses) -> _Same:
    """The defects of one mistake that do not hang on a release that fails."""
    kept = [each for each in same.defects if not _hangs_on_a_release(each, same, courses)]
    return same if len(kept) == len(same.defects) else _Same(kept)


def _hangs_on_a_release(defect: Defect, same: _Same, courses: _Courses) -> bool:
    """Whether a handle is only left alive where the release of another one fails.

    A call of a function of the program ends in one of its outcomes where it begins.
    """
    course = courses.to(defect)
    number = failed_release(defect, course.events)
    if number is None:
        return False
    made = _made(defect, course.events)
    path = _path(defect, course, made, same)
    raised = defect.code == "CAP102"  # else the wrapper may have been to release this one, too
    begin = outermost(course.events, number) if raised else number
    if not path.ends or begin < made:
        return False
    return not {begin, number}.isdisjoint(courses.decisions.deciding(path, begin))


def key_of(witness: Witnessed, origins: Mapping[Symbol, Origin]) -> Key:
    """What is the same for all witnesses of one mistake on one handle."""
    return _key(witness.defect, origins)


def _key(defect: Defect, origins: Mapping[Symbol, Origin]) -> Key:
    symbol = newest(defect.symbol)
    origin = origins.get(symbol)
    return (defect.code, symbol) if origin is None else (defect.code, origin.span, origin.text)


def _stations(before: Links, defect: Defect) -> list[Station]:
    """A shortest way to a defect, event by event."""
    found: list[Station] = []
    node, trail = defect.node, defect.trail
    while True:
        while trail is not None:
            found.append(Station(node, trail))
            trail = trail.before
        link = before[node]
        if link is None:
            return found[::-1]
        node, trail = link


def _events(stations: Iterable[Station]) -> list[Event]:
    return [station.trail.event for station in stations if station.trail is not None]


def _where_raised(defect: Defect, before: Links, graph: Graph) -> tuple[Defect, list[Defect]]:
    """A defect of a function that an exception leaves, at the place where that was raised; and at
    the others from which it comes the same way, through one `finally`."""
    if defect.trail is not None and not _is_passed_on(defect.trail.event):
        return defect, []
    events = _events(_stations(before, defect))
    last = events[-1] if events else None
    if last is None or not _is_passed_on(last) or last.span != defect.span or defect.ender:
        return defect, []
    raised = (each for each in reversed(events) if _raises_anew(each))
    first = replace(defect, span=next(raised, last).span)
    spans = {span for span in _places_of_raising(defect, graph) if span != first.span}
    return first, [replace(defect, span=span) for span in sorted(spans)]


def _places_of_raising(defect: Defect, graph: Graph) -> Iterator[Span]:
    """Where the exceptions were raised that lead to a defect."""
    sources: defaultdict[int, list[tuple[int, Trail | None]]] = defaultdict(list)
    for source, ways in enumerate(graph.ways):
        for target, trail in ways:
            sources[target].append((source, trail))
    seen: set[int] = set()
    pending = [(defect.node, defect.trail)]
    while pending:
        node, trail = pending.pop()
        raised = next((each for each in _backwards(trail) if _raises_anew(each)), None)
        if raised is not None:
            if not raised.depth:
                yield raised.span
        elif node not in seen:
            seen.add(node)
            pending += sources[node]


def _backwards(trail: Trail | None) -> Iterator[Event]:
    while trail is not None:
        yield trail.event
        trail = trail.before


def _raises_anew(event: Event) -> bool:
    return event.kind == "raise" and not _is_passed_on(event)


def _is_passed_on(event: Event) -> bool:
    return isinstance(event.at, Raise) and event.at.again


def _witnessed(defect: Defect, same: _Same, courses: _Courses) -> Witnessed:
    decisions, course = courses.decisions, courses.to(defect)
    events = course.events
    made = _made(defect, events)
    path = _path(defect, course, made, same)
    deciding = decisions.deciding(path) if path.ends else []
    if not deciding and defect.code == "CAP402":
        deciding = _last_failure(events)
    spared = (
        number
        for number in deciding
        if decisions.others_do(path.stations[number], lambda event: _releases(event, defect.symbol))
    )
    others = [each for each in same.defects if each.ender is None and each.span != defect.span]
    merged = decisions.is_merged(defect.node)
    points = course.waypoints
    return Witnessed(
        *(defect, events, made, frozenset(deciding), frozenset(spared), others, merged, points)
    )


def _path(defect: Defect, course: _Course, made: int, same: _Same) -> Path:
    own, events = course.stations, course.events
    if defect.ender is not None:
        own = own[: begin_of_ender(defect, events)]
        wrong = ends = own[-1:]
    else:
        ends, wrong = same.ends_like(defect), same.stations
    begin = events[made] if made >= 0 else None
    return Path(own, made, ends, wrong, begin, defect.code in LEAKS)


def _last_failure(events: Sequence[Event]) -> list[int]:
    """The last call that fails, and the exception that is raised then: one of several ways to come
    to a release with nothing set, where none of them decides it."""
    failed = [number for number, event in enumerate(events) if event.succeeded is False][-1:]
    raised = [number for number, event in enumerate(events) if event.kind == "raise"][-1:]
    return failed + [number for number in raised if [number] > failed]


def _made(defect: Defect, events: Events) -> int:
    """Where the handle's story begins: where it is made, or else first released.

    What was never set has none: what decides is what comes to the release without setting it.
    """
    if defect.code == "CAP402":
        return len(events) - 1
    symbol = newest(defect.symbol)
    made = [n for n in events.changing(symbol) if _acts(events[n], symbol, "create")]
    if made:
        return made[-2] if defect.symbol != symbol and len(made) > 1 else made[-1]
    last = len(events) - 1
    about = (n for n in events.changing(symbol) if n < last)
    return next((n for n in about if _acts(events[n], symbol, "release")), -1)


def _acts(event: Event, symbol: Symbol, action: str) -> bool:
    return any(role.action == action and newest(role.symbol) == symbol for role in event.roles)


def _releases(event: Event, symbol: Symbol) -> bool:
    return acts(event.roles, symbol, "release")
