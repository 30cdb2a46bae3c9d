"""What may mend a finding, before it is tried: pieces of new text for one file."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from difflib import SequenceMatcher
from typing import NamedTuple

from capilint.finding import Change


class Piece(NamedTuple):
    """The text that comes to stand from `start` to `end`; offsets count characters from 0."""

    start: int
    end: int
    text: str


class Draft(NamedTuple):
    """Pieces that belong together, for the file at `path`.

    `title` says what they do; `{line}` in it is the line of `at`, an offset. `probe` are pieces
    that take the handle's first value away: where that is noticed, the handle may be null here, and
    the draft does not fit. With `trades` it may leave another leak in the function behind. With
    `hands_over` an object of the file's own comes to hold the handle, and ends it.
    """

    path: str
    title: str
    at: int
    pieces: tuple[Piece, ...]
    probe: tuple[Piece, ...] = ()
    trades: bool = False
    hands_over: bool = False


def applied(text: str, pieces: Iterable[Piece]) -> str | None:
    """The text with the pieces in place; None where they overlap."""
    parts: list[str] = []
    position = 0
    for piece in sorted(pieces):
        if piece.start < position:
            return None
        parts += (text[position : piece.start], piece.text)
        position = piece.end
    return "".join((*parts, text[position:]))


def changes(path: str, old: str, new: str) -> tuple[Change, ...]:
    """The lines that differ between two texts of a file."""
    before, after = _lines(old), _lines(new)
    return tuple(
        Change(path, start + 1, end + 1, "".join(after[new_start:new_end]))
        for kind, start, end, new_start, new_end in _opcodes(before, after)
        if kind != "equal"
    )


def applied_changes(text: str, made: Iterable[Change]) -> str:
    """A text with changes of its lines that do not touch each other."""
    lines = list(_lines(text))
    for change in sorted(made, key=lambda each: each.line, reverse=True):
        lines[change.line - 1 : change.end_line - 1] = [change.text]
    return "".join(lines)


class Lines:
    """Which line of an old text a line of a new one was."""

    def __init__(self, old: str, new: str) -> None:
        self._opcodes = _opcodes(_lines(old), _lines(new))

    def before(self, line: int) -> int:
        """The 1-based line in the old text; of an inserted one the line that it stands before."""
        for kind, start, end, new_start, new_end in self._opcodes:
            if new_start <= line - 1 < new_end:
                return (start + line - 1 - new_start if kind == "equal" else min(start, end)) + 1
        return line

    def is_new(self, line: int) -> bool:
        """Whether a line of the new text, from 1, was not in the old one."""
        return any(
            kind != "equal" and new_start <= line - 1 < new_end
            for kind, _, _, new_start, new_end in self._opcodes
        )


def _lines(text: str) -> Sequence[str]:
    *whole, last = text.split("\n")
    return [*(f"{line}\n" for line in whole), *([last] if last else [])]


def _opcodes(before: Sequence[str], after: Sequence[str]) -> list[tuple[str, int, int, int, int]]:
    """As difflib tells them; what is equal at both ends costs nothing."""
    head = 0
    while head < min(len(before), len(after)) and before[head] == after[head]:
        head += 1
    tail = 0
    most = min(len(before), len(after)) - head
    while tail < most and before[-1 - tail] == after[-1 - tail]:
        tail += 1
    end, new_end = len(before) - tail, len(after) - tail
    matcher = SequenceMatcher(None, before[head:end], after[head:new_end], autojunk=False)
    inner = [
        (kind, a + head, b + head, c + head, d + head) for kind, a, b, c, d in matcher.get_opcodes()
    ]
    first = [("equal", 0, head, 0, head)] if head else []
    last = [("equal", end, len(before), new_end, len(after))] if tail else []
    return [*first, *inner, *last]
