"""docs/old-code.md: what it shows is run from top to bottom, in a repository of its own."""

from __future__ import annotations

import re
import shlex
import shutil
from pathlib import Path

import pytest
import yaml

from tests.checkout import commit_all
from tests.command_line import Cli
from tests.documents import ROOT
from tests.tools import require, run

PAGE = ROOT / "docs" / "old-code.md"
# A block that a comment says to put into a file, or one with commands and what they print.
BLOCK = re.compile(
    r"^(?:<!-- (?P<how>write|append): (?P<name>\S+) -->\n)?```(?P<kind>\w+)\n(?P<text>.*?)^```$",
    re.MULTILINE | re.DOTALL,
)
AUTHOR = ["-c", "user.name=test", "-c", "user.email=test@example.invalid"]


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    require("git")
    monkeypatch.chdir(tmp_path)
    shutil.copytree(ROOT / "fixtures" / "demo", tmp_path / "src")
    run(["git", "init", "--quiet"], tmp_path)
    commit_all(tmp_path, "old code")
    return tmp_path


def test_the_page_shows_what_happens(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    cli = Cli(capsys)
    ran = 0
    for block in BLOCK.finditer(PAGE.read_text(encoding="utf-8")):
        if block["how"] is not None:
            with Path(block["name"]).open("w" if block["how"] == "write" else "a") as file:
                file.write(block["text"])
        elif block["kind"] == "console":
            assert shown(block["text"], cli, project) == block["text"]
            ran += 1
    assert ran == 5


def shown(text: str, cli: Cli, folder: Path) -> str:
    """A console block with what its commands print now."""
    parts = []
    for command in re.findall(r"^\$ (.*)$", text, re.MULTILINE):
        program, *words = shlex.split(command)
        if program == "git":
            run(["git", "add", "--all"], folder)
            printed = run(["git", *AUTHOR, *words], folder)
        else:
            assert program == "capilint" and cli(*words) in {0, 1}, cli.err
            printed = cli.out
        parts.append(f"$ {command}\n{printed}")
    return "".join(parts)


def test_its_recipes_are_yaml_with_options_that_exist(
    project: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    recipes = {
        block["text"].partition("\n")[0]: yaml.safe_load(block["text"])
        for block in BLOCK.finditer(PAGE.read_text(encoding="utf-8"))
        if block["kind"] == "yaml"
    }
    workflow = recipes["# .github/workflows/changes.yml"]["jobs"]["capilint"]["steps"]
    assert workflow[0]["with"] == {"fetch-depth": 0}
    arguments = workflow[1]["with"]["arguments"].replace("origin/${{ github.base_ref }}", "HEAD")
    (hook,) = recipes["# .pre-commit-config.yaml"]["repos"][0]["hooks"]
    for words in (arguments.split(), hook["args"]):
        assert Cli(capsys)("check", *words) == 0
