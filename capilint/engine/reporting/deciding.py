"""Which of the decisions on a path decide that it goes wrong: the others are left out of its story.

    create ─┬─ log? ──┬─┬─ z > 3 ─ return       the mistake
            └─ quiet ─┘ └─ else ── destroy ─ return

A path is decided wherever others part from it: at a branch, at a call that may fail or raise, at
one of several outcomes of a function. The decisions are looked at from the last to the first.
One counts

* where no other way leads to the same end through all the decisions that count behind it
  (`z > 3`), unless that is said by the place of what comes next: before the handle is made only
  those count whose other ways lead to where it is made;
* where the mistake cannot be avoided any more, and on another way it still can: `if (a) goto out;
  if (b) goto out; destroy(key); out: return;` goes wrong by `a`, even though `b` leads there, too.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

from capilint.engine.domain.budget import Effort
from capilint.engine.domain.events import Event, Trail
from capilint.engine.fixpoint import Graph, Links
from capilint.ir import Choose

ENDS = -1  # the function is left


class Station(NamedTuple):
    """A point on a path: what happened last (None: nothing yet) since a node of the graph."""

    node: int
    trail: Trail | None


class _Way(NamedTuple):
    """A way out of a node: all that happens on it, and the node that it leads to."""

    cells: tuple[Trail, ...]
    target: int


Trails = Mapping[int, Sequence[Trail | None]]
"""Stations by their nodes."""


@dataclass(frozen=True, slots=True)
class Path:
    """A path that goes wrong: its stations, one for each event.

    Where the handle is `made` is the number of a station, -1 where the path begins with it; `begin`
    is the event there. `ends` are where any path leaves the handle in the same way, `wrong` where
    any goes wrong with it; `leaks` says that this is by leaving it.
    """

    stations: Sequence[Station]
    made: int
    ends: Sequence[Station]
    wrong: Sequence[Station]
    begin: Event | None
    leaks: bool


@dataclass(slots=True)
class Decisions:
    """The decisions in the graph of one function; `exits` are where it is left, `before` the
    shortest way to each node; `effort` is what it may cost to tell them."""

    graph: Graph
    exits: Sequence[Station]
    before: Links
    effort: Effort = field(default_factory=Effort)
    _ways: dict[int, list[_Way]] = field(default_factory=dict)
    _sources: list[list[tuple[int, Trail | None]]] = field(default_factory=list)
    _cells: dict[int, tuple[Trail, ...]] = field(default_factory=dict)
    _ends: Trails = field(default_factory=dict)
    _places: dict[object, list[Station]] = field(default_factory=dict)
    _makings: dict[object, _Making] = field(default_factory=dict)
    _known_goals: dict[object, _Goals] = field(default_factory=dict)
    _known_before: dict[object, _Goals] = field(default_factory=dict)
    _wrongs: dict[int, _Wrong] = field(default_factory=dict)
    _parted: dict[tuple[int, int], bool] = field(default_factory=dict)
    _partings: dict[int, tuple[Sequence[Station], list[int]]] = field(default_factory=dict)
    _answers: dict[object, bool] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self._ends = _by_node(self.exits)
        self._sources = [[] for _ in self.graph.points]
        for source, ways in enumerate(self.graph.ways):
            for target, trail in ways:
                self._sources[target].append((source, trail))

    def deciding(self, path: Path, down_to: int = 0) -> list[int]:
        """The numbers of the stations that decide a path, in its order, from a number on."""
        makes = self._making(path.begin)
        goals = self._goals(path.ends, makes)
        wrong = self._wrong(path.wrong)
        found: list[int] = []
        made_later = path.made >= down_to
        for number in reversed(self._parting(path.stations)):
            if number < down_to:
                break
            if made_later and number <= path.made:
                goals, made_later = self._goals(goals.stations), False
            if number == path.made:
                continue
            station = path.stations[number]
            early = number < path.made
            key = (station.node, id(station.trail), id(goals), id(wrong), early, path.leaks, makes)
            matters = self._answers.get(key)
            if matters is None:
                if early:
                    matters = self._decides_early(station, goals, path.begin)
                else:
                    matters = self._decides(station, goals, makes, wrong, path.leaks)
                self._answers[key] = matters
            if matters:
                found.append(number)
                assert station.trail is not None
                later = makes if number > path.made else None
                goals = self._goals_before(station.trail.event, goals, later)
        return found[::-1]

    def _decides_early(self, station: Station, goals: _Goals, begin: Event | None) -> bool:
        """Whether a decision counts before the handle is made."""
        node, trail = station
        assert trail is not None
        if _is_expected(trail.event):
            return False
        others = list(self._others(node, trail))
        if any(goals.reached_by(each) for each in others):
            return False
        making = self._goals([] if begin is None else self._places_of(begin)).leading
        return any(each.target in making for each in others)

    def _decides(
        self, station: Station, goals: _Goals, makes: _Making | None, wrong: _Wrong, leaks: bool
    ) -> bool:
        """Whether a decision counts once the handle is there."""
        node, trail = station
        assert trail is not None
        expected = _is_expected(trail.event)
        if expected and not leaks:
            return False
        others = list(self._others(node, trail))
        if not expected and not any(goals.reached_by(each, makes) for each in others):
            return True
        return self._is_last_chance(node, trail, others, wrong)

    def _parting(self, stations: Sequence[Station]) -> Sequence[int]:
        """The numbers of the stations at which other ways part from a path; worked out once for
        paths that share their list of stations."""
        known = self._partings.get(id(stations))
        if known is None:
            numbers = [number for number, each in enumerate(stations) if self._parts(each)]
            known = self._partings[id(stations)] = stations, numbers
        return known[1]

    def _parts(self, station: Station) -> bool:
        """Whether other ways part from a path at a station."""
        node, trail = station
        assert trail is not None
        key = node, id(trail)
        if key not in self._parted:
            self._parted[key] = next(self._others(node, trail), None) is not None
        return self._parted[key]

    def others_do(self, station: Station, does: Callable[[Event], bool]) -> bool:
        """Whether the call that a path goes through at a station does something on another way."""
        assert station.trail is not None
        for way in self._others(station.node, station.trail):
            for cell in way.cells:
                if does(cell.event):
                    return True
                if cell.event.kind != "enter" and not cell.event.depth:
                    break
        return False

    def is_merged(self, node: int) -> bool:
        """Whether the shortest way to a node goes through one that several states became."""
        while node not in self.graph.merged:
            link = self.before[node]
            if link is None:
                return False
            node = link[0]
        return True

    # ------------------------------------------------------------ ways

    def _out_of(self, node: int) -> list[_Way]:
        known = self._ways.get(node)
        if known is None:
            ends = [(ENDS, trail) for trail in self._ends.get(node, ())]
            ways = [*self.graph.ways[node], *ends]
            known = self._ways[node] = [_Way(self._cells_of(trail), to) for to, trail in ways]
        return known

    def _cells_of(self, trail: Trail | None) -> tuple[Trail, ...]:
        if trail is None:
            return ()
        known = self._cells.get(id(trail))
        if known is None:
            known = self._cells[id(trail)] = cells_of(trail)
        return known

    def _others(self, node: int, trail: Trail) -> Iterator[_Way]:
        """The ways that part from a path where something happens: what is on them behind that."""
        before, ways = trail.before, self._out_of(node)
        self.effort.spend(1 + len(ways))
        for cells, target in ways:
            shared = 0 if before is None else _index(cells, before) + 1
            on_it = shared < len(cells) and cells[shared] is trail
            if (before is None or shared) and not on_it:
                yield _Way(cells[shared:], target)

    # ------------------------------------------------------------ where ways lead

    def _making(self, begin: Event | None) -> _Making | None:
        if begin is None:
            return None
        return self._makings.setdefault(_key(begin), _Making(begin))

    def _goals(self, stations: Sequence[Station], makes: _Making | None = None) -> _Goals:
        """The goals, the same for the same stations: what was found out of them is known."""
        key = frozenset([(node, id(trail)) for node, trail in stations]), makes
        known = self._known_goals.get(key)
        if known is None:
            ids = frozenset([id(trail) for _, trail in stations])
            known = _Goals(stations, ids, self._leading_to(stations, makes))
            self._known_goals[key] = known
        return known

    def _leading_to(self, goals: Iterable[Station], makes: _Making | None = None) -> set[int]:
        """The nodes from which a goal can be reached, if need be without making the handle."""
        found = {
            node for node, trail in goals if not (makes and makes.on(self._cells_of(trail)[:-2]))
        }
        pending = list(found)
        while pending:
            for source, trail in self._sources[pending.pop()]:
                if source not in found and not (
                    makes is not None and trail is not None and makes.up_to(trail)
                ):
                    found.add(source)
                    pending.append(source)
        self.effort.spend(len(found))
        return found

    def _goals_before(self, event: Event, goals: _Goals, makes: _Making | None) -> _Goals:
        """Where a decision is made that leads to the goals; ways have to come through one."""
        key = _key(event), id(goals), makes
        known = self._known_before.get(key)
        if known is not None:
            return known
        stations = [
            station
            for station in self._places_of(event)
            if id(station.trail) in goals.ids
            or any(goals.reached_by(way, makes) for way in self._on_from(station))
        ]
        self._known_before[key] = before = self._goals(stations, makes)
        return before

    def _on_from(self, station: Station) -> Iterator[_Way]:
        for cells, target in self._out_of(station.node):
            at = _index(cells, station.trail) if station.trail is not None else -1
            if station.trail is None or at >= 0:
                yield _Way(cells[at + 1 :], target)

    def _places_of(self, event: Event) -> list[Station]:
        """Wherever in the graph the same happens."""
        if not self._places:
            for node in range(len(self.graph.points)):
                seen: set[int] = set()
                for cells, _ in self._out_of(node):
                    for cell in cells:
                        if id(cell) not in seen:
                            seen.add(id(cell))
                            key = _key(cell.event)
                            self._places.setdefault(key, []).append(Station(node, cell))
        return self._places.get(_key(event), [])

    # ------------------------------------------------------------ what can be avoided

    def _wrong(self, stations: Sequence[Station]) -> _Wrong:
        """Where a path goes wrong, with what can be avoided; the same for the same list."""
        known = self._wrongs.get(id(stations))
        if known is None:
            at = _by_node(stations)
            known = _Wrong(stations, at, self._avoiding(at))
            self._wrongs[id(stations)] = known
        return known

    def _avoiding(self, wrong: Trails) -> set[int]:
        """The nodes from which the function can be left without the mistake."""
        found = {
            node
            for node in self._ends
            if any(way.target == ENDS and _is_right(node, way, wrong) for way in self._out_of(node))
        }
        pending = list(found)
        while pending:
            target = pending.pop()
            for source, trail in self._sources[target]:
                if source in found:
                    continue
                if source not in wrong or _is_right(
                    source, _Way(self._cells_of(trail), target), wrong
                ):
                    found.add(source)
                    pending.append(source)
        self.effort.spend(len(found))
        return found

    def _is_last_chance(
        self, node: int, trail: Trail, others: Sequence[_Way], wrong: _Wrong
    ) -> bool:
        """Whether the mistake could be avoided on another way, and on this one cannot."""

        def avoids(way: _Way) -> bool:
            is_end = way.target == ENDS or way.target in wrong.avoiding
            return is_end and _is_right(node, way, wrong.at)

        return any(map(avoids, others)) and not any(
            map(avoids, self._on_from(Station(node, trail)))
        )


class _Making:
    """The event that makes the handle, and the stretches of paths on which it happens."""

    def __init__(self, begin: Event) -> None:
        self._begin = _key(begin)
        self._known: dict[int, bool] = {}

    def on(self, cells: Iterable[Trail]) -> bool:
        """Whether the handle is made on a stretch of a trail."""
        begin = self._begin
        return any(_key(cell.event) == begin for cell in cells)

    def up_to(self, trail: Trail) -> bool:
        """Whether the handle is made on a trail."""
        known = self._known.get(id(trail))
        if known is None:
            known = self._known[id(trail)] = self.on(cells_of(trail))
        return known


class _Wrong(NamedTuple):
    """Where any path goes wrong, by the nodes, and the nodes from which that can be avoided."""

    stations: Sequence[Station]
    at: Trails
    avoiding: set[int]


class _Goals(NamedTuple):
    """Stations, their trails, and the nodes from which one of them can be reached."""

    stations: Sequence[Station]
    ids: frozenset[int]
    leading: set[int]

    def reached_by(self, way: _Way, makes: _Making | None = None) -> bool:
        """Whether a way leads to a goal, if need be without making the handle."""
        if not self.ids.isdisjoint(map(id, way.cells)):
            number = next(n for n, cell in enumerate(way.cells) if id(cell) in self.ids)
            return makes is None or not makes.on(way.cells[: max(number - 1, 0)])
        return way.target in self.leading and not (makes and makes.on(way.cells))


def _by_node(stations: Iterable[Station]) -> Trails:
    found: dict[int, list[Trail | None]] = {}
    for node, trail in stations:
        found.setdefault(node, []).append(trail)
    return found


def cells_of(trail: Trail | None) -> tuple[Trail, ...]:
    """The links of a trail, oldest first."""
    found = []
    while trail is not None:
        found.append(trail)
        trail = trail.before
    return tuple(found[::-1])


def _index(cells: tuple[Trail, ...], wanted: Trail) -> int:
    """Where a link is in a stretch of a trail; -1 where it is not."""
    number = wanted.number - cells[0].number if cells else -1
    return number if 0 <= number < len(cells) and cells[number] is wanted else -1


def _is_right(node: int, way: _Way, wrong: Trails) -> bool:
    """Whether a way out of a node goes wrong nowhere."""
    return not any(
        _index(way.cells, trail) >= 0 if trail is not None else not way.cells
        for trail in wrong.get(node, ())
    )


def alike(one: Event, other: Event) -> bool:
    """Whether two events tell of the same."""
    return _key(one) == _key(other)


def _key(event: Event) -> object:
    return (event.kind, event.span, event.function, event.succeeded, event.way, event.depth)


def _is_expected(event: Event) -> bool:
    """Whether it is what a reader takes for granted: a call succeeds, what is raised is caught."""
    if isinstance(event.at, Choose) and event.at.catches:
        return event.at.catches[event.way] is not None
    return event.kind == "call" and event.succeeded is True
