"""How long nasty texts take, and how much memory, each in a process of its own.

python -m tests.nasty [--size 100000] [--only WORD]
"""

from __future__ import annotations

import argparse
import io
import os
import resource
import sys
from contextlib import redirect_stderr, redirect_stdout

from capilint.checking import check
from capilint.config.settings import Settings
from capilint.files.discover import SUFFIXES
from capilint.files.source import Input
from capilint.report import Style, render
from tests.nasty.shapes import C_AFTER, C_BEFORE, PYTHON_AFTER, PYTHON_BEFORE, Shape, shapes

MOST_SECONDS = 6


def checked(name: str, text: str) -> None:
    """A check in this process, whose output is thrown away."""
    with redirect_stdout(io.StringIO()), redirect_stderr(io.StringIO()):
        item = Input(name, SUFFIXES[name[name.index(".") :]], text.encode())
        report = check([item], lambda _: Settings())
        render("text", report, Style())


def measured(shape: Shape, size: int) -> tuple[float, float, int]:
    """CPU seconds, megabytes and the exit status of a check."""
    child = os.fork()
    if child == 0:
        resource.setrlimit(resource.RLIMIT_CPU, (MOST_SECONDS, MOST_SECONDS))
        try:
            checked(f"a{shape.suffix}", shape.text(size))
        except BaseException as error:
            print(repr(error)[:200], file=sys.stderr)
            os._exit(3)
        os._exit(0)
    _, status, usage = os.wait4(child, 0)
    return usage.ru_utime + usage.ru_stime, usage.ru_maxrss / 1024, status


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m tests.nasty", description=__doc__)
    parser.add_argument("--size", type=int, default=100_000)
    parser.add_argument("--only", default="")
    parser.add_argument("--above", type=float, default=0, help="list what takes longer (seconds)")
    options = parser.parse_args()
    for suffix in (".c", ".cpp", ".py"):  # the children inherit what is loaded
        python = suffix == ".py"
        before, after = (PYTHON_BEFORE, PYTHON_AFTER) if python else (C_BEFORE, C_AFTER)
        checked(f"a{suffix}", before + after)
    for shape in shapes():
        name = f"{shape.suffix} {shape.name}"
        if options.only in name:
            seconds, memory, status = measured(shape, options.size)
            if seconds >= options.above or memory > 300:
                print(f"{seconds:6.2f} s {memory:6.0f} MB {status:6} {name}", flush=True)


if __name__ == "__main__":
    main()
