"""Findings as the protocol's diagnostics, with the steps of the path as related information."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

from lsprotocol import types

from capilint.files.source import Unreadable
from capilint.finding import Change, Finding, Severity, Span, Step
from capilint.rulebook.folder import rule_folder
from capilint.server.positions import Places
from capilint.server.workspace import Checked

SOURCE = "capilint"
_SEVERITIES = {
    Severity.ERROR: types.DiagnosticSeverity.Error,
    Severity.WARNING: types.DiagnosticSeverity.Warning,
    Severity.NOTE: types.DiagnosticSeverity.Information,
}
_TAGS = {
    "CAP501": types.DiagnosticTag.Deprecated,
    "CAP903": types.DiagnosticTag.Unnecessary,
}


def uri_of(path: str) -> str:
    """The URI of a file that the client did not name."""
    return Path(os.path.abspath(path)).as_uri()  # noqa: PTH100 - resolves no link


class Translator:
    """Turns what a check says into the protocol's values; `encoding` is what columns count."""

    def __init__(self, checked: Checked, encoding: str) -> None:
        self._checked = checked
        self._encoding = encoding
        self._places: dict[str, Places] = {}

    def uri(self, path: str) -> str:
        """A file's URI; that of an open document is the client's own."""
        document = self._checked.documents.get(path)
        return uri_of(path) if document is None else document.uri

    def diagnostic(self, finding: Finding) -> types.Diagnostic:
        """A finding."""
        tag = _TAGS.get(finding.code)
        text = finding.message + (f"\nhelp: {finding.help}" if finding.help else "")
        return types.Diagnostic(
            range=self.range(finding.path, finding.span),
            message=text,
            severity=_SEVERITIES[finding.severity],
            code=finding.code,
            code_description=types.CodeDescription(href=_page(finding.code)),
            source=SOURCE,
            tags=None if tag is None else [tag],
            related_information=list(self._related(finding)) or None,
        )

    def unreadable(self, item: Unreadable) -> types.Diagnostic:
        """A file that was not analysed."""
        start = types.Position(0, 0)
        return types.Diagnostic(
            range=types.Range(start, start),
            message=f"not analysed: {item.reason}",
            severity=types.DiagnosticSeverity.Warning,
            source=SOURCE,
        )

    def location(self, step: Step) -> types.Location:
        """Where a step is."""
        return types.Location(self.uri(step.path), self.range(step.path, step.span))

    def range(self, path: str, span: Span) -> types.Range:
        """A stretch of a file."""
        places = self.places(path)
        start = places.of(span.line, span.column)
        end = places.of(span.end_line, span.end_column)
        return types.Range(types.Position(*start), types.Position(*end))

    def edit(self, change: Change) -> types.TextEdit:
        """A change of whole lines, with the line ends of the document."""
        places = self.places(change.path)
        ends = places.of(change.line, 1), places.of(change.end_line, 1)
        start, end = (types.Position(*each) for each in ends)
        text = change.text.replace("\n", places.line_end)
        return types.TextEdit(types.Range(start, end), text)

    def places(self, path: str) -> Places:
        """The places in a file as it was checked."""
        if path not in self._places:
            self._places[path] = self._checked.places(path, self._encoding)
        return self._places[path]

    def _related(self, finding: Finding) -> Iterator[types.DiagnosticRelatedInformation]:
        for number, step in enumerate(finding.steps, start=1):
            yield types.DiagnosticRelatedInformation(
                self.location(step), f"{number}. {step.message}"
            )
        for step in finding.also:
            yield types.DiagnosticRelatedInformation(self.location(step), f"also: {step.message}")


def _page(code: str) -> str:
    """What a code means: the page that is installed with the rules."""
    return uri_of(f"{rule_folder()}/codes/{code}.md")
