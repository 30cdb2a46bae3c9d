"""The .gitignore rules that hold in a folder.

pathspec decides as git does, but takes 20 ms to import and 10 us for each path: it is asked only
about names that could fit a pattern at all, which in most trees are none.

    IgnoreFile ── in a folder ── the patterns that can fit there ── names? ── pathspec
                                 none: done with the folder          no: done with the name
"""

from __future__ import annotations

# Importing pathlib would cost a tenth of the time that `check` may take to start.
# ruff: noqa: PTH100, PTH120, PTH123
import os
import re
from collections.abc import Iterable
from functools import cached_property
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathspec import GitIgnoreSpec

FILE_NAME = ".gitignore"
_SPECIAL = "*?[\\"


class Names:
    """Fits every name that the last part of one of some patterns could fit, and some more."""

    def __init__(self, lasts: Iterable[str]) -> None:
        exact: list[str] = []
        beginnings: list[str] = []
        endings: list[str] = []
        others: list[str] = []
        for last in lasts:
            rest = last.strip("*")
            if "[" in last or "\\" in last:
                endings.append("")
            elif "*" in rest or "?" in rest or last not in (rest, f"*{rest}", f"{rest}*"):
                others.append(re.escape(last).replace(r"\*", ".*").replace(r"\?", "."))
            else:
                where = exact if last == rest else endings if last[0] == "*" else beginnings
                where.append(rest)
        self._exact = frozenset(exact)
        self._beginnings, self._endings = tuple(beginnings), tuple(endings)
        self._others = re.compile("|".join(others), re.DOTALL).fullmatch if others else None

    def fit(self, name: str) -> bool:
        """Whether a pattern could fit the name."""
        return (
            name in self._exact
            or name.endswith(self._endings)
            or name.startswith(self._beginnings)
            or (self._others is not None and self._others(name) is not None)
        )


class IgnoreFile:
    """One .gitignore file: the folder that it stands in (see `absolute`), and its lines."""

    def __init__(self, folder: str, lines: Iterable[str]) -> None:
        self._folder = folder
        self._lines = tuple(lines)
        self._names: dict[tuple[str, ...], Names] = {}

    def names_in(self, folder: str) -> Names | None:
        """The names that could fit a pattern in a folder, its own or one below.

        None where no pattern can fit there.
        """
        below = folder[len(self._folder) :]
        lasts = tuple(each.last for each in self._patterns if each.can_fit_in(below))
        if lasts and lasts not in self._names:
            self._names[lasts] = Names(lasts)
        return self._names[lasts] if lasts else None

    def decision(self, path: str) -> bool | None:
        """Whether it ignores an absolute path below its folder (a folder with a final `/`).

        None where no pattern fits.
        """
        return self._spec.check_file(path[len(self._folder) :]).include

    @cached_property
    def _patterns(self) -> tuple[_Pattern, ...]:
        return tuple(map(_Pattern, self._lines))

    @cached_property
    def _spec(self) -> GitIgnoreSpec:
        from pathspec import GitIgnoreSpec

        # To git `x/**` is all that is in x, but not x; pathspec takes the two for one.
        return GitIgnoreSpec.from_lines(re.sub(r"/\*\*\s*$", "/**/*", line) for line in self._lines)


class _Pattern:
    """A line of a .gitignore file, as far as it tells where it cannot fit.

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


def rules_in(folder: str, where: str) -> tuple[IgnoreFile, ...]:
    """The rules of the .gitignore file in a folder, if there is one.

    `folder` has a final `/` or is empty; `where` is the same one (see `absolute`).
    """
    try:
        with open(folder + FILE_NAME, encoding="utf-8", errors="replace") as stream:
            lines = stream.read().splitlines()
    except OSError:
        return ()
    patterns = [line for line in lines if line.strip() and not line.startswith("#")]
    return (IgnoreFile(where, patterns),) if patterns else ()


def rules_above(folder: str) -> tuple[IgnoreFile, ...]:
    """The rules of the repository that hold in a folder and stand above it, deepest first.

    The folder is as of `absolute`. A file that ignores the folder itself is left out: whoever
    names the folder wants it walked.
    """
    above: list[IgnoreFile] = []
    current = folder
    while not os.path.lexists(current + ".git"):
        current = _parent(current)
        if not current:
            return ()  # no repository: no rules from above
        above.extend(rules_in(current, current))
    name = folder[:-1].rpartition("/")[2]
    return tuple(
        rules for rules in above if not FolderRules((rules,), _parent(folder)).ignore(name, "/")
    )


def _parent(folder: str) -> str:
    """The folder around one, or nothing: a drive and a share of the network have none."""
    plain = folder.rstrip("/")
    parent = os.path.dirname(plain)
    return "" if parent == plain else parent.rstrip("/") + "/"
