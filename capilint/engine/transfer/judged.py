"""What hangs on the answer of a call of the program that unknown code is asked to judge.

err = store(table, key);     one way: kept, and STORE_OK     another: spared, and STORE_FULL
CHECK(err);                  who knows which of the two it lets through?
key = 0;                     so nothing is said of a key that was spared
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterator
from dataclasses import dataclass, field

from capilint.engine.domain.state import State
from capilint.engine.domain.values import Symbol
from capilint.ir import Assign, Call, Function, Place, Read, Value, Variable


@dataclass(slots=True)
class Judged:
    """The handles that calls of one function took over on one of their ways."""

    function: Function
    taken: dict[object, set[Symbol]] = field(default_factory=dict)
    _writers: dict[int, dict[Variable, list[int]]] = field(default_factory=dict)

    def note(self, site: object, before: frozenset[Symbol], after: State) -> None:
        """One way on after a call: what was owed before it, and is not any more, was taken."""
        gone = before - owed(after)
        if gone:
            self.taken.setdefault(site, set()).update(gone)

    def open_after(self, site: object, told: Value) -> set[Symbol]:
        """The handles that hang on the answer that a variable holds which a call is told."""
        found: set[Symbol] = set()
        if not self.taken:
            return found
        for source in self._sources(site, told):
            found |= self.taken.get(source, set())
        return found

    def _sources(self, site: object, told: Value) -> Iterator[tuple[int, int]]:
        """The call before, in a straight line, whose answer a variable holds."""
        match site, told:
            case (int() as number, int() as index), Read(Place(root, ())):
                wanted: Variable = root
            case _:
                return
        instructions = self.function.blocks[number].instructions
        writers = self._writers_in(number)
        while (at := bisect_left(writers.get(wanted, ()), index)) > 0:
            index = writers[wanted][at - 1]
            match instructions[index]:
                case Call():
                    yield number, index
                    return
                case Assign(_, Read(source)):
                    wanted = source.root

    def _writers_in(self, number: int) -> dict[Variable, list[int]]:
        """Where in a block calls, and copies of variables, are written to each variable."""
        if number not in self._writers:
            found = self._writers[number] = {}
            for index, instruction in enumerate(self.function.blocks[number].instructions):
                match instruction:
                    case Call(_, _, Place(root, _)) | Assign(Place(root, _), Read()):
                        found.setdefault(root, []).append(index)
        return self._writers[number]


def owed(state: State) -> frozenset[Symbol]:
    """The handles that a function still has to release."""
    return frozenset(symbol for symbol, handle in state.handles.items() if handle.owed)
