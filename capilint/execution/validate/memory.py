"""The memory of one path: cells with concrete values, and who can still reach what."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

from capilint.execution.validate.values import (
    Concrete,
    HandleValue,
    Location,
    NotRunnable,
    Opaque,
    Reference,
    Uninitialised,
    leaves,
)
from capilint.ir import Scope, Variable


@dataclass(frozen=True, slots=True)
class Slot:
    """A variable of one call; globals belong to call 0."""

    call: int
    variable: Variable


@dataclass(frozen=True, slots=True)
class Pointee:
    """What an unknown value points at: it belongs to the caller."""

    value: Concrete


@dataclass(frozen=True, slots=True)
class Object:
    """Memory, or a box, that the program has made."""

    number: int


@dataclass(slots=True)
class Memory:
    """`boxes` is set where the content of what an unknown value points at is that value.

    `members` are the values found in structures that the caller made, `spent` the temporaries
    that have been read: they keep nothing alive. `freed` is the memory that has ended. `made_up`
    is what cells hold that nobody wrote, `origins` the cell that each such value was made up for.
    """

    boxes: bool
    fresh: Callable[[str], Opaque]
    cells: dict[Location, Concrete] = field(default_factory=dict)
    members: dict[Opaque, Pointee] = field(default_factory=dict)
    spent: set[object] = field(default_factory=set)
    freed: set[object] = field(default_factory=set)
    made_up: dict[Location, Opaque] = field(default_factory=dict)
    origins: dict[Concrete, Location] = field(default_factory=dict)
    lives: int = 0  # of variables that began without a value

    def begin(self, location: Location) -> None:
        """A variable begins its life without a value."""
        self.lives += 1
        self.store(location, Uninitialised(location, self.lives))

    def load(self, location: Location) -> Concrete:
        """The content of a cell; what nobody wrote is made up, once."""
        if location in self.cells:
            return self.cells[location]
        if location.base in self.freed:
            raise NotRunnable("memory that was freed is read")
        path = location.path
        for length in range(len(path) - 1, -1, -1):
            outer = self.cells.get(Location(location.base, path[:length]))
            if isinstance(outer, Uninitialised):
                return Uninitialised(location, outer.life)
            if outer == 0:
                return outer
            if isinstance(outer, HandleValue) and {*path[length:]} == {"[0]"}:
                return outer  # an array's name stands for its first element
            if isinstance(outer, tuple) and path[length].strip("[]").isdigit():
                index = int(path[length].strip("[]"))
                if length == len(path) - 1 and index < len(outer):
                    return outer[index]
            origin = self.origins.get(outer) if isinstance(outer, Opaque) else None
            if origin is not None and all(each.startswith(".") for each in path[length:]):
                return self._make_up(Location(origin.base, origin.path + path[length:]))  # a copy
        content: Concrete = self._make_up(location)
        if isinstance(location.base, Pointee) and not path and self.boxes:
            content = location.base.value
        self.cells[location] = content
        return content

    def _make_up(self, location: Location) -> Opaque:
        """What a cell holds that nobody wrote, each time the same."""
        unknown = self.made_up.get(location)
        if unknown is None:
            unknown = self.made_up[location] = self.fresh("".join(location.path))
            self.origins[unknown] = location
            if location.path and isinstance(location.base, Pointee):
                self.members[unknown] = location.base
        return unknown

    def store(self, location: Location, value: Concrete) -> None:
        """Write a cell; what was inside of it before is gone."""
        self.clear(location)
        self.spent.discard(location.base)
        self.cells[location] = value

    def clear(self, location: Location) -> None:
        """Forget a cell and what is inside of it."""
        depth = len(location.path)
        for inner in [
            known
            for known in self.cells
            if known.base == location.base and known.path[:depth] == location.path
        ]:
            del self.cells[inner]

    def free(self, location: Location) -> None:
        """End the memory at an address."""
        self.clear(location)
        if not location.path:
            self.freed.add(location.base)

    def inside(self, location: Location) -> list[tuple[tuple[str, ...], Concrete]]:
        """The cells inside of one, by their paths from it."""
        depth = len(location.path)
        return [
            (known.path[depth:], value)
            for known, value in self.cells.items()
            if known.base == location.base
            and len(known.path) > depth
            and known.path[:depth] == location.path
        ]

    def end_call(self, call: int) -> None:
        """The variables of a call are gone."""
        for location in list(self.cells):
            if isinstance(location.base, Slot) and location.base.call == call:
                del self.cells[location]

    def is_external(self, location: Location) -> bool:
        """Whether code outside can see a cell."""
        base = location.base
        if isinstance(base, Object):
            return base in self._exposed()
        return _is_outside(base)

    def _exposed(self) -> set[object]:
        """The objects that code outside can get at."""
        pending = [value for place, value in self.cells.items() if _is_outside(place.base)]
        found: set[object] = set()
        while pending:
            for leaf in leaves(pending.pop()):
                if isinstance(leaf, Reference) and leaf.location.base not in found:
                    found.add(leaf.location.base)
                    pending += [
                        value
                        for place, value in self.cells.items()
                        if place.base == leaf.location.base
                    ]
        return found

    def reachable(self, extra: Concrete = 0) -> set[int]:
        """The handles that variables, or `extra`, still lead to."""
        pending = [
            value
            for location, value in self.cells.items()
            if not isinstance(location.base, Object) and location.base not in self.spent
        ]
        return self._led_to([extra, *pending])

    def held_by_caller(self) -> set[int]:
        """The handles that memory of the caller leads to."""
        return self._led_to(
            [value for place, value in self.cells.items() if isinstance(place.base, Pointee)]
        )

    def _led_to(self, pending: list[Concrete]) -> set[int]:
        by_base: dict[object, list[Concrete]] = {}
        for location, value in self.cells.items():
            by_base.setdefault(location.base, []).append(value)
        found: set[int] = set()
        seen: set[object] = set()
        while pending:
            for leaf in leaves(pending.pop()):
                if isinstance(leaf, HandleValue):
                    found.add(leaf.handle)
                elif isinstance(leaf, Reference) and leaf.location.base not in seen:
                    seen.add(leaf.location.base)
                    pending += by_base.get(leaf.location.base, [])
        return found


def _is_outside(base: object) -> bool:
    if isinstance(base, Slot):
        return base.variable.scope is Scope.GLOBAL
    return isinstance(base, Pointee)
