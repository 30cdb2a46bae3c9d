"""What words of a command line stand for; each function is a `type` of argparse."""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING

from capilint.language import LANGUAGE_NAMES, Language
from capilint.rulebook.code_names import code_prefix
from capilint.rulebook.namescan import unknown_resource

if TYPE_CHECKING:
    from capilint.sharding.shard import Shard


def language(text: str) -> Language:
    """A language, by its name or a usual suffix."""
    try:
        return LANGUAGE_NAMES[text.lower()]
    except KeyError:
        from capilint.rulebook.tomlfile import nearest

        hint = nearest(text.lower(), LANGUAGE_NAMES) or "; known are c, c++ and python"
        raise argparse.ArgumentTypeError(f"unknown language `{text}`{hint}") from None


def codes(text: str) -> tuple[str, ...]:
    """Codes or their beginnings, from a list with commas in which names may stand, too."""
    try:
        return tuple(code_prefix(word) for word in _words(text, "code"))
    except ValueError as error:
        raise argparse.ArgumentTypeError(str(error)) from None


def resources(text: str) -> tuple[str, ...]:
    """Kinds of handles, from a list with commas."""
    words = _words(text, "resource")
    for word in words:
        problem = unknown_resource(word)
        if problem:
            raise argparse.ArgumentTypeError(problem)
    return words


def shard(text: str) -> Shard:
    """One of so many shards, like `2/8`."""
    from capilint.sharding.shard import shard_named

    try:
        return shard_named(text)
    except ValueError as error:
        raise argparse.ArgumentTypeError(str(error)) from None


def _words(text: str, what: str) -> tuple[str, ...]:
    words = tuple(word.strip() for word in text.split(",") if word.strip())
    if not words:
        raise argparse.ArgumentTypeError(f"no {what} is named")
    return words
