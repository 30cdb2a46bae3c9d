"""What was found in a run, as its report: selected, suppressed, compared with baselines.

Gathered ── triage ── baselines ── Report
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from capilint.config.settings import Settings
from capilint.files.source import Input
from capilint.lowering import FrontEnds
from capilint.outcome import Report
from capilint.reading import Reading

if TYPE_CHECKING:
    from capilint.effects import Effects
    from capilint.finding import Finding
    from capilint.findings.triage import Triage
    from capilint.silence import Account, Fate, Silence


class Gathered:
    """What the programs of a run have come to so far; `analysed` are the paths of the run's own
    files that were parsed."""

    def __init__(self) -> None:
        self.findings: list[Finding] = []
        self.analysed: set[str] = set()
        self.effects: list[Effects] = []
        self.fates: list[Fate] = []
        self.not_understood: list[Silence] = []


class Judge:
    """Makes the report of a run, at its end or where it was interrupted."""

    def __init__(
        self,
        inputs: Sequence[Input],
        settings_of: Callable[[str], Settings],
        has_baseline: bool,
        explain: bool,
        seen: int,
    ) -> None:
        """`has_baseline` tells whether the settings of any file name one. With `explain` the report
        accounts for every creation of a handle; `seen` files are those that the run was given,
        whether they can be read or not."""
        self._inputs = inputs
        self._settings_of = settings_of
        self._has_baseline = has_baseline
        self._explain = explain
        self._seen = seen

    def report(
        self, gathered: Gathered, reading: Reading, front_ends: FrontEnds, interrupted: int = 0
    ) -> Report:
        """The report. `interrupted` is the number of the signal that ended the run, or 0."""
        report = self._triaged(gathered, reading, front_ends)._replace(
            interrupted=interrupted,
            effects=tuple(gathered.effects),
            headers=front_ends.headers,
        )
        return self._compared(report) if self._has_baseline else report

    def _compared(self, report: Report) -> Report:
        """The report with what baselines have set apart."""
        from capilint.findings.baseline import compared

        unread = {item.path for item in report.unreadable}
        looked_at = {item.path for item in self._inputs if not item.named} - unread
        if report.interrupted:
            looked_at = set()
        found = compared(
            report.findings,
            report.sources,
            self._settings_of,
            [item.path for item in self._inputs],
            looked_at,
        )
        known = {id(finding) for each in found.values() for finding in each.known}
        new = tuple(each for each in report.findings if id(each) not in known)
        return report._replace(
            findings=new,
            known=tuple(each for each in report.findings if id(each) in known),
            gone=tuple(gone for each in found.values() for gone in each.gone),
            baselines=tuple(found),
            failing=report.failing.intersection(new),
        )

    def _triaged(self, gathered: Gathered, reading: Reading, front_ends: FrontEnds) -> Report:
        """The report without a look at baselines."""
        unread = len(reading.unreadable)
        if not reading.sources:
            return Report(
                seen=self._seen,
                unread=unread,
                unreadable=tuple(reading.unreadable),
                notes=front_ends.notes,
                account=self._account(gathered, reading, None),
            )
        from capilint.findings.triage import Triager
        from capilint.rulebook.codes import load as load_codes

        unreadable = [*reading.unreadable, *front_ends.unreadable]
        triager = Triager(reading.sources, self._settings_of, load_codes())
        triage = triager.triage(gathered.findings)
        findings = tuple(each for each in triage.findings if each.path not in reading.beside)
        return Report(
            findings=findings,
            suppressed=triage.suppressed,
            seen=self._seen,
            analysed=len(gathered.analysed),
            unread=unread,
            unreadable=tuple(sorted(unreadable, key=lambda item: item.path)),
            notes=front_ends.notes,
            troubles=tuple(triager.troubles),
            failing=frozenset(filter(self._fails, findings)),
            sources=reading.sources,
            account=self._account(gathered, reading, triage),
        )

    def _account(
        self, gathered: Gathered, reading: Reading, triage: Triage | None
    ) -> Account | None:
        """What became of all handles, and of all files, where that was asked for."""
        if not self._explain:
            return None
        from capilint.findings.accounts import account

        unread = {item.path for item in reading.unreadable}
        idle = self._seen - len(gathered.analysed | unread)
        passed_over = (
            ("naming no function that matters to a handle", idle),
            ("with an error", len(unread)),
        )
        beside = reading.beside
        fates = [each for each in gathered.fates if each.creation.path not in beside]
        unclear = [each for each in gathered.not_understood if each.creation.path not in beside]
        return account(fates, unclear, gathered.findings, triage, self._settings_of, passed_over)

    def _fails(self, finding: Finding) -> bool:
        return self._settings_of(finding.path).fails(finding.severity)
