"""Files of one run give the same report in any order, by any number of jobs, and whatever Python's
hashes begin with.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

from capilint.checking import check
from capilint.config.settings import Settings
from capilint.files.source import Input
from capilint.report import Style, json_report
from tests.fuzz.edits import WrongInput
from tests.tools import ROOT

# The command line, but for which a program of any size is worth several jobs.
_EAGER = (
    "import sys, capilint.checking, capilint.parallel.workers;"
    "capilint.checking._ENOUGH = capilint.parallel.workers.ENOUGH = 1;"
    "from capilint.cli import main; sys.exit(main())"
)


def hold_together(items: Sequence[Input]) -> None:
    """Check files as one program. Raises WrongInput where that is not the same each time."""
    first = _rendered(items)
    if first != _rendered(items[::-1]):
        raise WrongInput("not the same in another order")
    with tempfile.TemporaryDirectory() as folder:
        for item in items:
            (Path(folder) / item.path).write_bytes(item.data or b"")
        if _by_process(folder, "1", 1) != _by_process(folder, "2", 2):
            raise WrongInput("not the same with another hash seed, or two jobs")


def _rendered(items: Sequence[Input]) -> str:
    return json_report.render(check(items, lambda _: Settings()), Style())


def _by_process(folder: str, seed: str, jobs: int) -> str:
    command = [sys.executable, "-c", _EAGER, "check", "--isolated", "--format", "json", "."]
    environment = {**os.environ, "PYTHONHASHSEED": seed, "PYTHONPATH": str(ROOT)}
    done = subprocess.run(
        [*command, "--no-cache", f"--jobs={jobs}"],
        cwd=folder,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    return done.stdout
