"""The report for people: each finding with its source lines and the steps of its witness.

src/session.c:42:10: error: CAP101 key `hKey` from CryptGenKey is not destroyed when ...
   42 |     if (!CryptGenKey(hProv, CALG_RC4, CRYPT_EXPORTABLE, &hKey))
      |          ^^^^^^^^^^^ 1. hKey is created here
   51 |         return FALSE;
      |         ^^^^^^ 2. leaves with hKey alive
   = help: call CryptDestroyKey(hKey) before line 51
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Mapping
from itertools import groupby
from typing import TYPE_CHECKING

from capilint.report import Style
from capilint.report.old_findings import gone, not_shown
from capilint.report.places import place as place_of
from capilint.report.places import section
from capilint.report.printable import other_places, plural, printable, width
from capilint.severity import Severity

if TYPE_CHECKING:
    from capilint.checking import Report
    from capilint.files.source import Source
    from capilint.finding import Finding, Span, Step
    from capilint.findings.baseline import Gone
    from capilint.silence import Account

_HEAD = r"[^\s(;]+"  # what the carets stand under: a callee's name, a keyword
_GUTTER = 5  # digits of a line number
_WIDEST = 160  # columns of source shown; generated code has longer lines

_NOT_ANALYSED = ("CAP901", "CAP902")  # notes that say where findings may be missing

_RESET, _BOLD, _BLUE = "\x1b[0m", "\x1b[1m", "\x1b[34m"
_COLOURS = {Severity.ERROR: "\x1b[31m", Severity.WARNING: "\x1b[33m", Severity.NOTE: "\x1b[36m"}


def render(report: Report, style: Style) -> str:
    """The findings, then one line that counts them and says what is left out.

    Notes are shown where `verbose` is set or they make the run fail. On request there follows
    what is not reported, a line for each handle. Last come the baselines' entries that are gone.
    What is `quiet` has the findings, and what was asked for.
    """
    shown = report.shown(style.verbose)
    blocks = [_Block(finding, report.sources, style.colour).text() for finding in shown]
    lines = [] if style.quiet else [_summary(shown, report)]
    if report.account is not None:
        lines += _account(report.account)
    if style.verbose:
        lines += [f"suppressed: {_in_a_line(item.finding, report)}" for item in report.suppressed]
        counts = f"{plural(report.seen, 'file')} seen, {report.analysed} analysed"
        lines.append(f"{counts}, {plural(len(report.suppressed), 'finding')} suppressed.")
        lines += [f"known: {_in_a_line(each, report)}" for each in report.known]
        lines += [f"gone: {_gone(each)}" for each in report.gone]
    if not style.quiet:
        lines += [f"note: {each}" for each in gone(report)]
    return "".join(f"{each}\n" for each in blocks + lines)


def _summary(shown: list[Finding], report: Report) -> str:
    """`Found 3 findings (2 errors, 1 warning) in 12 files.`, and what they do not tell."""
    files = plural(report.seen - report.unread, "file")
    if shown:
        count = Counter(finding.severity for finding in shown)
        kinds = ", ".join(plural(count[kind], kind.value) for kind in Severity if count[kind])
        counted = f"Found {plural(len(shown), 'finding')} ({kinds}) in {files}."
    else:
        some = report.known or report.unchanged
        counted = f"No {'new ' if some else ''}findings in {files}."
    return " ".join([counted, *_left_out(shown, report)])


def _left_out(shown: list[Finding], report: Report) -> Iterator[str]:
    unread = len(report.unreadable)
    if unread:
        yield f"{plural(unread, 'file')} could not be analysed."
    told = set(map(id, shown))
    hidden = [finding for finding in report.findings if id(finding) not in told]
    unclear = sum(finding.code in _NOT_ANALYSED for finding in hidden)
    if unclear:
        yield f"{plural(unclear, 'place')} not understood (--verbose shows where)."
    if len(hidden) > unclear:
        yield f"{plural(len(hidden) - unclear, 'note')} not shown (--verbose shows them)."
    yield from not_shown(report)


def _account(account: Account) -> Iterator[str]:
    """`Silent about 2 of 12 creations; 9 followed to the end, 1 reported.`, and why."""
    silent = sum(bool(silence.creation.resource) for silence in account.silences)
    handles = plural(silent + account.reported + account.followed, "creation")
    yield (
        f"Silent about {silent} of {handles}; "
        f"{account.followed} followed to the end, {account.reported} reported."
    )
    for silence in account.silences:
        yield printable(silence.text)
    for reason, count in account.passed_over:
        yield f"Not analysed: {plural(count, 'file')} {reason}."


def _gone(item: Gone) -> str:
    what = f"{item.entry.code} {item.entry.handle}".rstrip()
    return printable(f"{item.path}: {what} in {item.entry.function}: {item.entry.text}")


def _in_a_line(finding: Finding, report: Report) -> str:
    place = place_of(finding.path, finding.span, report.sources)
    return printable(f"{place}: {finding.code} {finding.message}")


class _Block:
    """The lines of one finding."""

    def __init__(self, finding: Finding, sources: Mapping[str, Source], colour: bool) -> None:
        self._finding = finding
        self._sources = sources
        self._colour = colour

    def text(self) -> str:
        """The message, the witness between source lines, and what helps; then an empty line."""
        return "\n".join([self._title(), *self._witness(), *self._remarks(), ""])

    def _title(self) -> str:
        finding = self._finding
        where = place_of(finding.path, finding.span, self._sources)
        place = printable(f"{where}:")
        severity = self._painted(f"{finding.severity.value}:", _COLOURS[finding.severity])
        code = self._painted(finding.code, _BOLD)
        return f"{self._painted(place, _BOLD)} {severity} {code} {printable(finding.message)}"

    def _witness(self) -> Iterator[str]:
        finding = self._finding
        if not finding.steps:
            yield from self._excerpt(finding.path, finding.span.line, [("", finding.span)])
        numbered = enumerate(finding.steps, start=1)
        place, _ = section(finding.path, finding.span.line, self._sources)
        for (path, line), group in groupby(numbered, key=_line_of_step):
            here, _ = section(path, line, self._sources)
            if here != place:
                place = here
                yield self._painted(f"{' ' * (_GUTTER + 1)}--> {printable(here)}", _BLUE)
            marks = [(f"{number}. {step.message}", step.span) for number, step in group]
            yield from self._excerpt(path, line, marks)

    def _excerpt(self, path: str, line: int, marks: list[tuple[str, Span]]) -> Iterator[str]:
        """One source line, and below it a caret line for each mark."""
        source = self._sources.get(path)
        known = source is not None and line <= len(source.lines)
        text = source.lines[line - 1] if source is not None and known else ""
        start = _cut(text, min(span.column for _, span in marks))
        _, shown = section(path, line, self._sources)
        gutter = self._painted(f"{shown:>{_GUTTER}} |", _BLUE)
        yield f"{gutter} {_clipped(printable(text[start:]))}".rstrip()
        for message, span in marks:
            indent, carets = _carets(text, span, start) if known else ("", "")
            gutter = self._painted(f"{'':>{_GUTTER}} |", _BLUE)
            marked = self._painted(carets, _COLOURS[self._finding.severity])
            yield f"{gutter} {indent}{marked} {printable(message)}".rstrip()

    def _remarks(self) -> Iterator[str]:
        gutter = self._painted(f"{'':>{_GUTTER - 2}} =", _BLUE)
        if self._finding.also:
            yield f"{gutter} note: {other_places(self._finding, self._sources)}"
        if self._finding.help:
            yield f"{gutter} help: {printable(self._finding.help)}"
        if self._finding.confirmed is False:
            yield f"{gutter} note: not confirmed: the runtime model did not come to this verdict"

    def _painted(self, text: str, colour: str) -> str:
        return f"{colour}{text}{_RESET}" if self._colour and text else text


def _line_of_step(item: tuple[int, Step]) -> tuple[str, int]:
    step = item[1]
    return step.path, step.span.line


def _cut(text: str, column: int) -> int:
    """How many characters of a very long line to leave out, so that the column is seen."""
    return 0 if column <= _WIDEST else column - _WIDEST // 2


def _clipped(text: str) -> str:
    return text if len(text) <= _WIDEST else text[: _WIDEST - 3] + "..."


def _carets(text: str, span: Span, start: int) -> tuple[str, str]:
    """The indentation and the carets below the first word of a span."""
    begin = span.column - 1
    end = span.end_column - 1 if span.end_line == span.line else len(text)
    word = re.match(_HEAD, text[begin : max(end, begin)])
    marked = word[0] if word else text[begin : begin + 1]
    indent = width(printable(text[start:begin]))
    return " " * indent, "^" * max(1, min(width(printable(marked)), _WIDEST - indent))
