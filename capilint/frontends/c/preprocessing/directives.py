"""The directives of a text, found without parsing it."""

from __future__ import annotations

import re
from typing import NamedTuple

from capilint.frontends.c.parsing.outline import HASH

_REST = r"(?:[^\n\\/]|\\.|/\*.*?(?:\*/|\Z)|//(?:[^\n\\]|\\.)*+|/)*+"
_SCAN = re.compile(  # behind the first character of each, which a search finds quickly
    rf"""
    [/"'\n\#](?:
        (?<=/)(?:/(?:[^\n\\]|\\.)*+ | \*.*?(?:\*/|\Z))
      | (?<=")(?:[^"\\\n]|\\.)*+"?
      | (?<=')(?:[^'\\\n]|\\.)*+'?
      | {HASH}[ \t]*+(?P<word>\w*+)(?P<rest>{_REST})
    )
    """,
    re.VERBOSE | re.DOTALL | re.MULTILINE,
)
_CONDITIONALS = frozenset({"if", "ifdef", "ifndef", "elif", "elifdef", "elifndef", "else", "endif"})


class Directive(NamedTuple):
    """`# word rest`, from the offset `start` to `end`, which is before the newline."""

    word: str
    rest: str
    start: int
    end: int

    @property
    def is_conditional(self) -> bool:
        """Whether it is a part of an `#if`."""
        return self.word in _CONDITIONALS


def directives_of(text: str) -> list[Directive]:
    """All directives outside of comments, in order."""
    if "#" not in text:
        return []
    return [
        Directive(match["word"], match["rest"], _start(text, match), match.end())
        for match in _SCAN.finditer(text)
        if match["word"] is not None
    ]


def _start(text: str, match: re.Match[str]) -> int:
    return match.start() + (text[match.start()] == "\n")
