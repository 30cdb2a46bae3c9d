"""The JSON report, for programs. `schema.json` beside this module describes it."""

from __future__ import annotations

import json
from collections.abc import Iterable

from capilint import __version__
from capilint.checking import Report
from capilint.finding import Finding, Fix, Step
from capilint.findings.baseline import Gone
from capilint.findings.fingerprint import fingerprints
from capilint.findings.triage import Suppressed
from capilint.report import Style
from capilint.rulebook.codes import load
from capilint.silence import Account, Silence

VERSION = 1


def render(report: Report, style: Style) -> str:
    """All findings, notes among them. ASCII only, so that no encoding on the way can harm it."""
    known_by = _known_by(report)
    document: dict[str, object] = {
        "version": VERSION,
        "tool": {"name": "capilint", "version": __version__},
        "findings": [_finding(finding, known_by[id(finding)]) for finding in report.findings],
        "suppressed": [
            {**_finding(item.finding, known_by[id(item.finding)]), "suppression": _comment(item)}
            for item in report.suppressed
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
            "unchanged": [_finding(each, known_by[id(each)]) for each in report.known],
            "absent": [_gone(each) for each in report.gone],
        }
    if report.account is not None:
        document |= _account(report.account)
    return json.dumps(document, indent=2) + "\n"


def finding_objects(report: Report, findings: Iterable[Finding]) -> list[dict[str, object]]:
    """Findings of the report as it has them."""
    known_by = _known_by(report)
    return [_finding(each, known_by[id(each)]) for each in findings]


def _known_by(report: Report) -> dict[int, str]:
    """The fingerprint of each finding, by its identity."""
    return {id(each): text for each, text in fingerprints(report.everything, report.sources)}


def _finding(finding: Finding, fingerprint: str) -> dict[str, object]:
    return {
        "code": finding.code,
        "name": finding.name,
        "cwe": load()[finding.code].cwe,
        "severity": finding.severity.value,
        "path": finding.path,
        "line": finding.span.line,
        "column": finding.span.column,
        "end_line": finding.span.end_line,
        "end_column": finding.span.end_column,
        "function": finding.function,
        "resource": finding.resource,
        "handle": finding.handle,
        "message": finding.message,
        "help": finding.help,
        "fix": _fix(finding.fix),
        "confirmed": finding.confirmed,
        "fingerprint": fingerprint,
        "steps": [_step(step) for step in finding.steps],
        "also": [_step(step) for step in finding.also],
    }


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


def _comment(item: Suppressed) -> dict[str, object]:
    """The comment that suppresses a finding."""
    return {"path": item.path, "line": item.line, "reason": item.reason}


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


def _step(step: Step) -> dict[str, object]:
    return {
        "kind": step.kind,
        "path": step.path,
        "line": step.span.line,
        "column": step.span.column,
        "message": step.message,
    }
