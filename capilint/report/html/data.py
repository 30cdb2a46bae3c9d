"""What the page knows: a report as JSON, with the lines of the files that are drawn.

Paths and texts are printable, so that nothing in them can turn or hide what stands around it.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from capilint import __version__
from capilint.checking import Report
from capilint.files.source import Source
from capilint.finding import Finding, Step
from capilint.findings.fingerprint import fingerprints
from capilint.report.html.changes import diff
from capilint.report.html.frames import Drawer, frames
from capilint.report.old_findings import gone
from capilint.report.printable import printable
from capilint.rulebook.codes import load

_LONGEST = 2_000  # characters of a line; generated code has longer ones

Piece = tuple[int, list[str]]
"""The number of a line, and the texts from there."""


def data_of(report: Report) -> dict[str, object]:
    """Everything on the page, for JSON."""
    known_by = {id(each): text for each, text in fingerprints(report.everything, report.sources)}
    sets: list[tuple[str, tuple[Finding, ...]]] = [
        ("reported", report.findings),
        ("known", report.known),
        ("unchanged", report.unchanged),
        ("suppressed", tuple(item.finding for item in report.suppressed)),
    ]
    paths = dict.fromkeys(path for _, some in sets for each in some for path in _paths(each))
    numbers = {path: number for number, path in enumerate(paths)}
    drawer = Drawer(report.sources, numbers)
    findings = [
        {"set": name, "id": known_by[id(each)], **_finding(each, numbers, report, drawer)}
        for name, some in sets
        for each in some
    ]
    for drawn, item in zip(reversed(findings), reversed(report.suppressed), strict=False):
        path, reason = printable(item.path), printable(item.reason)
        drawn["suppression"] = {"path": path, "line": item.line, "reason": reason}
    return {
        "version": __version__,
        "seen": report.seen,
        "analysed": report.analysed,
        "failing": len(report.failing),
        "remarks": list(_remarks(report)),
        "unreadable": [
            {"path": printable(item.path), "reason": printable(item.reason)}
            for item in report.unreadable
        ],
        "codes": _codes(report),
        "files": [_file(path, report.sources.get(path), drawer) for path in paths],
        "findings": findings,
    }


def _paths(finding: Finding) -> Iterator[str]:
    """The files that a finding shows something of, its own first."""
    yield finding.path
    yield from (each.path for each in finding.route)
    yield from (each.path for each in (*finding.steps, *finding.also))
    yield from (each.path for each in frames(finding))


def _finding(
    finding: Finding, numbers: dict[str, int], report: Report, drawer: Drawer
) -> dict[str, object]:
    item: dict[str, object] = {
        "code": finding.code,
        "severity": finding.severity.value,
        "file": numbers[finding.path],
        "line": finding.span.line,
        "column": finding.span.column,
        "function": printable(finding.function),
        "resource": finding.resource,
        "handle": printable(finding.handle),
        "message": printable(finding.message),
        "steps": [_step(each, numbers) for each in finding.steps],
        "frames": drawer.drawn(finding),
    }
    if finding.help:
        item["help"] = printable(finding.help)
    if finding.also:
        item["also"] = [_step(each, numbers) for each in finding.also]
    if finding.confirmed is not None:
        item["confirmed"] = finding.confirmed
    if finding.fix is not None:
        item["diff"] = diff(finding.fix, report.sources)
    return item


def _step(step: Step, numbers: dict[str, int]) -> dict[str, object]:
    text = printable(step.message)
    return {"kind": step.kind, "file": numbers[step.path], "line": step.span.line, "text": text}


def _remarks(report: Report) -> Iterator[str]:
    """What else is to be known of the run."""
    if report.interrupted:
        yield "The run was interrupted; this is what was found so far."
    yield from gone(report)
    yield from map(printable, report.notes)


def _codes(report: Report) -> dict[str, object]:
    """What the codes mean that were found."""
    found = {each.code for each in report.everything}
    return {
        code.code: {
            "name": code.name,
            "cwe": code.cwe,
            "does": code.sections["What it does"],
            "bad": code.sections["Why is this bad"],
        }
        for code in load().values()
        if code.code in found
    }


def _file(path: str, source: Source | None, drawer: Drawer) -> dict[str, object]:
    pieces: list[Piece] = []
    if source is not None:
        pieces = _pieces(source, sorted(drawer.needed.get(path, ())))
    language = source.language.value if source is not None else ""
    return {"path": printable(path), "language": language, "pieces": pieces}


def _pieces(source: Source, needed: Iterable[int]) -> list[Piece]:
    """The lines of a file that are needed, in stretches without a gap."""
    pieces: list[Piece] = []
    for line in needed:
        if line > len(source.lines):
            break
        text = printable(source.lines[line - 1])
        text = text if len(text) <= _LONGEST else text[: _LONGEST - 3] + "..."
        if pieces and pieces[-1][0] + len(pieces[-1][1]) == line:
            pieces[-1][1].append(text)
        else:
            pieces.append((line, [text]))
    return pieces
