"""What an edit of a C or C++ file asks of it: where something stands, how a release is written."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from capilint.edits.c_layout import Layout
from capilint.edits.one_file import OneFile
from capilint.edits.spelling import API_NAME, Spelling, base_name
from capilint.finding import Finding, Span
from capilint.frontends.c.sites import Declared, Function, Site
from capilint.language import Language

_MEMBER = re.compile(r"(?<!this)(?:\.|->)(\w+)")
LOOPS = frozenset({"for_statement", "while_statement", "do_statement", "for_range_loop"})


class CFile(OneFile[Site]):
    """One file of C or C++."""

    EXPRESSION, NOTHING, FAILED, END = "expression_statement", "0", "!", ";"
    _layout: Layout

    def __init__(self, path: str, layout: Layout, spelling: Spelling) -> None:
        super().__init__(path, layout, spelling)
        self._sites = layout.sites

    def _calls(self, finding: Finding, handle: str, function: Function) -> Iterator[str]:
        """How the handle's end may be written, without the semicolon."""
        name = self._spelling.release_of(finding)
        found = list(self._spelling.found_among(self._calls_in(function), handle))
        prefix = self._prefix(finding, name)
        own = [f"{prefix}{self._spelling.call(name, handle)}"] if name else []
        if not self._may_name(_MEMBER.findall(handle)):
            own = []
        everywhere = (call for each in self._sites.bodies() for call in self._calls_in(each))
        elsewhere = self._spelling.found_among(everywhere, handle)
        closing = [finding.closing] if finding.closing else []
        return iter(dict.fromkeys([*closing, *found, *own, *elsewhere]))

    def _may_name(self, members: Sequence[str]) -> bool:
        """Whether code outside of their classes can name members; of C++'s that the file nowhere
        names nobody knows."""
        if not self._sites.private_members.isdisjoint(members):
            return False
        return self._spelling.language is not Language.CPP or all(
            re.search(rf"\b{re.escape(each)}\b", self._layout.text) for each in members
        )

    def _calls_in(self, function: Function) -> list[str]:
        return [
            self._bare(site)
            for site in self._sites.statements(function)
            if site.kind == self.EXPRESSION
        ]

    def _prefix(self, finding: Finding, name: str) -> str:
        """What the file writes before the API's names: `api->`, `::`, `p`."""
        for step in finding.steps:
            if step.kind == "create" and step.path == self._path:
                text = self._layout.text[self._offset(step.span) : self._end(step.span)]
                found = re.search(rf"([\w.:]*(?:->|::|\.)|[A-Za-z_]*){API_NAME}\s*\(", text)
                prefix = found[1] if found is not None else ""
                if prefix.endswith(("->", "::", ".")) or f"{prefix}{name}" in self._layout.text:
                    return prefix
        return ""

    def _loop_around(self, site: Site) -> Site | None:
        around: Site | None = site
        while around is not None and around.kind not in LOOPS:
            around = self._sites.around(around)
        return around

    def _scope_end(self, handle: str, span: Span, function: Function) -> int:
        declared = self._declared_anywhere(base_name(handle), function)
        return declared.scope[1] if declared is not None and declared.scope != function.body else 0

    def _in_scope(self, handle: str, offset: int) -> bool:
        name, function = base_name(handle), self._sites.function(offset)
        if function is None or self._sites.declared(name, offset) is not None:
            return True
        return self._declared_anywhere(name, function) is None

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

    @staticmethod
    def _matching(text: str, opening: int) -> int:
        """The offset behind the parenthesis that closes one; 0 where there is none."""
        depth = 0
        for index in range(max(opening, 0), len(text) if opening >= 0 else 0):
            depth += (text[index] == "(") - (text[index] == ")")
            if not depth:
                return index + 1
        return 0
