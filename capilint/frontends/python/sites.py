"""Where a Python file's statements stand: what an edit of its text has to know of its syntax.

Offsets count characters from 0. A text that does not parse has no sites.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterator
from typing import NamedTuple

import libcst as cst

from capilint.finding import Span
from capilint.frontends.python.parsing.nesting import too_deep, with_deep_stack
from capilint.frontends.python.parsing.parse import parse
from capilint.frontends.python.parsing.positions import Positions
from capilint.frontends.python.parsing.repairs import Broken
from capilint.frontends.python.parsing.tree import descendants, statements

_BODIES = ("body", "orelse", "handlers", "cases", "finalbody")


class Site(NamedTuple):
    """A statement: its class in libcst, and where it stands, without comments.

    `number` is its place among all sites, `around` that of the compound statement or clause that it
    stands in (-1: none), and `block` tells apart the lists of statements. `inline` is set where it
    shares its line with what it stands in or beside.
    """

    number: int
    kind: str
    start: int
    end: int
    around: int
    block: int
    inline: bool


class Sites:
    """The statements of one text, each before those inside it."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.sites: list[Site] = []
        self._starts = [0]
        for index, character in enumerate(text):
            if character == "\n":
                self._starts.append(index + 1)
        self._kept: set[int] = set()
        self._tests: dict[int, tuple[int, int]] = {}
        self._blocks = 0
        if too_deep(text) is None:
            try:
                with_deep_stack(self._read)
            except RecursionError:
                self.sites = []

    def statement(self, offset: int) -> Site | None:
        """The innermost statement that holds a character."""
        found = None
        for site in self.sites:
            if site.start <= offset < max(site.end, site.start + 1):
                found = site
        return found

    def around(self, site: Site) -> Site | None:
        """The statement or clause that a statement stands in."""
        return self.sites[site.around] if site.around >= 0 else None

    def beside(self, site: Site) -> list[Site]:
        """The statements of the list that a statement stands in, itself among them."""
        return [each for each in self.sites if each.block == site.block]

    def inside(self, site: Site) -> Iterator[Site]:
        """All statements in a compound one."""
        for each in self.sites[site.number + 1 :]:
            if each.start >= site.end:
                return
            yield each

    def function(self, offset: int) -> Site | None:
        """The innermost function that holds a character; None at the module's level."""
        site = self.statement(offset)
        while site is not None and site.kind != "FunctionDef":
            site = self.around(site)
        return site

    def test(self, site: Site) -> str:
        """What an `if` or `while` tests; empty for any other statement."""
        start, end = self._tests.get(site.number, (0, 0))
        return self.text[start:end]

    def is_kept(self, line: int) -> bool:
        """Whether a line, from 1, begins inside a string, so that its indentation is content."""
        return line in self._kept

    def line(self, offset: int) -> int:
        """The 1-based line of a character."""
        return bisect_right(self._starts, offset)

    def line_start(self, line: int) -> int:
        """The offset of a 1-based line."""
        return self._starts[line - 1] if line <= len(self._starts) else len(self.text)

    def offset(self, line: int, column: int) -> int:
        """The character at a line and a column, both from 1."""
        return min(self.line_start(line) + column - 1, len(self.text))

    def _read(self) -> None:
        found = parse(self.text)
        if isinstance(found, Broken):
            return
        tree, positions = found.tree, found.positions
        for node in descendants([tree]):
            if isinstance(node, cst.SimpleString | cst.FormattedString):
                span = positions.span(node)
                self._kept.update(range(span.line + 1, span.end_line + 1))
        self._read_block(tree, positions, -1)

    def _read_block(
        self, block: cst.BaseSuite | cst.Module, positions: Positions, around: int
    ) -> None:
        number = self._blocks
        self._blocks += 1
        on_header = isinstance(block, cst.SimpleStatementSuite)
        for statement in statements(block):
            if isinstance(statement, cst.SimpleStatementLine):
                shared = on_header or len(statement.body) > 1
                for small in statement.body:
                    self._add(small, positions.span(small), around, number, shared)
            else:
                self._read_compound(statement, positions, around, number)

    def _read_compound(
        self, node: cst.CSTNode, positions: Positions, around: int, block: int
    ) -> None:
        own = self._add(node, positions.span(node), around, block, False)
        test = getattr(node, "test", None)
        if isinstance(test, cst.CSTNode):
            span = positions.span(test)
            self._tests[own] = self._range(span)
        for name in _BODIES:
            value = getattr(node, name, None)
            for each in value if isinstance(value, (list, tuple)) else [value]:
                if isinstance(each, cst.IndentedBlock | cst.SimpleStatementSuite):
                    self._read_block(each, positions, own)
                elif isinstance(each, cst.CSTNode):  # a clause: else, except, finally, case
                    self._blocks += 1
                    self._read_compound(each, positions, own, self._blocks - 1)

    def _add(self, node: cst.CSTNode, span: Span, around: int, block: int, inline: bool) -> int:
        start, end = self._range(span)
        end = start + len(self.text[start:end].rstrip())
        number = len(self.sites)
        self.sites.append(Site(number, type(node).__name__, start, end, around, block, inline))
        return number

    def _range(self, span: Span) -> tuple[int, int]:
        return self.offset(span.line, span.column), self.offset(span.end_line, span.end_column)
