"""What handles are called in the reports: as the source writes the place that each is kept in."""

from __future__ import annotations

from dataclasses import replace
from typing import TypeGuard

from capilint.engine.domain.cause import Cause, How
from capilint.engine.domain.escapes import member_name
from capilint.engine.domain.events import Origin
from capilint.engine.domain.state import CONTENTS, State
from capilint.engine.domain.values import AbstractValue, Location, Pointer, Symbol, is_memory
from capilint.ir import Place, Scope, Variable, source_text

LONGEST_NAME = 8  # accessors
MOST_LINKS = 4


class HandleNames:
    """The names of one function's handles; in a language with `boxes` a box and its content have
    the same."""

    __slots__ = ()
    boxes: bool
    origins: dict[Symbol, Origin]
    texts: dict[Symbol, str]

    def name(self, symbol: Symbol, place: Place) -> None:
        """Remember how the source calls a handle that was not made here."""
        self.texts.setdefault(symbol, self.place_text(place))

    def place_text(self, place: Place) -> str:
        """A place as this function's language writes it, a box and its content alike."""
        if not self.boxes:
            return source_text(place)
        path = tuple(accessor for accessor in place.path if accessor != "*")
        if path and path[-1] in (".value", ".contents", "[0]"):
            path = path[:-1]
        return source_text(Place(place.root, path))

    def location_text(self, location: Location | None) -> str:
        """A location as the source would write it; empty where it has no short name."""
        if location is None:
            return ""
        path: tuple[str, ...] = location.path
        base = location.base
        if isinstance(base, Variable) and base.scope is Scope.TEMPORARY:
            return ""
        while isinstance(base, Symbol):
            if base.kind not in ("initial", "member") or not isinstance(base.detail, Location):
                return "".join(path).lstrip(".*")
            path = (*base.detail.path, "*", *path)
            base = base.detail.base
        return self.place_text(Place(base, path))

    def name_after_holder(
        self,
        state: State,
        location: Location,
        value: AbstractValue,
        inside: frozenset[AbstractValue] = frozenset(),
    ) -> None:
        """A handle that a call returned gets the name of the first variable that holds it, or
        the memory that it is in.

        `inside` are the objects that led here: one may lead to itself, as a link of a ring.
        """
        if value in inside:
            return
        base = location.base
        nameless = is_temporary(base) or (isinstance(base, Symbol) and is_memory(base))
        if not nameless and isinstance(value, Pointer) and is_temporary(value.location.base):
            depth = len(value.location.path)
            for inner, held in state.kept_in(value.location):
                through = Location(base, (*location.path, "*", *inner.path[depth:]))
                self.name_after_holder(state, through, held, inside | {value})
        origin = self.origins.get(value) if isinstance(value, Symbol) else None
        if isinstance(base, Symbol) and is_memory(base) and origin is not None:
            location = self.through_variable(state, location)
            nameless, base = location.base is base, location.base
        if nameless or not isinstance(value, Symbol):
            return
        if origin is not None and not origin.text:
            self.origins[value] = replace(origin, text=self.location_text(location))
        leads_on = is_memory(value) and len(location.path) < LONGEST_NAME  # it may lead in circles
        for inner, held in state.kept_in(Location(value)) if leads_on else ():
            through = Location(base, (*location.path, "*", *inner.path))
            self.name_after_holder(state, through, held, inside | {value})

    def stored_at(self, state: State, location: Location) -> Cause | None:
        """Why a handle is let go of that is put into a location."""
        if state.log is None:
            return None
        place = location
        for _ in range(MOST_LINKS):  # an allocated object has the name of what points to it
            if isinstance(place.base, Variable) or place.base.kind in CONTENTS:
                break
            holder = next(iter(state.holders(place.base)), None)
            if holder is None:
                break
            place = Location(holder.base, (*holder.path, "*", *place.path))
        text = self.location_text(place).replace("*.", "->")
        return state.cause(How.STORED, text, member_name(location))

    def through_variable(self, state: State, location: Location) -> Location:
        """A location in memory as the variable that points there reaches it, if one does."""
        for holder in state.holders(location.base) if isinstance(location.base, Symbol) else ():
            if isinstance(holder.base, Variable) and not is_temporary(holder.base):
                return Location(holder.base, (*holder.path, "*", *location.path))
        return location


def is_temporary(base: Variable | Symbol) -> TypeGuard[Variable]:
    """Whether a place has no name in the source."""
    return isinstance(base, Variable) and base.scope is Scope.TEMPORARY
