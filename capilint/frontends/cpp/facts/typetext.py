"""Takes the text of a type apart: `const ns::Holder<T> *&`."""

from __future__ import annotations

import re
from functools import lru_cache
from typing import NamedTuple

_TOKEN = re.compile(r"::|&&|->|[\w$~#]+|\(unnamed\)|\S")
_QUALIFIERS = frozenset(
    {"const", "volatile", "struct", "class", "typename", "enum", "union", "constexpr", "mutable"}
    | {"static", "inline", "register", "__restrict", "CONST", "FAR", "NEAR"}
)


class Part(NamedTuple):
    """One part of a qualified name; `arguments` is None where it has no `<...>`."""

    name: str
    arguments: tuple[str, ...] | None = None


class TypeText(NamedTuple):
    """A type's text in parts."""

    parts: tuple[Part, ...]
    stars: int
    reference: str
    is_const: bool
    dimensions: int


@lru_cache(maxsize=20_000)
def type_text(text: str) -> TypeText:
    """The parts of a type's text; what is no type gives its text as the only part."""
    tokens = _TOKEN.findall(text)
    parts: list[Part] = []
    stars = dimensions = 0
    reference = ""
    is_const = False
    words: list[str] = []
    index = 0
    while index < len(tokens):
        token = tokens[index]
        if token == "<" and words:
            end = _closing(tokens, index)
            arguments = tuple(_split(tokens[index + 1 : end]))
            parts.append(Part(words.pop(), arguments))
            index = end
        elif token == "(" or token == "decltype":
            return TypeText((Part(_joined(tokens)),), 0, "", False, 0)  # of a function
        elif token == "::":
            if words:
                parts.append(Part(words.pop()))
        elif token == "*" or token == "^":
            stars += 1
        elif token in ("&", "&&"):
            reference = token
        elif token == "[":
            dimensions += 1
            index = tokens.index("]", index) if "]" in tokens[index:] else len(tokens)
        elif token in _QUALIFIERS:
            is_const = is_const or token in ("const", "CONST")
        elif token[0].isalpha() or token[0] in "_~$" or token == "(unnamed)" or token.isdigit():
            words.append(token)
        index += 1
    if words:
        parts.append(Part(" ".join(words)))
    return TypeText(tuple(parts), stars, reference, is_const, dimensions)


def _closing(tokens: list[str], opening: int) -> int:
    depth = 0
    for index in range(opening, len(tokens)):
        depth += {"<": 1, "(": 1, ">": -1, ")": -1}.get(tokens[index], 0)
        if depth == 0:
            return index
    return len(tokens)


def _split(tokens: list[str]) -> list[str]:
    """Template arguments as texts."""
    found: list[list[str]] = [[]]
    depth = 0
    for token in tokens:
        depth += {"<": 1, "(": 1, ">": -1, ")": -1}.get(token, 0)
        if token == "," and depth == 0:
            found.append([])
        else:
            found[-1].append(token)
    return [_joined(each) for each in found if each]


def _joined(tokens: list[str]) -> str:
    text = ""
    for token in tokens:
        apart = (
            text
            and (text[-1].isalnum() or text[-1] == "_")
            and (token[0].isalnum() or token[0] == "_")
        )
        text += (" " if apart else "") + token
    return text
