"""The import contracts of pyproject.toml hold, and would notice a wrong import."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent


def _lint_imports(folder: Path) -> subprocess.CompletedProcess[str]:
    program = "import sys; from importlinter.cli import lint_imports; sys.exit(lint_imports())"
    # First on the path, so that the package of `folder` is the one that is read.
    command = [sys.executable, "-c", f"import sys; sys.path.insert(0, {str(folder)!r}); {program}"]
    return subprocess.run(
        command, cwd=folder, capture_output=True, text=True, encoding="utf-8", check=False
    )


@pytest.fixture(scope="module")
def copy(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of the package and its contracts, to be spoilt."""
    folder = tmp_path_factory.mktemp("contracts")
    ignored = shutil.ignore_patterns("__pycache__")
    shutil.copytree(ROOT / "capilint", folder / "capilint", ignore=ignored)
    shutil.copy(ROOT / "pyproject.toml", folder)
    return folder


def test_the_contracts_hold(copy: Path) -> None:
    result = _lint_imports(copy)
    assert result.returncode == 0, result.stdout + result.stderr


@pytest.mark.parametrize(
    ("module", "statement", "contract"),
    [
        ("finding.py", "import capilint.ir", "Imports between the packages"),
        ("engine/domain/state.py", "import capilint.frontends.graph", "Imports between"),
        ("model/__init__.py", "import capilint.finding", "Imports between the packages"),
        ("engine/domain/state.py", "import capilint.engine.transfer.memory", "engine's layers"),
        (
            "frontends/c/preprocessing/macros.py",
            "import capilint.frontends.c.module",
            "C front end's",
        ),
        (
            "frontends/python/naming/names.py",
            "import capilint.frontends.python.module",
            "Python front",
        ),
        ("model/objects.py", "import capilint.model.machine", "runtime model's layers"),
        ("engine/domain/state.py", "import tree_sitter", "Only the front ends"),
        ("files/source.py", "def late():\n    import libcst", "Only the front ends"),
        ("engine/domain/state.py", "import capilint.model", "never asks the runtime model"),
    ],
)
def test_a_wrong_import_breaks_a_contract(
    copy: Path, module: str, statement: str, contract: str
) -> None:
    file = copy / "capilint" / module
    sound = file.read_text(encoding="utf-8")
    file.write_text(f"{sound}\n{statement}\n", encoding="utf-8")
    try:
        result = _lint_imports(copy)
    finally:
        file.write_text(sound, encoding="utf-8")
    assert result.returncode == 1
    broken = [line for line in result.stdout.splitlines() if " BROKEN" in line]
    assert any(contract in line for line in broken), result.stdout


# ---------------------------------------------------------------- the tables in CONTRIBUTING.md

_MARKED_TABLE = re.compile(r"<!-- layers: (\S+) -->\n\n((?:\|.*\n)+)")
_ROW = re.compile(r"^\| ((?:`\w+`(?:, )?)+) \|", re.MULTILINE)


def _tables() -> dict[str, list[str]]:
    """Container -> the modules and packages of its table in CONTRIBUTING.md, from the top down."""
    text = (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8")
    return {
        container: [name for row in _ROW.findall(table) for name in re.findall(r"\w+", row)]
        for container, table in _MARKED_TABLE.findall(text)
    }


def _layers() -> dict[str, list[set[str]]]:
    """Container -> its layers in the contracts, from the top down."""
    settings = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    return {
        container: [set(re.findall(r"\w+", layer)) for layer in contract["layers"]]
        for contract in settings["tool"]["importlinter"]["contracts"]
        if contract["type"] == "layers"
        for container in contract["containers"]
    }


def test_every_layered_package_has_a_table() -> None:
    assert _tables().keys() == _layers().keys()


@pytest.mark.parametrize("container", _tables())
def test_a_table_names_every_module_that_exists_and_no_other(container: str) -> None:
    folder = ROOT.joinpath(*container.split("."))
    exist = [each.stem for each in folder.glob("*.py") if each.stem != "__init__"]
    exist += [each.parent.name for each in folder.glob("*/__init__.py")]
    assert sorted(_tables()[container]) == sorted(exist)


@pytest.mark.parametrize("container", _tables())
def test_a_table_has_the_order_of_the_contracts(container: str) -> None:
    height = {name: index for index, layer in enumerate(_layers()[container]) for name in layer}
    heights = [height[name] for name in _tables()[container]]
    assert heights == sorted(heights)
