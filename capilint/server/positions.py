r"""Places in a text: capilint's lines and columns, and those of the protocol.

    capilint   lines and columns from 1; a column is a character
    protocol   lines and columns from 0; a column is a code unit of UTF-16, UTF-8 or UTF-32

Lines end with `\n`, `\r\n` or `\r` for both. A tab is one character to both.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import NamedTuple

_LINE_END = re.compile(r"\r\n|\n|\r")
_UNITS: Mapping[str, Callable[[str], int]] = {
    "utf-8": lambda text: len(text.encode("utf-8", errors="surrogatepass")),
    "utf-16": lambda text: len(text.encode("utf-16-le", errors="surrogatepass")) // 2,
    "utf-32": len,
}


class Place(NamedTuple):
    """A place as the protocol says it."""

    line: int
    character: int


class Places:
    """The places of one text; `encoding` is one of utf-8, utf-16 and utf-32."""

    def __init__(self, text: str | None, encoding: str = "utf-16") -> None:
        """Of a text that is not known columns are taken to be what they are in ASCII."""
        self._known = text is not None
        self.line_end = "\r\n" if text and "\r\n" in text else "\n"
        self._lines = _LINE_END.split(text or "")
        self._units = _UNITS[encoding]

    def of(self, line: int, column: int) -> Place:
        """The protocol's place of a line and column of capilint's; what lies behind the text's end
        is that end."""
        if not self._known:
            return Place(line - 1, column - 1)
        if line > len(self._lines):
            return self.end
        return Place(line - 1, self._units(self._lines[line - 1][: column - 1]))

    @property
    def end(self) -> Place:
        """The end of the text."""
        return Place(len(self._lines) - 1, self._units(self._lines[-1]))

    def column(self, place: Place) -> tuple[int, int]:
        """The line and the column, from 1, of a place of the protocol; one inside a character is
        that character's."""
        if not 0 <= place.line < len(self._lines):
            return max(place.line, 0) + 1, 1
        column, passed = 0, 0
        for character in self._lines[place.line]:
            passed += self._units(character)
            if passed > place.character:
                break
            column += 1
        return place.line + 1, column + 1

    def line(self, number: int) -> str:
        """The text of a line from 1 without its end; empty where there is none."""
        return self._lines[number - 1] if 1 <= number <= len(self._lines) else ""
