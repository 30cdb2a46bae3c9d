"""Why the analysis lets go of a handle: where, and in what way."""

from __future__ import annotations

from enum import StrEnum, auto
from typing import NamedTuple

from capilint.ir import Instruction, Terminator


class How(StrEnum):
    """In what way a handle is let go of, where the instruction alone does not say it."""

    PLAIN = auto()  # as the instruction says: given to a callee, stored, returned
    STORED = auto()  # at a place that others can see
    ELEMENT = auto()  # in or out of an element that nobody knows which
    CONTAINER = auto()  # something that has it in it is used as a whole
    EXPRESSION = auto()  # what it is a part of is calculated
    CAPTURED = auto()  # by code that runs at another time
    OBJECT = auto()  # an object holds it that is not followed to its end
    PASSED_ON = auto()  # by a callee of the program, at a place that is not known
    SURPLUS = auto()  # as an argument that no parameter of the callee takes
    ROUNDS = auto()  # handles of several rounds of a loop are not told apart
    JUDGED = auto()  # the callee decides whether it was made
    UNDECIDED = auto()  # a condition decides it that nothing in the program tells
    FLAG = auto()  # a flag says whose it is
    PROCESS = auto()  # it lives until the process ends
    NOT_UNDERSTOOD = auto()  # the code that comes next
    DONE = auto()  # all that is to be said is said


class Cause(NamedTuple):
    """Where, in which file, and how a handle was let go of.

    `place` is the text of the place that has it now, `member` that place's last name.
    """

    where: Instruction | Terminator | None
    path: str
    how: How = How.PLAIN
    place: str = ""
    member: str = ""


DONE = Cause(None, "", How.DONE)
