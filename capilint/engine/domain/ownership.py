"""Which member of a structure owns which other: learned in one function, used in the others.

A constructor that stores a context in `.prov` and a key made in it in `.key` shows that an
object's `.key` lives in its `.prov`. A destructor that meets only the two members can then be
told that it releases them in the wrong order.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from capilint.engine.domain.state import State
from capilint.engine.domain.values import Location, Symbol

Scheme = str


@dataclass(slots=True)
class MemberOwners:
    """What one program shows of its structures.

    A scheme says whose members are meant: a class, or the members' file where types have no
    names. A member that is seen with two owners has none.
    """

    owners: dict[tuple[Scheme, str], str | None] = field(default_factory=dict)

    def learn(self, scheme: Scheme, state: State) -> None:
        """Take note of the handles that a function leaves in members."""
        for location, value in state.environment.items():
            handle = state.handles.get(value) if isinstance(value, Symbol) else None
            if handle is None or not handle.made or handle.owner is None or not location.path:
                continue
            owners = [p for p in state.holders(handle.owner) if _are_siblings(p, location)]
            for place in owners:
                self._note(scheme, location.path[-1], place.path[-1])
            if not owners and self._has_other_owner(state, location, handle.owner):
                self._note(scheme, location.path[-1], None)

    def _has_other_owner(self, state: State, location: Location, owner: Symbol) -> bool:
        """Whether a member beside it holds another handle of its owner's kind."""
        resource = state.handles[owner].resource if owner in state.handles else ""
        return any(
            _are_siblings(place, location)
            and isinstance(value, Symbol)
            and value != owner
            and value in state.handles
            and state.handles[value].resource == resource
            for place, value in state.environment.items()
        )

    def _note(self, scheme: Scheme, member: str, owner: str | None) -> None:
        known = self.owners.setdefault((scheme, member), owner)
        if known != owner:
            self.owners[scheme, member] = None

    def owner_of(self, scheme: Scheme, location: Location) -> Location | None:
        """Where the owner of the handle at a location is kept, as far as that is known."""
        if not location.path:
            return None
        member = self.owners.get((scheme, location.path[-1]))
        return None if member is None else Location(location.base, (*location.path[:-1], member))


def _are_siblings(place: Location, other: Location) -> bool:
    """Whether two places are members of one structure."""
    return place.base == other.base and bool(place.path) and place.path[:-1] == other.path[:-1]
