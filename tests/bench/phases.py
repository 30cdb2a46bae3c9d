"""Where the time of `capilint check` goes: its phases, timed from outside.

Each phase is one function that `capilint.check` calls; a stopwatch is put around it.
"""

from __future__ import annotations

import importlib
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, redirect_stderr, redirect_stdout
from io import StringIO
from pathlib import Path
from typing import Any

from capilint import cli

PHASES = {
    "C front end": ("capilint.frontends.c", "lower"),
    "Python front end": ("capilint.frontends.python", "lower"),
    "engine": ("capilint.engine", "analyse"),
    "replay": ("capilint.replay", "confirm"),
}


class Stopwatch:
    """CPU seconds spent in one function."""

    def __init__(self, module: str, function: str) -> None:
        self.seconds = 0.0
        self._module = importlib.import_module(module)
        self._name = function
        self._function = getattr(self._module, function)

    def __call__(self, *arguments: Any, **keywords: Any) -> Any:
        begin = time.process_time()
        try:
            return self._function(*arguments, **keywords)
        finally:
            self.seconds += time.process_time() - begin

    @contextmanager
    def running(self) -> Iterator[None]:
        """The function is timed meanwhile."""
        setattr(self._module, self._name, self)
        try:
            yield
        finally:
            setattr(self._module, self._name, self._function)


def times_of(folder: Path) -> dict[str, float]:
    """CPU seconds by phase of one `capilint check` over a folder, `rest` and `all` among them."""
    watches = {phase: Stopwatch(*where) for phase, where in PHASES.items()}
    begin = time.process_time()
    with ExitStack() as stack:
        stack.enter_context(redirect_stdout(StringIO()))
        complaints = stack.enter_context(redirect_stderr(StringIO()))
        for watch in watches.values():
            stack.enter_context(watch.running())
        status = cli.main(["check", "--isolated", str(folder)])
    if status not in {0, 1}:
        sys.exit(f"capilint check {folder}: exit {status}\n{complaints.getvalue()[-2000:]}")
    total = time.process_time() - begin
    seconds = {phase: watch.seconds for phase, watch in watches.items()}
    return {**seconds, "rest": total - sum(seconds.values()), "all": total}
