"""The JSON report, for programs. `schema.json` beside this module describes it."""

from __future__ import annotations

import json

from capilint.check import Report
from capilint.finding import Finding, Step
from capilint.report import Style

VERSION = 1


def render(report: Report, style: Style) -> str:
    """All findings, notes among them. ASCII only, so that no encoding on the way can harm it."""
    document = {
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
    }


def _step(step: Step) -> dict[str, object]:
    return {
        "kind": step.kind,
        "path": step.path,
        "line": step.span.line,
        "column": step.span.column,
        "message": step.message,
    }
