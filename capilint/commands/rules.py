"""`capilint rules`: the codes, or what is known of each API function, as a table."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterator, Sequence

from capilint.rulebook import codes
from capilint.rulebook.book import load as load_rules
from capilint.rulebook.effects import effects


def arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments."""
    parser.add_argument(
        "--functions", action="store_true", help="what is known of each API function"
    )


def run(options: argparse.Namespace) -> int:
    """Print the table."""
    rows = function_rows() if options.functions else _code_rows()
    sys.stdout.write(_table(list(rows)))
    return 0


def _code_rows() -> Iterator[Sequence[str]]:
    yield ("code", "name", "default", "what it does")
    for code in codes.load().values():
        yield (code.code, code.name, code.default, code.summary)


def function_rows() -> Iterator[Sequence[str]]:
    """A row for each API function that does something to a handle, below a row of titles."""
    yield ("function", "family", "succeeds with", "what it does to handles")
    functions = load_rules().functions
    for name in sorted(functions):
        protocol = functions[name]
        told = "; ".join(effects(protocol))
        if told:
            yield (name, protocol.family, protocol.success.value, told)


def _table(rows: Sequence[Sequence[str]]) -> str:
    """Columns as wide as their widest cell, the last one ragged."""
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    lines = (
        "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip()
        for row in rows
    )
    return "".join(f"{line}\n" for line in lines)
