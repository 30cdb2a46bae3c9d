"""Why the analysis lets go of a handle: recorded where that happens, read when the function ends.

    state.at = the instruction that is executed
        escape, doubt ──► Handle.cause            (no part of the state's key)
                              │  forgotten by a state, or alive at an exit
                              ▼
                          EscapeLog               (one per function, only where it is asked for)

A cause costs a state nothing: states that differ in it alone are one state, which has the cause of
the path that came first.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import NamedTuple

from capilint.engine.domain.cause import DONE, Cause, How
from capilint.engine.domain.handle import Handle
from capilint.engine.domain.values import Location, Symbol
from capilint.finding import Span
from capilint.ir import Scope, Variable


class CreationSite(NamedTuple):
    """A call of an API function that makes a handle; `into` is the parameter that it goes to."""

    path: str
    span: Span
    into: str
    resource: str
    creator: str


@dataclass(slots=True)
class EscapeLog:
    """What becomes of the handles in one function. Handles are named by their newest symbol.

    `sites` are the creations that a handle may come from, `met` those that control reaches, with
    whether their arguments are known; `released`, `escaped`, `handed` to the caller and `ended`
    with the process tell how it goes on, on one path or another; `dropped` are those of paths for
    which others stand, if there are any. `in_sight` are the places that release a handle which
    others may have by then. `shared` are the inputs that others get to see, `members` the names of
    those whose content is released here.
    """

    path: str
    sites: dict[Symbol, dict[CreationSite, None]] = field(default_factory=dict)
    met: dict[CreationSite, bool] = field(default_factory=dict)
    released: set[Symbol] = field(default_factory=set)
    in_sight: set[tuple[Symbol, str, Span]] = field(default_factory=set)
    escaped: dict[Symbol, dict[Cause | None, None]] = field(default_factory=dict)
    handed: dict[Symbol, dict[Cause | None, None]] = field(default_factory=dict)
    ended: dict[Symbol, Cause | None] = field(default_factory=dict)
    dropped: dict[Symbol, Cause] = field(default_factory=dict)
    shared: dict[Symbol, Cause | None] = field(default_factory=dict)
    members: set[str] = field(default_factory=set)

    def leave(self, symbol: Symbol, handle: Handle, end: Cause | None = None) -> None:
        """A path ends here for a handle: its state forgets it, or the function ends.

        `end` is set where nobody had to release it before: the process ends, or what is known.
        """
        if not handle.made or handle.is_ended:
            return
        name = newest(symbol)
        if handle.owns_itself:
            self.released.add(name)
        elif handle.cause is DONE:
            return
        elif handle.escaped or handle.entrusted:
            self.escaped.setdefault(name, {})[handle.cause] = None
        elif handle.handed:
            self.handed.setdefault(name, {})[handle.cause] = None
        elif handle.doubt is not None:
            self.escaped.setdefault(name, {})[handle.cause] = None
        elif end is not None and end.how is How.PROCESS:
            self.ended.setdefault(name, end)
        elif end is not None:
            self.escaped.setdefault(name, {})[end] = None

    def release(self, symbol: Symbol, handle: Handle, span: Span | None) -> None:
        """A handle is released; `span` is that of the call, where it is sure to."""
        name = newest(symbol)
        self.released.add(name)
        if isinstance(symbol.detail, Location):
            self.members.add(member_name(symbol.detail))
        if span is not None and handle.made and (handle.escaped or handle.handed):
            self.in_sight.add((name, self.path, span))


def newest(symbol: Symbol) -> Symbol:
    """The symbol that stands for the newest handle of a creation in a loop."""
    return Symbol(symbol.kind, symbol.site, symbol.detail) if symbol.age else symbol


def member_name(location: Location) -> str:
    """The last name on the way to a location, of a member or a global variable; or empty."""
    for accessor in reversed(location.path):
        if accessor.startswith("."):
            return accessor
    base = location.base
    if isinstance(base, Variable):
        return base.name if base.scope is Scope.GLOBAL else ""
    return member_name(base.detail) if isinstance(base.detail, Location) else ""
