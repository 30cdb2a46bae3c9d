"""Microsoft's validator of SARIF, and what it says of our logs that stays so.

Tests that run it belong to the group `npm`: one worker installs it.
"""

from __future__ import annotations

import json
import platform
import stat
import sys
from pathlib import Path

import pytest

from tests.tools import npm_package, run

MULTITOOL = "5.7.0"
# What the validator would rather have, and why it is not so.
NOTES = {
    "SARIF2002": "messages are made of many parts; a template for each would say no more",
    "SARIF2003": "which revision was checked only git knows, and no other program is started",
    "SARIF2006": "a page could not be reached from the machine of the tests",
    "SARIF2010": "source text stays where it is: a log goes further than a repository may",
    "SARIF2011": "so do the lines around it",
    "SARIF2016": "a file outside of the folder that is checked has no relative URI",
    "SARIF2012": "names are those of comments and options; of CAP9 the `help` is the only page",
}


def validated(folder: Path, text: str) -> list[str]:
    """The errors, warnings and notes that the validator has about a SARIF text.

    Skips the test where it cannot be had.
    """
    multitool = _multitool()
    (folder / "capilint.sarif").write_text(text, encoding="utf-8")
    command = [multitool, "validate", "capilint.sarif", "--output", "verdict.sarif"]
    command += ["--rule-kind", "Sarif;Ghas", "--level", "Error;Warning;Note"]
    command += ["--log", "ForceOverwrite"]
    without_icu = {"DOTNET_SYSTEM_GLOBALIZATION_INVARIANT": "1"}
    run(command, folder, status=None, environment=without_icu)
    verdict = json.loads((folder / "verdict.sarif").read_text(encoding="utf-8-sig"))
    return [f"{r['ruleId']}: {r['message']}" for r in verdict["runs"][0].get("results", [])]


def _multitool() -> Path:
    """The program inside Microsoft's npm package, for this system."""
    system = {"linux": "linux", "darwin": "darwin", "win32": "win32"}[sys.platform]
    if platform.machine().lower() not in {"x86_64", "amd64"} and system != "darwin":
        pytest.skip("Microsoft builds the validator for x86-64 only")
    folder = npm_package(f"@microsoft/sarif-multitool-{system}", MULTITOOL)
    (program,) = [p for p in folder.glob("Sarif.Multitool*") if p.suffix in {".Multitool", ".exe"}]
    program.chmod(program.stat().st_mode | stat.S_IXUSR)
    return program
