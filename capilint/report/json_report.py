"""The JSON report, for programs. `schema.json` beside this module describes it."""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import TYPE_CHECKING

from capilint import __version__
from capilint.checking import Report
from capilint.finding import Finding, Fix, Step
from capilint.findings.baseline import Gone
from capilint.findings.fingerprint import fingerprints
from capilint.findings.triage import Suppressed
from capilint.report import Style
from capilint.report.places import cell, section
from capilint.rulebook.codes import load
from capilint.silence import Account, Silence

if TYPE_CHECKING:
    from capilint.report.places import Sources

VERSION = 1


def render(report: Report, style: Style) -> str:
    """All findings, notes among them. ASCII only, so that no encoding on the way can harm it."""
    document: dict[str, object] = {
        "version": VERSION,
        "tool": {"name": "capilint", "version": __version__},
        "findings": finding_objects(report, report.findings),
        "suppressed": [
            {**found, "suppression": _comment(item, report.sources)}
            for item, found in zip(
                report.suppressed,
                finding_objects(report, (item.finding for item in report.suppressed)),
                strict=True,
            )
        ],
        "files": {
            "seen": report.seen,
            "analysed": report.analysed,
            "unreadable": [
                {"path": item.path, "reason": item.reason} for item in report.unreadable
            ],
        },
    }
    if report.interrupted:
        document["interrupted"] = True
    if report.baselines:
        document["baseline"] = {
            "files": list(report.baselines),
            "unchanged": finding_objects(report, report.known),
            "absent": [_gone(each) for each in report.gone],
        }
    if report.account is not None:
        document |= _account(report.account)
    return json.dumps(document, indent=2) + "\n"


def finding_objects(report: Report, findings: Iterable[Finding]) -> list[dict[str, object]]:
    """Findings of the report as it has them."""
    known_by = {id(each): text for each, text in fingerprints(report.everything, report.sources)}
    return [_finding(each, known_by[id(each)], report.sources) for each in findings]


def _finding(finding: Finding, fingerprint: str, sources: Sources) -> dict[str, object]:
    path, span = finding.path, finding.span
    return {
        "code": finding.code,
        "name": finding.name,
        "cwe": load()[finding.code].cwe,
        "severity": finding.severity.value,
        "path": path,
        **_in_cell(path, span.line, sources),
        "line": section(path, span.line, sources)[1],
        "column": span.column,
        "end_line": section(path, span.end_line, sources)[1],
        "end_column": span.end_column,
        "function": finding.function,
        "resource": finding.resource,
        "handle": finding.handle,
        "message": finding.message,
        "help": finding.help,
        "fix": _fix(finding.fix),
        "confirmed": finding.confirmed,
        "fingerprint": fingerprint,
        "steps": [_step(step, sources) for step in finding.steps],
        "also": [_step(step, sources) for step in finding.also],
    }


def _in_cell(path: str, line: int, sources: Sources) -> dict[str, object]:
    """The cell of a notebook that lines are counted in; nothing for any other file."""
    found = cell(path, line, sources)
    return {} if found is None else {"cell": found.cell}


def _fix(fix: Fix | None) -> dict[str, object] | None:
    """The changes that mend a finding, whole lines each."""
    if fix is None:
        return None
    return {
        "title": fix.title,
        "changes": [
            {
                "path": each.path,
                "line": each.line,
                "end_line": each.end_line,
                "text": each.text,
            }
            for each in fix.changes
        ],
    }


def _gone(gone: Gone) -> dict[str, object]:
    """What a baseline has and the run did not find."""
    return {**gone.entry._asdict(), "path": gone.path, "count": gone.times}


def _comment(item: Suppressed, sources: Sources) -> dict[str, object]:
    """The comment that suppresses a finding."""
    return {
        "path": item.path,
        **_in_cell(item.path, item.line, sources),
        "line": section(item.path, item.line, sources)[1],
        "reason": item.reason,
    }


def _account(account: Account) -> dict[str, object]:
    """What became of the handles of which nothing is reported; only on request."""
    return {
        "silences": [_silence(silence) for silence in account.silences],
        "creations": {
            "reported": account.reported,
            "followed": account.followed,
            "silent": sum(bool(silence.creation.resource) for silence in account.silences),
        },
        "passed_over": [
            {"reason": reason, "files": count} for reason, count in account.passed_over
        ],
    }


def _silence(silence: Silence) -> dict[str, object]:
    made, reason = silence.creation, silence.reason
    return {
        "path": made.path,
        "line": made.span.line,
        "column": made.span.column,
        "function": made.function,
        "resource": made.resource,
        "handle": made.handle,
        "kind": reason.kind.value,
        "reason": reason.text,
        "at": {"path": reason.path, "line": reason.line} if reason.line else None,
    }


def _step(step: Step, sources: Sources) -> dict[str, object]:
    return {
        "kind": step.kind,
        "path": step.path,
        **_in_cell(step.path, step.span.line, sources),
        "line": section(step.path, step.span.line, sources)[1],
        "column": step.span.column,
        "message": step.message,
    }
