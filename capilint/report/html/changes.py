"""An edit as the lines of a diff, with a little of what stands around it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from capilint.files.source import Source
from capilint.finding import Change, Fix
from capilint.report.printable import printable

_CONTEXT = 2  # lines


def diff(fix: Fix, sources: Mapping[str, Source]) -> list[dict[str, object]]:
    """The changes of a fix by file: `rows` of a sign, a line number of the present file, a text."""
    found: list[dict[str, object]] = []
    for path in dict.fromkeys(each.path for each in fix.changes):
        source = sources.get(path)
        lines = source.lines if source is not None else ()
        changes = sorted((each for each in fix.changes if each.path == path), key=_place)
        found.append({"path": printable(path), "rows": list(_rows(changes, lines))})
    return found


def _rows(changes: list[Change], lines: tuple[str, ...]) -> Iterator[tuple[str, int, str]]:
    done = 0  # the last line that was told
    for number, change in enumerate(changes):
        begin = max(done + 1, change.line - _CONTEXT)
        if done and begin > done + 1:
            yield "gap", 0, ""
        yield from _kept(lines, begin, change.line)
        for line in range(change.line, change.end_line):
            yield "-", line, _text(lines, line)
        for text in change.text.splitlines():
            yield "+", 0, printable(text)
        following = changes[number + 1].line if number + 1 < len(changes) else len(lines) + 1
        end = min(change.end_line + _CONTEXT, following)
        yield from _kept(lines, change.end_line, end)
        done = end - 1


def _kept(lines: tuple[str, ...], begin: int, end: int) -> Iterator[tuple[str, int, str]]:
    for line in range(begin, min(end, len(lines) + 1)):
        yield " ", line, _text(lines, line)


def _text(lines: tuple[str, ...], line: int) -> str:
    return printable(lines[line - 1]) if line <= len(lines) else ""


def _place(change: Change) -> tuple[int, int]:
    return change.line, change.end_line
