"""Integer expressions of the preprocessor, where not every name is known.

Each operator tells what it can: `0 && x` is 0, `x || 1` is 1, whatever `x` is.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from capilint.frontends.c.parsing import numbers
from capilint.frontends.c.preprocessing.tokens import Token

_PRECEDENCE = {
    "||": 1, "&&": 2, "|": 3, "^": 4, "&": 5, "==": 6, "!=": 6, "<": 7, ">": 7, "<=": 7, ">=": 7,
    "<<": 8, ">>": 8, "+": 9, "-": 9, "*": 10, "/": 10, "%": 10,
}  # fmt: skip
_UNARY = frozenset("+-~!")
_DEEPEST = 50
_END = Token("", is_name=False)

NameValue = Callable[[str], int | None]


class NotAnExpression(Exception):
    """The tokens are no integer expression, or one that nests too deeply."""


class Expression:
    """One expression on its way through its tokens."""

    def __init__(
        self, tokens: Sequence[Token], value_of: NameValue, *, casts: bool = False
    ) -> None:
        """`value_of` tells a name's value, None where it is not known. With `casts`, a name in
        parentheses before an operand is a type."""
        self._tokens = tokens
        self._value_of = value_of
        self._casts = casts
        self._at = 0
        self._depth = 0

    def value(self) -> int | None:
        """The value, None where it hangs on what is not known. Raises NotAnExpression."""
        value = self._choice()
        if self._at < len(self._tokens):
            raise NotAnExpression
        return value

    def _peek(self, ahead: int = 0) -> Token:
        at = self._at + ahead
        return self._tokens[at] if at < len(self._tokens) else _END

    def _take(self) -> Token:
        token = self._peek()
        self._at += 1
        return token

    def _accept(self, text: str) -> bool:
        found = self._peek().text == text
        self._at += found
        return found

    def _expect(self, text: str) -> None:
        if not self._accept(text):
            raise NotAnExpression

    def _choice(self) -> int | None:
        condition = self._binary(1)
        if not self._accept("?"):
            return condition
        first = self._deeper(self._choice)
        self._expect(":")
        other = self._deeper(self._choice)
        if condition is None:
            return first if first == other else None
        return first if condition else other

    def _binary(self, lowest: int) -> int | None:
        left = self._unary()
        while (precedence := _PRECEDENCE.get(self._peek().text, 0)) >= lowest:
            operator = self._take().text
            left = _combined(operator, left, self._binary(precedence + 1))
        return left

    def _unary(self) -> int | None:
        return self._deeper(self._operand)

    def _deeper(self, part: Callable[[], int | None]) -> int | None:
        """The value of a part that may nest again."""
        self._depth += 1
        if self._depth > _DEEPEST:
            raise NotAnExpression
        try:
            return part()
        finally:
            self._depth -= 1

    def _operand(self) -> int | None:
        token = self._take()
        if token.text in _UNARY:
            operand = self._unary()
            return None if operand is None else numbers.unary(token.text, operand)
        if token.text == "(":
            if self._casts and self._peek().is_name and self._is_cast():
                self._at += 2
                return self._unary()
            value = self._choice()
            self._expect(")")
            return value
        if token.is_name:
            return self._value_of(token.text)
        value = numbers.integer(token.text)
        value = numbers.character(token.text) if value is None else value
        if value is None:
            raise NotAnExpression
        return value

    def _is_cast(self) -> bool:
        """Whether `(name)` is followed by an operand."""
        behind = self._peek(2)
        return self._peek(1).text == ")" and (
            behind.is_name or behind.text == "(" or behind.text[:1].isdigit() or behind.text == "-"
        )


def _combined(operator: str, left: int | None, right: int | None) -> int | None:
    match operator:
        case "&&":
            if left == 0 or right == 0:
                return 0
            return None if left is None or right is None else 1
        case "||":
            if left or right:
                return 1
            return None if left is None or right is None else 0
    if left is None or right is None:
        return None
    return numbers.binary(operator, left, right)
