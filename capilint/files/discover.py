"""Which files a run looks at: the paths given, and the folders walked by .gitignore rules.

    paths ─┬─ file ───────────────────────────── Input
           └─ folder ── walk ─┬─ right suffix ── Input
                              └─ ignored, skipped, a link: nothing

A walk follows no link, so it never leaves its folder and never goes in circles. A file that is
named itself is taken whatever .gitignore says.
"""

from __future__ import annotations

# Importing pathlib would cost a tenth of the time that `check` may take to start.
# ruff: noqa: PTH100, PTH112, PTH113, PTH122, PTH123
import os
from collections.abc import Callable, Iterator, Sequence
from typing import NamedTuple

from capilint.files.gitignore import FILE_NAME, ignored, rules_above, rules_in
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
}
_FAMILIES = ((Language.C, Language.CPP), (Language.PYTHON,))
_SKIPPED_FOLDERS = {
    *(".git", ".hg", ".svn", "node_modules", "__pycache__", ".capilint_cache"),
    *(".venv", "venv", ".tox", ".nox", ".eggs", ".direnv"),
    *(".mypy_cache", ".ruff_cache", ".pytest_cache", ".hypothesis"),
}
_VIRTUAL_ENVIRONMENT = "pyvenv.cfg"


class Discovery(NamedTuple):
    """What was found, each in the order of the paths."""

    inputs: tuple[Input, ...]
    unreadable: tuple[Unreadable, ...]


def discover(
    paths: Sequence[str],
    language: Language | None = None,
    excluded: Callable[[str], bool] = lambda path: False,
) -> Discovery:
    """The files of `paths` (files and folders), each once.

    `language` reads every named file as that language and walks for its suffixes only.
    `excluded` is asked with each path, with a final `/` for a folder.
    """
    inputs: dict[str, Input] = {}
    unreadable: dict[str, Unreadable] = {}
    for given in paths:
        path = _tidy(given)
        found = _walk(path, language, excluded) if os.path.isdir(path) else _named(path, language)
        for item in found:
            if isinstance(item, Unreadable):
                unreadable.setdefault(item.path, item)
            elif not excluded(item.path):
                inputs.setdefault(os.path.normcase(os.path.abspath(item.path)), item)
    return Discovery(
        tuple(sorted(inputs.values(), key=lambda item: item.path.split("/"))),
        tuple(sorted(unreadable.values(), key=lambda item: item.path.split("/"))),
    )


def language_of(path: str) -> Language | None:
    """The language that a file's suffix stands for."""
    return SUFFIXES.get(os.path.splitext(path)[1].lower())


def _named(path: str, language: Language | None) -> Iterator[Input | Unreadable]:
    """A path that is no folder."""
    actual = language or language_of(path) or _language_of_script(path)
    if not os.path.lexists(path):
        yield Unreadable(path, "no such file or folder")
    elif actual is None:
        suffix = os.path.splitext(path)[1]
        what = f"suffix {suffix!r} is no known language" if suffix else "it has no suffix"
        yield Unreadable(path, f"{what}; say which it is with --lang c or --lang python")
    else:
        yield Input(path, actual, named=True)


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
    root: str, language: Language | None, excluded: Callable[[str], bool]
) -> Iterator[Input | Unreadable]:
    folders = [(root, rules_above(root))]
    while folders:
        folder, rules = folders.pop()
        try:
            with os.scandir(folder) as listing:
                entries = sorted(listing, key=lambda entry: entry.name)
        except OSError as error:
            yield Unreadable(folder, error.strerror or str(error))
            continue
        names = {entry.name for entry in entries}
        if _VIRTUAL_ENVIRONMENT in names and folder != root:
            continue
        if FILE_NAME in names:
            rules = (*rules_in(folder), *rules)
        for entry in entries:
            path = _join(folder, entry.name)
            if entry.is_symlink():
                continue
            if entry.is_dir():
                skipped = entry.name in _SKIPPED_FOLDERS or ignored(path + "/", rules)
                if not skipped and not excluded(path + "/"):
                    folders.append((path, rules))
            else:
                actual = _wanted(entry.name, language)
                if actual is not None and not ignored(path, rules):
                    yield Input(path, actual)


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


def _join(folder: str, name: str) -> str:
    return name if folder == "." else f"{folder.rstrip('/')}/{name}"
