"""The language server, as an editor has it: one process, and a client that speaks the protocol."""

from __future__ import annotations

import asyncio
from ast import literal_eval
from pathlib import Path
from typing import Any

import pytest

pytest.importorskip("pytest_lsp", reason="the extra `dev` is not installed")

from lsprotocol import types
from pygls.exceptions import JsonRpcException

from tests.doors import PYTHON_LEAK
from tests.editor import Editor, applied, edits_of, in_editor

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


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A workspace of three files."""
    (tmp_path / "leak.c").write_text(LEAK, encoding="utf-8")
    (tmp_path / "own.h").write_text(HEADER, encoding="utf-8")
    (tmp_path / "maker.c").write_text(MAKER, encoding="utf-8")
    return tmp_path


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

    in_editor(folder, script, "emacs")


async def _mends_by_command(editor: Editor) -> None:
    """As Eglot resolves no actions, the server has the client make the edit."""
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
