"""The IR's places and values on one path."""

from __future__ import annotations

import operator
from collections.abc import Callable, Mapping

from capilint import ir
from capilint.execution.validate.memory import Memory, Object, Pointee, Slot
from capilint.execution.validate.values import (
    NAMED,
    Concrete,
    HandleValue,
    Infeasible,
    Knowledge,
    Location,
    NotRunnable,
    Opaque,
    Reference,
    Term,
    Uninitialised,
)

_ARITHMETIC: Mapping[str, Callable[[int, int], int]] = {
    "+": operator.add,
    "-": operator.sub,
    "*": operator.mul,
    "&": operator.and_,
    "|": operator.or_,
    "^": operator.xor,
    "<<": lambda number, bits: number << bits if 0 <= bits < 64 else 0,
}
_COMPARISONS = frozenset(["==", "!=", "<", "<=", ">", ">="])


class Evaluation:
    """Evaluates in the current call of a path."""

    def __init__(
        self,
        memory: Memory,
        knowledge: Knowledge,
        constants: Callable[[str], int | None],
        is_box_accessor: Callable[[tuple[str, ...]], bool],
    ) -> None:
        self.memory = memory
        self.knowledge = knowledge
        self.call = 1
        self._constants = constants
        self._is_box_accessor = is_box_accessor

    def slot(self, variable: ir.Variable) -> Location:
        """The cell of a variable."""
        shared = variable.scope is ir.Scope.GLOBAL
        return Location(Slot(0 if shared else self.call, variable))

    def locate(self, place: ir.Place) -> Location:
        """The cell that a place names. Raises NotRunnable, and Infeasible for a null pointer."""
        here = self.slot(place.root)
        for accessor in place.path:
            here = self._follow(here, accessor)
        return here

    def _follow(self, here: Location, accessor: str) -> Location:
        if accessor == "[?]":
            raise NotRunnable("an element picked by a variable index")
        boxes = self.memory.boxes
        if boxes and accessor != "*" and self._is_box_accessor((accessor,)):
            if isinstance(here.base, Object | Pointee) and not here.path:
                return here  # the dereference before has led to the content
            content = self.memory.load(here)
            if isinstance(content, Reference):
                return content.location
            if isinstance(content, Opaque):
                return Location(Pointee(content))
        if accessor != "*":
            return Location(here.base, (*here.path, accessor))
        content = self.memory.load(here)
        if isinstance(content, Reference):
            return content.location
        if isinstance(content, Opaque):
            return Location(Pointee(content))
        if isinstance(content, int | Uninitialised):
            raise Infeasible
        raise NotRunnable(f"a pointer of an unknown kind, {content}")

    def content(self, value: Concrete) -> Concrete:
        """What counts of a value where a handle is wanted: of a box, what is in it."""
        if isinstance(value, Reference) and self.memory.boxes:
            return self.memory.load(value.location)
        return value

    def truth(self, value: Concrete) -> bool:
        """Whether a value is non-zero or truthy."""
        if isinstance(value, Reference) and value.box:
            value = self.memory.load(value.location)
        return self.knowledge.truth(value)

    def evaluate(self, value: ir.Value) -> Concrete:
        """A value of the IR."""
        match value:
            case ir.Constant(constant):
                return 0 if constant is None else constant
            case ir.Named(name, defined):
                number = self._constants(name)
                number = defined if number is None else number
                return Opaque(NAMED, name) if number is None else number
            case ir.Read(place):
                if place.root.scope is ir.Scope.TEMPORARY:
                    self.memory.spent.add(self.slot(place.root).base)
                return self.memory.load(self.locate(place))
            case ir.AddressOf(place):
                return Reference(self.locate(place))
            case ir.TupleOf(values):
                return tuple(self.evaluate(inner) for inner in values)
            case ir.Operation(name, operands):
                return self._operation(name, operands)
            case ir.FunctionReference(name, captures):
                if captures:
                    raise NotRunnable(f"a closure, {name}")
                return f"function {name}"
        if any(isinstance(self.evaluate(inner), HandleValue) for inner in value.mentions):
            raise NotRunnable("an expression that is not understood, with a handle in it")
        return self.memory.fresh("")

    def _operation(self, name: str, operands: tuple[ir.Value, ...]) -> Concrete:
        if name == "!":
            return int(not self.truth(self.evaluate(operands[0])))
        if name in ("&&", "||"):
            for operand in operands:
                if self.truth(self.evaluate(operand)) is (name == "||"):
                    return int(name == "||")
            return int(name == "&&")
        if name == "?:":
            chosen = 1 if self.truth(self.evaluate(operands[0])) else 2
            return self.evaluate(operands[chosen])
        known = tuple(self.evaluate(operand) for operand in operands)
        if name in _COMPARISONS:
            contents = tuple(
                self.memory.load(each.location)
                if isinstance(each, Reference) and each.box
                else each
                for each in known
            )
            return int(self.knowledge.truth(Term(name, contents)))
        if len(known) == 2 and name in _ARITHMETIC:
            first, second = (self.knowledge.equal.get(each, each) for each in known)
            if isinstance(first, int) and isinstance(second, int):
                return _ARITHMETIC[name](first, second)
        if any(isinstance(self.content(each), HandleValue) for each in known):
            raise NotRunnable("a calculation with a handle")
        if isinstance(known[-1], Reference) and not isinstance(known[0], int | Reference):
            raise NotRunnable("an operator with an object")
        return Term(name, known)
