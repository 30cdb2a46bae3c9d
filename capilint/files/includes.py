r"""Where the headers of a run are: from the name in an `#include` to the text of the file.

    "x.h" ── the including file's folder ─┐
    <x.h> ────────────────────────────────┴─ the folders of -I, in order ─┬───────── Source
    <lib/x.h>     the folders above the including file, where none has it ┘

A project names its headers from its root, or from a folder that is for headers, which its build
knows by an option and its tree shows. So a name with a folder is sought above the file, too, and
any that is quoted in `include` and the like beside those folders, up to the working directory.
Names are taken as Windows takes them: `\` is `/`, and where a folder has no such name, one that
differs in case does. As in a walk (`capilint.files.discover`), no link is followed below the
folders where the search begins. A name that is an absolute path is no header of the tree, nor is
one that climbs out of it (`capilint.files.tree`). Who reads files that nobody asked for bounds the
search: then none is opened outside of some folders and those of -I, wherever a name leads.
"""

from __future__ import annotations

# Importing pathlib would cost a tenth of the time that `check` may take to start.
# ruff: noqa: PTH100, PTH109, PTH117, PTH118
import os
import posixpath
import re
from collections.abc import Iterable, Iterator
from typing import NamedTuple

from capilint.files.real_paths import RealPaths
from capilint.files.source import Input, Source, Unreadable, UnreadableError, load, read_bytes
from capilint.files.tree import Tree, real_folder
from capilint.language import Language

_FOR_HEADERS = ("include", "inc", "includes", "headers")
_ABSOLUTE = re.compile("/|[A-Za-z]:")


class _Listing(NamedTuple):
    """The names in a folder, as they are and in lower case; links are in neither."""

    folders: dict[str, str]
    files: dict[str, str]


class Headers:
    """The headers of one run; each is read once, and each folder is listed once.

    `inputs` are the files of the run: a header among them keeps its path and its content. Any other
    has a path that is absolute where the including file's is, else relative to the working
    directory where it lies below that. `within` are the folders that the search is bounded by, if
    any. `unreadable` grows by the headers that are there and cannot be read; a run reports its
    inputs itself.
    """

    def __init__(self, inputs: Iterable[Input] = (), within: Iterable[str] = ()) -> None:
        self.unreadable: list[Unreadable] = []
        self._real = RealPaths()
        self._inputs = {self._real.key(item.path): item for item in inputs}
        self._within = tuple(within)
        self._tree = Tree([item.path for item in self._inputs.values()])
        self._sources: dict[str, Source | None] = {}
        self._found: dict[tuple[str, str, bool, tuple[str, ...]], Source | None] = {}
        self._listings: dict[str, _Listing] = {}

    def find(
        self, including_path: str, name: str, quoted: bool, folders: tuple[str, ...]
    ) -> Source | None:
        """The header that `#include` means in a file; None where there is none to be read.

        `name` stands between quotes (`quoted`) or angle brackets; `folders` are those of -I.
        """
        beside = including_path[: including_path.rfind("/") + 1]
        wanted = (beside, name, quoted, folders)
        if wanted not in self._found:
            searched = (beside, *folders) if quoted else folders
            path = self._path_of(name, searched, including_path)
            path = path or self._path_from_a_root(name, beside, quoted)
            allowed = path is not None and self._is_within(path, folders)
            found = self._read(path, os.path.isabs(including_path)) if path and allowed else None
            self._found[wanted] = found
        return self._found[wanted]

    def _is_within(self, path: str, folders: tuple[str, ...]) -> bool:
        return not self._within or self._real.is_below(path, (*self._within, *folders))

    def _may_look(self, folder: str, including: str, folders: tuple[str, ...]) -> bool:
        """Whether a folder that a name climbs to is in the tree, or in one of these folders."""
        named = tuple(real_folder(each) for each in folders if each)
        return self._tree.has(folder, including) or real_folder(folder).startswith(named)

    def _path_from_a_root(self, name: str, beside: str, quoted: bool) -> str | None:
        """The path of a header in a folder above the file, if its name begins with a folder, or in
        one for headers there."""
        name = posixpath.normpath(name.replace("\\", "/"))
        in_folder = "/" in name
        if name.startswith("../") or not (in_folder or quoted):
            return None
        roots = [root for above in _above(beside) for root in self._roots(above, in_folder)]
        return self._path_of(name, tuple(roots), beside)

    def _roots(self, folder: str, itself: bool) -> Iterator[str]:
        """A folder, if `itself` counts, and those in it that are for headers."""
        if itself:
            yield folder
        there = self._listed(_tidy(folder or ".")).folders
        for each in _FOR_HEADERS:
            if each in there:  # also by its lower case
                yield f"{folder}{there[each]}/"

    def _path_of(self, name: str, folders: tuple[str, ...], including: str) -> str | None:
        """The path of the header in the first folder that has it and may be looked at."""
        name = name.replace("\\", "/")
        if _ABSOLUTE.match(name):
            return None
        parts = posixpath.normpath(name).split("/")
        climb = parts.count("..")  # all of them stand in front
        for folder in folders:
            start = _tidy(os.path.join(folder, *[".."] * climb))
            around = os.path.join(start, *parts[climb:-1])
            if climb and not self._may_look(around, including, folders):
                continue
            path = self._below(start, parts[climb:])
            if path is not None:
                return path
        return None

    def _below(self, folder: str, parts: list[str]) -> str | None:
        if not parts:
            return None
        for part in parts[:-1]:
            there = self._listed(folder).folders
            actual = there.get(part) or there.get(part.lower())
            if actual is None:
                return None
            folder = os.path.join(folder, actual)
        there = self._listed(folder).files
        actual = there.get(parts[-1]) or there.get(parts[-1].lower())
        return _tidy(os.path.join(folder, actual)) if actual else None

    def _listed(self, folder: str) -> _Listing:
        listing = self._listings.get(folder)
        if listing is None:
            folders, files = [], []
            try:
                with os.scandir(folder) as entries:
                    for entry in entries:
                        if entry.is_dir(follow_symlinks=False):
                            folders.append(entry.name)
                        elif entry.is_file(follow_symlinks=False):
                            files.append(entry.name)
            except PermissionError as error:
                self.unreadable.append(Unreadable(folder, str(error.strerror)))
            except (OSError, ValueError):  # not there; ValueError: no path at all
                pass
            listing = self._listings[folder] = _Listing(_by_name(folders), _by_name(files))
        return listing

    def _read(self, path: str, absolute: bool) -> Source | None:
        key = self._real.key(path)
        if key not in self._sources:
            known = self._inputs.get(key)
            shown = known.path if known else self._shown(path, absolute)
            try:
                data = known.data if known and known.data is not None else read_bytes(path)
                self._sources[key] = load(shown, data, Language.C)
            except UnreadableError as error:
                self._sources[key] = None
                if key not in self._inputs:
                    self.unreadable.append(Unreadable(shown, str(error)))
        return self._sources[key]

    def _shown(self, path: str, absolute: bool) -> str:
        """The path for the reports."""
        if absolute:
            return os.path.abspath(path).replace(os.sep, "/")
        below = os.path.join(os.getcwd(), "")
        real = self._real.of(path)
        within = os.path.isabs(path) and real.startswith(below)
        return real[len(below) :].replace(os.sep, "/") if within else path


def _above(folder: str) -> Iterator[str]:
    """The folder and those above it, the nearest first, that lie in the working directory."""
    start = ""
    if os.path.isabs(folder):
        start = os.path.join(os.getcwd(), "").replace(os.sep, "/")
        if not folder.startswith(start):
            return
    parts = folder[len(start) :].split("/")[:-1]
    if ".." in parts:
        return
    for end in range(len(parts), -1, -1):
        yield start + "".join(f"{part}/" for part in parts[:end])


def _by_name(names: list[str]) -> dict[str, str]:
    """Each name by itself, and by its lower case where that is no name."""
    return {name.lower(): name for name in sorted(names, reverse=True)} | {
        name: name for name in names
    }


def _tidy(path: str) -> str:
    return os.path.normpath(path).replace(os.sep, "/")
