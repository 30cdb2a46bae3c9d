"""Parameter packs written out: the body of a variadic template for one number of arguments.

create(std::forward<A>(a)...)    create(std::forward<A__1>(a__1), std::forward<A__2>(a__2))
(destroy(a), ...)                (destroy(a__1) , destroy(a__2))
sizeof...(a)                     2
"""

from __future__ import annotations

import re
from collections.abc import Collection
from typing import NamedTuple

from capilint.frontends.cpp.facts.model import Parameter, Signature, TemplateParameter
from capilint.frontends.cpp.facts.tokens import Tokens

MOST_ELEMENTS = 16  # a template may call itself with more each time
_BEGINS = frozenset({"(", "{", "[", ",", ";", "return"})


def numbered(text: str, packs: Collection[str], number: int) -> str:
    """A text about one element of each pack."""
    names = "|".join(map(re.escape, packs))
    return re.sub(rf"\b(?:{names})\b", lambda found: f"{found.group()}__{number}", text)


def packs_of(signature: Signature) -> tuple[str, ...]:
    """The names that stand for several elements in a function template: of its last parameter, and
    of that one's type."""
    last = signature.parameters[-1] if signature.parameters else None
    kinds = [each for each in signature.template if each.is_pack]
    if last is None or not (last.variadic and last.name) or len(kinds) != 1:
        return ()
    return last.name, kinds[0].name


def without_pack(signature: Signature, packs: tuple[str, ...], count: int) -> Signature:
    """A variadic function template for so many elements."""
    *before, last = signature.parameters
    several = [
        Parameter(numbered(last.name, packs, number), numbered(last.type_name, packs, number))
        for number in range(1, count + 1)
    ]
    template = [each for each in signature.template if not each.is_pack]
    template += [TemplateParameter(numbered(packs[1], packs, n)) for n in range(1, count + 1)]
    return signature._replace(parameters=(*before, *several), template=tuple(template))


class _Pattern(NamedTuple):
    """The tokens from `start` to `end` that stand for several, of which those from `first` to
    `last` are said of each element, and what joins these."""

    start: int
    end: int
    first: int
    last: int
    joint: str


def written_out(text: str, packs: Collection[str], count: int) -> str:
    """A text with what it says of packs said of each of their `count` elements."""
    tokens = Tokens(text)
    parts, done = list[str](), 0
    for index, token in enumerate(tokens.texts):
        if token != "..." or tokens.offset(index) < done:
            continue
        found = _size(tokens, index) or _pattern(tokens, index)
        if found.first >= found.last:
            continue
        pattern = text[tokens.offset(found.first) : _end(tokens, found.last)]
        each = [numbered(pattern, packs, number + 1) for number in range(count)]
        made = f" {found.joint} ".join(each) if found.joint else str(count)
        if each[:1] != [pattern] or not found.joint:  # a pack is in it
            parts += [text[done : tokens.offset(found.start)], made]
            done = _end(tokens, found.end)
    return "".join([*parts, text[done:]])


def _size(tokens: Tokens, dots: int) -> _Pattern | None:
    """`sizeof...(a)`"""
    if tokens.at(dots - 1) != "sizeof" or tokens.at(dots + 1) != "(":
        return None
    end = tokens.closing.get(dots + 1, dots) + 1
    return _Pattern(dots - 1, end, dots + 2, end - 1, "")


def _pattern(tokens: Tokens, dots: int) -> _Pattern:
    before, after = tokens.at(dots - 1), tokens.at(dots + 1)
    if before == "(":  # (... && a)
        end = tokens.closing.get(dots - 1, dots)
        return _Pattern(dots, end, dots + 2, end, after)
    is_fold = after == ")" and re.match(r"[\w)\]}>]", before) is None  # (a && ...)
    openings = {close: opening for opening, close in tokens.closing.items()}
    start = last = dots - is_fold
    while start > 0 and tokens.at(start - 1) not in _BEGINS:
        start = openings.get(start - 1, start - 1)
    return _Pattern(start, dots + 1, start, last, before if is_fold else ",")


def _end(tokens: Tokens, end: int) -> int:
    """Where the last of the tokens before `end` ends."""
    return tokens.offset(end - 1) + len(tokens.texts[end - 1])
