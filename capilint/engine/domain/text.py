"""States, handles and events in words, for people who debug the analysis.

    place   hKey = key@9                        what `hKey` holds: the key that line 9 made
    handle  key@9: live, made here, context hProv
    fact    hProv is not 0

`key@9` is a handle by the line of the call that made it; `older key@9` stands for those that the
same call made in earlier rounds of a loop. `hProv` on the right of a row is what that place held
when the function began. Any other unknown value is named after what left it behind, and where:
`result@b2.1` is what instruction 1 of block 2 returned, `join(i)@b1` what `i` holds where paths
meet in block 1.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from capilint.engine.domain.events import Event, Origin, Role
from capilint.engine.domain.handle import Handle
from capilint.engine.domain.state import CONTENTS, State
from capilint.engine.domain.values import (
    AbstractValue,
    Aggregate,
    Function,
    Location,
    Number,
    Pointer,
    Status,
    Symbol,
    Term,
    Text,
    Uninitialised,
)
from capilint.finding import Span
from capilint.ir import Branch, Place, Variable, source_text

_FLAGS = {
    "made": "made here",
    "escaped": "escaped",
    "handed": "handed to the caller",
    "entrusted": "entrusted to an object",
    "orphaned": "orphaned",
    "owns_itself": "releases itself",
    "optional": "may be null",
    "raised": "lived through an exception",
    "used": "used",
}
_ACTIONS = {
    "use": "uses",
    "retain": "retains",
    "release": "releases",
    "create": "creates",
    "free": "frees",
}
_WITHOUT_CALL = {
    "free": "the memory ends",
    "lose": "the last reference is gone",
    "hand-out": "handed to the caller",
    "show": "stored in memory of the caller",
}


@dataclass(frozen=True, slots=True)
class Names:
    """What the values of one function are called; `origins` are those of its handles."""

    origins: Mapping[Symbol, Origin]

    def symbol(self, symbol: Symbol) -> str:
        """The name of an unknown value."""
        newest = Symbol(symbol.kind, symbol.site, symbol.detail)
        origin = self.origins.get(newest)
        if origin is not None:
            name = self._handle(origin)
        elif symbol.kind in CONTENTS and isinstance(symbol.detail, Location):
            name = self.location(symbol.detail)
        else:
            place = symbol.detail
            inside = f"({self.location(place)})" if isinstance(place, Location) else ""
            name = f"{symbol.kind}{inside}@{_site(symbol.site)}"
        return f"older {name}" if symbol.age else name

    def _handle(self, origin: Origin) -> str:
        """By the line, and the column and the variable where one line makes several."""
        name = f"{origin.resource}@{origin.span.line}"
        rivals = [
            each
            for each in self.origins.values()
            if each != origin and f"{each.resource}@{each.span.line}" == name
        ]
        if not rivals:
            return name
        return f"{name}:{origin.span.column}" + (f"({origin.text})" if origin.text else "")

    def location(self, location: Location) -> str:
        """A location as the source would write it, with the number of a name that shadows."""
        path, base = location.path, location.base
        while isinstance(base, Symbol):
            if base.kind not in CONTENTS or not isinstance(base.detail, Location):
                return f"<{self.symbol(base)}>" + "".join(path)
            path = (*base.detail.path, "*", *path)
            base = base.detail.base
        short = base.name.partition("#")[0]
        return source_text(Place(base, path)).replace(short, base.name, 1)

    def value(self, value: AbstractValue) -> str:
        """A value as it stands on the right of a row."""
        match value:
            case Symbol():
                return self.symbol(value)
            case Number(number):
                return str(number)
            case Text(text, quoted):
                return f'"{text}"' if quoted else text
            case Status(site, number, _, failed):
                return f"{number}, the {'failure' if failed else 'success'} of {_site(site)}"
            case Pointer(location):
                return "&" + self.location(location)
            case Uninitialised():
                return "not set"
            case Function(name):
                return f"function {name}"
            case Term(operator, (left, right)) if not operator[:1].isalpha():
                return f"({self.value(left)} {operator} {self.value(right)})"
            case Term(operator, operands):
                return f"{operator}{self._listed(operands)}"
            case Aggregate(values):
                return self._listed(values)

    def _listed(self, values: tuple[AbstractValue, ...]) -> str:
        return f"({', '.join(map(self.value, values))})"

    def fact(self, value: AbstractValue, truth: bool) -> str:
        """What is known of a value: that it is 0, or is not."""
        if isinstance(value, Term) and value.operator in ("==", "!=", "<", "<=", ">", ">="):
            return self.value(value)[1:-1] + (" holds" if truth else " does not hold")
        return f"{self.value(value)} is {'not ' * truth}0"


def _site(site: object) -> str:
    match site:
        case (int(block), int(index)):
            return f"b{block}.{index}"
        case int(block):
            return f"b{block}"
        case str(word):
            return word
        case _:
            return "elsewhere"


def position(span: Span) -> str:
    """Line and column, each from 1."""
    return f"{span.line}:{span.column}"


# ---------------------------------------------------------------- states


def state_rows(state: State, names: Names) -> list[str]:
    """All that is known in a state, one row for each entry of its dictionaries."""
    rows = [f"place   {row}" for row in place_rows(state.environment.items(), names)]
    rows += [
        f"handle  {names.symbol(symbol)}: {handle_text(handle, names)}"
        for symbol, handle in state.handles.items()
    ]
    rows += [f"fact    {names.fact(value, truth)}" for value, truth in state.facts.items()]
    rows += [f"note    {note}" for note in _notes(state, names)]
    return rows


def place_rows(places: Iterable[tuple[Location, AbstractValue]], names: Names) -> Iterator[str]:
    """What each location holds."""
    for location, value in places:
        yield f"{names.location(location)} = {names.value(value)}"


def handle_text(handle: Handle, names: Names) -> str:
    """A handle's typestate and all else that is known of it."""
    words = [
        str(handle.typestate),
        *(text for flag, text in _FLAGS.items() if getattr(handle, flag)),
    ]
    if handle.count > 1:
        words.append(f"{handle.count} references")
    if handle.owner is not None:
        words.append(f"context {names.symbol(handle.owner)}")
    if handle.doubt is not None:
        words.append("in doubt")
    return ", ".join(words)


def _notes(state: State, names: Names) -> Iterator[str]:
    for label, group in (
        ("seen from outside", state.exposed),
        ("not only by the caller", state.shared),
        ("to be destructed here", state.objects),
    ):
        if group:
            yield f"{label}: {', '.join(sorted(_base(each, names) for each in group))}"
    if state.raising:
        yield f"an exception is under way: {state.raising} {state.exception}".rstrip()
    if state.failed is not None:
        yield f"the last API call {'failed' if state.failed else 'succeeded'}"
    if state.failing:
        yield "the last branch was taken because a call failed"


def _base(base: Variable | Symbol, names: Names) -> str:
    return names.symbol(base) if isinstance(base, Symbol) else base.name


# ---------------------------------------------------------------- events


def event_text(event: Event, names: Names) -> str:
    """What happens at one station of a path."""
    match event.kind:
        case "call":
            outcome = {True: " succeeds", False: " fails", None: ""}[event.succeeded]
            roles = ", ".join(_role(role, names) for role in event.roles)
            return f"{event.function}{outcome}" + (f": {roles}" if roles else "")
        case "enter":
            return f"into {event.function}"
        case "exit":
            return f"back from {event.function}"
        case "raise" if event.at is None:
            return f"{event.function} raises an exception"
        case "raise":
            return "an exception is raised"
        case "end":
            return "the end of the function"
        case "branch":
            if isinstance(event.at, Branch):
                return f"the condition is {'false' if event.way else 'true'}"
            return f"goes way {event.way + 1}"
        case kind:
            subjects = ", ".join(names.symbol(role.symbol) for role in event.roles)
            return f"{subjects}: {_WITHOUT_CALL.get(kind, kind)}"


def _role(role: Role, names: Names) -> str:
    return f"{_ACTIONS.get(role.action, role.action)} {names.symbol(role.symbol)}"
