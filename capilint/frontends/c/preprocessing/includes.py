"""The headers of a file, however deep: found and read once in a run.

a.c ── #include "k.h" ── k.h ── #include "base.h" ── base.h
 └──── #include "base.h" ─────────────────────────────┘        Closure(k.h, base.h)
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence
from functools import cached_property
from typing import NamedTuple

from capilint.files.compile_options import CompileOptions
from capilint.files.source import Source
from capilint.frontends.c.parsing.outline import Braces
from capilint.frontends.c.preprocessing.conditions import Defines, settled
from capilint.frontends.c.preprocessing.directives import Directive, directives_of
from capilint.frontends.c.preprocessing.table import (
    Changes,
    Entry,
    MacroTable,
    changes_of,
    is_unbalanced,
    merged,
    names_set,
)

Finder = Callable[[str, str, bool, tuple[str, ...]], Source | None]
"""Finds a header: the path of the including file, the name in the `#include`, whether it is
quoted, and the folders to look in."""

_INCLUDE = re.compile(r'\s*+(?:"([^"\n]++)"|<([^>\n]++)>)')
_WORDS = frozenset({"include", "import", "include_next"})

_Said = tuple[tuple[str, str | None], ...]


class Named(NamedTuple):
    """A header as an `#include` names it."""

    name: str
    quoted: bool


class Text:
    """A text under what is said from outside: its conditionals are settled by `defines`."""

    def __init__(self, path: str, text: str, defines: Defines) -> None:
        self.path = path
        self.text = text
        self.directives: Sequence[Directive] = directives_of(text)
        if any(each.is_conditional for each in self.directives):
            self.text = settled(text, self.directives, defines)
            if self.text != text:
                self.directives = directives_of(self.text)
        self._defines = defines

    @cached_property
    def changes(self) -> Changes:
        """The macros that it defines itself."""
        return changes_of(self.directives, self._defines)

    @cached_property
    def hides_braces(self) -> bool:
        """Whether a macro of its own opens a brace that it does not close."""
        own = (entry.macro for entry in self.changes.entries.values())
        return any(is_unbalanced(macro) for macro in own if macro is not None)

    @cached_property
    def included(self) -> tuple[Named, ...]:
        """The headers that it names."""
        return tuple(dict.fromkeys(_included(self.directives)))


def _included(directives: Iterable[Directive]) -> Iterable[Named]:
    for directive in directives:
        if directive.word in _WORDS:
            match = _INCLUDE.match(directive.rest)
            if match is not None:
                yield Named(match.group(1) or match.group(2), match.group(1) is not None)


class Closure:
    """All headers that a file includes, in the order in which they are met."""

    def __init__(self, headers: tuple[Text, ...], missing: tuple[str, ...]) -> None:
        """`missing` are the quoted names of headers that were not read."""
        self.headers = headers
        self.missing = missing

    @cached_property
    def entries(self) -> dict[str, Entry]:
        """The macros of the headers."""
        return merged(header.changes.entries for header in self.headers)

    @cached_property
    def hides_braces(self) -> bool:
        """Whether a macro of some header opens a brace that it does not close."""
        return any(header.hides_braces for header in self.headers)


class Unit(NamedTuple):
    """A file with what its headers and the command line say of it."""

    text: Text
    closure: Closure
    macros: MacroTable
    defines: _Said

    @property
    def braces(self) -> Braces | None:
        """What macros open and close, None where none opens what it does not close."""
        hidden = self.text.hides_braces or self.closure.hides_braces
        return self.macros.braces if hidden else None


class Includes:
    """The headers of one run."""

    def __init__(self, find: Finder) -> None:
        self._find = find
        self._sources: dict[tuple[str, Named, tuple[str, ...]], Source | None] = {}
        self._names_set: dict[str, tuple[frozenset[str], tuple[Named, ...]]] = {}
        self._headers: dict[tuple[str, _Said], Text] = {}
        self._closures: dict[tuple[tuple[str, ...], tuple[str, ...], _Said], Closure] = {}

    def unit(self, path: str, text: str, options: CompileOptions) -> Unit:
        """A file, its conditionals settled, with its headers and macros."""
        said = self._outside(path, text, options)
        return self.unit_of(Text(path, text, dict(said)), options.folders, said)

    def unit_of(self, own: Text, folders: tuple[str, ...], said: _Said) -> Unit:
        """The same for a text that is settled, such as a header as a file of its own."""
        closure = self._closure(own, folders, said)
        return Unit(own, closure, MacroTable(own.changes, closure.entries, dict(said)), said)

    def _closure(self, own: Text, folders: tuple[str, ...], said: _Said) -> Closure:
        direct, missing = self._found_by(own, folders)
        key = (tuple(each.path for each in direct if each.path != own.path), folders, said)
        closure = self._closures.get(key) if not missing else None
        if closure is None:
            headers, missing = self._reached(own, folders, said)
            closure = Closure(headers, missing)
            self._closures[key] = closure
        return closure

    def _reached(
        self, own: Text, folders: tuple[str, ...], said: _Said
    ) -> tuple[tuple[Text, ...], tuple[str, ...]]:
        seen: dict[str, Text] = {}
        missing: dict[str, None] = {}
        stack = [own]
        while stack:
            text = stack.pop()
            found, lost = self._found_by(text, folders)
            missing.update(dict.fromkeys(lost))
            for source in reversed(found):
                if source.path not in seen and source.path != own.path:
                    seen[source.path] = self._header(source, said)
                    stack.append(seen[source.path])
        return tuple(seen.values()), tuple(missing)

    def _header(self, source: Source, said: _Said) -> Text:
        key = (source.path, said)
        if key not in self._headers:
            self._headers[key] = Text(source.path, source.text, dict(said))
        return self._headers[key]

    def _found_by(
        self, text: Text, folders: tuple[str, ...]
    ) -> tuple[list[Source], tuple[str, ...]]:
        return self._sources_of(text.path, text.included, folders)

    def _sources_of(
        self, path: str, names: tuple[Named, ...], folders: tuple[str, ...]
    ) -> tuple[list[Source], tuple[str, ...]]:
        """The headers that a file names, and the quoted names that were not read."""
        found: list[Source] = []
        missing: list[str] = []
        for named in names:
            key = (path, named, folders)
            if key not in self._sources:
                self._sources[key] = self._find(path, named.name, named.quoted, folders)
            source = self._sources[key]
            if source is not None:
                found.append(source)
            elif named.quoted:
                missing.append(named.name)
        return found, tuple(missing)

    # ------------------------------------------------------------ what is said from outside

    def _outside(self, path: str, text: str, options: CompileOptions) -> _Said:
        """The defines that neither the file nor a header of its makes itself."""
        if not options.defines:
            return ()
        said = dict(options.defines)
        seen = {path}
        stack: list[tuple[str, str]] = [(path, text)]
        while stack:
            where, content = stack.pop()
            names, included = self._raw(where, content)
            for name in names & said.keys():
                del said[name]
            for source in self._sources_of(where, included, options.folders)[0]:
                if source.path not in seen:
                    seen.add(source.path)
                    stack.append((source.path, source.text))
        return tuple(sorted(said.items()))

    def _raw(self, path: str, text: str) -> tuple[frozenset[str], tuple[Named, ...]]:
        if path not in self._names_set:
            directives = directives_of(text)
            included = tuple(dict.fromkeys(_included(directives)))
            self._names_set[path] = names_set(directives), included
        return self._names_set[path]
