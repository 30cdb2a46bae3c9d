"""`capilint completion SHELL`: what makes a shell complete this command's words."""

from __future__ import annotations

import argparse
import sys

_SHELLS = ("bash", "zsh", "fish", "tcsh")
_PLACES = {"FILE": "FILE", "PATH": "FILE", "DIR": "DIRECTORY"}  # by what help calls the argument


def arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments."""
    parser.add_argument("shell", choices=_SHELLS, help="the shell that is to source it")


def run(options: argparse.Namespace) -> int:
    """Print the script."""
    import shtab

    from capilint.commands.command_line import whole_parser

    parser, subparsers = whole_parser()
    for subparser in subparsers.values():
        for action in subparser._actions:
            kind = _PLACES.get(str(action.metavar).rpartition(":]")[2])
            if kind is not None:
                action.complete = getattr(shtab, kind)  # type: ignore[attr-defined]
    sys.stdout.write(shtab.complete(parser, options.shell) + "\n")
    return 0
