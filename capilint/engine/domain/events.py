"""What happens on a path, as the witness will tell it, and the cursor that walks the path.

A trail is a linked list, newest event first, so that paths that part share what they had.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from capilint.engine.domain.state import State
from capilint.engine.domain.values import Symbol
from capilint.finding import Span
from capilint.ir import Branch, Choose, Raise, Return

MOST_LEVELS = 32  # calls in calls that are told of; of those further in, what they do themselves
ENDS = ("release", "free")  # the actions that end a handle, or memory


class Role(NamedTuple):
    """What a call does to one handle: `action` is create, use, release, retain or misrelease; or
    free, of the memory that handles stand in."""

    action: str
    parameter: str
    symbol: Symbol
    resource: str
    owner: Symbol | None = None
    text: str = ""


def retold(role: Role, symbol: Symbol, owner: Symbol | None, text: str) -> Role:
    """A role of the same kind, of another symbol."""
    return Role(role.action, role.parameter, symbol, role.resource, owner, text)


class Event(NamedTuple):
    """One station of a path.

    `kind` is call (an API function), enter / exit (a summarised function), free (memory ends, by a
    function or with its scope), lose, hand-out, show, raise, branch, or end (of the function's
    text). `depth` counts the summarised calls around it.
    `succeeded` is None where the code does not look. Of a branch, a `raise` and an end `at` is the
    terminator, and `way` counts, from 0, the target that it takes. `parted` is, where a function is
    entered, the branch in it that decides whether a handle ends there. A raise, or an exit, is
    `unseen` where nothing shows that such an exception comes but that unseen code may raise.
    """

    kind: str
    span: Span
    path: str
    function: str = ""
    roles: tuple[Role, ...] = ()
    succeeded: bool | None = None
    depth: int = 0
    at: Branch | Choose | Raise | Return | None = None
    way: int = 0
    parted: Event | None = None
    unseen: bool = False


def raised_by(path: Path, span: Span, file: str, function: str) -> Event:
    """What is told of an exception that a call raises, once the call itself is told of."""
    last = path.trail.event if path.trail is not None else None
    if last is None or last.span != span or last.kind not in ("call", "exit"):
        return Event("raise", span, file, function, unseen=True)
    return Event("raise", span, file, function, unseen=last.unseen)


def deeper(event: Event, roles: tuple[Role, ...]) -> Event:
    """An event of a callee, with the caller's handles in its roles."""
    kind, span, path, function = event.kind, event.span, event.path, event.function
    below, parted = min(event.depth + 1, MOST_LEVELS), event.parted
    return Event(
        kind,
        span,
        path,
        function,
        roles,
        event.succeeded,
        below,
        parted=parted,
        unseen=event.unseen,
    )


class Trail(NamedTuple):
    """The events so far, of which this is the one with that number."""

    event: Event
    before: Trail | None
    number: int = 0

    def events(self) -> list[Event]:
        """All events, oldest first."""
        result = []
        link: Trail | None = self
        while link is not None:
            result.append(link.event)
            link = link.before
        result.reverse()
        return result


def events_for_caller(
    events: Sequence[Event], is_seen: Callable[[Symbol], bool]
) -> tuple[Event, ...]:
    """The events that tell a caller something new; each call level would double them otherwise.

    Left out are calls on handles that it cannot see, uses that repeat one since the last change,
    what is then empty of events, its branches, and which of its own calls raised; and that
    functions are entered which are called through MOST_LEVELS others. The last call that was judged
    tells how the function ended.
    """
    owners = {role.owner for event in events for role in event.roles if is_seen(role.symbol)}
    judged = next((event for event in reversed(events) if event.succeeded is not None), None)
    used: set[tuple[Symbol, str]] = set()
    told: list[Event] = []
    for event in events:
        if event.kind in ("raise", "branch", "end") or _is_too_deep(event):
            continue
        if event.kind == "exit" and told and told[-1].kind == "enter":
            told.pop()
            continue
        if event.kind == "call" and event is not judged:
            seen = [role for role in event.roles if is_seen(role.symbol) or role.symbol in owners]
            uses = {(role.symbol, role.resource) for role in seen}
            if uses <= used and all(role.action == "use" for role in seen):
                continue
            used = used | uses if all(role.action == "use" for role in seen) else set()
        told.append(event)
    return tuple(told)


def _is_too_deep(event: Event) -> bool:
    """Whether it enters or leaves a function so far in that the caller's caller is not told."""
    return event.kind in ("enter", "exit") and event.depth >= MOST_LEVELS - 1


@dataclass(frozen=True, slots=True)
class Origin:
    """Where a handle comes from: what the reports say of it.

    `alternatives` are the resources that it may be instead.
    """

    creator: str
    text: str
    span: Span
    resource: str
    alternatives: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Ender:
    """The function that ends an object or a structure, and where it is left.

    `handle` is what it calls the handle, where the function that made that has another word;
    `given` is where that one leaves it to the caller, or in a variable that `stays`.
    """

    function: str
    path: str
    leave: Span
    handle: str = ""
    given: Span | None = None
    stays: bool = False


@dataclass(frozen=True, slots=True)
class Defect:
    """A mistake on a handle at the end of a trail inside the block of one node.

    `ender` is set where the handle is left alive not by the function, but by the end of an object;
    `unended` where it is in an object that nothing ends, and where nobody else can get at it.
    """

    code: str
    symbol: Symbol
    resource: str
    span: Span
    node: int
    trail: Trail | None
    text: str = ""
    ender: Ender | None = None
    unended: bool = False


class Path:
    """A cursor on one path through a block: the state, and what happened since its start."""

    __slots__ = ("node", "state", "trail")

    def __init__(self, state: State, node: int, trail: Trail | None = None) -> None:
        self.state = state
        self.node = node
        self.trail = trail

    def fork(self) -> Path:
        """A second path from here."""
        return Path(self.state.copy(), self.node, self.trail)

    def emit(self, event: Event) -> None:
        """Note what happened."""
        number = 0 if self.trail is None else self.trail.number + 1
        self.trail = Trail(event, self.trail, number)
