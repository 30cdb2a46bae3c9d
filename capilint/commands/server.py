"""`capilint server`: the language server, which an editor starts and speaks to."""

from __future__ import annotations

import argparse
import signal
import sys

from capilint.commands import CommandError

INSTALL = f"{sys.executable} -m pip install 'capilint[lsp]'"


def arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments."""
    parser.epilog = "It reads the editor's messages from the standard input (docs/editors.md)."
    parser.add_argument(
        *("--verbose", "-v"), action="store_true", help="show notes in the editor, too"
    )
    parser.add_argument("--stdio", action="store_true", help="as always; some editors say so")


def run(options: argparse.Namespace) -> int:
    """Serve until the editor ends it. Raises CommandError where the extra is not installed."""
    try:
        from capilint.server.service import service
    except ModuleNotFoundError as error:
        package = (error.name or "").partition(".")[0]
        if package in ("pygls", "lsprotocol"):
            raise CommandError(f"the language server needs {package}: {INSTALL}") from None
        raise
    for each in (signal.SIGINT, signal.SIGTERM):  # nothing is to be saved, and a thread reads on
        signal.signal(each, signal.SIG_DFL)
    replies = sys.stdout.buffer
    sys.stdout = sys.stderr  # what is printed is no message of the protocol
    service(options.verbose).start_io(sys.stdin.buffer, replies)
    return 0
