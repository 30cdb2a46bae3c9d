"""The shell steps of the recipes in docs/ci.md and of `action.yml`, run as the services run them.

What the services do themselves (check out, set up Python, upload) is left out; every other step
runs in the shell that the service uses, in an environment of its own.
"""

from __future__ import annotations

import json
import re
import venv
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

import pytest
import yaml

from capilint import __version__
from tests.checkout import ADDRESS, copy_of_checkout, redirected
from tests.doors import C_LEAK, C_MENDED, PYTHON_LEAK, PYTHON_MENDED, parsed
from tests.tools import ROOT, SCRIPTS, require, run

# One worker runs the whole module, so that the checkout is copied once.
pytestmark = [
    pytest.mark.xdist_group("recipes"),
    pytest.mark.skipif(not (ROOT / ".git").exists(), reason="the checkout's files are git's"),
]
AZURE, GITLAB, GITHUB = "azure-pipelines.yml", ".gitlab-ci.yml", ".github/workflows/capilint.yml"
SILENCED = PYTHON_LEAK.replace("!= 0\n", "!= 0  # capilint: ignore[CAP101] a test\n")


@dataclass(frozen=True)
class Runner:
    """A machine of a service: a project, a fresh Python first in the path, and variables."""

    project: Path
    scripts: Path
    variables: dict[str, str] = field(default_factory=dict)

    def run(self, step: str, status: int = 0, variables: Mapping[str, str] | None = None) -> str:
        """Run a step as GitHub, GitLab and Azure do on Linux; what it prints."""
        shell = [require("bash"), "--noprofile", "--norc", "-eo", "pipefail", "-c", step]
        environment = {**self.variables, **(variables or {})}
        return run(shell, self.project, status, environment)


@pytest.fixture(scope="module")
def checkout(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return copy_of_checkout(tmp_path_factory.mktemp("checkout"))


@pytest.fixture(scope="module")
def scripts(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("python")
    venv.create(folder, with_pip=True)
    return folder / SCRIPTS


@pytest.fixture
def runner(tmp_path: Path, checkout: Path, scripts: Path) -> Runner:
    """A machine with a project that has one leak in C, and one in Python that is silenced."""
    project = tmp_path / "project"
    project.mkdir()
    (project / "session.c").write_text(C_LEAK, encoding="utf-8")
    (project / "client.py").write_text(SILENCED, encoding="utf-8")
    path = f"{scripts}:{Path(require('bash')).parent}:/usr/local/bin:/usr/bin:/bin"
    return Runner(project, scripts, {"PATH": path, **redirected(checkout)})


def results(log: Path) -> list[tuple[str, str, int, bool]]:
    """File, code and line of each result in a SARIF log, and whether it is suppressed."""
    (only,) = json.loads(log.read_text(encoding="utf-8"))["runs"]
    return [
        (
            (place := each["locations"][0]["physicalLocation"])["artifactLocation"]["uri"],
            each["ruleId"],
            place["region"]["startLine"],
            bool(each["suppressions"]),
        )
        for each in only["results"]
    ]


def mend(project: Path) -> None:
    (project / "session.c").write_text(C_MENDED, encoding="utf-8")
    (project / "client.py").write_text(PYTHON_MENDED, encoding="utf-8")


# ---------------------------------------------------------------- GitLab and Azure


def steps_of(name: str) -> list[str]:
    if name == GITLAB:
        return [str(step) for step in parsed(name)["capilint"]["script"]]
    return [str(step["script"]) for step in parsed(name)["steps"] if "script" in step]


@pytest.mark.parametrize("name", [GITLAB, AZURE])
def test_the_steps_show_findings_and_leave_a_log(runner: Runner, name: str) -> None:
    install, check = steps_of(name)
    runner.run(install)
    told = runner.run(check, status=1)
    assert "session.c:6:10: error: CAP101" in told
    assert results(runner.project / "capilint.sarif") == [
        ("client.py", "CAP101", 9, True),
        ("session.c", "CAP101", 6, False),
    ]
    mend(runner.project)
    assert "No findings" in runner.run(check)


def test_the_logs_are_kept_when_the_check_fails() -> None:
    artifacts = parsed(GITLAB)["capilint"]["artifacts"]
    assert artifacts == {"when": "always", "paths": ["capilint.sarif"]}
    publish = parsed(AZURE)["steps"][-1]
    assert (publish["publish"], publish["condition"]) == ("capilint.sarif", "succeededOrFailed()")


# ---------------------------------------------------------------- GitHub's composite action

ACTION = yaml.safe_load((ROOT / "action.yml").read_text(encoding="utf-8"))


def action_steps(runner: Runner, given: Mapping[str, str]) -> dict[str, tuple[str, dict[str, str]]]:
    """The shell steps of the action by name, with the variables that GitHub gives them."""
    inputs = {name: about["default"] for name, about in ACTION["inputs"].items()}
    inputs.update(given)
    known = {f"inputs.{name}": value for name, value in inputs.items()}
    known["steps.python.outputs.python-path"] = str(runner.scripts / "python")

    def filled(text: str) -> str:
        return re.sub(r"\$\{\{ *(.*?) *\}\}", lambda match: known[match[1]], text)

    return {
        step["name"]: (step["run"], {k: filled(v) for k, v in step["env"].items()})
        for step in ACTION["runs"]["steps"]
        if "run" in step
    }


def test_the_action_annotates_summarises_and_prepares_the_upload(
    runner: Runner, checkout: Path, tmp_path: Path
) -> None:
    summary = tmp_path / "summary.md"
    with_inputs = parsed(GITHUB)["jobs"]["capilint"]["steps"][-1]["with"]
    steps = action_steps(runner, with_inputs)
    install, environment = steps["Install capilint"]
    runner.run(install, variables={**environment, "GITHUB_ACTION_PATH": str(checkout)})
    check, environment = steps["Check"]
    environment["GITHUB_STEP_SUMMARY"] = str(summary)
    told = runner.run(check, status=1, variables=environment)
    assert told.startswith("::error file=session.c,line=6,")
    assert "| session.c:6 | CAP101 |" in summary.read_text(encoding="utf-8")
    log = runner.project / "capilint.sarif"
    assert len(results(log)) == 2
    strip, variables = steps["Leave out what is suppressed or known"]
    runner.run(strip, variables=variables)
    assert results(log) == [("session.c", "CAP101", 6, False)]
    mend(runner.project)
    assert runner.run(check, variables=environment) == ""


def test_the_actions_inputs_reach_the_command_and_no_shell(runner: Runner, checkout: Path) -> None:
    (runner.project / "other.c").write_text(C_LEAK, encoding="utf-8")
    steps = action_steps(
        runner,
        {
            "paths": "session.c other.c $(touch${IFS}pwned)",
            "arguments": "--fail-on error --select CAP1",
            "sarif-file": "with space.sarif",
        },
    )
    install, environment = steps["Install capilint"]
    runner.run(install, variables={**environment, "GITHUB_ACTION_PATH": str(checkout)})
    check, environment = steps["Check"]
    told = runner.run(check, status=2, variables=environment)
    assert not (runner.project / "pwned").exists()
    assert "other.c,line=6" in told
    assert len(results(runner.project / "with space.sarif")) == 2


def test_no_script_of_the_action_has_an_expression_in_it() -> None:
    assert [step["run"] for step in ACTION["runs"]["steps"] if "${{" in step.get("run", "")] == []


def test_the_log_is_uploaded_when_the_check_fails() -> None:
    upload = ACTION["runs"]["steps"][-1]
    assert upload["uses"].startswith("github/codeql-action/upload-sarif@")
    assert upload["if"] == "always() && inputs.upload == 'true'"
    assert parsed(GITHUB)["permissions"]["security-events"] == "write"


# ---------------------------------------------------------------- what they have in common


def test_the_recipes_name_this_version() -> None:
    pages = [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))]
    text = "".join(page.read_text(encoding="utf-8") for page in pages)
    revisions = re.findall(
        rf"{re.escape(ADDRESS)}@([^\s']+)|rev: (\S+)|uses: example/\w+@(\S+)", text
    )
    assert len(revisions) > 5
    assert {"".join(found) for found in revisions} == {f"v{__version__}"}
