"""Where paths part: each way of a branch or a choice that a state allows, told to the witness."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import partial

from capilint.engine.domain.binding import statuses_in
from capilint.engine.domain.events import Event, Path
from capilint.engine.program.idle_branches import IdleBranches
from capilint.engine.transfer.assignments import Assignments, Point
from capilint.engine.transfer.creations import Creations
from capilint.engine.transfer.dispatch import dispatched
from capilint.engine.transfer.doubts import (
    doubt_all,
    doubt_undecided,
    doubt_what_happened,
    is_judged_constant,
    is_undecided,
    settle,
)
from capilint.engine.transfer.exceptions import Exceptions
from capilint.ir import Branch, Choose, places_in


@dataclass(slots=True)
class Branching:
    """The ways on after the blocks of one function; `filters` where an exception is chosen from
    without a class."""

    assignments: Assignments
    creations: Creations
    exceptions: Exceptions
    filters: bool
    idle: IdleBranches
    _events: dict[tuple[int, int], Event] = field(default_factory=dict)

    def ways(
        self, path: Path, block: int, terminator: Branch | Choose
    ) -> Iterator[tuple[Point, Path]]:
        """Each way that the state allows, with a path of its own."""
        taken = partial(self._taken, block, terminator)
        if isinstance(terminator, Branch):
            for number, (target, way) in self._branch(path, block, terminator):
                way.emit(taken(number))
                yield (target, 0), way
        elif terminator.catches:
            yield from dispatched(path, terminator, self.exceptions, taken)
        else:
            if path.state.raising and self.filters:
                doubt_all(path.state, "filter")  # which exceptions it picks is not known
            for number, target in enumerate(terminator.targets):
                way = path.fork()
                way.emit(taken(number))
                yield (target, 0), way

    def _taken(self, block: int, terminator: Branch | Choose, number: int) -> Event:
        """That a block is left by its way of that number; one event, however often it happens."""
        event = self._events.get((block, number))
        if event is None:
            path = self.assignments.typestates.path
            event = Event("branch", terminator.span, path, at=terminator, way=number)
            self._events[block, number] = event
        return event

    def _branch(
        self, path: Path, block: int, branch: Branch
    ) -> Iterator[tuple[int, tuple[int, Path]]]:
        evaluator = self.assignments.evaluator
        statuses = statuses_in(evaluator, path.state, branch.condition)
        for status, _ in statuses:
            settle(evaluator, path.state, branch.condition, status)
        failing = any(status.failed for status, _ in statuses)
        path.state.failing = failing if statuses else None
        self.assignments.give_away_elements(path, (branch.condition,))
        condition = evaluator.evaluate(path.state, branch.condition)
        if evaluator.truth(path.state, condition) is None:
            self.assignments.give_away_parts(path, branch.condition)
            held = [evaluator.read(path.state, each) for each in places_in(branch.condition)]
            if is_undecided(condition) and (statuses or not self.idle.has(block)):
                doubt_undecided(path.state, condition, [status for status, _ in statuses], held)
        elif is_judged_constant(condition):  # as before, when other things had happened
            doubt_what_happened(path.state, condition)
        nothing = self.assignments.counted_to_nothing(path.state, block, branch.condition)
        for number, target in enumerate((branch.if_true, branch.if_false)):
            way = path.fork()
            if evaluator.assume(way.state, condition, number == 0):
                if nothing is not None and number == 1:
                    evaluator.assume(way.state, nothing, truth=True)
                self.creations.settle(way.state)
                yield number, (target, way)
