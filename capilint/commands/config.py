"""`capilint config [FILE]`: the settings that hold for a file, and where each came from."""

from __future__ import annotations

import argparse
import os
from collections.abc import Iterable, Mapping

import tomlkit
from tomlkit.items import Table

from capilint.config.loading import Configuration, effective
from capilint.config.settings import Settings


def arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments."""
    parser.add_argument("path", nargs="?", default=".", metavar="FILE", help="a file or folder; .")
    parser.add_argument("--config", metavar="FILE", help="the configuration file to read")
    parser.add_argument("--isolated", action="store_true", help="read no configuration file")


def run(options: argparse.Namespace) -> int:
    """Print the settings, as a configuration file that says the same."""
    print_settings(Configuration(file=options.config, isolated=options.isolated), [options.path])
    return 0


def print_settings(configuration: Configuration, paths: Iterable[str]) -> None:
    """Print each key with its value and its origin, once for the paths that have the same."""
    shown: dict[str, list[str]] = {}
    for path in paths:
        folder = path.rstrip("/") + "/" if os.path.isdir(path) else path  # noqa: PTH112
        shown.setdefault(_text(configuration.settings_of(folder)), []).append(path)
    for text, same in shown.items():
        if len(shown) > 1:
            print("".join(f"# for {path}\n" for path in same), end="")
        print(text, end="")


def _text(settings: Settings) -> str:
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
    return tomlkit.dumps(document)
