"""`capilint explain CODE`: what a code means, and what to write instead."""

from __future__ import annotations

import argparse
import sys

from capilint.commands import CommandError
from capilint.rulebook.codes import Code, load
from capilint.rulebook.tomlfile import nearest


def arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments."""
    parser.add_argument("code", metavar="CODE", help="a code or its name: CAP101, handle-leaked")


def run(options: argparse.Namespace) -> int:
    """Print the text of a code, as Markdown."""
    sys.stdout.write(_found(options.code).markdown)
    return 0


def _found(word: str) -> Code:
    for code in load().values():
        if word.upper() == code.code or word.lower() == code.name:
            return code
    known = [*load(), *(code.name for code in load().values())]
    hint = nearest(word.upper(), load()) or nearest(word.lower(), known)
    raise CommandError(f"unknown code `{word}`{hint or '; `capilint rules` lists them'}")
