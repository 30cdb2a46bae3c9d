"""What a run is asked to look for: the frozen settings, and which codes they let through.

`capilint.config` makes them from files and the command line; `capilint.check` obeys them.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from capilint.finding import Severity

OFF = "off"  # the severity of a code that reports only where it is selected by name

_MILDEST_LAST = (Severity.ERROR, Severity.WARNING, Severity.NOTE)


@dataclass(frozen=True, slots=True)
class Settings:
    """The effective settings of one file.

    Codes are prefixes (`CAP1`). `select` is None where the codes' own defaults hold, and
    `resources` where every resource counts. `severity` maps prefixes to a Severity or `off`.
    Globs follow .gitignore rules, relative to `root`. `noreturn` names functions that never come
    back; `functions` is the table of the user's wrappers, in the schema of `rules/`, and
    `functions_from` the file that it stands in. `origins` tells for each key where its value
    came from, as text for people.
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
    functions: Mapping[str, object] = field(default_factory=dict)
    functions_from: str = ""
    root: str = "."
    origins: Mapping[str, str] = field(default_factory=dict)

    def selects(self, code: str, default: str) -> bool:
        """Whether a code of `default` severity (or `off`) is reported.

        The longest matching prefix decides; at equal length `ignore` wins.
        """
        chosen = _longest(code, self.extend_select)
        if self.select is not None:
            chosen = max(chosen, _longest(code, self.select))
        elif default != OFF:
            chosen = max(chosen, 0)
        off = tuple(prefix for prefix, severity in self.severity if severity == OFF)
        return chosen > _longest(code, self.ignore + off)

    def severity_of(self, code: str, default: str) -> Severity:
        """The severity that a selected code is reported with."""
        matching = [item for item in self.severity if code.startswith(item[0])]
        text = max(matching, key=lambda item: len(item[0]))[1] if matching else default
        return Severity.WARNING if text == OFF else Severity(text)

    def fails(self, severity: Severity) -> bool:
        """Whether a finding of `severity` makes the run fail."""
        return _MILDEST_LAST.index(severity) <= _MILDEST_LAST.index(self.fail_on)


def _longest(code: str, prefixes: tuple[str, ...]) -> int:
    """The length of the longest of `prefixes` that `code` begins with, or -1."""
    return max((len(prefix) for prefix in prefixes if code.startswith(prefix)), default=-1)
