"""Which parts of a file are worth lowering, by the words in their source.

A unit is a function, a class or a statement of the module's own level. Wanted are the units that
the caller finds relevant, those that mention a name of a wanted one (callers, uses of an alias),
and those whose names a wanted one mentions (what it calls, and the variables that it uses: then
also those that mention these). Of the others only the names of the attributes are told that they
use: what a wanted one keeps there may be meant.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from itertools import chain
from typing import NamedTuple

import libcst as cst

from capilint.frontends.python.naming.scopes import Kind, Scope, collect
from capilint.frontends.python.parsing.tree import descendants, opens_scope

_WORD = re.compile(r"[^\W\d]\w*")
_ATTRIBUTE = re.compile(r"\.\s*([^\W\d]\w*)|[\"']([^\"'\\\n]+)[\"']")  # or a dictionary's key


class Wanted(NamedTuple):
    """The outermost functions and classes to lower; the tree stands for the module's own code.
    `left_out` are the names of attributes and keys that the rest of the file mentions."""

    nodes: set[cst.CSTNode]
    left_out: frozenset[str]


def wanted_units(
    tree: cst.Module, text_of: Callable[[cst.CSTNode], str], relevant: Callable[[str], bool]
) -> Wanted:
    """What of a file is to be lowered, if only what is relevant matters."""
    units = list(tree.body)
    texts = [text_of(unit) for unit in units]
    defined = [_names(unit) for unit in units]
    known = set(chain.from_iterable(defined))
    mentioned = [known.intersection(_WORD.findall(text)) for text in texts]
    wanted = {number for number, text in enumerate(texts) if relevant(text)}
    _spread(wanted, defined, mentioned)
    _spread(wanted, mentioned, defined)
    variables = [
        names if isinstance(unit, cst.SimpleStatementLine) else set()
        for unit, names in zip(units, defined, strict=True)
    ]
    _spread(wanted, variables, mentioned)
    _spread(wanted, mentioned, defined)
    found: set[cst.CSTNode] = set()
    for unit in (units[number] for number in wanted):
        found.update(filter(opens_scope, descendants([unit], into_scopes=False)))
        if not opens_scope(unit):
            found.add(tree)
    rest = (text for number, text in enumerate(texts) if number not in wanted)
    names = {name for text in rest for each in _ATTRIBUTE.findall(text) for name in each if name}
    return Wanted(found, frozenset(names))


def _names(unit: cst.BaseStatement | cst.SimpleStatementLine) -> set[str]:
    """The names that a statement of the module's level binds."""
    scope = Scope(Kind.MODULE, "", None)
    collect(scope, [unit])
    return set(scope.bindings)


def _spread(wanted: set[int], given: list[set[str]], sought: list[set[str]]) -> None:
    """Add the units that seek a name which a wanted one gives, over and over."""
    seekers: dict[str, list[int]] = {}
    for number, names in enumerate(sought):
        for name in names:
            seekers.setdefault(name, []).append(number)
    pending = list(wanted)
    while pending:
        for name in given[pending.pop()]:
            found = [number for number in seekers.pop(name, ()) if number not in wanted]
            wanted.update(found)
            pending.extend(found)
