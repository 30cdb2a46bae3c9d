"""Turns tree-sitter's positions (0-based rows, byte columns) into spans of the source."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from itertools import accumulate
from typing import NamedTuple

from tree_sitter import Node, Point

from capilint.finding import Span

MOST_COLUMNS = 10_000  # in front of a function, which are parsed with it
TOO_FAR = f"the function begins behind column {MOST_COLUMNS:,} of its line"


class Positions:
    """The positions of one parsed stretch of text whose first row is a line of the file."""

    def __init__(
        self,
        first_line: int,
        parsed: bytes,
        columns: ColumnMap | None = None,
        fixed: Span | None = None,
        path: str = "",
        respelt: str | None = None,
    ) -> None:
        """`first_line` is the 1-based line of row 0; `parsed` the text in UTF-8. `columns` leads
        from the text, a row above it left out, to the one before its macros were expanded. With
        `fixed`, all of the text comes from a macro used there. `path` is that of a header of the
        file, where the text is of one. `respelt` is the source, where what was parsed may have
        longer rows: no place is behind the end of its line."""
        self.path = path
        self._columns = columns if columns else None
        self._first_line = first_line
        self._lines = None if parsed.isascii() else parsed.split(b"\n")
        self._character_starts: dict[int, list[int]] = {}
        self._fixed = fixed
        self._widths = None if respelt is None else [len(row) for row in respelt.split("\n")]

    @property
    def in_macros(self) -> bool:
        """Whether any of the text comes from macros."""
        return self._columns is not None or self._fixed is not None

    def span(self, node: Node) -> Span:
        """Where a node stands in the source, or where the macro that holds it is used."""
        if self._fixed is not None:
            return self._fixed
        start, end = node.start_point, node.end_point
        if self._lines is None and self._columns is None and self._widths is None:
            first = self._first_line
            row, column = start
            end_row, end_column = end
            return Span(row + first, column + 1, end_row + first, end_column + 1)
        return self._between(start.row, self._column(start), end.row, self._column(end))

    def end_of(self, node: Node) -> Span:
        """The last character of a node, such as a closing brace."""
        if self._fixed is not None:
            line, column = self._fixed.end_line, self._fixed.end_column
            return Span(line, max(column - 1, 1), line, column)
        row, column = node.end_point.row, self._column(node.end_point)
        return self._between(row, max(column - 1, 1), row, column)

    def _between(self, row: int, column: int, end_row: int, end_column: int) -> Span:
        first = self._first_line
        if self._columns is not None:
            is_empty = (row, column) == (end_row, end_column)
            below = 1  # the row above the text
            found = self._columns.start(row - below, column - 1)
            row, column = found[0] + below, found[1] + 1
            found = self._columns.end(end_row - below, end_column - 1, is_empty=is_empty)
            end_row, end_column = found[0] + below, found[1] + 1
        if self._widths is not None:
            column = self._inside(row, column, self._widths)
            end_column = self._inside(end_row, end_column, self._widths)
        return Span(row + first, column, end_row + first, end_column)

    @staticmethod
    def _inside(row: int, column: int, widths: Sequence[int]) -> int:
        """The column, or the end of its line where that is before it."""
        return min(column, widths[row - 1] + 1) if 0 < row <= len(widths) else column

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


Position = tuple[int, int]
"""A row and a column, both from 0."""


class _Stretch(NamedTuple):
    """A stretch of a row, from `column`: the expansion of a macro used from `start` to `end`, or
    where there is no `end` text as it stands at `start`."""

    column: int
    start: Position
    end: Position | None


class ColumnMap:
    """Leads from a text whose macros are expanded to the source, whose rows it shares."""

    def __init__(self) -> None:
        self._rows: dict[int, list[_Stretch]] = {}

    def __bool__(self) -> bool:
        return bool(self._rows)

    def add(
        self, row: int, column: int, end: int, used_at: Position, used_to: Position, behind: int
    ) -> None:
        """Note an expansion, in order: from `column` to `end` of a row, what is used from
        `used_at` to `used_to`; the text behind it goes on at the column `behind`."""
        self._rows.setdefault(row, []).append(_Stretch(column, used_at, used_to))
        self._rows.setdefault(used_to[0], []).append(_Stretch(behind, used_to, None))

    def start(self, row: int, column: int) -> Position:
        """Where something begins, or the use of the macro that it comes from."""
        stretch = self._stretch(row, column)
        if stretch is None:
            return row, column
        line, at = stretch.start
        return (line, at) if stretch.end is not None else (line, at + column - stretch.column)

    def end(self, row: int, column: int, *, is_empty: bool = False) -> Position:
        """Where something ends, or the use of the macro that it comes from."""
        last = column if is_empty or column == 0 else column - 1
        stretch = self._stretch(row, last)
        if stretch is None:
            return row, column
        if stretch.end is not None:
            return stretch.end
        return stretch.start[0], stretch.start[1] + column - stretch.column

    def _stretch(self, row: int, column: int) -> _Stretch | None:
        stretches = self._rows.get(row)
        if stretches is None:
            return None
        index = bisect_right(stretches, column, key=lambda stretch: stretch.column)
        return stretches[index - 1] if index else None


class LineTable:
    """The lines and columns of character offsets in a text; lines end at a newline."""

    def __init__(self, text: str) -> None:
        lengths = [len(line) + 1 for line in text.split("\n")]
        self._starts = [0, *accumulate(lengths[:-1])]

    def line_start(self, offset: int) -> int:
        """The offset at which the line of `offset` begins."""
        return self._starts[self.line(offset) - 1]

    def line(self, offset: int) -> int:
        """The 1-based line of a character."""
        return bisect_right(self._starts, offset)

    def offset(self, row: int, column: int) -> int:
        """The offset of a row and a column, both from 0."""
        return self._starts[row] + column

    def span(self, start: int, end: int) -> Span:
        """The span of a stretch of characters."""
        return Span(*self._position(start), *self._position(end))

    def _position(self, offset: int) -> tuple[int, int]:
        return self.line(offset), offset - self.line_start(offset) + 1
