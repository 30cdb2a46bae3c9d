"""The worklist: abstract states spread over the control-flow graph until nothing is new.

    node = a point (block, instruction) and a state that reaches it
    edge = a way from one node to another, with the events on it

States that agree in everything about handles are merged once a point has seen several of them
(property simulation, as in ESP: Das, Lerner, Seigle, PLDI 2002); what else they know is then
only what both know. The more states a point has seen, the sooner they are merged; where they have
many signatures, whether there is a handle or null is no more told apart, and where too many,
handles are given up. That, and the bounds below, keep the work polynomial.
"""

from __future__ import annotations

import heapq
from collections import Counter, defaultdict, deque
from dataclasses import dataclass, field

from capilint.engine.domain.budget import BoundReached
from capilint.engine.domain.events import Event, Path, Trail
from capilint.engine.domain.merging import coarsened, join
from capilint.engine.domain.optional import Held, make_optional, note_held
from capilint.engine.domain.pruning import prune
from capilint.engine.domain.state import State
from capilint.engine.domain.values import Symbol
from capilint.engine.domain.widening import forget_settled, give_up, settle
from capilint.engine.transfer.assignments import Point
from capilint.engine.transfer.interpreter import Interpreter
from capilint.ir import Function, successors

MOST_ALIKE = 12
FEW_ALIKE = 3
MANY_BLOCKS = 60
VERY_MANY_BLOCKS = 300
MOST_JOINS = 30
MANY_NODES = 48  # at one point
VERY_MANY_NODES = 150
SEVERAL_GROUPS = 48
MANY_GROUPS = 48
TOO_MANY_GROUPS = 600
STRAINED_SETTLED, STRAINED_GROUPS = 6, 96  # where work becomes too much
MOST_GROUPS = 2_000
MOST_NODES = 12_000
NODES_PER_CALL = 6


Links = list[tuple[int, Trail | None] | None]
"""For each node the one before it, with what happens on the way."""


@dataclass(slots=True)
class Graph:
    """The nodes that were found, and how they are reached; `merged` are those of several states."""

    points: list[Point] = field(default_factory=list)
    states: list[State] = field(default_factory=list)
    ways: list[list[tuple[int, Trail | None]]] = field(default_factory=list)
    merged: set[int] = field(default_factory=set)

    def shortest(self) -> Links:
        """For each node the last edge of a shortest way to it from the entry."""
        before: Links = [None] * len(self.points)
        seen = {0}
        pending = deque([0] if self.points else [])
        while pending:
            node = pending.popleft()
            for target, trail in self.ways[node]:
                if target not in seen:
                    seen.add(target)
                    before[target] = (node, trail)
                    pending.append(target)
        return before


def events_to(before: Links, node: int, trail: Trail | None) -> list[Event]:
    """All events on a shortest way to a node, and those of a trail that starts there."""
    parts: list[list[Event]] = [trail.events() if trail is not None else []]
    step = before[node]
    while step is not None:
        node, link = step
        if link is not None:
            parts.append(link.events())
        step = before[node]
    return [event for part in reversed(parts) for event in part]


@dataclass(slots=True)
class Meeting:
    """The states that have come to one point: the node of each, and those of each signature.

    `common` are the handles that matter in all of them; `held` are those that some have in a
    place, once there are many.
    """

    known: dict[object, int] = field(default_factory=dict)
    groups: dict[object, list[int]] = field(default_factory=dict)
    common: set[Symbol] | None = None
    held: Held = field(default_factory=dict)

    def add(self, node: int, state: State, key: object, signature: object) -> None:
        """Take a node in."""
        self.known[key] = node
        self.groups.setdefault(signature, []).append(node)
        mattering = {symbol for symbol, handle in state.handles.items() if handle.matters}
        self.common = mattering if self.common is None else self.common & mattering
        if len(self.groups) > SEVERAL_GROUPS // 2:
            note_held(state, self.held)

    def patience(self, most: int) -> int:
        """How many states of one signature are kept apart, at most `most`."""
        if len(self.known) < MANY_NODES:
            return most
        return min(most, FEW_ALIKE if len(self.known) < VERY_MANY_NODES else 1)


@dataclass(slots=True)
class Fixpoint:
    """Spreads states over one function; with `merges` unset each stays what it is.

    `gave_up` is set where handles had to be given up, so that their lives are not known.
    """

    interpreter: Interpreter
    most_nodes: int = MOST_NODES
    patience: int = MOST_ALIKE
    merges: bool = True
    graph: Graph = field(default_factory=Graph)
    meetings: dict[Point, Meeting] = field(default_factory=dict)
    pending: list[tuple[int, int, int]] = field(default_factory=list)
    finished: set[int] = field(default_factory=set)
    superseded: set[int] = field(default_factory=set)
    gave_up: bool = False
    single_entry: frozenset[int] = frozenset()

    def solve(self, begin: State | None = None) -> Graph:
        """Run to the fixpoint, from the state in which functions begin if none is given.

        Raises:
            BoundReached: more states than the bounds allow.
        """
        order = reverse_postorder(self.interpreter.function)
        self.single_entry = single_entry_blocks(self.interpreter.function)
        blocks = self.interpreter.function.blocks
        self.most_nodes += NODES_PER_CALL * sum(len(block.instructions) + 1 for block in blocks)
        if len(blocks) > MANY_BLOCKS:
            self.patience = FEW_ALIKE if len(blocks) < VERY_MANY_BLOCKS else 1
        self._add((0, 0), begin or self.interpreter.entry(), None, None, order)
        while self.pending:
            node = heapq.heappop(self.pending)[-1]
            if node in self.superseded:
                continue
            self.finished.add(node)
            path = Path(self.graph.states[node].copy(), node)
            for point, way in self.interpreter.run(self.graph.points[node], path):
                self._add(point, way.state, node, way.trail, order)
        return self.graph

    def _add(
        self,
        point: Point,
        state: State,
        source: int | None,
        trail: Trail | None,
        order: list[int],
    ) -> None:
        if point[1] == 0 and point[0] not in self.single_entry:
            state.failing = None  # several ways lead here: no branch any more
        live = self.interpreter.liveness.at(*point)
        if live is not None:
            prune(state, live)
        self.interpreter.budget.meet(state)
        meeting = self.meetings.setdefault(point, Meeting())
        key = state.key()
        node = meeting.known.get(key)
        signature: object = None
        covered = None
        if node is None:
            state, signature, covered = self._merged(point, meeting, state)
            if covered is not None or len(meeting.groups) > SEVERAL_GROUPS:  # it is another one now
                key = state.key()
                node = meeting.known.get(key)
        if node is None:
            node = self._new_node(point, state)
            meeting.add(node, state, key, signature)
            heapq.heappush(self.pending, (order[point[0]], point[1], node))
            if covered is not None or any(each.optional for each in state.handles.values()):
                self.graph.merged.add(node)
            if covered is not None:
                self._supersede(covered, node)
        if source is not None:
            self.graph.ways[source].append((node, trail))

    def _supersede(self, covered: int, node: int) -> None:
        """A node covers another: who comes to that one comes here, and it need not be run."""
        self.graph.ways[covered].append((node, None))
        if covered not in self.finished:
            self.superseded.add(covered)

    def _merged(
        self, point: Point, meeting: Meeting, state: State
    ) -> tuple[State, object, int | None]:
        """The state; where the point has seen many like it, one that covers a known node too.

        With its signature, and the node.
        """
        groups = meeting.groups
        live = self.interpreter.liveness.at(*point)
        if len(groups) > SEVERAL_GROUPS and self.merges and live is not None:
            make_optional(state, meeting.held, live)
        strained = self.merges and self.interpreter.budget.strained
        if strained and len(groups) > STRAINED_SETTLED:
            settle(state)
        if len(groups) > MANY_GROUPS:
            forget_settled(state)
        if len(groups) > (STRAINED_GROUPS if strained else TOO_MANY_GROUPS):
            self.gave_up |= give_up(state, meeting.common or frozenset())
        signature = state.signature()
        alike = groups.setdefault(signature, [])
        if len(groups) > MOST_GROUPS:
            raise BoundReached
        if not alike or not self.merges:
            return state, signature, None
        large = self.patience <= FEW_ALIKE
        owing = large and any(handle.owed for handle in state.handles.values())
        patience = 1 if strained or (large and not owing) else meeting.patience(self.patience)
        if len(alike) < patience:
            return state, signature, None
        self.interpreter.budget.meet(state)
        merged = join(self.graph.states[alike[-1]], state, point[0])
        joined = coarsened(merged) if len(alike) > patience + MOST_JOINS else merged
        return joined, joined.signature(), alike[-1]

    def _new_node(self, point: Point, state: State) -> int:
        node = len(self.graph.points)
        if node >= self.most_nodes:
            raise BoundReached
        self.graph.points.append(point)
        self.graph.states.append(state)
        self.graph.ways.append([])
        return node


def reverse_postorder(function: Function) -> list[int]:
    """For each block its place in an order where, loops apart, predecessors come first."""
    position = [0] * len(function.blocks)
    seen: set[int] = set()
    finished: list[int] = []
    stack: list[tuple[int, bool]] = [(0, False)]
    while stack:
        number, done = stack.pop()
        if done:
            finished.append(number)
            continue
        if number in seen:
            continue
        seen.add(number)
        stack.append((number, True))
        block = function.blocks[number]
        following = list(successors(block))
        if block.handler is not None:
            following.append(block.handler)
        stack += [(target, False) for target in reversed(following) if target not in seen]
    for place, number in enumerate(reversed(finished)):
        position[number] = place
    return position


def cyclic_blocks(function: Function) -> frozenset[int]:
    """The blocks that lie in loops: those that control may come back to (Kosaraju's components)."""
    order = reverse_postorder(function)
    before: defaultdict[int, list[int]] = defaultdict(list)
    for block in function.blocks:
        for target in successors(block):
            before[target].append(block.number)
        if block.handler is not None:
            before[block.handler].append(block.number)
    found: set[int] = set()
    seen: set[int] = set()
    for root in sorted(range(len(order)), key=order.__getitem__):
        component: list[int] = []
        stack = [root]
        while stack:
            number = stack.pop()
            if number not in seen:
                seen.add(number)
                component.append(number)
                stack += before[number]
        if len(component) > 1 or (component and root in before[root]):
            found.update(component)
    return frozenset(found)


def single_entry_blocks(function: Function) -> frozenset[int]:
    """The blocks that one edge alone leads to."""
    edges = Counter(target for block in function.blocks for target in successors(block))
    edges.update(block.handler for block in function.blocks if block.handler is not None)
    return frozenset(number for number, count in edges.items() if count == 1 and number != 0)
