"""`capilint config [FILE]`: the settings that hold for a file, and where each came from."""

from __future__ import annotations

import argparse
import json
import os

from capilint.config.loading import Configuration, effective


def arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments."""
    parser.add_argument("path", nargs="?", default=".", metavar="FILE", help="a file or folder; .")
    parser.add_argument("--config", metavar="FILE", help="the configuration file to read")
    parser.add_argument("--isolated", action="store_true", help="read no configuration file")


def run(options: argparse.Namespace) -> int:
    """Print each key with its value, as TOML, and its origin as a comment."""
    path = options.path.rstrip("/") + "/" if os.path.isdir(options.path) else options.path  # noqa: PTH112
    settings = Configuration(file=options.config, isolated=options.isolated).settings_of(path)
    lines = [(f"{key} = {_toml(value)}", origin) for key, value, origin in effective(settings)]
    column = max(len(line) for line, _ in lines)
    for line, origin in lines:
        print(f"{line.ljust(column)}  # {origin}")
    return 0


def _toml(value: object) -> str:
    """A value as TOML; JSON's texts and lists are TOML's, too."""
    if value is None:
        return '"default"'
    if isinstance(value, tuple) and value and isinstance(value[0], tuple):
        return f"{{ {', '.join(f'{json.dumps(key)} = {_toml(item)}' for key, item in value)} }}"
    return json.dumps(value)
