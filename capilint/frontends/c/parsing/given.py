"""Macros of unseen headers that are given statements, which no call may be: where they stand.

LLVM_DEBUG(if (verbose) print(key));     TRACE(begin(); print(key));     DBG(for (;;) print(key));
"""

from __future__ import annotations

import re
from collections.abc import Set
from typing import NamedTuple

from capilint.frontends.c.parsing.outline import after_arguments, blanked
from capilint.frontends.c.parsing.positions import LineTable

_CALL = re.compile(
    r"(?:(?<=[;{}:)])|(?<=\belse))\s*+(?!(?:if|for|while|switch|return|sizeof|catch)\b)"
    r"(?P<macro>[A-Za-z_]\w*+)\s*+(?P<opening>\()"
)
_BRACES = re.compile("[{};]")
_ENDING = re.compile(
    r"\b(?>\w*?(?:destroy|release|close|free|delete|clean))\w*+\s*+\(", re.IGNORECASE
)
_SEMICOLON = re.compile(r"\A\s*+;")
_STATEMENT = re.compile(r"\s*+(?:(?:if|for|while|switch)\s*+\(|do\b)")

RUN_LATER = re.compile(
    r"scope_?(?:exit|guard|fail|success)|on_?(?:scope_?)?(?:exit|leave|return)|defer|finally"
    r"|out_?of_?scope|(?<![a-z])at_?(?:scope_?)?exit",
    re.IGNORECASE,
)
"""What a macro's name says where its block, or argument, is run when the scope is left."""


class Given(NamedTuple):
    """A macro, where its name begins, and the parentheses around what it is given (offsets)."""

    macro: str
    start: int
    opening: int
    closing: int


def given_statements(text: str, rows: Set[int]) -> list[Given]:
    """The macros that are given statements and stand on one of the 0-based rows, last first."""
    plain = blanked(text)
    lines = LineTable(plain)
    found: list[Given] = []
    position = 0
    while (call := _CALL.search(plain, position)) is not None:
        position, opening = call.end(), call.start("opening")
        closing = after_arguments(plain, opening) - 1
        inside = plain[opening + 1 : closing]
        if _STATEMENT.match(inside) is None and not _has_semicolon(inside):
            continue
        start = call.start("macro")
        first, last = (lines.line(at) - 1 for at in (start, closing))
        if any(first <= row <= last for row in rows):
            position = closing
            found.insert(0, Given(call.group("macro"), start, opening, closing))
    return found


def _has_semicolon(inside: str) -> bool:
    """Whether a semicolon stands outside of all braces, which may be those of a lambda."""
    depth = 0
    for token in _BRACES.finditer(inside):
        if token.group() == ";":
            if depth == 0:
                return True
        else:
            depth += 1 if token.group() == "{" else -1
    return False


def as_blocks(text: str, rows: Set[int]) -> str:
    """`DBG(if (x) print(key));` as the statement that it is given; not what is, or may be, run
    later."""
    for macro, start, opening, closing in given_statements(text, rows):
        inside = text[opening + 1 : closing]
        if RUN_LATER.search(macro) is None and _ENDING.search(inside) is None:
            blank = re.sub(r"[^\n]", " ", text[start:opening])
            behind = _SEMICOLON.sub(lambda found: found.group()[:-1], text[closing + 1 :], 1)
            text = f"{text[:start]}{blank}{{{inside};}}{behind}"
    return text
