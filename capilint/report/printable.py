"""Text from source files made safe and measurable for a terminal."""

from __future__ import annotations

from collections.abc import Iterator
from types import MappingProxyType
from typing import TYPE_CHECKING

from capilint.report.places import cell

if TYPE_CHECKING:
    from capilint.finding import Finding, Step
    from capilint.report.places import Sources

_TAB = "    "
_MOST_LINES = 8


def printable(text: str) -> str:
    """The text with everything invisible or controlling spelt out (`\\x1b`, `\\u202e`).

    Source text may hold escape sequences that would move a terminal's cursor, and marks that
    turn the direction of text (https://trojansource.codes).
    """
    if text.isascii() and text.isprintable():
        return text
    return "".join(map(_spelt, text))


def width(text: str) -> int:
    """The columns of a terminal that a printable text takes."""
    if text.isascii():
        return len(text)
    from unicodedata import combining, east_asian_width

    return sum(
        0 if combining(character) else 1 + (east_asian_width(character) in "WF")
        for character in text
    )


def other_places(finding: Finding, sources: Sources = MappingProxyType({})) -> str:
    """`also leaves at lines 120, 131`: the other places where a function leaves the handle, or
    creates it. In a notebook of `sources` they are lines of cells."""
    said = []
    for kind, verb in (("leave", "also leaves"), ("lose", "also lost"), ("create", "or created")):
        lines = [_line(step, sources) for step in finding.also if step.kind == kind]
        lines = list(dict.fromkeys(lines))
        if lines:
            word = "line" if len(lines) == 1 else "lines"
            rest = f" and {len(lines) - _MOST_LINES} more" if len(lines) > _MOST_LINES else ""
            said.append(f"{verb} at {word} {', '.join(lines[:_MOST_LINES])}{rest}")
    return "; ".join(said)


def _line(step: Step, sources: Sources) -> str:
    found = cell(step.path, step.span.line, sources)
    return str(step.span.line) if found is None else f"{found.line} of cell {found.cell}"


def step_lines(finding: Finding) -> Iterator[str]:
    """The steps of a finding, a line each: `2. line 8: CryptEncrypt fails`."""
    for number, step in enumerate(finding.steps, start=1):
        path = "" if step.path == finding.path else f"{step.path}, "
        yield f"{number}. {path}line {step.span.line}: {step.message}"
    if finding.also:
        yield other_places(finding)


def plural(count: int, noun: str) -> str:
    """`1 file`, `2 files`."""
    return f"{count} {noun}{'' if count == 1 else 's'}"


def _spelt(character: str) -> str:
    if character == "\t":
        return _TAB
    if character.isprintable():
        return character
    return character.encode("unicode_escape").decode("ascii")
