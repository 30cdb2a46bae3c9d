"""Parses function bodies with their macros expanded, as far as that makes them C.

A macro whose expansion does not parse where its use does is left alone: first those that are
used where the errors are, then all.
"""

from __future__ import annotations

from typing import NamedTuple

from capilint.frontends.c.parsing.grammar import C, Grammar
from capilint.frontends.c.parsing.parse import Body, parse_body
from capilint.frontends.c.parsing.positions import ColumnMap
from capilint.frontends.c.preprocessing.expansion import Expanded, Find, expanded


class Expansion(NamedTuple):
    """A parsed body, the way back to its source, and the macros that stood for too much."""

    body: Body
    columns: ColumnMap | None
    unexpanded: frozenset[str]


def parse_expanded(text: str, find: Find, grammar: Grammar = C) -> Expansion:
    """The best parse of a function body, on rows of its own."""
    whole = expanded(text, find)
    best = _parsed(whole, grammar)
    if not whole.columns or not best.body.errors:
        return best
    on_errors = _used_on(whole, best.body.rows_with_errors())
    attempts = [lambda name: None if name in on_errors else find(name)] if on_errors else []
    for attempt in (*attempts, _nothing):
        other = _parsed(expanded(text, attempt), grammar)
        if other.body.badness() < best.body.badness():
            best = other
    return best


def _parsed(expansion: Expanded, grammar: Grammar) -> Expansion:
    body = parse_body(expansion.text, grammar)
    return Expansion(body, expansion.columns or None, expansion.unexpanded)


def _used_on(expansion: Expanded, rows: set[int]) -> set[str]:
    return {use.name for use in expansion.uses if use.row in rows}


def _nothing(name: str) -> None:
    return None
