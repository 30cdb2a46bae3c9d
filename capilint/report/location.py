"""Paths as URIs, as SARIF wants them."""

from __future__ import annotations

import os
from pathlib import Path
from urllib.parse import quote

BASE = "%SRCROOT%"  # the name that GitHub's uploader knows for the top of the checkout


def artifact(path: str) -> dict[str, str]:
    """A SARIF artifactLocation: relative where the path lies below the working directory."""
    try:
        relative = os.path.relpath(path).replace(os.sep, "/")
    except ValueError:  # another drive
        relative = ".."
    if relative.split("/")[0] == "..":
        return {"uri": Path(os.path.abspath(path)).as_uri()}  # noqa: PTH100 - resolves no link
    return {"uri": quote(relative, safe="/", errors="surrogateescape"), "uriBaseId": BASE}
