"""What the functions of one file may take together, in steps.

file's text ── steps ──┬── f   as much as it needs, up to its own bound
                       ├── g   the same
                       └── h   what f and g have left; at least what a plain function needs

Callees come first, so a function's share hangs on what those before it took. Who takes over an
earlier result has to have as many steps left as it took; one that was cut short is not kept.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable
from typing import TypeVar

from capilint.engine.domain.budget import Budget
from capilint.engine.program.linkage import Definition
from capilint.ir import Module

T = TypeVar("T")
STEPS_OF_FILE = 24_000
STEPS_PER_INSTRUCTION = 2.5


class Shares:
    """The steps of the functions of one program, by their files; `taken` are those of each file."""

    def __init__(self) -> None:
        self.taken: defaultdict[str, int] = defaultdict(int)
        self._bounds: dict[str, int] = {}
        self._by_function: defaultdict[str, dict[Definition, int]] = defaultdict(dict)
        self._open: dict[Definition, list[Budget]] = {}  # those of one that is followed

    def forget(self, definition: Definition) -> None:
        """A function is no more, or to be analysed anew: its steps are there again."""
        self.take(definition, 0)

    def forget_texts(self) -> None:
        """The program is another one: so may be what its files allow."""
        self._bounds.clear()

    def budget(self, definition: Definition) -> Budget:
        """What a function may take now."""
        budget = Budget.of(definition.function, self._left(definition))
        if definition in self._open:
            self._open[definition].append(budget)
        return budget

    def following(self, definition: Definition, follow: Callable[[], T]) -> tuple[T, int, bool]:
        """What following a function comes to, the steps that it takes, and whether it was cut
        short."""
        self.take(definition, 0)
        budgets = self._open[definition] = []
        try:
            found = follow()
        finally:
            self._open.pop(definition, None)
            steps = sum(each.all_spent for each in budgets)
            self.take(definition, steps)
        return found, steps, any(each.cut_short for each in budgets)

    def take(self, definition: Definition, steps: int) -> None:
        """A function takes so many steps, and no other ones."""
        steps_of = self._by_function[definition.path]
        self.taken[definition.path] += steps - steps_of.get(definition, 0)
        steps_of[definition] = steps

    def suffice(self, definition: Definition, steps: int) -> bool:
        """Whether a function may take so many, and would come to the same again."""
        budget = Budget.of(definition.function, self._left(definition))
        return not budget.limited or steps <= budget.ease

    def _left(self, definition: Definition) -> int:
        path = definition.path
        bound = self._bounds.get(path)
        if bound is None:
            bound = self._bounds[path] = _bound_of(definition.module)
        own = self._by_function[path].get(definition, 0)
        now = sum(each.all_spent for each in self._open.get(definition, ()))
        return bound - self.taken[path] + own - now


def _bound_of(module: Module) -> int:
    instructions = sum(
        len(block.instructions) + 1 for function in module.functions for block in function.blocks
    )
    return STEPS_OF_FILE + int(STEPS_PER_INSTRUCTION * instructions)
