"""Definitions of a macro that differ only in a hint for the compiler: `__builtin_expect(!!(x), 1)`
for one, `(x)` for another."""

from __future__ import annotations

from collections.abc import Sequence

from capilint.frontends.c.preprocessing.macros import Macro

_HINTS = frozenset({"__builtin_expect", "__builtin_expect_with_probability"})


def agreed(one: Macro | None, other: Macro | None) -> Macro | None:
    """What a name stands for by two definitions, None where they say different things."""
    if one == other or one is None or other is None:
        return one if one == other else None
    if one.parameters is None or other.parameters is None or one.variadic or other.variadic:
        return None
    plain, hinted = sorted((one, other), key=lambda macro: len(macro.tokens))
    if not any(token.text in _HINTS for token in hinted.tokens):
        return None
    same = len(plain.parameters or ()) == len(hinted.parameters or ())
    return plain if same and _meaning(plain) == _meaning(hinted) else None


def _meaning(macro: Macro) -> list[str]:
    """What a macro stands for without hints, its parameters by their numbers."""
    number = {name: f"#{index}" for index, name in enumerate(macro.parameters or ())}
    texts = (token.text for token in macro.tokens if not token.text.isspace())
    return _without_hints([number.get(text, text) for text in texts])


def _without_hints(texts: list[str]) -> list[str]:
    """The condition that is left of `(__builtin_expect(!!(x), 1))`."""
    while True:
        if texts[:1] == ["("] and _end(texts, 0) == len(texts) - 1:
            texts = texts[1:-1]
        elif texts[:2] == ["!", "!"] and _end(texts, 2) == len(texts) - 1:
            texts = texts[2:]
        elif texts[:1] and texts[0] in _HINTS and _end(texts, 1) == len(texts) - 1:
            texts = texts[2 : _comma(texts)]
        else:
            return texts


def _end(texts: Sequence[str], start: int) -> int:
    """Where the parenthesis closes that opens there; a single word ends where it stands."""
    if texts[start : start + 1] != ["("]:
        return start
    depth = 0
    for index in range(start, len(texts)):
        depth += {"(": 1, ")": -1}.get(texts[index], 0)
        if not depth:
            return index
    return -1


def _comma(texts: Sequence[str]) -> int:
    """Where the first argument of a hint ends."""
    depth = 0
    for index, text in enumerate(texts):
        depth += {"(": 1, ")": -1}.get(text, 0)
        if text == "," and depth == 1:
            return index
    return len(texts) - 1
