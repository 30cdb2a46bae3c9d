"""Pages that are run from top to bottom, each in a repository of its own.

`python -m tests.test_walkthroughs` writes their outputs anew.
"""

from __future__ import annotations

import contextlib
import io
import os
import re
import shlex
import shutil
import tempfile
from pathlib import Path

import pytest
import yaml

from capilint.cli import main as capilint
from tests.checkout import commit_all
from tests.command_line import Cli
from tests.documents import ROOT
from tests.tools import require, run

TEXTS = {
    name: (ROOT / "docs" / f"{name}.md").read_text(encoding="utf-8")
    for name in ("old-code", "tutorial")
}
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
    return filled(tmp_path)


def filled(folder: Path) -> Path:
    """The folder as a repository with the old code."""
    shutil.copytree(ROOT / "fixtures" / "demo", folder / "src")
    run(["git", "init", "--quiet"], folder)
    commit_all(folder, "old code")
    return folder


def written_anew(text: str, folder: Path) -> str:
    """A page with what its commands print now, one after the other in the working directory."""

    def block(match: re.Match[str]) -> str:
        if match["how"] is not None:
            with Path(match["name"]).open("w" if match["how"] == "write" else "a") as file:
                file.write(match["text"])
        if match["kind"] != "console":
            return match[0]
        commands = re.findall(r"^\$ (.*)$", match["text"], re.MULTILINE)
        parts = [f"$ {command}\n{printed(command, folder)}" for command in commands]
        return f"```console\n{''.join(parts)}```"

    return BLOCK.sub(block, text)


def printed(command: str, folder: Path) -> str:
    program, *words = shlex.split(command)
    if program == "git":
        run(["git", "add", "--all"], folder)
        return run(["git", *AUTHOR, *words], folder)
    out = io.StringIO()
    with contextlib.redirect_stdout(out):
        assert program == "capilint" and capilint(words) in {0, 1}, command
    return out.getvalue()


@pytest.mark.parametrize("text", TEXTS.values(), ids=TEXTS)
def test_a_page_shows_what_happens(text: str, project: Path) -> None:
    assert written_anew(text, project) == text
    assert text.count("$ capilint") > 5


def test_its_recipes_are_yaml_with_options_that_exist(
    project: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    recipes = {
        block["text"].partition("\n")[0]: yaml.safe_load(block["text"])
        for block in BLOCK.finditer(TEXTS["old-code"])
        if block["kind"] == "yaml"
    }
    workflow = recipes["# .github/workflows/changes.yml"]["jobs"]["capilint"]["steps"]
    assert workflow[0]["with"] == {"fetch-depth": 0}
    arguments = workflow[1]["with"]["arguments"].replace("origin/${{ github.base_ref }}", "HEAD")
    (hook,) = recipes["# .pre-commit-config.yaml"]["repos"][0]["hooks"]
    for words in (arguments.split(), hook["args"]):
        assert Cli(capsys)("check", *words) == 0


if __name__ == "__main__":
    for name, text in TEXTS.items():
        with tempfile.TemporaryDirectory() as scratch:
            os.chdir(filled(Path(scratch)))
            page = written_anew(text, Path(scratch))
            os.chdir(ROOT)
        (ROOT / "docs" / f"{name}.md").write_text(page, encoding="utf-8")
