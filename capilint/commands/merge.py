"""`capilint merge`: the reports of one run, from the parts that its shards wrote."""

from __future__ import annotations

import argparse
from pathlib import Path

from capilint.commands import CommandError
from capilint.commands.outputs import report_arguments

_EPILOG = """\
Run it in the folder in which the shards ran, with the same files: what is selected, suppressed and
shown is worked out anew. The exit status is that of `capilint check`.
"""
_OWN = ("format", "output", "color", "verbose", "quiet", "exit_zero", "statistics")


def arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments."""
    parser.epilog = _EPILOG
    parser.add_argument(
        "parts", nargs="+", metavar="PART", help="the files that `check --shard` wrote, all of them"
    )
    report_arguments(parser.add_argument_group("how it is reported"))


def run(options: argparse.Namespace) -> int:
    """Read the parts, and report as the run would that they are parts of."""
    from capilint.commands.check import once
    from capilint.commands.command_line import parsed
    from capilint.commands.sharding import options_given
    from capilint.sharding.parts import Merging, read

    parts = read({path: _text_of(path) for path in options.parts})
    whole = parsed(["check"])
    options_given(next(iter(parts.values()))["given"], whole)
    for name in _OWN:
        setattr(whole, name, getattr(options, name))
    return once(whole, sharing=Merging(parts))


def _text_of(path: str) -> str:
    """The text of a part. Raises CommandError."""
    try:
        return Path(path).read_text(encoding="utf-8")
    except OSError as error:
        raise CommandError(f"{path}: cannot be read: {error.strerror}") from error
    except UnicodeDecodeError:
        raise CommandError(f"{path}: no part of a run") from None
