"""`capilint run` on whole programs: what the monitor sees is what the programs' marks say."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from tests.fixture_format import FIXTURES, read_fixture

ROOT = FIXTURES.parent
OWN = [path for path in sorted((FIXTURES / "run").rglob("*")) if path.is_file()]
PROGRAMS = [
    *sorted((FIXTURES / "c" / "session_key").glob("*.c")),
    *sorted((FIXTURES / "python" / "session_key").glob("*.py")),
    *OWN,
]


@dataclass(frozen=True)
class Ran:
    """A finished `capilint run`."""

    status: int
    output: str
    errors: str

    @property
    def findings(self) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = json.loads(self.output)["findings"]
        return found


def run(*arguments: str | Path, **environment: str) -> Ran:
    command = [sys.executable, "-m", "capilint", "run", *map(str, arguments)]
    done = subprocess.run(
        command,
        capture_output=True,
        text=True,
        encoding="utf-8",
        cwd=ROOT,
        env={**os.environ, **environment},
        timeout=300,
        check=False,
    )
    return Ran(done.returncode, done.stdout, done.stderr)


COMPILERS = {".c": ("cc", "gcc", "clang"), ".cpp": ("c++", "g++", "clang++")}


def needs_compiler(path: Path) -> None:
    if path.suffix != ".py" and not any(map(shutil.which, COMPILERS[path.suffix])):
        if os.environ.get("CI") == "true":
            pytest.fail(f"no compiler for {path.suffix} is installed, and CI needs one")
        pytest.skip(f"no compiler for {path.suffix} is installed")


@pytest.mark.parametrize("path", PROGRAMS, ids=lambda path: path.relative_to(FIXTURES).as_posix())
def test_run_reports_what_check_reports(path: Path) -> None:
    """Every failure is tried, so that the failure paths count, too."""
    needs_compiler(path)
    marks = sorted((each.line, each.code, each.handle) for each in read_fixture([path]).expected)
    ran = run("--fail", "each", "--seed", "1", "--format", "json", path.relative_to(ROOT))
    found = sorted((each["line"], each["code"], each["handle"]) for each in ran.findings)
    assert found == marks, ran.errors
    assert ran.status == (1 if marks else 0), ran.errors


@pytest.mark.parametrize("suffix", ["c", "cpp", "py"])
def test_a_failure_path_shows_only_when_it_is_taken(suffix: str) -> None:
    folder = "python" if suffix == "py" else suffix
    path = FIXTURES / "run" / folder / f"encryption_failure_leaks_key.{suffix}"
    needs_compiler(path)
    clean = run(path, "a text")
    assert (clean.status, clean.output.splitlines()[0]) == (0, "16 bytes")
    for number, expected in ((1, 0), (2, 0), (3, 1)):
        ran = run("--fail", str(number), path, "a text")
        assert (ran.status, "CAP101" in ran.output) == (expected, bool(expected)), ran.output
    assert "CryptEncrypt fails (--fail 3), in encrypt" in ran.output
    beyond = run("--fail", "4", path, "a text")
    assert "never came to call 4; it made 3 calls" in beyond.errors
