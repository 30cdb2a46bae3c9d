"""A call's arguments, evaluated and matched with parameter names."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import NamedTuple, TypeGuard

from capilint.engine.domain.cause import How
from capilint.engine.domain.evaluate import Evaluator
from capilint.engine.domain.state import State
from capilint.engine.domain.values import (
    AbstractValue,
    Aggregate,
    Location,
    Number,
    Pointer,
    Status,
    Symbol,
    Term,
    Text,
    is_parameter,
)
from capilint.ir import Call, Method, Operation, Read, Unknown, Value, Variable, places_in


class Argument(NamedTuple):
    """One argument: as written, and its value in the state of the call.

    `parts` is what is kept inside of it, where it is a container.
    """

    written: Value
    value: AbstractValue
    parts: tuple[AbstractValue, ...] = ()

    def give_away(self, state: State, how: How = How.PLAIN) -> None:
        """It goes where the analysis cannot follow, with all that is in it."""
        for value in (self.value, *self.parts):
            state.escape(value, cause=state.cause(how))


class Arguments(NamedTuple):
    """All arguments of a call; `receiver` is the object of a method call."""

    positional: tuple[Argument, ...]
    keywords: tuple[tuple[str, Argument], ...]
    receiver: Argument | None
    spread: bool

    def all(self) -> list[Argument]:
        """Every argument, the receiver excepted."""
        return [*self.positional, *(argument for _, argument in self.keywords)]

    def match(
        self, parameters: Sequence[str], by_position: int | None = None
    ) -> dict[str, Argument]:
        """Parameter name -> argument; empty where a `*args` makes positions meaningless.

        The first `by_position` of the parameters, or all, have a position.
        """
        positional = list(self.positional)
        if self.receiver is not None:
            positional.insert(0, self.receiver)
        placed = parameters[:by_position]
        matched = {} if self.spread else dict(zip(placed, positional, strict=False))
        matched.update({name: value for name, value in self.keywords if name in parameters})
        return matched


def evaluate_arguments(evaluator: Evaluator, state: State, call: Call) -> Arguments:
    """Evaluate what a call is given."""

    def argument(value: Value) -> Argument:
        parts = tuple(content for _, content in evaluator.parts(state, value))
        return Argument(value, evaluator.evaluate(state, value), parts)

    positional: list[Argument] = []
    spread = False
    for value in call.arguments:
        elements = value.operands[0] if _is_spread(value) else None
        known = None if elements is None else evaluator.evaluate(state, elements)
        if isinstance(known, Aggregate):
            positional.extend(Argument(Unknown(), each) for each in known.values)
        else:
            positional.append(argument(value if elements is None else elements))
            spread = spread or elements is not None
    receiver = argument(call.callee.receiver) if isinstance(call.callee, Method) else None
    keywords = tuple((name, argument(value)) for name, value in call.keywords)
    return Arguments(tuple(positional), keywords, receiver, spread)


def give_away_handles(state: State, value: AbstractValue) -> None:
    """The handles that a value is made from live on in it, where they are not followed."""
    for symbol in value.symbols:
        if symbol in state.handles:
            state.escape(symbol)


def _is_spread(value: Value) -> TypeGuard[Operation]:
    return isinstance(value, Operation) and value.operator == "elements"


def target_location(
    evaluator: Evaluator, state: State, argument: Argument, boxed: bool
) -> Location | None:
    """The location that an out-parameter writes to; None where it is not known.

    With `boxed`, a bare object receives the handle itself; a parameter's box is the caller's.
    """
    value = argument.value
    if isinstance(value, Pointer):
        return value.location
    if isinstance(value, Text) and not value.quoted:
        return None  # a variable of another module
    if isinstance(value, Symbol) and value.kind == "unknown":
        return None
    if boxed and isinstance(argument.written, Read) and not is_parameter(value):
        return evaluator.locate(state, argument.written.place)
    return Location(value) if isinstance(value, Symbol) else None


def statuses_in(evaluator: Evaluator, state: State, value: Value) -> list[tuple[Status, Variable]]:
    """The outcomes of calls that an expression depends on, with the variables that hold them."""
    found = []
    for place in places_in(value):
        content = evaluator.read(state, place)
        if isinstance(content, Status):
            found.append((content, place.root))
    return found


def statuses_given(evaluator: Evaluator, state: State, arguments: Arguments) -> list[Status]:
    """The outcomes of calls that a call is told of."""
    return [
        status
        for argument in arguments.all()
        for status, _ in statuses_in(evaluator, state, argument.written)
    ]


def statuses_behind(state: State, value: object, answered: bool = True) -> Iterator[Status]:
    """The statuses in what a value points to; in a structure only where there is an answer."""
    if isinstance(value, Pointer):
        places = state.kept_in(value.location) if answered else ()
        yield from (each for _, each in places if isinstance(each, Status))
        content = state.environment.get(value.location)
        if isinstance(content, Status) and not answered:
            yield content
    elif isinstance(value, Symbol) and answered:
        kept = state.kept_in(Location(value))
        yield from (each for _, each in kept if isinstance(each, Status))


def includes_flag(
    value: AbstractValue, name: str, constants: Callable[[str], int | None]
) -> bool | None:
    """Whether a flags argument has a named flag set; None where that is not known.

    A constant that nobody knows, and whose name begins like the flag's, is another flag.
    """
    bit = constants(name)
    match value:
        case Number(number):
            return number & bit == bit if bit is not None else (None if number else False)
        case Text(text, False):
            constant = text.rpartition(".")[2]
            known = constants(constant)
            if known is not None:
                return includes_flag(Number(known), name, constants)
            family = name[: name.find("_") + 1]
            return constant == name or (False if constant.startswith(family) else None)
        case Term("|", operands):
            answers = [includes_flag(operand, name, constants) for operand in operands]
            if True in answers:
                return True
            return None if None in answers else False
        case _:
            return None
