"""The command `capilint`: how a subcommand runs, and what an error ends with."""

from __future__ import annotations

import gc
import os
import sys
from collections.abc import Sequence

from capilint.commands.command_line import parsed

TROUBLE = 2  # not 1, which says that there are findings


def main(arguments: Sequence[str] | None = None) -> int:
    """Run a command line; the result is the exit status (see `capilint check --help`)."""
    gc.set_threshold(50_000)  # what is made is mostly kept; to look for garbage costs 2 ms at start
    given = list(sys.argv[1:] if arguments is None else arguments)
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):  # a name from a source file must not end the run
            stream.reconfigure(errors="backslashreplace")
    try:
        options = parsed(given)
        status: int = options.run(options)
        sys.stdout.flush()
    except BrokenPipeError:  # `capilint check | head`
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 1
    except KeyboardInterrupt:
        return 130
    except Exception as error:
        return _failed(error)
    return status


def _failed(error: Exception) -> int:
    """Say what went wrong: what the user can mend, or a bug of ours with its traceback."""
    from capilint.checking import SettingsError
    from capilint.commands import CommandError
    from capilint.config.loading import ConfigError
    from capilint.findings.baseline_file import BaselineError
    from capilint.rulebook.folder import RuleError

    ours = (BaselineError, CommandError, ConfigError, RuleError, SettingsError)
    if not isinstance(error, ours):
        from traceback import print_exception

        print_exception(error)
        print("capilint: this is a bug of capilint; please report it", file=sys.stderr)
    print(f"capilint: error: {error}", file=sys.stderr)
    return TROUBLE
