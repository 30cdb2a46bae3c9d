"""Which files a run looks at: the paths given, and the folders walked by .gitignore rules.

    paths ─┬─ file ───────────────────────────── Input
           └─ folder ── walk ─┬─ right suffix ── Input
                              └─ ignored, skipped, a link: nothing

A walk follows no link, so it never leaves its folder and never goes in circles. A file that is
named itself is taken whatever .gitignore says.
"""

from __future__ import annotations

# Importing pathlib would cost a tenth of the time that `check` may take to start.
# ruff: noqa: PTH112, PTH113, PTH122, PTH123
import os
from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import cache
from operator import attrgetter
from typing import NamedTuple

from capilint.files.gitignore import FILE_NAME, FolderRules, absolute, rules_above, rules_in
from capilint.files.source import Input, Unreadable
from capilint.language import Language

SUFFIXES = {
    **dict.fromkeys((".c", ".h"), Language.C),
    **dict.fromkeys(
        (".cc", ".cpp", ".cxx", ".c++", ".hh", ".hpp", ".hxx", ".h++", ".inl"), Language.CPP
    ),
    **dict.fromkeys((".ipp", ".tpp", ".ino"), Language.CPP),
    **dict.fromkeys((".ixx", ".ccm", ".cppm", ".cxxm", ".c++m"), Language.CPP),  # modules
    **dict.fromkeys((".py", ".pyi", ".pyw", ".pyt", ".tac", ".wsgi"), Language.PYTHON),
    ".ipynb": Language.PYTHON,
}
_FAMILIES = ((Language.C, Language.CPP), (Language.PYTHON,))
SKIPPED_FOLDERS = {
    *(".git", ".hg", ".svn", "node_modules", "__pycache__", ".capilint_cache"),
    *(".venv", "venv", ".tox", ".nox", ".eggs", ".direnv", ".ipynb_checkpoints"),
    *(".mypy_cache", ".ruff_cache", ".pytest_cache", ".hypothesis"),
}
_VIRTUAL_ENVIRONMENT = "pyvenv.cfg"

Exclusion = Callable[[str], bool]  # asked with a path, with a final `/` for a folder


class Discovery(NamedTuple):
    """What was found, each in the order of the paths."""

    inputs: tuple[Input, ...]
    unreadable: tuple[Unreadable, ...]


def discover(
    paths: Sequence[str],
    language: Language | None = None,
    exclusion: Callable[[str], Exclusion | None] = lambda folder: None,
) -> Discovery:
    """The files of `paths` (files and folders), each once.

    `language` reads every named file as that language and walks for its suffixes only.
    `exclusion` gives, for a folder (with a final `/`, or nothing for the working directory), what
    tells whether a path in it is left out; None where none is.
    """
    inputs: dict[str, Input] = {}
    unreadable: dict[str, Unreadable] = {}
    absolutely = cache(absolute)
    for given in paths:
        path = _tidy(given)
        find = _walk if os.path.isdir(path) else _named
        for item in find(path, language, exclusion):
            if isinstance(item, Input):
                cut = item.path.rfind("/") + 1
                key = os.path.normcase(absolutely(item.path[:cut]) + item.path[cut:])
                inputs.setdefault(key, item)
            else:
                unreadable.setdefault(item.path, item)
    return Discovery(
        tuple(sorted(inputs.values(), key=_parts)), tuple(sorted(unreadable.values(), key=_parts))
    )


def _parts(item: Input | Unreadable) -> str:
    """What sorts paths part by part: `a/b` before `a-b`."""
    return item.path.replace("/", "\0")


def language_of(path: str) -> Language | None:
    """The language that a file's suffix stands for."""
    name = path[path.rfind("/") + 1 :].lstrip(".")
    return SUFFIXES.get(name[name.rfind(".") :].lower())


def _named(
    path: str, language: Language | None, exclusion: Callable[[str], Exclusion | None]
) -> Iterator[Input | Unreadable]:
    """A path that is no folder."""
    actual = language or language_of(path) or _language_of_script(path)
    if not os.path.lexists(path):
        yield Unreadable(path, "no such file or folder")
    elif actual is None:
        suffix = os.path.splitext(path)[1]
        what = f"suffix {suffix!r} is no known language" if suffix else "it has no suffix"
        yield Unreadable(path, f"{what}; say which it is with --lang c, c++ or python")
    else:
        excluded = exclusion(path[: path.rfind("/") + 1])
        if excluded is None or not excluded(path):
            yield Input(path, actual, named=True, told=language is not None)


def _language_of_script(path: str) -> Language | None:
    """Python, where a file whose suffix says nothing begins with `#!...python`."""
    if not os.path.isfile(path):
        return None
    try:
        with open(path, "rb") as stream:
            first = stream.readline(256)
    except OSError:
        return None
    interpreted = first.startswith(b"#!") and (b"python" in first or b"pypy" in first)
    return Language.PYTHON if interpreted else None


def _walk(
    root: str, language: Language | None, exclusion: Callable[[str], Exclusion | None]
) -> Iterator[Input | Unreadable]:
    start = absolute(root)
    unreadable: list[Unreadable] = []
    above = rules_above(start, unreadable)
    folders = [("" if root == "." else f"{root.rstrip('/')}/", start, above)]
    while folders:
        folder, where, rules = folders.pop()
        try:
            with os.scandir(folder or ".") as listing:
                entries = sorted(listing, key=attrgetter("name"))
        except OSError as error:
            yield Unreadable(folder.rstrip("/") or root, error.strerror or str(error))
            continue
        names = {entry.name for entry in entries}
        if _VIRTUAL_ENVIRONMENT in names and where != start:
            continue
        if FILE_NAME in names:
            rules = (*rules_in(folder, where, unreadable), *rules)
        kept = list(_kept(entries, FolderRules(rules, where), language))
        excluded = exclusion(folder) if kept else None
        for name, actual in kept:
            if excluded is not None and excluded(folder + name):
                continue
            if actual is None:
                folders.append((folder + name, where + name, rules))
            else:
                yield Input(folder + name, actual, told=language is not None)
    yield from unreadable


def _kept(
    entries: Iterable[os.DirEntry[str]], rules: FolderRules, language: Language | None
) -> Iterator[tuple[str, Language | None]]:
    """Names of files with their languages, and those of folders, with a final `/`."""
    for entry in entries:
        name = entry.name
        if entry.is_symlink():
            continue
        if entry.is_dir():
            if name not in SKIPPED_FOLDERS and not rules.ignore(name, "/"):
                yield f"{name}/", None
        else:
            actual = _wanted(name, language)
            if actual is not None and not rules.ignore(name):
                yield name, actual


def _wanted(name: str, language: Language | None) -> Language | None:
    """The language to read a walked file as; None where the walk passes it by."""
    actual = language_of(name)
    if language is None or actual is None:
        return actual
    family = next(family for family in _FAMILIES if language in family)
    return language if actual in family else None


def _tidy(path: str) -> str:
    """The path with `/`, and without `.` parts; `..` stays, for links may give it a meaning."""
    path = path.replace(os.sep, "/")
    lead = path[: len(path) - len(path.lstrip("/"))]  # two in //server/share
    return lead + "/".join(part for part in path.split("/") if part not in ("", ".")) or "."
