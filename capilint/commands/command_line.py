"""The subcommands of `capilint`, and the parser of its command line.

Each subcommand is a module of `capilint.commands` with `arguments(parser)` and
`run(options) -> exit status`; only the one that runs is imported.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterable, Sequence
from importlib import import_module

from capilint import __version__
from capilint.commands.parser import Parser

COMMANDS = {
    "check": "find handle bugs in files and folders",
    "merge": "write the reports of one run from the parts that `check --shard` wrote",
    "baseline": "write down the present findings, so that `check` reports only new ones",
    "server": "serve an editor: diagnostics while typing, hover, edits (language server)",
    "run": "run a program on a model of CryptoAPI, and report what it did wrong",
    "explain": "say what a code means, and what to write instead",
    "rules": "list the codes, or what is known of each API function",
    "config": "show the settings that hold for a file, and where each came from",
    "validate": "run functions on the model, and compare with the linter",
    "debug": "show each stage of the analysis of a file, from IR to replay",
    "completion": "print the completion of this command for a shell",
}


def parsed(given: Sequence[str]) -> argparse.Namespace:
    """The options of a command line, with the subcommand's `run`.

    What is not understood ends the program with the usage.
    """
    if given[:1] == ["help"]:  # `capilint help check`
        given = [*given[1:], "--help"]
    asked = next((word for word in given if not word.startswith("-")), None)
    parser, subparsers = _parsers(() if asked is None else (asked,))
    if not given:
        parser.print_help(sys.stderr)
        parser.exit(2)
    if asked is not None and asked not in COMMANDS:
        parser.refuse_command(asked, COMMANDS)
    options, unknown = parser.parse_known_args(given)
    if unknown:
        (parser if asked is None else subparsers[asked]).refuse(unknown)
    return options


def whole_parser() -> tuple[Parser, dict[str, Parser]]:
    """The parser with the arguments of every subcommand, and the subcommands' own by name."""
    return _parsers(COMMANDS)


def _parsers(complete: Iterable[str]) -> tuple[Parser, dict[str, Parser]]:
    """The parser, and those of the subcommands; only `complete` ones know their arguments."""
    parser = Parser(prog="capilint", description="A linter for the life of CryptoAPI handles.")
    parser.epilog = "`capilint check .` is a beginning; `capilint COMMAND --help` has the options."
    parser.add_argument("--version", action="version", version=f"capilint {__version__}")
    adder = parser.add_subparsers(required=True, metavar="COMMAND", dest="command", prog="capilint")
    named = [name for name in complete if name in COMMANDS]
    subparsers = {}
    for name in named if len(named) == 1 else COMMANDS:
        summary = COMMANDS[name]
        subparsers[name] = adder.add_parser(name, help=summary, description=f"{summary}.")
    for name in named:
        module = import_module(f"capilint.commands.{name}")
        module.arguments(subparsers[name])
        subparsers[name].set_defaults(run=module.run)
    return parser, subparsers
