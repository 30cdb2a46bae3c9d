"""Sums of an unknown and a number, each in one form.

    (n - 1) - 1   ──▶   n - 2         (n + 1) - 1   ──▶   n

A depth that functions hand on and count is a term of one size then, however many they are.
"""

from __future__ import annotations

from capilint.engine.domain.values import AbstractValue, Number, Term

_SIGNS = {"+": 1, "-": -1}


def unfolded(operator: str, values: tuple[AbstractValue, ...]) -> AbstractValue:
    """The value of an operator on values of which one is unknown."""
    match values:
        case (Term(operator=inner, operands=(base, Number(first))), Number(second)) if (
            operator in _SIGNS and inner in _SIGNS
        ):
            total = _SIGNS[inner] * first + _SIGNS[operator] * second
            if total == 0:
                return base
            return Term("+" if total > 0 else "-", (base, Number(abs(total))))
    return Term(operator, values)
