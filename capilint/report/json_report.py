"""The JSON report, for programs. `schema.json` beside this module describes it."""

from __future__ import annotations

import json

from capilint.check import Report
from capilint.finding import Finding, Step
from capilint.report import Style
from capilint.silence import Account, Silence

VERSION = 1


def render(report: Report, style: Style) -> str:
    """All findings, notes among them. ASCII only, so that no encoding on the way can harm it."""
    document: dict[str, object] = {
        "version": VERSION,
        "findings": [_finding(finding) for finding in report.findings],
        "files": {
            "seen": report.seen,
            "analysed": report.analysed,
            "unreadable": [
                {"path": item.path, "reason": item.reason} for item in report.unreadable
            ],
        },
    }
    if report.account is not None:
        document |= _account(report.account)
    return json.dumps(document, indent=2) + "\n"


def _finding(finding: Finding) -> dict[str, object]:
    return {
        "code": finding.code,
        "name": finding.name,
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
        "confirmed": finding.confirmed,
        "steps": [_step(step) for step in finding.steps],
        "also": [_step(step) for step in finding.also],
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


def _step(step: Step) -> dict[str, object]:
    return {
        "kind": step.kind,
        "path": step.path,
        "line": step.span.line,
        "column": step.span.column,
        "message": step.message,
    }
