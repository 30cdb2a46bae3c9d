"""Chooses the functions of a file that matter, by the names that they mention."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable

from capilint.frontends.c.facts.regions import Region
from capilint.frontends.c.preprocessing.expansion import expanded
from capilint.frontends.c.preprocessing.table import MacroTable

_WORD = re.compile(r"[^\W\d]\w*")
_MEMBER_FILLED = re.compile(r"&[\s(]*[A-Za-z_][\w\s()\[\]]*(?:->|\.)\s*[A-Za-z_]")  # `&ctx->key`


def selected(
    regions: list[Region], macros: MacroTable, relevant: Callable[[str], bool]
) -> list[Region]:
    """The functions that are relevant, those that reach one by calls, and all that these call.

    A function mentions what the macros mention that it uses. Where a relevant one fills a member of
    a structure, any function may take it out again.
    """
    known = {region.definition.name for region in regions}
    reach = _Reach(macros, relevant)
    seeds: set[str] = set()
    mentions: dict[str, set[str]] = {}
    for region in regions:
        name, body = region.definition.name, region.whole
        words = set(_WORD.findall(body))
        matters, added, pastes = reach.of(words)
        if pastes:
            body = expanded(body, macros.at(region.offset)).text
            words.update(_WORD.findall(body))
        if matters or relevant(body):
            seeds.add(name)
        own = (known & (words | added)) - {name}
        mentions.setdefault(name, set()).update(own)
    if not seeds:
        return []
    relevant_texts = (each.whole for each in regions if each.definition.name in seeds)
    if any(_MEMBER_FILLED.search(text) for text in relevant_texts):
        return regions
    callers: dict[str, set[str]] = {}
    for user, mentioned in mentions.items():
        for other in mentioned:
            callers.setdefault(other, set()).add(user)
    reached = _closure(_closure(seeds, callers), mentions)
    return [region for region in regions if region.definition.name in reached]


class _Reach:
    """What names mention through macros."""

    def __init__(self, macros: MacroTable, relevant: Callable[[str], bool]) -> None:
        self._macros = macros
        self._relevant = relevant
        self._matters: dict[str, bool] = {}

    def of(self, words: Iterable[str]) -> tuple[bool, set[str], bool]:
        """Whether some macro among the words is relevant, the names that the macros add, and
        whether one of them makes new names."""
        matters = pastes = False
        added: set[str] = set()
        stack = list(words)
        while stack:
            word = stack.pop()
            macro = self._macros.find(word)
            if macro is None:
                continue
            pastes = pastes or macro.pastes
            if word not in self._matters:
                self._matters[word] = self._relevant(macro.body)
            matters = matters or self._matters[word]
            stack += macro.names - added
            added |= macro.names
        return matters, added, pastes


def _closure(names: set[str], edges: dict[str, set[str]]) -> set[str]:
    reached = set(names)
    stack = list(names)
    while stack:
        for other in edges.get(stack.pop(), ()):
            if other not in reached:
                reached.add(other)
                stack.append(other)
    return reached
