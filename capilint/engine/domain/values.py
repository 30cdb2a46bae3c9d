"""What a place can hold during the analysis: numbers, symbols, pointers and pure terms.

A *symbol* is one unknown value that never changes; knowledge about it (`is zero`, `equals 5`)
therefore never goes stale. Handles are symbols. When a loop makes a symbol anew, the one of the
round before is renamed to its `older` form first (`State.renew`).

Values and locations are interned: equal ones are the same object. States, which consist of them,
are so compared and hashed at the speed of pointers, a term costs no more than its own operator,
and what is often asked of a value (its symbols, the parts of a location) is worked out once.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, ClassVar, TypeGuard, TypeVar

from capilint.ir import Scope, Variable

NEWEST = 0
ONE_OF = "one of"  # the operator of what says that its first operand is one of the others
OLDER = 1
T = TypeVar("T")


class Interning(type):
    """The type of dataclasses of which no two instances are equal; made by position only."""

    interned: dict[tuple[object, ...], Any]
    known: ClassVar[list[Interning]] = []

    def __init__(cls, *definition: Any) -> None:
        super().__init__(*definition)
        cls.interned = {}
        Interning.known.append(cls)

    def __call__(cls: type[T], *fields: Any) -> T:
        """The one instance with these fields."""
        instance: T | None = cls.interned.get(fields)  # type: ignore[attr-defined]
        if instance is None:
            instance = cls._intern(fields)  # type: ignore[attr-defined]
        return instance

    def _intern(cls, fields: tuple[object, ...]) -> Any:
        defaults: tuple[object, ...] = cls.__init__.__defaults__ or ()  # type: ignore[misc]
        names: tuple[str, ...] = cls.__match_args__  # type: ignore[attr-defined]
        complete = fields + defaults[len(defaults) - len(names) + len(fields) :]
        if complete not in cls.interned:
            cls.interned[complete] = type.__call__(cls, *complete)
        instance = cls.interned[fields] = cls.interned[complete]
        return instance


def forget_interned() -> None:
    """Begin anew: values from before must not be mixed with values from after."""
    for each in Interning.known:
        each.interned.clear()
    for constant in (ZERO, ONE):
        Number.interned[constant.value,] = constant


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class Symbol(metaclass=Interning):
    """An unknown but fixed value.

    `kind` is `initial` (what a location held when the function began; `detail` is the location),
    `handle` (made at `site`), `object` (memory made at `site`), `member` (part of another symbol),
    or any other word for what an instruction left behind at `site`.
    `chain` is the symbol and those that it was read through (`ctx->key`: that value, then `ctx`),
    `root` the variable that the last of them was in when the function began, if it was in one.
    `origins` are those, and for a part of another symbol that one's, too;
    `derived` are the others that have it among theirs, and `terms` the terms on any of them all;
    `related` are those that equal it to another one, or tell it apart, `numbers` those that equal
    it to a number, `choices` those that list all that it may be.
    One that is `lasting` was read through what a variable held at the beginning, or is memory.
    """

    kind: str
    site: object
    detail: object = None
    age: int = NEWEST
    symbols: tuple[Symbol, ...] = field(init=False)
    chain: tuple[Symbol, ...] = field(init=False)
    origins: tuple[Symbol, ...] = field(init=False)
    root: Variable | None = field(init=False)
    derived: list[Symbol] = field(init=False, default_factory=list)
    terms: list[Term] = field(init=False, default_factory=list)
    related: list[Term] = field(init=False, default_factory=list)
    numbers: set[Term] = field(init=False, default_factory=set)
    choices: list[Term] = field(init=False, default_factory=list)
    lasting: bool = field(init=False)

    def __post_init__(self) -> None:
        place = self.detail if self.kind in ("initial", "member") else None
        base = place.base if isinstance(place, Location) else None
        above = base.chain if isinstance(base, Symbol) else ()
        object.__setattr__(self, "symbols", (self,))
        object.__setattr__(self, "chain", (self, *above))
        root = above[-1].root if above else base
        object.__setattr__(self, "root", root if isinstance(root, Variable) else None)
        object.__setattr__(self, "lasting", self.root is not None or self.kind == "object")
        through = base.origins if isinstance(base, Symbol) else ()
        whole = self.site.origins if self.kind == "member" and isinstance(self.site, Symbol) else ()
        others = dict.fromkeys((*through, *whole))
        object.__setattr__(self, "origins", (self, *others))
        for link in others:
            link.derived.append(self)

    def __repr__(self) -> str:
        return f"{self.kind}@{self.site}:{self.detail}{'~' if self.age else ''}"

    def older(self) -> Symbol:
        """The same symbol, made in an earlier round of a loop."""
        return Symbol(self.kind, self.site, self.detail, OLDER)


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class Location(metaclass=Interning):
    """Where a value is kept: a variable, or what a symbol points to, and a path of accessors.

    `below` are the locations inside it, however deep, that anything was ever kept in.
    """

    base: Variable | Symbol
    path: tuple[str, ...] = ()
    below: list[Location] = field(init=False, default_factory=list)

    def __post_init__(self) -> None:
        for length in range(len(self.path) - 1, -1, -1):
            Location(self.base, self.path[:length]).below.append(self)

    def __repr__(self) -> str:
        base = self.base.name if isinstance(self.base, Variable) else f"<{self.base!r}>"
        return base + "".join(self.path)

    def at(self, accessor: str) -> Location:
        """The part of this location that an accessor selects."""
        return Location(self.base, (*self.path, accessor))


@dataclass(frozen=True, slots=True, eq=False)
class Number(metaclass=Interning):
    """A known integer; NULL, None and FALSE are 0."""

    value: int
    symbols: ClassVar[tuple[Symbol, ...]] = ()


@dataclass(frozen=True, slots=True, eq=False)
class Text(metaclass=Interning):
    """A known string, or the name of a constant that the file does not define."""

    value: str
    quoted: bool = True
    symbols: ClassVar[tuple[Symbol, ...]] = ()


@dataclass(frozen=True, slots=True, eq=False)
class Status(metaclass=Interning):
    """What a fallible call returned on this path: a number that says how the call went.

    `site` is the call; `target` is where it was to put a handle; `failed` says how it went.
    One that is not `exact` is some code of a failure, of which `value` is only the sign.
    """

    site: object
    value: int
    target: Location | None = None
    failed: bool = False
    exact: bool = True
    symbols: ClassVar[tuple[Symbol, ...]] = ()


@dataclass(frozen=True, slots=True, eq=False)
class Pointer(metaclass=Interning):
    """The address of a known location (whose own content is not part of it)."""

    location: Location
    symbols: tuple[Symbol, ...] = field(init=False, repr=False)

    def __post_init__(self) -> None:
        base = self.location.base
        object.__setattr__(self, "symbols", (base,) if isinstance(base, Symbol) else ())


@dataclass(frozen=True, slots=True, eq=False)
class Uninitialised(metaclass=Interning):
    """The content of a variable that was declared and never set, or of a `path` inside of it.

    It is some value: what a branch has asked about it holds until it is set.
    """

    variable: Variable
    path: tuple[str, ...] = ()
    symbols: tuple[Symbol, ...] = field(init=False, repr=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "symbols", (Symbol("unset", "entry", self.variable),))


@dataclass(frozen=True, slots=True, eq=False)
class Term(metaclass=Interning):
    """An operator on values of which at least one is unknown; see `is_fixed`."""

    operator: str
    operands: tuple[AbstractValue, ...]
    symbols: tuple[Symbol, ...] = field(init=False, repr=False)
    fixed: bool = field(init=False, repr=False)

    def __post_init__(self) -> None:
        fixed = self.operator != "unknown" and all(map(is_fixed, self.operands))
        object.__setattr__(self, "symbols", _symbols_of(self.operands))
        object.__setattr__(self, "fixed", fixed)
        for link in {link for symbol in self.symbols for link in symbol.origins}:
            link.terms.append(self)
        if self.operator in ("==", "!="):
            self._relate()
        elif self.operator == ONE_OF and isinstance(self.operands[0], Symbol):
            self.operands[0].choices.append(self)

    def _relate(self) -> None:
        """Let the unknowns know what they are compared with."""
        unknown = [each for each in self.operands if isinstance(each, Symbol)]
        if len(unknown) > 1:
            for each in dict.fromkeys(unknown):
                each.related.append(self)
        elif self.operator == "==" and any(isinstance(each, Number) for each in self.operands):
            for each in unknown:
                each.numbers.add(self)


@dataclass(frozen=True, slots=True, eq=False)
class Function(metaclass=Interning):
    """A function used as a value; `captures` are the locations that its code can reach."""

    name: str
    captures: tuple[Location, ...] = ()
    symbols: ClassVar[tuple[Symbol, ...]] = ()


@dataclass(frozen=True, slots=True, eq=False)
class Aggregate(metaclass=Interning):
    """A tuple on its way to the place that takes it apart."""

    values: tuple[AbstractValue, ...]
    symbols: tuple[Symbol, ...] = field(init=False, repr=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "symbols", _symbols_of(self.values))


AbstractValue = (
    Symbol | Number | Text | Status | Pointer | Uninitialised | Term | Function | Aggregate
)

Part = tuple[tuple[str, ...], AbstractValue]  # of a structure: its accessors, and what is there

ZERO = Number(0)
ONE = Number(1)


def _symbols_of(values: tuple[AbstractValue, ...]) -> tuple[Symbol, ...]:
    return tuple(dict.fromkeys(symbol for value in values for symbol in value.symbols))


def is_empty_box(value: AbstractValue) -> TypeGuard[Symbol]:
    """Whether a value is a box of ctypes or cffi that was made here, with 0 in it."""
    return isinstance(value, Symbol) and value.kind == "box"


def is_memory(symbol: Symbol) -> bool:
    """Whether a symbol is memory, or an object, that a call made."""
    return symbol.kind == "object"


def is_handle_or_memory(value: AbstractValue) -> bool:
    """Whether a value is a handle, memory or an object that a call made."""
    return isinstance(value, Symbol) and value.kind in ("handle", "object")


def name_of(value: AbstractValue) -> str | None:
    """What the source calls something outside of the function: a constant, a global variable or
    its address. All that is known of another file's function is such a name."""
    match value:
        case Text(name, False):
            return name
        case Pointer(Location(Variable(name, Scope.GLOBAL), ())):
            return name
        case Symbol("initial", _, Location(Variable(name, Scope.GLOBAL), ())):
            return name
        case _:
            return None


def is_fixed(value: AbstractValue) -> bool:
    """Whether asking for the value twice gives the same answer (an element `[?]` does not)."""
    if isinstance(value, Term):
        return value.fixed
    return not (isinstance(value, Symbol) and value.kind == "unknown")


def is_unknown_constant(value: AbstractValue) -> bool:
    """Whether a condition hangs on nothing but named constants whose value is not known."""
    match value:
        case Text(_, quoted):
            return not quoted
        case Term(_, operands):
            known = [operand for operand in operands if isinstance(operand, Number | Status)]
            rest = [operand for operand in operands if operand not in known]
            return bool(rest) and all(is_unknown_constant(operand) for operand in rest)
        case _:
            return False


def symbols_in(value: AbstractValue) -> tuple[Symbol, ...]:
    """The symbols that a value is built from, each once."""
    return value.symbols


def member_chain(symbol: Symbol) -> tuple[Symbol, ...]:
    """The symbol and those that it was read through."""
    return symbol.chain


def led_to(symbol: Symbol, other: Symbol) -> bool:
    """Whether a symbol is another one, or was read through it, or is a part of it."""
    return other in symbol.origins


def initial(place: Location) -> Symbol:
    """What a place held when the function began."""
    return Symbol("initial", "entry", place)


def is_parameter(value: AbstractValue) -> TypeGuard[Symbol]:
    """Whether a value is what a parameter held at the start."""
    return (
        isinstance(value, Symbol)
        and value.kind == "initial"
        and isinstance(value.detail, Location)
        and isinstance(value.detail.base, Variable)
        and value.detail.base.scope is Scope.PARAMETER
        and not value.detail.path
    )
