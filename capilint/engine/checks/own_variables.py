"""What the functions of a file do with the variables that are its own, and with members of these.

BCryptCloseAlgorithmProvider(algs.cbc, 0)    close(&algs)      released
x = algs.cbc    return algs.cbc    unseen(algs.cbc)            taken: who knows what becomes of it
BCryptGenerateSymmetricKey(algs.cbc, ..)    if (algs.cbc)      neither
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from enum import Enum

from capilint.engine.checks.closers import releases
from capilint.engine.checks.taken import carried, ended_for_good, taken_parameters, takes
from capilint.engine.program.callgraph import Program
from capilint.engine.program.linkage import Definition
from capilint.engine.summaries.summary import Exit, Summary
from capilint.ir import (
    Assign,
    Call,
    Direct,
    Instruction,
    Method,
    Module,
    Place,
    Read,
    Return,
    Scope,
    Variable,
    values_of,
)

SummaryOf = Callable[[Definition], Summary | None]
_SOURCES = (".c", ".cc", ".cpp", ".cxx", ".inc", ".inl")
_WITHIN = (Scope.LOCAL, Scope.TEMPORARY)


class Use(Enum):
    """What becomes of what is in a place."""

    RELEASED = "released"
    TAKEN = "taken"


@dataclass(slots=True)
class OwnVariables:
    """The uses of one program; `initialisers` are the functions that leave handles in variables,
    with their exits: what such a one releases on the way is judged by how it ends."""

    program: Program
    summary_of: SummaryOf
    initialisers: Mapping[Definition, Sequence[Exit]]
    _released: dict[Definition, set[Place]] = field(default_factory=dict)
    _taken: dict[str, set[Place]] = field(default_factory=dict)

    def is_taken(self, place: Place, module: Module) -> bool:
        """Whether somebody takes or releases what is in a variable, or in all or a part of it."""
        if module.path not in self._taken:
            self._taken[module.path] = set(self._gathered(module))
        return any(_overlap(place, each) for each in self._taken[module.path])

    def released_by(self, definition: Definition, seen: set[Definition]) -> set[Place]:
        """What a function releases, itself or by others that it calls."""
        if definition in seen:
            return set()
        seen.add(definition)
        if definition not in self._released:
            uses = self._uses(definition)
            self._released[definition] = {place for use, place in uses if use is Use.RELEASED}
        inner = (self.released_by(each, seen) for each in self.program.calls[definition].callees)
        return self._released[definition].union(*inner)

    def is_shown(self, definition: Definition, place: Place) -> bool:
        """Whether a function takes what it puts into a variable, before or after it does so."""
        assigned = [
            (each.target, each.value.place)
            for block in definition.function.blocks
            for each in block.instructions
            if isinstance(each, Assign) and isinstance(each.value, Read)
        ]
        names = {place.root}
        pending = [place.root]
        while pending:
            name = pending.pop()
            for target, source in assigned:
                if (
                    target.root == name
                    and source.root.scope in _WITHIN
                    and source.root not in names
                ):
                    names.add(source.root)
                    pending.append(source.root)
        inside = names - {place.root}
        return any(
            use is Use.TAKEN and taken.root in inside for use, taken in self._uses(definition)
        )

    def is_shared(self, module: Module) -> bool:
        """Whether the text of a file is not all that its variables are in the scope of."""
        included = {path for each in self.program.modules for path in each.includes}
        return module.path in included or any(each.endswith(_SOURCES) for each in module.includes)

    def _gathered(self, module: Module) -> Iterator[Place]:
        for definition in self.program.names.definitions:
            if definition.module is module:
                ended = self.initialisers.get(definition)
                for use, place in self._uses(definition):
                    if use is Use.TAKEN or ended is None:
                        yield place
                yield from ended_for_good(ended or ())

    def _uses(self, definition: Definition) -> Iterator[tuple[Use, Place]]:
        for block in definition.function.blocks:
            for instruction in block.instructions:
                yield from self._uses_by(definition, instruction)
            if isinstance(block.terminator, Return) and block.terminator.value is not None:
                for place in carried(block.terminator.value):
                    yield Use.TAKEN, place

    def _uses_by(
        self, definition: Definition, instruction: Instruction
    ) -> Iterator[tuple[Use, Place]]:
        if isinstance(instruction, Call):
            yield from self._uses_by_call(definition, instruction)
            return
        target = instruction.target.root if isinstance(instruction, Assign) else None
        for value in values_of(instruction):
            for place in carried(value):
                moved = place.root.scope in _WITHIN and target is not None
                if not (moved and target is not None and self._is_followed(target, definition)):
                    yield Use.TAKEN, place

    def _is_followed(self, target: Variable, definition: Definition) -> bool:
        return target.scope in _WITHIN or target.name in definition.module.own_variables

    def _uses_by_call(self, definition: Definition, call: Call) -> Iterator[tuple[Use, Place]]:
        name = self.program.pointers.called(call, definition) or ""
        if isinstance(call.callee, Direct):
            name = call.callee.name
        elif isinstance(call.callee, Method):
            yield from ((Use.TAKEN, place) for place in carried(call.callee.receiver))
            name = self.program.names.reached_through(call.callee)
        bound = self.program.names.api(name, definition.module)
        if bound is not None:
            protocol = bound.protocol
            kept = taken_parameters(protocol, with_released=False)
            positional = zip(protocol.params, call.arguments, strict=False)
            for parameter, value in (*positional, *call.keywords):
                use = Use.RELEASED if parameter in protocol.releases else None
                use = Use.TAKEN if parameter in kept else use
                if use is not None:
                    yield from ((use, place) for place in carried(value))
            return
        targets = self.program.names.alternatives(name, definition.module)
        for index, value in enumerate(values_of(call)):
            places = list(carried(value))
            uses = {self._use_by_parameter(each, index) for each in targets} if places else set()
            for use in uses or {Use.TAKEN}:
                if use is not None:
                    yield from ((use, place) for place in places)

    def _use_by_parameter(self, callee: Definition, index: int) -> Use | None:
        """What a function of the program does with what one of its parameters is, or leads to."""
        parameters = callee.function.parameters
        summary = self.summary_of(callee)
        if summary is None or index >= len(parameters) or parameters[index].variadic:
            return Use.TAKEN
        variable = parameters[index].variable
        if not takes(summary, variable):
            return None
        return Use.RELEASED if releases(summary, variable) else Use.TAKEN


def _overlap(one: Place, other: Place) -> bool:
    length = min(len(one.path), len(other.path))
    return one.root == other.root and one.path[:length] == other.path[:length]
