"""The caller's words for a callee's symbols, at one call."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from capilint.engine.domain.binding import Argument
from capilint.engine.domain.evaluate import Evaluator
from capilint.engine.domain.state import State
from capilint.engine.domain.values import (
    AbstractValue,
    Aggregate,
    Location,
    Number,
    Part,
    Pointer,
    Symbol,
    Term,
)
from capilint.ir import Place, Read, Scope, Variable


@dataclass(frozen=True, slots=True)
class Substitution:
    """Maps the callee's values to the caller's, as the state is when the call begins.

    `site` is the key of the call: what the callee made is named after it, and after `names`,
    which say where it comes out, so that it is one handle whichever way it was made.
    `arguments` maps the callee's parameters to what they are given. The caller's values for the
    callee's inputs, `known` so far, are the same for all outcomes of the call.
    """

    evaluator: Evaluator
    state: State
    site: object
    arguments: Mapping[Variable, Argument]
    names: Mapping[Symbol, object]
    known: dict[Symbol, AbstractValue]

    def value(self, value: AbstractValue) -> AbstractValue:
        """The caller's value for a callee's."""
        match value:
            case Symbol():
                return self.symbol(value)
            case Pointer(location):
                target = self.location(location)
                return self._fresh(("pointer", location)) if target is None else Pointer(target)
            case Term(operator, operands):
                values = tuple(self.value(operand) for operand in operands)
                return self.evaluator.operate(self.state, operator, values)
            case Aggregate(values):
                return Aggregate(tuple(self.value(inner) for inner in values))
            case _:
                return value

    def symbol(self, symbol: Symbol) -> AbstractValue:
        """The caller's value for a callee's symbol."""
        if symbol.kind in ("handle", "object"):
            name = self.names.get(symbol, (symbol.site, symbol.detail, symbol.age))
            return Symbol(symbol.kind, self.site, name)
        value = self.known.get(symbol)
        if value is None:
            value = self.known[symbol] = self._input(symbol)
        return value

    def _input(self, symbol: Symbol) -> AbstractValue:
        if symbol.kind in ("initial", "member") and isinstance(symbol.detail, Location):
            base, path = symbol.detail.base, symbol.detail.path
            if isinstance(base, Variable) and base in self.arguments:
                argument = self.arguments[base]
                return argument.value if not path else self._part(argument, path)
            if isinstance(base, Variable) and base.scope is Scope.GLOBAL:
                return self.state.load(symbol.detail)
            content = self._content(base, path)
            if content is not None:
                return content
            location = self.location(symbol.detail)
            if location is not None:
                whole = self._new_whole(symbol)
                member = whole and Symbol("member", whole, location)
                return member or self.state.load(location)
        return self._fresh((symbol.kind, symbol.site, symbol.detail))

    def _new_whole(self, symbol: Symbol) -> Symbol | None:
        """What the callee gave to a structure as a whole, of which a symbol is a member."""
        whole = symbol.site if symbol.kind == "member" else None
        if not isinstance(whole, Symbol) or whole.kind in ("initial", "member", "handle", "object"):
            return None
        given = self.symbol(whole)
        return given if isinstance(given, Symbol) else None

    def parts(self, symbol: Symbol) -> tuple[AbstractValue, ...]:
        """What is inside the container that an argument is."""
        place = symbol.detail
        if not isinstance(place, Location) or place.path or not isinstance(place.base, Variable):
            return ()
        argument = self.arguments.get(place.base)
        return () if argument is None else argument.parts

    def location(self, location: Location) -> Location | None:
        """The caller's location for one in memory that a parameter leads to."""
        base, path = location.base, location.path
        if isinstance(base, Variable):
            return location if base.scope is Scope.GLOBAL else None
        if not path and self.evaluator.boxes:
            box = self._box(base)
            if box is not None:
                return box
        match self.symbol(base):
            case Pointer(target):
                return Location(target.base, target.path + path)
            case Symbol() as symbol if symbol.kind != "unknown":
                return Location(symbol, path)
            case _:
                return None

    def members(self, value: AbstractValue) -> list[Part]:
        """What the caller has in a structure that the callee was given, and copied."""
        place = value.detail if isinstance(value, Symbol) and value.kind == "initial" else None
        if self.evaluator.boxes or not isinstance(place, Location):
            return []
        argument = self.arguments.get(place.base) if isinstance(place.base, Variable) else None
        if argument is not None:
            if place.path or not isinstance(argument.written, Read):
                return []
            source = self.evaluator.locate(self.state, argument.written.place)
        else:
            source = self.location(place)
        if source is None:
            return []
        held = self.state.kept_in(source)
        return [(each.path[len(source.path) :], part) for each, part in held if each != source]

    def _box(self, base: Symbol) -> Location | None:
        """Where a box that was passed bare keeps its content: in the caller's own variable."""
        root = base.detail.base if isinstance(base.detail, Location) else None
        argument = self.arguments.get(root) if isinstance(root, Variable) else None
        if argument is None or isinstance(argument.value, Pointer):
            return None
        if isinstance(argument.written, Read):
            return self.evaluator.locate(self.state, argument.written.place)
        return None

    def _content(self, base: Variable | Symbol, path: tuple[str, ...]) -> AbstractValue | None:
        """What `box.value` is in the caller, where the box stands for its content."""
        if not self.evaluator.boxes or not isinstance(base, Symbol):
            return None
        value = self.symbol(base)
        known = isinstance(value, Number) or (
            isinstance(value, Symbol) and value in self.state.handles
        )
        return value if known and self.evaluator.is_box_accessor(("*", *path)) else None

    def _part(self, argument: Argument, path: tuple[str, ...]) -> AbstractValue:
        """A member of a structure that was passed by value."""
        if isinstance(argument.written, Read):
            whole = argument.written.place
            part = self.evaluator.locate(self.state, Place(whole.root, (*whole.path, *path)))
            if part is not None:
                return self.state.load(part)
        return self._fresh(("part", path))

    def _fresh(self, detail: object) -> Symbol:
        return Symbol("result", self.site, detail)
