"""Every C and C++ fixture is a real program: mingw-w64 accepts it against the real SDK headers.

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
CPP_COMPILER = "x86_64-w64-mingw32-g++"
STUBS = Path(__file__).parent / "stubs"  # of libraries that are not installed
CPP_OPTIONS = ("-std=c++17", "-w", f"-I{STUBS}")
CPP_HEADERS = ("windows.h", "wincrypt.h", "functional", "map", "memory", "optional", "string")
CPP_FOLDERS = sorted(path for path in (FIXTURES / "cpp").iterdir() if path.name not in EXCLUDED)


@pytest.fixture(scope="module")
def prelude(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The SDK's headers, compiled ahead. A fixture must still include what it needs itself."""
    needed(COMPILER)
    header = tmp_path_factory.mktemp("prelude") / "prelude.h"
    lines = ["#define WIN32_LEAN_AND_MEAN", *(f"#include <{name}>" for name in HEADERS)]
    header.write_text("\n".join([*lines, ""]), encoding="utf-8")
    command = [COMPILER, "-std=gnu11", "-w", "-x", "c-header", str(header), "-o", f"{header}.gch"]
    subprocess.run(command, check=True)
    return header


@pytest.fixture(scope="module")
def cpp_prelude(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The same for C++, with some of its library."""
    needed(CPP_COMPILER)
    header = tmp_path_factory.mktemp("prelude") / "prelude.hpp"
    header.write_text("".join(f"#include <{name}>\n" for name in CPP_HEADERS), encoding="utf-8")
    output = ("-x", "c++-header", str(header), "-o", f"{header}.gch")
    subprocess.run([CPP_COMPILER, *CPP_OPTIONS, *output], check=True)
    return header


def needed(compiler: str) -> None:
    """Without a compiler the tests here are skipped, but not in CI."""
    if shutil.which(compiler) is None:
        if os.environ.get("CI") == "true":
            pytest.fail(f"{compiler} is not installed, and CI needs it")
        pytest.skip(f"{compiler} is not installed")


@pytest.mark.parametrize("folder", FOLDERS, ids=lambda folder: folder.name)
def test_fixtures_compile(folder: Path, prelude: Path) -> None:
    complaints = _complaints(sorted(folder.rglob("*.c")), prelude)
    assert not complaints, complaints


@pytest.mark.parametrize("folder", CPP_FOLDERS, ids=lambda folder: folder.name)
def test_cpp_fixtures_compile(folder: Path, cpp_prelude: Path) -> None:
    files = [str(path) for path in sorted(folder.rglob("*.cpp"))]
    command = [CPP_COMPILER, "-fsyntax-only", *CPP_OPTIONS, "-include", str(cpp_prelude), *files]
    run = subprocess.run(command, capture_output=True, text=True, check=False)
    assert run.returncode == 0, run.stderr


def test_every_fixture_includes_the_headers_itself() -> None:
    """The prelude would hide a missing one."""
    files = [path for folder in FOLDERS for path in folder.rglob("*.c")]
    files += [path for folder in CPP_FOLDERS for path in folder.rglob("*.cpp")]
    texts = {path: path.read_text(encoding="utf-8") for path in files}
    assert texts
    assert not [path for path, text in texts.items() if not _includes_windows(path, text)]


def _includes_windows(path: Path, text: str) -> bool:
    """Itself, or in a program of several files by a header of these."""
    headers = [*path.parent.glob("*.h"), *path.parent.glob("*.hpp")]
    texts = [text, *(each.read_text(encoding="utf-8") for each in headers)]
    return any("#include <windows.h>" in each for each in texts)


def test_a_broken_fixture_would_be_noticed(prelude: Path, tmp_path: Path) -> None:
    broken = tmp_path / "broken.c"
    broken.write_text("int f(void) { return CryptNoSuchThing; }\n", encoding="utf-8")
    assert "CryptNoSuchThing" in _complaints([broken], prelude)


def _complaints(files: list[Path], prelude: Path) -> str:
    command = [COMPILER, *OPTIONS, "-include", str(prelude), *(str(path) for path in files)]
    run = subprocess.run(command, capture_output=True, text=True, check=False)
    return "" if run.returncode == 0 else run.stderr or f"{COMPILER} failed without a word"
