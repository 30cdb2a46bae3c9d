"""A handle as the analysis sees it: its typestate, and who else may see or end it."""

from __future__ import annotations

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

    def __hash__(self) -> int:
        """The hash of all that makes handles different, worked out once."""
        if not self.hashed:
            fields = tuple(getattr(self, name) for name in COMPARED)
            object.__setattr__(self, "hashed", hash(fields) or 1)
        return self.hashed

    @property
    def matters(self) -> bool:
        """Whether more is known of the handle than that it was met."""
        return (
            self.made or self.orphaned or self.count != 1 or self.typestate is not Typestate.UNKNOWN
        )

    @property
    def is_ended(self) -> bool:
        """Whether it was released."""
        return self.typestate is Typestate.DESTROYED

    @property
    def held_by_caller(self) -> bool:
        """Whether the handle was made here, and only the caller's memory holds it."""
        only_handed = self.made and self.handed and not self.escaped
        return only_handed and self.typestate is Typestate.LIVE and not self.optional

    @property
    def owed(self) -> bool:
        """Whether this function still has to release the handle."""
        alive = self.made and self.typestate is Typestate.LIVE
        return alive and not (self.is_given_away or self.optional)

    @property
    def is_given_away(self) -> bool:
        """Whether others may have the handle."""
        return self.escaped or self.handed or self.entrusted


FIELDS = tuple(each.name for each in fields(Handle) if each.init)
COMPARED = tuple(each.name for each in fields(Handle) if each.compare)


def changed(handle: Handle, **changes: object) -> Handle:
    """The handle with other values in some fields: `dataclasses.replace` at a fifth of its cost."""
    new = object.__new__(Handle)
    for name in FIELDS:
        value = changes[name] if name in changes else getattr(handle, name)
        object.__setattr__(new, name, value)
    object.__setattr__(new, "hashed", 0)
    return new


def answered(handle: Handle, made: bool = True) -> Handle:
    """The handle when a question about it has been answered: was it made?"""
    if not made:
        return changed(handle, typestate=Typestate.UNKNOWN, made=False, doubt=None)
    return changed(handle, doubt=None, cause=handle.cause if handle.is_given_away else None)
