"""What the machine tells its observers: one event for each API call, and notices of the driver."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum


class Role(StrEnum):
    """What a function does to the handle in a parameter."""

    USE = "use"
    RELEASE = "release"
    RETAIN = "retain"
    CREATE = "create"
    NONE = ""


@dataclass(frozen=True, slots=True)
class HandleUse:
    """A handle that a call was given. `expected` is the resource that the parameter wants."""

    parameter: str
    handle: int
    expected: str
    role: Role


@dataclass(frozen=True, slots=True)
class Creation:
    """A handle that came to be.

    `owner` is the context it cannot outlive, 0 if there is none (known). `owed` says whether
    the program owes its release: not for handles that it was given.
    """

    parameter: str
    handle: int
    resource: str
    owner: int = 0
    owed: bool = True


@dataclass(frozen=True, slots=True)
class CallEvent:
    """One API call, after it came back. `released` are the handles whose life it ended."""

    function: str
    uses: tuple[HandleUse, ...]
    succeeded: bool
    error: int = 0
    created: tuple[Creation, ...] = ()
    released: tuple[int, ...] = ()
    injected: bool = False


class NoticeKind(StrEnum):
    """What only the driver of a run can know."""

    GIVEN = "given"  # a handle that lived before the run began
    LOSE = "lose"  # the last reference to a handle is gone
    SHOW = "show"  # a handle is stored in memory of the caller, who does not own it yet
    HAND_OUT = "hand-out"  # a handle goes to the caller, or where others can see it
    LEAVE = "leave"  # a function returns: its handles must be gone
    EXIT = "exit"  # the run is over


@dataclass(frozen=True, slots=True)
class Notice:
    """A notice of the driver. `handles` None with LEAVE means every handle that is owed."""

    kind: NoticeKind
    handles: tuple[int, ...] | None = None
    created: tuple[Creation, ...] = ()


Observer = Callable[[CallEvent | Notice], None]
