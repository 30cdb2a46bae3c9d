"""The rule book, and the names that it knows: read once by all that ask for them."""

from __future__ import annotations

import functools
from typing import TYPE_CHECKING

from capilint.rulebook.namescan import NameScan, known_names

if TYPE_CHECKING:
    from capilint.language import Language
    from capilint.rulebook.book import RuleBook
    from capilint.rulebook.tomlfile import RuleFile


@functools.cache
def rule_book(rules: RuleFile | None) -> RuleBook:
    """The rule book with the user's functions; the same one whenever it is asked for."""
    from capilint.rulebook.book import load

    return load([rules] if rules else [])


def names_of(rules: RuleFile | None, language: Language) -> NameScan:
    """What finds the names of functions that concern handles, the user's among them. Raises
    RuleError where these are described wrongly."""
    if rules and "functions" in rules.tables:
        return rule_book(rules).scan_names(language)
    return _own_names()


# flake8 has each file checked on its own: what all files have in common is read once.
@functools.cache
def _own_names() -> NameScan:
    return known_names()
