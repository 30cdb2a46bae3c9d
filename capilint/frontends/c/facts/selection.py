"""Chooses the functions of a file that matter, by the names that they mention."""

from __future__ import annotations

import re
from collections.abc import Callable

from capilint.frontends.c.facts.macros import Macros
from capilint.frontends.c.parsing.outline import Definition

_WORD = re.compile(r"[A-Za-z_]\w*")


def selected(
    text: str,
    found: list[Definition],
    macros: Macros,
    relevant: Callable[[str], bool],
) -> list[Definition]:
    """The functions that are relevant, those that reach one by calls, and all that these call."""
    bodies = macros.bodies()
    texts = {definition.start: text[definition.start : definition.end] for definition in found}
    seeds = {definition.name for definition in found if relevant(texts[definition.start])}
    seeds |= {name for name, body in bodies.items() if relevant(body)}
    if not seeds:
        return []
    known = {definition.name for definition in found} | set(bodies)
    mentions: dict[str, set[str]] = {name: _mentioned(body, known) for name, body in bodies.items()}
    for definition in found:
        own = _mentioned(texts[definition.start], known) - {definition.name}
        mentions.setdefault(definition.name, set()).update(own)
    callers: dict[str, set[str]] = {}
    for name, mentioned in mentions.items():
        for other in mentioned:
            callers.setdefault(other, set()).add(name)
    reached = _closure(_closure(seeds, callers), mentions)
    return [definition for definition in found if definition.name in reached]


def _mentioned(text: str, known: set[str]) -> set[str]:
    return known.intersection(_WORD.findall(text))


def _closure(names: set[str], edges: dict[str, set[str]]) -> set[str]:
    reached = set(names)
    stack = list(names)
    while stack:
        for other in edges.get(stack.pop(), ()):
            if other not in reached:
                reached.add(other)
                stack.append(other)
    return reached
