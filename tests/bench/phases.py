"""Where the time of `capilint check` goes: its phases, timed from outside.

A stopwatch is put around the functions that each phase consists of.
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

PHASES = (
    ("C front end", "capilint.frontends.c", "lower"),
    ("C++ front end", "capilint.frontends.cpp", "lower"),
    ("Python front end", "capilint.frontends.python", "lower"),
    ("engine", "capilint.engine.analysis", "Analysis.add"),
    ("engine", "capilint.engine.analysis", "Analysis.findings"),
    ("growth", "capilint.engine.analysis", "Analysis.lacking"),
    ("growth", "capilint.growth.left", "Left.users"),
    ("growth", "capilint.growth.left", "Left.definers"),
    ("replay", "capilint.execution.replay", "confirm"),
)


@contextmanager
def timed(seconds: dict[str, float], phase: str, module: str, path: str) -> Iterator[None]:
    """Meanwhile the CPU seconds in a function, or a class's method, are added to its phase."""
    *classes, name = path.split(".")
    owner: Any = importlib.import_module(module)
    for each in classes:
        owner = getattr(owner, each)
    function = getattr(owner, name)

    def watched(*arguments: Any, **keywords: Any) -> Any:
        begin = time.process_time()
        try:
            return function(*arguments, **keywords)
        finally:
            seconds[phase] += time.process_time() - begin

    setattr(owner, name, watched)
    try:
        yield
    finally:
        setattr(owner, name, function)


def times_of(folder: Path) -> dict[str, float]:
    """CPU seconds by phase of one `capilint check` over a folder, `rest` and `all` among them."""
    seconds = {phase: 0.0 for phase, _, _ in PHASES}
    begin = time.process_time()
    with ExitStack() as stack:
        stack.enter_context(redirect_stdout(StringIO()))
        complaints = stack.enter_context(redirect_stderr(StringIO()))
        for phase, module, path in PHASES:
            stack.enter_context(timed(seconds, phase, module, path))
        status = cli.main(["check", "--no-cache", "--isolated", str(folder)])
    if status not in {0, 1}:
        sys.exit(f"capilint check {folder}: exit {status}\n{complaints.getvalue()[-2000:]}")
    total = time.process_time() - begin
    return {**seconds, "rest": total - sum(seconds.values()), "all": total}
