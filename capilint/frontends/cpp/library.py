"""The holders of well-known libraries: headers of ours, in `rules/bindings/cpp/*.hpp`, that say in
plain C++ what the classes do with what they hold.

A file reads such a header after its own headers, as if it had included it, where a text of the
file's has a word of the header's first lines: `// words: unique_ptr make_unique`. What the project
declares itself under the same name comes first.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import replace
from functools import cache

from capilint.frontends.c.preprocessing.includes import Closure, Text, Unit
from capilint.frontends.c.preprocessing.table import MacroTable
from capilint.frontends.cpp.facts.model import Declarations
from capilint.frontends.cpp.lowering.unit import Body

_NAME = re.compile(r"\w+")
_BETWEEN_NAMES = {each: " " for each in range(128) if not re.match(r"\w", chr(each))}
_WORDS = re.compile(r"^// words:(.*)", re.MULTILINE)


class LibraryHeader(Text):
    """A header of ours."""


@cache
def _headers() -> dict[str, tuple[LibraryHeader, frozenset[str]]]:
    """Each header by its file's name, with the words that call for it."""
    from capilint.rulebook.folder import RuleError, library_headers

    found = {}
    for path, text in library_headers():
        if _WORDS.match(text) is None:
            raise RuleError(path, 1, "the first line of a library header is `// words: ...`")
        words = frozenset(" ".join(_WORDS.findall(text)).split())
        found[path.rpartition("/")[2]] = LibraryHeader(path, text, {}), words
    return found


@cache
def _all_words() -> frozenset[str]:
    return frozenset().union(*(words for _, words in _headers().values()))


class Libraries:
    """Adds the library headers that files call for to what they include."""

    def __init__(self) -> None:
        self._named: dict[Text, frozenset[str]] = {}
        self._closures: dict[tuple[Closure, tuple[LibraryHeader, ...]], Closure] = {}

    def added(self, unit: Unit) -> Unit:
        """A file with the library headers that it, or a header of it, calls for."""
        words: set[str] = set()
        for text in (unit.text, *unit.closure.headers):
            words |= self._words_in(text)
        if not words:
            return unit
        headers = tuple(_reached(words))
        key = unit.closure, headers
        if key not in self._closures:
            self._closures[key] = Closure((*unit.closure.headers, *headers), unit.closure.missing)
        closure = self._closures[key]
        macros = MacroTable(unit.text.changes, closure.entries, dict(unit.defines))
        return unit._replace(closure=closure, macros=macros)

    def _words_in(self, text: Text) -> frozenset[str]:
        if text not in self._named:
            written = text.text
            plain = written.isascii()  # most texts are, and are taken apart in a fifth of the time
            names = written.translate(_BETWEEN_NAMES).split() if plain else _NAME.findall(written)
            self._named[text] = _all_words().intersection(names)
        return self._named[text]


def _reached(words: set[str]) -> Iterable[LibraryHeader]:
    """The headers that words call for, each after those that it includes."""
    headers = _headers()
    reached: dict[str, LibraryHeader] = {}

    def reach(name: str) -> None:
        header, _ = headers[name]
        for each in header.included:
            if each.name not in reached:
                reach(each.name)
        reached[name] = header

    for name, (_, called_by) in headers.items():
        if words & called_by and name not in reached:
            reach(name)
    return reached.values()


def without_known(
    known: Declarations, declarations: Declarations, bodies: Iterable[Body]
) -> tuple[Declarations, list[Body]]:
    """What a library header says of names that the project does not declare itself."""
    taken = known.classes.keys() | known.functions.keys() | known.aliases.keys()
    if not taken:
        return declarations, list(bodies)

    def is_free(name: str) -> bool:
        return name not in taken

    def is_free_scope(name: str) -> bool:
        parts = name.split("::")
        return not any("::".join(parts[:end]) in taken for end in range(1, len(parts) + 1))

    free = replace(
        declarations,
        classes={k: v for k, v in declarations.classes.items() if is_free_scope(k)},
        functions={k: v for k, v in declarations.functions.items() if is_free(k)},
        aliases={k: v for k, v in declarations.aliases.items() if is_free_scope(k)},
    )
    return free, [each for each in bodies if is_free_scope(each.signature.whole_name)]
