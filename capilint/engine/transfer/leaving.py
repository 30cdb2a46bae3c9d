"""What happens where a path leaves its function: by a return, by an exception, at the end."""

from __future__ import annotations

from dataclasses import dataclass

from capilint.engine.domain.cause import How
from capilint.engine.domain.events import Path
from capilint.engine.domain.memory_owners import end_local_memory
from capilint.engine.domain.state import CAUGHT, CERTAIN, POSSIBLE
from capilint.engine.domain.typestate import Typestates
from capilint.engine.domain.values import AbstractValue, Location, Part
from capilint.engine.summaries.summary import Exit
from capilint.engine.transfer.exceptions import Exceptions
from capilint.engine.transfer.objects import Objects
from capilint.finding import Span
from capilint.ir import Function, Instruction, Terminator

MODULE = "<module>"  # the name of a module's own code


@dataclass(slots=True)
class Leaving:
    """Ends paths of one function; those that its callers see come into `exits`.

    `abandons_object`: nobody ends the receiver if the function raises, for it is a constructor.
    """

    function: Function
    typestates: Typestates
    objects: Objects
    exceptions: Exceptions
    abandons_object: bool
    exits: list[tuple[int, Exit, Path]]

    def leave(
        self,
        path: Path,
        where: Instruction | Terminator,
        value: AbstractValue | None,
        raised: bool,
        parts: tuple[Part, ...] = (),
    ) -> None:
        """Leave the function at an instruction, with a value or by the exception under way."""
        if raised and self._ends_process(path):
            path.state.end(How.PROCESS)
            return
        span = getattr(where, "span", self.function.span)
        if path.state.objects and (not raised or path.state.raising == CERTAIN):
            for way in self.objects.end_all(path, span):
                self._left(way, span, value, raised, parts)
        else:
            self._left(path, span, value, raised, parts)

    def _ends_process(self, path: Path) -> bool:
        """Whether the exception under way ends the program."""
        return self.function.noexcept or self.exceptions.ends_process(path.state.exception)

    def _left(
        self,
        path: Path,
        span: Span,
        value: AbstractValue | None,
        raised: bool,
        parts: tuple[Part, ...],
    ) -> None:
        process_ends = self.function.name == MODULE
        if not raised:
            end_local_memory(path, self.typestates, span)
        self.typestates.leave(path, span, raised, process_ends)
        if raised and self.abandons_object and self.function.receiver is not None:
            thing = path.state.load(Location(self.function.receiver))
            self.typestates.abandon(path, thing, span)
        if path.state.raising == CAUGHT + POSSIBLE:
            _let_go(path)
        if not raised or path.state.raising == CERTAIN:
            self.exits.append((path.node, Exit(path.state, value, raised, (), span, parts), path))
            path.state.end(How.PROCESS if process_ends else None)


def _let_go(path: Path) -> None:
    """What lives on after a mere possibility is not for callers to answer for."""
    for symbol, handle in list(path.state.handles.items()):
        if handle.made and not (handle.escaped or handle.is_ended):
            path.state.escape(symbol, cause=path.state.cause(How.UNDECIDED))
