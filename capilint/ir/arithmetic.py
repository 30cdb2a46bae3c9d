"""Operators on numbers that are known."""

from __future__ import annotations

from collections.abc import Callable

from capilint.ir.values import Constant, Named, Operation, Value

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
    return None if function is None else held(function(one, other))


def held(number: int) -> int | None:
    """The number; None where no machine word holds it."""
    return number if abs(number) < _LARGEST else None


def number_of(value: Value, elsewhere: Callable[[str], int | None]) -> int | None:
    """The number that a constant expression is; `elsewhere` knows constants by dotted names."""
    match value:
        case Constant(int() as number):
            return number
        case Named(_, number, origin):
            return elsewhere(origin) if number is None and origin else number
        case Operation("~", (operand,)):
            inner = number_of(operand, elsewhere)
            return None if inner is None else ~inner
        case Operation(operator, (one, other)):
            left, right = number_of(one, elsewhere), number_of(other, elsewhere)
            return None if left is None or right is None else calculated(operator, left, right)
    return None
