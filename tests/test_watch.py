"""`check --watch`: one process that checks again when a file changes, until Ctrl-C."""

from __future__ import annotations

import os
import queue
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import IO

import pytest

from tests.command_line import Cli
from tests.doors import C_LEAK, C_MENDED
from tests.tools import ROOT

PATIENCE = 60  # seconds, for a machine under load


@pytest.fixture
def cli(capsys: pytest.CaptureFixture[str]) -> Cli:
    return Cli(capsys)


class Watching:
    """The process, and what it prints."""

    def __init__(self, folder: Path) -> None:
        command = [sys.executable, "-u", "-m", "capilint", "check", "--watch", "-I../include", "."]
        self._process = subprocess.Popen(
            command,
            cwd=folder,
            env={**os.environ, "PYTHONPATH": str(ROOT), "NO_COLOR": "1"},
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        assert self._process.stdout is not None
        self._lines: queue.Queue[str] = queue.Queue()
        threading.Thread(target=self._read, args=[self._process.stdout], daemon=True).start()

    def _read(self, stream: IO[str]) -> None:
        for line in stream:
            self._lines.put(line)

    def round(self) -> str:
        """What one check prints."""
        lines: list[str] = []
        while not lines or "waiting for changes" not in lines[-1]:
            lines.append(self._lines.get(timeout=PATIENCE))
        return "".join(lines)

    def interrupt(self) -> int:
        """The exit status after Ctrl-C."""
        self._process.send_signal(signal.SIGINT)
        return self._process.wait(PATIENCE)

    def kill(self) -> None:
        self._process.kill()


@pytest.fixture
def watching(tmp_path: Path) -> Iterator[Watching]:
    pytest.importorskip("watchfiles", reason="the extra `watch` is not installed")
    (tmp_path / "src").mkdir()
    (tmp_path / "include").mkdir()
    (tmp_path / "include" / "own.h").write_text("", encoding="utf-8")
    (tmp_path / "src" / "a.c").write_text(C_LEAK, encoding="utf-8")
    process = Watching(tmp_path / "src")
    yield process
    process.kill()


@pytest.mark.skipif(os.name == "nt", reason="Windows has no SIGINT for one process")
def test_a_session(watching: Watching, tmp_path: Path) -> None:
    header, tmp_path = tmp_path / "include" / "own.h", tmp_path / "src"
    assert "a.c:6:10: error: CAP101" in watching.round()
    (tmp_path / "notes.txt").write_text("nothing to do", encoding="utf-8")
    (tmp_path / "a.c").write_text(C_MENDED, encoding="utf-8")
    assert "No findings in 1 file." in watching.round()
    (tmp_path / "pyproject.toml").write_text("[tool.capilint]\nselekt = 1\n", encoding="utf-8")
    assert "pyproject.toml:2: unknown key `selekt`" in watching.round()
    (tmp_path / "pyproject.toml").write_text("[tool.capilint]\n", encoding="utf-8")
    (tmp_path / "b.c").write_text(C_LEAK, encoding="utf-8")
    assert "b.c:6:10: error: CAP101" in watching.round()
    (tmp_path / "b.c").write_text(f'#include "own.h"\n{C_MENDED}', encoding="utf-8")
    assert "No findings in 2 files." in watching.round()
    header.write_text("#define CryptDestroyKey(key) 1\n", encoding="utf-8")  # in no watched folder
    assert "b.c:7:10: error: CAP101" in watching.round()
    assert watching.interrupt() == 130


def test_settings_that_are_named_are_waited_for(
    cli: Cli, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    matters: list[bool] = []

    def changes(
        *roots: Path, watch_filter: Callable[[object, str], bool], **_: object
    ) -> Iterator[set[object]]:
        yield set()
        for name in ("own.toml", "own.json", "other.toml"):
            matters.append(watch_filter(None, str(tmp_path.resolve() / name)))
        raise KeyboardInterrupt

    monkeypatch.chdir(tmp_path)
    (tmp_path / "own.toml").write_text("", encoding="utf-8")
    monkeypatch.setitem(sys.modules, "watchfiles", SimpleNamespace(watch=changes))
    assert cli("check", "--watch", "--config=own.toml", "--baseline=own.json", ".") == 130
    assert matters == [True, True, False]


def test_what_it_goes_with(cli: Cli, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    for words in (["--fix", "."], ["--diff", "."], ["-"]):
        assert cli("check", "--watch", *words) == 2
        assert "neither with --fix nor --diff" in cli.err
    assert cli("check", "--watch", "nowhere") == 2
    assert "nowhere: no such file or folder" in cli.err
    monkeypatch.setitem(sys.modules, "watchfiles", None)
    assert cli("check", "--watch", ".") == 2
    assert f"--watch needs watchfiles: {sys.executable} -m pip install 'capilint[watch]'" in cli.err
