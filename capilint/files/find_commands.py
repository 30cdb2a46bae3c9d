"""Where a compilation database is: named by the user, or the nearest to a file.

It is found as clang's tools find it: compile_commands.json in the file's folder, in one above it,
or in `build/` there, up to the top of the repository. It may be a link, as those often are.
"""

from __future__ import annotations

# Importing pathlib would cost a tenth of the time that `check` may take to start.
# ruff: noqa: PTH100, PTH112, PTH113, PTH118, PTH120
import os

FILE_NAME = "compile_commands.json"
ADVICE = "CMake makes one with -DCMAKE_EXPORT_COMPILE_COMMANDS=ON, Bear one of any other build"

_BUILD = "build"


def locate(path: str) -> str | None:
    """The database that a user means by a file or a folder; None where there is none."""
    file = os.path.join(path, FILE_NAME) if os.path.isdir(path) else path
    return file if os.path.isfile(file) else None


class Nearest:
    """The databases near the files of one run; each folder is looked at once."""

    def __init__(self) -> None:
        self._by_folder: dict[str, str | None] = {}

    def to(self, path: str) -> str | None:
        """The absolute path of the database nearest to a file; None where there is none."""
        folder = os.path.dirname(os.path.abspath(path))
        passed = []
        while folder not in self._by_folder:
            passed.append(folder)
            found = locate(folder) or locate(os.path.join(folder, _BUILD))
            parent = os.path.dirname(folder)
            if found or parent == folder or os.path.lexists(os.path.join(folder, ".git")):
                self._by_folder[folder] = found
            else:
                folder = parent
        for below in passed:
            self._by_folder[below] = self._by_folder[folder]
        return self._by_folder[folder]
