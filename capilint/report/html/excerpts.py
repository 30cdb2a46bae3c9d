"""What of a file's text stands around a path: its function, and the lines that the path passes.

The analysis knows the statements that concern handles. What lies between them is told by the layout
of the text, and only shown, never judged: a line that is wrongly left out costs a shade of colour.

    if (!ok)              passed
        return FALSE;     deeper than what is passed before and behind: left out
    log("made");          as deep as the line before it: passed on the way
    if (n > 3)            passed
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from itertools import groupby, pairwise
from operator import itemgetter

from capilint.language import Language

_BEFORE, _AFTER = 400, 200  # lines in which a function's begin and end are looked for
_WHOLE = 120  # lines of a function that is shown from its begin to its end
_AROUND = 4  # lines around what is of note in a longer one
_JUMP = re.compile(r"\b(?:goto|return|break|continue|throw|raise)\b")
_OTHERWISE = re.compile(r"}?\s*(?:else|elif|except|catch|case|default|finally)\b")
_SENTENCE_END = re.compile(r"[;}:\\]\s*$|^\s*(?:#|//|/\*|\*|@)|\*/\s*$|^\s*$")


def extent(
    lines: Sequence[str], language: Language, name: str, noted: Iterable[int]
) -> tuple[int, int]:
    """The first and last line of the function of that name around the noted lines (from 1).

    Where its head is not found, as of a function that a macro defines, a few lines around them.
    """
    first, last = min(noted), max(noted)
    head = _head(lines, language, name, first)
    if head is None:
        return max(1, first - _AROUND), min(len(lines), last + _AROUND)
    depth = _depth(lines[head - 1])
    end = last
    for number in range(last + 1, min(len(lines), last + _AFTER) + 1):
        text = lines[number - 1]
        if text.strip() and _depth(text) <= depth:
            if language is Language.PYTHON:
                break
            if text.lstrip().startswith("}"):
                return _with_type(lines, language, head), number
        elif text.strip():
            end = number
    return _with_type(lines, language, head), end


def _head(lines: Sequence[str], language: Language, name: str, line: int) -> int | None:
    """The line above, or that one, on which the function begins."""
    short = re.escape(re.split(r"::|\.", name)[-1])
    head = re.compile(
        rf"\s*+(?:async\s+)?def\s+{short}\b"
        if language is Language.PYTHON
        else rf"\s*+(?!return\b|else\b)[\w\s*&:<>,~]*(?<![\w>.]){short}\s*(?:\((?:[^;]*$|.*{{)|$)"
    )
    for number in range(line, max(0, line - _BEFORE), -1):
        text = lines[number - 1]
        inside = number < line and _depth(text) >= _depth(lines[line - 1]) > 0
        if not inside and head.match(text):
            return number
    return None


def _with_type(lines: Sequence[str], language: Language, head: int) -> int:
    """The line of a function's result type, where that stands alone before its name."""
    alone = head > 1 and not _SENTENCE_END.search(lines[head - 2])
    return head - 1 if alone and language is not Language.PYTHON else head


def shown(first: int, last: int, noted: Iterable[int]) -> list[tuple[int, int]]:
    """The ranges of lines to show from a function: all, or what is around the noted ones."""
    if last - first < _WHOLE:
        return [(first, last)]
    ranges = [(first, first)]
    for line in sorted(noted):
        begin, end = max(first, line - _AROUND), min(last, line + _AROUND)
        if begin <= ranges[-1][1] + 2:
            ranges[-1] = (ranges[-1][0], max(end, ranges[-1][1]))
        else:
            ranges.append((begin, end))
    return ranges


def passed_lines(
    lines: Sequence[str], order: Sequence[tuple[int, str]], whole: bool
) -> list[tuple[int, int, str]]:
    """The lines that a path passes, as ranges with the handle's state behind them.

    `order` are the lines that are known to be on it, in its order, each with that state. Where
    these are all that matter (`whole`), lines as deep between two that follow each other lie on the
    way. A line that a loop comes by again has the states of all rounds: `live lost`.
    """
    states = _by_line(order)
    follows = {(one, other) for (one, _), (other, _) in pairwise(order)}
    known = sorted(states)
    for above, below in follows if whole else ():
        for number in _jumps(lines, above, below):
            states[number] = _last(states[above])
    for above, below in pairwise(known):
        straight = (above, below) in follows and above + 1 not in states
        if whole and straight and not _JUMP.search(lines[above - 1]):
            for number in _on_the_way(lines, above, below):
                states[number] = _last(states[above])
    ranges: list[tuple[int, int, str]] = []
    for number in sorted(states):
        if ranges and ranges[-1][1:] == (number - 1, states[number]):
            ranges[-1] = (ranges[-1][0], number, states[number])
        else:
            ranges.append((number, number, states[number]))
    return ranges


def _last(states: str) -> str:
    return states.rpartition(" ")[2]


def _by_line(order: Iterable[tuple[int, str]]) -> dict[int, str]:
    """The state behind each line; several where the path comes back to it in another one."""
    found: dict[int, list[str]] = {}
    for line, visit in groupby(order, key=itemgetter(0)):
        *_, (_, state) = visit
        states = found.setdefault(line, [])
        if state not in ("", *states[-1:]):
            states.append(state)
    return {line: " ".join(states) for line, states in found.items()}


def _jumps(lines: Sequence[str], one: int, other: int) -> Iterable[int]:
    """The `goto` or `continue` below a line that leads to the next one of the path."""
    for number in range(one + 1, min(one + 3, len(lines)) + 1):
        text = lines[number - 1].strip()
        jump = re.match(r"(?:goto\s+(\w+)|(continue))\s*;?$", text)
        if jump is None and text not in ("", "{"):
            return
        if jump is not None and (other <= one if jump[2] else _is_label(lines, jump[1], other)):
            yield number


def _is_label(lines: Sequence[str], name: str, line: int) -> bool:
    """Whether a label of that name stands on a line, or right above it."""
    label = rf"\s*+{re.escape(name)}\s*+:"
    for number in range(line, 0, -1):
        if re.match(label, lines[number - 1]):
            return True
        if number < line and lines[number - 1].strip() not in ("", "{"):
            return False
    return False


def _on_the_way(lines: Sequence[str], above: int, below: int) -> Iterable[int]:
    """The lines between two that are neither deeper than both nor another way's."""
    least = _depth(lines[above - 1])
    inside = None
    for number in range(above + 1, below):
        text = lines[number - 1]
        depth = _depth(text)
        if inside is not None and text.strip() and depth <= inside:
            inside = None
        if inside is None and text.strip() and _OTHERWISE.match(text.lstrip()):
            inside = depth
        elif inside is None and (not text.strip() or depth <= least):
            least = min(least, depth) if text.strip() else least
            yield number


def _depth(text: str) -> int:
    """How far a line is indented."""
    expanded = text.expandtabs(4)
    return len(expanded) - len(expanded.lstrip())
