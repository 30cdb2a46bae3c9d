"""The documentation's site: it builds without a warning, and what it makes is all there."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

from capilint.commands.command_line import whole_parser
from capilint.config.loading import KEYS
from capilint.rulebook.codes import load as load_codes
from tests.tools import ROOT, run

pytest.importorskip("sphinx")
NO_TEXT = re.compile(r"<(script|style).*?</\1>|<[^>]+>", re.DOTALL)


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("site")
    run([sys.executable, ROOT / "docs/generate/pages.py", folder / "source"], ROOT)
    done = subprocess.run(
        [sys.executable, "-m", "sphinx", "-q", "-W", "--keep-going", "source", "site"],
        cwd=folder,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return folder / "site"


def _text(page: Path) -> str:
    return NO_TEXT.sub("", page.read_text(encoding="utf-8"))


def test_the_site_has_every_option_setting_code_and_page(site: Path) -> None:
    options, settings = _text(site / "options.html"), _text(site / "settings.html")
    _, subparsers = whole_parser()
    for name, parser in subparsers.items():
        assert name in options
        for action in parser._actions:
            assert all(option in options for option in action.option_strings)
    assert all(key in settings for key in KEYS)
    for code in load_codes().values():
        assert code.name in _text(site / "codes" / f"{code.code}.html")
    assert {page.stem for page in (ROOT / "docs").glob("*.md")} <= {
        page.stem for page in site.glob("*.html")
    }
    assert {page.name for page in (site / "schemas").iterdir()} == {
        *("report.json", "config.json", "rules.json")
    }


def test_its_pages_load_nothing_from_elsewhere(site: Path) -> None:
    for page in site.rglob("*.html"):
        loaded = re.findall(
            r'<(?:script|img|link)\b[^>]*(?:src|href)="(https?:[^"]+)"', page.read_text()
        )
        assert not loaded, page
