"""Numbers in ctypes' boxes: `SUCCESS = wintypes.LONG(0)`, of which functions read `SUCCESS.value`.

Such a box is a constant as long as nothing in the file may put another number into it.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import cached_property

import libcst as cst

from capilint.frontends.python.naming.standard_names import FILLERS, NUMBER_TYPES
from capilint.frontends.python.parsing.tree import descendants, dotted_name

CONTENT = "value"  # the attribute of a box


class Boxes:
    """The boxes of one file that names of its module stand for."""

    def __init__(self, tree: cst.Module) -> None:
        self._tree = tree

    def may_be_refilled(self, name: str) -> bool:
        """Whether a number may be put into what a name stands for, after it was made."""
        return name in self._refilled

    @cached_property
    def _refilled(self) -> frozenset[str]:
        return frozenset(name for node in descendants([self._tree]) for name in _filled_by(node))


def wrapped(type_name: str, number: int) -> int | None:
    """The number that a box of a type, a canonical name, holds once it is given one; None for a
    type that is not known to hold numbers."""
    known = NUMBER_TYPES.get(type_name.removeprefix("ctypes.").removeprefix("wintypes."))
    if known is None or not type_name.startswith("ctypes."):
        return None
    bits, signed = known
    rest = number % (1 << bits)
    return rest - (1 << bits) if signed and rest >> (bits - 1) else rest


def _filled_by(node: cst.CSTNode) -> Iterator[str]:
    """The names of which a statement or a call may fill the boxes."""
    match node:
        case cst.AssignTarget(target=target) | cst.AugAssign(target=target):
            if isinstance(target, cst.Attribute) and isinstance(target.value, cst.Name):
                yield target.value.value
        case cst.Call(func=func, args=args):
            if dotted_name(func).rpartition(".")[2] in FILLERS:
                yield from (each.value.value for each in args if isinstance(each.value, cst.Name))
