"""The language server, as an editor has it: one process, and a client that speaks the protocol."""

from __future__ import annotations

import asyncio
import os
import shutil
import sys
import time
from ast import literal_eval
from collections.abc import Awaitable, Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest

pytest.importorskip("pygls", reason="the extra `lsp` is not installed")

from lsprotocol import types
from pygls.exceptions import JsonRpcException
from pygls.lsp.client import LanguageClient

from tests.doors import PYTHON_LEAK
from tests.test_editors import COMMAND
from tests.tools import ROOT

ENVIRONMENT = {**os.environ, "PYTHONPATH": str(ROOT)}
PATIENCE = 90  # seconds, for a machine under load
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

    def __init__(self, folder: Path, resolves: bool) -> None:
        """`resolves`: it asks for the edit of an action when one is chosen."""
        self.folder = folder
        self._resolves = resolves
        self.applied: list[types.WorkspaceEdit] = []
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

        @self.client.feature(types.WORKSPACE_APPLY_EDIT)
        def apply(params: types.ApplyWorkspaceEditParams) -> types.ApplyWorkspaceEditResult:
            self.applied.append(params.edit)
            return types.ApplyWorkspaceEditResult(applied=True)

        @self.client.feature(types.WINDOW_LOG_MESSAGE)
        def logged(params: types.LogMessageParams) -> None:
            self.logged.append(params.message)

    async def start(self) -> types.InitializeResult:
        """Start the server by the command of the extension for VS Code, and say what an editor
        says."""
        command = shutil.which(COMMAND[0], path=Path(sys.executable).parent)
        assert command is not None
        await self.client.start_io(command, *COMMAND[1:], cwd=ROOT, env=ENVIRONMENT)
        uri = self.folder.as_uri()
        edits = types.WorkspaceEditClientCapabilities(document_changes=True)
        resolved = types.ClientCodeActionResolveOptions(["edit"]) if self._resolves else None
        actions = types.CodeActionClientCapabilities(resolve_support=resolved)
        result = await self.client.initialize_async(
            types.InitializeParams(
                capabilities=types.ClientCapabilities(
                    workspace=types.WorkspaceClientCapabilities(workspace_edit=edits),
                    text_document=types.TextDocumentClientCapabilities(code_action=actions),
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
    folder: Path, script: Callable[[Editor], Awaitable[None]], resolves: bool = True
) -> Editor:
    """Run a script with an editor whose server it must leave able to end well."""

    async def run() -> Editor:
        editor = Editor(folder, resolves)
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


def test_a_finding_while_typing(folder: Path) -> None:
    async def script(editor: Editor) -> None:
        editor.open("leak.c")
        await editor.until(lambda: editor.codes("leak.c") == [("CAP101", 4)])
        (found,) = editor.diagnostics[editor.uri("leak.c")].diagnostics
        # A tab is one unit of UTF-16, and the key sign two.
        line = LEAK.split("\n")[4]
        assert found.range.start == types.Position(4, line.index("make_key") + 1)
        assert found.severity == types.DiagnosticSeverity.Error
        assert found.source == "capilint"
        assert found.code_description is not None
        assert "CAP101" in Path(found.code_description.href.removeprefix("file://")).read_text()
        related = found.related_information or ()
        assert [each.message for each in related] == [
            "1. hKey is created here",
            "2. CryptEncrypt fails",
            "3. leaves with hKey alive",
        ]
        assert [each.location.range.start.line for each in related] == [4, 6, 7]
        await _hovers(editor, found.range.start)
        await _shows_the_path(editor)
        await _mends(editor)
        await _suppresses(editor)

    in_editor(folder, script)


async def _hovers(editor: Editor, call: types.Position) -> None:
    wrapper = await editor.hover("leak.c", call.line, call.character + 2)
    assert wrapper is not None
    assert "makes a key into `*phKey`" in wrapper
    assert "maker.c:2" in wrapper
    function = await editor.hover("leak.c", 8, 8)
    assert function is not None
    assert "releases key hKey" in function
    assert "learn.microsoft.com" in function
    assert await editor.hover("leak.c", 3, 16) is None


async def _shows_the_path(editor: Editor) -> None:
    arguments: list[Any] = [editor.uri("leak.c"), 4, 0]
    (path,) = await editor.client.workspace_execute_command_async(
        types.ExecuteCommandParams("capilint.path", arguments)
    )
    assert path["code"] == "CAP101"
    assert [step["kind"] for step in path["steps"]] == ["create", "fail", "leave"]
    assert path["steps"][0]["location"]["range"]["start"]["line"] == 4


async def _mends(editor: Editor) -> None:
    offered = await editor.actions("leak.c", 4)
    assert [each.title.split(":")[0] for each in offered] == [
        "Mend CAP101",
        "Suppress CAP101 here, with a reason",
        "Show the path of CAP101 (3 steps)",
    ]
    assert offered[0].edit is None  # what takes long is done on request
    assert await editor.actions("leak.c", 1) == []
    asked = asyncio.ensure_future(editor.client.code_action_resolve_async(offered[0]))
    await asyncio.sleep(0)
    (number,) = editor.client.protocol._request_futures
    editor.client.cancel_request(types.CancelParams(number))
    with pytest.raises(JsonRpcException, match=r"[Cc]ancel"):
        await asked
    mended = await editor.client.code_action_resolve_async(offered[0])
    text = applied(LEAK, edits_of(mended.edit))
    assert text.count("CryptDestroyKey(hKey);") == 2
    editor.type("leak.c", text)
    await editor.until(lambda: editor.codes("leak.c") == [])


async def _suppresses(editor: Editor) -> None:
    editor.type("leak.c", LEAK)
    await editor.until(lambda: editor.codes("leak.c") == [("CAP101", 4)])
    suppress = (await editor.actions("leak.c", 4))[1]
    text = applied(LEAK, edits_of(suppress.edit))
    assert "// capilint: ignore[CAP101] TODO" in text.split("\n")[4]
    for number in range(20):  # what is outdated is not told, and stands in nobody's way
        editor.type("leak.c", f"{text}int a{number};\n")
    await editor.until(lambda: editor.codes("leak.c") == [])


def test_the_texts_of_open_documents_are_one_program(folder: Path) -> None:
    silent = LEAK.replace("CryptDestroyKey(hKey);", "drop(hKey);")
    (folder / "leak.c").write_text(silent, encoding="utf-8")
    (folder / "other.py").write_text(PYTHON_LEAK, encoding="utf-8")

    async def script(editor: Editor) -> None:
        await editor.until(lambda: editor.codes("other.py") == [("CAP101", 8)])  # though not open
        editor.open("leak.c", LEAK)
        await _mends_by_command(editor)
        editor.type("leak.c", silent)
        await editor.until(lambda: editor.codes("leak.c") == [("CAP101", 4)])
        editor.open("maker.c", MAKER.replace("return CryptGenKey", "return IsOrdinary"))
        await editor.until(lambda: editor.codes("leak.c") == [])
        editor.close("maker.c")
        await editor.until(lambda: editor.codes("leak.c") == [("CAP101", 4)])
        editor.type("leak.c", silent.replace("capacity))\n        return FALSE;", "capacity)) {}"))
        await editor.until(lambda: editor.codes("leak.c") == [])  # nobody knows what `drop` does
        editor.open("own.h", f"{HEADER}#define drop(k) (CryptDestroyKey(k), CryptDestroyKey(k))\n")
        await editor.until(lambda: editor.codes("leak.c") == [("CAP202", 7)])
        await _settings_hold(editor)

    in_editor(folder, script, resolves=False)


async def _mends_by_command(editor: Editor) -> None:
    """As in Eglot 1.9, which resolves no actions: the server has the client make the edit."""
    while not (offered := await editor.actions("leak.c", 4)):
        await asyncio.sleep(0.1)  # the finding may be that of the file, not yet of the document
    command = literal_eval(offered[0].command)  # lsprotocol takes what has a command for one
    await editor.client.workspace_execute_command_async(
        types.ExecuteCommandParams(command["command"], command["arguments"])
    )
    (edit,) = editor.applied
    assert applied(LEAK, edits_of(edit)).count("CryptDestroyKey(hKey);") == 2


async def _settings_hold(editor: Editor) -> None:
    """They are read again when they change; a mistake in them is told, and costs nothing."""
    settings = editor.folder / "pyproject.toml"

    def changed(text: str) -> None:
        settings.write_text(text, encoding="utf-8")
        event = types.FileEvent(settings.as_uri(), types.FileChangeType.Changed)
        editor.client.workspace_did_change_watched_files(types.DidChangeWatchedFilesParams([event]))

    changed('[tool.capilint]\nselekt = ["CAP1"]\n')
    await editor.until(lambda: bool(editor.messages))
    assert "pyproject.toml:2" in editor.messages[0]
    assert editor.codes("leak.c") == [("CAP202", 7)]
    editor.open("new/unsaved.c", LEAK.replace("own.h", "wincrypt.h").replace("make_", "Crypt"))
    changed('[tool.capilint]\nignore = ["CAP202"]\nper-file-ignores = {"*.py" = ["CAP101"]}\n')
    await editor.until(lambda: editor.codes("leak.c") == [])
    await editor.until(lambda: editor.codes("other.py") == [])
