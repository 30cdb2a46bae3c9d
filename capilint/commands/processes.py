"""How many processes a run may have, on a command line."""

from __future__ import annotations

import argparse
import os


def jobs_argument(group: argparse._ArgumentGroup) -> None:
    """Declare the number of processes."""
    group.add_argument(
        *("--jobs", "-j"),
        type=_number,
        metavar="N",
        help="at most so many processes, where there is enough to do (the cores available)",
    )


def jobs(options: argparse.Namespace) -> int:
    """How many processes there may be: those asked for, else as many as can run at once."""
    if options.jobs is not None:
        return int(options.jobs)
    if hasattr(os, "process_cpu_count"):  # from Python 3.13 on
        return os.process_cpu_count() or 1
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def _number(text: str) -> int:
    if not text.isdecimal() or int(text) < 1:
        raise argparse.ArgumentTypeError(f"`{text}` is no number from 1")
    return int(text)
