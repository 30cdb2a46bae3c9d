"""Reports of notebooks: what is said speaks of cells, and programs are given places in the JSON.

A finding in a notebook has places in the module that its cells are, and so has what is said of it:
`line 12` becomes `line 3 of cell 2`.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import replace

from capilint.checking import Report
from capilint.files.source import Source
from capilint.finding import Finding, Span, Step
from capilint.report.places import cell

Sources = Mapping[str, Source]

_LINE = re.compile(r"`[^`]*`|\bline (\d+)")  # what is quoted stays


def told(report: Report, in_files: bool) -> Report:
    """The report with the lines of cells in its messages; with all places in the JSON if they are
    to be those `in_files`."""
    made: dict[int, Finding] = {}

    def finding(each: Finding) -> Finding:
        if id(each) not in made:
            made[id(each)] = _finding(each, report.sources, in_files)
        return made[id(each)]

    def line(path: str, number: int) -> int:
        return _span(path, Span(number, 1, number, 1), report.sources, in_files).line

    return report._replace(
        findings=tuple(map(finding, report.findings)),
        suppressed=tuple(
            replace(each, finding=finding(each.finding), line=line(each.path, each.line))
            for each in report.suppressed
        ),
        known=tuple(map(finding, report.known)),
        unchanged=tuple(map(finding, report.unchanged)),
        failing=frozenset(map(finding, report.failing)),
        sources={
            path: source.as_file() if in_files else source
            for path, source in report.sources.items()
        },
    )


def _finding(finding: Finding, sources: Sources, in_files: bool) -> Finding:
    def step(each: Step) -> Step:
        span = _span(each.path, each.span, sources, in_files)
        return replace(each, span=span, message=_said(each.message, each.path, sources))

    return replace(
        finding,
        span=_span(finding.path, finding.span, sources, in_files),
        message=_said(finding.message, finding.path, sources),
        steps=tuple(map(step, finding.steps)),
        also=tuple(map(step, finding.also)),
    )


def _span(path: str, span: Span, sources: Sources, in_files: bool) -> Span:
    source = sources.get(path)
    return source.in_file(span) if source is not None and in_files else span


def _said(message: str, path: str, sources: Sources) -> str:
    def line(found: re.Match[str]) -> str:
        where = cell(path, int(found[1]), sources) if found[1] else None
        return found[0] if where is None else f"line {where.line} of cell {where.cell}"

    return _LINE.sub(line, message)
