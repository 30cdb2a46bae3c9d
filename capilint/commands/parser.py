"""argparse with errors that help: the nearest name of what was misspelt, and no abbreviations.

An abbreviation that works today is ambiguous with the next option tomorrow.
"""

from __future__ import annotations

import argparse
import os
from collections.abc import Iterable, Sequence
from typing import NoReturn


class Parser(argparse.ArgumentParser):
    """The parser of the command, or of one of its subcommands."""

    def __init__(self, *, prog: str, description: str) -> None:
        super().__init__(
            prog=prog, description=description, formatter_class=_formatter, allow_abbrev=False
        )

    def refuse(self, unknown: Sequence[str]) -> NoReturn:
        """End with the usage, and an error that names what is not known."""
        options = self._option_string_actions
        word = unknown[0].partition("=")[0].removeprefix("--")
        if "--format" in options and word in (options["--format"].choices or ()):
            hint = f"; did you mean `--format {word}`?"
        else:  # without the dashes, which make all of them alike
            long = [name[2:] for name in options if name.startswith("--")]
            hint = _nearest(word, long).replace("`", "`--", 1)
        self.error(f"unrecognized arguments: {' '.join(unknown)}{hint}")

    def refuse_command(self, word: str, known: Iterable[str]) -> NoReturn:
        """End with the usage, and an error that says which commands there are."""
        hint = _nearest(word, known) or f"; known are {', '.join(known)}"
        if os.path.exists(word):  # noqa: PTH110 - as below
            hint = f"; did you mean `{self.prog} check {word}`?"
        self.error(f"unknown command `{word}`{hint}")


def _nearest(word: str, known: Iterable[str]) -> str:
    from capilint.rulebook.tomlfile import nearest

    return nearest(word, known)


def _formatter(prog: str) -> argparse.HelpFormatter:
    """argparse's own, at a width that it need not import `shutil` to find (3 ms at each start)."""
    try:
        columns = os.get_terminal_size().columns
    except OSError:
        columns = 100
    return argparse.RawDescriptionHelpFormatter(prog, width=min(columns, 100) - 2)
