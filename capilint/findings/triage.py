"""From what the engine found to what is reported: suppression, selection, severities.

Finding* ── suppressed by a comment? ── selected by the settings? ── severity ── sorted
                  │
             Suppressed*     and CAP903, CAP904 for comments that suppress nothing or are wrong
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace

from capilint.config.settings import Settings
from capilint.files.source import Source
from capilint.finding import Finding, Severity, Span, place_of
from capilint.findings.suppress import Directive, directives, matching
from capilint.internal_error import reason
from capilint.rulebook.codes import Code

UNUSED_SUPPRESSION, WRONG_SUPPRESSION = "CAP903", "CAP904"


@dataclass(frozen=True, slots=True)
class Suppressed:
    """A finding that a comment silences: the comment's path, line and reason.

    `own` is set for capilint's own spelling, not that of another linter.
    """

    finding: Finding
    path: str
    line: int
    reason: str
    own: bool = True


@dataclass(frozen=True, slots=True)
class Triage:
    """The findings to report and those that a comment silences, both sorted by place."""

    findings: tuple[Finding, ...]
    suppressed: tuple[Suppressed, ...]


class Triager:
    """Sorts the findings of one run; `codes` describes the codes by name. `troubles` say which
    files' comments could not be read, by a mistake of ours: these suppress nothing."""

    def __init__(
        self,
        sources: Mapping[str, Source],
        settings_of: Callable[[str], Settings],
        codes: Mapping[str, Code],
    ) -> None:
        self._sources = sources
        self._settings_of = settings_of
        self._codes = codes
        self._directives: dict[str, tuple[Directive, ...]] = {}
        self._used: dict[tuple[str, Directive], set[str]] = {}
        self.troubles: list[str] = []

    def triage(self, findings: Iterable[Finding]) -> Triage:
        """What of the findings is reported, and what is suppressed."""
        kept: list[Finding] = []
        suppressed: list[Suppressed] = []
        for finding in findings:
            silencing = self._silencing(finding)
            if not self._selected(finding):
                continue
            finding = self._graded(finding)
            if silencing is None:
                kept.append(finding)
            else:
                path, directive = silencing
                suppressed.append(
                    Suppressed(finding, path, directive.line, directive.reason, directive.own)
                )
        kept += [self._graded(each) for each in self._remarks() if self._selected(each)]
        return Triage(
            tuple(sorted(_told_once(kept), key=place_of)),
            tuple(sorted(suppressed, key=lambda item: place_of(item.finding))),
        )

    def _silencing(self, finding: Finding) -> tuple[str, Directive] | None:
        """The first comment that suppresses the finding; all that do count as used. Where that
        cannot be told, by a mistake of ours, none does."""
        try:
            return self._first_silencing(finding)
        except Exception as error:
            place = f"{finding.path}:{finding.span.line}:{finding.span.column}"
            self.troubles.append(f"{place}: no comment suppresses it: {reason(error)}")
            return None

    def _first_silencing(self, finding: Finding) -> tuple[str, Directive] | None:
        first = None
        for path, lines in _lines_of(finding):
            for directive in matching(self._directives_of(path), finding.code, lines):
                self._used.setdefault((path, directive), set()).add(finding.code)
                first = first or (path, directive)
        return first

    def _directives_of(self, path: str) -> tuple[Directive, ...]:
        if path not in self._directives:
            source = self._sources.get(path)
            try:
                found = directives(source.text, source.language) if source else ()
            except Exception as error:
                self.troubles.append(f"{path}: no comment suppresses anything: {reason(error)}")
                found = ()
            self._directives[path] = found
        return self._directives[path]

    def _default(self, finding: Finding) -> str:
        return self._codes[finding.code].default

    def _selected(self, finding: Finding) -> bool:
        settings = self._settings_of(finding.path)
        return (
            settings.selects(finding.code, self._default(finding))
            and (not finding.resource or settings.wants_resource(finding.resource))
            and not finding.code.startswith(settings.ignores_in(finding.path))
        )

    def _graded(self, finding: Finding) -> Finding:
        settings = self._settings_of(finding.path)
        mild = finding.resource and finding.severity is Severity.NOTE  # where the process ends
        default = finding.severity if mild else self._default(finding)
        severity = settings.severity_of(finding.code, default)
        return replace(finding, severity=severity)

    def _remarks(self) -> Iterator[Finding]:
        """What is to be said of the comments themselves."""
        for path in self._sources:
            settings = self._settings_of(path)
            for code, said in ((UNUSED_SUPPRESSION, self._idle), (WRONG_SUPPRESSION, _wrong)):
                if not settings.selects(code, self._codes[code].default):
                    continue
                for directive in self._directives_of(path):
                    fields = said(path, directive)
                    if fields:
                        line, column = directive.line, directive.column
                        span = Span(line, column, line, directive.end_column)
                        yield remark(self._codes[code], path, span, **fields)

    def _idle(self, path: str, directive: Directive) -> Mapping[str, str]:
        """The codes of a comment of ours that suppressed nothing, in words."""
        if not directive.own or directive.problem:
            return {}
        used = self._used.get((path, directive), set())
        if directive.codes is None:
            return {} if used else {"codes": "any code"}
        idle = [
            prefix
            for prefix in directive.codes
            if not any(code.startswith(prefix) for code in used)
        ]
        return {"codes": ", ".join(idle)} if idle else {}


def _wrong(path: str, directive: Directive) -> Mapping[str, str]:
    """What is wrong with a comment."""
    return {"reason": directive.problem} if directive.problem else {}


def remark(code: Code, path: str, span: Span, function: str = "<module>", **fields: str) -> Finding:
    """A finding that is about no handle; `fields` fill the message of the code."""
    return Finding(
        code=code.code,
        name=code.name,
        severity=Severity.NOTE,
        path=path,
        span=span,
        function=function,
        resource="",
        handle="",
        message=code.message.format(**fields),
        help=code.help.format(**fields),
    )


def _lines_of(finding: Finding) -> Iterator[tuple[str, frozenset[int]]]:
    """Where a comment may suppress the finding: its own lines, and those of the creation.

    A call may span lines; its first and its last have room for a comment.
    """
    yield finding.path, frozenset((finding.span.line, finding.span.end_line))
    for step in finding.steps:
        if step.kind == "create":
            yield step.path, frozenset((step.span.line, step.span.end_line))


def _told_once(findings: Iterable[Finding]) -> Iterable[Finding]:
    """One finding of those that say the same of one handle's name, at one place: the shortest.

    Whichever of several calls made the handle, the mistake is one, and so is the place to mend.
    Of equals it is the first by name, whatever order the functions were looked at in.
    """
    shortest: dict[tuple[object, ...], Finding] = {}
    for number, finding in enumerate(findings):
        told = finding.handle or number
        key = (finding.path, finding.span, finding.code, finding.resource, told)
        known = shortest.get(key)
        if known is None or _length(finding) < _length(known):
            shortest[key] = finding
    return shortest.values()


def _length(finding: Finding) -> tuple[int, str, str]:
    return len(finding.trace), finding.function, finding.message
