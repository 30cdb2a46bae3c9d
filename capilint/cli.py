"""The command `capilint`: which subcommand runs, and what an error ends with.

Each subcommand is a module of `capilint.commands` with `arguments(parser)` and
`run(options) -> exit status`; only the one that runs is imported.
"""

from __future__ import annotations

import argparse
import gc
import os
import sys
from collections.abc import Sequence
from importlib import import_module

from capilint import __version__
from capilint.commands.parser import Parser

_COMMANDS = {
    "check": "find handle bugs in files and folders",
    "baseline": "write down the present findings, so that `check` reports only new ones",
    "server": "serve an editor: diagnostics while typing, hover, edits (language server)",
    "run": "run a program on a model of CryptoAPI, and report what it did wrong",
    "explain": "say what a code means, and what to write instead",
    "rules": "list the codes, or what is known of each API function",
    "config": "show the settings that hold for a file, and where each came from",
    "validate": "run functions on the model, and compare with the linter",
    "debug": "show each stage of the analysis of a file, from IR to replay",
}
TROUBLE = 2  # not 1, which says that there are findings


def main(arguments: Sequence[str] | None = None) -> int:
    """Run a command line; the result is the exit status (see `capilint check --help`)."""
    gc.set_threshold(50_000)  # what is made is mostly kept; to look for garbage costs 2 ms at start
    given = list(sys.argv[1:] if arguments is None else arguments)
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):  # a name from a source file must not end the run
            stream.reconfigure(errors="backslashreplace")
    try:
        options = _parsed(given)
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


def _parsed(given: Sequence[str]) -> argparse.Namespace:
    """The options of a command line; what is not understood ends the program with the usage."""
    parser = Parser(prog="capilint", description="A linter for the life of CryptoAPI handles.")
    parser.add_argument("--version", action="version", version=f"capilint {__version__}")
    subparsers = parser.add_subparsers(
        required=True, metavar="COMMAND", dest="command", prog="capilint"
    )
    asked = next((word for word in given if not word.startswith("-")), None)
    if asked is not None and asked not in _COMMANDS:
        parser.refuse_command(asked, _COMMANDS)
    used = parser
    for name in _COMMANDS if asked is None else [asked]:
        summary = _COMMANDS[name]
        subparser = subparsers.add_parser(name, help=summary, description=f"{summary}.")
        if name == asked:
            used = subparser
            module = import_module(f"capilint.commands.{name}")
            module.arguments(subparser)
            subparser.set_defaults(run=module.run)
    options, unknown = parser.parse_known_args(given)
    if unknown:
        used.refuse(unknown)
    return options
