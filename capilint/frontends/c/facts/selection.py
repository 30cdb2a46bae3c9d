"""Chooses the functions of a file that matter, by the names that they mention."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable

from capilint.frontends.c.facts.regions import Region
from capilint.frontends.c.preprocessing.expansion import expanded
from capilint.frontends.c.preprocessing.table import MacroTable

_WORD = re.compile(r"[^\W\d]\w*")
_MEMBER_FILLED = re.compile(r"&[\s(]*[A-Za-z_][\w\s()\[\]]*(?:->|\.)\s*[A-Za-z_]")  # `&ctx->key`
_SAID = re.compile(r"//[^\n]*|/\*.*?(?:\*/|\Z)|\"\w*+[^\w\"\n][^\"\n]*+\"", re.DOTALL)  # to people
_PARENTHESIS = re.compile(r"[()]")
_VARIABLE = re.compile(r"(?<!\w)([^\W\d]\w*+)\s*+(?:\[[^\[\]]*+\]\s*+)*+[;,=]")
_CALLED = re.compile(r"\b[^\W\d]\w*\s*(?=\()")


def selected(
    regions: list[Region], outside: str, macros: MacroTable, relevant: Callable[[str], bool]
) -> list[Region]:
    """The functions that are relevant, those that reach one by calls, and all that these call.

    A function mentions what the macros mention that it uses. Where a relevant one fills a member of
    a structure, any function may take it out again; so may those that mention a variable of the
    text `outside` of functions which one of the chosen mentions. Where something other than a call
    names a relevant function, any function may call that by a pointer.
    """
    said, seeds = _said(regions, macros, relevant)
    if _is_pointed_at(outside, relevant):
        return regions
    if not seeds:
        return []
    texts = [each.whole for each in regions if each.definition.name in seeds]
    if any(_MEMBER_FILLED.search(each) or _is_pointed_at(each, relevant) for each in texts):
        return regions
    mentions = {name: (words & said.keys()) - {name} for name, words in said.items()}
    callers: dict[str, set[str]] = {}
    for user, mentioned in mentions.items():
        for other in mentioned:
            callers.setdefault(other, set()).add(user)
    reached = _closure(_closure(seeds, callers), mentions)
    variables = _variables(outside)
    while users := _users(said, reached, variables):
        reached = _closure(_closure(reached | users, callers), mentions)
    return [region for region in regions if region.definition.name in reached]


def _said(
    regions: list[Region], macros: MacroTable, relevant: Callable[[str], bool]
) -> tuple[dict[str, set[str]], set[str]]:
    """The names that each function mentions, and the functions that are relevant."""
    reach = _Reach(macros, relevant)
    seeds: set[str] = set()
    said: dict[str, set[str]] = {}
    for region in regions:
        name, body = region.definition.name, region.whole
        words = set(_WORD.findall(body))
        matters, added, pastes = reach.of(words)
        if pastes:
            body = expanded(body, macros.at(region.offset)).text
            words.update(_WORD.findall(body))
        if matters or relevant(body):
            seeds.add(name)
        said.setdefault(name, set()).update(words, added)
    return said, seeds


def _is_pointed_at(text: str, relevant: Callable[[str], bool]) -> bool:
    """Whether a text names a relevant function other than by calling it, or declaring it."""
    return relevant(text) and relevant(_CALLED.sub("", _SAID.sub("", text)))


def _users(said: dict[str, set[str]], reached: set[str], variables: set[str]) -> set[str]:
    """The other functions that mention a variable which one of those reached mentions."""
    shared = variables & set().union(*(said[name] for name in reached))
    return {name for name in said.keys() - reached if not shared.isdisjoint(said[name])}


def _variables(outside: str) -> set[str]:
    """The variables that a text without functions declares; what parentheses follow is none."""
    return set(_VARIABLE.findall(_without_parentheses(outside)))


def _without_parentheses(text: str) -> str:
    """A text with a mark in place of each pair of parentheses and what is between them."""
    open_: list[int] = []
    pairs: list[tuple[int, int]] = []  # the outer ones so far, in their order
    for found in _PARENTHESIS.finditer(text):
        if found.group() == "(":
            open_.append(found.start())
        elif open_:
            start = open_.pop()
            while pairs and pairs[-1][0] > start:
                pairs.pop()
            pairs.append((start, found.end()))
    starts, ends = [start for start, _ in pairs], [end for _, end in pairs]
    outside = zip([0, *ends], [*starts, len(text)], strict=True)
    return "\0".join(text[start:end] for start, end in outside)


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
