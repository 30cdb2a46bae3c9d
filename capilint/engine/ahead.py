"""Functions that are analysed elsewhere, by other processes, before it is their turn here.

    analysis ── tasks ──▶ elsewhere ──▶ processes ──▶ results, where these are kept
       └── callees first, one turn after the other: what is kept and right is recalled,
           what nobody elsewhere has begun is followed here

A task is a strongly connected component of the call graph: functions that call each other.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import NamedTuple, Protocol

from capilint.engine.program.callgraph import Program
from capilint.engine.program.linkage import Definition
from capilint.ir import Module

Recursive = bool
"""Whether a function calls itself through others."""


class Task(NamedTuple):
    """Functions, by their numbers in the program; the numbers of the tasks that come before; how
    many instructions there are."""

    functions: tuple[int, ...]
    after: frozenset[int]
    size: int


class Elsewhere(Protocol):
    """Has tasks done by others."""

    def pays(self, size: int) -> bool:
        """Whether so many instructions are worth the trouble."""

    def begin(self, modules: Sequence[Module], tasks: Sequence[Task]) -> None:
        """Tasks of a program, callees first, may be begun."""

    def reach(self, task: int) -> None:
        """It is a task's turn here: if somebody is at it, this waits, else it is not begun."""

    def end(self) -> None:
        """Nothing more of the tasks is needed."""


class Turns:
    """The turns of a program's functions, of which some may be done elsewhere."""

    def __init__(
        self,
        elsewhere: Elsewhere,
        program: Program,
        is_open: Callable[[Definition, Recursive], bool],
    ) -> None:
        """`is_open` tells whether nothing is known of a function."""
        self._elsewhere = elsewhere
        self._program = program
        self._is_open = is_open
        self._tasks: dict[Definition, int] = {}

    def __enter__(self) -> Turns:
        numbers = {each: number for number, each in enumerate(self._program.names.definitions)}
        before: dict[Definition, frozenset[int]] = {}
        tasks: list[Task] = []
        to_follow = self._program.touching & self._program.eventful
        for component in self._program.components():
            called = {callee for each in component for callee in self._program.calls[each].callees}
            after = frozenset(number for each in called for number in before.get(each, ()))
            recursive = len(component) > 1
            followed = [each for each in component if each in to_follow]
            opened = [each for each in followed if self._is_open(each, recursive)]
            if opened:
                self._tasks.update(dict.fromkeys(followed, len(tasks)))
                functions = tuple(numbers[each] for each in followed)
                tasks.append(Task(functions, after, size_of(opened)))
                after = frozenset({len(tasks) - 1})
            before.update(dict.fromkeys(component, after))
        self._elsewhere.begin(self._program.modules, tasks)
        return self

    def of(self, definition: Definition) -> None:
        """It is a function's turn."""
        task = self._tasks.get(definition)
        if task is not None:
            self._elsewhere.reach(task)

    def __exit__(self, *_: object) -> None:
        self._tasks.clear()
        self._elsewhere.end()


class Order:
    """The functions of a program by their numbers, in the order in which they are analysed."""

    def __init__(self, program: Program) -> None:
        self._program = program
        components = list(program.components())
        self._all = [(each, len(group) > 1) for group in components for each in group]

    def of(self, functions: Iterable[int]) -> Iterator[tuple[Definition, Recursive]]:
        """Functions with all that they call, however deep; callees first."""
        definitions = self._program.names.definitions
        pending = [definitions[number] for number in functions]
        wanted = set(pending)
        while pending:
            new = set(self._program.calls[pending.pop()].callees) - wanted
            wanted |= new
            pending += new
        return ((each, recursive) for each, recursive in self._all if each in wanted)


def size_of(definitions: Iterable[Definition]) -> int:
    """How many instructions functions have."""
    blocks = (block for each in definitions for block in each.function.blocks)
    return sum(len(block.instructions) + 1 for block in blocks)
