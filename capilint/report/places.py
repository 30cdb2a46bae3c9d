"""Places for people: `a.c:4:1`, or by the cell of a notebook: `nb.ipynb:cell 3:4:1`."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from capilint.files.source import CellPlace, Source
    from capilint.finding import Span

    Sources = Mapping[str, Source]


def place(path: str, span: Span, sources: Sources) -> str:
    """Where a stretch of a file begins."""
    file, line = section(path, span.line, sources)
    return f"{file}:{line}:{span.column}"


def section(path: str, line: int, sources: Sources) -> tuple[str, int]:
    """What people count lines in, a file or a cell, and the line there."""
    found = cell(path, line, sources)
    return (path, line) if found is None else (f"{path}:cell {found.cell}", found.line)


def cell(path: str, line: int, sources: Sources) -> CellPlace | None:
    """The place of a line of a notebook."""
    source = sources.get(path)
    return None if source is None else source.cell(line)
