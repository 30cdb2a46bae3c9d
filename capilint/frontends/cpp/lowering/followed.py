"""The containers of a function that are followed, and the loops that go through them."""

from __future__ import annotations

from typing import NamedTuple

from capilint import ir
from capilint.frontends.cpp.facts.model import Type

_IN_A_MAP = ir.Respelt(".second", "")


class Container(NamedTuple):
    """A container that is followed: a local variable, its elements' type, and the destructor that
    ends each of them, if there is one."""

    place: ir.Place
    element: Type
    is_map: bool
    has_unique_keys: bool
    destructor: str | None = None

    @property
    def value_path(self) -> tuple[str, ...]:
        """Where in an element that is which was put in: a map's has a key, too."""
        return (_IN_A_MAP,) if self.is_map else ()


class Cursor(NamedTuple):
    """The loop that goes through a container: where it keeps the address of the present element,
    and the name of its index or iterator, with the variable that has the name there."""

    container: Container
    element: ir.Place
    name: str
    is_index: bool
    variable: ir.Variable | None = None

    @property
    def present(self) -> ir.Place:
        """The present element."""
        return ir.Place(self.element.root, (*self.element.path, "*"))
