"""How a caller writes what its callees do something to."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from capilint.engine.domain.binding import Argument
from capilint.engine.domain.typestate import Typestates
from capilint.engine.domain.values import Location, Symbol, member_chain
from capilint.engine.transfer.ways import Site
from capilint.ir import AddressOf, Place, Read, Scope, Value, Variable


@dataclass(frozen=True, slots=True)
class GivenNames:
    """The names that one call has for what its callee is `given`."""

    typestates: Typestates
    given: Mapping[Variable, Argument]

    def text(self, callees: Symbol) -> str:
        """How the caller writes what the callee does something to; what lies in members of an
        object that it gives is best called by its own name."""
        outermost, written = self._given_through(callees)
        direct = isinstance(written, Read) and callees.detail is outermost
        pointed = isinstance(written, AddressOf) and _path_below(callees, outermost) == ()
        if direct or pointed:
            assert isinstance(written, Read | AddressOf)
            return self._written(written.place)
        return ""

    def release_text(self, callees: Symbol, value: Symbol) -> str:
        """The same; a handle that was created in a member has no name but its member's."""
        text = self.text(callees)
        origin = self.typestates.origins.get(value)
        if not text and origin is not None and "." in origin.text:
            text = self.member_text(callees)
        return text

    def member_text(self, callees: Symbol) -> str:
        """How the caller would write what lies in a member of an object that it gives."""
        outermost, written = self._given_through(callees)
        path = _path_below(callees, outermost)
        if path is None or not isinstance(written, AddressOf | Read):
            return ""
        through = () if isinstance(written, AddressOf) else ("*",)
        return self._written(Place(written.place.root, (*written.place.path, *through, *path)))

    def any_text(self, callees: Symbol) -> str:
        """One of these, or how the callee writes it, where the caller has no name for it."""
        place = callees.detail
        own = self.typestates.location_text(place if isinstance(place, Location) else None)
        return self.text(callees) or self.member_text(callees) or own

    def result_text(self, site: Site) -> str:
        """How the source calls the place that the result is assigned to."""
        return "" if site.call.result is None else self._written(site.call.result)

    def _written(self, place: Place) -> str:
        temporary = place.root.scope is Scope.TEMPORARY
        return "" if temporary else self.typestates.place_text(place)

    def _given_through(self, callees: Symbol) -> tuple[object, Value | None]:
        """The parameter's own value that a callee's symbol is reached by, and what it is given."""
        outermost = member_chain(callees)[-1].detail
        root = outermost.base if isinstance(outermost, Location) else None
        argument = self.given.get(root) if isinstance(root, Variable) else None
        return outermost, None if argument is None else argument.written


def _path_below(callees: Symbol, outermost: object) -> tuple[str, ...] | None:
    """The members from what a parameter points to down to a symbol; None for any other symbol."""
    place = callees.detail
    if not isinstance(place, Location) or not isinstance(place.base, Symbol):
        return None
    return place.path if place.base.detail is outermost else None
