"""How much work following one function may be, counted in steps, never in seconds.

steps = instructions executed, blocks entered, states met and joined, and what these states hold

    0 ────────────── ease ──────────────────────── most
      each state is      strained: states that agree    the function is left
      followed           about handles are one, and     (CAP902), with what was
                         fewer handles are followed     found so far

Both bounds grow with the function's text. Of all functions of the public code that was looked at
three take more than 20,000 steps; a step takes 30 to 110 microseconds.
"""

from __future__ import annotations

from capilint.engine.domain.state import State
from capilint.ir import Function
from capilint.slotted import dataclass

EASE = 9_000
MOST = 22_000
PER_INSTRUCTION = 3
INSTRUCTIONS_PER_PLACE = 3
HELD_PER_STEP = 64  # what a state holds is copied, compared, and kept


class BoundReached(Exception):
    """The function is too intricate to be analysed within the bounds."""


@dataclass(slots=True)
class Budget:
    """The steps of one function: those that were taken, and how many may be."""

    ease: int
    most: int
    spent: int = 0

    @classmethod
    def of(cls, function: Function) -> Budget:
        """What the text of a function allows.

        What one place of the text became many instructions for, destructors at each return or a
        macro, counts once.
        """
        instructions = sum(len(block.instructions) + 1 for block in function.blocks)
        places = {
            getattr(each, "span", None) for block in function.blocks for each in block.instructions
        }
        more = PER_INSTRUCTION * min(instructions, INSTRUCTIONS_PER_PLACE * len(places))
        return cls(EASE + more, MOST + more)

    def second_look(self) -> Budget:
        """What may be taken to look again at what was found: no more than most functions take."""
        return Budget(self.ease, self.ease)

    @property
    def strained(self) -> bool:
        """Whether the function takes more than most do."""
        return self.spent > self.ease

    def spend(self, steps: int) -> None:
        """Take steps.

        Raises:
            BoundReached: there are none left.
        """
        self.spent += steps
        if self.spent > self.most:
            raise BoundReached

    def meet(self, state: State) -> None:
        """Take the steps of a state that comes to a point.

        Raises:
            BoundReached: there are none left.
        """
        held = len(state.environment) + len(state.facts) + 4 * len(state.handles)
        self.spend(1 + held // HELD_PER_STEP)
