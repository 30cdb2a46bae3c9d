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
from enum import StrEnum, auto
from typing import TYPE_CHECKING, NamedTuple

from capilint.engine.domain.values import Location, Symbol
from capilint.finding import Span
from capilint.ir import Instruction, Scope, Terminator, Variable

if TYPE_CHECKING:
    from capilint.engine.domain.handle import Handle


class How(StrEnum):
    """In what way a handle is let go of, where the instruction alone does not say it."""

    PLAIN = auto()  # as the instruction says: given to a callee, stored, returned
    STORED = auto()  # at a place that others can see
    ELEMENT = auto()  # in or out of an element that nobody knows which
    CONTAINER = auto()  # something that has it in it is used as a whole
    EXPRESSION = auto()  # what it is a part of is calculated
    CAPTURED = auto()  # by code that runs at another time
    OBJECT = auto()  # an object holds it that is not followed to its end
    PASSED_ON = auto()  # by a callee of the program, at a place that is not known
    SURPLUS = auto()  # as an argument that no parameter of the callee takes
    ROUNDS = auto()  # handles of several rounds of a loop are not told apart
    JUDGED = auto()  # the callee decides whether it was made
    UNDECIDED = auto()  # a condition decides it that nothing in the program tells
    FLAG = auto()  # a flag says whose it is
    PROCESS = auto()  # it lives until the process ends
    NOT_UNDERSTOOD = auto()  # the code that comes next
    DONE = auto()  # all that is to be said is said


class Cause(NamedTuple):
    """Where, in which file, and how a handle was let go of.

    `place` is the text of the place that has it now, `member` that place's last name.
    """

    where: Instruction | Terminator | None
    path: str
    how: How = How.PLAIN
    place: str = ""
    member: str = ""


DONE = Cause(None, "", How.DONE)


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
    which others stand, if there are any. `shared` are the inputs that
    others get to see, `members` the names of those whose content is released here.
    """

    path: str
    sites: dict[Symbol, dict[CreationSite, None]] = field(default_factory=dict)
    met: dict[CreationSite, bool] = field(default_factory=dict)
    released: set[Symbol] = field(default_factory=set)
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


def newest(symbol: Symbol) -> Symbol:
    """The symbol that stands for the newest handle of a creation in a loop."""
    return Symbol(symbol.kind, symbol.site, symbol.detail)


def member_name(location: Location) -> str:
    """The last name on the way to a location, of a member or a global variable; or empty."""
    for accessor in reversed(location.path):
        if accessor.startswith("."):
            return accessor
    base = location.base
    if isinstance(base, Variable):
        return base.name if base.scope is Scope.GLOBAL else ""
    return member_name(base.detail) if isinstance(base.detail, Location) else ""
