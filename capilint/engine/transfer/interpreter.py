"""Executes basic blocks on abstract states: one state in, one state out per way on."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cache

from capilint.engine.domain.binding import evaluate_arguments
from capilint.engine.domain.budget import Budget
from capilint.engine.domain.cause import How
from capilint.engine.domain.escapes import EscapeLog
from capilint.engine.domain.evaluate import Evaluator
from capilint.engine.domain.events import Event, Path, raised_by
from capilint.engine.domain.order import bounds
from capilint.engine.domain.path_invariants import PathInvariants, candidates
from capilint.engine.domain.pruning import forget_temporaries, prune
from capilint.engine.domain.state import CAUGHT, CERTAIN, POSSIBLE, State
from capilint.engine.domain.typestate import Typestates
from capilint.engine.domain.values import (
    Location,
    Part,
    Symbol,
    Uninitialised,
)
from capilint.engine.program.handle_variables import handle_variables
from capilint.engine.program.idle_branches import IdleBranches
from capilint.engine.program.liveness import Liveness
from capilint.engine.program.tested import Tested
from capilint.engine.summaries.summary import Exit
from capilint.engine.transfer.assignments import Assignments, Point
from capilint.engine.transfer.branching import Branching
from capilint.engine.transfer.creations import Creations
from capilint.engine.transfer.elements import ElementEffects
from capilint.engine.transfer.exceptions import Exceptions, exceptions_of
from capilint.engine.transfer.judged import Judged
from capilint.engine.transfer.leaving import MODULE, Leaving
from capilint.engine.transfer.memory import MemoryEffects
from capilint.engine.transfer.objects import Objects
from capilint.engine.transfer.protocols import ProtocolCalls
from capilint.engine.transfer.raising import Raising, raising
from capilint.engine.transfer.resolution import Callees, Resolution
from capilint.engine.transfer.results import Results
from capilint.engine.transfer.summary_calls import SummaryCalls
from capilint.engine.transfer.unknown import UnknownCalls
from capilint.engine.transfer.ways import Continuation, Sites, raise_from
from capilint.ir import (
    Assign,
    BasicBlock,
    Branch,
    Call,
    Choose,
    Declare,
    Delete,
    Elements,
    EndScope,
    Escape,
    Indirect,
    Instruction,
    Jump,
    Language,
    Method,
    Raise,
    Return,
    Stop,
    Terminator,
    Variable,
    Yield,
    callee_name,
    values_of,
)
from capilint.ir import Function as IrFunction
from capilint.rulebook.book import RuleBook

LONGEST_TRAIL = 32  # before it goes on in a node of its own
MANAGING = frozenset({"__enter__", "__exit__"})


@dataclass(slots=True)
class Interpreter:
    """Executes the blocks of one function."""

    function: IrFunction
    rulebook: RuleBook
    callees: Callees
    liveness: Liveness
    evaluator: Evaluator
    typestates: Typestates
    budget: Budget
    cyclic: frozenset[int] = frozenset()
    single_entry: frozenset[int] = frozenset()
    abandons_object: bool = False
    log: EscapeLog | None = None
    exits: list[tuple[int, Exit, Path]] = field(default_factory=list)
    opaque: bool = False
    set_once: frozenset[Variable] | None = None
    sites: Sites = field(init=False)
    protocol_calls: ProtocolCalls = field(init=False)
    summary_calls: SummaryCalls = field(init=False)
    unknown_calls: UnknownCalls = field(init=False)
    assignments: Assignments = field(init=False)
    objects: Objects = field(init=False)
    elements: ElementEffects = field(init=False)
    exceptions: Exceptions = field(init=False)
    raising: Raising = field(init=False)
    resolution: Resolution = field(init=False)
    branching: Branching = field(init=False)
    leaving: Leaving = field(init=False)

    def __post_init__(self) -> None:
        self.assignments = Assignments(
            self.evaluator,
            self.typestates,
            self.cyclic,
            cache(self.callees.classes.is_computed),
            bounds(self.function),
        )
        self.sites = Sites(self.liveness)
        evaluator, typestates = self.evaluator, self.typestates
        memory = MemoryEffects(evaluator, typestates)
        self.elements = ElementEffects(evaluator, typestates)
        creations = Creations(evaluator, typestates, self.rulebook.constants.get)
        calls = ProtocolCalls(evaluator, typestates, creations, memory, Results(evaluator))
        judged = Judged(self.function)
        self.protocol_calls = calls
        self.summary_calls = SummaryCalls(evaluator, typestates, calls, memory, judged)
        self.unknown_calls = self._unknown_calls(memory, judged)
        self.objects = Objects(
            self.summary_calls,
            memory,
            self.callees.method,
            self.callees.classes.is_plain,
            self.function.name == MODULE,
            self.evaluator.boxes,
        )
        self.typestates.only_holds = self.objects.only_holds
        self.resolution = Resolution(self.callees, self.rulebook, evaluator, self.objects)
        bases, unsaid = cache(self.callees.classes.bases_of), self.rulebook.unsaid_exceptions
        self.exceptions = exceptions_of(self.function.language, bases, unsaid)
        self.leaving = Leaving(
            self.function,
            typestates,
            self.objects,
            self.exceptions,
            self.abandons_object,
            self.exits,
        )
        self.raising = raising(self.function)
        idle = IdleBranches(self.function, self.liveness, self.callees.acted_on)
        self.branching = Branching(
            self.assignments, creations, self.exceptions, bool(self.raising.any_call), idle
        )

    def _unknown_calls(self, memory: MemoryEffects, judged: Judged) -> UnknownCalls:
        return UnknownCalls(
            self.evaluator,
            self.typestates,
            memory,
            self.function.language,
            self.callees.classes,
            self.callees.makes_data,
            handle_variables(self.function, self.callees.api, self.callees.handle_types),
            Tested(self.function, self.rulebook.constants.get),
            judged,
            self.callees.comes_back,
            self.callees.api,
        )

    def entry(self) -> State:
        """The state in which the function begins: what the `#if`s around it say holds."""
        if self.set_once is None:
            self.set_once = candidates(self.function, self.cyclic)
        state = State(PathInvariants(self.set_once), self.log)
        for place, truth in self.function.guards:
            self.evaluator.assume(state, self.evaluator.read(state, place), truth)
        return state

    def run(self, point: Point, path: Path) -> Iterator[tuple[Point, Path]]:
        """Execute from a point on; gives the points where paths may meet others.

        A block with one way in is executed along with the one before it, unless the call at that
        one's end had several outcomes that lead there: what one call multiplies, the next does too.
        Nor where much has happened since: the ways out of a long switch share what is before them.

        Raises:
            BoundReached: the budget is spent.
        """
        pending = [(point, path)]
        while pending:
            ways = list(self._run_block(*pending.pop()))
            arriving = [target for target, _ in ways]
            for target, way in ways:
                alone = target[1] == 0 and arriving.count(target) == 1
                long = way.trail is not None and way.trail.number >= LONGEST_TRAIL
                if alone and not long and target[0] in self.single_entry:
                    prune(way.state, self.liveness.at_entry[target[0]])
                    pending.append((target, way))
                else:
                    yield target, way

    def _run_block(self, point: Point, path: Path) -> Iterator[tuple[Point, Path]]:
        number, start = point
        block = self.function.blocks[number]
        for index in range(start, len(block.instructions)):
            ways = []
            for way in self._execute(path, block, block.instructions[index], (number, index)):
                if way.raised:
                    yield from self._raised(block, way.path, block.instructions[index])
                else:
                    ways.append(way.path)
            if len(ways) != 1:
                self.budget.spend(1 + index - start)
                if index + 1 == len(block.instructions):
                    for way_on in ways:
                        yield from self._terminate(way_on, block, block.terminator)
                else:
                    for way_on in ways:
                        yield (number, index + 1), way_on
                return
            path = ways[0]
        self.budget.spend(1 + len(block.instructions) - start)
        yield from self._terminate(path, block, block.terminator)

    def _raised(
        self, block: BasicBlock, path: Path, where: Instruction | Raise
    ) -> Iterator[tuple[Point, Path]]:
        if block.handler is not None:
            yield (block.handler, 0), path
        else:
            self.leaving.leave(path, where, None, raised=True)

    # ------------------------------------------------------------ instructions

    def _execute(
        self, path: Path, block: BasicBlock, instruction: Instruction, key: Point
    ) -> Iterator[Continuation]:
        path.state.at = instruction
        match instruction:
            case Call(callee, _, _, span):
                for after in self._call(path, block, instruction, key):
                    if after.raised:
                        name = callee_name(callee)
                        after.path.emit(raised_by(after.path, span, self.typestates.path, name))
                    yield after
                return
            case Yield():
                yield from self._yield(path, instruction, key)
                return
            case Declare(variable):
                path.state.store(Location(variable), Uninitialised(variable))
            case EndScope(variables):
                self.assignments.end_scope(path, variables, instruction)
            case Delete(place):
                location = self.evaluator.locate(path.state, place)
                if location is not None:
                    self.assignments.forget(path, location, instruction)
            case Assign():
                for way in self.assignments.choices(path, instruction.value):
                    self.assignments.assign(way, instruction, key)
                    yield Continuation(way)
                return
            case Escape(values):
                for value in values:
                    self.assignments.give_away(path, value)
            case Elements():
                guarded = block.number in self.raising.unknown_code
                may_raise = guarded and self.function.language is Language.CPP  # bad_alloc
                yield from self.elements.apply(path, instruction, key, may_raise)
                return
        yield Continuation(path)

    def _yield(self, path: Path, instruction: Yield, key: Point) -> Iterator[Continuation]:
        value = self.evaluator.evaluate(path.state, instruction.value)
        self.typestates.hand_out(path, value, instruction.span)
        if instruction.may_raise:
            yield raise_from(path.fork(), CERTAIN)
        else:
            path.state.escape(value)
        if instruction.result is not None:
            location = self.evaluator.locate(path.state, instruction.result)
            if location is not None:
                sent = Symbol("result", key)
                path.state.renew(sent)
                self.typestates.store(path, location, sent, instruction.span)
        yield Continuation(path)

    # ------------------------------------------------------------ calls

    def _call(
        self, path: Path, block: BasicBlock, call: Call, key: Point
    ) -> Iterator[Continuation]:
        self.budget.call(path.state)
        site = self.sites.of(call, key)
        reads, lent = self.liveness.reads[key]
        forget_temporaries(path.state, self.liveness.after_call[key], reads)
        self.assignments.give_away_unfollowed(path, values_of(call))
        if isinstance(call.callee, Indirect):
            self.assignments.give_away_elements(path, (call.callee.value,))
        arguments = evaluate_arguments(self.evaluator, path.state, call)
        forget_temporaries(path.state, self.liveness.after_call[key], lent)
        if block.number in self.raising.any_call:
            yield raise_from(path.fork(), POSSIBLE)
        owners = self.callees.made(call)
        if owners and all(self.objects.can_make(owner, arguments) for owner in owners):
            for owner in owners:
                yield from self.objects.make(path.fork(), site, owner, arguments)
            return
        bound, summary, arguments = self.resolution.of(path, site, arguments)
        if bound is not None:
            self.objects.ask(path, bound.protocol, arguments)
            yield from self.protocol_calls.apply(path, site, bound, arguments)
        elif summary is not None and not arguments.spread:
            self.opaque = self.opaque or summary.opaque
            yield from self.summary_calls.apply(path, site, summary, arguments)
        elif isinstance(call.callee, Method) and call.callee.name in MANAGING:
            yield self.unknown_calls.manage(path, site, arguments)
        else:
            self.opaque = True
            guarded = block.number in self.raising.unknown_code
            yield from self.unknown_calls.apply(path, site, arguments, guarded)

    # ------------------------------------------------------------ terminators

    def _terminate(
        self, path: Path, block: BasicBlock, terminator: Terminator
    ) -> Iterator[tuple[Point, Path]]:
        path.state.at = terminator
        match terminator:
            case Jump(target):
                yield (target, 0), path
            case Branch() | Choose():
                yield from self.branching.ways(path, block.number, terminator)
            case Return(_, span, implicit):
                if implicit:
                    path.emit(Event("end", span, self.typestates.path, at=terminator))
                self._return(path, terminator)
            case Raise(span, again, exception):
                state = path.state
                path.emit(Event("raise", span, self.typestates.path, at=terminator))
                if again and state.raising:
                    certainty = state.raising.removeprefix(CAUGHT)
                    way = raise_from(path, certainty, state.exception)
                else:
                    way = raise_from(path, CERTAIN, exception)
                yield from self._raised(block, way.path, terminator)
            case Stop(_, understood):
                path.state.end(How.PROCESS if understood else How.NOT_UNDERSTOOD)

    def _return(self, path: Path, terminator: Return) -> None:
        if terminator.value is None:
            self._return_one(path, terminator)
            return
        for way in self.assignments.choices(path, terminator.value):
            self._return_one(way, terminator)

    def _return_one(self, path: Path, terminator: Return) -> None:
        value = None
        parts: tuple[Part, ...] = ()
        if terminator.value is not None:
            self.assignments.give_away_elements(path, (terminator.value,))
            value = self.evaluator.evaluate(path.state, terminator.value)
            self.typestates.hand_out(path, value, terminator.span)
            path.state.escape(value, handed=True)
            parts = tuple(self.evaluator.parts(path.state, terminator.value))
            for _, part in parts:
                path.state.escape(part, handed=True)
        self.leaving.leave(path, terminator, value, raised=False, parts=parts)
