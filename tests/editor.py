"""An editor for tests: a client of the language server, which shows nothing."""

from __future__ import annotations

import asyncio
import json
import os
import shutil
import sys
import time
from collections.abc import Awaitable, Callable, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

from lsprotocol import types
from pytest_lsp import LanguageClient, client_capabilities

from tests.tools import ROOT

MANIFEST = json.loads((ROOT / "editors" / "vscode" / "package.json").read_text(encoding="utf-8"))
COMMAND = MANIFEST["contributes"]["configuration"]["properties"]["capilint.command"]["default"]
ENVIRONMENT = {**os.environ, "PYTHONPATH": str(ROOT)}
PATIENCE = 90  # seconds, for a machine under load


class Editor:
    """A client with one server process; it keeps what it is told."""

    def __init__(self, folder: Path, name: str) -> None:
        """The client says that it can do what the editor of that name can (see pytest-lsp)."""
        self.folder = folder
        self._able = client_capabilities(name)
        self.applied: list[types.WorkspaceEdit] = []
        self.client = LanguageClient()
        self.diagnostics: dict[str, types.PublishDiagnosticsParams] = {}
        self.messages: list[str] = []
        self.logged: list[str] = []
        self._versions: dict[str, int] = {}
        self._told = asyncio.Event()

        @self.client.feature(types.TEXT_DOCUMENT_PUBLISH_DIAGNOSTICS)
        def published(params: types.PublishDiagnosticsParams) -> None:
            self.diagnostics[params.uri] = params
            self._told.set()

        @self.client.feature(types.WINDOW_SHOW_MESSAGE)
        def shown(params: types.ShowMessageParams) -> None:
            self.messages.append(params.message)
            self._told.set()

        @self.client.feature(types.CLIENT_REGISTER_CAPABILITY)
        def register(params: types.RegistrationParams) -> None:
            pass

        @self.client.feature(types.WORKSPACE_APPLY_EDIT)
        def apply(params: types.ApplyWorkspaceEditParams) -> types.ApplyWorkspaceEditResult:
            self.applied.append(params.edit)
            return types.ApplyWorkspaceEditResult(applied=True)

        @self.client.feature(types.WINDOW_LOG_MESSAGE)
        def logged(params: types.LogMessageParams) -> None:
            self.logged.append(params.message)

    async def start(self, *under: str) -> types.InitializeResult:
        """Start the server by the command of the extension for VS Code, if need be `under` another
        program, and say what an editor says."""
        command = shutil.which(COMMAND[0], path=Path(sys.executable).parent)
        assert command is not None
        await self.client.start_io(*under, command, *COMMAND[1:], cwd=ROOT, env=ENVIRONMENT)
        uri = self.folder.as_uri()
        return await self.client.initialize_session(
            types.InitializeParams(
                capabilities=self._able,
                workspace_folders=[types.WorkspaceFolder(uri, "folder")],
                initialization_options={"showPath": True},
            )
        )

    async def stop(self) -> int | None:
        """End the server as the protocol says; its exit status."""
        await self.client.shutdown_async(None)
        self.client.exit(None)
        process = self.client._server
        assert process is not None
        await asyncio.wait_for(process.wait(), PATIENCE)
        with suppress(Exception):
            await self.client.stop()
        return process.returncode

    def uri(self, name: str) -> str:
        return (self.folder / name).as_uri()

    def open(self, name: str, text: str | None = None, language: str = "c") -> None:
        """Open a file, with another text than it has or as it is."""
        text = (self.folder / name).read_text(encoding="utf-8") if text is None else text
        self._versions[name] = 1
        item = types.TextDocumentItem(self.uri(name), language, 1, text)
        self.client.text_document_did_open(types.DidOpenTextDocumentParams(item))

    def type(self, name: str, text: str) -> None:
        """Change the text of an open document."""
        self._versions[name] += 1
        self.client.text_document_did_change(
            types.DidChangeTextDocumentParams(
                types.VersionedTextDocumentIdentifier(self._versions[name], self.uri(name)),
                [types.TextDocumentContentChangeWholeDocument(text)],
            )
        )

    def close(self, name: str) -> None:
        self.client.text_document_did_close(
            types.DidCloseTextDocumentParams(types.TextDocumentIdentifier(self.uri(name)))
        )

    def codes(self, name: str) -> list[tuple[object, int]] | None:
        """The codes and 0-based lines in a file; None where nothing was said of its text."""
        told = self.diagnostics.get(self.uri(name))
        if told is None or told.version not in (None, self._versions.get(name)):
            return None
        return [(each.code, each.range.start.line) for each in told.diagnostics]

    async def until(self, holds: Callable[[], bool]) -> None:
        """Wait until the server has told so."""
        end = time.monotonic() + PATIENCE
        while not holds():
            told = {uri: each.diagnostics for uri, each in self.diagnostics.items()}
            assert time.monotonic() < end, (told, self.messages, self.logged)
            self._told.clear()
            with suppress(TimeoutError):
                await asyncio.wait_for(self._told.wait(), 1)

    async def actions(self, name: str, line: int) -> list[Any]:
        """What is offered on a line."""
        place = types.Position(line, 0)
        found = await self.client.text_document_code_action_async(
            types.CodeActionParams(
                types.TextDocumentIdentifier(self.uri(name)),
                types.Range(place, place),
                types.CodeActionContext([]),
            )
        )
        return list(found or ())

    async def hover(self, name: str, line: int, character: int) -> str | None:
        """The text of a hover."""
        found = await self.client.text_document_hover_async(
            types.HoverParams(
                types.TextDocumentIdentifier(self.uri(name)), types.Position(line, character)
            )
        )
        assert found is None or isinstance(found.contents, types.MarkupContent)
        return None if found is None else found.contents.value  # type: ignore[union-attr]


def in_editor(
    folder: Path,
    script: Callable[[Editor], Awaitable[None]],
    name: str = "visual-studio-code",
    under: Sequence[str] = (),
) -> Editor:
    """Run a script with an editor whose server, `under` another program or alone, it must leave
    able to end well."""

    async def run() -> Editor:
        editor = Editor(folder, name)
        await editor.start(*under)
        await script(editor)
        assert await editor.stop() == 0
        return editor

    return asyncio.run(asyncio.wait_for(run(), 3 * PATIENCE))


def applied(text: str, edits: list[types.TextEdit]) -> str:
    """A text with edits, as an editor that counts in UTF-16 makes them."""
    lines = text.split("\n")

    def offset(place: types.Position) -> int:
        before = sum(len(line) + 1 for line in lines[: place.line])
        data = lines[place.line].encode("utf-16-le")[: 2 * place.character]
        return before + len(data.decode("utf-16-le"))

    for edit in sorted(edits, key=lambda each: offset(each.range.start), reverse=True):
        start, end = offset(edit.range.start), offset(edit.range.end)
        text = text[:start] + edit.new_text + text[end:]
    return text


def edits_of(edit: types.WorkspaceEdit | None) -> list[types.TextEdit]:
    """The edits of the one document that is edited."""
    assert edit is not None
    assert edit.document_changes is not None
    (change,) = edit.document_changes
    assert isinstance(change, types.TextDocumentEdit)
    return [each for each in change.edits if isinstance(each, types.TextEdit)]
