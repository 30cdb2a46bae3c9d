"""Where the cache is: asked for by the user, or the folder that the system has for caches."""

from __future__ import annotations

# Importing pathlib would cost a tenth of the time that `check` may take to start.
# ruff: noqa: PTH111, PTH117, PTH118
import os
import sys

VARIABLE = "CAPILINT_CACHE_DIR"


def default_folder() -> str | None:
    """The folder that the environment names, else the user's; None where there is none.

    The rules are those of https://specifications.freedesktop.org/basedir-spec/ on Unix,
    `~/Library/Caches` on macOS and `%LOCALAPPDATA%` on Windows.
    """
    named = os.environ.get(VARIABLE)
    if named:
        return named
    if sys.platform == "win32":
        above, own = os.environ.get("LOCALAPPDATA", ""), os.path.join("capilint", "Cache")
    elif sys.platform == "darwin":
        above, own = os.path.expanduser("~/Library/Caches"), "capilint"
    else:
        asked = os.environ.get("XDG_CACHE_HOME", "")
        above, own = asked if os.path.isabs(asked) else os.path.expanduser("~/.cache"), "capilint"
    return os.path.join(above, own) if os.path.isabs(above) else None
