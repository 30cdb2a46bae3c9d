"""Operators on numbers that are known."""

from __future__ import annotations

from collections.abc import Callable

_BITS = 64
_LARGEST = 1 << _BITS  # no number that is known is as large
_OPERATORS: dict[str, Callable[[int, int], int]] = {
    "+": lambda a, b: a + b,
    "-": lambda a, b: a - b,
    "*": lambda a, b: a * b,
    "&": lambda a, b: a & b,
    "|": lambda a, b: a | b,
    "^": lambda a, b: a ^ b,
    "<<": lambda a, b: a << b if 0 <= b < _BITS else _LARGEST,
    ">>": lambda a, b: a >> b if b >= 0 else _LARGEST,
    "==": lambda a, b: int(a == b),
    "!=": lambda a, b: int(a != b),
    "<": lambda a, b: int(a < b),
    "<=": lambda a, b: int(a <= b),
    ">": lambda a, b: int(a > b),
    ">=": lambda a, b: int(a >= b),
    "&&": lambda a, b: int(bool(a and b)),
    "||": lambda a, b: int(bool(a or b)),
}


def calculated(operator: str, one: int, other: int) -> int | None:
    """The result; None for an operator that is none, or where no machine word holds it."""
    function = _OPERATORS.get(operator)
    result = None if function is None else function(one, other)
    return result if result is not None and abs(result) < _LARGEST else None
