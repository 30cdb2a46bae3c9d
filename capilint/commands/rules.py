"""`capilint rules`: the codes, or what is known of each API function, as a table."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterator, Mapping, Sequence

from capilint.rulebook import codes
from capilint.rulebook.book import load as load_rules
from capilint.rulebook.protocol import Creation, Protocol


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
        effects = "; ".join(_effects(protocol))
        if effects:
            yield (name, protocol.family, protocol.success.value, effects)


def _effects(protocol: Protocol) -> Iterator[str]:
    yield from (_creation(creation) for creation in protocol.creates)
    for verb, effect in (
        ("uses", protocol.uses),
        ("releases", protocol.releases),
        ("adds a reference to", protocol.retains),
    ):
        if effect:
            yield f"{verb} {_listed(effect)}"
    if protocol.keeps:
        yield f"keeps {', '.join(protocol.keeps)}"


def _creation(creation: Creation) -> str:
    text = f"makes a {creation.resource} into {creation.into}"
    if creation.owner:
        text += f", owned by {creation.owner}"
    if creation.owner_of:
        text += f", with the owner of {creation.owner_of}"
    if creation.memory:
        text += f", in the memory of {creation.memory}"
    if creation.unless:
        text += f", unless {' or '.join(f'{name} has {flag}' for name, flag in creation.unless)}"
    if creation.owned_if:
        text += f", the caller's if {creation.owned_if}"
    return text


def _listed(effect: Mapping[str, str]) -> str:
    return ", ".join(f"{resource} {parameter}" for parameter, resource in effect.items())


def _table(rows: Sequence[Sequence[str]]) -> str:
    """Columns as wide as their widest cell, the last one ragged."""
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    lines = (
        "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip()
        for row in rows
    )
    return "".join(f"{line}\n" for line in lines)
