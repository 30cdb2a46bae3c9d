"""Python modules beside a file: what its imports mean on the disk.

    app.py       import lib, from lib import f          lib.py, lib/__init__.py in the same folder
    pkg/app.py   from pkg.lib import f                   the same from the folder that holds pkg
                 from . import lib, from .lib import f   relative to pkg

Only what stands beside the file, or in the tree of packages that it is part of, is found: no
path of an installation is searched. Python's own modules come before all but those beside a
script. Links are not followed.
"""

from __future__ import annotations

# Importing pathlib would cost a tenth of the time that `check` may take to start.
# ruff: noqa: PTH118, PTH119, PTH120
import os
import re
import sys
from collections.abc import Iterator

from capilint.files.words import Import

_PACKAGE = "__init__.py"


class ModuleSearch:
    """Finds modules; what a folder holds is looked up once."""

    def __init__(self) -> None:
        self._listings: dict[str, dict[str, bool]] = {}

    def imported(self, path: str, found: Import) -> Iterator[str]:
        """The files that an import of the file at `path` names: modules and packages.

        Paths are in the style of `path`, with `/`.
        """
        folder = os.path.dirname(path)
        if found.level:
            for _ in range(found.level - 1):
                folder = _parent(folder)
            roots = [folder]
        elif found.module.partition(".")[0] in sys.stdlib_module_names:
            roots = [] if self._is_file(folder, _PACKAGE) else [folder]
        else:
            roots = list(dict.fromkeys((folder, self._root(folder))))
        parts = [part for part in found.module.split(".") if part]
        for root in roots:
            modules = list(self._along(root, parts))
            inside = _joined(root, *parts)
            modules += (each for name in found.names for each in self._module(inside, name))
            if modules:
                yield from modules
                return

    def _root(self, folder: str) -> str:
        """The folder that holds the outermost package of a folder."""
        while folder and self._is_file(folder, _PACKAGE):
            folder = os.path.dirname(folder)
        return folder

    def _along(self, folder: str, parts: list[str]) -> Iterator[str]:
        """The packages and the module of a dotted name; nothing unless its end is found."""
        passed: list[str] = []
        for number, part in enumerate(parts):
            here = list(self._module(folder, part))
            inner = _joined(folder, part) if self._holds(folder, part) else None
            if not here and (number + 1 == len(parts) or inner is None):
                return
            passed += here
            folder = inner or folder
        yield from passed

    def _module(self, folder: str, name: str) -> Iterator[str]:
        if self._is_file(folder, f"{name}.py"):
            yield _joined(folder, f"{name}.py")
        elif self._holds(folder, name) and self._is_file(_joined(folder, name), _PACKAGE):
            yield _joined(folder, name, _PACKAGE)

    def _holds(self, folder: str, name: str) -> bool:
        """Whether a folder holds a folder of that name."""
        return self._listing(folder).get(name) is False

    def _is_file(self, folder: str, name: str) -> bool:
        return self._listing(folder).get(name, False)

    def _listing(self, folder: str) -> dict[str, bool]:
        """What a folder holds, and whether each is a file; nothing where there is no folder."""
        if folder not in self._listings:
            try:
                with os.scandir(folder or ".") as entries:
                    listing = {
                        entry.name: entry.is_file(follow_symlinks=False)
                        for entry in entries
                        if not entry.is_symlink()
                    }
            except OSError:
                listing = {}
            self._listings[folder] = listing
        return self._listings[folder]


def module_of(path: str) -> tuple[str, bool]:
    """The dotted name of the module that a file is, and whether it is a package's `__init__`."""
    parts = re.split(r"[/\\]+", path)
    stems = [part for part in parts if part not in ("", "..", ".") and not part.endswith(":")]
    if stems:
        stems[-1] = stems[-1].rpartition(".")[0] or stems[-1]
    is_package = len(stems) > 1 and stems[-1] == "__init__"
    return ".".join(stems[:-1] if is_package else stems), is_package


def _joined(*parts: str) -> str:
    return os.path.join(*parts).replace(os.sep, "/")


def _parent(folder: str) -> str:
    """The folder above; above one that is relative to the working directory, too."""
    if os.path.basename(folder) in ("", ".", "..") and folder != "/":
        return _joined(folder, "..")
    return os.path.dirname(folder)
