"""What may mend a finding in C or C++, by the kind of mistake.

CAP101, CAP102   a release before the place where the function is left, or before that of the
                 owner; behind a jump; in a `catch`
CAP103           a release before the last reference goes, or at the end of the loop's body
CAP201, CAP202   the first release behind the use, dropped, or told by a 0; the second dropped
CAP203           the right call
CAP301           the two releases swapped, or two declarations in C++
CAP401           the function left as it is left elsewhere
CAP402           a first value, and a test
"""

from __future__ import annotations

from collections.abc import Iterator

from capilint.edits.c_declarations import reordered
from capilint.edits.c_leaks import Leaks
from capilint.edits.draft import Draft, Piece
from capilint.edits.spelling import api_name
from capilint.finding import Finding
from capilint.frontends.c.sites import Site


class CFamily(Leaks):
    """Drafts for one file of C or C++."""

    def _uses_dead(self, finding: Finding) -> Iterator[Draft]:
        release, use = self._step_site(finding, "release"), self._site(finding.span)
        if release is None or use is None or release.kind != self.EXPRESSION:
            return
        unit = self._layout.unit_of(release)
        dropped = self._layout.without(unit)
        if dropped and use.listed and use.kind == "expression_statement" and unit.end <= use.start:
            yield Draft(
                self._path,
                f"move {self._named(release)} behind line {{line}}",
                use.start,
                (*dropped, *self._layout.after(use, self._layout.lines_of(unit))),
            )
        worked_out: tuple[Piece, ...] = ()
        function = self._function(finding.span)
        if function is not None and use.kind == "return_statement" and unit.end <= use.start:
            worked_out = self._worked_out(use, self._layout.lines_of(unit), function)
        if dropped and worked_out:
            title = f"move {self._named(release)} once line {{line}} has worked out what it returns"
            yield Draft(self._path, title, use.start, (*dropped, *worked_out))
        if any(step.kind == "create" for step in finding.steps):
            yield from self._dropped(release, trades=False)
        yield from self._dropped(release, trades=True)

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
        yield from self._swapped(finding)
        function = self._function(finding.span)
        yield from reordered(self._path, self._layout, finding, function)

    def _swapped(self, finding: Finding) -> Iterator[Draft]:
        owner, late = self._site(finding.span), self._site(finding.steps[-1].span)
        if owner is None or late is None or finding.steps[-1].path != self._path:
            return
        owner_unit, late_unit = self._layout.unit_of(owner), self._layout.unit_of(late)
        title = f"move {self._named(late)} {self._before(owner_unit)}"
        dropped = self._layout.without(late_unit)
        if dropped and late.kind == "expression_statement":
            moved = self._layout.before(owner_unit, self._layout.lines_of(late_unit))
            yield Draft(self._path, title, owner_unit.start, (*dropped, *moved))
            outer = self._layout.unit_of(owner_unit)
            if outer != owner_unit:
                moved = self._layout.before(outer, self._layout.lines_of(late_unit))
                title = f"move {self._named(late)} {self._before(outer)}"
                yield Draft(self._path, title, outer.start, (*dropped, *moved))
        dropped = self._layout.without(owner_unit) if owner.kind == self.EXPRESSION else ()
        if dropped and late_unit.listed and late_unit.kind != "return_statement":
            behind = self._layout.after(late_unit, self._layout.lines_of(owner_unit))
            title = f"move {self._named(owner)} behind line {{line}}"
            yield Draft(self._path, title, late_unit.start, (*dropped, *behind))
        yield from self._dropped(owner, trades=True)

    def _ways_out(self, site: Site) -> Iterator[str]:
        function = self._sites.function(site.start)
        if function is None:
            return
        name = api_name(self._layout.source(site))
        ways = (
            self._layout.source(each).replace(failing, name)
            for each in self._sites.statements(function)
            if each.kind in ("goto_statement", "return_statement")
            and (failing := self._failing(each))
        )
        usual = {"void": "return;", "BOOL": "return FALSE;", "bool": "return false;"}
        kind = function.returns.split(" ")[-1]
        yield from dict.fromkeys([*ways, *([usual[kind]] if kind in usual else [])])

    def _failing(self, jump: Site) -> str:
        """The function of the API that an `if` asks about which leaves the function; or empty."""
        around = self._sites.around(jump)
        if around is not None and around.kind == "compound_statement":
            around = self._sites.around(around)
        condition = self._sites.condition(around) if around is not None else None
        if around is None or around.kind != "if_statement" or condition is None:
            return ""
        other = self._sites.branches(around)[1]
        first = other is None or jump.end <= other.start
        return api_name(self._layout.text[slice(*condition)]) if first else ""

    def _never_set(self, finding: Finding) -> Iterator[Draft]:
        site = self._site(finding.span)
        declared = self._sites.declared(finding.handle, self._offset(finding.span))
        if site is None or declared is None or declared.value is not None or not declared.plain:
            return
        first = self._layout.initialised(declared, "0")
        guarded = self._layout.guarded(finding.handle, self._layout.lines_of(site))
        title = f"initialise {finding.handle} with 0"
        if self._layout.unit_of(site) == site and site.kind == "expression_statement":
            yield Draft(
                self._path,
                f"{title}, and test it {self._before(site)}",
                site.start,
                (*first, *self._layout.rewritten(site, guarded)),
            )
        yield Draft(self._path, title, declared.name_end, first)
