"""GitLab's code quality report, for the widget of a merge request and its changes.

The format: https://docs.gitlab.com/ci/testing/code_quality/#code-quality-report-format
"""

from __future__ import annotations

import hashlib
import json

from capilint.checking import Report
from capilint.config.loading import shown_path
from capilint.finding import Finding, Severity
from capilint.findings.fingerprint import fingerprints
from capilint.report import Style
from capilint.report.printable import printable

_SEVERITIES = {Severity.ERROR: "major", Severity.WARNING: "minor", Severity.NOTE: "info"}


def render(report: Report, style: Style) -> str:
    """What people are shown, and the files that could not be analysed. ASCII only.

    GitLab shows one issue of each fingerprint, and finds a file by its path from the top of the
    repository: the working directory is to be that.
    """
    told = set(map(id, report.shown(style.verbose)))
    issues = [
        _issue(finding, digest)
        for finding, digest in fingerprints(report.everything, report.sources)
        if id(finding) in told
    ]
    for item in report.unreadable:
        digest = hashlib.sha256(item.path.encode(errors="surrogateescape")).hexdigest()[:32]
        what = f"not analysed: {item.reason}"
        issues.append(_listed(what, "could-not-read", digest, "major", item.path, 1, 1))
    return json.dumps(issues, indent=2) + "\n"


def _issue(finding: Finding, digest: str) -> dict[str, object]:
    span = finding.span
    text = finding.message + (f"; {finding.help}" if finding.help else "")
    severity = _SEVERITIES[finding.severity]
    return _listed(text, finding.code, digest, severity, finding.path, span.line, span.end_line)


def _listed(
    text: str, name: str, digest: str, severity: str, path: str, begin: int, end: int
) -> dict[str, object]:
    return {
        "description": printable(text),
        "check_name": name,
        "fingerprint": digest,
        "severity": severity,
        "location": {"path": shown_path(path), "lines": {"begin": begin, "end": end}},
    }
