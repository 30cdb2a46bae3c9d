"""The language server, as an editor has it: one process, and a client that speaks the protocol."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Awaitable, Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest

pytest.importorskip("pygls", reason="the extra `lsp` is not installed")

from lsprotocol import types
from pygls.lsp.client import LanguageClient

from tests.tools import ROOT

PATIENCE = 60  # seconds, for a machine under load
LEAK = """\
#include "own.h"
BOOL encrypt(HCRYPTPROV hProv, BYTE *data, DWORD *length, DWORD capacity)
{
    HCRYPTKEY hKey;
\t/* \U0001f511 */ if (!make_key(hProv, &hKey))
        return FALSE;
    if (!CryptEncrypt(hKey, 0, TRUE, 0, data, length, capacity))
        return FALSE;
    CryptDestroyKey(hKey);
    return TRUE;
}
"""
HEADER = """\
#include <windows.h>
#include <wincrypt.h>
BOOL make_key(HCRYPTPROV hProv, HCRYPTKEY *phKey);
"""
MAKER = """\
#include "own.h"
BOOL make_key(HCRYPTPROV hProv, HCRYPTKEY *phKey)
{
    return CryptGenKey(hProv, CALG_AES_256, 0, phKey);
}
"""


class Editor:
    """A client with one server process; it keeps what it is told."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.client = LanguageClient("tests", "1")
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

        @self.client.feature(types.WINDOW_LOG_MESSAGE)
        def logged(params: types.LogMessageParams) -> None:
            self.logged.append(params.message)

    async def start(self, command: list[str] | None = None) -> types.InitializeResult:
        """Start the server, and say what an editor says."""
        words = command or [sys.executable, "-m", "capilint", "server"]
        await self.client.start_io(*words, cwd=ROOT)
        uri = self.folder.as_uri()
        edits = types.WorkspaceEditClientCapabilities(document_changes=True)
        result = await self.client.initialize_async(
            types.InitializeParams(
                capabilities=types.ClientCapabilities(
                    workspace=types.WorkspaceClientCapabilities(workspace_edit=edits)
                ),
                workspace_folders=[types.WorkspaceFolder(uri, "folder")],
                initialization_options={"showPath": True},
            )
        )
        self.client.initialized(types.InitializedParams())
        return result

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
        async with asyncio.timeout(PATIENCE):
            while not holds():
                self._told.clear()
                with suppress(TimeoutError):
                    await asyncio.wait_for(self._told.wait(), 1)

    async def actions(self, name: str, line: int) -> list[types.CodeAction]:
        """What is offered on a line."""
        place = types.Position(line, 0)
        found = await self.client.text_document_code_action_async(
            types.CodeActionParams(
                types.TextDocumentIdentifier(self.uri(name)),
                types.Range(place, place),
                types.CodeActionContext([]),
            )
        )
        return [each for each in found or () if isinstance(each, types.CodeAction)]

    async def hover(self, name: str, line: int, character: int) -> str | None:
        """The text of a hover."""
        found = await self.client.text_document_hover_async(
            types.HoverParams(
                types.TextDocumentIdentifier(self.uri(name)), types.Position(line, character)
            )
        )
        assert found is None or isinstance(found.contents, types.MarkupContent)
        return None if found is None else found.contents.value  # type: ignore[union-attr]


def in_editor(folder: Path, script: Callable[[Editor], Awaitable[None]]) -> Editor:
    """Run a script with an editor whose server it must leave able to end well."""

    async def run() -> Editor:
        editor = Editor(folder)
        await editor.start()
        await script(editor)
        assert await editor.stop() == 0
        return editor

    return asyncio.run(asyncio.wait_for(run(), 3 * PATIENCE))


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A workspace of three files."""
    (tmp_path / "leak.c").write_text(LEAK, encoding="utf-8")
    (tmp_path / "own.h").write_text(HEADER, encoding="utf-8")
    (tmp_path / "maker.c").write_text(MAKER, encoding="utf-8")
    return tmp_path


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


def test_a_session(folder: Path) -> None:
    async def script(editor: Editor) -> None:
        editor.open("leak.c")
        await editor.until(lambda: editor.codes("leak.c") == [("CAP101", 4)])
        (found,) = editor.diagnostics[editor.uri("leak.c")].diagnostics
        # A tab is one unit, and the key sign two.
        assert found.range.start == types.Position(4, LEAK.split("\n")[4].index("make_key") + 1)
        print(found)
        for each in await editor.actions("leak.c", 4): print(each)
        print(await editor.hover("leak.c", 4, found.range.start.character + 2))

    in_editor(folder, script)
