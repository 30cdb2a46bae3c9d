"""Every C and C++ fixture is a real program: mingw-w64 accepts it against the real SDK headers."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests import mingw
from tests.fixture_format import FIXTURES

FOLDERS = sorted(path for path in (FIXTURES / "c").iterdir() if path.name not in mingw.EXCLUDED)
CPP_FOLDERS = sorted(
    path for path in (FIXTURES / "cpp").iterdir() if path.name not in mingw.EXCLUDED
)


@pytest.fixture(scope="module")
def c(tmp_path_factory: pytest.TempPathFactory) -> mingw.Compiler:
    """The compiler for C. A fixture must still include what it needs itself."""
    return _needed(mingw.C, tmp_path_factory)


@pytest.fixture(scope="module")
def cpp(tmp_path_factory: pytest.TempPathFactory) -> mingw.Compiler:
    """The one for C++."""
    return _needed(mingw.CPP, tmp_path_factory)


def _needed(dialect: mingw.Dialect, folders: pytest.TempPathFactory) -> mingw.Compiler:
    lacking = mingw.lacking(dialect)
    if lacking:
        pytest.skip(lacking)
    return mingw.Compiler(dialect, folders.mktemp("prelude"))


@pytest.mark.parametrize("folder", FOLDERS, ids=lambda folder: folder.name)
def test_fixtures_compile(folder: Path, c: mingw.Compiler) -> None:
    complaints = c.complaints(sorted(folder.rglob("*.c")))
    assert not complaints, complaints


@pytest.mark.parametrize("folder", CPP_FOLDERS, ids=lambda folder: folder.name)
def test_cpp_fixtures_compile(folder: Path, cpp: mingw.Compiler) -> None:
    complaints = cpp.complaints(sorted(folder.rglob("*.cpp")))
    assert not complaints, complaints


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


def test_a_broken_fixture_would_be_noticed(c: mingw.Compiler, tmp_path: Path) -> None:
    broken = tmp_path / "broken.c"
    broken.write_text("int f(void) { return CryptNoSuchThing; }\n", encoding="utf-8")
    assert "CryptNoSuchThing" in c.complaints([broken])
