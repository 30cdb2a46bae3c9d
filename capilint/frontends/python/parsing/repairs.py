"""A file that does not parse, without the functions that keep it from doing so.

    text ── parse ── error at line 40 ── the innermost definition around it is left out ──┐
              ▲                                                                           │
              └───────────────────────────────────────────────────────────────────────────┘

Outside of any definition it is the statement that begins at the line's left edge. What is left out
is replaced by empty lines, so that every line keeps its number.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from typing import NamedTuple, TypeVar

_MOST_PARTS = 8  # a file with more is no Python; each costs a parse
_NEWLINE = re.compile(r"\r\n?|\n")
_HEADER = re.compile(r"[ \t\f]*(?:async[ \t]+def|def|class)\b")
_IDLE = re.compile(r"[ \t\f]*(?:#|\\?$)")
_GOES_ON = re.compile(r"(?:else|elif|except|finally|case)\b|[)\]}]")
_TAB_WIDTH = 8

Parsed = TypeVar("Parsed")


class Broken(NamedTuple):
    """Why a text does not parse, and where: a 1-based line and column."""

    line: int
    column: int
    reason: str


def parsed_in_part(
    text: str, parse: Callable[[str], Parsed | Broken]
) -> tuple[Parsed | None, tuple[Broken, ...]]:
    """What parses of a text, and what is wrong with the parts that are left out.

    Nothing, and the first error, where no such part can be found.
    """
    problems: list[Broken] = []
    for _ in range(_MOST_PARTS + 1):
        found = parse(text)
        if not isinstance(found, Broken):
            return found, tuple(problems)
        problems.append(found)
        shorter = _left_out(text, found.line)
        if shorter is None:
            break
        text = shorter
    return None, tuple(problems[:1])


def _left_out(text: str, number: int) -> str | None:
    """The text without the innermost part around a line that is not left out already."""
    ends = _NEWLINE.findall(text)
    lines = _NEWLINE.split(text)
    for first, last in _parts_around(lines, min(number, len(lines)) - 1):
        indent = lines[first][: len(lines[first]) - len(lines[first].lstrip())]
        kept = [f"{indent}pass", *[""] * (last - first)]
        if lines[first : last + 1] != kept:
            lines[first : last + 1] = kept
            return "".join(line + end for line, end in zip(lines, [*ends, ""], strict=True))
    return None


def _parts_around(lines: Sequence[str], number: int) -> list[tuple[int, int]]:
    """The first and the last line of each definition around a line, the innermost first.

    The statement at the left edge stands for the module.
    """
    while lines[number].lstrip().startswith("@") and number + 1 < len(lines):
        number += 1  # a decorator is its definition's
    parts = []
    width = _indent(lines[number]) + 1 if not _IDLE.match(lines[number]) else None
    for index in range(number, -1, -1):
        line = lines[index]
        if _IDLE.match(line):
            continue
        if width is None or _indent(line) < width:
            width = _indent(line) + (index == number and not _HEADER.match(line))
            if _HEADER.match(line):
                parts.append((_decorated(lines, index), _end(lines, index)))
        if _indent(line) == 0 and not _GOES_ON.match(line):
            parts.append((index, _end(lines, index)))
            break
    return parts


def _decorated(lines: Sequence[str], index: int) -> int:
    """The line of the first decorator above a definition."""
    while index and lines[index - 1].lstrip().startswith("@"):
        index -= 1
    return index


def _end(lines: Sequence[str], first: int) -> int:
    """The last line of what begins at a line: all that is indented more, and what goes on."""
    width = _indent(lines[first])
    last = first
    for index in range(first + 1, len(lines)):
        line = lines[index]
        if _IDLE.match(line):
            continue
        goes_on = _indent(line) == width and _GOES_ON.match(line.lstrip())
        if _indent(line) <= width and not goes_on:
            break
        last = index
    return last


def _indent(line: str) -> int:
    stripped = line.lstrip(" \t\f")
    return len(line[: len(line) - len(stripped)].expandtabs(_TAB_WIDTH))
