"""docs/reports.md names every format, and its recipes have options that exist."""

from __future__ import annotations

import re
import shlex
from pathlib import Path

import pytest
import yaml

from capilint.report import FORMATS
from tests.command_line import Cli
from tests.documents import ROOT
from tests.reports import SESSION

TEXT = (ROOT / "docs" / "reports.md").read_text(encoding="utf-8")
COMMANDS = re.findall(r"capilint (check [^|\n']+?)(?: \||'|$)", TEXT, re.MULTILINE)


def test_every_format_is_there() -> None:
    table = TEXT.partition("<!-- formats: begin -->")[2].partition("<!-- formats: end -->")[0]
    assert sorted(re.findall(r"^\| `(\w+)` \|", table, re.MULTILINE)) == sorted(FORMATS)


def test_its_recipes_are_yaml() -> None:
    recipes = re.findall(r"^```yaml\n(.*?)^```$", TEXT, re.MULTILINE | re.DOTALL)
    assert len(recipes) == 2
    for recipe in recipes:
        written = re.findall(r"--output \w+:([\w.-]+\.\w+)", recipe)
        for name in written:
            assert recipe.count(name) == 2, "what is written is what is uploaded"
        assert yaml.safe_load(recipe)


@pytest.mark.parametrize("command", COMMANDS)
def test_its_commands_are_accepted(
    command: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("leak.c").write_text(SESSION, encoding="utf-8")
    cli = Cli(capsys)
    assert cli(*shlex.split(command)) == (0 if "--exit-zero" in command else 1), cli.err
    written = re.findall(r"--output \w+:([\w.-]+\.\w+)", command)
    assert all(Path(name).stat().st_size for name in written)


def test_there_are_commands() -> None:
    assert len(COMMANDS) == 6
