"""Parts of the language server: places, what is stopped or crashes, comments, words."""

from __future__ import annotations

import asyncio
import os
import threading
import time
from pathlib import Path

import pytest

pytest.importorskip("pygls", reason="the extra `lsp` is not installed")

from lsprotocol import types

from capilint.commands import CommandError
from capilint.edits.suppression import suppression
from capilint.files.source import Source
from capilint.finding import Finding, Severity, Span
from capilint.frontends.python.parsing.nesting import with_deep_stack
from capilint.language import Language
from capilint.server.hover import word_at
from capilint.server.jobs import Job
from capilint.server.positions import Place, Places
from capilint.server.service import Service
from capilint.server.workspace import Snapshot, Workspace

# ---------------------------------------------------------------- places

TEXT = "a\r\n\t\U0001f511 \u00e4 k\x0cx\ry"


@pytest.mark.parametrize(
    ("encoding", "key", "umlaut"), [("utf-16", 3, 4), ("utf-8", 5, 6), ("utf-32", 2, 3)]
)
def test_columns_count_the_units_of_the_client(encoding: str, key: int, umlaut: int) -> None:
    places = Places(TEXT, encoding)
    assert places.of(2, 1) == Place(1, 0)
    assert places.of(2, 2) == Place(1, 1)  # behind the tab
    assert places.of(2, 3) == Place(1, key)  # behind the key sign
    assert places.of(2, 4) == Place(1, umlaut)
    for column in range(1, 9):
        assert places.column(places.of(2, column)) == (2, column)


def test_lines_end_where_the_protocol_says() -> None:
    places = Places(TEXT)
    assert places.of(3, 1) == Place(2, 0)  # a form feed ends no line, a carriage return does
    assert places.of(9, 1) == places.end == Place(2, 1)
    assert places.column(Place(1, 2)) == (2, 2)  # inside the key sign
    assert places.column(Place(99, 5)) == (100, 1)
    assert places.line_end == "\r\n"


def test_places_in_a_text_that_is_not_known() -> None:
    assert Places(None).of(7, 3) == Place(6, 2)


@pytest.mark.parametrize(("column", "word"), [(1, "a"), (2, "a"), (4, "CryptX"), (10, "CryptX")])
def test_the_word_that_the_cursor_touches(column: int, word: str) -> None:
    found = word_at("a  CryptX(", column)
    assert found is not None
    assert found[0] == word


# ---------------------------------------------------------------- jobs


def test_what_is_stopped_ends_and_lets_the_next_one_work() -> None:
    async def script() -> tuple[bool, int]:
        started = time.monotonic()

        def forever() -> None:
            while time.monotonic() < started + 60:
                pass

        task = asyncio.ensure_future(Job(forever).result())
        await asyncio.sleep(0.05)
        task.cancel()
        waiting = Job(lambda: 1)
        waiting.stop()  # before its turn
        found = await Job(lambda: 2).result()
        return time.monotonic() < started + 60, found

    assert asyncio.run(script()) == (True, 2)


def test_deep_python_is_parsed_in_the_thread_of_the_job() -> None:
    def threads() -> tuple[int, int]:
        return threading.get_ident(), with_deep_stack(threading.get_ident)

    async def script() -> tuple[int, int]:
        return await Job(threads).result()

    own, deep = asyncio.run(script())
    assert own == deep  # what stops a job may reach a thread that is just being started


def test_a_job_that_raises_says_so_and_the_next_one_works() -> None:
    async def script() -> int:
        with pytest.raises(ZeroDivisionError):
            await Job(lambda: 1 // 0).result()
        return await Job(lambda: 3).result()

    assert asyncio.run(script()) == 3


def test_a_crash_of_the_analysis_is_logged_and_the_server_goes_on(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    server = Service()
    logged: list[str] = []
    sent: list[types.PublishDiagnosticsParams] = []
    monkeypatch.setattr(server, "window_log_message", lambda each: logged.append(each.message))
    monkeypatch.setattr(server, "text_document_publish_diagnostics", sent.append)
    monkeypatch.setattr(Service, "encoding", "utf-16")
    usual = Snapshot.check

    def crashing(self: Snapshot) -> None:
        raise RecursionError("deep")

    async def script() -> None:
        server.begin([str(tmp_path)], None)
        (tmp_path / "a.c").write_text("int a;\n", encoding="utf-8")
        server.files.put("file:///a.c", str(tmp_path / "a.c"), "c", 1, "int b;\n")
        monkeypatch.setattr(Snapshot, "check", crashing)
        await server._check(whole=True)
        monkeypatch.setattr(Snapshot, "check", usual)
        await server._check(whole=True)

    asyncio.run(script())
    assert "RecursionError: deep" in logged[0]
    assert [(each.uri, each.diagnostics) for each in sent] == [("file:///a.c", [])]


def test_a_folder_that_cannot_be_read_is_told_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    server = Service()
    told: list[str] = []
    monkeypatch.setattr(server, "window_show_message", lambda each: told.append(each.message))
    monkeypatch.setattr(Service, "encoding", "utf-16")
    (tmp_path / "secret").mkdir()
    usual = os.scandir

    def scandir(path: str) -> object:
        if path == "secret/":
            raise PermissionError(13, "Permission denied")
        return usual(path)

    async def script() -> None:
        server.begin([str(tmp_path)], None)
        monkeypatch.setattr(os, "scandir", scandir)
        await server._check(whole=True)
        await server._check(whole=True)
        monkeypatch.setattr(os, "scandir", usual)
        await server._check(whole=True)
        monkeypatch.setattr(os, "scandir", scandir)
        await server._check(whole=True)

    asyncio.run(script())
    assert told == 2 * ["capilint: secret: Permission denied"]


def test_a_folder_that_is_gone_is_none(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "here").mkdir()
    folders = [str(tmp_path / name) for name in ("gone", "here")]
    assert Workspace(folders).folders == (folders[1],)
    assert Workspace(folders[:1]).folders == ()


def test_paths_are_those_of_a_check_in_the_first_folder(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "real").mkdir()
    workspace = Workspace([str(tmp_path / "real")])
    assert workspace.path_of(str(tmp_path / "real" / "x" / "a.c")) == "x/a.c"
    assert workspace.path_of("/elsewhere/a.c") == "/elsewhere/a.c"


def test_nothing_outside_of_the_folders_is_opened(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "in").mkdir()
    maker = "#define make(p, k) CryptGenKey(p, 1, 0, k)\n"
    (tmp_path / "out.h").write_text(maker, encoding="utf-8")
    text = (
        '#include "../out.h"\n#include <wincrypt.h>\nvoid f(HCRYPTPROV p)\n'
        "{\n    HCRYPTKEY k;\n    if (make(p, &k))\n        CryptSetKeyParam(k, 1, 0, 0);\n}\n"
    )
    (tmp_path / "in" / "a.c").write_text(text, encoding="utf-8")
    inner = Workspace([str(tmp_path / "in")]).snapshot(whole=True).check()
    assert [each.code for each in inner.report.findings] == []
    settings = '[tool.capilint]\ninclude = ["sdk", ".."]\n'
    (tmp_path / "in" / "pyproject.toml").write_text(settings, encoding="utf-8")
    named = Workspace([str(tmp_path / "in")]).snapshot(whole=True).check()
    assert [each.code for each in named.report.findings] == ["CAP101"]


# ---------------------------------------------------------------- comments


@pytest.mark.parametrize(
    ("text", "language", "changed"),
    [
        ("f();\n", Language.C, "f();  // capilint: ignore[CAP101] why\n"),
        ("f(); // x\n", Language.C, "f(); // x  // capilint: ignore[CAP101] why\n"),
        ("f(); \\\n", Language.C, "f(); /* capilint: ignore[CAP101] why */ \\\n"),
        ("f()  # x\n", Language.PYTHON, "f()  # x  # capilint: ignore[CAP101] why\n"),
        ("f() + \\\n", Language.PYTHON, None),  # no comment may stand there
        ("f('''\n'''\n)", Language.PYTHON, None),  # nor there
        ("f();", Language.C, "f();  // capilint: ignore[CAP101] why\n"),
    ],
)
def test_a_comment_that_suppresses(text: str, language: Language, changed: str | None) -> None:
    span = Span(1, 1, 1, 3)
    finding = Finding("CAP101", "x", Severity.ERROR, "a", span, "f", "key", "k", "message")
    change = suppression(finding, Source("a", text, language), "why")
    assert (None if change is None else change.text) == changed


# ---------------------------------------------------------------- without the extra


def test_what_is_missing_is_named_with_the_command_that_installs_it(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    import sys
    from argparse import Namespace

    from capilint.commands import server

    monkeypatch.setitem(sys.modules, "capilint.server.service", None)
    monkeypatch.setitem(sys.modules, "pygls", None)
    for name in [name for name in sys.modules if name.startswith("pygls.")]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.delitem(sys.modules, "capilint.server.service")
    with pytest.raises(CommandError, match=r"needs pygls: .* -m pip install 'capilint\[lsp\]'"):
        server.run(Namespace(verbose=False))
