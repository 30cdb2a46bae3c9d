"""What a release needs: one version everywhere, and workflows that do what they say."""

from __future__ import annotations

import re
import shutil
from pathlib import Path

import pytest
import yaml

from capilint import __version__
from tests.setup.release import problems
from tests.tools import ROOT

WORKFLOWS = sorted((ROOT / ".github" / "workflows").glob("*.yml"))


@pytest.fixture
def ready(tmp_path: Path) -> Path:
    """A checkout that may be released."""
    shutil.copytree(ROOT / "docs", tmp_path / "docs")
    (tmp_path / "capilint").mkdir()
    for name in ("README.md", "CHANGELOG.md", "capilint/__init__.py"):
        shutil.copy(ROOT / name, tmp_path / name)
    _change(tmp_path / "CHANGELOG.md", r"## \[Unreleased\]", f"## [{__version__}] - 2026-12-01")
    return tmp_path


def _change(path: Path, old: str, new: str) -> None:
    text, count = re.subn(old, new, path.read_text(encoding="utf-8"), count=1)
    assert count, f"{path} has no {old}"
    path.write_text(text, encoding="utf-8")


def test_a_checkout_that_names_one_version_is_ready(ready: Path) -> None:
    assert list(problems(ready)) == []


def test_what_is_not_ready_is_said(ready: Path) -> None:
    _change(ready / "docs" / "ci.md", r"rev: v[\d.]+", "rev: v0.0.9")
    _change(
        ready / "CHANGELOG.md", r"## \[[\d.]+\] - ", "## [Unreleased]\n\n- news\n\n## [9.9.9] - "
    )
    told = "\n".join(problems(ready))
    assert f"docs/ci.md names v0.0.9, and this is v{__version__}" in told
    assert f"no section `## [{__version__}]" in told
    assert "unreleased changes" in told


@pytest.mark.parametrize("path", WORKFLOWS, ids=lambda path: path.stem)
def test_a_workflow_runs_targets_that_exist_with_no_more_rights_than_it_says(path: Path) -> None:
    workflow = yaml.safe_load(path.read_text(encoding="utf-8"))
    assert workflow["permissions"]["contents"] == "read"
    targets = set(re.findall(r"^([\w-]+):", (ROOT / "Makefile").read_text(encoding="utf-8"), re.M))
    for job in workflow["jobs"].values():
        for step in job["steps"]:
            command = step.get("run", "")
            assert "${{" not in command, "what comes from outside would run as shell code"
            assert set(re.findall(r"\bmake ([\w-]+)", command)) <= targets


def test_the_issue_forms_are_forms() -> None:
    forms = sorted((ROOT / ".github" / "ISSUE_TEMPLATE").glob("*.yml"))
    assert len(forms) == 3
    for form in forms:
        read = yaml.safe_load(form.read_text(encoding="utf-8"))
        assert read["name"] and read["description"] and read["body"]
