"""The `#define`s of a text."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise

from capilint.frontends.c.preprocessing.tokens import Token, joined, tokens_of

_HEAD = re.compile(r"\s*+([^\W\d]\w*+)(?:\(([^()\n]*+)\))?")
_VARIADIC = "__VA_ARGS__"


@dataclass(frozen=True)
class Macro:
    """One macro; `parameters` is None for one without parentheses. The last parameter of a
    `variadic` one takes all arguments that are left. `body` is its text in one line."""

    name: str
    parameters: tuple[str, ...] | None
    variadic: bool
    body: str

    @cached_property
    def tokens(self) -> tuple[Token, ...]:
        """What it stands for."""
        return tokens_of(self.body)

    @cached_property
    def names(self) -> frozenset[str]:
        """The names in its text; one that something is pasted to ends in `##`."""
        texts = [token.text for token in self.tokens if not token.text.isspace()]
        names = {token.text for token in self.tokens if token.is_name}
        pasted = (one + two for one, two in pairwise(texts) if two == "##" and one in names)
        return frozenset([*names, *pasted])

    @cached_property
    def pastes(self) -> bool:
        """Whether it makes names of its arguments."""
        return any(token.text == "##" for token in self.tokens)


def name_in(rest: str) -> str:
    """The name that a `#define` or `#undef` is about, empty where it has none."""
    head = _HEAD.match(rest)
    return head.group(1) if head else ""


def macro_of(rest: str) -> Macro | None:
    """The macro of `#define rest`."""
    head = _HEAD.match(rest)
    if head is None:
        return None
    name, parameters = head.groups()
    body = joined(tokens_of(rest[head.end() :]))
    if parameters is None:
        return Macro(name, None, False, body)
    names = [each.strip() for each in parameters.split(",")] if parameters.strip() else []
    variadic = bool(names) and names[-1].endswith("...")
    if variadic:
        names[-1] = names[-1].removesuffix("...").strip() or _VARIADIC
    return Macro(name, tuple(names), variadic, body)


def macro_from_outside(name: str, value: str) -> Macro | None:
    """The macro that `-D name=value` defines; `name` may hold parameters, as in `-D 'F(x)=x'`."""
    return macro_of(f"{name} {value}")
