"""Follows one path through a function and the functions that it calls."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from capilint import ir
from capilint.execution.validate import elements
from capilint.execution.validate.api import Api
from capilint.execution.validate.calls import Calls, Raised
from capilint.execution.validate.evaluation import Evaluation
from capilint.execution.validate.memory import Memory, Pointee
from capilint.execution.validate.program import Program
from capilint.execution.validate.values import (
    Choices,
    Concrete,
    Infeasible,
    Knowledge,
    Location,
    NotRunnable,
    Opaque,
    Parts,
    Reference,
)
from capilint.ir.signatures import is_constructor
from capilint.model.events import NoticeKind
from capilint.rulebook.book import RuleBook

MOST_VISITS = 4  # of one block in one call
MOST_DEPTH = 8


class Stopped(Exception):
    """The program ends here."""


class Walker:
    """One path. `run` walks it; the mistakes are in `api`."""

    def __init__(self, program: Program, book: RuleBook, choices: Choices) -> None:
        self._knowledge = Knowledge(choices)
        self.api = Api(self._knowledge)
        self._program = program
        self._count = 0
        self._calls_begun = 1
        self._stack: list[ir.Function] = []
        self._language = ir.Language.C
        self._book = book
        self._choices = choices

    def _fresh(self, label: str) -> Opaque:
        self._count += 1
        return Opaque(self._count, label)

    def run(self, function: ir.Function) -> None:
        """Walk to the function's end. Raises NotRunnable."""
        self._memory = Memory(function.language is ir.Language.PYTHON, self._fresh)
        self.api.members = self._memory.members
        self._evaluation = Evaluation(
            self._memory,
            self._knowledge,
            self._book.constants.get,
            self._book.is_box_accessor,
        )
        self._calls = Calls(self._evaluation, self.api, self._book, function.language, self.drop)
        try:
            given = [_Given(self._fresh(each.variable.name)) for each in function.parameters]
            result = self._enter(function, given)
        except Raised as raised:
            if raised.exception not in ("SystemExit", "builtins.SystemExit"):
                self._leave(exceptional=True)
        except (Infeasible, Stopped):
            return
        else:
            for value in result.all():
                self._calls.hand_out(value)
            self._leave(exceptional=False)

    def _leave(self, exceptional: bool) -> None:
        """The function ends: what the caller's memory holds is the caller's."""
        owed = self.api.monitor.owed()
        for handle in sorted(self._memory.held_by_caller()):
            if handle in owed:
                self.api.notify(NoticeKind.HAND_OUT, handle)
            else:
                self.api.dismiss(handle)
        self.api.notify(NoticeKind.LEAVE, exceptional=exceptional)

    def _enter(self, function: ir.Function, arguments: list[_Given]) -> _Given:
        """Run a function; what it returns."""
        if len(self._stack) > MOST_DEPTH or function in self._stack:
            raise NotRunnable(f"recursion of {function.name}")
        if function.generator or function.decorated:
            raise NotRunnable(f"{function.name} is no plain function")
        outside, evaluation, handled = self._evaluation.call, self._evaluation, self._exception
        self._stack.append(function)
        evaluation.call = self._calls_begun
        self._calls_begun += 1
        self.api.inner = len(self._stack) > 1
        for parameter, value in zip(function.parameters, arguments, strict=True):
            if parameter.variadic:
                raise NotRunnable(f"{function.name} takes any number of arguments")
            for place, content in value.at(evaluation.slot(parameter.variable)):
                self._memory.store(place, content)
        result = _Given(0)
        try:
            result = self._blocks(function)
        except Raised:
            self._end_by_exception(function, arguments)
            raise
        finally:
            if outside and len(self._stack) > 1:
                self._memory.end_call(evaluation.call)
                self._leak_unreachable([*result.all(), *_pointers(arguments)])
            self._stack.pop()
            evaluation.call, self._exception = outside, handled
            self.api.inner = len(self._stack) > 1
        return result

    def _end_by_exception(self, function: ir.Function, arguments: Sequence[_Given]) -> None:
        """The process ends, or of an object that was to be made nothing is left."""
        if function.noexcept:
            raise Stopped
        if function.owner_class is None or not is_constructor(function.qualified_name):
            return
        this = arguments[0].value
        if isinstance(this, Opaque):
            self._memory.clear(Location(Pointee(this)))
        elif isinstance(this, Reference):
            self._memory.clear(this.location)

    def _leak_unreachable(self, kept_by: Sequence[Concrete]) -> None:
        kept = self._memory.reachable(tuple(kept_by))
        for handle, life in list(self.api.lives.items()):
            if handle not in kept and life.line:
                self.api.notify(NoticeKind.LEAVE, handle)

    # ------------------------------------------------------------ blocks

    def _blocks(self, function: ir.Function) -> _Given:
        visits: Counter[int] = Counter()
        number = 0
        while True:
            visits[number] += 1
            if visits[number] > MOST_VISITS:
                raise Infeasible
            block = function.blocks[number]
            try:
                for instruction in block.instructions:
                    self._at(instruction.span)
                    self._execute(function, instruction)
                terminator = block.terminator
                if isinstance(terminator, ir.Return):
                    self._at(terminator.span)
                    return _Given(0) if terminator.value is None else self._given(terminator.value)
                if isinstance(terminator, ir.Raise):
                    self._at(terminator.span)
                    self._raise(terminator)
                number = self._next(terminator)
            except Raised as raised:
                if block.handler is None:
                    raise
                self._exception = raised.exception
                number = block.handler

    def _given(self, value: ir.Value) -> _Given:
        """A value that is passed on, as a structure with all that is in it."""
        inside: Parts = []
        if isinstance(value, ir.Read):
            inside = self._memory.inside(self._evaluation.locate(value.place))
        return _Given(self._evaluation.evaluate(value), inside)

    def _at(self, span: object) -> None:
        """Where the entered function stands; inside other functions it stands at the call."""
        if len(self._stack) == 1:
            self.api.line = getattr(span, "line", 0)
            self.api.step += 1

    _exception = ""

    def _raise(self, terminator: ir.Raise) -> None:
        exception = self._exception if terminator.again else terminator.exception
        if not terminator.again:
            self.api.raise_from_here()
        raise Raised(exception)

    def _next(self, terminator: ir.Terminator) -> int:
        match terminator:
            case ir.Jump(target):
                return target
            case ir.Branch(condition, if_true, if_false):
                truth = self._evaluation.truth(self._evaluation.evaluate(condition))
                return if_true if truth else if_false
            case ir.Choose(targets, _, catches) if catches:
                return self._dispatch(targets, catches)
            case ir.Choose(targets):
                return targets[self._choices.among(len(targets))]
            case ir.Stop(_, understood) if not understood:
                raise NotRunnable("code that is not understood")
        raise Infeasible

    def _dispatch(
        self, targets: tuple[int, ...], catches: tuple[tuple[str, ...] | None, ...]
    ) -> int:
        """The clause that an exception meets; every one that it may meet, on a path each."""
        for target, clause in zip(targets, catches, strict=True):
            taken = True if clause is None else self._program.catches(clause, self._exception)
            if taken is None:
                raise NotRunnable(f"except {', '.join(clause or ())}")
            if taken:
                return target
        raise Infeasible

    # ------------------------------------------------------------ instructions

    def _execute(self, function: ir.Function, instruction: ir.Instruction) -> None:
        evaluation, memory = self._evaluation, self._memory
        match instruction:
            case ir.Declare(variable):
                memory.begin(evaluation.slot(variable))
            case ir.EndScope(variables):
                for variable in variables:
                    self._forget(evaluation.slot(variable))
            case ir.Delete(place):
                self._forget(evaluation.locate(place))
            case ir.Assign(target, value, _, zeroes):
                self._assign(target, value, zeroes)
            case ir.Call():
                self._call(function, instruction)
            case ir.Elements():
                self._on_elements(instruction)
            case _:
                raise NotRunnable(type(instruction).__name__.lower())

    def _on_elements(self, instruction: ir.Elements) -> None:
        if instruction.operation is ir.ElementOperation.ADD and instruction.operand is not None:
            given = self._given(instruction.operand)
            cells = list(elements.put(self._evaluation, instruction, given.value, given.parts))
            self._calls.write_all(cells)
            if instruction.result is not None:
                target = self._evaluation.locate(instruction.result)
                self._memory.store(target, Reference(cells[0][0]))
        elif instruction.operation is ir.ElementOperation.TAKE:
            ended = elements.taken(self._evaluation, instruction)
            if ended is not None:
                self._forget(ended)
        elif instruction.result is not None:
            target = self._evaluation.locate(instruction.result)
            self._memory.store(target, elements.asked(self._evaluation, instruction))

    def _forget(self, location: Location) -> None:
        with self.drop():
            self._memory.clear(location)

    def drop(self) -> _Dropping:
        """What is written meanwhile may take a handle's last reference away."""
        return _Dropping(self._memory, self.api)

    def _assign(self, target: ir.Place, value: ir.Value, zeroes: bool) -> None:
        given = _Given(0) if zeroes else self._given(value)
        self._calls.write_all(given.at(self._evaluation.locate(target)))

    def _call(self, function: ir.Function, call: ir.Call) -> None:
        callee = call.callee
        known = None
        if isinstance(callee, ir.Direct):
            known = self._program.called(callee.name, len(call.arguments))
            if self._program.is_class(callee.name):
                raise NotRunnable(f"an object of {callee.name}")
        if known is None:
            self._calls.api_call(call, function, Stopped)
            return
        if call.keywords or call.spread or len(call.arguments) != len(known.parameters):
            raise NotRunnable(f"a call of {known.name} by names or with defaults")
        result = self._enter(known, [self._given(each) for each in call.arguments])
        if call.result is not None:
            self._calls.write_all(result.at(self._evaluation.locate(call.result)))
            return
        for handle in sorted(
            self._memory.reachable(tuple(result.all())) - self._memory.reachable()
        ):
            self.api.notify(NoticeKind.LOSE, handle)


@dataclass(frozen=True, slots=True)
class _Given:
    """A value on its way: `parts` are what is in it, if it is a structure."""

    value: Concrete
    parts: Parts = field(default_factory=list)

    def all(self) -> list[Concrete]:
        """The value, and what is in it."""
        return [self.value, *(part for _, part in self.parts)]

    def at(self, location: Location) -> Iterator[tuple[Location, Concrete]]:
        """What goes where, once it has come to a location."""
        yield location, self.value
        for path, part in self.parts:
            yield Location(location.base, location.path + path), part


def _pointers(arguments: Sequence[_Given]) -> list[Concrete]:
    """What a caller may reach still, though it has read the temporary that leads there."""
    return [each.value for each in arguments if isinstance(each.value, Reference)]


class _Dropping:
    """Watches which handles cannot be reached any more after a write."""

    def __init__(self, memory: Memory, api: Api) -> None:
        self._memory = memory
        self._api = api

    def __enter__(self) -> None:
        self._before = self._memory.reachable()

    def __exit__(self, *_: object) -> None:
        for handle in sorted(self._before - self._memory.reachable()):
            self._api.notify(NoticeKind.LOSE, handle)
