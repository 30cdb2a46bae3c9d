"""The members that a class has without saying so, or says in its own way."""

from __future__ import annotations

from enum import Enum, auto

MOVES = frozenset({"move", "move-assignment"})
COPIES = frozenset({"copy", "copy-assignment"})
SUPPRESSING_MOVES = MOVES | COPIES | {"destructor"}
"""What a class may declare so that the compiler makes no move operations."""


class Special(Enum):
    """Where a special member of a class comes from."""

    USER = auto()  # written by people
    IMPLICIT = auto()  # made by the compiler, or `= default`
    DELETED = auto()
    NONE = auto()  # not declared: moving copies
