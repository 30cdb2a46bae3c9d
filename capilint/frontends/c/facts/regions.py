"""Where the functions of a file are defined: in its text, or in what a macro stands for.

DEFINE_CLOSER(close_key, HCRYPTKEY)   ->   static void close_key(HCRYPTKEY handle) { ... }
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import NamedTuple

from capilint.frontends.c.parsing.outline import Definition, definitions
from capilint.frontends.c.preprocessing.expansion import expanded
from capilint.frontends.c.preprocessing.includes import Unit
from capilint.frontends.c.preprocessing.macros import Macro

_WORD = re.compile(r"[^\W\d]\w*")


class Region(NamedTuple):
    """A function definition and the text that holds it: the file's, or the expansion of a macro
    that is used at the offsets `used_at` of the file."""

    text: str
    definition: Definition
    used_at: tuple[int, int] | None = None

    @property
    def offset(self) -> int:
        """Where it stands in the file."""
        return self.used_at[0] if self.used_at is not None else self.definition.start

    @property
    def whole(self) -> str:
        """The text of the definition."""
        return self.text[self.definition.start : self.definition.end]


def regions(unit: Unit) -> list[Region]:
    """The function definitions of a file, in order."""
    text = unit.text.text
    found = _definitions(unit)
    made = [region for start, end in _between(text, found) for region in _made(unit, start, end)]
    return sorted([*(Region(text, each) for each in found), *made], key=lambda each: each.offset)


def in_text(found: list[Region]) -> list[Definition]:
    """The definitions that stand in the text of the file itself."""
    return [each.definition for each in found if each.used_at is None]


def _definitions(unit: Unit) -> list[Definition]:
    """Those in the text; macros are asked for braces as long as these match."""
    found = definitions(unit.text.text, unit.braces)
    if unit.braces is None or all(each.complete for each in found):
        return found
    return definitions(unit.text.text)


def _between(text: str, found: list[Definition]) -> Iterator[tuple[int, int]]:
    """The stretches of the text outside of bodies."""
    position = 0
    for definition in found:
        yield position, definition.body
        position = definition.end
    yield position, len(text)


def _made(unit: Unit, start: int, end: int) -> Iterator[Region]:
    """The functions that macros define which are used in a stretch of the text."""
    stretch = unit.text.text[start:end]
    makers = {word for word in set(_WORD.findall(stretch)) if unit.macros.opens_block(word)}
    if not makers:
        return

    def find(name: str) -> Macro | None:
        return unit.macros.text_macro(name) if unit.macros.opens_block(name) else None

    for use in expanded(stretch, find).uses:
        for definition in definitions(use.text) if use.name in makers else ():
            yield Region(use.text, definition, (start + use.start, start + use.end))
