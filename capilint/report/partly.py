"""A report without the findings that a format fails for: a mistake of ours in one costs no other.

all findings ── fails ─┬─ the first half ── is rendered
                       └─ the other half ── fails ── ... ── one finding: left out, and named
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import NamedTuple

from capilint.finding import Finding
from capilint.internal_error import reason
from capilint.outcome import Report
from capilint.report import Style, render


class Partly(NamedTuple):
    """A report's text, and the findings that are not in it, each with why."""

    text: str
    left_out: tuple[tuple[Finding, str], ...]


def without_what_fails(name: str, report: Report, style: Style) -> Partly:
    """As much of a report as the format of that name can render. Raises what rendering raises
    where that is not because of single findings."""
    render(name, _only(report, ()), style)
    broken = tuple(_breaking(name, report, style, report.everything))
    left_out = {id(finding) for finding, _ in broken}
    rest = [each for each in report.everything if id(each) not in left_out]
    return Partly(render(name, _only(report, rest), style), broken)


def _breaking(
    name: str, report: Report, style: Style, findings: Sequence[Finding]
) -> Iterator[tuple[Finding, str]]:
    """The findings that cannot be rendered on their own."""
    try:
        render(name, _only(report, findings), style)
    except Exception as error:
        if len(findings) == 1:
            yield findings[0], reason(error)
        else:
            half = len(findings) // 2
            yield from _breaking(name, report, style, findings[:half])
            yield from _breaking(name, report, style, findings[half:])


def _only(report: Report, findings: Iterable[Finding]) -> Report:
    """The report with some of its findings."""
    kept = set(map(id, findings))
    return report._replace(
        findings=tuple(each for each in report.findings if id(each) in kept),
        suppressed=tuple(each for each in report.suppressed if id(each.finding) in kept),
        known=tuple(each for each in report.known if id(each) in kept),
        unchanged=tuple(each for each in report.unchanged if id(each) in kept),
    )
