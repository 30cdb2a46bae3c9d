"""What may mend a leak in C or C++: where a release may be put, and in which form.

at the function's own cleanup label             a jump to it
before the place where the function is left     plain, under a test, with a first value for it
before the releases that come right before it
before the jump behind what decided the path; at the end of the block that it goes through
where it stands                                 under a test of the handle instead of another one
in a `catch` around what throws
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from itertools import pairwise
from typing import NamedTuple

from capilint.edits.c_file import LOOPS, CFile
from capilint.edits.c_labels import Labels
from capilint.edits.draft import Draft, Piece
from capilint.edits.spelling import base_name
from capilint.finding import Finding, Span, Step
from capilint.frontends.c.sites import Function, Site

_ENDING = re.compile(r"\b\w*(?:[Rr]elease|[Cc]lose|[Ff]ree|[Dd]estroy|delete|[Cc]lean)\w*")
_JUMPS = frozenset(
    {"goto_statement", "break_statement", "continue_statement", "return_statement"}
    | {"throw_statement"}
)
_ZERO = re.compile(r"(?:\(\w+\)\s*)?(?:0|NULL|nullptr)[uUlL]*\Z")
_CONSTANT = re.compile(r"\b[A-Z_][A-Z0-9_]*\([^()]*\)")  # `_T("")`, `MAKEHR(5)`: a macro's
_LAST_ERROR = "GetLastError()"
_FARTHEST = 4  # statements before the place where a function is left


class _Place(NamedTuple):
    """Where statements may be put: before a statement, or before the brace at an offset."""

    site: Site | None
    offset: int


class Leaks(CFile):
    """Drafts for CAP101, CAP102 and CAP103."""

    def _leaks(self, finding: Finding) -> Iterator[Draft]:
        last = finding.steps[-1]
        handle = finding.ender_handle or finding.handle
        function = self._function(last.span)
        if function is None:
            return
        yield from self._jumps(last.span, handle, function)
        places = list(dict.fromkeys(self._places(finding, function)))
        for call in self._calls(finding, handle, function):
            for place in places:
                yield from self._released_at(place, handle, call, function)
        if finding.code == "CAP102":
            for call in self._calls(finding, handle, function):
                yield from self._caught(last.span, call)
        for call in self._calls(finding, handle, function):
            yield from self._told_by_the_handle(handle, call, function)

    def _told_by_the_handle(self, handle: str, call: str, function: Function) -> Iterator[Draft]:
        """A release that hangs on something else made to hang on whether there is a handle."""
        declared = self._declared_anywhere(base_name(handle), function)
        for site in self._sites.statements(function):
            if site.kind != self.EXPRESSION or self._bare(site) != call:
                continue
            unit = self._layout.alone_under(site)
            condition = self._sites.condition(unit) if unit is not None else None
            if unit is None or condition is None:
                continue
            tested = Piece(*condition, handle)
            first: tuple[Piece, ...] = ()
            if declared is not None and declared.value is None and declared.plain:
                first = self._layout.initialised(declared, "0")
            was = self._layout.text[slice(*condition)]
            title = f"test {handle} instead of `{was}` in line {{line}}"
            yield Draft(self._path, title, unit.start, (*first, tested))

    def _jumps(self, span: Span, handle: str, function: Function) -> Iterator[Draft]:
        """A jump to where the function itself ends the handle."""
        site = self._site(span)
        if site is not None:
            labels = Labels(self._layout, self._spelling, function)
            for name, pieces in labels.jumps(site, handle):
                yield Draft(self._path, f"go to `{name}` in line {{line}}", site.start, pieces)

    def _loses(self, finding: Finding) -> Iterator[Draft]:
        last = finding.steps[-1]
        function = self._function(last.span)
        if function is None:
            return
        site = self._site(last.span)
        if self._reads(finding.handle, last.span):
            return  # what is lost there is the handle's old home, not what the name now means
        places = [_Place(site, site.start)] if site is not None else []
        if site is not None and site.kind in LOOPS | {"if_statement"} and not site.listed:
            around = self._sites.around(site)
            places += [_Place(around, around.start)] if around is not None else []
        places += [_Place(j, j.start) for j in self._jumps_after(finding.steps[:-1], function)]
        loop = self._loop_around(site) if site is not None else None
        body = self._sites.branches(loop)[0] if loop is not None else None
        if body is not None and body.kind == "compound_statement":
            places.append(_Place(None, body.end - 1))
        places += [
            _Place(None, end - 1)
            for end in [self._scope_end(finding.handle, last.span, function)]
            if end
        ]
        places = list(dict.fromkeys(places))
        for call in self._calls(finding, finding.handle, function):
            for place in places:
                yield from self._released_at(place, finding.handle, call, function)
            yield from self._cleared(places[0], finding.handle, call) if places else ()

    def _reads(self, handle: str, span: Span) -> bool:
        """Whether a piece of code uses the handle's value: neither its address nor as a target."""
        text = self._layout.text[self._offset(span) : self._end(span)]
        return re.search(rf"(?<![&\w.>]){re.escape(handle)}\b(?!\s*=[^=])", text) is not None

    def _cleared(self, place: _Place, handle: str, call: str) -> Iterator[Draft]:
        """A release that leaves a 0 behind, for what follows where nothing new is made."""
        declared = self._sites.declared(handle, place.offset)
        if place.site is None or declared is None or not declared.plain:
            return
        first = () if declared.value is not None else self._layout.initialised(declared, "0")
        guarded = self._layout.guarded(handle, [f"{call};", f"{handle} = 0;"])
        pieces = self._layout.before(place.site, guarded)
        title = f"call {call} {self._before(place.site)}, and set {handle} to 0"
        yield Draft(self._path, title, place.offset, (*first, *pieces))

    def _places(self, finding: Finding, function: Function) -> Iterator[_Place]:
        last = finding.steps[-1]
        offset = self._offset(last.span)
        site = self._site(last.span)
        left = site is not None and (site.kind != "compound_statement")
        if self._layout.text[offset : offset + 1] == "}" and (
            not left or offset + 1 == function.end
        ):
            yield _Place(None, offset)
            site = None
        elif site is not None and site.kind != "compound_statement":
            yield _Place(site, site.start)
        for step in finding.steps[:-1]:
            if step.kind == "release" and step.path == self._path:
                released = self._site(step.span)
                if released is not None and self._within(released, function):
                    unit = self._layout.unit_of(released)
                    yield _Place(unit, unit.start)
        yield from self._before_endings(site, offset, function)
        for jump in self._jumps_after(finding.steps[:-1], function):
            yield _Place(jump, jump.start)
        block = self._block_gone_through(finding)
        if block is not None:
            yield _Place(None, block.end - 1)

    def _before_endings(
        self, site: Site | None, offset: int, function: Function
    ) -> Iterator[_Place]:
        """The places before the run of releases that ends where the function is left."""
        for each in reversed(self._earlier(site, offset, function)[-_FARTHEST:]):
            if _ENDING.search(self._layout.source(each)) is None:
                break
            yield _Place(each, each.start)

    def _jumps_after(self, steps: Sequence[Step], function: Function) -> Iterator[Site]:
        """The first jump behind each step that says which way the path goes, the last first."""
        jumps = [site for site in self._sites.statements(function) if site.kind in _JUMPS]
        for step in reversed(steps):
            if step.kind in ("fail", "branch") and step.path == self._path:
                start = self._offset(step.span)
                first = next((site for site in jumps if site.start >= start), None)
                if first is not None:
                    yield first

    def _block_gone_through(self, finding: Finding) -> Site | None:
        """The block of an `if` that the path goes through last, where a step says so."""
        said = [step for step in finding.steps if step.kind == "branch" and step.path == self._path]
        around = self._site(said[-1].span) if said else None
        if around is None or around.kind != "if_statement":
            return None
        taken = self._sites.branches(around)[said[-1].message.endswith(" is false")]
        return taken if taken is not None and taken.kind == "compound_statement" else None

    def _released_at(
        self, place: _Place, handle: str, call: str, function: Function
    ) -> Iterator[Draft]:
        """A release at a place: plain, under a test, and with a first value for the test."""
        declared = self._sites.declared(base_name(handle), place.offset)
        if not self._in_scope(handle, place.offset):
            return
        if self._memory_is_gone(place, handle, function):
            return
        statement = f"{call};"
        probe: tuple[Piece, ...] = ()
        simple = declared is not None and declared.plain and base_name(handle) == handle
        if declared is not None and simple and _ZERO.match(declared.value or ""):
            probe = self._layout.uninitialised(declared)
        guarded = self._layout.guarded(handle, [statement])
        tested = f" where {handle} is not 0"
        for where, pieces in self._put(place, [statement], function, handle):
            yield Draft(self._path, f"call {call} {where}", place.offset, pieces, probe=probe)
        for where, pieces in self._put(place, guarded, function, handle):
            yield Draft(self._path, f"call {call} {where}{tested}", place.offset, pieces)
        if declared is not None and simple and declared.value is None:
            first = self._layout.initialised(declared, "0")
            for where, pieces in self._put(place, guarded, function, handle):
                text = f"initialise {handle} with 0; call {call} {where}{tested}"
                yield Draft(self._path, text, place.offset, (*first, *pieces))

    def _memory_is_gone(self, place: _Place, handle: str, function: Function) -> bool:
        """Whether what a handle is in seems to be freed by then."""
        if "->" not in handle and "*" not in handle and "[" not in handle:
            return False
        base = re.escape(base_name(handle))
        freed = re.compile(rf"{_ENDING.pattern}\s*(?:\(\s*(?:\([\w *]+\)\s*)?{base}\s*\)|{base}\b)")
        return any(
            site.kind == "expression_statement" and freed.search(self._layout.source(site))
            for site in self._earlier(place.site, place.offset, function)
        )

    def _earlier(self, site: Site | None, offset: int, function: Function) -> list[Site]:
        """The statements of the same list before a place."""
        if site is not None:
            return [each for each in self._sites.beside(site) if each.start < site.start]
        return [
            each
            for each in self._sites.statements(function)
            if each.block == function.body and each.listed and each.end <= offset
        ]

    def _put(
        self, place: _Place, lines: Sequence[str], function: Function, handle: str
    ) -> Iterator[tuple[str, tuple[Piece, ...]]]:
        """Where statements are put at a place, in words, and the pieces; what is returned there is
        worked out first."""
        if place.site is None:
            own_line = self._layout.begins_line(place.offset)
            where = "before line {line}" if own_line else "before the `}` in line {line}"
            yield where, self._layout.at_end(place.offset, lines)
            return
        site = place.site
        if site.kind == "return_statement":
            worked_out = self._worked_out(site, lines, function)
            value = _CONSTANT.sub("", self._layout.source(site)[6:])
            behind = "once line {line} has worked out what it returns"
            if worked_out and "(" in value.lstrip("( "):
                yield behind, worked_out
                return
            yield self._before(site), self._layout.before(site, lines)
            if worked_out and base_name(handle) in self._layout.source(site):
                yield behind, worked_out
            return
        source = self._layout.source(site)
        if site.kind == "throw_statement" and _LAST_ERROR in source:
            name = "error"
            thrown = source.replace(_LAST_ERROR, name)
            worked = [f"DWORD {name} = {_LAST_ERROR};", *lines, thrown]
            where = f"in line {{line}}, behind {_LAST_ERROR}"
            yield where, self._layout.rewritten(site, worked, declares=True)
            return
        yield self._before(site), self._layout.before(site, lines)

    def _worked_out(
        self, site: Site, lines: Sequence[str], function: Function
    ) -> tuple[Piece, ...]:
        value = self._layout.source(site).removeprefix("return").rstrip(";").strip()
        if not value or not function.returns or function.returns == "void":
            return ()
        kind = function.returns
        name = self._layout.free_name(function)
        gap = "" if kind.endswith("*") else " "
        first = f"{kind}{gap}{name} = {value};"
        return self._layout.rewritten(site, [first, *lines, f"return {name};"], declares=True)

    def _caught(self, span: Span, call: str) -> Iterator[Draft]:
        """The statements from one that throws to the end of its block in a `try`."""
        site = self._site(span)
        while site is not None and not site.listed:
            site = self._sites.around(site)
        if site is None or not self._layout.begins_line(site.start):
            return
        rest = [each for each in self._sites.beside(site) if each.start >= site.start]
        ends = dict.fromkeys([rest[-1].end, *self._before_call(rest, call), site.end])
        for end in ends:
            yield Draft(
                self._path,
                f"call {call} in a `catch` around line {{line}}",
                site.start,
                self._in_try(site.start, end, call),
            )

    def _before_call(self, sites: Sequence[Site], call: str) -> Iterator[int]:
        """Where the statements before the first that makes a call end."""
        for before, after in pairwise(sites):
            if call in self._layout.source(after):
                yield before.end
                return

    def _in_try(self, start: int, end: int, call: str) -> tuple[Piece, ...]:
        layout = self._layout
        indent, unit = layout.indent(start), layout.unit
        begin, stop = start - len(indent), layout.line_end(end)
        body = "".join(
            f"{unit}{line}" if line.strip() and not line.startswith("#") else line
            for line in layout.text[begin:stop].splitlines(keepends=True)
        )
        if layout.below:
            opening, handler = (
                f"{indent}try\n{indent}{{\n",
                f"{indent}}}\n{indent}catch (...)\n{indent}{{\n",
            )
        else:
            opening, handler = f"{indent}try {{\n", f"{indent}}} catch (...) {{\n"
        inner = f"{indent}{unit}{call};\n{indent}{unit}throw;\n{indent}}}"
        return (Piece(begin, stop, f"{opening}{body}\n{handler}{inner}"),)
