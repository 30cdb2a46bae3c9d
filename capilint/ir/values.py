"""Variables, places, and the pure values over them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum
from typing import NamedTuple

from capilint.slotted import quickly_made


class Scope(StrEnum):
    """Where a variable lives."""

    LOCAL = "local"
    PARAMETER = "parameter"
    GLOBAL = "global"
    TEMPORARY = "temporary"

    __hash__ = str.__hash__  # an enumeration's own is slow, and variables are hashed all the time


class Variable(NamedTuple):
    """A named storage; shadowing names are made unique (`hKey`, `hKey#2`) by the front end.

    `static` C locals and captured (`nonlocal`) Python variables are GLOBAL: they outlive the call.
    """

    name: str
    scope: Scope


class Respelt(str):
    """An accessor, and what the source has `written` for it.

    A union's member has the accessor of the first one, whose storage it has; what is in a map is
    the `.second` of an element, of which `map[3]` says nothing.
    """

    __slots__ = ("written",)
    written: str

    def __new__(cls, accessor: str, written: str) -> Respelt:
        respelt = super().__new__(cls, accessor)
        respelt.written = written
        return respelt


@quickly_made
@dataclass(frozen=True, slots=True)
class Place:
    """A storage location: a variable and the accessors from it (see the module's table)."""

    root: Variable
    path: tuple[str, ...] = ()

    def __str__(self) -> str:
        return source_text(self)


# ---------------------------------------------------------------- values


@quickly_made
@dataclass(frozen=True, slots=True)
class Constant:
    """A literal: an integer, text, or None for NULL / None. TRUE is 1 and FALSE is 0."""

    value: int | str | None


@quickly_made
@dataclass(frozen=True, slots=True)
class Named:
    """A named constant such as CRYPT_DELETEKEYSET, with its value where the file defines it.

    `origin` is the dotted name where another Python module defines it.
    """

    name: str
    value: int | None = None
    origin: str = ""


@quickly_made
@dataclass(frozen=True, slots=True)
class Read:
    """The content of a place."""

    place: Place


@quickly_made
@dataclass(frozen=True, slots=True)
class AddressOf:
    """A pointer to a place (`&hKey`)."""

    place: Place


@quickly_made
@dataclass(frozen=True, slots=True)
class Operation:
    """A pure operator on values.

    `operator` is one of ! == != < <= > >= & | ^ ~ + - * / % << >> && || ?: (`&&`, `||` and `?:`
    only where no operand has side effects; elsewhere they are control flow), `elements` for a
    Python argument that stands for several (`*args`), or `is-instance` and the like for anything
    else, which the engine takes as an unknown pure function.
    """

    operator: str
    operands: tuple[Value, ...]


@quickly_made
@dataclass(frozen=True, slots=True)
class TupleOf:
    """A fixed-size aggregate (`return prov, key`); its fields are read as `[0]`, `[1]`."""

    values: tuple[Value, ...]


@quickly_made
@dataclass(frozen=True, slots=True)
class FunctionReference:
    """A function used as a value, or code captured by a closure.

    `captures` are the places of the enclosing function that the code can reach.
    """

    name: str
    captures: tuple[Place, ...] = ()


@quickly_made
@dataclass(frozen=True, slots=True)
class Unknown:
    """A value that the front end cannot express; `mentions` are the values inside it."""

    mentions: tuple[Value, ...] = ()


Value = Constant | Named | Read | AddressOf | Operation | TupleOf | FunctionReference | Unknown


NEW_ELEMENT = "[+]"
"""The accessor of an element that is put into a container, with nothing known of its key."""


def places_in(value: Value | None) -> tuple[Place, ...]:
    """Every place that a value reads, takes the address of, or captures."""
    if isinstance(value, Read | AddressOf):
        return (value.place,)
    match value:
        case Operation(_, values) | TupleOf(values) | Unknown(values):
            return tuple(place for inner in values for place in places_in(inner))
        case FunctionReference(_, captures):
            return captures
        case _:
            return ()


def origins_in(value: Value) -> Iterator[str]:
    """The dotted names of the other modules' constants in a value."""
    match value:
        case Named(origin=origin) if origin:
            yield origin
        case Operation(_, values) | TupleOf(values) | Unknown(values):
            for inner in values:
                yield from origins_in(inner)


_ELEMENT = ".__get_"
_UNSEEN = (".__pointer", ".__object", _ELEMENT)


def source_text(place: Place) -> str:
    """The place as its source would write it: `ctx->key`, `*phKey`, `self.key`, `keys[2]`.

    What library classes hold in members of reserved names is called as they give it out: `*owner`
    for `*owner.__pointer`, `std::get<1>(both)` for `both.__get_1`.
    """
    text = place.root.name.partition("#")[0]
    spelt = (each.written if isinstance(each, Respelt) else each for each in place.path)
    path = tuple(
        each
        for each in spelt
        if each and (not each.startswith(_UNSEEN) or each.startswith(_ELEMENT))
    )
    if text.endswith("&"):  # a reference, or C++'s `this`, is not seen in the source
        text, path = text[:-1], path[1:]
        if text == "this":
            text, path = (path[0][1:], path[1:]) if path else ("*this", path)
    position = 0
    while position < len(path):
        accessor = path[position]
        if accessor.startswith(("[+", "[~")):
            text += "[..]"
        elif accessor.startswith(_ELEMENT):
            text = f"std::get<{accessor.removeprefix(_ELEMENT)}>({text})"
        elif accessor != "*":
            text += accessor
        elif position + 1 < len(path) and path[position + 1].startswith("."):
            text += "->" + path[position + 1][1:]
            position += 1
        elif position + 1 == len(path):
            text = "*" + text
        position += 1
    return text
