"""Whether a finding concerns lines that were changed."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from itertools import chain, pairwise

from capilint.files.git_changes import Changes, Hunk
from capilint.files.source import Source
from capilint.finding import Finding, Span, Step


def concerns(finding: Finding, changes: Changes) -> bool:
    """Whether a step of the finding is on a changed line, or lines are gone from its path.

    A release that was taken out is on no line any more: what was removed or replaced between two
    steps counts, where these stand in one file.
    """
    places = [(finding.path, finding.span)]
    places += [(step.path, step.span) for step in (*finding.steps, *finding.also)]
    if any(_on(span, hunk) for path, span in places for hunk in changes.of(path)):
        return True
    legs = chain(
        pairwise(finding.steps),
        ((first, last) for first in finding.steps[:1] for last in finding.also),
    )
    return any(
        hunk.removed and _between(first.span, last.span, hunk)
        for first, last in legs
        if first.path == last.path
        for hunk in changes.of(first.path)
    )


def in_file(finding: Finding, sources: Mapping[str, Source]) -> Finding:
    """The finding with its places where git counts lines: of a notebook in its JSON."""

    def span(path: str, given: Span) -> Span:
        return sources[path].in_file(given) if path in sources else given

    def steps(given: Iterable[Step]) -> tuple[Step, ...]:
        return tuple(replace(each, span=span(each.path, each.span)) for each in given)

    return replace(
        finding,
        span=span(finding.path, finding.span),
        steps=steps(finding.steps),
        also=steps(finding.also),
    )


def _on(span: Span, hunk: Hunk) -> bool:
    return hunk.line <= span.end_line and span.line < hunk.line + hunk.lines


def _between(first: Span, last: Span, hunk: Hunk) -> bool:
    start, end = sorted((first.line, last.line))
    return start <= hunk.line + max(hunk.lines - 1, 0) and hunk.line < end
