"""`capilint check --watch`: check, then again whenever a file that matters changes.

check ── report ── wait ── a source file, a configuration ... has changed ──┐
  ▲                  └── Ctrl-C: exit status 130                            │
  └──────────────────────────── clear the terminal ◀───────────────────────┘
"""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path, PurePath

from capilint.checking import SettingsError
from capilint.commands import CommandError
from capilint.commands.streams import say
from capilint.config.loading import FILE_NAMES, ConfigError
from capilint.files import find_commands, gitignore
from capilint.files.discover import SKIPPED_FOLDERS, language_of
from capilint.findings.baseline import DEFAULT
from capilint.findings.baseline_file import BaselineError
from capilint.rulebook.folder import RuleError

INSTALL = f"{sys.executable} -m pip install 'capilint[watch]'"
SIGNALLED = 128  # and more: a signal ended the check
_QUIET = 300  # milliseconds: changes that come together are one
_MOMENT = 250  # milliseconds: how long one look for changes takes
_SETTINGS = {*FILE_NAMES, find_commands.FILE_NAME, gitignore.FILE_NAME, DEFAULT}
_CLEAR = "\x1b[2J\x1b[3J\x1b[H"
_USERS_OWN = (BaselineError, ConfigError, RuleError, SettingsError)  # mistakes that they will mend


def watch(paths: Sequence[str], settings: Iterable[str], check: Callable[[], int]) -> int:
    """Check again and again, until KeyboardInterrupt, or a check has the exit status of one.

    `settings` are files that the user named; those in the folders of `paths` are waited for, too.
    `check` reports, and gives the exit status of a single check. Raises CommandError where the
    extra is not installed, or a path is not there.
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
    while (status := _round(check)) < SIGNALLED:
        while not next(waiting):
            pass
        if sys.stdout.isatty():
            sys.stdout.write(_CLEAR)
    return status


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


def _is_walked(folder: Path, path: PurePath) -> bool:
    if not path.is_relative_to(folder):
        return False
    return SKIPPED_FOLDERS.isdisjoint(path.relative_to(folder).parts)


def _round(check: Callable[[], int]) -> int:
    """One check; a mistake in the settings is told, and waited for to be mended."""
    try:
        status = check()
    except _USERS_OWN as error:
        say(f"capilint: error: {error}")
        status = 2
    sys.stdout.flush()
    if status < SIGNALLED:
        say("capilint: waiting for changes; Ctrl-C ends")
    return status
