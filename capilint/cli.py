"""The command `capilint`: how a subcommand runs, and what an error ends with."""

from __future__ import annotations

import errno
import gc
import sys
from collections.abc import Sequence

from capilint.commands.command_line import parsed
from capilint.commands.statuses import SIGNALLED, TROUBLE
from capilint.commands.streams import hush, prepare, say, terminable
from capilint.interruption import signal_of
from capilint.mistake import Mistake

_NO_ROOM = (errno.ENOSPC, errno.EBADF, errno.EIO)


def main(arguments: Sequence[str] | None = None) -> int:
    """Run a command line; the result is the exit status (see `capilint check --help`)."""
    gc.set_threshold(50_000)  # what is made is mostly kept; to look for garbage costs 2 ms at start
    given = list(sys.argv[1:] if arguments is None else arguments)
    prepare()
    try:
        with terminable():
            options = parsed(given)
            status: int = options.run(options)
            sys.stdout.flush()
    except BrokenPipeError:  # `capilint explain CAP101 | head`
        hush()
        return 1
    except KeyboardInterrupt as stop:
        return SIGNALLED + signal_of(stop)
    except Exception as error:
        return _failed(error)
    return status


def _failed(error: Exception) -> int:
    """Say what went wrong: what the user can mend, or a bug of ours with its traceback."""
    if isinstance(error, OSError) and error.errno in _NO_ROOM and error.filename is None:
        hush()
        error = Mistake(f"the standard output cannot be written: {error.strerror}")
    if isinstance(error, MemoryError):
        error = Mistake("there is not enough memory")
    if not isinstance(error, Mistake):
        from traceback import format_exception

        say("".join(format_exception(error)).rstrip("\n"))
        say("capilint: this is a bug of capilint; please report it")
    say(f"capilint: error: {error}")
    return TROUBLE
