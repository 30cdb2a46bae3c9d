"""Evaluation of the IR's values in a state, and what a branch teaches.

`assume` is the heart of path sensitivity: a condition that contradicts the state makes the path
infeasible, and a condition that says something new is remembered as a fact.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from capilint.engine.domain.equality import known_number, told_by_comparison, told_by_truth
from capilint.engine.domain.handle import changed
from capilint.engine.domain.optional import is_optional, settle_optional
from capilint.engine.domain.order import (
    COMPARISONS,
    MIRRORED,
    NEGATED,
    TESTS,
    known_order,
    normal_comparison,
    order_of_what_is_there,
)
from capilint.engine.domain.state import State
from capilint.engine.domain.sums import unfolded
from capilint.engine.domain.values import (
    ZERO,
    AbstractValue,
    Aggregate,
    Function,
    Location,
    Number,
    Part,
    Pointer,
    Status,
    Symbol,
    Term,
    Text,
    Uninitialised,
    is_empty_box,
    is_fixed,
    is_handle_or_memory,
    is_parameter,
)
from capilint.ir import (
    AddressOf,
    Constant,
    FunctionReference,
    Named,
    Operation,
    Place,
    Read,
    TupleOf,
    Unknown,
    Value,
)
from capilint.ir.arithmetic import calculated


@dataclass(frozen=True, slots=True)
class Evaluator:
    """Evaluates values under a language's view of places.

    `is_box_accessor` tells which accessor tails reach the content of a box that stands for its
    content (`h.value`); `constants` are the named constants whose value is known, `elsewhere`
    those of other modules by their dotted names.
    """

    is_box_accessor: Callable[[tuple[str, ...]], bool]
    constants: Callable[[str], int | None]
    boxes: bool
    elsewhere: Callable[[str], int | None] = lambda _: None

    # ------------------------------------------------------------ places

    def locate(self, state: State, place: Place) -> Location | None:
        """The location that a place names, or None where a pointer on the way is unknown."""
        location = Location(place.root)
        path = place.path
        for index, accessor in enumerate(path):
            if accessor != "*":
                location = location.at(accessor)
                continue
            target = state.load(location)
            if self.boxes and is_parameter(target) and self.is_box_accessor(path[index:]):
                return Location(target)
            if self.boxes and self._stands_for_content(state, target, path[index:]):
                return location
            if isinstance(target, Pointer):
                location = target.location
                if self.boxes and self.is_box_accessor(path[index:]):
                    return location
            elif isinstance(target, Symbol):
                location = Location(target)
            else:
                return None
        if self.boxes and path and path[-1] == "[0]":
            outer = Location(location.base, location.path[:-1])
            if location not in state.environment:
                content = state.load(outer)
                if self._stands_for_content(state, content, path[-1:]):
                    return outer
                if isinstance(content, Pointer):
                    return content.location
        return location

    def _stands_for_content(
        self, state: State, content: AbstractValue, tail: tuple[str, ...]
    ) -> bool:
        """Whether what is kept there is a box's content, so that the accessor changes nothing."""
        if not self.is_box_accessor(tail):
            return False
        if isinstance(content, Symbol):
            return content in state.handles or content.kind == "box"
        return isinstance(content, Number | Status)

    def read(self, state: State, place: Place) -> AbstractValue:
        """The value at a place; a fresh unknown where the place is not known."""
        location = self.locate(state, place)
        if location is None or "[?]" in location.path:
            return Symbol("unknown", place)
        if self.boxes and isinstance(location.base, Symbol) and not location.path:
            return state.environment.get(location, location.base)
        value = state.load(location)
        if self.boxes and isinstance(value, Symbol):
            if is_empty_box(value) and self.is_box_accessor(place.path[-1:]):
                return ZERO  # what is in the box, and not the box
            return state.environment.get(Location(value), value)  # a box of the caller's
        return value

    def parts(self, state: State, value: Value) -> list[Part]:
        """What is kept inside a structure or a container that a value reads, and where."""
        source = self.locate(state, value.place) if isinstance(value, Read) else None
        if source is None or not source.below:
            return []
        depth = len(source.path)
        return [
            (place.path[depth:], content)
            for place, content in state.kept_in(source)
            if len(place.path) > depth
        ]

    # ------------------------------------------------------------ values

    def evaluate(self, state: State, value: Value) -> AbstractValue:
        """The abstract value of an expression."""
        match value:
            case Read(place):
                return self.read(state, place)
            case Constant(None):
                return ZERO
            case Constant(int() as number):
                return Number(int(number))
            case Constant(text):
                return Text(str(text))
            case Named(name, defined, origin):
                known = self.constants(name)
                known = defined if known is None else known
                known = self.elsewhere(origin) if known is None and origin else known
                return Text(name, False) if known is None else Number(known)
            case AddressOf(place):
                location = self.locate(state, place)
                if location is None or "[?]" in location.path:
                    return Symbol("unknown", place)
                return Pointer(location)
            case Operation(operator, operands):
                values = tuple(self.evaluate(state, operand) for operand in operands)
                return self.operate(state, operator, values)
            case TupleOf(values):
                return Aggregate(tuple(self.evaluate(state, inner) for inner in values))
            case FunctionReference(name, captures):
                places = (self.locate(state, place) for place in captures)
                return Function(name, tuple(place for place in places if place is not None))
            case Unknown(mentions):
                return Term("unknown", tuple(self.evaluate(state, inner) for inner in mentions))

    def operate(
        self, state: State, operator: str, values: tuple[AbstractValue, ...]
    ) -> AbstractValue:
        """Apply a pure operator, folding what is known."""
        if operator == "!":
            truth = self.truth(state, values[0])
            folded = None if truth is None else int(not truth)
        elif operator == "?:" and len(values) == 3:
            truth = self.truth(state, values[0])
            if truth is not None:
                return values[1] if truth else values[2]
            folded = None
        elif operator in ("&&", "||"):
            folded = self._fold_logical(state, operator, values)
        elif operator in ("-", "~") and len(values) == 1:
            number = self.number(state, values[0])
            folded = None if number is None else (-number if operator == "-" else ~number)
        elif len(values) == 2:
            folded = self._fold_binary(state, operator, values[0], values[1])
        else:
            folded = None
        if folded is None:
            return unfolded(operator, values)
        for value in values:
            if isinstance(value, Status):
                exact = value.exact or operator in TESTS
                return Status(value.site, folded, value.target, value.failed, exact)
        return Number(folded)

    def _fold_logical(
        self, state: State, operator: str, values: tuple[AbstractValue, ...]
    ) -> int | None:
        truths = [self.truth(state, value) for value in values]
        deciding = operator == "||"
        if deciding in truths:
            return int(deciding)
        return None if None in truths else int(not deciding)

    def _fold_binary(
        self, state: State, operator: str, left: AbstractValue, right: AbstractValue
    ) -> int | None:
        one, other = self.number(state, left), self.number(state, right)
        if operator in ("==", "!=") and (_may_be(left, other) or _may_be(right, one)):
            return None
        if one is not None and other is not None:
            return calculated(operator, one, other)
        if operator in ("&", "*") and 0 in (one, other):
            return 0
        if operator in COMPARISONS:
            return self._compare(state, operator, left, right)
        return None

    def _compare(
        self, state: State, operator: str, left: AbstractValue, right: AbstractValue
    ) -> int | None:
        if left == right and is_fixed(left) and not isinstance(left, Uninitialised):
            return int(operator in ("==", "<=", ">="))
        if operator in ("==", "!=") and self._equal(state, left, right) is False:
            return int(operator == "!=")
        one, other = known_number(state.facts, left), known_number(state.facts, right)
        if one is not None and other is not None:
            return calculated(operator, one, other)
        known = known_order(state.facts, operator, left, right)
        if known is None and (self._is_there(state, left) or self._is_there(state, right)):
            known = order_of_what_is_there(operator, left, right)
        return None if known is None else int(known)

    def _is_there(self, state: State, value: AbstractValue) -> bool:
        """Whether a value is a handle, or an address, and none that may be missing."""
        address = isinstance(value, Pointer) or is_handle_or_memory(value) or value in state.handles
        return address and self.truth(state, value) is True

    def _equal(self, state: State, left: AbstractValue, right: AbstractValue) -> bool | None:
        """Whether two values are known to differ (False); None where that is open."""
        for one, other in ((left, right), (right, left)):
            if self.number(state, other) == 0 and self.truth(state, one) is True:
                return False
            if isinstance(one, Pointer) and isinstance(other, Pointer):
                return False
            if isinstance(one, Symbol) and is_handle_or_memory(one) and self.truth(state, one):
                handle = state.handles.get(one)
                private = handle is not None and handle.made and not handle.escaped
                if isinstance(other, Symbol) and (private or one in state.objects - state.exposed):
                    return False
                if isinstance(other, Number | Text):
                    return False
            if isinstance(one, Text) and isinstance(other, Text) and one.quoted == other.quoted:
                return False
        return None

    def number(self, state: State, value: AbstractValue) -> int | None:
        """The integer that a value is known to be."""
        match value:
            case Number(number) | Status(_, number):
                return number
            case Symbol() | Term() | Uninitialised():
                return 0 if state.facts.get(value) is False else None
            case _:
                return None

    def truth(self, state: State, value: AbstractValue) -> bool | None:
        """Whether a value is known to be non-zero (True) or zero (False)."""
        match value:
            case Number(number) | Status(_, number):
                return number != 0
            case Text(text, quoted):
                return bool(text) if quoted else state.facts.get(value)
            case Pointer() | Function():
                return True
            case Aggregate(values):
                return bool(values)
            case Symbol(kind="handle" | "object"):
                return None if is_optional(state, value) else True
            case Symbol() | Uninitialised():
                return state.facts.get(value)
            case Term(operator, operands):
                fact = state.facts.get(value)
                if fact is None and operator in COMPARISONS:
                    folded = self._fold_binary(state, operator, operands[0], operands[1])
                    return None if folded is None else bool(folded)
                return fact

    # ------------------------------------------------------------ branches

    def assume(self, state: State, value: AbstractValue, truth: bool) -> bool:
        """Note in the state that a value is (not) zero; False where that cannot be."""
        known = self.truth(state, value)
        if known is not None:
            return known == truth
        if isinstance(value, Symbol) and is_optional(state, value):
            settle_optional(state, value, truth)
            return True
        match value:
            case Term("!", (operand,)):
                return self.assume(state, operand, not truth)
            case Term("&&", operands) if truth:
                return all(self.assume(state, operand, True) for operand in operands)
            case Term("||", operands) if not truth:
                return all(self.assume(state, operand, False) for operand in operands)
            case Term(operator, (left, right)) if operator in COMPARISONS:
                return self._assume_comparison(state, operator, left, right, truth)
            case _:
                if is_fixed(value):
                    state.facts[value] = truth
                if isinstance(value, Symbol) and not truth:
                    vanish(state, value)
                told = told_by_truth(state.facts, value, truth)
                return all(self.assume(state, each, True) for each in told)

    def _assume_comparison(
        self,
        state: State,
        operator: str,
        left: AbstractValue,
        right: AbstractValue,
        truth: bool,
    ) -> bool:
        if not truth:
            operator = NEGATED[operator]
        if self.number(state, left) is not None:
            left, right, operator = right, left, MIRRORED[operator]
        constant = self.number(state, right)
        if operator == "==":
            if constant is not None and not self.assume(state, left, constant != 0):
                return False
            self._learn_equal(state, left, right)
        elif (
            (operator == "!=" and constant == 0)
            or (operator == ">" and constant is not None and constant >= 0)
            or (operator == "<" and constant is not None and constant <= 0)
        ) and not self.assume(state, left, True):
            return False
        comparison = normal_comparison(operator, left, right)
        if is_fixed(comparison):
            state.facts[comparison] = True
        told = told_by_comparison(state.facts, operator, left, right)
        if not all(self.assume(state, each, True) for each in told):
            return False
        if operator in ("<=", ">=") and state.facts.get(Term("<=", comparison.operands[::-1])):
            self._learn_equal(state, left, right)
        return True

    def _learn_equal(self, state: State, left: AbstractValue, right: AbstractValue) -> None:
        """An unknown that turns out to be a known thing is replaced by it wherever it is kept."""
        for unknown, known in ((left, right), (right, left)):
            if not isinstance(unknown, Symbol) or unknown in state.handles:
                continue
            if isinstance(known, Number | Text) or (
                isinstance(known, Symbol) and known in state.handles
            ):
                if isinstance(known, Text) and not known.quoted:
                    continue
                for location in state.holders(unknown):
                    state.environment[location] = known
                for variable in state.invariants.names.get(unknown, ()):
                    state.environment[Location(variable)] = known
                return


def vanish(state: State, symbol: Symbol) -> None:
    """A symbol turns out to be null: what was done to it was done to no handle."""
    if state.handles.pop(symbol, None) is None:
        return
    for other, handle in list(state.handles.items()):
        if handle.owner == symbol:
            state.handles[other] = changed(handle, owner=None, orphaned=False)


def _may_be(value: AbstractValue, code: int | None) -> bool:
    """Whether a value is the status of a failure that may have a code."""
    return isinstance(value, Status) and not value.exact and code is not None and code != 0
