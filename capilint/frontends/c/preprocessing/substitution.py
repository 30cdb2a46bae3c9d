"""Puts arguments into the text of a macro: what `#` and `##` make of them (C11 6.10.3.1 to 3)."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence

from capilint.frontends.c.preprocessing.macros import Macro
from capilint.frontends.c.preprocessing.tokens import Token

Expand = Callable[[Sequence[Token]], list[Token]]
"""What the tokens of an argument stand for, on their own."""

_EMPTY = Token("", is_name=False)  # what the standard calls a placemarker


class Replacement:
    """A macro's text with its arguments in place."""

    def __init__(
        self,
        expand: Expand,
        macro: Macro,
        arguments: Mapping[str, list[Token]],
        hidden: frozenset[str],
    ) -> None:
        self._expand = expand
        self._macro = macro
        self._parameters = macro.parameters or ()
        self._arguments = arguments
        self._hidden = hidden
        self._expanded: dict[str, list[Token]] = {}

    def tokens(self) -> list[Token]:
        """The tokens to be looked at again."""
        hidden = self._hidden
        return [
            token._replace(hidden=token.hidden | hidden)
            for token in self._replaced(self._macro.tokens)
            if token.text
        ]

    def _replaced(self, body: Sequence[Token]) -> list[Token]:
        done: list[Token] = []
        position = 0
        while position < len(body):
            token = body[position]
            if token.text == "##" and done and position + 1 < len(body):
                right, position = self._operand(body, position + 1)
                self._paste(done, right, body[position - 1])
                continue
            pasted = position + 1 < len(body) and body[position + 1].text == "##"
            if pasted:
                value, position = self._operand(body, position)
            else:
                value, position = self._value(body, position)
            done += _spaced(value, token)
        return done

    def _operand(self, body: Sequence[Token], position: int) -> tuple[list[Token], int]:
        """An operand of `##`: an argument as it was written."""
        token = body[position]
        if token.text in self._parameters:
            return self._arguments.get(token.text) or [_EMPTY], position + 1
        return self._value(body, position)

    def _value(self, body: Sequence[Token], position: int) -> tuple[list[Token], int]:
        token = body[position]
        following = body[position + 1].text if position + 1 < len(body) else ""
        if token.text == "#" and following in self._parameters:
            return [_quoted(self._arguments.get(following, []))], position + 2
        if token.text == "__VA_OPT__" and following == "(" and self._macro.variadic:
            end = _closing(body, position + 1)
            given = self._arguments.get(self._parameters[-1])
            inner = self._replaced(body[position + 2 : end]) if given else [_EMPTY]
            return inner or [_EMPTY], end + 1
        if token.text in self._parameters:
            return self._expanded_argument(token.text) or [_EMPTY], position + 1
        return [token], position + 1

    def _expanded_argument(self, name: str) -> list[Token]:
        if name not in self._expanded:
            self._expanded[name] = self._expand(self._arguments.get(name, []))
        return self._expanded[name]

    def _paste(self, done: list[Token], right: list[Token], operand: Token) -> None:
        """`left ## right`; of `, ## rest` only the comma goes, and only where nothing is left."""
        left = done.pop()
        rest = self._macro.variadic and operand.text == self._parameters[-1]
        if left.text == "," and rest:
            if operand.text in self._arguments:
                done += [left, *self._expanded_argument(operand.text)]
            return
        first, *others = right
        text = left.text + first.text
        name = text.isidentifier()
        done += [Token(text, name, left.spaced, left.hidden & first.hidden), *others]


def _spaced(tokens: list[Token], like: Token) -> list[Token]:
    """The tokens with white space in front of them where `like` has it."""
    if not tokens or tokens[0].spaced == like.spaced:
        return tokens
    return [tokens[0]._replace(spaced=like.spaced), *tokens[1:]]


def _closing(body: Sequence[Token], opening: int) -> int:
    """The position of the `)` that closes, or the end."""
    depth = 0
    for position in range(opening, len(body)):
        depth += {"(": 1, ")": -1}.get(body[position].text, 0)
        if depth == 0:
            return position
    return len(body)


def _quoted(tokens: Sequence[Token]) -> Token:
    """`#parameter` as a string literal."""
    parts = [
        (" " if token.spaced and index else "")
        + (re.sub(r'([\\"])', r"\\\1", token.text) if token.text[-1:] in "\"'" else token.text)
        for index, token in enumerate(tokens)
    ]
    return Token('"' + "".join(parts) + '"', is_name=False)
