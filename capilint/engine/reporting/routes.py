"""A witness path line by line, with the handle's state: what a picture of it needs.

waypoints ── the instructions between them ── their events ── Passage*
 (b0, 0)      6: CryptGenKey(...)              call, succeeds     live
 (b2, 0)      8: CryptEncrypt(...)             call, fails        live
"""

from __future__ import annotations

from dataclasses import dataclass, field
from itertools import pairwise

from capilint.engine.domain.escapes import newest
from capilint.engine.domain.events import ENDS, Event
from capilint.engine.domain.values import Symbol
from capilint.engine.reporting.choosing import Witnessed
from capilint.engine.reporting.enders import LEAKS, begin_of_ender
from capilint.engine.reporting.waypoints import Waypoint
from capilint.engine.transfer.assignments import Point
from capilint.finding import Passage, Span
from capilint.ir import (
    BasicBlock,
    Branch,
    Choose,
    EndScope,
    Function,
    Instruction,
    Jump,
    Question,
    Raise,
    Stop,
    Terminator,
    successors,
)

_MADE_LAST = (*LEAKS, "CAP401")  # mistakes that may be all there is on a path
_NOWHERE: Point = (-1, -1)
_LONGEST = 30  # lines: what is longer holds code of its own, as a lambda does
_YES_OR_NO = ("true", "false")  # of a condition
_ANSWERS = {
    Question.MACRO: ("its condition is true", "its condition is false"),
    Question.CASE: ("fits", "does not fit"),
    Question.ROUND: ("another round", "no further round"),
}


def route(
    function: Function, path: str, witness: Witnessed, orphaned: int | None
) -> tuple[Passage, ...]:
    """The route of a witness in a function of the file at `path`.

    `orphaned` is the number of the event that ends the handle's owner, where that is known.
    """
    walk = _Walk(function, path, witness, orphaned)
    end = Waypoint(_NOWHERE, begin_of_ender(witness.defect, witness.events))
    for here, there in pairwise((*witness.waypoints, end)):
        walk.on(here.point, there)
    if walk.passages and walk.passages[-1].state == "maybe" and witness.defect.code in LEAKS:
        walk.passages[-1] = walk.passages[-1]._replace(state="live")
    return tuple(walk.passages)


@dataclass(slots=True)
class _Walk:
    """Goes along a path: `next` is the number of the next event, `symbol` the handle's for now."""

    function: Function
    path: str
    witness: Witnessed
    orphaned: int | None
    passages: list[Passage] = field(default_factory=list)
    state: str = ""
    references: int = 1
    next: int = 0
    symbol: Symbol = field(init=False)

    def __post_init__(self) -> None:
        self.symbol = newest(self.witness.defect.symbol)
        made = self.witness.made
        begins = self.witness.events[made].roles if made >= 0 else ()
        if not any(role.action == "create" for role in begins):
            self.state = "given"

    def on(self, point: Point, there: Waypoint) -> None:
        """Go from a point to the next one, through blocks that only this path comes to."""
        for _ in self.function.blocks:
            block = self.function.blocks[point[0]]
            last = there.point[1] if there.point[0] == point[0] and there.point > point else None
            passed = block.instructions[point[1] : last]
            for each in passed if last is not None else (*passed, block.terminator):
                before = self.next
                if self._passes(each, there.events):
                    return
                event = self.witness.events[self.next - 1] if self.next > before else None
                if event is not None and event.kind == "raise":
                    break
            target = None if last is not None else _target(block, event)
            if target is None or (target, 0) == there.point:
                break
            point = (target, 0)
        while self.next < there.events:
            self._happens(self.witness.events[self.next])

    def _passes(self, instruction: Instruction | Terminator, limit: int) -> bool:
        """Pass an instruction, and the events up to a number; whether the mistake is there."""
        if isinstance(instruction, EndScope | Jump | Stop):
            return False
        span, events, defect = instruction.span, self.witness.events, self.witness.defect
        dispatches = isinstance(instruction, Choose) and bool(instruction.clauses)
        if not dispatches and not _is_passed_on(instruction):
            self._add(Passage(self.path, _shown(span), 0, self.state))
        while self.next < limit and _is_of(events[self.next], instruction):
            self._happens(events[self.next])
        ended = self.next >= limit == len(events) and defect.ender is None and not dispatches
        return ended and (_lies_in(defect.span, span) or _lies_in(span, defect.span))

    def _add(self, passage: Passage) -> None:
        last = self.passages[-1] if self.passages else None
        same = last is not None and last[:3] == passage[:3]
        if last is not None and (passage.kind, last.kind) == ("exit", "enter"):
            self.passages[-1] = last._replace(kind="", name="")  # nothing of note inside
        elif last is not None and same and not last.kind:
            self.passages[-1] = passage
        elif passage.kind or not same:
            self.passages.append(passage)

    def _happens(self, event: Event) -> None:
        number, self.next = self.next, self.next + 1
        action = self._acts(event, number)
        if event.at is not None and _is_passed_on(event.at):
            return
        place = (event.path, _shown(_place(event)), event.depth, self.state)
        self._add(Passage(*place, event.kind, event.function, _outcome(event), action))

    def _acts(self, event: Event, number: int) -> str:
        """What an event does to the handle, whose state is another one then."""
        action = next((each.action for each in event.roles if each.symbol == self.symbol), "")
        if number == self.witness.made and self._is_made_by(event, number):
            self.references, self.state = 1, "live"
            if event.succeeded and not event.depth:
                self.state = "maybe"
            return "create"
        if action == "create" and number > self.witness.made >= 0:
            self.symbol = self.witness.defect.symbol  # the next round makes a handle of its own
            return ""
        if number == self.orphaned and self.state != "destroyed":
            self.state = "orphaned"
        elif event.succeeded is not False and action in ENDS:
            self.references -= 1
            self.state = self.state if self.references else "destroyed"
        elif event.succeeded is not False and action == "retain":
            self.references += 1
        elif event.kind == "lose" and action:
            self.state = "lost"
        elif self.state == "maybe" and event.kind in ("branch", "raise") and not event.depth:
            self.state = "live"
        return action

    def _is_made_by(self, event: Event, number: int) -> bool:
        """Whether an event begins the handle's life; what a last call is given had it before."""
        last = number == len(self.witness.events) - 1
        used = last and self.witness.defect.code not in _MADE_LAST
        return not used and any(each.action == "create" for each in event.roles)


def _place(event: Event) -> Span:
    """Where an event is seen: an exception that is dispatched, at the clause that takes it."""
    if isinstance(event.at, Choose) and event.at.clauses:
        return next(iter(event.at.clauses[event.way :] or event.at.clauses[-1:]))
    return event.span


def _is_passed_on(instruction: Instruction | Terminator) -> bool:
    """Whether an exception only goes on there, at the end of a whole statement."""
    if not isinstance(instruction, Raise) or not instruction.again:
        return False
    return instruction.span.end_line > instruction.span.line


def _is_of(event: Event, instruction: Instruction | Terminator) -> bool:
    """Whether an event happens at an instruction, or in what that calls."""
    if event.at is not None or isinstance(instruction, Jump):
        return event.at is instruction
    return event.depth > 0 or _lies_in(event.span, instruction.span)


def _target(block: BasicBlock, event: Event | None) -> int | None:
    """The block after one with that last event; None where the path ends."""
    if event is not None and event.kind == "raise":
        return block.handler
    if isinstance(block.terminator, Jump):
        return block.terminator.target
    if event is None or event.at is not block.terminator or event.kind != "branch":
        return None
    return successors(block)[event.way]


def _outcome(event: Event) -> str:
    at = event.at
    if isinstance(at, Choose) and at.catches:
        return "not caught" if at.catches[event.way] is None else "caught"
    if isinstance(at, Branch) or (isinstance(at, Choose) and at.question in _ANSWERS):
        return _ANSWERS.get(at.question, _YES_OR_NO)[min(event.way, 1)]
    if event.succeeded is None:
        return ""
    return "succeeds" if event.succeeded else "fails"


def _shown(span: Span) -> Span:
    """The span, or its beginning where it holds code of its own."""
    if span.end_line - span.line <= _LONGEST:
        return span
    return Span(span.line, span.column, span.line, span.column + 1)


def _lies_in(inner: Span, outer: Span) -> bool:
    begin = (outer.line, outer.column) <= (inner.line, inner.column)
    return begin and (inner.end_line, inner.end_column) <= (outer.end_line, outer.end_column)
