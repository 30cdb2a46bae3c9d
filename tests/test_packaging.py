"""What is built and installed finds its rules, away from the checkout.

    checkout ─ build ─┬─ sdist ─── holds all files
                      └─ wheel ─ pip install ─ capilint rules, capilint check
                    └──── uv tool install ─ the same
    checkout ─ pip install --editable ─ the same
    git clone ─ pip install git+file:// ─ the same

These tests need a package index for the dependencies; pip's cache keeps them quick.
"""

from __future__ import annotations

import subprocess
import sys
import tarfile
import venv
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.checkout import copy_of_checkout, files_of
from tests.tools import ROOT, SCRIPTS, run

LEAK = """\
#include <windows.h>
#include <wincrypt.h>
BOOL make(HCRYPTPROV hProv)
{
    HCRYPTKEY hKey;
    return CryptGenKey(hProv, CALG_RC4, 0, &hKey);
}
"""

# One worker runs the whole module, so that the checkout is copied and built once.
pytestmark = [
    pytest.mark.xdist_group("packaging"),
    pytest.mark.skipif(not (ROOT / ".git").exists(), reason="the checkout's files are git's"),
]


@pytest.fixture(scope="module")
def checkout(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A repository of its own with this checkout's files, so that a build changes nothing here."""
    return copy_of_checkout(tmp_path_factory.mktemp("checkout"))


@pytest.fixture(scope="module")
def built(checkout: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder with the sdist, and the wheel made from it."""
    folder = tmp_path_factory.mktemp("dist")
    run([sys.executable, "-m", "build", "--outdir", folder, checkout], folder)
    return folder


@pytest.fixture
def install(tmp_path: Path) -> Callable[..., Path]:
    """Installs something into a clean virtual environment; the path of its `capilint`."""

    def install(*arguments: str | Path) -> Path:
        environment = tmp_path / "venv"
        venv.create(environment)  # our own pip fills it: unpacking another takes seconds
        pip = [sys.executable, "-m", "pip", "--python", environment / SCRIPTS / "python"]
        run([*pip, "install", "--quiet", *arguments], tmp_path)
        return environment / SCRIPTS / "capilint"

    return install


def _assert_works(capilint: Path, folder: Path) -> None:
    (folder / "leak.c").write_text(LEAK, encoding="utf-8")
    assert "CAP101" in run([capilint, "rules"], folder)
    assert "CryptDestroyKey" in run([capilint, "rules", "--functions"], folder)
    done = subprocess.run(
        [capilint, "check", "leak.c"], cwd=folder, capture_output=True, text=True, check=False
    )
    assert done.returncode == 1, done.stdout + done.stderr
    assert done.stdout.startswith("leak.c:6:"), done.stdout
    assert "CAP101" in done.stdout


def test_the_wheel_holds_the_rules_as_its_own(checkout: Path, built: Path) -> None:
    (wheel,) = built.glob("*.whl")
    names = zipfile.ZipFile(wheel).namelist()
    rules = [name for name in files_of(checkout) if name.startswith("rules/")]
    assert rules
    assert {f"capilint/{name}" for name in rules} <= set(names)
    strays = [n for n in names if not n.startswith(("capilint/", "capilint-"))]
    assert not strays


def test_the_sdist_holds_the_whole_checkout(checkout: Path, built: Path) -> None:
    (sdist,) = built.glob("*.tar.gz")
    with tarfile.open(sdist) as tar:
        names = {name.partition("/")[2] for name in tar.getnames()}
    assert set(files_of(checkout)) <= names


def test_the_wheel_works_in_a_clean_environment(
    built: Path, install: Callable[..., Path], tmp_path: Path
) -> None:
    (wheel,) = built.glob("*.whl")
    _assert_works(install(wheel), tmp_path)


def test_uv_installs_it_as_a_tool(built: Path, tmp_path: Path) -> None:
    (wheel,) = built.glob("*.whl")
    places = {
        "UV_TOOL_DIR": str(tmp_path / "tools"),
        "UV_TOOL_BIN_DIR": str(tmp_path / "bin"),
        "UV_PYTHON": sys.executable,
    }
    run([sys.executable, "-m", "uv", "tool", "install", wheel], tmp_path, environment=places)
    _assert_works(tmp_path / "bin" / "capilint", tmp_path)


def test_an_editable_install_works(
    checkout: Path, install: Callable[..., Path], tmp_path: Path
) -> None:
    _assert_works(install("--editable", checkout), tmp_path)


def test_an_install_from_git_works(
    checkout: Path, install: Callable[..., Path], tmp_path: Path
) -> None:
    _assert_works(install(f"git+{checkout.as_uri()}"), tmp_path)
