"""What the plugin adds to flake8's time, where no file concerns it.

flake8 runs in this process, on one job, over the standard library; a stopwatch stands around the
plugin's two methods.
"""

from __future__ import annotations

import functools
import inspect
import os
import sysconfig
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any
from unittest.mock import patch

from flake8.main.application import Application

from capilint.flake8_plugin import Plugin
from capilint.rulebook.namescan import known_names

_SMALLEST, _LARGEST = 2_000, 20_000  # bytes of an ordinary file


def ordinary_files(count: int) -> list[Path]:
    """Files of the standard library without any known name, spread over all of it."""
    names = known_names()
    found = [
        path
        for path in sorted(Path(sysconfig.get_paths()["stdlib"]).rglob("*.py"))
        if _SMALLEST < path.stat().st_size < _LARGEST and not names.search(path.read_bytes())
    ]
    return found[:: max(1, len(found) // count)][:count]


def flake8_share(files: list[Path]) -> tuple[float, float]:
    """CPU seconds of flake8 over the files, and those of them that the plugin takes."""
    spent = 0.0

    def timed(method: Callable[..., Any], finish: Callable[[Any], Any]) -> Callable[..., Any]:
        @functools.wraps(method)  # flake8 reads the names of the parameters
        def measured(*arguments: Any, **named: Any) -> Any:
            nonlocal spent
            before = time.process_time()
            result = finish(method(*arguments, **named))
            spent += time.process_time() - before
            return result

        measured.__signature__ = inspect.signature(method)  # type: ignore[attr-defined]
        return measured

    def whole(findings: Iterator[object]) -> list[object]:
        return list(findings)

    options = ["--isolated", "--jobs=1", "--quiet", "--quiet", "--exit-zero"]
    with ExitStack() as stack:
        created = timed(Plugin.__init__, lambda nothing: nothing)
        stack.enter_context(patch.object(Plugin, "__init__", created))
        stack.enter_context(patch.object(Plugin, "run", timed(Plugin.run, whole)))
        before = time.process_time()
        Application().run([*options, f"--output-file={os.devnull}", *map(str, files)])
        return time.process_time() - before, spent
