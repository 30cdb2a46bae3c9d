"""docs/how-it-works.md shows what every stage really prints, and explains words that exist.

`python -m tests.test_how_it_works` writes its blocks anew.
"""

from __future__ import annotations

import re

import pytest

from tests.documents import ROOT, console_blocks, ran, with_listings, written_anew

PAGE = ROOT / "docs" / "how-it-works.md"
ENGINE = ROOT / "capilint" / "engine"
TEXT = PAGE.read_text(encoding="utf-8")
BLOCKS = console_blocks(TEXT)
WORDS = re.findall(
    r"^\| ([^|]+) \| [^|]+ \| `([\w/]+\.py)` \|$",
    TEXT.partition("<!-- words -->")[2].partition("\n## ")[0],
    re.MULTILINE,
)
KINDS_CHOSEN = {"report", "instance", "read", "display"}  # by a condition, not as a literal
FILES = sorted(set(re.findall(r"`((?:\w+/)*\w+\.(?:py|toml|md))`", TEXT)))


@pytest.mark.parametrize("block", BLOCKS, ids=lambda block: block.split("\n")[0][2:])
def test_a_command_prints_what_the_page_shows(block: str) -> None:
    assert ran(block) == block


def test_the_files_that_are_shown_are_the_files() -> None:
    assert with_listings(TEXT) == TEXT


def test_every_view_of_debug_is_shown_or_named() -> None:
    for view in ("ir", "cfg", "states", "summary", "defects", "replay"):
        assert any(f"capilint debug {view} " in block for block in BLOCKS), view


@pytest.mark.parametrize(("word", "path"), WORDS)
def test_a_word_is_used_where_the_page_says(word: str, path: str) -> None:
    home = ROOT / "capilint" if path.startswith("rulebook/") else ENGINE
    code = (home / path).read_text(encoding="utf-8").lower().replace("_", " ")
    stem = word.removeprefix("to ").partition(",")[0].partition(" ")[0].lower()
    assert re.search(rf"\b{stem[:4]}", code), f"{path} does not speak of {word}"


def test_every_kind_of_symbol_is_explained() -> None:
    table = TEXT.partition("<!-- symbols -->")[2].partition("\n## ")[0]
    code = "".join(path.read_text(encoding="utf-8") for path in ENGINE.rglob("*.py"))
    made = set(re.findall(r'\bSymbol\(\s*"(\w+)"', code)) | KINDS_CHOSEN
    assert set(re.findall(r"^\| `(\w+)` \|", table, re.MULTILINE)) == made


@pytest.mark.parametrize("name", FILES)
def test_a_file_that_the_page_names_exists(name: str) -> None:
    folders = (ROOT, ROOT / "capilint", ENGINE, ROOT / "capilint" / "frontends" / "c")
    assert any((folder / name).is_file() for folder in folders)


if __name__ == "__main__":
    PAGE.write_text(written_anew(TEXT), encoding="utf-8")
