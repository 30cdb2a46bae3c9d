"""What a structure's members hold: learned in one function, used in the others.

A constructor that stores a context in `.prov` and a key made in it in `.key` shows that an
object's `.key` is a key, and lives in its `.prov`. A destructor that meets only the two members
can then be told that it releases them in the wrong order, or by the wrong function.

    .prov.value  and  .key.value      the owner of .key.value is .prov.value, in whatever holds them
"""

from __future__ import annotations

from dataclasses import dataclass, field

from capilint.engine.domain.state import State
from capilint.engine.domain.values import Location, Symbol

Scheme = str
Tail = tuple[str, ...]
"""The accessors from the structure that two members have in common."""


@dataclass(slots=True)
class MemberOwners:
    """What one program shows of its structures.

    A scheme says whose members are meant: a class, or the members' file where types have no
    names. A member that is seen with two owners has none. `resources` are what the members of a
    method's own object hold; one that is seen with two holds neither for certain.
    """

    owners: dict[tuple[Scheme, Tail], Tail | None] = field(default_factory=dict)
    resources: dict[tuple[Scheme, Tail], str | None] = field(default_factory=dict)

    def learn(self, scheme: Scheme, state: State) -> None:
        """Take note of the handles that a function leaves in members."""
        for location, value in state.environment.items():
            handle = state.handles.get(value) if isinstance(value, Symbol) else None
            if handle is None or not handle.made or handle.owner is None or not location.path:
                continue
            owners = [p for p in state.holders(handle.owner) if _are_siblings(p, location)]
            for place in owners:
                self._note(scheme, *_tails(location, place))
            if not owners:
                for place in self._other_owners(state, location, handle.owner):
                    self._note(scheme, _tails(location, place)[0], None)

    def _other_owners(self, state: State, location: Location, owner: Symbol) -> list[Location]:
        """The members beside one that hold another handle of its owner's kind."""
        resource = state.handles[owner].resource if owner in state.handles else ""
        return [
            place
            for place, value in state.environment.items()
            if _are_siblings(place, location)
            and isinstance(value, Symbol)
            and value != owner
            and value in state.handles
            and state.handles[value].resource == resource
        ]

    def _note(self, scheme: Scheme, member: Tail, owner: Tail | None) -> None:
        known = self.owners.setdefault((scheme, member), owner)
        if known != owner:
            self.owners[scheme, member] = None

    def owner_of(self, scheme: Scheme, location: Location) -> Location | None:
        """Where the owner of the handle at a location is kept, as far as that is known."""
        path = location.path
        for begin in range(len(path)):
            key = scheme, path[begin:]
            if key in self.owners:
                member = self.owners[key]
                return None if member is None else Location(location.base, path[:begin] + member)
        return None

    # ------------------------------------------------------------ what a member holds

    def learn_resource(self, scheme: Scheme, member: Tail, resource: str | None) -> None:
        """Take note of what a method puts into a member of its object; None: one of several."""
        known = self.resources.setdefault((scheme, member), resource)
        if known != resource:
            self.resources[scheme, member] = None

    def resource_of(self, scheme: Scheme, member: Tail) -> str | None:
        """The kind of handle that a member of a method's own object holds."""
        return self.resources.get((scheme, member))


def _are_siblings(place: Location, other: Location) -> bool:
    """Whether two places are members of one structure, none of them inside the other."""
    return place.base == other.base and all(_tails(place, other))


def _tails(place: Location, other: Location) -> tuple[Tail, Tail]:
    """The accessors of both from where they part."""
    common = 0
    for one, another in zip(place.path, other.path, strict=False):
        if one != another:
            break
        common += 1
    return place.path[common:], other.path[common:]
