"""The .gitignore rules that hold in a folder.

pathspec decides as git does, but takes 20 ms to import: it is asked only about names that could
fit a pattern at all, which in most trees are none.
"""

from __future__ import annotations

# Importing pathlib would cost a tenth of the time that `check` may take to start.
# ruff: noqa: PTH100, PTH118, PTH120, PTH123
import os
import re
from collections.abc import Iterable
from functools import cached_property
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathspec import GitIgnoreSpec

FILE_NAME = ".gitignore"


class IgnoreFile:
    """One .gitignore file: the folder that it stands in, and its lines."""

    def __init__(self, folder: str, lines: Iterable[str]) -> None:
        self._prefix = os.path.join(os.path.abspath(folder), "")
        self._lines = tuple(lines)

    def decision(self, path: str) -> bool | None:
        """Whether it ignores an absolute path below its folder (a folder with a final `/`).

        None where no pattern fits.
        """
        name = path.rstrip("/").rpartition("/")[2]
        if not self._candidates.fullmatch(name):
            return None
        relative = path[len(self._prefix) :]
        return self._spec.check_file(relative).include

    @cached_property
    def _candidates(self) -> re.Pattern[str]:
        """Fits every name that the last part of a pattern could fit, and some more."""
        return re.compile("|".join(map(_candidate, self._lines)), re.DOTALL)

    @cached_property
    def _spec(self) -> GitIgnoreSpec:
        from pathspec import GitIgnoreSpec

        # To git `x/**` is all that is in x, but not x; pathspec takes the two for one.
        return GitIgnoreSpec.from_lines(re.sub(r"/\*\*\s*$", "/**/*", line) for line in self._lines)


def rules_in(folder: str) -> tuple[IgnoreFile, ...]:
    """The rules of the .gitignore file in a folder, if there is one."""
    try:
        with open(os.path.join(folder, FILE_NAME), encoding="utf-8", errors="replace") as stream:
            lines = stream.read().splitlines()
    except OSError:
        return ()
    patterns = [line for line in lines if line.strip() and not line.startswith("#")]
    return (IgnoreFile(folder, patterns),) if patterns else ()


def rules_above(folder: str) -> tuple[IgnoreFile, ...]:
    """The rules of the repository that hold in a folder and stand above it, deepest first.

    A file that ignores the folder itself is left out: whoever names the folder wants it walked.
    """
    start = current = os.path.abspath(folder)
    above: list[IgnoreFile] = []
    while not os.path.lexists(os.path.join(current, ".git")):
        parent = os.path.dirname(current)
        if parent == current:
            return ()  # no repository: no rules from above
        current = parent
        above.extend(rules_in(current))
    return tuple(rules for rules in above if not ignored(start + "/", (rules,)))


def ignored(path: str, rules: tuple[IgnoreFile, ...]) -> bool:
    """Whether git would ignore a path (a folder with a final `/`): the deepest rule decides."""
    if not rules:
        return False
    absolute = os.path.abspath(path).replace(os.sep, "/") + "/" * path.endswith("/")
    decisions = (each.decision(absolute) for each in rules)
    return next((found for found in decisions if found is not None), False)


def _candidate(pattern: str) -> str:
    """A regular expression for all names that the last part of a pattern could fit."""
    last = pattern.strip().rstrip("/").rpartition("/")[2]
    if "**" in last or "[" in last or "\\" in last:
        return ".*"
    if pattern.startswith("!") and last == pattern.strip().rstrip("/"):
        last = last[1:]
    return re.escape(last).replace(r"\*", ".*").replace(r"\?", ".")
