"""What a place can hold during the analysis: numbers, symbols, pointers and pure terms.

A *symbol* is one unknown value that never changes; knowledge about it (`is zero`, `equals 5`)
therefore never goes stale. Handles are symbols. When a loop makes a symbol anew, the one of the
round before is renamed to its `older` form first (`State.renew`).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from capilint.ir import Variable

NEWEST = 0
OLDER = 1


class Symbol:
    """An unknown but fixed value.

    `kind` is `initial` (what a location held when the function began; `detail` is the location),
    `handle` (made at `site`), `object` (memory made at `site`), `member` (part of another symbol),
    or any other word for what an instruction left behind at `site`.

    Symbols are interned, like locations: equal ones are the same object, so that states, which
    consist of them, are compared and hashed at the speed of pointers.
    """

    __slots__ = ("age", "detail", "kind", "site")
    _interned: ClassVar[dict[tuple[object, ...], Symbol]] = {}
    kind: str
    site: object
    detail: object
    age: int

    def __new__(cls, kind: str, site: object, detail: object = None, age: int = NEWEST) -> Symbol:
        key = (kind, site, detail, age)
        symbol = cls._interned.get(key)
        if symbol is None:
            symbol = object.__new__(cls)
            symbol.kind, symbol.site, symbol.detail, symbol.age = key
            cls._interned[key] = symbol
        return symbol

    def __repr__(self) -> str:
        return f"{self.kind}@{self.site}:{self.detail}{'~' if self.age else ''}"

    def older(self) -> Symbol:
        """The same symbol, made in an earlier round of a loop."""
        return Symbol(self.kind, self.site, self.detail, OLDER)


class Location:
    """Where a value is kept: a variable, or what a symbol points to, and a path of accessors."""

    __slots__ = ("base", "path")
    _interned: ClassVar[dict[tuple[object, ...], Location]] = {}
    base: Variable | Symbol
    path: tuple[str, ...]

    def __new__(cls, base: Variable | Symbol, path: tuple[str, ...] = ()) -> Location:
        key = (base, path)
        location = cls._interned.get(key)
        if location is None:
            location = object.__new__(cls)
            location.base, location.path = key
            cls._interned[key] = location
        return location

    def __repr__(self) -> str:
        base = self.base.name if isinstance(self.base, Variable) else f"<{self.base!r}>"
        return base + "".join(self.path)

    def at(self, accessor: str) -> Location:
        """The part of this location that an accessor selects."""
        return Location(self.base, (*self.path, accessor))

    def holds(self, inner: Location) -> bool:
        """Whether `inner` is this location or a part of it."""
        return self.base == inner.base and inner.path[: len(self.path)] == self.path


def forget_interned() -> None:
    """Begin anew: values from before must not be mixed with values from after."""
    Symbol._interned.clear()
    Location._interned.clear()


@dataclass(frozen=True, slots=True)
class Number:
    """A known integer; NULL, None and FALSE are 0."""

    value: int


@dataclass(frozen=True, slots=True)
class Text:
    """A known string, or the name of a constant that the file does not define."""

    value: str
    quoted: bool = True


@dataclass(frozen=True, slots=True)
class Status:
    """What a fallible call returned on this path: a number that says how the call went.

    `site` is the call; `target` is where it was to put a handle; `failed` says how it went.
    """

    site: object
    value: int
    target: Location | None = None
    failed: bool = False


@dataclass(frozen=True, slots=True)
class Pointer:
    """The address of a known location."""

    location: Location


@dataclass(frozen=True, slots=True)
class Uninitialised:
    """The content of a variable that was declared and never set."""

    variable: Variable


@dataclass(frozen=True, slots=True)
class Term:
    """An operator on values of which at least one is unknown."""

    operator: str
    operands: tuple[AbstractValue, ...]


@dataclass(frozen=True, slots=True)
class Function:
    """A function used as a value; `captures` are the locations that its code can reach."""

    name: str
    captures: tuple[Location, ...] = ()


@dataclass(frozen=True, slots=True)
class Aggregate:
    """A tuple on its way to the place that takes it apart."""

    values: tuple[AbstractValue, ...]


AbstractValue = (
    Symbol | Number | Text | Status | Pointer | Uninitialised | Term | Function | Aggregate
)

ZERO = Number(0)
ONE = Number(1)


def symbols_in(value: AbstractValue) -> tuple[Symbol, ...]:
    """The symbols that a value is built from (a pointer's pointee is not part of it)."""
    match value:
        case Symbol():
            return (value,)
        case Term(_, operands):
            return tuple(symbol for operand in operands for symbol in symbols_in(operand))
        case Aggregate(values):
            return tuple(symbol for inner in values for symbol in symbols_in(inner))
        case Pointer(location):
            return (location.base,) if isinstance(location.base, Symbol) else ()
        case _:
            return ()


def member_chain(symbol: Symbol) -> tuple[Symbol, ...]:
    """The symbol and those that it was read through (`ctx->key`: that value, then `ctx`)."""
    chain = [symbol]
    while symbol.kind in ("initial", "member"):
        base = symbol.detail.base if isinstance(symbol.detail, Location) else None
        if not isinstance(base, Symbol):
            break
        chain.append(base)
        symbol = base
    return tuple(chain)
