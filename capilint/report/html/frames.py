"""A finding's path as frames: the lines of its function, with those of its callees in place.

Frame encrypt()   6   live   CryptGenKey ...
                  7   live   helper(hKey)  ── Frame helper()  31  live  ...
                  9   live   return FALSE
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from capilint.files.source import Source
from capilint.finding import Finding, Passage, Span, Step
from capilint.report.html.excerpts import extent, passed_lines, shown
from capilint.report.printable import printable

_AROUND = 5  # lines around a finding that has no path


@dataclass(slots=True)
class Frame:
    """One function on a path: what is passed in it, in order, and the calls that are unfolded.

    `touches` is set where something is done to the handle in it.
    """

    path: str
    name: str
    passages: list[Passage] = field(default_factory=list)
    calls: list[tuple[int, Frame]] = field(default_factory=list)
    steps: list[int] = field(default_factory=list)
    extra: list[int] = field(default_factory=list)
    touches: bool = False


def frames(finding: Finding) -> list[Frame]:
    """The function of a finding, and those in which its path goes on after it."""
    own = _frames_of(finding.route, finding)
    found = [own]
    mine = {line for each in own.passages for line in _lines(each)}
    for number, step in enumerate(finding.steps):
        if step.path == own.path and (step.span.line in mine or not finding.ender):
            own.steps.append(number)
            continue
        if found[-1] is own or found[-1].path != step.path:
            found.append(Frame(step.path, finding.ender))
        found[-1].steps.append(number)
    own.extra += [each.span.line for each in finding.also if each.path == own.path]
    if not finding.steps:
        own.extra.append(finding.span.line)
    return found


def _frames_of(route: Sequence[Passage], finding: Finding) -> Frame:
    """A route as the frame of its function, with the frames of its callees below it."""
    first = route[0].path if route else finding.path
    first = finding.steps[0].path if finding.steps and not route else first
    own = Frame(first, "" if finding.function == finding.ender else finding.function, touches=True)
    stack = [own]
    for passage in route:
        frame = stack[-1]
        if passage.kind == "exit":
            if len(stack) > 1:
                stack.pop()
                stack[-1].passages.append(passage._replace(kind=""))
            continue
        if passage.kind == "enter":
            inner = Frame("", passage.name)
            frame.passages.append(passage._replace(kind="", outcome=""))
            frame.calls.append((passage.span.line, inner))
            stack.append(inner)
            continue
        frame.path = frame.path or passage.path
        if passage.path == frame.path:
            frame.passages.append(passage)
        if passage.action or passage.outcome == "fails":
            for each in stack:
                each.touches = True
    return own


class Drawer:
    """Turns frames into what the page draws, and takes note of the lines that it needs."""

    def __init__(self, sources: Mapping[str, Source], file_number: Mapping[str, int]) -> None:
        self._sources = sources
        self._file_number = file_number
        self.needed: dict[str, set[int]] = {}

    def drawn(self, finding: Finding) -> list[dict[str, object]]:
        """The frames of a finding, for JSON."""
        return [self._frame(each, finding.steps, finding) for each in frames(finding)]

    def _frame(self, frame: Frame, steps: Sequence[Step], finding: Finding) -> dict[str, object]:
        source = self._sources.get(frame.path)
        lines: Sequence[str] = source.lines if source is not None else ()
        passages = [each for each in frame.passages if each.span.line <= len(lines)]
        noted = {line for each in passages for line in _lines(each)}
        noted |= {steps[number].span.line for number in frame.steps} | set(frame.extra)
        noted = {line for line in noted if line <= len(lines)}
        drawn: dict[str, object] = {"file": self._file_number.get(frame.path, -1)}
        if frame.name:
            drawn["name"] = printable(frame.name)
        if source is not None and noted:
            if passages or frame.steps:
                first, last = extent(lines, source.language, frame.name or finding.function, noted)
            else:
                first, last = max(1, min(noted) - _AROUND), max(noted) + _AROUND
            ranges = shown(first, min(last, len(lines)), noted)
            self._need(frame.path, ranges)
            drawn["show"] = ranges
        order = [(line, each.state) for each in passages for line in _lines(each)]
        whole = all(not each.depth for each in passages)  # of callees only events are known
        if order:
            drawn["passed"] = passed_lines(lines, order, whole)
            drawn["whole"] = whole
        if marks := _marks(passages, lines):
            drawn["marks"] = marks
        if frame.steps:
            drawn["steps"] = frame.steps
        calls = [
            {"line": line, "open": inner.touches, "frame": self._frame(inner, (), finding)}
            for line, inner in frame.calls
            if inner.passages
        ]
        if calls:
            drawn["calls"] = calls
        return drawn

    def _need(self, path: str, ranges: Iterable[tuple[int, int]]) -> None:
        for first, last in ranges:
            self.needed.setdefault(path, set()).update(range(first, last + 1))


def _marks(passages: Iterable[Passage], lines: Sequence[str]) -> list[list[object]]:
    """The branches on a path, and the calls that fail or raise: line, columns from 0 in units of
    UTF-16, which scripts count, outcome.

    Of a stretch that is passed several times the last outcome is told, with how often it is.
    """
    told: dict[Span, str] = {}
    times: Counter[Span] = Counter()
    for each in passages:
        if each.kind == "branch":
            told[each.span] = each.outcome
            times[each.span] += 1
        elif each.kind == "raise":
            told[each.span] = "raises"
        elif each.kind == "call" and each.outcome == "fails":
            told[each.span] = each.outcome
    marks: list[list[object]] = []
    for span, outcome in sorted(told.items()):
        text = lines[span.line - 1]
        end = span.end_column - 1 if span.end_line == span.line else len(text)
        columns = [_units(printable(text[:column])) for column in (span.column - 1, end)]
        marks.append([span.line, *columns, outcome, max(1, times[span])])
    return marks


def _units(text: str) -> int:
    return len(text.encode("utf-16-le", errors="surrogatepass")) // 2


def _lines(passage: Passage) -> range:
    """The lines of a passage: of a loop that goes round only the first."""
    span = passage.span
    last = span.line if passage.outcome.endswith(" round") else span.end_line
    return range(span.line, last + 1)
