"""What ends a run before its end: Ctrl-C, or a signal that asks the process to end."""

from __future__ import annotations

INTERRUPT, TERMINATE = 2, 15  # the numbers of SIGINT and SIGTERM, on every system


class Terminated(KeyboardInterrupt):
    """The process is asked to end (SIGTERM); dealt with as Ctrl-C is."""


def signal_of(stop: KeyboardInterrupt) -> int:
    """The number of the signal that stopped a run."""
    return TERMINATE if isinstance(stop, Terminated) else INTERRUPT
