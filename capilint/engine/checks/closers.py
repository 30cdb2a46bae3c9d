"""Which functions end a structure of C that somebody else holds: its closers, by what they do.

    void digest_close(struct digest *d)      releases a member of *d, or frees d itself, and is
    void digest_free(struct digest **d)      no opener, which puts handles into such a structure
    void digest_end(struct digest d)

Of two where one calls the other, the closer is the caller: the other is a helper of its own. So
is a `static` function that only openers call, to clean up where they fail; in C++ their owners may
do so: std::unique_ptr<digest>.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass, field
from functools import cached_property
from itertools import count

from capilint.engine.domain.handle import Typestate
from capilint.engine.domain.values import Location, member_chain
from capilint.engine.program.callgraph import Program
from capilint.engine.program.classes import Missing
from capilint.engine.program.linkage import Definition
from capilint.engine.program.names import calls_of
from capilint.engine.program.structures import (
    UNTYPED,
    Typed,
    aliases,
    parameter_type,
)
from capilint.engine.summaries.summary import Summary
from capilint.ir import (
    Call,
    Direct,
    FunctionReference,
    Language,
    Module,
    Parameter,
    Place,
    Read,
    Variable,
    source_text,
    values_of,
)

_Numbered = tuple[int, Definition, Parameter]


@dataclass(frozen=True, slots=True)
class Closer:
    """A function that ends the structure that a parameter leads to.

    `indirect` where the parameter points to the pointer; `frees` where its memory ends, too;
    `destructs` where it is the destructor of a class; `by_value` where the parameter is a copy.
    """

    definition: Definition
    parameter: Parameter
    summary: Summary
    indirect: bool
    frees: bool
    destructs: bool = False
    by_value: bool = False

    def member_text(self, path: tuple[str, ...]) -> str:
        """A member as the function writes it."""
        variable = self.parameter.variable
        if self.parameter.type_name.removeprefix("const ").startswith(UNTYPED):
            variable = max(aliases(self.definition.function, variable) - {variable})
        if self.by_value:
            return source_text(Place(variable, path))
        if not self.indirect:
            return source_text(Place(variable, ("*", *path)))
        return f"(*{source_text(Place(variable))})->{''.join(path).removeprefix('.')}"


@dataclass
class Closers:
    """The closers of one program; `openers` are the functions that fill structures.

    `asked` has what somebody asked for, in whichever file it is: structures, but for those that a
    file has for itself, and members (`Taken`).
    """

    program: Program
    summary_of: Callable[[Definition], Summary | None]
    openers: Collection[Definition]
    asked: set[str] = field(default_factory=set)
    _of: dict[Typed, list[Closer]] = field(default_factory=dict)

    def of(self, structure: Typed) -> list[Closer]:
        """The closers of a structure, in the order of the program; a class's own apart."""
        if structure not in self._of:
            if structure.home not in self._paths:
                self.asked.add(structure.name)
            found = list(self._find(structure))
            closing = {each.definition for each in found}
            inner = {
                called
                for each in closing
                for called in self.program.calls[each].callees
                if called != each
            }
            self._of[structure] = [each for each in found if each.definition not in inner]
        return self._of[structure]

    def of_class(self, owner: str, module: Module) -> Closer | Missing:
        """The destructor of a class, as a module sees it."""
        destructor = self.program.classes_of(module).enders(owner, module)[0]
        if isinstance(destructor, Missing):
            return destructor
        function, summary = destructor.function, self.summary_of(destructor)
        if summary is None or not function.parameters:
            return Missing.UNKNOWN
        return Closer(destructor, function.parameters[0], summary, False, False, True)

    def _find(self, structure: Typed) -> Iterator[Closer]:
        pointer = structure.pointer()
        ways = (structure, pointer, pointer.pointer())
        found = [(each, way) for way in ways for each in self._parameters.get(way, ())]
        for (_, definition, parameter), way in sorted(found, key=_place_of):
            indirect, by_value = way == ways[2], way == structure
            if definition in self.openers or self._is_openers_own(definition):
                continue
            if definition.module.problems:
                continue  # what was not understood may end the rest
            frees = not by_value and self._frees(definition, parameter.variable, indirect, set())
            if not (frees or definition in self.program.changing):
                continue
            summary = self.summary_of(definition)
            if summary is not None and (frees or releases(summary, parameter.variable)):
                yield Closer(definition, parameter, summary, indirect, frees, by_value=by_value)

    @cached_property
    def _parameters(self) -> dict[Typed, list[_Numbered]]:
        """The parameters of functions in C of each known type, numbered in the program's order."""
        found: dict[Typed, list[_Numbered]] = {}
        number = count()
        for definition in self.program.names.definitions:
            if definition.module.language is not Language.PYTHON:
                for parameter in definition.function.parameters:
                    typed = parameter_type(definition, parameter)
                    if typed is not None:
                        numbered = (next(number), definition, parameter)
                        found.setdefault(typed, []).append(numbered)
        return found

    @cached_property
    def _paths(self) -> set[str]:
        return {module.path for module in self.program.modules}

    def _is_openers_own(self, definition: Definition) -> bool:
        """Whether all calls of a function come from openers, directly or through others such."""
        pending, seen = [definition], {definition}
        while pending:
            called = pending.pop()
            callers = self._callers.get(called, set())
            if not called.function.internal or called in self._referenced or not callers:
                return False
            others = [each for each in callers if each not in self.openers and each not in seen]
            seen.update(others)
            pending += others
        return True

    @cached_property
    def _callers(self) -> dict[Definition, set[Definition]]:
        table: dict[Definition, set[Definition]] = {}
        for caller, (called, *_) in self.program.calls.items():
            for each in called:
                table.setdefault(each, set()).add(caller)
        return table

    @cached_property
    def _referenced(self) -> set[Definition]:
        """The functions that are used as values."""
        return {
            target
            for definition in self.program.names.definitions
            for block in definition.function.blocks
            for instruction in block.instructions
            for value in values_of(instruction)
            if isinstance(value, FunctionReference)
            for target in self.program.names.alternatives(value.name, definition.module)
        }

    def _frees(
        self, definition: Definition, variable: Variable, indirect: bool, seen: set[Definition]
    ) -> bool:
        """Whether a function, or one that it calls, ends the memory that a variable points to."""
        if definition in seen:
            return False
        seen.add(definition)
        path = ("*",) if indirect else ()
        memory = {Read(Place(each, path)) for each in aliases(definition.function, variable)}
        return any(
            self._frees_argument(definition, call, index, seen)
            for call in calls_of(definition.function)
            for index, value in enumerate(call.arguments)
            if value in memory
        )

    def _frees_argument(
        self, caller: Definition, call: Call, index: int, seen: set[Definition]
    ) -> bool:
        if not isinstance(call.callee, Direct):
            return False
        bound = self.program.names.api(call.callee.name, caller.module)
        if bound is not None:
            protocol = bound.protocol
            ends = protocol.frees is not None and not protocol.allocates  # realloc moves it
            return ends and protocol.params.index(protocol.frees or "") == index
        target = self.program.names.definition(call.callee.name, caller.module)
        if target is None or index >= len(target.function.parameters):
            return False
        return self._frees(target, target.function.parameters[index].variable, False, seen)


def _place_of(found: tuple[_Numbered, Typed]) -> int:
    return found[0][0]


def releases(summary: Summary, parameter: Variable) -> bool:
    """Whether a call may end a handle that the parameter leads to."""
    return any(
        handle.typestate is Typestate.DESTROYED
        and isinstance(place := member_chain(symbol)[-1].detail, Location)
        and place.base == parameter
        for outcome in summary.outcomes
        for symbol, handle in outcome.handles
    )
