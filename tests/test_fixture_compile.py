"""Every C fixture is a real program: mingw-w64 accepts it against the real SDK headers.

The headers are compiled once, ahead, and no code is generated (`-fsyntax-only` instead of `-c`):
that makes a file cost some 40 ms instead of 700.
"""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

import pytest

from tests.fixture_format import FIXTURES

COMPILER = "x86_64-w64-mingw32-gcc"
OPTIONS = ("-fsyntax-only", "-std=gnu11", "-w")
HEADERS = ("windows.h", "wincrypt.h", "bcrypt.h", "ncrypt.h", "stdio.h", "stdlib.h", "string.h")
EXCLUDED = {
    "seh": "gcc for mingw has no __try",
    "windows_headers": "includes its headers by names that only Windows finds",
    "parse_errors": "uses macros that no header here defines, as real files do without theirs",
}
FOLDERS = sorted(path for path in (FIXTURES / "c").iterdir() if path.name not in EXCLUDED)


@pytest.fixture(scope="module")
def prelude(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The SDK's headers, compiled ahead. A fixture must still include what it needs itself."""
    if shutil.which(COMPILER) is None:
        if os.environ.get("CI") == "true":
            pytest.fail(f"{COMPILER} is not installed, and CI needs it")
        pytest.skip(f"{COMPILER} is not installed")
    header = tmp_path_factory.mktemp("prelude") / "prelude.h"
    lines = ["#define WIN32_LEAN_AND_MEAN", *(f"#include <{name}>" for name in HEADERS)]
    header.write_text("\n".join([*lines, ""]), encoding="utf-8")
    command = [COMPILER, "-std=gnu11", "-w", "-x", "c-header", str(header), "-o", f"{header}.gch"]
    subprocess.run(command, check=True)
    return header


@pytest.mark.parametrize("folder", FOLDERS, ids=lambda folder: folder.name)
def test_fixtures_compile(folder: Path, prelude: Path) -> None:
    complaints = _complaints(sorted(folder.rglob("*.c")), prelude)
    assert not complaints, complaints


def test_every_fixture_includes_the_headers_itself() -> None:
    """The prelude would hide a missing one."""
    files = [path for folder in FOLDERS for path in folder.rglob("*.c")]
    texts = {path: path.read_text(encoding="utf-8") for path in files}
    assert texts
    assert not [path for path, text in texts.items() if "#include <windows.h>" not in text]


def test_a_broken_fixture_would_be_noticed(prelude: Path, tmp_path: Path) -> None:
    broken = tmp_path / "broken.c"
    broken.write_text("int f(void) { return CryptNoSuchThing; }\n", encoding="utf-8")
    assert "CryptNoSuchThing" in _complaints([broken], prelude)


def _complaints(files: list[Path], prelude: Path) -> str:
    command = [COMPILER, *OPTIONS, "-include", str(prelude), *(str(path) for path in files)]
    run = subprocess.run(command, capture_output=True, text=True, check=False)
    return "" if run.returncode == 0 else run.stderr or f"{COMPILER} failed without a word"
