"""Patterns of .gitignore files: pathspec decides as git does, on RE2, which never goes back.

A path takes time in proportion to its length, whatever a stranger's pattern says. RE2 gives up on
too many patterns at once, so that they are asked in chunks, the last first.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from functools import cached_property
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathspec import GitIgnoreSpec

_AT_ONCE = 500
_ALL_BELOW = re.compile(r"/\*\*[ \t]*$")


class Patterns:
    """The lines of a .gitignore file, or of a setting. pathspec is imported at the first question:
    that costs 20 ms."""

    def __init__(self, lines: Iterable[str]) -> None:
        self._lines = tuple(lines)

    def decision(self, path: str) -> bool | None:
        """Whether a relative path (a folder with a final `/`) is ignored; None where none fits."""
        for spec in self._specs:
            answer = spec.check_file(path).include
            if answer is not None:
                return answer
        return None

    @cached_property
    def _specs(self) -> list[GitIgnoreSpec]:
        lines = list(map(_as_git, self._lines))
        starts = range(0, len(lines), _AT_ONCE)
        return [spec for at in reversed(starts) for spec in _specs(lines[at : at + _AT_ONCE])]


def _as_git(line: str) -> str:
    """The line as pathspec has to read it.

    To git `x/**` is all that is in x, but not x; pathspec takes the two for one.
    """
    return _ALL_BELOW.sub("/**/*", line)


def _specs(lines: list[str]) -> Iterator[GitIgnoreSpec]:
    """The lines as one spec; those that RE2 cannot take together, as two, the last first.

    A line alone that is no pattern, or needs more memory than there is, fits nothing.
    """
    from warnings import catch_warnings, simplefilter

    import re2  # type: ignore[import-untyped]
    from pathspec import GitIgnoreSpec

    try:
        with catch_warnings():
            simplefilter("ignore")  # re has opinions on sets
            spec = GitIgnoreSpec.from_lines(lines, backend="re2")
        yield spec
    except (ValueError, re.error, re2.error):
        if len(lines) > 1:
            middle = len(lines) // 2
            yield from _specs(lines[middle:])
            yield from _specs(lines[:middle])
