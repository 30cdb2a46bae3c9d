"""Assignments and the ends of variables: how values move between places."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from capilint.engine.domain.binding import give_away_handles, statuses_behind, statuses_in
from capilint.engine.domain.cause import Cause, How
from capilint.engine.domain.evaluate import Evaluator
from capilint.engine.domain.events import Path
from capilint.engine.domain.memory_owners import end_memory, is_owner, local_memory
from capilint.engine.domain.order import counts, is_not_negative
from capilint.engine.domain.state import State
from capilint.engine.domain.typestate import Typestates
from capilint.engine.domain.values import (
    ZERO,
    AbstractValue,
    Function,
    Location,
    Number,
    Pointer,
    Symbol,
    Term,
    Text,
    is_empty_box,
    is_fixed,
    symbols_in,
)
from capilint.engine.transfer.doubts import doubt
from capilint.ir import (
    Assign,
    Constant,
    Delete,
    EndScope,
    Operation,
    Place,
    Read,
    Unknown,
    Value,
    Variable,
    places_in,
)

Point = tuple[int, int]
FEW_ROUNDS = 2
_FEW = range(FEW_ROUNDS + 1)


@dataclass(slots=True)
class Assignments:
    """Moves values in one function.

    `cyclic` are its blocks that lie in loops, `is_computed` tells the accessors that run a method,
    `bounds` are what its branches compare its counters with.
    """

    evaluator: Evaluator
    typestates: Typestates
    cyclic: frozenset[int]
    is_computed: Callable[[str], bool]
    bounds: Mapping[Place, tuple[Value, ...]]

    def end_scope(self, path: Path, variables: tuple[Variable, ...], instruction: EndScope) -> None:
        """Variables end their life with their block."""
        for variable in variables:
            self.forget(path, Location(variable), instruction)
            memory = local_memory(variable)
            if is_owner(path.state, memory):
                end_memory(path, self.typestates, memory, "", "", instruction.span)

    def forget(self, path: Path, location: Location, instruction: EndScope | Delete) -> None:
        """A location ends; a handle that only it held is lost."""
        state = path.state
        held = [value for _, value in state.kept_in(location) if isinstance(value, Symbol)]
        state.clear(location)
        if location.path:
            state.store(location, Symbol("deleted", "gone", location))
        for symbol in held:
            if not state.holders(symbol):
                self.typestates.lose(path, symbol, instruction.span)

    def choices(self, path: Path, value: Value) -> Iterator[Path]:
        """One path for each operand that a conditional expression may stand for."""
        if not (isinstance(value, Operation) and value.operator == "?:"):
            yield path
            return
        condition = self.evaluator.evaluate(path.state, value.operands[0])
        for truth, chosen in ((True, value.operands[1]), (False, value.operands[2])):
            way = path.fork()
            if self.evaluator.assume(way.state, condition, truth):
                yield from self.choices(way, chosen)

    def assign(self, path: Path, assign: Assign, key: Point) -> None:
        """Carry out `target = value`."""
        state = path.state
        value = ZERO if assign.zeroes else self.evaluator.evaluate(state, assign.value)
        is_counter = key[0] in self.cyclic and counts(assign)
        if is_counter and not self._is_counted_out(state, assign, value):
            value = self._counter(state, assign, value, key)
        if isinstance(value, Function):
            state.escape(value, cause=state.cause(How.CAPTURED))
        if not (is_fixed(value) or any(part in state.handles for part in symbols_in(value))):
            kind = "display" if _is_display_of_boxes(value) else "read"
            value = Symbol(kind, key)  # whatever it was, it stays that in the variable
            state.renew(value)
        self.give_away_elements(path, (Read(assign.target),))
        self.give_away_unfollowed(path, (assign.value,))
        parts = self.evaluator.parts(state, assign.value)
        location = self.evaluator.locate(state, assign.target)
        if location is None or "[?]" in location.path:
            self.typestates.hand_out(path, value, assign.span)
            text = self.typestates.place_text(assign.target)
            state.escape(value, cause=state.cause(How.ELEMENT, text))
            return
        if not parts and value not in state.handles and state.invariants.adopt(location, value):
            self.typestates.overwrite(path, location, assign.span)
            return
        self.typestates.store(path, location, value, assign.span, parts=parts)

    def _counter(self, state: State, assign: Assign, value: AbstractValue, key: Point) -> Symbol:
        """One unknown for a loop's counter, of which the facts say what holds in every round."""
        counter = Symbol("counter", key)
        facts: list[AbstractValue] = []
        if is_not_negative(state.facts, value) or self._counts_down(state, assign):
            facts.append(Term("<=", (ZERO, counter)))
        if assign.value == Operation("+", (Read(assign.target), Constant(1))):
            old = self.evaluator.read(state, assign.target)
            if is_not_negative(state.facts, old):
                facts.append(counter)  # it is not 0 any more
            for bound in self.bounds.get(assign.target, ()):
                limit = self.evaluator.evaluate(state, bound)
                below = self.evaluator.operate(state, "<", (old, limit))
                if self.evaluator.truth(state, below) and counter not in limit.symbols:
                    facts.append(Term("<=", (counter, limit)))
        state.renew(counter)
        state.facts.update((fact, True) for fact in facts if is_fixed(fact))
        return counter

    def _counts_down(self, state: State, assign: Assign) -> bool:
        """Whether a loop counts down what it asks for: `while (n--)` begins above 0."""
        if assign.value != Operation("-", (Read(assign.target), Constant(1))):
            return False
        return state.facts.get(self.evaluator.read(state, assign.target)) is True

    def _is_counted_out(self, state: State, assign: Assign, value: AbstractValue) -> bool:
        """Whether so few rounds are known to come that each can be followed on its own."""
        limits = [
            self.evaluator.evaluate(state, each) for each in self.bounds.get(assign.target, ())
        ]
        few = [isinstance(each, Number) and each.value <= FEW_ROUNDS for each in limits]
        return bool(few) and all(few) and isinstance(value, Number) and value.value in _FEW

    def counted_to_nothing(
        self, state: State, block: int, condition: Value
    ) -> AbstractValue | None:
        """What holds where a loop that counts up from 0 ends at once: nobody counts to less."""
        match condition:
            case Operation("<", (Read(place), bound)) if block in self.cyclic:
                limit = self.evaluator.evaluate(state, bound)
                if place in self.bounds and self.evaluator.read(state, place) == ZERO:
                    return Term("==", (limit, ZERO))
        return None

    def give_away_elements(self, path: Path, values: Sequence[Value]) -> None:
        """What a variable index picks, or a method computes, is not followed: it escapes."""
        for value in values:
            for place in places_in(value):
                if place.path:
                    self._give_away_element(path, place)

    def _give_away_element(self, path: Path, place: Place) -> None:
        for index, accessor in enumerate(place.path):
            if accessor == "[?]":
                outer = Place(place.root, place.path[:index])
                location = self.evaluator.locate(path.state, outer)
                if location is not None:
                    for status in statuses_behind(path.state, Pointer(location)):
                        doubt(path.state, status)
                    cause = self._unknown_element(path, place)
                    path.state.escape(Pointer(location), cause=cause)
            elif self.is_computed(accessor):
                outer = Place(place.root, place.path[: max(index - 1, 0)])
                whole = self.evaluator.read(path.state, outer)
                path.state.escape(whole, cause=path.state.cause(How.EXPRESSION))
            elif self.evaluator.boxes:
                self._give_away_unknown_member(path, place, index)

    def _unknown_element(self, path: Path, place: Place) -> Cause | None:
        if path.state.log is None:
            return None
        return path.state.cause(How.ELEMENT, self.typestates.place_text(place))

    def _give_away_unknown_member(self, path: Path, place: Place, index: int) -> None:
        """A part of a handle, or of what is made from one, is another way to get at it."""
        if self.evaluator.is_box_accessor(place.path[index:]):
            return
        outer = self.evaluator.locate(path.state, Place(place.root, place.path[:index]))
        content = None if outer is None else path.state.load(outer)
        if isinstance(content, Term) or content in path.state.handles:
            give_away_handles(path.state, content)

    def give_away_unfollowed(self, path: Path, values: Sequence[Value]) -> None:
        """Handles in what a call or a variable is given that are not followed any further."""
        self.give_away_elements(path, values)
        for value in values:
            for inner in _operands(value):
                self.give_away_parts(path, inner)

    def give_away_parts(self, path: Path, value: Value) -> None:
        """A container is looked at as a whole: what is in it may be what was looked for."""
        for place in places_in(value):
            for _, part in self.evaluator.parts(path.state, Read(place)):
                path.state.escape(part, cause=path.state.cause(How.CONTAINER))

    def give_away(self, path: Path, value: Value) -> None:
        """A value goes where the analysis cannot follow, and who knows what is asked there."""
        for status, _ in statuses_in(self.evaluator, path.state, value):
            doubt(path.state, status)
        content = self.evaluator.evaluate(path.state, value)
        for status in statuses_behind(path.state, content):
            doubt(path.state, status)
        path.state.escape(content)
        for _, part in self.evaluator.parts(path.state, value):
            path.state.escape(part)


def _operands(value: Value) -> tuple[Value, ...]:
    """What a value is calculated from: `keys[1:]`, `keys + more`."""
    match value:
        case Operation(_, operands) | Unknown(operands):
            return operands
        case _:
            return ()


def _is_display_of_boxes(value: AbstractValue) -> bool:
    """Whether a value is a list or a dictionary of boxes that are new, and empty."""
    items = value.operands if isinstance(value, Term) else ()
    return bool(items) and all(isinstance(each, Text) or is_empty_box(each) for each in items)
