"""What may mend a finding in Python, by the kind of mistake.

CAP101, CAP102   a release before the place where the function is left, or before that of the
                 owner; around what follows the creation `try` and `finally`, or `except`, or
                 `with` a context manager that the file has
CAP103           a release before the last reference goes
CAP201, CAP202   the first release behind the use, dropped, or told by None; the second dropped
CAP203           the right call
CAP301           the two releases swapped
CAP401           the function left as it is left elsewhere
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from capilint.edits.draft import Draft, Piece
from capilint.edits.one_file import OneFile
from capilint.edits.python_layout import Layout
from capilint.edits.python_managers import Managers
from capilint.edits.spelling import API_NAME, Spelling, api_name, arguments
from capilint.finding import Finding, Span
from capilint.frontends.python.sites import Site

_ENDING = re.compile(r"\w*(?:[Rr]elease|[Cc]lose|[Ff]ree|[Dd]estroy|[Dd]rop)\w*\s*\(")
_LEAVING = ("Return", "Raise")
_JUMPS = (*_LEAVING, "Continue", "Break")
_FARTHEST = 4  # statements before the place where a function is left


class Python(OneFile[Site]):
    """Drafts for one Python file."""

    EXPRESSION, NOTHING, FAILED = "Expr", "None", "not "
    _layout: Layout

    def __init__(self, path: str, layout: Layout, spelling: Spelling) -> None:
        super().__init__(path, layout, spelling)
        self._sites = layout.sites

    def _leaks(self, finding: Finding) -> Iterator[Draft]:
        # What outlives the function ends in no `finally`.
        wrapped_first = finding.code == "CAP102" and "." not in finding.handle
        ways = (self._wrapped, self._leaves) if wrapped_first else (self._leaves, self._wrapped)
        for way in ways:
            yield from way(finding)

    # ------------------------------------------------------------ leaks

    def _leaves(self, finding: Finding) -> Iterator[Draft]:
        handle = finding.ender_handle or finding.handle
        places = list(dict.fromkeys(self._places(finding)))
        for call in self._calls(finding, handle):
            for lines, told in self._lines(handle, call):
                for site, behind in places:
                    where, pieces = self._put(site, behind, lines)
                    title = f"call {call} {where}{told}"
                    yield Draft(self._path, title, site.end if behind else site.start, pieces)

    def _lines(self, handle: str, call: str) -> Iterator[tuple[list[str], str]]:
        """A release: plain, and under a test of the handle, with what is to be told of that."""
        yield [call], ""
        yield self._layout.guarded(handle, [call]), f" where {handle} is set"

    def _places(self, finding: Finding) -> Iterator[tuple[Site, bool]]:
        """Statements, and whether to release behind them instead of before."""
        site = self._site(finding.steps[-1].span)
        if site is None:
            return
        if site.kind in _JUMPS:
            yield site, False
        elif site.kind not in ("FunctionDef", "ClassDef"):
            yield site, True
        for step in finding.steps[:-1]:
            if step.kind == "release" and step.path == self._path:
                released = self._site(step.span)
                if released is not None:
                    yield self._layout.unit_of(released), False
        beside = [each for each in self._sites.beside(site) if each.start < site.start]
        if site.kind not in _JUMPS:
            beside.append(site)
        for each in reversed(beside[-_FARTHEST:]):
            if _ENDING.search(self._layout.source(each)) is None:
                break
            yield each, False
        for jump in self._jumps_after(finding):
            yield jump, False

    def _jumps_after(self, finding: Finding) -> Iterator[Site]:
        """The first jump behind each step that says which way the path goes, the last first."""
        jumps = [each for each in self._sites.sites if each.kind in _JUMPS]
        for step in reversed(finding.steps[:-1]):
            if step.kind in ("fail", "branch") and step.path == self._path:
                start = self._offset(step.span)
                first = next((each for each in jumps if each.start >= start), None)
                if first is not None:
                    yield first

    def _put(self, site: Site, behind: bool, lines: Sequence[str]) -> tuple[str, tuple[Piece, ...]]:
        """Statements beside one, and where that is; what is returned there is worked out first."""
        if behind:
            return "after line {line}", self._layout.after(site, lines)
        source = self._layout.source(site)
        if site.kind == "Return" and "(" in source[6:].lstrip("( "):
            return "once line {line} has worked out what it returns", self._worked_out(site, lines)
        return self._before(site), self._layout.before(site, lines)

    def _worked_out(self, site: Site, lines: Sequence[str]) -> tuple[Piece, ...]:
        value = self._layout.source(site).removeprefix("return").strip()
        if not value:
            return ()
        function = self._sites.function(site.start)
        text = self._layout.source(function) if function is not None else ""
        names = ("result", "returned", "outcome")
        name = next((name for name in names if not re.search(rf"\b{name}\b", text)), "result_")
        return self._layout.rewritten(site, [f"{name} = {value}", *lines, f"return {name}"])

    def _wrapped(self, finding: Finding) -> Iterator[Draft]:
        """`try` around what follows the creation, to the end of its block."""
        created = [step for step in finding.steps if step.kind == "create"]
        if not created or created[0].path != self._path or finding.ender:
            return
        site = self._site(created[0].span)
        if site is None:
            return
        while site.inline:
            around = self._sites.around(site)
            if around is None:
                return
            site = around
        rest = [each for each in self._sites.beside(site) if each.start > site.end]
        if rest:
            yield from self._managed(finding, rest)
        for call in self._calls(finding, finding.handle):
            for first in rest[:2]:
                yield from self._finally_added(first, finding.handle, call)
            for first in rest[:3]:
                dropped = self._ends_inside(first, rest[-1], finding.handle, call)
                yield from self._tried(first, rest[-1], finding.handle, call, dropped)

    def _managed(self, finding: Finding, rest: Sequence[Site]) -> Iterator[Draft]:
        """A `with` of a context manager that the file has, in place of the releases in it."""
        managers = Managers(self._layout, self._spelling)
        handle = finding.handle
        for name in managers.ending(finding.resource) if "." not in handle else ():
            for given in self._as_given(handle):
                head = f"with {name}({given}):"
                title = f"`{head}` from line {{line}}"
                for first in rest[:3]:
                    dropped = [
                        site
                        for call in self._calls(finding, handle)
                        for site in self._ends_inside(first, rest[-1], handle, call)
                    ]
                    pieces = self._layout.in_block(first, rest[-1], head, [], dropped)
                    yield Draft(self._path, title, first.start, pieces, hands_over=True)

    def _finally_added(self, site: Site, handle: str, call: str) -> Iterator[Draft]:
        """A `finally` for a `try` that has none, in place of the releases in it."""
        clauses = {each.kind for each in self._sites.inside(site) if each.around == site.number}
        if site.kind != "Try" or "Finally" in clauses or "." in handle:
            return
        pieces: list[Piece] = []
        for each in self._ends_inside(site, site, handle, call):
            dropped = self._layout.without(each)
            if not dropped:
                return
            pieces += dropped
        for guard in (False, True):
            lines = self._layout.guarded(handle, [call]) if guard else [call]
            added = ["finally:", *(self._layout.unit + line for line in lines)]
            end = self._layout.after(site, added)
            title = f"call {call} in a `finally` of the `try` in line {{line}}"
            yield Draft(self._path, title, site.start, (*pieces, *end))

    def _tried(
        self, first: Site, last: Site, handle: str, call: str, dropped: Sequence[Site]
    ) -> Iterator[Draft]:
        unit = self._layout.unit
        for guard in () if "." in handle else (False, True):
            lines = self._layout.guarded(handle, [call]) if guard else [call]
            tails = ["finally:", *(unit + line for line in lines)]
            yield Draft(
                self._path,
                f"call {call} in a `finally` of a `try` from line {{line}}",
                first.start,
                self._layout.in_block(first, last, "try:", tails, dropped),
            )
        tails = ["except BaseException:", f"{unit}{call}", f"{unit}raise"]
        yield Draft(
            self._path,
            f"call {call} in an `except` of a `try` from line {{line}}",
            first.start,
            self._layout.in_block(first, last, "try:", tails, ()),
        )

    def _ends_inside(self, first: Site, last: Site, handle: str, call: str) -> list[Site]:
        """The statements that release the handle already, with the tests around them."""
        found = []
        for site in self._sites.sites:
            if first.start <= site.start < last.end and site.kind == "Expr":
                parts = arguments(self._layout.source(site))
                same = parts is not None and re.sub(r"\s", "", self._layout.source(site)) == re.sub(
                    r"\s", "", call
                )
                if same:
                    found.append(self._layout.unit_of(site))
        return found

    def _loses(self, finding: Finding) -> Iterator[Draft]:
        last = finding.steps[-1]
        site = self._site(last.span)
        while site is not None and site.inline:
            site = self._sites.around(site)
        if site is None:
            return
        handle = finding.handle
        places = list(dict.fromkeys([site, *self._jumps_after(finding)]))
        for call in self._calls(finding, handle):
            for place in places:
                for lines, told in self._lines(handle, call):
                    title = f"call {call} {self._before(place)}{told}"
                    pieces = self._layout.before(place, lines)
                    yield Draft(self._path, title, place.start, pieces)
        loop = self._sites.around(site)
        while loop is not None and loop.kind not in ("For", "While"):
            loop = self._sites.around(loop)
        inside = list(self._sites.inside(loop)) if loop is not None else []
        ends = [each for each in inside if each.around == (loop.number if loop else -1)]
        for call in self._calls(finding, handle) if ends else ():
            title = f"call {call} after line {{line}}"
            yield Draft(self._path, title, ends[-1].start, self._layout.after(ends[-1], [call]))

    # ------------------------------------------------------------ releases in the wrong place

    def _uses_dead(self, finding: Finding) -> Iterator[Draft]:
        release, use = self._step_site(finding, "release"), self._site(finding.span)
        if release is None or use is None:
            return
        unit = self._layout.unit_of(release)
        dropped = self._layout.without(unit)
        if dropped and unit.end <= use.start:
            lines = self._layout.lines_of(unit)
            pieces: tuple[Piece, ...] = ()
            if use.kind == "Return":
                pieces = self._worked_out(use, lines)
                title = (
                    f"move {self._named(release)} once line {{line}} has worked out what it returns"
                )
            elif use.kind not in _JUMPS and not use.inline:
                pieces = self._layout.after(use, lines)
                title = f"move {self._named(release)} behind line {{line}}"
            if pieces:
                yield Draft(self._path, title, use.start, (*dropped, *pieces))
        if any(step.kind == "create" for step in finding.steps):
            yield from self._dropped(release, trades=False)
        yield from self._dropped(release, trades=True)

    def _releases_wrongly(self, finding: Finding) -> Iterator[Draft]:
        start, end = self._offset(finding.span), self._end(finding.span)
        text = self._layout.text[start:end]
        if arguments(text) is None:
            return
        for call in self._calls(finding, finding.handle):
            if call != text:
                yield Draft(self._path, f"call {call} in line {{line}}", start,
                            (Piece(start, end, call),))  # fmt: skip

    def _outlives(self, finding: Finding) -> Iterator[Draft]:
        owner, late = self._site(finding.span), self._site(finding.steps[-1].span)
        if owner is None or late is None or finding.steps[-1].path != self._path:
            return
        owner_unit, late_unit = self._layout.unit_of(owner), self._layout.unit_of(late)
        dropped = self._layout.without(late_unit)
        if dropped and late.kind == "Expr":
            moved = self._layout.before(owner_unit, self._layout.lines_of(late_unit))
            title = f"move {self._named(late)} {self._before(owner_unit)}"
            yield Draft(self._path, title, owner_unit.start, (*dropped, *moved))
        dropped = self._layout.without(owner_unit)
        lines = self._layout.lines_of(owner_unit)
        title = f"move {self._named(owner)} behind line {{line}}"
        if dropped and late_unit.kind == "Return":
            moved = self._worked_out(late_unit, lines)
            yield Draft(self._path, title, late_unit.start, (*dropped, *moved))
        elif dropped and late_unit.kind not in _JUMPS:
            moved = self._layout.after(late_unit, lines)
            yield Draft(self._path, title, late_unit.start, (*dropped, *moved))
        yield from self._dropped(owner, trades=True)

    def _in_scope(self, handle: str, offset: int) -> bool:
        return True  # a function is one scope

    def _ways_out(self, site: Site) -> Iterator[str]:
        function = self._sites.function(site.start)
        inside = self._sites.inside(function) if function is not None else ()
        raised = (each for each in self._sites.sites if each.kind == "Raise")
        name = api_name(self._layout.source(site))
        ways = [(each, failing) for each in inside if (failing := self._failing(each))]
        ways += [(each, failing) for each in raised if (failing := self._failing(each))][:2]
        yield from dict.fromkeys(
            [
                *(self._layout.source(each).replace(failing, name) for each, failing in ways),
                f'raise OSError("{name} failed")',
            ]
        )

    def _failing(self, jump: Site) -> str:
        """The function of the API that an `if` asks about which leaves the function; or empty."""
        around = self._sites.around(jump)
        asks = jump.kind in _LEAVING and around is not None and around.kind == "If"
        return api_name(self._sites.test(around)) if asks and around is not None else ""

    # ------------------------------------------------------------ what stands where

    def _offset(self, span: Span) -> int:
        """The end of a function is an empty span behind its last statement."""
        at_end = (span.line, span.column) == (span.end_line, span.end_column)
        return super()._offset(span) - at_end

    def _calls(self, finding: Finding, handle: str) -> Iterator[str]:
        """How the handle's end may be written."""
        at = self._sites.function(self._offset(finding.steps[-1].span))
        inside = self._sites.inside(at) if at is not None else iter(self._sites.sites)
        texts = [self._layout.source(site) for site in inside if site.kind == "Expr"]
        found = list(self._spelling.found_among(texts, handle))
        others = [self._layout.source(each) for each in self._sites.sites if each.kind == "Expr"]
        elsewhere = self._spelling.found_among(others, handle)
        closing = [finding.closing] if finding.closing else []
        made_up = self._made_up(finding, handle)
        return iter(dict.fromkeys([*closing, *found, *made_up, *elsewhere]))

    def _made_up(self, finding: Finding, handle: str) -> Iterator[str]:
        """Calls of the API's function, as this file calls its DLL."""
        name = self._spelling.release_of(finding)
        if not name:
            return
        if "." in name:  # the user's own function in Python
            yield self._spelling.call(name, handle)
            return
        text = self._layout.text
        prefixes = [found[1] for found in re.finditer(rf"([\w.]+\.)?\b{name}\s*\(", text)]
        of_creation: list[str] = []
        for step in finding.steps:
            if step.kind == "create" and step.path == self._path:
                code = text[self._offset(step.span) : self._end(step.span)]
                found = re.finditer(rf"([\w.]+\.)?\b{API_NAME}\s*\(", code)
                of_creation += [each[1] or "" for each in found]
        others = [
            (each[1] or "", each[2])
            for each in re.finditer(rf"([\w.]+\.)?\b({API_NAME})\s*\(", text)
        ]
        # The DLL that makes a handle need not be the one that ends it.
        alike = [
            each for each, callee in others if self._spelling.acts_on(callee, finding.resource)
        ]
        prefixes += [each for each in of_creation if each in alike]
        prefixes += [*alike, *of_creation, *(each for each, _ in others if each)]
        for prefix in list(dict.fromkeys(each or "" for each in prefixes))[:2]:
            for argument in self._as_given(handle):
                yield f"{prefix}{self._spelling.call(name, argument)}"

    def _as_given(self, handle: str) -> Iterator[str]:
        """How the file gives the handle to functions: `key`, `key.value`, `key[0]`."""
        pattern = rf"[(,]\s*{re.escape(handle)}(\.value|\[0\]|\.contents)?\s*[,)]"
        found = [match[1] or "" for match in re.finditer(pattern, self._layout.text)]
        name = re.escape(handle)
        made = rf"(?m)^\s*{name}\s*=\s*(?:[\w.]*\bpointer\(|[\w.]*\bPOINTER\(|\w+\.new\()"
        if re.search(made, self._layout.text):  # what it points to is the handle
            yield f"{handle}[0]"
            return
        most = sorted(dict.fromkeys(found), key=lambda each: -found.count(each))
        yield from dict.fromkeys([*(f"{handle}{each}" for each in most[:1]), handle])
