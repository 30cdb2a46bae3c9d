"""`capilint check --watch`: check, then again whenever a file that matters changes.

check ── report ── wait ── a source file, a configuration ... has changed ──┐
  ▲                  └── Ctrl-C: exit status 130                            │
  └──────────────────────────── clear the terminal ◀───────────────────────┘
"""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Callable, Iterable, Sequence, Set
from pathlib import Path, PurePath

from capilint.commands import CommandError
from capilint.commands.statuses import SIGNALLED, TROUBLE
from capilint.commands.streams import say
from capilint.config.loading import FILE_NAMES
from capilint.files import find_commands, gitignore
from capilint.files.discover import SKIPPED_FOLDERS, language_of
from capilint.findings.baseline import DEFAULT
from capilint.mistake import Mistake

INSTALL = f"{sys.executable} -m pip install 'capilint[watch]'"
_QUIET = 300  # milliseconds: changes that come together are one
_MOMENT = 250  # milliseconds: how long one look for changes takes
_SETTINGS = {*FILE_NAMES, find_commands.FILE_NAME, gitignore.FILE_NAME, DEFAULT}
_CLEAR = "\x1b[2J\x1b[3J\x1b[H"


def watch(
    paths: Sequence[str], settings: Iterable[str], headers: Set[str], check: Callable[[], int]
) -> int:
    """Check again and again, until KeyboardInterrupt, or a check has the exit status of one.

    `settings` are files that the user named; those in the folders of `paths` are waited for, too.
    `check` reports, gives the exit status of a single check, and adds to `headers` those that it
    read. Raises CommandError where the extra is not installed, or a path is not there.
    """
    try:
        from watchfiles import watch as changes
    except ModuleNotFoundError:
        raise CommandError(f"--watch needs watchfiles: {INSTALL}") from None
    for path in paths:
        if not Path(path).exists():
            raise CommandError(f"--watch: {path}: no such file or folder")
    watched = _Watched(paths, settings)
    waiting = changes(
        *watched.roots,
        watch_filter=lambda _, path: watched.matters(path),
        debounce=_QUIET,
        recursive=watched.recursive,
        rust_timeout=_MOMENT,
        yield_on_timeout=True,
        raise_interrupt=True,
    )
    next(waiting)  # so that nothing is missed that changes during the first check
    elsewhere = _Elsewhere(headers, watched)
    while True:
        began = time.time_ns()
        status = _round(check)
        if status >= SIGNALLED:
            return status
        while not next(waiting) and not elsewhere.changed(began):
            pass
        if sys.stdout.isatty():
            sys.stdout.write(_CLEAR)


class _Watched:
    """What is waited for: files in folders, or named files. Editors put a new file in the place of
    one that they save, so that its folder is watched."""

    def __init__(self, paths: Sequence[str], settings: Iterable[str]) -> None:
        self._folders = [Path(path).resolve() for path in paths if Path(path).is_dir()]
        files = {Path(path).resolve() for path in paths if not Path(path).is_dir()}
        self._files = files | {Path(path).resolve() for path in settings}
        self.roots = {*self._folders, *(path.parent for path in files)}
        self.recursive = bool(self._folders)

    def matters(self, path: str) -> bool:
        """Whether a change of a file may change the report."""
        name = os.path.basename(path)  # noqa: PTH119
        if name in _SETTINGS or Path(path) in self._files:
            return True
        if language_of(name) is None:
            return False
        return any(_is_walked(folder, PurePath(path)) for folder in self._folders)


class _Elsewhere:
    """Headers in folders that are not watched: what the system says of each is asked again."""

    def __init__(self, headers: Set[str], watched: _Watched) -> None:
        self._headers = headers
        self._watched = watched
        self._known: dict[str, tuple[int, int]] = {}

    def changed(self, began: int) -> bool:
        """Whether one is other than it was the last time or, where it was not asked for then, was
        written since the check `began`, in nanoseconds."""
        paths = [each for each in self._headers if not self._watched.matters(_absolute(each))]
        before, self._known = self._known, {path: _stamp(path) for path in paths}
        return any(
            before[path] != stamp if path in before else stamp[0] >= began
            for path, stamp in self._known.items()
        )


def _absolute(path: str) -> str:
    return str(Path(path).resolve())


def _stamp(path: str) -> tuple[int, int]:
    """When a file was written, and its size; zeros where it is gone."""
    try:
        found = os.stat(path)  # noqa: PTH116
    except OSError:
        return 0, 0
    return found.st_mtime_ns, found.st_size


def _is_walked(folder: Path, path: PurePath) -> bool:
    if not path.is_relative_to(folder):
        return False
    return SKIPPED_FOLDERS.isdisjoint(path.relative_to(folder).parts)


def _round(check: Callable[[], int]) -> int:
    """One check; a mistake in the settings is told, and waited for to be mended."""
    try:
        status = check()
    except Mistake as error:
        say(f"capilint: error: {error}")
        status = TROUBLE
    sys.stdout.flush()
    if status < SIGNALLED:
        say("capilint: waiting for changes; Ctrl-C ends")
    return status
