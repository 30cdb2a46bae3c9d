"""How statements are put into a Python file so that its lines and indentation stay as they are."""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import cached_property

from capilint.edits.draft import Piece
from capilint.frontends.python.sites import Site, Sites


class Layout:
    """Pieces that keep to the layout of one text.

    Statements are given as lines, each without the indentation of the place that it comes to.
    """

    def __init__(self, sites: Sites) -> None:
        self.sites = sites
        self.text = sites.text

    @cached_property
    def unit(self) -> str:
        """One step of indentation."""
        for site in self.sites.sites:
            around = self.sites.around(site)
            if around is not None and not site.inline and around.kind == "FunctionDef":
                return self.indent(site).removeprefix(self.indent(around)) or "    "
        return "    "

    def indent(self, site: Site) -> str:
        """The white space that the line of a statement begins with."""
        start = self.sites.line_start(self.sites.line(site.start))
        found = re.compile(r"[ \t]*").match(self.text, start)
        return found.group() if found is not None else ""

    def source(self, site: Site) -> str:
        """A statement's text."""
        return self.text[site.start : site.end]

    def lines_of(self, site: Site) -> list[str]:
        """A statement's lines, without the indentation that its first line has."""
        indent = self.indent(site)
        return [line.removeprefix(indent) for line in self.source(site).split("\n")]

    def offset(self, line: int, column: int) -> int:
        """The character at a line and a column, both from 1."""
        return self.sites.offset(line, column)

    def begins_line(self, offset: int) -> bool:
        """Whether only white space stands before a character on its line."""
        start = self.sites.line_start(self.sites.line(offset))
        return not self.text[start:offset].strip()

    def line_end(self, offset: int) -> int:
        """Where the line of a character ends."""
        end = self.text.find("\n", offset)
        return len(self.text) if end < 0 else end

    def guarded(self, condition: str, lines: Sequence[str]) -> list[str]:
        """The statements under an `if`."""
        return [f"if {condition}:", *(self.unit + line for line in lines)]

    # ------------------------------------------------------------ pieces

    def rewritten(self, site: Site, lines: Sequence[str]) -> tuple[Piece, ...]:
        """Other statements in the place of one; on lines of their own where it stood behind the
        colon of what it stands in."""
        if not site.inline:
            return (Piece(site.start, site.end, f"\n{self.indent(site)}".join(lines)),)
        beside = self.sites.beside(site)
        around = self.sites.around(site)
        if len(beside) > 1 or around is None:
            return ()
        indent = self.indent(site) + self.unit
        start = site.start
        while self.text[start - 1] in " \t":
            start -= 1
        if self.text[start - 1] != ":":
            return ()
        return (Piece(start, site.end, "".join(f"\n{indent}{line}" for line in lines)),)

    def before(self, site: Site, lines: Sequence[str]) -> tuple[Piece, ...]:
        """Statements in front of one."""
        return self.rewritten(site, [*lines, self.source(site)])

    def after(self, site: Site, lines: Sequence[str]) -> tuple[Piece, ...]:
        """Statements behind one."""
        if site.inline:
            return self.rewritten(site, [self.source(site), *lines])
        end = self.line_end(site.end)
        indent = self.indent(site)
        return (Piece(end, end, "".join(f"\n{indent}{line}" for line in lines)),)

    def without(self, site: Site) -> tuple[Piece, ...]:
        """A statement's lines taken out; nothing where it is the only one of its block."""
        if site.inline or len(self.sites.beside(site)) < 2:
            return ()
        start = self.sites.line_start(self.sites.line(site.start))
        return (Piece(start, min(self.line_end(site.end) + 1, len(self.text)), ""),)

    def unit_of(self, site: Site) -> Site:
        """A statement with the `if` that is there for it alone."""
        around = self.sites.around(site)
        if around is None or around.kind != "If" or len(self.sites.beside(site)) > 1:
            return site
        alone = all(each.block == site.block for each in self.sites.inside(around))
        return around if alone and "(" not in self.sites.test(around) else site

    def in_block(
        self, first: Site, last: Site, head: str, tails: Sequence[str], dropped: Sequence[Site]
    ) -> tuple[Piece, ...]:
        """The lines from one statement to another under a head, those of `dropped` left out, with
        the lines of `tails` behind them."""
        start, end = self.sites.line(first.start), self.sites.line(last.end)
        left_out = {
            line
            for site in dropped
            for line in range(self.sites.line(site.start), self.sites.line(site.end) + 1)
        }
        kept = [line for line in range(start, end + 1) if line not in left_out]
        if not any(self._line(line).strip() and not self._line(line).strip().startswith("#")
                   for line in kept):  # fmt: skip
            return ()
        indent = self.indent(first)
        body = [self._deeper(line) for line in kept]
        lines = [f"{indent}{head}", *body, *(f"{indent}{line}" for line in tails)]
        begin = self.sites.line_start(start)
        return (Piece(begin, self.line_end(last.end), "\n".join(lines)),)

    def _deeper(self, line: int) -> str:
        text = self._line(line)
        return text if not text.strip() or self.sites.is_kept(line) else self.unit + text

    def _line(self, line: int) -> str:
        start = self.sites.line_start(line)
        return self.text[start : self.line_end(start)]
