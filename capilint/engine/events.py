"""What happens on a path, as the witness will tell it, and the cursor that walks the path.

A trail is a linked list, newest event first, so that paths that part share what they had.
"""

from __future__ import annotations

from dataclasses import dataclass

from capilint.engine.state import State
from capilint.engine.values import Symbol
from capilint.finding import Span


@dataclass(frozen=True, slots=True)
class Role:
    """What a call does to one handle: `action` is create, use, release, retain or misrelease."""

    action: str
    parameter: str
    symbol: Symbol
    resource: str
    owner: Symbol | None = None
    text: str = ""


@dataclass(frozen=True, slots=True)
class Event:
    """One station of a path.

    `kind` is call (an API function), enter / exit (a summarised function), lose, hand-out,
    raise, branch or leave. `depth` counts the summarised calls around it. `succeeded` is None
    where the code does not look.
    """

    kind: str
    span: Span
    path: str
    function: str = ""
    roles: tuple[Role, ...] = ()
    succeeded: bool | None = None
    depth: int = 0


@dataclass(frozen=True, slots=True)
class Trail:
    """The events so far."""

    event: Event
    before: Trail | None

    def events(self) -> list[Event]:
        """All events, oldest first."""
        result = []
        link: Trail | None = self
        while link is not None:
            result.append(link.event)
            link = link.before
        result.reverse()
        return result


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
    """The method that ends an object, and where it is left."""

    function: str
    path: str
    leave: Span


@dataclass(frozen=True, slots=True)
class Defect:
    """A mistake on a handle at the end of a trail inside the block of one node.

    `ender` is set where the handle is left alive not by the function, but by the end of an object.
    """

    code: str
    symbol: Symbol
    resource: str
    span: Span
    node: int
    trail: Trail | None
    text: str = ""
    ender: Ender | None = None


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
        self.trail = Trail(event, self.trail)
