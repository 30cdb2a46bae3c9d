"""What a structure's members hold: learned in one function, used in the others.

A constructor that stores a context in `.prov` and a key made in it in `.key` shows that an
object's `.key` is a key, and lives in its `.prov`; so does a method that makes the key in what
`.prov` holds already. A destructor that meets only the two members
can then be told that it releases them in the wrong order, or by the wrong function.

    .prov.value  and  .key.value      the owner of .key.value is .prov.value, in whatever holds them

A file's own variables are like the members of one structure.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Container, Iterable
from dataclasses import dataclass, field

from capilint.engine.domain.state import State
from capilint.engine.domain.values import Location, Symbol
from capilint.ir import Scope, Variable

_FILE = Variable("%file", Scope.GLOBAL)  # the structure whose members are variables
KEPT_BY_OTHERS = ("initial", "member", "clobber")  # what is in a member that others have filled
Scheme = str
Tail = tuple[str, ...]
"""The accessors from the structure that two members have in common."""
Kept = dict[tuple[Variable | Symbol, str], list[tuple[Location, Symbol]]]
"""The places of handles, and these, by the structure they are in and by their kind."""


@dataclass(slots=True)
class MemberOwners:
    """What one program shows of its structures.

    A scheme says whose members are meant: a class, or the members' file where types have no
    names. A member that is seen with two owners has none. `resources` are what the members of a
    method's own object hold; one that is seen with two holds neither for certain. Both are by
    scheme, so that nothing looks through those of the whole program.
    """

    owners: dict[Scheme, dict[Tail, Tail | None]] = field(default_factory=dict)
    resources: dict[Scheme, dict[Tail, str | None]] = field(default_factory=dict)

    def copy_of(self, schemes: Iterable[Scheme]) -> MemberOwners:
        """What is known of some schemes, which may learn more on its own."""
        named = set(schemes)
        return MemberOwners(
            {each: dict(self.owners[each]) for each in named if each in self.owners},
            {each: dict(self.resources[each]) for each in named if each in self.resources},
        )

    def take_over(self, copy: MemberOwners) -> None:
        """Know of the schemes of a copy what that has learned since."""
        self.owners.update(copy.owners)
        self.resources.update(copy.resources)

    def learn(self, scheme: Scheme, state: State, own: Container[str] = ()) -> None:
        """Take note of the handles that a function leaves in members, and in its file's `own`
        variables."""
        made = {
            symbol: handle.owner
            for symbol, handle in state.handles.items()
            if handle.made and handle.owner is not None
        }
        kept: Kept = {}
        holders: dict[Symbol, list[Location]] = {}
        places = state.environment.items() if made else ()
        for place, owner in [(place, made[value]) for place, value in places if value in made]:
            location = _as_member(place, own)
            if not location.path:
                continue
            if owner not in holders:
                holders[owner] = [_as_member(each, own) for each in _places(state, owner)]
            beside = [each for each in holders[owner] if _are_siblings(each, location)]
            for each in beside:
                self.note(scheme, *_tails(location, each))
            if not beside:
                kept = kept or _by_structure(state, own)
                kind = state.handles[owner].resource if owner in state.handles else ""
                for each, other in kept.get((location.base, kind), ()):
                    if other != owner and _are_siblings(each, location):
                        self.note(scheme, _tails(location, each)[0], None)
                if _stands_apart(owner):
                    self.note(scheme, location.path, None)

    def note(self, scheme: Scheme, member: Tail, owner: Tail | None) -> None:
        """Take note of where a member's owner is; None: nowhere for certain."""
        known = self.owners.setdefault(scheme, {})
        if known.setdefault(member, owner) != owner:
            known[member] = None

    def owner_of(self, scheme: Scheme, location: Location) -> Location | None:
        """Where the owner of the handle at a location is kept, as far as that is known."""
        member_of = _as_member(location, _All())
        path, known = member_of.path, self.owners.get(scheme, {})
        for begin in range(len(path)):
            if path[begin:] in known:
                member = known[path[begin:]]
                return None if member is None else _of_member(member_of.base, path[:begin] + member)
        return None

    def is_owner(self, scheme: Scheme, location: Location) -> bool:
        """Whether a location is that of an owner."""
        path = _as_member(location, _All()).path
        tails = {path[begin:] for begin in range(len(path))}
        return any(owner in tails for owner in self.owners.get(scheme, {}).values())

    # ------------------------------------------------------------ what a member holds

    def learn_resource(self, scheme: Scheme, member: Tail, resource: str | None) -> None:
        """Take note of what a method puts into a member of its object; None: one of several."""
        known = self.resources.setdefault(scheme, {})
        if known.setdefault(member, resource) != resource:
            known[member] = None

    def resource_of(self, scheme: Scheme, member: Tail) -> str | None:
        """The kind of handle that a member of a method's own object holds."""
        return self.resources.get(scheme, {}).get(member)


@dataclass(frozen=True, slots=True)
class MembersSeen:
    """What is known of members, as one function sees them: its scheme, and the object that it is
    called on, if it is a method."""

    known: MemberOwners = field(default_factory=MemberOwners)
    scheme: Scheme = ""
    own_object: Symbol | None = None

    def resource_of(self, symbol: Symbol) -> str | None:
        """What a member of the method's own object holds, as other methods fill it."""
        place = symbol.detail if symbol.kind == "initial" else None
        if self.own_object is None or not isinstance(place, Location):
            return None
        own = place.base == self.own_object
        return self.known.resource_of(self.scheme, place.path) if own else None

    def is_owner(self, symbol: Symbol) -> bool:
        """Whether what is in a member owns what is beside it, as other functions fill them."""
        place = symbol.detail
        return isinstance(place, Location) and self.known.is_owner(self.scheme, place)

    def owner_of(self, state: State, symbol: Symbol) -> Symbol | None:
        """The context that this symbol's structure kept beside it, when both were there.

        Other code that was given the structure may have put new ones there, the one for the other.
        """
        if symbol.kind not in KEPT_BY_OTHERS or not isinstance(symbol.detail, Location):
            return None
        place = self.known.owner_of(self.scheme, symbol.detail)
        if place is None:
            return None
        beside = Symbol(symbol.kind, symbol.site, place)
        if symbol.kind == "initial" or beside in state.handles:
            return beside
        held = state.load(place)
        return held if isinstance(held, Symbol) and held.kind in KEPT_BY_OTHERS else None

    def show_to_others(self, state: State) -> None:
        """Other code is about to see what members hold; afterwards nobody knows what is there."""
        if any(handle.made and handle.owner is not None for handle in state.handles.values()):
            self.known.learn(self.scheme, state)

    def are_of_a_second_call(self, state: State, symbol: Symbol) -> bool:
        """Whether a handle, and its context, are there only if others call a function twice: it
        asks whether they are, and puts a new context in the old one's place."""
        handle = state.handles[symbol]
        place = handle.owner.detail if handle.owner is not None else None
        if handle.made or handle.owner is None or not isinstance(place, Location):
            return False
        held = state.load(place)
        new = state.handles.get(held) if isinstance(held, Symbol) else None
        asked = state.facts.get(symbol) and state.facts.get(handle.owner)
        return bool(asked) and new is not None and new.made


class _All(Container[str]):
    """Any name."""

    def __contains__(self, name: object) -> bool:
        return True


def _as_member(location: Location, own: Container[str]) -> Location:
    """A location in one of a file's own variables as one in the structure that these make."""
    base = location.base
    if isinstance(base, Variable) and base.scope is Scope.GLOBAL and base.name in own:
        return Location(_FILE, (f"%{base.name}", *location.path))
    return location


def _of_member(base: Variable | Symbol, path: Tail) -> Location:
    """The location again."""
    if base == _FILE:
        return Location(Variable(path[0][1:], Scope.GLOBAL), path[1:])
    return Location(base, path)


def _by_structure(state: State, own: Container[str]) -> Kept:
    """What of a state is kept where."""
    found: Kept = defaultdict(list)
    for place, value in state.environment.items():
        if isinstance(value, Symbol) and value in state.handles:
            location = _as_member(place, own)
            found[location.base, state.handles[value].resource].append((location, value))
    return found


def _places(state: State, symbol: Symbol) -> list[Location]:
    """The places that hold a symbol, with the one that held it when the function began."""
    places = state.holders(symbol)
    first = symbol.detail if symbol.kind == "initial" else None
    if isinstance(first, Location) and state.load(first) == symbol:
        places.append(first)
    return places


def _stands_apart(symbol: Symbol) -> bool:
    """Whether it came by itself, as an argument or in a global, and not in a structure."""
    place = symbol.detail if symbol.kind == "initial" else None
    return isinstance(place, Location) and isinstance(place.base, Variable) and not place.path


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
