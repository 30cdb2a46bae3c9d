"""The README and the pages of `docs/` show what really happens.

What their commands print is compared (see `tests/documents.py`). The uses in blocks of ```sh must
be accepted in a folder that has such files, and so must the configurations in blocks of ```toml.
Between the two `codes` comments of the README stands the table of codes. `python -m
tests.test_pages` writes the outputs and the table anew.
"""

from __future__ import annotations

import re
import shlex
import shutil
from pathlib import Path

import pytest

from capilint.rulebook.codes import load as load_codes
from tests.documents import ROOT, capilint, console_blocks, ran, written_anew
from tests.tools import require

README = ROOT / "README.md"
USES = re.compile(r"^```sh\n(.*?)^```$", re.MULTILINE | re.DOTALL)
CONFIGURATIONS = re.compile(r"^```toml\n(.*?)^```$", re.MULTILINE | re.DOTALL)
TABLE = re.compile(r"(?<=<!-- codes: begin -->\n).*?(?=<!-- codes: end -->)", re.DOTALL)


def _table() -> str:
    """The table of codes, from `rules/codes/`."""
    rows = ["", "| code | name | what it does | default |", "| --- | --- | --- | --- |"]
    for code in load_codes().values():
        rows.append(f"| {code.code} | {code.name} | {code.summary} | {code.default} |")
    return "\n".join(rows) + "\n\n"


PAGES = [
    README,
    *(ROOT / "docs" / f"{name}.md" for name in ("checking", "configuration", "running")),
]
MADE = {"options.md", "settings.md", "functions.md", "codes/index.md"}  # by docs/generate/pages.py
TEXTS = {page: page.read_text(encoding="utf-8") for page in PAGES}
BLOCKS = [block for text in TEXTS.values() for block in console_blocks(text)]
COMMANDS = sorted(
    {
        line
        for text in TEXTS.values()
        for block in USES.findall(text)
        for line in block.splitlines()
        if line.startswith("capilint") and "fixtures/" not in line
    }
)


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """A folder with the files that the README speaks of."""
    (tmp_path / "src").mkdir()
    for name in ("encrypt.c", "cleanup.c"):
        shutil.copy(ROOT / "fixtures" / "demo" / name, tmp_path / "src")
    shutil.copy(ROOT / "fixtures" / "demo" / "client.py", tmp_path)
    return tmp_path


def test_the_readme_is_short_and_shows_commands() -> None:
    assert "$ capilint check" in TEXTS[README]
    assert len(TEXTS[README].splitlines()) < 200


def test_its_links_lead_somewhere() -> None:
    for page in (README, *(ROOT / "docs").glob("*.md")):
        for link in re.findall(r"\]\((?!https?:|#)([^)#]+)", page.read_text(encoding="utf-8")):
            assert (page.parent / link).exists() or link in MADE, f"{page.name}: {link}"


@pytest.mark.parametrize("block", BLOCKS, ids=lambda block: block.split("\n")[0][2:])
def test_a_command_prints_what_the_readme_shows(block: str) -> None:
    if "$ capilint run " in block:
        require("cc")
    assert ran(block) == block


@pytest.mark.parametrize("command", COMMANDS)
def test_a_use_is_accepted(project: Path, command: str) -> None:
    _, *arguments = shlex.split(command.partition("<")[0], comments=True)
    stdin = (project / "src" / "encrypt.c").read_text(encoding="utf-8")
    done = capilint(arguments, project, stdin if "<" in command else "")
    assert done.returncode in {0, 1}, done.stdout


@pytest.mark.parametrize(
    "configuration", [found for text in TEXTS.values() for found in CONFIGURATIONS.findall(text)]
)
def test_a_configuration_is_accepted(project: Path, configuration: str) -> None:
    (project / "pyproject.toml").write_text(configuration, encoding="utf-8")
    done = capilint(["check", "."], project)
    assert done.returncode in {0, 1}, done.stdout
    (project / "pyproject.toml").write_text(configuration + "nonsense = 1\n", encoding="utf-8")
    done = capilint(["check", "."], project)
    assert done.returncode == 2, "the configuration is not even read"


def test_the_table_of_codes_is_complete() -> None:
    (table,) = TABLE.findall(TEXTS[README])
    assert table == _table()


def _write_anew() -> None:
    for page, text in TEXTS.items():
        new = TABLE.sub(lambda _: _table(), written_anew(text))
        page.write_text(new, encoding="utf-8")


if __name__ == "__main__":
    _write_anew()
