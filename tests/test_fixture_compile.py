"""Every C fixture is a real program: mingw-w64 compiles it against the real SDK headers.

The headers are compiled once, ahead; that makes a file cost some 30 ms instead of 700.
"""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

import pytest

from tests.fixture_format import FIXTURES

COMPILER = "x86_64-w64-mingw32-gcc"
OPTIONS = ("-c", "-std=gnu11", "-w")
HEADERS = ("windows.h", "wincrypt.h", "bcrypt.h", "ncrypt.h", "stdio.h", "stdlib.h", "string.h")
EXCLUDED = {
    "seh": "gcc for mingw has no __try",
    "parse_errors": "uses macros that no header here defines, as real files do without theirs",
}
BATCH = 40


def compiled_fixtures() -> list[Path]:
    folder = FIXTURES / "c"
    files = sorted(folder.rglob("*.c"))
    return [path for path in files if path.relative_to(folder).parts[0] not in EXCLUDED]


@pytest.fixture(scope="module")
def prelude(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The SDK's headers, compiled ahead. A fixture must still include what it needs itself."""
    if shutil.which(COMPILER) is None:
        if os.environ.get("CI") == "true":
            pytest.fail(f"{COMPILER} is not installed, and CI needs it")
        pytest.skip(f"{COMPILER} is not installed")
    header = tmp_path_factory.mktemp("prelude") / "prelude.h"
    header.write_text("".join(f"#include <{name}>\n" for name in HEADERS), encoding="utf-8")
    run = _compile(["-x", "c-header", str(header), "-o", f"{header}.gch"], header.parent)
    assert run.returncode == 0, run.stderr
    return header


def test_every_fixture_compiles(prelude: Path) -> None:
    files = compiled_fixtures()
    assert files
    errors = ""
    for start in range(0, len(files), BATCH):
        errors += _compile_all(files[start : start + BATCH], prelude)
    assert not errors, errors


def test_every_fixture_includes_the_headers_itself() -> None:
    """The prelude would hide a missing one."""
    texts = {path: path.read_text(encoding="utf-8") for path in compiled_fixtures()}
    assert not [path for path, text in texts.items() if "#include <windows.h>" not in text]


def test_a_broken_fixture_would_be_noticed(prelude: Path, tmp_path: Path) -> None:
    broken = tmp_path / "broken.c"
    broken.write_text("int f(void) { return CryptNoSuchThing; }\n", encoding="utf-8")
    assert "CryptNoSuchThing" in _compile_all([broken], prelude)


def _compile_all(files: list[Path], prelude: Path) -> str:
    """The compiler's complaints. Objects of one stem overwrite each other; nobody links them."""
    arguments = ["-include", str(prelude), *(str(path) for path in files)]
    run = _compile(arguments, prelude.parent)
    return "" if run.returncode == 0 else run.stderr or f"{COMPILER} failed without a word"


def _compile(arguments: list[str], folder: Path) -> subprocess.CompletedProcess[str]:
    command = [COMPILER, *OPTIONS, *arguments]
    return subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
