"""Takes the text of a type apart: `const ns::Holder<T> *&`."""

from __future__ import annotations

import re
from functools import lru_cache
from typing import NamedTuple

_TOKEN = re.compile(r"::|&&|->|\.\.\.|[\w$~#]+|\(unnamed\)|\S")
_QUALIFIERS = frozenset(
    {"const", "volatile", "struct", "class", "typename", "enum", "union", "constexpr", "mutable"}
    | {"static", "inline", "register", "__restrict", "CONST", "FAR", "NEAR", "template", "..."}
)
_INTEGERS = frozenset({"short", "long", "unsigned", "signed", "int", "__int64"})
_OPENING = frozenset({"<", "(", "[", "{"})
_CLOSING = frozenset({">", ")", "]", "}"})


class Part(NamedTuple):
    """One part of a qualified name; `arguments` is None where it has no `<...>`."""

    name: str
    arguments: tuple[str, ...] | None = None

    @property
    def text(self) -> str:
        """As it is written."""
        if self.arguments is None:
            return self.name
        return f"{self.name}<{','.join(self.arguments)}>"


class TypeText(NamedTuple):
    """A type's text in parts. `is_global` is set where it begins with `::`."""

    parts: tuple[Part, ...]
    stars: int
    reference: str
    is_const: bool
    dimensions: int
    is_global: bool = False

    @property
    def is_plain(self) -> bool:
        """Whether it is a name and nothing else."""
        return not (self.stars or self.reference or self.dimensions)


@lru_cache(maxsize=20_000)
def type_text(text: str) -> TypeText:
    """The parts of a type's text; that of a function is its only part."""
    tokens = _TOKEN.findall(text)
    parts: list[Part] = []
    stars = dimensions = 0
    reference = ""
    is_const = is_global = follows = False
    index = 0
    while index < len(tokens):
        token = tokens[index]
        if token == "<" and parts:
            end = _closing(tokens, index)
            parts[-1] = Part(parts[-1].name, tuple(_split(tokens[index + 1 : end])))
            index = end
        elif token == "decltype":
            end = _closing(tokens, index + 1)
            parts.append(Part("".join(tokens[index : end + 1])))
            index = end
        elif token == "(":
            return TypeText((Part(_joined(tokens)),), 0, "", False, 0)  # of a function
        elif token == "::":
            is_global = is_global or not parts
            follows = bool(parts)
        elif token in ("*", "^"):
            stars += 1
        elif token in ("&", "&&"):
            reference = token
        elif token == "[":
            dimensions += 1
            index = _closing(tokens, index)
        elif token in _QUALIFIERS:
            is_const = is_const or (token in ("const", "CONST") and not stars)
        elif token[0].isalnum() or token[0] in "_~$" or token == "(unnamed)":
            _add(parts, token, follows)
            follows = False
        index += 1
    return TypeText(tuple(map(_plain, parts)), stars, reference, is_const, dimensions, is_global)


def _add(parts: list[Part], word: str, follows: bool) -> None:
    """A further part behind `::`, else a further word of the same: `unsigned long`."""
    if parts and not follows and parts[-1].arguments is None:
        parts[-1] = Part(f"{parts[-1].name} {word}")
    elif follows or not parts:
        parts.append(Part(word))


def _plain(part: Part) -> Part:
    """One spelling for `unsigned`, `unsigned int` and `int unsigned`."""
    words = part.name.split(" ")
    if len(words) == 1 or not _INTEGERS.issuperset(words):
        return Part("unsigned int") if part.name == "unsigned" else part
    kept = [word for word in ("unsigned", "short", "long", "__int64") if word in words]
    if words.count("long") > 1:
        kept.append("long")
    return Part(" ".join(kept) if kept and kept != ["unsigned"] else " ".join([*kept, "int"]))


def _closing(tokens: list[str], opening: int) -> int:
    depth = 0
    for index in range(opening, len(tokens)):
        token = tokens[index]
        depth += (token in _OPENING) - (token in _CLOSING)
        if depth == 0:
            return index
    return len(tokens)


def _split(tokens: list[str]) -> list[str]:
    """Template arguments as texts."""
    found: list[list[str]] = [[]]
    depth = 0
    for token in tokens:
        depth += (token in _OPENING) - (token in _CLOSING)
        if token == "," and depth == 0:
            found.append([])
        else:
            found[-1].append(token)
    return [_joined(each) for each in found if each]


def arguments_in(text: str) -> list[str]:
    """The texts between the commas of a list of template arguments."""
    return _split(_TOKEN.findall(text))


def _joined(tokens: list[str]) -> str:
    text = ""
    for token in tokens:
        apart = (
            text
            and (text[-1].isalnum() or text[-1] in "_)")
            and (token[0].isalnum() or token[0] == "_")
        )
        text += (" " if apart else "") + token
    return text
