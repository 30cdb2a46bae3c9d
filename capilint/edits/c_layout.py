"""How a C file is laid out, and how statements are put into it so that it stays so."""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import cached_property

from capilint.edits.draft import Piece
from capilint.frontends.c.sites import Declared, Function, Site, Sites

_BLANK_REST = re.compile(r"[ \t]*(?://[^\n]*|/\*(?:(?!\*/)[^\n])*\*/[ \t]*)?(?=\n|\Z)")
_HEAD = r"\b(?:(?:if|for|while|switch)\b[^\n{;]*\)|else|do|try)[ \t]*(?://[^\n]*)?"
_BRACE_BEHIND = re.compile(rf"{_HEAD}\{{")
_BRACE_BELOW = re.compile(rf"{_HEAD}\n[ \t]*\{{")
_NOT_BRACED = re.compile(r"\bif[ \t]*\([^\n{;]*\)[ \t]*\n[ \t]+[^\s{]")


class Layout:
    """The layout of one text, and pieces that keep to it.

    Statements are given as lines, each without the indentation of the place that it comes to.
    """

    def __init__(self, sites: Sites) -> None:
        self.sites = sites
        self.text = sites.text

    @cached_property
    def below(self) -> bool:
        """Whether an opening brace stands on a line of its own."""
        return len(_BRACE_BELOW.findall(self.text)) > len(_BRACE_BEHIND.findall(self.text))

    @cached_property
    def always_braced(self) -> bool:
        """Whether even one statement under an `if` has braces."""
        return _NOT_BRACED.search(self.text) is None and _BRACE_BEHIND.search(self.text) is not None

    @cached_property
    def unit(self) -> str:
        """One step of indentation."""
        steps: dict[str, int] = {}
        for function in self.sites.bodies():
            first = next(self.sites.statements(function), None)
            if first is not None and self.begins_line(first.start):
                inner, outer = self.indent(first.start), self.indent(function.start)
                if inner.startswith(outer) and inner != outer:
                    step = inner.removeprefix(outer)
                    steps[step] = steps.get(step, 0) + 1
        return max(steps, key=lambda step: steps[step]) if steps else "    "

    def line(self, offset: int) -> int:
        """The 1-based line of a character."""
        return self.text.count("\n", 0, offset) + 1

    def offset(self, line: int, column: int) -> int:
        """The character at a line and a column, both from 1."""
        start = 0
        for _ in range(line - 1):
            start = self.text.find("\n", start) + 1
        return min(start + column - 1, len(self.text))

    def indent(self, offset: int) -> str:
        """The white space that the line of a character begins with."""
        start = self._line_start(offset)
        found = re.compile(r"[ \t]*").match(self.text, start)
        return found.group() if found is not None else ""

    def begins_line(self, offset: int) -> bool:
        """Whether only white space stands before a character on its line."""
        return not self.text[self._line_start(offset) : offset].strip()

    def ends_line(self, offset: int) -> bool:
        """Whether at most a comment follows a character on its line."""
        return _BLANK_REST.match(self.text, offset) is not None

    def line_end(self, offset: int) -> int:
        """Where the line of a character ends."""
        end = self.text.find("\n", offset)
        return len(self.text) if end < 0 else end

    def source(self, site: Site) -> str:
        """A statement's text."""
        return self.text[site.start : site.end]

    def lines_of(self, site: Site) -> list[str]:
        """A statement's lines, without the indentation that its first line has."""
        indent = self.indent(site.start)
        return [line.removeprefix(indent) for line in self.source(site).split("\n")]

    def guarded(self, condition: str, lines: Sequence[str]) -> list[str]:
        """The statements under an `if`."""
        inner = [self.unit + line for line in lines]
        if len(lines) == 1 and not self.always_braced:
            return [f"if ({condition})", *inner]
        if self.below:
            return [f"if ({condition})", "{", *inner, "}"]
        return [f"if ({condition}) {{", *inner, "}"]

    # ------------------------------------------------------------ pieces

    def rewritten(
        self, site: Site, lines: Sequence[str], declares: bool = False
    ) -> tuple[Piece, ...]:
        """Other statements in the place of one; with braces where it stood alone under an `if`, and
        where they declare a variable behind a label."""
        if site.listed and not (site.labelled and declares):
            return (Piece(site.start, site.end, self._joined(site.start, lines)),)
        if site.listed:
            inner = [self.unit + line for line in lines]
            return (Piece(site.start, site.end, self._joined(site.start, ["{", *inner, "}"])),)
        header = self.sites.header_end(site)
        if header is None or "#" in self.text[header : site.start]:
            return ()
        if self.line(header) == self.line(site.start):
            return (Piece(site.start, site.end, "{ " + " ".join(_inline(lines)) + " }"),)
        outer = self._outer_indent(site)
        if self.below:
            opening = Piece(self.line_end(header), self.line_end(header), f"\n{outer}{{")
        else:
            opening = Piece(header, header, " {")
        content = Piece(site.start, site.end, self._joined(site.start, lines))
        end = self.line_end(site.end) if self.ends_line(site.end) else site.end
        return (opening, content, Piece(end, end, f"\n{outer}}}"))

    def before(self, site: Site, lines: Sequence[str]) -> tuple[Piece, ...]:
        """Statements in front of one."""
        return self.rewritten(site, [*lines, self.source(site)])

    def after(self, site: Site, lines: Sequence[str]) -> tuple[Piece, ...]:
        """Statements behind one; none where it stands alone under an `if`."""
        if not site.listed:
            return self.rewritten(site, [self.source(site), *lines])
        indent = self.indent(site.start)
        if self.ends_line(site.end) and self.begins_line(site.start):
            end = self.line_end(site.end)
            return (Piece(end, end, "".join(f"\n{indent}{line}" for line in lines)),)
        return (Piece(site.end, site.end, " " + " ".join(_inline(lines))),)

    def at_end(self, brace: int, lines: Sequence[str]) -> tuple[Piece, ...]:
        """Statements in front of the closing brace at an offset."""
        if not self.begins_line(brace):
            return (Piece(brace, brace, " ".join(_inline(lines)) + " "),)
        start = self._line_start(brace)
        indent = self.indent(brace) + self.unit
        return (Piece(start, start, "".join(f"{indent}{line}\n" for line in lines)),)

    def without(self, site: Site) -> tuple[Piece, ...]:
        """A statement taken out, with its lines where nothing else stands on them."""
        if not site.listed:
            return ()
        if self.begins_line(site.start) and self.ends_line(site.end):
            end = min(self.line_end(site.end) + 1, len(self.text))
            return (Piece(self._line_start(site.start), end, ""),)
        start = site.start
        while start and self.text[start - 1] in " \t":
            start -= 1
        return (Piece(start if self.ends_line(site.end) else site.start, site.end, ""),)

    def initialised(self, declared: Declared, value: str) -> tuple[Piece, ...]:
        """A variable's declaration with a value."""
        return (Piece(declared.name_end, declared.name_end, f" = {value}"),)

    def uninitialised(self, declared: Declared) -> tuple[Piece, ...]:
        """The same without its value."""
        rest = self.text.find(declared.value or "", declared.name_end)
        return (Piece(declared.name_end, rest + len(declared.value or ""), ""),)

    def unit_of(self, site: Site) -> Site:
        """A statement with the `if` that is there for it alone, if that calls nothing."""
        around = self.alone_under(site)
        condition = self.sites.condition(around) if around is not None else None
        plain = condition is not None and "(" not in self.text[slice(*condition)]
        return around if plain and around is not None else site

    def alone_under(self, site: Site) -> Site | None:
        """The `if` without an `else` whose only statement this is."""
        around = self.sites.around(site)
        if around is not None and around.kind == "compound_statement":
            if len(self.sites.beside(site)) > 1:
                return None
            around = self.sites.around(around)
        if around is None or around.kind != "if_statement" or self.sites.branches(around)[1]:
            return None
        return around

    def free_name(self, function: Function) -> str:
        """A name for a result that the function does not use."""
        text = self.text[function.start : function.end]
        names = ("result", "returned", "outcome", "result_")
        return next((name for name in names if not re.search(rf"\b{name}\b", text)), "result__")

    def _joined(self, start: int, lines: Sequence[str]) -> str:
        if not self.begins_line(start):
            return " ".join(_inline(lines))
        return f"\n{self.indent(start)}".join(lines)

    def _outer_indent(self, site: Site) -> str:
        around = self.sites.around(site)
        if around is None:
            return self.indent(site.start)
        header = self.sites.header_end(site) or around.start
        starts = [at for at in (around.start, header) if at <= site.start]
        word = self.text.rfind("else", around.start, site.start)
        is_else = self.text[header - 4 : header] == "else"
        return self.indent(word if is_else and word >= 0 else starts[0])

    def _line_start(self, offset: int) -> int:
        return self.text.rfind("\n", 0, offset) + 1


def _inline(lines: Sequence[str]) -> list[str]:
    return [line.strip() for line in lines]
