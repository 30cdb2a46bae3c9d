"""The .gitignore rules that hold in a folder.

`Patterns` decide, but take 20 ms to import and 10 us for each path: they are asked only about names
that could fit a pattern at all, which in most trees are none.

    IgnoreFile ── in a folder ── the patterns that can fit there ── names? ── Patterns
                                 none: done with the folder          no: done with the name
"""

from __future__ import annotations

# Importing pathlib would cost a tenth of the time that `check` may take to start.
# ruff: noqa: PTH100, PTH114, PTH120
import os
from collections.abc import Iterable
from functools import cached_property

from capilint.files.patterns import Patterns
from capilint.files.source import Unreadable, UnreadableError, read_bytes

FILE_NAME = ".gitignore"
LARGEST = 1024 * 1024  # bytes; what people write has some thousands
MOST_PATTERNS = 10_000  # of a file
_SPECIAL = "*?[\\"


class Names:
    """Fits every name that the last part of one of some patterns could fit, and some more."""

    def __init__(self, lasts: Iterable[str]) -> None:
        exact: list[str] = []
        beginnings: list[str] = []
        endings: list[str] = []
        for last in lasts:
            marks = [at for at, sign in enumerate(last) if sign in _SPECIAL]
            if not marks:
                exact.append(last)
            elif marks[0] > 0:
                beginnings.append(last[: marks[0]])
            else:  # behind a class or a backslash nobody knows where its plain text begins
                plain = "[" not in last and "\\" not in last
                endings.append(last[marks[-1] + 1 :] if plain else "")
        self._exact = frozenset(exact)
        self._beginnings, self._endings = tuple(beginnings), tuple(endings)

    def fit(self, name: str) -> bool:
        """Whether a pattern could fit the name."""
        return (
            name in self._exact or name.endswith(self._endings) or name.startswith(self._beginnings)
        )


class IgnoreFile:
    """One .gitignore file: the folder that it stands in (see `absolute`), and its lines."""

    def __init__(self, folder: str, lines: Iterable[str]) -> None:
        self._folder = folder
        self._lines = tuple(lines)
        self._decided = Patterns(self._lines)
        self._names: dict[tuple[str, ...], Names] = {}

    def names_in(self, folder: str) -> Names | None:
        """The names that could fit a pattern in a folder, its own or one below.

        None where no pattern can fit there.
        """
        below = folder[len(self._folder) :]
        lasts = tuple(each.last for each in self._places if each.can_fit_in(below))
        if lasts and lasts not in self._names:
            self._names[lasts] = Names(lasts)
        return self._names[lasts] if lasts else None

    def decision(self, path: str) -> bool | None:
        """Whether it ignores an absolute path below its folder (a folder with a final `/`).

        None where no pattern fits.
        """
        return self._decided.decision(path[len(self._folder) :])

    @cached_property
    def _places(self) -> tuple[_Place, ...]:
        return tuple(map(_Place, self._lines))


class _Place:
    """Where a line of a .gitignore file can fit.

    `last` is its last part; the folders of a path that fits begin with `head`, end with `parent`
    and are `depth` many (None: any number).
    """

    def __init__(self, line: str) -> None:
        pattern = line.strip().removeprefix("!").rstrip("/")
        folders, _, self.last = pattern.rpartition("/")
        anywhere = "/" not in pattern or "**" in pattern or "\\" in pattern or "[" in pattern
        folders = folders.lstrip("/")
        self.depth = None if anywhere else len(folders.split("/")) if folders else 0
        parts = folders.split("/") if folders else []
        plain = [not any(mark in part for mark in _SPECIAL) for part in parts]
        literal = plain.index(False) if False in plain else len(plain)
        self.head = "".join(part + "/" for part in parts[:literal])
        self.parent = f"/{parts[-1]}/" if parts and plain[-1] and "**" not in self.last else ""

    def can_fit_in(self, folder: str) -> bool:
        """Whether it can fit a path in a folder: relative, with a final `/`, or empty."""
        return (
            folder.startswith(self.head)
            and f"/{folder}".endswith(self.parent)
            and self.depth in (None, folder.count("/"))
        )


class FolderRules:
    """The rules that hold in one folder: an absolute one, with a final `/`."""

    def __init__(self, rules: Iterable[IgnoreFile], folder: str) -> None:
        self._folder = folder
        self._rules = [(found, each) for each in rules if (found := each.names_in(folder))]

    def ignore(self, name: str, ending: str = "") -> bool:
        """Whether git would ignore what has that name in the folder: the deepest rule decides.

        `ending` is `/` for a folder.
        """
        for names, rules in self._rules:
            if names.fit(name):
                decision = rules.decision(f"{self._folder}{name}{ending}")
                if decision is not None:
                    return decision
        return False


def absolute(folder: str) -> str:
    """The absolute path of a folder, with `/`, and one at its end."""
    return os.path.abspath(folder).replace(os.sep, "/").rstrip("/") + "/"


def rules_in(folder: str, where: str, unreadable: list[Unreadable]) -> tuple[IgnoreFile, ...]:
    """The rules of the .gitignore file in a folder, if there is one; to git a link is none.

    `folder` has a final `/` or is empty; `where` is the same one (see `absolute`). `unreadable`
    grows by a file that cannot be obeyed.
    """
    path = folder + FILE_NAME
    if os.path.islink(path) or not os.path.lexists(path):
        return ()
    try:
        text = read_bytes(path, LARGEST).decode("utf-8-sig", errors="surrogateescape")
        lines = [line.removesuffix("\r") for line in text.split("\n")]
        patterns = [line for line in lines if line.strip() and not line.startswith("#")]
        if len(patterns) > MOST_PATTERNS:
            raise UnreadableError(f"more than {MOST_PATTERNS} patterns")
    except UnreadableError as error:
        unreadable.append(Unreadable(path, f"{error}; so nothing that it ignores is left out"))
        return ()
    return (IgnoreFile(where, patterns),) if patterns else ()


def rules_above(folder: str, unreadable: list[Unreadable]) -> tuple[IgnoreFile, ...]:
    """The rules of the repository that hold in a folder and stand above it, deepest first.

    The folder is as of `absolute`, `unreadable` as of `rules_in`. A file that ignores the folder
    itself is left out: whoever names the folder wants it walked.
    """
    above: list[IgnoreFile] = []
    current = folder
    while not os.path.lexists(current + ".git"):
        current = _parent(current)
        if not current:
            return ()  # no repository: no rules from above
        above.extend(rules_in(current, current, unreadable))
    name = folder[:-1].rpartition("/")[2]
    return tuple(
        rules for rules in above if not FolderRules((rules,), _parent(folder)).ignore(name, "/")
    )


def _parent(folder: str) -> str:
    """The folder around one, or nothing: a drive and a share of the network have none."""
    plain = folder.rstrip("/")
    parent = os.path.dirname(plain)
    return "" if parent == plain else parent.rstrip("/") + "/"
