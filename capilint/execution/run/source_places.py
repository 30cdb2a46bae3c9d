"""Completes a place from the source: C tells the line of a call only, and not always the first."""

from __future__ import annotations

import re
from dataclasses import replace

from capilint.execution.run.places import Place
from capilint.files.source import Source

_FARTHEST = 40  # lines that one call may take


def refined(place: Place, function: str, source: Source | None) -> Place:
    """The place with the columns of the call to that API function, where they are missing."""
    if place.column or source is None or place.line > len(source.lines):
        return place
    form = re.compile(rf"\b{re.escape(function.rstrip('AW'))}[AW]?\s*\(")
    for line in range(place.line, max(place.line - _FARTHEST, 0), -1):
        found = form.search(source.lines[line - 1])
        if found is not None:
            end = source.lines[place.line - 1]
            begin = found.start() + 1
            return replace(
                place, line=line, column=begin, end_line=place.line, end_column=len(end) + 1
            )
    return place
