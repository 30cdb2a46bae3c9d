"""Functions that macros define, which stand where the macro is used.

OWNER(Key, CryptDestroyKey)   ->   class Key { ... ~Key() { CryptDestroyKey(m); } };
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import NamedTuple

from capilint.finding import Span
from capilint.frontends.c.parsing.positions import LineTable
from capilint.frontends.c.preprocessing.expansion import Expanded
from capilint.frontends.cpp.parsing.outline import Definition, definitions


class Made(NamedTuple):
    """A function of an expansion, and where in the file the macro is used: its offset and span."""

    definition: Definition
    offset: int
    used_at: Span


def made_by_macros(
    text: str, expansion: Expanded, opens_block: Callable[[str], bool]
) -> Iterator[Made]:
    """The functions in the expansion of a file's declarations, which keep their rows and columns.

    `text` is the file's; `opens_block` tells whether a macro has braces."""
    if not any(opens_block(use.name) for use in expansion.uses):
        return
    written, lines = LineTable(text), LineTable(expansion.text)
    columns = expansion.columns
    for definition in definitions(expansion.text):
        place = lines.span(definition.name_at, definition.declarator_end)
        row, column = columns.start(place.line - 1, place.column - 1)
        last, end = columns.end(place.end_line - 1, place.end_column - 1)
        yield Made(
            definition, written.offset(row, column), Span(row + 1, column + 1, last + 1, end + 1)
        )
