"""Integer constants of C: literals, characters, and operators on them."""

from __future__ import annotations

import re
from functools import lru_cache

from capilint.ir.arithmetic import calculated, held

_INTEGER = re.compile(
    r"([-+]?)(0[xX][0-9a-fA-F']+|0[bB][01']+|[0-9][0-9']*)(?:[uUlLzZ]*|[iI](?:8|16|32|64))\Z"
)
_CHARACTER = re.compile(r"(?:L|u8|u|U)?'(\\?)(.)'\Z", re.DOTALL)
_ESCAPES = {"0": 0, "n": 10, "t": 9, "r": 13, "a": 7, "b": 8, "f": 12, "v": 11}
_WIDEST_SHIFT = 63
_MOST_DIGITS = 100  # Python refuses to read some thousands


@lru_cache(maxsize=1024)
def integer(text: str) -> int | None:
    """The value of an integer literal, None for anything else: a floating one, or one that is
    too large."""
    match = _INTEGER.match(text)
    if match is None:
        return None
    digits = match.group(2).replace("'", "")
    if len(digits) > _MOST_DIGITS:
        return None
    base = 10
    if digits[:2].lower() in ("0x", "0b"):
        base = 0
    elif digits[0] == "0" and digits.strip("01234567") == "":
        base = 8
    return held(int(match.group(1) + digits, base))


def character(text: str) -> int | None:
    """The value of a character literal with one plain character or one simple escape."""
    match = _CHARACTER.match(text)
    if match is None:
        return None
    escaped, letter = match.groups()
    return ord(letter) if not escaped else _ESCAPES.get(letter, ord(letter))


def unary(operator: str, value: int) -> int | None:
    """`operator value` for - + ~ !, None for another operator or one that is too large."""
    match operator:
        case "-":
            return held(-value)
        case "+":
            return value
        case "~":
            return held(~value)
        case "!":
            return int(value == 0)
    return None


def binary(operator: str, left: int, right: int) -> int | None:
    """`left operator right`, None where C does not define it or it is not worth knowing."""
    if operator in ("<<", ">>") and not 0 <= right <= _WIDEST_SHIFT:
        return None
    return calculated(operator, left, right)
