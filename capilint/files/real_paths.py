"""Which file a path means, where one file has several paths."""

from __future__ import annotations

# Importing pathlib would cost a tenth of the time that `check` may take to start.
# ruff: noqa: PTH100, PTH118
import os
from collections.abc import Iterable


class RealPaths:
    """Absolute paths whose folders are no links; each folder is looked at once in a run."""

    def __init__(self) -> None:
        self._folders: dict[str, str] = {}

    def of(self, path: str) -> str:
        """The path of the same file that has no link on its way; a link at its end stays."""
        folder, name = os.path.split(os.path.normpath(path))
        real = self._folders.get(folder)
        if real is None:
            try:
                real = os.path.realpath(folder)
            except (OSError, ValueError):  # a NUL in the path
                real = os.path.abspath(folder)
            self._folders[folder] = real
        return os.path.join(real, name)

    def is_below(self, path: str, folders: Iterable[str]) -> bool:
        """Whether a path leads into one of some folders."""
        key = self.key(path)
        return any(key.startswith(self.key(os.path.join(folder, "x"))[:-1]) for folder in folders)

    def key(self, path: str) -> str:
        """The same for all paths of a file, also where the system takes no heed of case."""
        return os.path.normcase(self.of(path))
