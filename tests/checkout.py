"""A copy of this checkout as a repository of its own, for what installs capilint from git."""

from __future__ import annotations

import shutil
from pathlib import Path

from capilint import __version__
from tests.tools import ROOT, run

# The address of capilint in the README; `redirected` leads it to a copy of the checkout.
ADDRESS = "https://example.com/capilint"
TAG = f"v{__version__}"


def files_of(folder: Path) -> list[str]:
    """The files of a work tree that git does not ignore."""
    listed = run(["git", "ls-files", "--cached", "--others", "--exclude-standard"], folder)
    return [name for name in listed.splitlines() if (folder / name).is_file()]


def copy_of_checkout(folder: Path) -> Path:
    """Fill the folder with this checkout's files as they are now, committed and tagged."""
    for name in files_of(ROOT):
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(ROOT / name, folder / name)
    run(["git", "init", "--quiet"], folder)
    commit_all(folder, "as it is")
    run(["git", "tag", TAG], folder)
    return folder


def commit_all(folder: Path, message: str, status: int = 0) -> str:
    """Commit all files, through the hooks; what git and they print."""
    run(["git", "add", "--all"], folder)
    author = ["-c", "user.name=test", "-c", "user.email=test@example.invalid"]
    return run(["git", *author, "commit", "--quiet", "--message", message], folder, status)


def redirected(checkout: Path) -> dict[str, str]:
    """The environment in which git takes ADDRESS for a checkout."""
    return {
        "GIT_CONFIG_COUNT": "1",
        "GIT_CONFIG_KEY_0": f"url.{checkout.as_uri()}.insteadOf",
        "GIT_CONFIG_VALUE_0": ADDRESS,
    }
