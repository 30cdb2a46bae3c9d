"""One project, four ways to check it: all show the same codes at the same lines.

A scratch repository with one leaking C file and one leaking Python file, as in the README; then
the same files mended, which all accept.
"""

from __future__ import annotations

import json
import os
import re
import sys
from pathlib import Path

import pytest

from tests.checkout import copy_of_checkout, redirected
from tests.doors import C_LEAK, C_MENDED, PYTHON_LEAK, PYTHON_MENDED, parsed, recipe
from tests.tools import ROOT, require, run

pytestmark = [
    pytest.mark.xdist_group("pre-commit"),
    pytest.mark.skipif(not (ROOT / ".git").exists(), reason="the checkout's files are git's"),
]
SCRIPTS = Path(sys.executable).parent
PLACE = re.compile(r"^(?:\./)?([^:\s]+):(\d+):\d+:(?: \w+:)? (CAP\d+) ", re.MULTILINE)

Places = set[tuple[str, int, str]]


def places(text: str) -> Places:
    """File, line and code of all that a text report names."""
    return {(path, int(line), code) for path, line, code in PLACE.findall(text)}


class Project:
    """A repository, and the doors to it; each gives what it shows and checks its exit status."""

    def __init__(self, folder: Path, environment: dict[str, str]) -> None:
        self.folder = folder
        self._environment = environment

    def fill(self, c: str, python: str) -> None:
        (self.folder / "src").mkdir(exist_ok=True)
        (self.folder / "src" / "session.c").write_text(c, encoding="utf-8")
        (self.folder / "client.py").write_text(python, encoding="utf-8")
        run(["git", "add", "--all"], self.folder)

    def check(self, status: int) -> Places:
        return places(run([SCRIPTS / "capilint", "check", "."], self.folder, status))

    def flake8(self, status: int) -> Places:
        return places(run([SCRIPTS / "flake8", "--select", "CAP", "."], self.folder, status))

    def pre_commit(self, status: int) -> Places:
        command = [sys.executable, "-m", "pre_commit", "run", "--all-files"]
        return places(run(command, self.folder, status, self._environment))

    def ci(self, status: int) -> Places:
        """The check of the recipe for GitLab; what its SARIF log holds."""
        step = parsed(".gitlab-ci.yml")["capilint"]["script"][-1]
        path = {"PATH": f"{SCRIPTS}{os.pathsep}{os.environ['PATH']}"}
        run([require("bash"), "-c", step], self.folder, status, path)
        log = json.loads((self.folder / "capilint.sarif").read_text(encoding="utf-8"))
        return {
            (place["artifactLocation"]["uri"], place["region"]["startLine"], result["ruleId"])
            for result in log["runs"][0]["results"]
            for place in [result["locations"][0]["physicalLocation"]]
        }


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Project:
    checkout = copy_of_checkout(tmp_path_factory.mktemp("checkout"))
    folder = tmp_path_factory.mktemp("project")
    run(["git", "init", "--quiet"], folder)
    (folder / ".pre-commit-config.yaml").write_text(recipe(".pre-commit-config.yaml"))
    cache = {"PRE_COMMIT_HOME": str(tmp_path_factory.mktemp("cache"))}
    return Project(folder, {**redirected(checkout), **cache})


def test_all_doors_show_the_same_findings(project: Project) -> None:
    project.fill(C_LEAK, PYTHON_LEAK)
    shown = project.check(status=1)
    assert shown == {("src/session.c", 6, "CAP101"), ("client.py", 9, "CAP101")}
    assert project.pre_commit(status=1) == shown
    assert project.ci(status=1) == shown
    assert project.flake8(status=1) == {each for each in shown if each[0].endswith(".py")}


def test_all_doors_accept_the_mended_files(project: Project) -> None:
    project.fill(C_MENDED, PYTHON_MENDED)
    assert project.check(status=0) == set()
    assert project.pre_commit(status=0) == set()
    assert project.ci(status=0) == set()
    assert project.flake8(status=0) == set()


def test_all_doors_obey_the_configuration(project: Project) -> None:
    project.fill(C_LEAK, PYTHON_LEAK)
    configuration = project.folder / "pyproject.toml"
    text = '[tool.capilint.per-file-ignores]\n"*.py" = ["CAP101"]\n'
    configuration.write_text(text, encoding="utf-8")
    shown = project.check(status=1)
    assert shown == {("src/session.c", 6, "CAP101")}
    assert project.pre_commit(status=1) == project.ci(status=1) == shown
    assert project.flake8(status=0) == set()
    configuration.unlink()
