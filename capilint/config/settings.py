"""What a run is asked to look for: the frozen settings, and which codes they let through.

`capilint.config.loading` makes them from files and the command line, `capilint.checking` obeys.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from functools import cache
from types import MappingProxyType
from typing import TYPE_CHECKING, NamedTuple

from capilint.files.gitignore import Names
from capilint.files.patterns import Patterns
from capilint.severity import Severity

if TYPE_CHECKING:
    from capilint.files.compile_options import Define
    from capilint.rulebook.tomlfile import RuleFile

OFF = "off"  # the severity of a code that reports only where it is selected by name

_MILDEST_LAST = (Severity.ERROR, Severity.WARNING, Severity.NOTE)


class Settings(NamedTuple):
    """The effective settings of one file.

    Codes are prefixes (`CAP1`). `select` is None where the codes' own defaults hold, and
    `resources` where every resource counts. `severity` maps prefixes to a Severity or `off`.
    Globs follow .gitignore rules, relative to `root`. `noreturn` and `functions` name the user's
    functions that `rules` describes in the schema of the rule book. `include` are folders with
    headers, `define` macros as in CompileOptions, the last word on each last; `compile_commands`
    is a compilation database, empty for none, and None for the nearest to a file. `baseline` is the
    file with the findings that are known, empty for none. `origins` tells for each key of the
    configuration where its value came from, as text for people.
    """

    select: tuple[str, ...] | None = None
    extend_select: tuple[str, ...] = ()
    ignore: tuple[str, ...] = ()
    per_file_ignores: tuple[tuple[str, tuple[str, ...]], ...] = ()
    exclude: tuple[str, ...] = ()
    resources: tuple[str, ...] | None = None
    severity: tuple[tuple[str, str], ...] = ()
    fail_on: Severity = Severity.WARNING
    noreturn: tuple[str, ...] = ()
    functions: tuple[str, ...] = ()
    include: tuple[str, ...] = ()
    define: tuple[Define, ...] = ()
    compile_commands: str | None = None
    baseline: str = ""
    rules: RuleFile | None = None
    root: str = "."
    origins: Mapping[str, str] = MappingProxyType({})

    def selects(self, code: str, default: str) -> bool:
        """Whether a code of `default` severity (or `off`) is reported.

        The longest matching prefix decides; at equal length `ignore` wins.
        """
        if default == OFF and self.select is None and not self.extend_select:
            return False  # asked of every file
        chosen = _longest(code, self.extend_select)
        if self.select is not None:
            chosen = max(chosen, _longest(code, self.select))
        elif default != OFF:
            chosen = max(chosen, 0)
        off = tuple(prefix for prefix, severity in self.severity if severity == OFF)
        return chosen > _longest(code, self.ignore + off)

    def wants_resource(self, resource: str) -> bool:
        """Whether findings about that kind of handle are reported."""
        return self.resources is None or resource in self.resources

    def severity_of(self, code: str, default: str) -> Severity:
        """The severity that a selected code is reported with."""
        matching = [item for item in self.severity if code.startswith(item[0])]
        text = max(matching, key=lambda item: len(item[0]))[1] if matching else default
        return Severity.WARNING if text == OFF else Severity(text)

    def ignores_in(self, path: str) -> tuple[str, ...]:
        """The codes that `per_file_ignores` silences in a file."""
        return tuple(
            code
            for glob, codes in self.per_file_ignores
            if self._matches((glob,), path)
            for code in codes
        )

    def excludes(self, path: str) -> bool:
        """Whether `exclude` leaves out the path (a folder with a final `/`)."""
        return bool(self.exclude) and self._matches(self.exclude, path)

    def exclusion(self, folder: str) -> Callable[[str], bool] | None:
        """What does as `excludes` for the paths in a folder; None where nothing is excluded.

        The folder has a final `/` or is empty.
        """
        if not self.exclude:
            return None
        names = _names(self.exclude)
        if any(map(names.fit, self._relative(folder or ".").split("/"))):
            return self.excludes
        start = len(folder)
        return lambda path: names.fit(path[start:].rstrip("/")) and self.excludes(path)

    def _matches(self, globs: tuple[str, ...], path: str) -> bool:
        relative = self._relative(path)
        if relative.startswith("../") or relative == ".":
            return False
        if not any(map(_names(globs).fit, relative.split("/"))):
            return False
        return bool(_patterns(globs).decision(relative + "/" * path.endswith("/")))

    def _relative(self, path: str) -> str:
        return os.path.relpath(path, self.root).replace(os.sep, "/")

    def fails(self, severity: Severity) -> bool:
        """Whether a finding of `severity` makes the run fail."""
        return _MILDEST_LAST.index(severity) <= _MILDEST_LAST.index(self.fail_on)


@cache
def _names(globs: tuple[str, ...]) -> Names:
    """The names of files and folders that a glob could fit, by its last part."""
    return Names(glob.strip().rstrip("/").rpartition("/")[2].removeprefix("!") for glob in globs)


@cache
def _patterns(globs: tuple[str, ...]) -> Patterns:
    return Patterns(globs)


def _longest(code: str, prefixes: tuple[str, ...]) -> int:
    """The length of the longest of `prefixes` that `code` begins with, or -1."""
    return max((len(prefix) for prefix in prefixes if code.startswith(prefix)), default=-1)
