"""The subcommands, one module each."""

from __future__ import annotations

from capilint.mistake import Mistake


class CommandError(Mistake):
    """A command was used wrongly; the text says what would be right. Exit status 2."""
