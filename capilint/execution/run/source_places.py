"""Completes a place from the source.

C tells the line of a call only, and not always the first; C++ its first line, and no arguments.
"""

from __future__ import annotations

import re
from dataclasses import replace

from capilint.execution.run.argument_texts import variables
from capilint.execution.run.places import Place
from capilint.files.source import Source

_BEFORE_EXPRESSIONS = ("return", "else", "do", "case", "throw", "not", "and", "or", "co_return")
_FARTHEST = 40  # lines that one call may take


def refined(place: Place, function: str, source: Source | None) -> Place:
    """The place with the columns of the call to that API function, where they are missing."""
    found = None if place.column or source is None else _call(place, function, source)
    if found is None or source is None:
        return place
    line, begin, _ = found
    end = len(source.lines[place.line - 1]) + 1
    return replace(place, line=line, column=begin, end_line=place.line, end_column=end)


def with_arguments(place: Place, function: str, source: Source | None) -> Place:
    """The place with the variables that are given to the call to that API function."""
    found = None if source is None else _call(place, function, source)
    if found is None or source is None:
        return place
    line, _, begin = found
    texts = "\n".join(source.lines[line - 1 : line + _FARTHEST])
    return replace(place, arguments=variables(texts[begin - 1 :]))


def _call(place: Place, function: str, source: Source) -> tuple[int, int, int] | None:
    """The line of a call, the column where it begins, and that of its arguments; all from 1.

    A pointer to the function may be called, which has some letters before its name. What has a
    type before it is no call.
    """
    if place.line > len(source.lines):
        return None
    form = re.compile(rf"(?:\b(\w+)[\s*&]+)?\b(\w*?{re.escape(function.rstrip('AW'))}[AW]?\s*\()")
    for line in range(place.line, max(place.line - _FARTHEST, 0), -1):
        for found in form.finditer(source.lines[line - 1]):
            if found[1] is None or found[1] in _BEFORE_EXPRESSIONS:
                return line, found.start(2) + 1, found.end() + 1
    return None
