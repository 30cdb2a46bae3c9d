"""The README shows what really happens: its commands are run, its table is what is known.

A block of ```console holds commands (`$ ...`) and, below each, exactly what it prints; the
command runs at the top of the checkout. The uses in blocks of ```sh must be accepted in a folder
that has such files, and so must the configurations in blocks of ```toml. Between the two `codes`
comments stands the table of codes. `python -m tests.test_readme` writes the README's outputs and
table anew.
"""

from __future__ import annotations

import os
import re
import shlex
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from capilint.rulebook.codes import load as load_codes
from tests.tools import require

ROOT = Path(__file__).resolve().parent.parent
README = ROOT / "README.md"
CONSOLE = re.compile(r"(?<=^```console\n)(.*?)(?=^```$)", re.MULTILINE | re.DOTALL)
USES = re.compile(r"^```sh\n(.*?)^```$", re.MULTILINE | re.DOTALL)
CONFIGURATIONS = re.compile(r"^```toml\n(.*?)^```$", re.MULTILINE | re.DOTALL)
TABLE = re.compile(r"(?<=<!-- codes: begin -->\n).*?(?=<!-- codes: end -->)", re.DOTALL)


def _capilint(
    arguments: list[str], folder: Path, stdin: str = ""
) -> subprocess.CompletedProcess[str]:
    """Run the `capilint` of the tests' own environment, both of its outputs together."""
    return subprocess.run(
        [Path(sys.executable).with_name("capilint"), *arguments],
        cwd=folder,
        env={**os.environ, "NO_COLOR": "1", "COLUMNS": "100"},
        input=stdin,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        encoding="utf-8",
        check=False,
    )


def _output_of(command: str) -> str:
    """What a shown command prints at the top of the checkout."""
    program, *arguments = shlex.split(command)
    assert program == "capilint", f"the README runs {program}"
    done = _capilint(arguments, ROOT)
    assert done.returncode in {0, 1}, done.stdout
    return done.stdout


def _ran(block: str) -> str:
    """A console block with the outputs that its commands have now."""
    commands = [line for line in block.splitlines() if line.startswith("$ ")]
    return "".join(f"{line}\n{_output_of(line.removeprefix('$ '))}" for line in commands)


def _table() -> str:
    """The table of codes, from `rules/codes/`."""
    rows = ["", "| code | name | what it does | default |", "| --- | --- | --- | --- |"]
    for code in load_codes().values():
        rows.append(f"| {code.code} | {code.name} | {code.summary} | {code.default} |")
    return "\n".join(rows) + "\n\n"


TEXT = README.read_text(encoding="utf-8")
BLOCKS = CONSOLE.findall(TEXT)
COMMANDS = [
    line
    for block in USES.findall(TEXT)
    for line in block.splitlines()
    if line.startswith("capilint") and "fixtures/" not in line
]


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """A folder with the files that the README speaks of."""
    (tmp_path / "src").mkdir()
    for name in ("encrypt.c", "cleanup.c"):
        shutil.copy(ROOT / "fixtures" / "demo" / name, tmp_path / "src")
    shutil.copy(ROOT / "fixtures" / "demo" / "client.py", tmp_path)
    return tmp_path


def test_the_readme_shows_commands() -> None:
    assert any(
        line.startswith("$ capilint check") for block in BLOCKS for line in block.split("\n")
    )


@pytest.mark.parametrize("block", BLOCKS, ids=lambda block: block.split("\n")[0][2:])
def test_a_command_prints_what_the_readme_shows(block: str) -> None:
    if "$ capilint run " in block:
        require("cc")
    assert _ran(block) == block


@pytest.mark.parametrize("command", COMMANDS)
def test_a_use_is_accepted(project: Path, command: str) -> None:
    _, *arguments = shlex.split(command.partition("<")[0], comments=True)
    stdin = (project / "src" / "encrypt.c").read_text(encoding="utf-8")
    done = _capilint(arguments, project, stdin if "<" in command else "")
    assert done.returncode in {0, 1}, done.stdout


@pytest.mark.parametrize("configuration", CONFIGURATIONS.findall(TEXT))
def test_a_configuration_is_accepted(project: Path, configuration: str) -> None:
    (project / "pyproject.toml").write_text(configuration, encoding="utf-8")
    done = _capilint(["check", "."], project)
    assert done.returncode in {0, 1}, done.stdout
    (project / "pyproject.toml").write_text(configuration + "nonsense = 1\n", encoding="utf-8")
    done = _capilint(["check", "."], project)
    assert done.returncode == 2, "the configuration is not even read"


def test_the_table_of_codes_is_complete() -> None:
    (table,) = TABLE.findall(TEXT)
    assert table == _table()


def _write_anew() -> None:
    text = CONSOLE.sub(lambda match: _ran(match[0]), TEXT)
    text = TABLE.sub(lambda _: _table(), text)
    README.write_text(text, encoding="utf-8")


if __name__ == "__main__":
    _write_anew()
