"""The cache on a command line."""

from __future__ import annotations

import argparse

from capilint.cache.place import VARIABLE, default_folder


def cache_arguments(group: argparse._ArgumentGroup) -> None:
    """Declare where the cache is."""
    either = group.add_mutually_exclusive_group()
    either.add_argument(
        "--cache-dir",
        metavar="DIR",
        help=f"keep what is found out there ({VARIABLE}, or the user's folder for caches)",
    )
    either.add_argument(
        "--no-cache", action="store_true", help="find out everything anew, and keep nothing"
    )


def cache_folder(options: argparse.Namespace) -> str | None:
    """The folder of the cache; None where there is to be none."""
    return None if options.no_cache else options.cache_dir or default_folder()
