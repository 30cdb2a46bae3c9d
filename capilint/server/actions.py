"""Code actions of the findings below the cursor: mend, suppress, show the path.

The edit that mends a finding is searched for and tried, which takes seconds: only where it is asked
for (`codeAction/resolve`), and only for that finding.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from functools import cached_property
from typing import Any, NamedTuple

from lsprotocol import types

from capilint.edits.session import Session
from capilint.edits.suppression import suppression
from capilint.files.source import is_notebook
from capilint.finding import Change, Finding
from capilint.findings.fingerprint import fingerprints
from capilint.server.diagnostics import Translator
from capilint.server.workspace import Checked

PATH_COMMAND = "capilint.path"  # answered by the server: the steps of a path
MEND_COMMAND = "capilint.mend"  # the server makes the edit: for clients that resolve no actions
SHOW_PATH_COMMAND = "capilint.showPath"  # of an editor that can show them


class Client(NamedTuple):
    """What an editor can do: take edits that name a document's version, ask for the edit of an
    action when it is chosen, show paths."""

    versioned: bool = False
    resolves: bool = False
    shows_paths: bool = False


class Actions:
    """The actions for what one check found."""

    def __init__(self, checked: Checked, translator: Translator, client: Client) -> None:
        self._checked = checked
        self._translator = translator
        self._client = client

    def findings_at(self, path: str, wanted: types.Range) -> list[Finding]:
        """The findings of a file whose lines a range touches."""
        return [
            each
            for each in self._checked.report.findings
            if each.path == path
            and each.span.line - 1 <= wanted.end.line
            and wanted.start.line <= each.span.end_line - 1
        ]

    def of(self, finding: Finding) -> Iterator[types.CodeAction]:
        """The actions for a finding; the first has its edit only when it was `mended`."""
        diagnostic = self._translator.diagnostic(finding)
        if finding.resource and finding.steps and not is_notebook(finding.path):
            title = f"Mend {finding.code}: {finding.help}" if finding.help else "Mend it"
            data = {"uri": self._translator.uri(finding.path), "finding": self._key(finding)}
            command = types.Command(title, MEND_COMMAND, arguments=[data])
            yield types.CodeAction(
                title,
                kind=types.CodeActionKind.QuickFix,
                diagnostics=[diagnostic],
                is_preferred=True,
                data=data if self._client.resolves else None,
                command=None if self._client.resolves else command,
            )
        source = self._checked.report.sources.get(finding.path)
        change = suppression(finding, source) if source is not None else None
        if change is not None:
            yield types.CodeAction(
                title=f"Suppress {finding.code} here, with a reason",
                kind=types.CodeActionKind.QuickFix,
                diagnostics=[diagnostic],
                edit=self._edit([change]),
            )
        if self._client.shows_paths and finding.steps:
            title = f"Show the path of {finding.code} ({len(finding.steps)} steps)"
            start = diagnostic.range.start
            place = [self._translator.uri(finding.path), start.line, start.character]
            command = types.Command(title, SHOW_PATH_COMMAND, arguments=place)
            yield types.CodeAction(title, kind=types.CodeActionKind.Empty, command=command)

    def known(self, data: Any) -> Finding | None:
        """The finding that an action was offered for, as this check tells it."""
        wanted = data.get("finding") if isinstance(data, Mapping) else None
        return next((each for each, digest in self._fingerprints if digest == wanted), None)

    def mended(self, finding: Finding) -> types.WorkspaceEdit | None:
        """The edit that mends a finding; None where none holds. Takes long."""
        checked = self._checked
        session = Session(checked.inputs, checked.configuration.settings_of, checked.report)
        fix = session.fix_of(finding)
        return None if fix is None else self._edit(fix.changes)

    def path(self, finding: Finding) -> dict[str, object]:
        """A finding with the steps that lead to it, each with its place."""
        return {
            "code": finding.code,
            "message": finding.message,
            "steps": [
                {
                    "kind": step.kind,
                    "message": step.message,
                    "location": self._translator.location(step),
                }
                for step in finding.steps
            ],
        }

    @cached_property
    def _fingerprints(self) -> list[tuple[Finding, str]]:
        """What each finding is known by to another check of the same text."""
        report = self._checked.report
        return list(fingerprints(report.everything, report.sources))

    def _key(self, finding: Finding) -> str:
        return next(digest for each, digest in self._fingerprints if each is finding)

    def _edit(self, changes: Iterable[Change]) -> types.WorkspaceEdit:
        by_path: dict[str, list[types.TextEdit]] = {}
        for change in changes:
            by_path.setdefault(change.path, []).append(self._translator.edit(change))
        if not self._client.versioned:
            uris = {self._translator.uri(path): edits for path, edits in by_path.items()}
            return types.WorkspaceEdit(changes=uris)
        documents = self._checked.documents
        return types.WorkspaceEdit(
            document_changes=[
                types.TextDocumentEdit(
                    types.OptionalVersionedTextDocumentIdentifier(
                        self._translator.uri(path),
                        documents[path].version if path in documents else None,
                    ),
                    edits,
                )
                for path, edits in by_path.items()
            ]
        )
