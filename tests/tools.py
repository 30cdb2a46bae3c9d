"""Other people's programs that tests run, each installed once into a folder of the environment.

    npm_package("@microsoft/sarif-multitool-linux", "5.7.0") ─▶ <venv>/npm/...
    python_environment("flake8-6", "flake8>=6,<7", ...) ─────▶ <venv>/environments/flake8-6

They lie below the virtual environment of the tests, so that `make clean` removes them and a
second `make test` finds them.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import venv
from collections.abc import Mapping, Sequence
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
SCRIPTS = "Scripts" if os.name == "nt" else "bin"
_STAMP = ".complete"


def run(
    command: Sequence[object],
    cwd: Path,
    status: int | None = 0,
    environment: Mapping[str, str] | None = None,
    stdin: str = "",
) -> str:
    """Run a command as a user would; both of its outputs. Asserts its exit status, if any."""
    inherited = {k: v for k, v in os.environ.items() if k not in {"PYTHONPATH", "VIRTUAL_ENV"}}
    done = subprocess.run(
        [str(part) for part in command],
        cwd=cwd,
        env={**inherited, "NO_COLOR": "1", **(environment or {})},
        input=stdin,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        encoding="utf-8",
        check=False,
    )
    assert status is None or done.returncode == status, f"{command}\n{done.stdout}"
    return done.stdout


def require(program: str) -> str:
    """The path of a program. Skips the test where it is missing; in CI that is a failure."""
    found = shutil.which(program)
    if found is None:
        message = f"{program} is not installed"
        if os.environ.get("CI"):
            pytest.fail(message)
        pytest.skip(message)
    return found


def npm_package(name: str, version: str) -> Path:
    """The folder of an npm package, without what its install scripts would do."""
    npm = require("npm")
    folder = Path(sys.prefix) / "npm" / f"{name.rpartition('/')[2]}-{version}"
    if not (folder / _STAMP).exists():
        folder.mkdir(parents=True, exist_ok=True)
        options = ["--prefix", folder, "--ignore-scripts", "--no-audit", "--no-fund"]
        run([npm, "install", *options, f"{name}@{version}"], folder)
        (folder / _STAMP).touch()
    return folder / "node_modules" / name


def python_environment(name: str, *requirements: str) -> Path:
    """The folder of scripts of a virtual environment that has `requirements` and this checkout.

    Installed anew where the requirements or `pyproject.toml` change.
    """
    folder = Path(sys.prefix) / "environments" / name
    wanted = "\n".join([*requirements, (ROOT / "pyproject.toml").read_text(encoding="utf-8")])
    stamp = folder / _STAMP
    if not stamp.exists() or stamp.read_text(encoding="utf-8") != wanted:
        venv.create(folder, with_pip=True, clear=True)
        pip = [folder / SCRIPTS / "python", "-m", "pip", "--disable-pip-version-check"]
        run([*pip, "install", "--quiet", "--editable", ROOT, *requirements], folder)
        stamp.write_text(wanted, encoding="utf-8")
    return folder / SCRIPTS
