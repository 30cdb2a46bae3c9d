"""Who works for a run, on a command line: so many processes, or a cluster."""

from __future__ import annotations

import argparse
import os
import re


def jobs_arguments(group: argparse._ArgumentGroup) -> None:
    """Declare the number of processes, and what may be in their place."""
    either = group.add_mutually_exclusive_group()
    either.add_argument(
        *("--jobs", "-j"),
        type=_number,
        metavar="N",
        help="at most so many processes, where there is enough to do (the cores available)",
    )
    either.add_argument(
        "--executor",
        type=_address,
        metavar="dask:ADDRESS",
        help="have the workers of a Dask scheduler work for this run (dask:tcp://host:8786)",
    )


def jobs(options: argparse.Namespace) -> int:
    """How many processes there may be: those asked for, else as many as can run at once."""
    if options.executor is not None:
        return 1
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


def _address(text: str) -> str:
    """The address of a scheduler."""
    match = re.fullmatch(r"dask:((?:tcp|tls|ws|wss)://[^\s/]+:[0-9]+)/?", text)
    if match is None:
        raise argparse.ArgumentTypeError(f"`{text}` is none: dask:tcp://host:8786 is one")
    return match[1]
