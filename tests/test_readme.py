"""The README shows what really happens: its commands are run, its table is what is known.

A block of ```console holds commands (`$ ...`) and, below each, exactly what it prints; the
command runs at the top of the checkout. Between the two `codes` comments stands the table of
codes. `python -m tests.test_readme` writes the README's outputs and table anew.
"""

from __future__ import annotations

import os
import re
import shlex
import subprocess
import sys
from pathlib import Path

import pytest

from capilint.codes import load as load_codes

ROOT = Path(__file__).resolve().parent.parent
README = ROOT / "README.md"
CONSOLE = re.compile(r"(?<=^```console\n)(.*?)(?=^```$)", re.MULTILINE | re.DOTALL)
TABLE = re.compile(r"(?<=<!-- codes: begin -->\n\n).*?(?=\n<!-- codes: end -->)", re.DOTALL)


def _output_of(command: str) -> str:
    """What a shown command prints; `capilint` is the one of the tests' own environment."""
    program, *arguments = shlex.split(command)
    assert program == "capilint", f"the README runs {program}"
    script = Path(sys.executable).with_name("capilint")
    done = subprocess.run(
        [script, *arguments],
        cwd=ROOT,
        env={**os.environ, "NO_COLOR": "1", "COLUMNS": "100"},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        encoding="utf-8",
        check=False,
    )
    assert done.returncode in {0, 1}, done.stdout
    return done.stdout


def _ran(block: str) -> str:
    """A console block with the outputs that its commands have now."""
    commands = [line for line in block.splitlines() if line.startswith("$ ")]
    return "".join(f"{line}\n{_output_of(line.removeprefix('$ '))}" for line in commands)


def _table() -> str:
    """The table of codes, from `rules/codes/`."""
    rows = ["| code | name | what it does | default |", "| --- | --- | --- | --- |"]
    for code in load_codes().values():
        rows.append(f"| {code.code} | {code.name} | {code.summary} | {code.default} |")
    return "\n".join(rows) + "\n"


BLOCKS = CONSOLE.findall(README.read_text(encoding="utf-8"))


def test_the_readme_shows_commands() -> None:
    assert any(line.startswith("$ capilint check") for block in BLOCKS for line in block.split("\n"))


@pytest.mark.parametrize("block", BLOCKS, ids=lambda block: block.split("\n")[0][2:])
def test_a_command_prints_what_the_readme_shows(block: str) -> None:
    assert _ran(block) == block


def test_the_table_of_codes_is_complete() -> None:
    (table,) = TABLE.findall(README.read_text(encoding="utf-8"))
    assert table == _table()


def _write_anew() -> None:
    text = README.read_text(encoding="utf-8")
    text = CONSOLE.sub(lambda match: _ran(match[0]), text)
    text = TABLE.sub(lambda _: _table(), text)
    README.write_text(text, encoding="utf-8")


if __name__ == "__main__":
    _write_anew()
