"""A progress bar on the standard error, for people who wait for more than a second."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from time import perf_counter
from typing import TYPE_CHECKING

from capilint.progress import Progress

if TYPE_CHECKING:
    from rich.progress import Progress as Bar

_PATIENCE = 1.0  # seconds until there is a bar
_PAUSE = 0.1  # seconds between two pictures of it


@contextmanager
def progress_shown(quiet: bool) -> Iterator[Progress]:
    """The progress of a run; on a terminal it is shown, and gone at the end."""
    if quiet or not sys.stderr.isatty() or os.environ.get("TERM") == "dumb":
        yield Progress()
        return
    shown = _Shown()
    try:
        yield Progress(shown)
    finally:
        shown.end()


class _Shown:
    """The bar, once there is one."""

    def __init__(self) -> None:
        self._bar: Bar | None = None
        self._next = perf_counter() + _PATIENCE

    def __call__(self, phase: str, done: int, total: int) -> None:
        now = perf_counter()
        if now < self._next:
            return
        self._next = now + _PAUSE
        if self._bar is None:
            self._bar = _new_bar()
            self._bar.add_task("")
        task = self._bar.task_ids[0]
        self._bar.update(task, description=phase, completed=done, total=total or None)
        self._bar.refresh()

    def end(self) -> None:
        """Take the bar away."""
        if self._bar is not None:
            self._bar.stop()


def _new_bar() -> Bar:
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn
    from rich.progress import Progress as Bar

    columns = ("[progress.description]{task.description}", BarColumn(), MofNCompleteColumn())
    bar = Bar(*columns, console=Console(stderr=True), auto_refresh=False, transient=True)
    bar.start()
    return bar
