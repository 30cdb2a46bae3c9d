"""Text to preprocessing tokens and back (C11 6.4, and the `::` and `->*` of C++).

No two tokens of one text ever need white space between them to stay apart: operators are read
as long as they are. So only tokens of different origin are told apart by a space.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from functools import lru_cache
from typing import NamedTuple

_NOTHING: frozenset[str] = frozenset()
_TOKEN = re.compile(
    r"""
    (?P<space> (?:\s | \\\n | /\*.*?(?:\*/|\Z) | //(?:[^\n\\]|\\.)*+)++ )
  | (?:u8|[LuU])?R"(?P<mark>[^()\s\\"]{0,16}+)\(.*?(?:\)(?P=mark)"|\Z)
  | (?:u8|[LuU])?"(?:[^"\\\n]|\\.)*+"?
  | (?:u8|[LuU])?'(?:[^'\\\n]|\\.)*+'?
  | (?P<name> [^\W\d]\w*+ )
  | \.?\d(?:[eEpP][-+]|[\w.'])*+
  | \.\.\. | \#\# | ->\*? | :: | \.\* | \+\+ | -- | && | \|\| | <<=? | >>=? | [-+*/%&|^!=<>]= | .
    """,
    re.VERBOSE | re.DOTALL,
)
_WORDLIKE = re.compile(r"[\w\"']")
_OPERATORS = frozenset("+-*/%=<>&|^!#.:")


class Token(NamedTuple):
    """One token: `spaced` where white space stands in front of it, `hidden` the macros of whose
    expansion it is a part, so that they are not expanded in it again."""

    text: str
    is_name: bool
    spaced: bool = False
    hidden: frozenset[str] = _NOTHING


def next_token(text: str, position: int, end: int) -> tuple[Token | None, int]:
    """The token at or behind `position`, and where it ends; None at the end of the text."""
    spaced = False
    while position < end and (match := _TOKEN.match(text, position, end)) is not None:
        position = match.end()
        if match.lastgroup == "space":
            spaced = True
            continue
        return Token(match.group(), match.lastgroup == "name", spaced), position
    return None, end


@lru_cache(maxsize=4096)
def tokens_of(text: str) -> tuple[Token, ...]:
    """All tokens of a text; comments are white space."""
    tokens: list[Token] = []
    spaced = False
    for match in _TOKEN.finditer(text):
        if match.lastgroup == "space":
            spaced = True
        else:
            tokens.append(Token(match.group(), match.lastgroup == "name", spaced))
            spaced = False
    return tuple(tokens)


def joined(tokens: Iterable[Token]) -> str:
    """The tokens as a line of text that reads as the same tokens."""
    parts: list[str] = []
    last = ""
    for token in tokens:
        text = token.text
        if last and (token.spaced or _may_join(last, text[0])):
            parts.append(" ")
        parts.append(text)
        last = text[-1]
    return "".join(parts).replace("\\\n", "").replace("\n", " ")


def _may_join(last: str, first: str) -> bool:
    if first in _OPERATORS:
        return last in _OPERATORS
    return _WORDLIKE.match(first) is not None and _WORDLIKE.match(last) is not None
