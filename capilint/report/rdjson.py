"""reviewdog's diagnostic format, which it turns into review comments.

Its columns count the bytes of UTF-8, ours characters. The format, with its schema:
https://github.com/reviewdog/reviewdog/tree/master/proto/rdf
"""

from __future__ import annotations

import json
from collections.abc import Mapping

from capilint.checking import Report
from capilint.files.source import Source
from capilint.finding import Change, Finding, Severity, Span
from capilint.report import Style
from capilint.report.printable import printable
from capilint.rulebook.codes import load

_SEVERITIES = {Severity.ERROR: "ERROR", Severity.WARNING: "WARNING", Severity.NOTE: "INFO"}

Json = dict[str, object]


def render(report: Report, style: Style) -> str:
    """What people are shown, and the files that could not be analysed. ASCII only."""
    diagnostics = [_diagnostic(each, report.sources) for each in report.shown(style.verbose)]
    diagnostics += [
        {
            "message": printable(f"not analysed: {item.reason}"),
            "location": {"path": item.path},
            "severity": "ERROR",
        }
        for item in report.unreadable
    ]
    document = {"source": {"name": "capilint"}, "diagnostics": diagnostics}
    return json.dumps(document, indent=2) + "\n"


def _diagnostic(finding: Finding, sources: Mapping[str, Source]) -> Json:
    url = load()[finding.code].cwe_page
    text = finding.message + (f"\n{finding.help}" if finding.help else "")
    found: Json = {
        "message": "\n".join(map(printable, text.split("\n"))),
        "location": _location(finding.path, finding.span, sources),
        "severity": _SEVERITIES[finding.severity],
        "code": {"value": finding.code, **({"url": url} if url else {})},
    }
    steps = [
        {
            "message": printable(step.message),
            "location": _location(step.path, step.span, sources),
        }
        for step in (*finding.steps, *finding.also)
    ]
    if steps:
        found["related_locations"] = steps
    changes = finding.fix.changes if finding.fix is not None else ()
    if changes and all(change.path == finding.path for change in changes):
        found["suggestions"] = [_suggestion(change) for change in changes]
    return found


def _location(path: str, span: Span, sources: Mapping[str, Source]) -> Json:
    source = sources.get(path)
    lines = source.lines if source is not None else ()
    ends = ((span.line, span.column), (span.end_line, span.end_column))
    start, end = (_position(lines, *place) for place in ends)
    return {"path": path, "range": {"start": start, "end": end}}


def _position(lines: tuple[str, ...], line: int, column: int) -> Json:
    before = lines[line - 1][: column - 1] if line <= len(lines) else " " * (column - 1)
    return {"line": line, "column": len(before.encode(errors="surrogatepass")) + 1}


def _suggestion(change: Change) -> Json:
    """Whole lines, up to the beginning of the line behind them."""
    start, end = ({"line": line, "column": 1} for line in (change.line, change.end_line))
    return {"range": {"start": start, "end": end}, "text": change.text}
