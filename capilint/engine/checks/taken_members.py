"""What the functions of Python do with the members of objects, beyond a look: taken members."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from capilint.engine.checks.taken import ended_for_good
from capilint.engine.program.classes import Classes
from capilint.engine.program.linkage import Definition
from capilint.engine.program.names import Names
from capilint.engine.summaries.summary import Exit
from capilint.ir import (
    Call,
    Direct,
    Function,
    Indirect,
    Instruction,
    Language,
    Method,
    Read,
    Return,
    Value,
    places_in,
    values_of,
)
from capilint.rulebook.book import Bound


@dataclass(slots=True)
class TakenMembers:
    """The members whose content some Python code takes for more than a look.

    A call that uses the handle looks, and so does a branch; what is assigned, returned, released
    or given to any other function is taken. What a method takes out of its own object is a member
    of its class, of those derived from it or of its bases; any other counts by its name, as does
    what is mentioned in the parts of a file that do not matter otherwise. What one
    of the `fillers`, which leave handles in members, releases on the way is judged by how it ends.
    """

    names: Names
    classes: Classes
    fillers: Mapping[Definition, Sequence[Exit]]
    of_classes: dict[str, set[str]] = field(default_factory=dict)
    anywhere: set[str] = field(default_factory=set)

    def __post_init__(self) -> None:
        for module in self.names.modules:
            for name in module.left_out:
                self.anywhere |= {f".{name}", f'["{name}"]'}
        for definition in self.names.definitions:
            if definition.module.language is not Language.PYTHON:
                continue
            for block in definition.function.blocks:
                for instruction in block.instructions:
                    for value in self._taken_by(definition, instruction):
                        self._take(definition.function, value)
                if isinstance(block.terminator, Return):
                    self._take(definition.function, block.terminator.value)
        for definition, exits in self.fillers.items():
            for place in ended_for_good(exits):
                self._take(definition.function, Read(place))

    def _take(self, function: Function, value: Value | None) -> None:
        for place in places_in(value):
            path = place.path
            own = place.root == function.receiver and path[:1] == ("*",) and len(path) > 1
            if own and function.owner_class:
                self.of_classes.setdefault(path[1], set()).add(function.owner_class)
                path = path[2:]
            self.anywhere.update(path)

    def has(self, owner: str, accessor: str) -> bool:
        """Whether somebody takes what is in a member of a class's objects; without one, of any."""
        holders = self.of_classes.get(accessor, set())
        if not owner and holders:
            return True
        return accessor in self.anywhere or any(
            self.classes.are_related(owner, each) for each in holders
        )

    def _taken_by(self, definition: Definition, instruction: Instruction) -> Iterator[Value]:
        if not isinstance(instruction, Call):
            yield from values_of(instruction)
            return
        looked_at: set[int] = set()
        bound = self._api(definition, instruction)
        if bound is not None:
            protocol = bound.protocol
            looking = {*protocol.uses, protocol.returns.removeprefix("address:")}
            if definition in self.fillers:
                looking |= {*protocol.releases}
            looked_at = {i for i, parameter in enumerate(protocol.params) if parameter in looking}
        match instruction.callee:
            case Method(receiver, _):
                yield receiver
            case Indirect(callee):
                yield callee
        for index, value in enumerate(values_of(instruction)):
            if index not in looked_at:
                yield value

    def _api(self, caller: Definition, call: Call) -> Bound | None:
        """The function of the API that a call runs."""
        name = call.callee.name if isinstance(call.callee, Direct) else ""
        if isinstance(call.callee, Method):
            name = self.names.reached_through(call.callee)
        return self.names.api(name, caller.module) if name else None
