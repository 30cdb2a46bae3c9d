"""`capilint config [FILE]`: the settings that hold for a file, and where each came from."""

from __future__ import annotations

import argparse
import os
from collections.abc import Mapping

import tomlkit
from tomlkit.items import Table

from capilint.config.loading import Configuration, effective


def arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments."""
    parser.add_argument("path", nargs="?", default=".", metavar="FILE", help="a file or folder; .")
    parser.add_argument("--config", metavar="FILE", help="the configuration file to read")
    parser.add_argument("--isolated", action="store_true", help="read no configuration file")


def run(options: argparse.Namespace) -> int:
    """Print each key with its value and its origin, as a configuration file that says the same."""
    path = options.path.rstrip("/") + "/" if os.path.isdir(options.path) else options.path  # noqa: PTH112
    settings = Configuration(file=options.config, isolated=options.isolated).settings_of(path)
    document = tomlkit.document()
    tables: dict[str, Table] = {}
    for key, value, origin in effective(settings):
        if value is None:
            document.add(tomlkit.comment(f"{key} is not set"))
        elif isinstance(value, Mapping) and value:  # in TOML, tables come last
            tables[key] = table = tomlkit.table(is_super_table=False)
            table.comment(origin)
            table.update(value)
        else:
            document.add(key, tomlkit.item(value).comment(origin))
    for key, table in tables.items():
        document.add(key, table)
    print(tomlkit.dumps(document), end="")
    return 0
