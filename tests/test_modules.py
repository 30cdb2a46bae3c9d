"""Imports of Python files are found on the disk, beside the file or in its tree of packages."""

from __future__ import annotations

from pathlib import Path

import pytest

from capilint.checking import check
from capilint.config.settings import Settings
from capilint.files.modules import ModuleSearch
from capilint.files.source import Input
from capilint.files.words import CFunction, Import, c_functions, python_imports
from capilint.language import Language
from tests.doors import PYTHON_LEAK

TREE = (
    "app.py lib.py top/__init__.py top/app.py top/lib.py top/sub/__init__.py top/sub/deep.py"
    " plain/mod.py"
)


@pytest.fixture
def tree(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    for name in TREE.split():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text("", encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.mark.parametrize(
    ("path", "statement", "found"),
    [
        ("app.py", "import lib", ["lib.py"]),
        ("app.py", "import os", []),
        ("app.py", "from lib import f", ["lib.py"]),
        ("app.py", "import top.lib", ["top/__init__.py", "top/lib.py"]),
        ("app.py", "from top import lib, f", ["top/__init__.py", "top/lib.py"]),
        ("app.py", "from plain.mod import f", ["plain/mod.py"]),
        ("app.py", "from plain import mod", ["plain/mod.py"]),
        ("app.py", "from top.nothing import f", []),
        ("top/app.py", "from . import lib", ["top/lib.py"]),
        ("top/app.py", "from .lib import (f,\n    g)", ["top/lib.py"]),
        ("top/app.py", "import lib", ["top/lib.py"]),
        ("top/app.py", "from top.lib import f", ["top/__init__.py", "top/lib.py"]),
        ("top/sub/deep.py", "from ..lib import f", ["top/lib.py"]),
        ("top/sub/deep.py", "from ... import lib", ["lib.py"]),
    ],
)
def test_what_an_import_names(tree: Path, path: str, statement: str, found: list[str]) -> None:
    (imported,) = python_imports(statement.encode())
    assert list(ModuleSearch().imported(path, imported)) == found


def test_a_link_is_not_followed(tree: Path) -> None:
    (tree / "linked.py").symlink_to(tree / "lib.py")
    assert list(ModuleSearch().imported("app.py", Import(0, "linked"))) == []


def test_the_imports_of_a_file() -> None:
    text = b"import os, sys as s\nfrom . import lib, x as y\nfrom ..a.b import (c, # d\n e)\n"
    assert list(python_imports(text)) == [
        Import(0, "os"),
        Import(0, "sys"),
        Import(1, "", ("lib", "x")),
        Import(2, "a.b", ("c", "e")),
    ]


def test_an_import_of_a_file_in_another_encoding_costs_no_file(tmp_path: Path) -> None:
    text = f"# -*- coding: latin-1 -*-\nfrom other import caf\xe9\nimport \xe9t\xe9\n{PYTHON_LEAK}"
    path = tmp_path / "a.py"
    path.write_bytes(text.encode("latin-1"))
    report = check([Input(path.as_posix(), Language.PYTHON)], lambda _: Settings())
    assert not report.unreadable
    assert [each.code for each in report.findings] == ["CAP101"]


def test_the_functions_of_a_c_file() -> None:
    text = (
        b"static BOOL\r\nopened(int x)\r\n{\r\n}\r\n\r\n"
        b"BOOL WINAPI g(int y) {\n  if (y) {\n  }\n}\n"
        b"__declspec(dllexport) int h(void)\n{\n}\nint table[] = { f(1) };\nint declared(int);\n"
    )
    assert list(c_functions(text)) == [
        CFunction("opened", True),
        CFunction("g", False),
        CFunction("h", False),
    ]
