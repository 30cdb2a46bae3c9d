"""The grammars of the C family: what a parser is built of, and how text that it cannot read is
repaired. C++'s is in its own front end."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cached_property

import tree_sitter_c
from tree_sitter import Language, Parser, Query

from capilint.frontends.c.parsing.repairs import REPAIRS, Repair, respelt

CONTROL = frozenset(
    {"if", "else", "for", "while", "do", "switch", "case", "default"}
    | {"return", "goto", "break", "continue"}
)
KEYWORD_READ_AS = ("identifier", "type_identifier")


@dataclass(frozen=True)
class Grammar:
    """A language of the C family. `control` are its keywords that say where control goes;
    `respelt` changes what would parse as something else, `repairs` what does not parse."""

    load: Callable[[], object] = field(repr=False)
    control: frozenset[str]
    respelt: Callable[[str], str] = field(repr=False)
    repairs: tuple[Repair, ...] = field(repr=False)

    @cached_property
    def language(self) -> Language:
        """The language as tree-sitter knows it."""
        return Language(self.load())

    @cached_property
    def parser(self) -> Parser:
        """Its parser."""
        return Parser(self.language)

    @cached_property
    def misread_keywords(self) -> Query:
        """Finds keywords that are read as names."""
        words = " ".join(f'"{word}"' for word in sorted(self.control))
        patterns = [f"(({kind}) @keyword (#any-of? @keyword {words}))" for kind in KEYWORD_READ_AS]
        return Query(self.language, "\n".join(patterns))


C = Grammar(tree_sitter_c.language, CONTROL, respelt, tuple(REPAIRS))
