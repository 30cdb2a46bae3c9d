"""The tree of a file: what may be read of what nobody named, wherever the tree itself leads to.

.git above it ────── that repository
none, and below the working directory ── that
neither ──────────── the folder that all files of the run have in common
"""

from __future__ import annotations

# Importing pathlib would cost a tenth of the time that `check` may take to start.
# ruff: noqa: PTH100, PTH118, PTH120
import os
from collections.abc import Iterable
from functools import cached_property

from capilint.files.real_paths import RealPaths


def real_folder(folder: str) -> str:
    """The absolute path of a folder, without links, with a final separator."""
    try:
        real = os.path.realpath(folder)
    except (OSError, ValueError):  # a NUL in the path
        real = os.path.abspath(folder)
    return os.path.join(real, "")


class Tree:
    """The trees of a run's files, whose paths are `paths`."""

    def __init__(self, paths: Iterable[str]) -> None:
        self._paths = paths
        self._real = RealPaths()
        self._roots: dict[str, str] = {}

    def has(self, folder: str, file: str) -> bool:
        """Whether a folder lies in the tree of a file of the run, or of a header of such."""
        return real_folder(folder).startswith(self._root(self._folder_of(file)))

    def _folder_of(self, path: str) -> str:
        return os.path.join(os.path.dirname(self._real.of(path)), "")

    def _root(self, folder: str) -> str:
        if folder not in self._roots:
            self._roots[folder] = _repository(folder) or next(
                (each for each in (self._here, self._common) if folder.startswith(each)), folder
            )
        return self._roots[folder]

    @cached_property
    def _here(self) -> str:
        return real_folder(".")

    @cached_property
    def _common(self) -> str:
        try:
            common = os.path.commonpath([self._folder_of(path) for path in self._paths])
        except ValueError:  # none, or on several drives of Windows
            return self._here
        return os.path.join(common, "")


def _repository(folder: str) -> str:
    """The repository that a folder lies in; empty where there is none."""
    current = folder.rstrip(os.sep)
    while not os.path.lexists(os.path.join(current, ".git")):
        parent = os.path.dirname(current)
        if parent == current or not current:
            return ""
        current = parent
    return os.path.join(current, "")
