"""The subcommands, one module each."""

from __future__ import annotations


class CommandError(Exception):
    """A command was used wrongly; the text says what would be right. Exit status 2."""
