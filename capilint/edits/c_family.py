"""What may mend a finding in C or C++, by the kind of mistake.

CAP101, CAP102   a release before the place where the function is left, or before that of the
                 owner; behind a jump; in a `catch`
CAP103           a release before the last reference goes, or at the end of the loop's body
CAP201, CAP202   the first release behind the use, dropped, or told by a 0; the second dropped
CAP203           the right call
CAP301           the two releases swapped
CAP402           a first value, and a test
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import NamedTuple

from capilint.edits.c_layout import Layout
from capilint.edits.draft import Draft, Piece
from capilint.edits.spelling import Spelling, arguments, base_name, is_expression
from capilint.finding import Finding, Span, Step
from capilint.frontends.c.sites import Declared, Function, Site

_ENDING = re.compile(r"\b\w*(?:[Rr]elease|[Cc]lose|[Ff]ree|[Dd]estroy|delete|[Cc]lean)\w*")
_JUMPS = frozenset(
    {"goto_statement", "break_statement", "continue_statement", "return_statement"}
    | {"throw_statement"}
)
_LOOPS = frozenset({"for_statement", "while_statement", "do_statement", "for_range_loop"})
_ZERO = re.compile(r"(?:\(\w+\)\s*)?(?:0|NULL|nullptr)[uUlL]*\Z")
_CONSTANT = re.compile(r"\b[A-Z_][A-Z0-9_]*\([^()]*\)")  # `_T("")`, `MAKEHR(5)`: a macro's
_LAST_ERROR = "GetLastError()"
_FARTHEST = 4  # statements before the place where a function is left


class _Place(NamedTuple):
    """Where statements may be put: before a statement, or before the brace at an offset."""

    site: Site | None
    offset: int


class CFamily:
    """Drafts for one file of C or C++; `path` is that of the file."""

    def __init__(self, path: str, layout: Layout, spelling: Spelling) -> None:
        self._path = path
        self._layout = layout
        self._sites = layout.sites
        self._spelling = spelling

    def drafts(self, finding: Finding) -> Iterator[Draft]:
        """What may mend a finding, the most likely first."""
        if not is_expression(finding.handle):
            return
        match finding.code:
            case "CAP101" | "CAP102":
                yield from self._leaves(finding)
            case "CAP103":
                yield from self._loses(finding)
            case "CAP201":
                yield from self._uses_dead(finding)
            case "CAP202":
                yield from self._releases_twice(finding)
            case "CAP203":
                yield from self._releases_wrongly(finding)
            case "CAP301":
                yield from self._outlives(finding)
            case "CAP402":
                yield from self._never_set(finding)

    # ------------------------------------------------------------ leaks

    def _leaves(self, finding: Finding) -> Iterator[Draft]:
        last = finding.steps[-1]
        handle = finding.ender_handle or finding.handle
        function = self._function(last.span)
        if function is None:
            return
        places = list(dict.fromkeys(self._places(finding, function)))
        for call in self._calls(finding, handle, function):
            for place in places:
                yield from self._released_at(place, handle, call, function)
        if finding.code == "CAP102":
            for call in self._calls(finding, handle, function):
                yield from self._caught(last.span, call)

    def _loses(self, finding: Finding) -> Iterator[Draft]:
        last = finding.steps[-1]
        function = self._function(last.span)
        if function is None:
            return
        site = self._site(last.span)
        if self._reads(finding.handle, last.span):
            return  # what is lost there is the handle's old home, not what the name now means
        places = [_Place(site, site.start)] if site is not None else []
        if site is not None and site.kind in _LOOPS | {"if_statement"} and not site.listed:
            around = self._sites.around(site)
            places += [_Place(around, around.start)] if around is not None else []
        loop = self._loop_around(site) if site is not None else None
        body = self._sites.branches(loop)[0] if loop is not None else None
        if body is not None and body.kind == "compound_statement":
            places.append(_Place(None, body.end - 1))
        places += [
            _Place(None, end - 1)
            for end in [self._scope_end(finding.handle, last.span, function)]
            if end
        ]
        for call in self._calls(finding, finding.handle, function):
            for place in places:
                yield from self._released_at(place, finding.handle, call, function)
            yield from self._cleared(places[0], finding.handle, call) if places else ()

    def _reads(self, handle: str, span: Span) -> bool:
        """Whether a piece of code uses the handle's value: neither its address nor as a target."""
        text = self._layout.text[self._offset(span) : self._end(span)]
        return re.search(rf"(?<![&\w.>]){re.escape(handle)}\b(?!\s*=[^=])", text) is not None

    def _cleared(self, place: _Place, handle: str, call: str) -> Iterator[Draft]:
        """A release in a loop that leaves a 0 behind, for what follows where nothing new is made."""
        declared = self._sites.declared(handle, place.offset)
        if place.site is None or declared is None or not declared.plain:
            return
        first = () if declared.value is not None else self._layout.initialised(declared, "0")
        guarded = self._layout.guarded(handle, [f"{call};", f"{handle} = 0;"])
        pieces = self._layout.before(place.site, guarded)
        title = f"call {call} before line {{line}}, and set {handle} to 0"
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
        jump = self._jump_after(finding.steps[:-1], function)
        if jump is not None:
            yield _Place(jump, jump.start)

    def _before_endings(
        self, site: Site | None, offset: int, function: Function
    ) -> Iterator[_Place]:
        """The places before the run of releases that ends where the function is left."""
        for each in reversed(self._before(site, offset, function)[-_FARTHEST:]):
            if _ENDING.search(self._layout.source(each)) is None:
                break
            yield _Place(each, each.start)

    def _jump_after(self, steps: Sequence[Step], function: Function) -> Site | None:
        """The first jump behind the last step that says which way the path goes."""
        deciding = [step for step in steps if step.kind in ("fail", "branch")]
        if not deciding or deciding[-1].path != self._path:
            return None
        start = self._offset(deciding[-1].span)
        return next(
            (
                site
                for site in self._sites.statements(function)
                if site.kind in _JUMPS and site.start >= start
            ),
            None,
        )

    def _released_at(
        self, place: _Place, handle: str, call: str, function: Function
    ) -> Iterator[Draft]:
        """A release at a place: plain, under a test, and with a first value for the test."""
        declared = self._sites.declared(base_name(handle), place.offset)
        elsewhere = self._declared_anywhere(base_name(handle), function)
        if declared is None and elsewhere is not None:
            return  # not in scope there
        if self._memory_is_gone(place, handle, function):
            return
        statement, title = f"{call};", f"call {call} before line {{line}}"
        probe: tuple[Piece, ...] = ()
        simple = declared is not None and declared.plain and base_name(handle) == handle
        if declared is not None and simple and _ZERO.match(declared.value or ""):
            probe = self._layout.uninitialised(declared)
        guarded = self._layout.guarded(handle, [statement])
        for lines in ([statement], guarded):
            for pieces in self._put(place, lines, function, handle):
                fits = probe if lines is not guarded else ()
                yield Draft(self._path, title, place.offset, pieces, probe=fits)
        if declared is not None and simple and declared.value is None:
            first = self._layout.initialised(declared, "0")
            for pieces in self._put(place, guarded, function, handle):
                text = f"initialise {handle} with 0; {title}"
                yield Draft(self._path, text, place.offset, (*first, *pieces))

    def _memory_is_gone(self, place: _Place, handle: str, function: Function) -> bool:
        """Whether what a handle is in seems to be freed by then."""
        if "->" not in handle and "*" not in handle and "[" not in handle:
            return False
        base = re.escape(base_name(handle))
        freed = re.compile(rf"{_ENDING.pattern}\s*(?:\(\s*(?:\([\w *]+\)\s*)?{base}\s*\)|{base}\b)")
        return any(
            site.kind == "expression_statement" and freed.search(self._layout.source(site))
            for site in self._before(place.site, place.offset, function)
        )

    def _before(self, site: Site | None, offset: int, function: Function) -> list[Site]:
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
    ) -> Iterator[tuple[Piece, ...]]:
        """The pieces that put statements at a place; what is returned there is worked out first."""
        if place.site is None:
            yield self._layout.at_end(place.offset, lines)
            return
        site = place.site
        if site.kind == "return_statement":
            worked_out = self._worked_out(site, lines, function)
            value = _CONSTANT.sub("", self._layout.source(site)[6:])
            if worked_out and "(" in value.lstrip("( "):
                yield worked_out
                return
            yield self._layout.before(site, lines)
            if worked_out and base_name(handle) in self._layout.source(site):
                yield worked_out
            return
        source = self._layout.source(site)
        if site.kind == "throw_statement" and _LAST_ERROR in source:
            name = "error"
            thrown = source.replace(_LAST_ERROR, name)
            worked = [f"DWORD {name} = {_LAST_ERROR};", *lines, thrown]
            yield self._layout.rewritten(site, worked, declares=True)
            return
        yield self._layout.before(site, lines)

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
        for before, after in zip(sites, sites[1:], strict=False):
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

    # ------------------------------------------------------------ releases in the wrong place

    def _uses_dead(self, finding: Finding) -> Iterator[Draft]:
        release, use = self._step_site(finding, "release"), self._site(finding.span)
        if release is None or use is None:
            return
        unit = self._layout.unit_of(release)
        dropped = self._layout.without(unit)
        if dropped and use.listed and use.kind == "expression_statement" and unit.end <= use.start:
            yield Draft(
                self._path,
                f"move {self._named(release)} behind line {{line}}",
                use.start,
                (*dropped, *self._layout.after(use, self._lines_of(unit))),
            )
        worked_out = ()
        function = self._function(finding.span)
        if function is not None and use.kind == "return_statement" and unit.end <= use.start:
            worked_out = self._worked_out(use, self._lines_of(unit), function)
        if dropped and worked_out:
            title = f"move {self._named(release)} behind what line {{line}} works out"
            yield Draft(self._path, title, use.start, (*dropped, *worked_out))
        if any(step.kind == "create" for step in finding.steps):
            yield from self._dropped(release, trades=False)
        yield from self._dropped(release, trades=True)

    def _releases_twice(self, finding: Finding) -> Iterator[Draft]:
        first, second = self._step_site(finding, "release"), self._site(finding.span)
        other = self._step_site(finding, "release", last=True)
        if (
            first is not None
            and second is not None
            and not self._in_one_life(finding, first, second)
        ):
            yield from self._told_by_zero(finding, first, second)
            return
        if second is not None and first != second:
            yield from self._dropped(second, trades=False)
        for site in dict.fromkeys(each for each in (first, other) if each is not None):
            if site != second:
                yield from self._dropped(site, trades=False)
        if first is not None and second is not None:
            yield from self._told_by_zero(finding, first, second)
        for site in dict.fromkeys(each for each in (second, first) if each is not None):
            yield from self._dropped(site, trades=True)

    def _in_one_life(self, finding: Finding, first: Site, second: Site) -> bool:
        """Whether both releases are those of one call of a function: what another call leaves in a
        member needs each of them."""
        made_here = any(step.kind == "create" for step in finding.steps)
        function = self._sites.function(second.start)
        same = function is not None and self._within(first, function)
        return same and (made_here or first.block == second.block or "." not in finding.handle)

    def _told_by_zero(self, finding: Finding, first: Site, second: Site) -> Iterator[Draft]:
        """The handle set to 0 behind the first release, and tested before the second."""
        if first.kind != "expression_statement":
            return
        handle = finding.handle
        zero = self._layout.after(first, [f"{handle} = 0;"])
        title = f"set {handle} to 0 after line {{line}}"
        if second.kind == "expression_statement" and self._layout.unit_of(second) == second:
            if first == second:
                lines = [*self._lines_of(first), f"{handle} = 0;"]
                both = self._layout.rewritten(first, self._layout.guarded(handle, lines))
            else:
                guarded = self._layout.guarded(handle, self._lines_of(second))
                both = (*zero, *self._layout.rewritten(second, guarded))
            tested = f"{title}, and test it before it is released"
            yield Draft(self._path, tested, first.start, both)
        yield Draft(self._path, title, first.start, zero)

    def _releases_wrongly(self, finding: Finding) -> Iterator[Draft]:
        start, end = self._offset(finding.span), self._end(finding.span)
        callee = self._sites.call(start, end)
        name = self._spelling.release_of(finding)
        if callee is None or not name:
            return
        call = self._spelling.call(name, finding.handle)
        close = self._matching(self._layout.text, self._layout.text.find("(", callee[1]))
        if close:
            yield Draft(self._path, f"call {call} in line {{line}}", start,
                        (Piece(callee[0], close, call),))  # fmt: skip

    def _outlives(self, finding: Finding) -> Iterator[Draft]:
        owner, late = self._site(finding.span), self._site(finding.steps[-1].span)
        if owner is None or late is None or finding.steps[-1].path != self._path:
            return
        owner_unit, late_unit = self._layout.unit_of(owner), self._layout.unit_of(late)
        title = f"move {self._named(late)} before line {{line}}"
        dropped = self._layout.without(late_unit)
        if dropped and late.kind == "expression_statement":
            moved = self._layout.before(owner_unit, self._lines_of(late_unit))
            yield Draft(self._path, title, owner_unit.start, (*dropped, *moved))
            outer = self._layout.unit_of(owner_unit)
            if outer != owner_unit:
                moved = self._layout.before(outer, self._lines_of(late_unit))
                yield Draft(self._path, title, outer.start, (*dropped, *moved))
        dropped = self._layout.without(owner_unit)
        if dropped and late_unit.listed and late_unit.kind != "return_statement":
            behind = self._layout.after(late_unit, self._lines_of(owner_unit))
            title = f"move {self._named(owner)} behind line {{line}}"
            yield Draft(self._path, title, late_unit.start, (*dropped, *behind))
        yield from self._dropped(owner, trades=True)

    def _never_set(self, finding: Finding) -> Iterator[Draft]:
        site = self._site(finding.span)
        declared = self._sites.declared(finding.handle, self._offset(finding.span))
        if site is None or declared is None or declared.value is not None or not declared.plain:
            return
        first = self._layout.initialised(declared, "0")
        guarded = self._layout.guarded(finding.handle, self._lines_of(site))
        title = f"initialise {finding.handle} with 0"
        if self._layout.unit_of(site) == site and site.kind == "expression_statement":
            yield Draft(
                self._path,
                f"{title}, and test it before line {{line}}",
                site.start,
                (*first, *self._layout.rewritten(site, guarded)),
            )
        yield Draft(self._path, title, declared.name_end, first)

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

    # ------------------------------------------------------------ what stands where

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
        while around is not None and around.kind not in _LOOPS:
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
