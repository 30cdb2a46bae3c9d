"""What is wrong with the end of handles that functions leave to others: in members, in structures,
in a file's own variables. Asked once all functions were followed.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import chain

from capilint.engine.checks.closers import Closers
from capilint.engine.checks.exit_functions import ExitFunctions, fills_own_variables
from capilint.engine.checks.last_methods import LastMethods
from capilint.engine.checks.members import fills_members, forgotten_members
from capilint.engine.checks.openers import Openers, fills_structures
from capilint.engine.checks.overwritten import (
    assigns_whole_object,
    is_told_by_callers,
    overwritten_members,
)
from capilint.engine.checks.own_variables import OwnVariables
from capilint.engine.checks.taken import Taken
from capilint.engine.checks.taken_members import TakenMembers
from capilint.engine.checks.wrong_destructors import members_released_wrongly
from capilint.engine.domain.events import Defect
from capilint.engine.domain.handle import Typestate
from capilint.engine.fixpoint import Graph
from capilint.engine.interpreters import Interpreters
from capilint.engine.program.callgraph import Program
from capilint.engine.program.classes import Missing
from capilint.engine.program.linkage import Definition
from capilint.engine.reporting.duplicates import Candidate
from capilint.engine.summaries.summary import Exit, Summary
from capilint.engine.transfer.interpreter import Interpreter

Analysed = dict[Definition, tuple[Interpreter, Graph]]
Ending = Iterator[tuple[Definition, Callable[[Definition], list[Candidate]]]]
"""Functions, each with what finds there what is wrong with the end of what they leave."""


@dataclass(slots=True)
class Makers:
    """The functions that may leave handles to others, as they were followed: methods, and those
    that put handles into members, structures of C and a file's own variables."""

    methods: Analysed = field(default_factory=dict)
    fillers: Analysed = field(default_factory=dict)
    openers: Analysed = field(default_factory=dict)
    initialisers: Analysed = field(default_factory=dict)

    @property
    def tables(self) -> tuple[Analysed, ...]:
        """All of them."""
        return self.methods, self.fillers, self.openers, self.initialisers

    def note(self, definition: Definition, interpreter: Interpreter, graph: Graph) -> None:
        """Take a function in where it belongs."""
        if definition.function.owner_class is not None:
            self.methods[definition] = interpreter, graph
        if fills_members(definition, interpreter):
            self.fillers[definition] = interpreter, graph
        if fills_structures(definition, interpreter):
            self.openers[definition] = interpreter, graph
        if fills_own_variables(definition, interpreter):
            self.initialisers[definition] = interpreter, graph

    def way_of(self, definition: Definition) -> tuple[Interpreter, Graph] | None:
        """How a function was followed, where it was taken in."""
        known = (each[definition] for each in self.tables if definition in each)
        return next(known, None)

    def are_asked_later(self, definition: Definition) -> bool:
        """Whether it matters later in which states a function ends."""
        if any(definition in each for each in (self.fillers, self.openers, self.initialisers)):
            return True
        if definition not in self.methods:
            return False
        interpreter, _ = self.methods[definition]
        return any(
            handle.made or handle.typestate is Typestate.DESTROYED
            for _, exit_, _ in interpreter.exits
            for handle in exit_.state.handles.values()
        )


@dataclass(slots=True)
class Endings:
    """Looks for them. `found` is what the functions showed themselves, `candidates` tells defects
    as findings."""

    program: Program
    interpreters: Interpreters
    makers: Makers
    summaries: Mapping[Definition, Summary | None]
    found: Mapping[Definition, Sequence[Candidate]]
    summary_for_closing: Callable[[Definition], Summary | None]
    candidates: Callable[[Definition, Interpreter, Graph, Sequence[Defect]], list[Candidate]]

    def all(self, closers: Closers) -> Ending:
        """What is to be asked, of which functions."""
        return chain(
            self._forgotten_members(),
            self._forgotten_by_closers(closers),
            self._forgotten_by_exit_functions(),
            self._members_released_wrongly(),
            self._members_overwritten(),
        )

    def _forgotten_members(self) -> Ending:
        """The handles that functions put into objects, and that no object's end releases."""
        if not self.makers.fillers:
            return
        classes = next(iter(self.makers.fillers.values()))[0].callees.classes
        exits = _exits_of(self.makers.fillers)
        taken = TakenMembers(self.program.names, classes, exits)
        last = LastMethods(self.program, taken, self.summaries)

        def find(definition: Definition) -> list[Candidate]:
            interpreter, graph = self.makers.fillers[definition]
            defects = list(forgotten_members(definition, interpreter, taken))
            last.told.update((definition, each.symbol) for each in defects)
            defects += last.defects(definition, interpreter)
            return self.candidates(definition, interpreter, graph, defects)

        for definition in list(self.makers.fillers):
            yield definition, find

    def _forgotten_by_closers(self, closers: Closers) -> Ending:
        """The handles that functions put into structures of C, and that no closer ends."""
        exits = _exits_of(self.makers.openers)
        taken = Taken(self.program, self.summary_for_closing, exits, asked=closers.asked)
        return self._forgotten_of(self.makers.openers, Openers(closers, taken).forgotten)

    def _forgotten_by_exit_functions(self) -> Ending:
        """The handles that functions put into a file's own variables, and no exit function ends."""
        exits = _exits_of(self.makers.initialisers)
        uses = OwnVariables(self.program, self.summary_for_closing, exits)
        forgotten = ExitFunctions(self.program, uses).forgotten
        return self._forgotten_of(self.makers.initialisers, forgotten)

    def _forgotten_of(
        self, makers: Analysed, forgotten: Callable[[Definition, Interpreter], Iterator[Defect]]
    ) -> Ending:
        """What is forgotten of what functions have made; callees are asked first."""

        def find(definition: Definition) -> list[Candidate]:
            interpreter, graph = makers[definition]
            defects = list(forgotten(definition, interpreter))
            return self.candidates(definition, interpreter, graph, defects)

        for definition, _ in self.program.bottom_up() if makers else ():
            if definition in makers:
                yield definition, find

    def _members_released_wrongly(self) -> Ending:
        """The handles that a method makes or releases, and that the destructor releases wrongly."""

        def find(definition: Definition) -> list[Candidate]:
            interpreter, graph = self.makers.methods[definition]
            defects = list(members_released_wrongly(definition, interpreter))
            return self.candidates(definition, interpreter, graph, defects)

        for definition in list(self.makers.methods):
            yield definition, find

    def _members_overwritten(self) -> Ending:
        """The handles in members that an assignment operator loses, whoever calls it."""
        program = self.program
        steps = (
            step for found in self.found.values() for each in found for step in each.finding.steps
        )
        lost = {(step.path, step.span) for step in steps if step.kind == "lose"}

        def find(definition: Definition) -> list[Candidate]:
            owner = definition.function.owner_class or ""
            ender = program.classes_of(definition.module).enders(owner, definition.module)[0]
            destructor = None if isinstance(ender, Missing) else self.summaries.get(ender)
            if destructor is None or is_told_by_callers(definition, program, lost):
                return []
            interpreter = self.interpreters.of(definition)
            defects, graph = overwritten_members(interpreter, destructor)
            return self.candidates(definition, interpreter, graph, defects)

        for definition in filter(assigns_whole_object, program.names.definitions):
            yield definition, find


def _exits_of(analysed: Analysed) -> dict[Definition, list[Exit]]:
    return {
        definition: [exit_ for _, exit_, _ in interpreter.exits]
        for definition, (interpreter, _) in analysed.items()
    }
