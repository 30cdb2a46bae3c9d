"""How much work following one function may be, counted in steps, never in seconds.

steps = instructions executed, blocks entered, states met and joined, and what these states hold

    0 ────────────── ease ──────────────────────── most
      each state is      strained: states that agree    the function is left
      followed           about handles are one, and     (CAP902), with what was
                         fewer handles are followed     found so far

Both bounds grow with the function's text. Of all functions of the public code that was looked at
one takes more than 12,000 steps; a step takes 30 to 110 microseconds. What the functions of one
file take together is bounded, too (`shares.py`): where the others took it, each has a few left.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from capilint.engine.domain.state import State
from capilint.ir import Function

EASE = 9_000
MOST = 18_000
PER_INSTRUCTION = 2
INSTRUCTIONS_PER_PLACE = 3
LEAST = 50
LEAST_PER_INSTRUCTION = 4
EASE_OF_LITTLE = 0.7
HELD_PER_STEP = 64  # what a state holds is copied, compared, and kept
HELD_PER_CALL = 128  # and looked through by calls
HELD_BY_MANY = 256  # thousands of places in a function are kept at as many points: the square
MOST_TOLD = 250_000  # steps of telling, which are smaller
TOLD_PER_STEP = 15


class BoundReached(Exception):
    """The function is too intricate to be analysed within the bounds."""


@dataclass(slots=True)
class Effort:
    """The steps of telling what was found in one function: the events on the paths to the mistakes,
    the ways and nodes that are looked at to see what decides them.

    Each mistake has a path of its own, so that many mistakes on long paths take the square of them.
    `reached` is set where not all could be told.
    """

    most: int = MOST_TOLD
    spent: int = 0
    reached: bool = False

    def spend(self, steps: int) -> None:
        """Take steps.

        Raises:
            BoundReached: there are none left.
        """
        self.spent += steps
        if self.spent > self.most:
            raise BoundReached


@dataclass(slots=True)
class Budget:
    """The steps of one function: those that were taken, and how many may be.

    `limited` is set where the file leaves it less than its text allows; `telling` are the steps for
    what is found.
    """

    ease: int
    most: int
    spent: int = 0
    limited: bool = False
    telling: Effort = field(default_factory=Effort)

    @classmethod
    def of(cls, function: Function, left: int | None = None) -> Budget:
        """What the text of a function allows, and what is `left` of its file's steps.

        What one place of the text became many instructions for, destructors at each return or a
        macro, counts once.
        """
        instructions = sum(len(block.instructions) + 1 for block in function.blocks)
        places = {
            getattr(each, "span", None) for block in function.blocks for each in block.instructions
        }
        more = PER_INSTRUCTION * min(instructions, INSTRUCTIONS_PER_PLACE * len(places))
        ease, most = EASE + more, MOST + more
        if left is None or left >= most:
            return cls(ease, most)
        most = min(most, max(left, LEAST + LEAST_PER_INSTRUCTION * instructions))
        telling = Effort(min(MOST_TOLD, TOLD_PER_STEP * most))
        return cls(min(ease, int(EASE_OF_LITTLE * most)), most, limited=True, telling=telling)

    def look_again(self) -> None:
        """From here on, before any step, it is for a second look at what was found: that takes no
        more than most functions do."""
        self.most = self.ease

    @property
    def cut_short(self) -> bool:
        """Whether more would have been found out, or better, if the file had left more."""
        return self.limited and (self.strained or self.telling.reached)

    @property
    def all_spent(self) -> int:
        """The steps that were taken, those of telling what was found among them."""
        return self.spent + self.telling.spent // TOLD_PER_STEP

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
        self.spend(1 + _steps_for(_held(state) + 3 * len(state.handles), HELD_PER_STEP))

    def call(self, state: State) -> None:
        """Take the steps of a call, if the state holds so much that it takes any.

        Raises:
            BoundReached: there are none left.
        """
        steps = _steps_for(_held(state), HELD_PER_CALL)
        if steps:
            self.spend(steps)


def _held(state: State) -> int:
    return len(state.environment) + len(state.facts) + len(state.handles)


def _steps_for(held: int, per_step: int) -> int:
    """The steps for what a state holds."""
    return held // per_step + (held // HELD_BY_MANY) ** 2
