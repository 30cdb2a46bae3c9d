"""A handle as the analysis sees it: its typestate, and who else may see or end it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, fields
from enum import StrEnum
from typing import NamedTuple

from capilint.engine.domain.cause import Cause
from capilint.engine.domain.values import AbstractValue, Symbol

MEMORY = "memory"  # the resource of what other handles stand in


class Typestate(StrEnum):
    """Where a handle is in its life (`pending` is two states: one per outcome of the call)."""

    UNKNOWN = "unknown"
    LIVE = "live"
    DESTROYED = "destroyed"

    __hash__ = str.__hash__  # an enumeration's own is slow


class OpenFlag(NamedTuple):
    """The doubt about a handle that is not made where flags, which nobody knows, have one set."""

    flags: AbstractValue
    name: str


@dataclass(frozen=True, slots=True)
class Handle:
    """The typestate of one handle.

    `made` is set where this function's path created it; only such handles can leak here.
    `escaped`: others may see it; `handed`: the caller gets it; `entrusted`: an object made here
    holds it, whose methods decide when it ends. `owner` is its context; `orphaned` once that was
    released.
    `count` is the number of references (contexts). `doubt` is the site of the call whose outcome
    unknown code was asked to judge, or another open question; nothing is reported about the handle
    until a branch settles it, or for an `OpenFlag` a use of the handle. `optional`: it may be null,
    and then there is none; nothing is owed for it until a branch settles that. `raised` is set when
    an exception was under way while the handle lived. `cause` says why the handle escaped, was
    handed out or is in doubt; it makes no other state.

    What follows is asked of every handle of every state, and worked out once. One `matters` if more
    is known of it than that it was met; it `is_ended` where it was released, and `is_given_away`
    where others may have it. It is `owed` where this function still has to release it, and
    `held_by_caller` where it was made here, and only the caller's memory holds it.
    """

    resource: str
    typestate: Typestate
    made: bool = False
    escaped: bool = False
    handed: bool = False
    entrusted: bool = False
    owner: Symbol | None = None
    orphaned: bool = False
    count: int = 1
    doubt: object = None
    raised: bool = False
    binding: str = ""
    owns_itself: bool = False
    optional: bool = False
    used: bool = False
    cause: Cause | None = field(default=None, compare=False)
    hashed: int = field(init=False, default=0, compare=False, repr=False)
    matters: bool = field(init=False, compare=False, repr=False)
    is_ended: bool = field(init=False, compare=False, repr=False)
    is_given_away: bool = field(init=False, compare=False, repr=False)
    owed: bool = field(init=False, compare=False, repr=False)
    held_by_caller: bool = field(init=False, compare=False, repr=False)

    def __post_init__(self) -> None:
        _conclude(self)

    def __hash__(self) -> int:
        """The hash of all that makes handles different, worked out once."""
        if not self.hashed:
            fields = tuple(getattr(self, name) for name in COMPARED)
            object.__setattr__(self, "hashed", hash(fields) or 1)
        return self.hashed


FIELDS = tuple(each.name for each in fields(Handle) if each.init)
COMPARED = tuple(each.name for each in fields(Handle) if each.compare)


_SLOTS = tuple((vars(Handle)[name].__get__, vars(Handle)[name].__set__) for name in FIELDS)
_SETTERS: dict[str, Callable[[Handle, object], None]] = {
    each.name: vars(Handle)[each.name].__set__ for each in fields(Handle)
}


def _conclude(handle: Handle) -> None:
    """Set what follows from the rest."""
    typestate, made, escaped, handed = (
        handle.typestate,
        handle.made,
        handle.escaped,
        handle.handed,
    )
    alive = made and typestate is Typestate.LIVE and not handle.optional
    given = escaped or handed or handle.entrusted
    known = made or handle.orphaned or handle.count != 1
    _SETTERS["matters"](handle, known or typestate is not Typestate.UNKNOWN)
    _SETTERS["is_ended"](handle, typestate is Typestate.DESTROYED)
    _SETTERS["is_given_away"](handle, given)
    _SETTERS["owed"](handle, alive and not given)
    _SETTERS["held_by_caller"](handle, alive and handed and not escaped)


def changed(handle: Handle, **changes: object) -> Handle:
    """The handle with other values in some fields: `dataclasses.replace` at a fraction of its
    cost."""
    new = object.__new__(Handle)
    for get, put in _SLOTS:
        put(new, get(handle))
    for name, value in changes.items():
        _SETTERS[name](new, value)
    _SETTERS["hashed"](new, 0)
    _conclude(new)
    return new


def answered(handle: Handle, made: bool = True) -> Handle:
    """The handle when a question about it has been answered: was it made?"""
    if not made:
        return changed(handle, typestate=Typestate.UNKNOWN, made=False, doubt=None)
    return changed(handle, doubt=None, cause=handle.cause if handle.is_given_away else None)
