"""What a name of the module goes on holding: `SUCCESS = wintypes.LONG(0)`, `FAILURES = {5, 6}`.

A box of ctypes and a container are constants as long as nothing in the file may put something else
into them.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import cached_property

import libcst as cst

from capilint.frontends.python.naming.standard_names import CHANGERS, FILLERS, NUMBER_TYPES
from capilint.frontends.python.parsing.tree import descendants, dotted_name

CONTENT = "value"  # the attribute of a box
_COPIERS = ("frozenset", "set", "tuple", "list")

_CHANGING = {cst.AssignTarget, cst.AugAssign, cst.Del, cst.Call}


class Contents:
    """What the file may change that its names stand for."""

    def __init__(self, tree: cst.Module) -> None:
        self._tree = tree

    def may_change(self, name: str) -> bool:
        """Whether something else may be put into the box or the container of a name."""
        return name in self._changed

    @cached_property
    def _changed(self) -> frozenset[str]:
        nodes = (node for node in descendants([self._tree]) if type(node) in _CHANGING)
        return frozenset(name for node in nodes for name in _changed_by(node))


def wrapped(type_name: str, number: int) -> int | None:
    """The number that a box of a type, a canonical name, holds once it is given one; None for a
    type that is not known to hold numbers."""
    known = NUMBER_TYPES.get(type_name.removeprefix("ctypes.").removeprefix("wintypes."))
    if known is None or not type_name.startswith("ctypes."):
        return None
    bits, signed = known
    rest = number % (1 << bits)
    return rest - (1 << bits) if signed and rest >> (bits - 1) else rest


def members(node: cst.BaseExpression | None) -> Sequence[cst.BaseExpression] | None:
    """What `in` finds in a container that is written out, a dict's keys; None for anything else."""
    match node:
        case (
            cst.Tuple(elements=elements) | cst.List(elements=elements) | cst.Set(elements=elements)
        ):
            plain = [each.value for each in elements if isinstance(each, cst.Element)]
        case cst.Dict(elements=elements):
            plain = [each.key for each in elements if isinstance(each, cst.DictElement)]
        case cst.Call(func=cst.Name(value=name), args=[cst.Arg(value=inner)]) if name in _COPIERS:
            return members(inner)
        case _:
            return None
    return plain if len(plain) == len(elements) else None


def _changed_by(node: cst.CSTNode) -> Iterator[str]:
    """The names into which a statement or a call may put something else."""
    match node:
        case (
            cst.AssignTarget(target=target) | cst.AugAssign(target=target) | cst.Del(target=target)
        ):
            if isinstance(target, cst.Attribute | cst.Subscript):
                yield dotted_name(target.value)
        case cst.Call(func=cst.Attribute(value=cst.Name(value=name), attr=cst.Name(value=method))):
            if method in CHANGERS:
                yield name
            yield from _filled(node, method)
        case cst.Call(func=cst.Name(value=function)):
            yield from _filled(node, function)


def _filled(call: cst.Call, function: str) -> Iterator[str]:
    if function in FILLERS:
        yield from (each.value.value for each in call.args if isinstance(each.value, cst.Name))
