"""`capilint explain CODE...`: what codes mean, and what to write instead."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence

from capilint.commands import CommandError
from capilint.rulebook.code_names import code_prefix
from capilint.rulebook.codes import Code, load


def arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments."""
    parser.add_argument(
        "codes",
        nargs="+",
        metavar="CODE",
        help="a code (CAP101), the beginning of some (CAP1), or a name (handle-leaked)",
    )


def run(options: argparse.Namespace) -> int:
    """Print the texts of the codes: as Markdown, or on a terminal as that looks.

    Words that stand for no code are an error, told once those that do are explained.
    """
    codes, unknown = _found(options.codes)
    text = "\n".join(code.markdown for code in codes)
    if sys.stdout.isatty() and text:
        from rich.console import Console
        from rich.markdown import Markdown

        Console(width=min(Console().width, 100)).print(Markdown(text))
    else:
        sys.stdout.write(text)
    if unknown:
        sys.stdout.flush()  # the error comes behind it where both go to one file
        raise CommandError("\n".join(unknown))
    return 0


def _found(words: Sequence[str]) -> tuple[list[Code], list[str]]:
    """The codes that the words stand for, each once, in the order of the words; and what is wrong
    with the words that stand for none."""
    found: dict[str, Code] = {}
    unknown: list[str] = []
    for word in words:
        try:
            prefix = code_prefix(word)
        except ValueError as error:
            unknown.append(str(error))
            continue
        found |= {code: text for code, text in load().items() if code.startswith(prefix)}
    return list(found.values()), unknown
