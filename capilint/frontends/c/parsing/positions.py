"""Turns tree-sitter's positions (0-based rows, byte columns) into spans of the source."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Iterator
from contextlib import contextmanager

from tree_sitter import Node, Point

from capilint.finding import Span


class Positions:
    """The positions of one parsed stretch of text whose first row is a line of the file."""

    def __init__(self, first_line: int, parsed: bytes) -> None:
        """`first_line` is the 1-based line of row 0; `parsed` the text in UTF-8."""
        self.size = len(parsed)
        self._first_line = first_line
        self._lines = None if parsed.isascii() else parsed.split(b"\n")
        self._character_starts: dict[int, list[int]] = {}
        self._fixed: Span | None = None

    def span(self, node: Node) -> Span:
        """Where a node stands in the source, or where the macro that holds it is used."""
        if self._fixed is not None:
            return self._fixed
        start, end = node.start_point, node.end_point
        return Span(
            start.row + self._first_line,
            self._column(start),
            end.row + self._first_line,
            self._column(end),
        )

    def end_of(self, node: Node) -> Span:
        """The last character of a node, such as a closing brace."""
        whole = self.span(node)
        line, column = whole.end_line, whole.end_column
        return Span(line, max(column - 1, 1), line, column)

    @contextmanager
    def fixed_at(self, span: Span) -> Iterator[None]:
        """Within the `with`, nodes come from a macro used at `span`."""
        outer = self._fixed
        self._fixed = outer or span
        try:
            yield
        finally:
            self._fixed = outer

    def _column(self, point: Point) -> int:
        if self._lines is None:
            return point.column + 1
        starts = self._character_starts.get(point.row)
        if starts is None:
            line = self._lines[point.row]
            starts = [at for at, byte in enumerate(line) if byte & 0xC0 != 0x80]
            self._character_starts[point.row] = starts
        return bisect_left(starts, point.column) + 1


class LineTable:
    """The lines and columns of character offsets in a text; lines end at a newline."""

    def __init__(self, text: str) -> None:
        self._starts = [0]
        position = text.find("\n")
        while position >= 0:
            self._starts.append(position + 1)
            position = text.find("\n", position + 1)

    def line_start(self, offset: int) -> int:
        """The offset at which the line of `offset` begins."""
        return self._starts[self.line(offset) - 1]

    def line(self, offset: int) -> int:
        """The 1-based line of a character."""
        return bisect_right(self._starts, offset)

    def span(self, start: int, end: int) -> Span:
        """The span of a stretch of characters."""
        return Span(*self._position(start), *self._position(end))

    def _position(self, offset: int) -> tuple[int, int]:
        return self.line(offset), offset - self.line_start(offset) + 1
