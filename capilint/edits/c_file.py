"""What an edit of a C or C++ file asks of it: where something stands, how a release is written."""

from __future__ import annotations

import re
from collections.abc import Iterator

from capilint.edits.c_layout import Layout
from capilint.edits.draft import Draft
from capilint.edits.spelling import Spelling, arguments, base_name
from capilint.finding import Finding, Span
from capilint.frontends.c.sites import Declared, Function, Site

LOOPS = frozenset({"for_statement", "while_statement", "do_statement", "for_range_loop"})


class CFile:
    """One file of C or C++; `path` is its own."""

    def __init__(self, path: str, layout: Layout, spelling: Spelling) -> None:
        self._path = path
        self._layout = layout
        self._sites = layout.sites
        self._spelling = spelling

    def _calls(self, finding: Finding, handle: str, function: Function) -> Iterator[str]:
        """How the handle's end may be written, without the semicolon."""
        name = self._spelling.release_of(finding)
        found = list(self._spelling.found_among(self._calls_in(function), handle))
        prefix = self._prefix(finding, name)
        own = [f"{prefix}{self._spelling.call(name, handle)}"] if name else []
        everywhere = (call for each in self._sites.bodies() for call in self._calls_in(each))
        elsewhere = self._spelling.found_among(everywhere, handle)
        return iter(dict.fromkeys([*found, *own, *elsewhere]))

    def _calls_in(self, function: Function) -> list[str]:
        return [
            self._layout.source(site).removesuffix(";").strip()
            for site in self._sites.statements(function)
            if site.kind == "expression_statement"
        ]

    def _prefix(self, finding: Finding, name: str) -> str:
        """What the file writes before the API's names: `api->`, `::`, `p`."""
        for step in finding.steps:
            if step.kind == "create" and step.path == self._path:
                text = self._layout.text[self._offset(step.span) : self._end(step.span)]
                found = re.search(
                    r"([\w.:]*(?:->|::|\.)|[A-Za-z_]*)(?:Crypt|BCrypt|NCrypt)\w+\s*\(", text
                )
                prefix = found[1] if found is not None else ""
                if prefix.endswith(("->", "::", ".")) or f"{prefix}{name}" in self._layout.text:
                    return prefix
        return ""

    def _lines_of(self, site: Site) -> list[str]:
        """A statement's lines, without the indentation that its first line has."""
        indent = self._layout.indent(site.start)
        return [line.removeprefix(indent) for line in self._layout.source(site).split("\n")]

    def _named(self, site: Site) -> str:
        return self._layout.source(site).removesuffix(";").split("\n")[0]

    def _step_site(self, finding: Finding, kind: str, last: bool = False) -> Site | None:
        steps = [
            step for step in finding.steps[:-1] if step.kind == kind and step.path == self._path
        ]
        return self._site(steps[-1 if last else 0].span) if steps else None

    def _loop_around(self, site: Site) -> Site | None:
        around: Site | None = site
        while around is not None and around.kind not in LOOPS:
            around = self._sites.around(around)
        return around

    def _scope_end(self, handle: str, span: Span, function: Function) -> int:
        declared = self._declared_anywhere(base_name(handle), function)
        return declared.scope[1] if declared is not None and declared.scope != function.body else 0

    def _declared_anywhere(self, name: str, function: Function) -> Declared | None:
        for site in self._sites.statements(function):
            if site.kind == "declaration":
                found = self._sites.declared(name, site.start)
                if found is not None:
                    return found
        return None

    def _within(self, site: Site, function: Function) -> bool:
        return function.start <= site.start < function.end

    def _function(self, span: Span) -> Function | None:
        return self._sites.function(self._offset(span))

    def _site(self, span: Span) -> Site | None:
        return self._sites.statement(self._offset(span))

    def _offset(self, span: Span) -> int:
        return self._layout.offset(span.line, span.column)

    def _end(self, span: Span) -> int:
        return self._layout.offset(span.end_line, span.end_column)

    @staticmethod
    def _matching(text: str, opening: int) -> int:
        """The offset behind the parenthesis that closes one; 0 where there is none."""
        depth = 0
        for index in range(max(opening, 0), len(text) if opening >= 0 else 0):
            depth += (text[index] == "(") - (text[index] == ")")
            if not depth:
                return index + 1
        return 0

    def _dropped(self, site: Site, trades: bool) -> Iterator[Draft]:
        """A statement that is one call, taken out with the `if` that is there for it."""
        if site.kind != "expression_statement":
            return
        if arguments(self._layout.source(site).rstrip(";").strip()) is None:
            return
        title = f"drop {self._named(site)} in line {{line}}"
        pieces = self._layout.without(self._layout.unit_of(site))
        if pieces:
            yield Draft(self._path, title, site.start, pieces, trades=trades)
