"""What a program calls the things that it gives to a call: from the text of the arguments."""

from __future__ import annotations

import re
from collections.abc import Iterator

_CAST = re.compile(r"^(?:\(\s*(?:const\s+)?[\w:]+\s*\**\s*\)|\w+_cast\s*<[^<>]*>)\s*(?=[(&*\w])")
_CALLED_ON = re.compile(r"(?:\.|->)\s*\w+\s*\(\s*\)$|^(?:std::)?addressof\s*(?=\()")
_VARIABLE = re.compile(r"[A-Za-z_][\w.:\->\[\]* ]*")


def variables(texts: str) -> tuple[str, ...]:
    """The variable in each of the arguments, or nothing: `hKey` of `(HCRYPTKEY *)&hKey`.

    The text may go on behind the call's closing bracket.
    """
    return tuple(_plain(text) for text in _split(texts))


def _split(texts: str) -> Iterator[str]:
    """The arguments: what commas outside of brackets separate."""
    begin, depth = 0, 0
    for index, character in enumerate(texts):
        depth += (character in "([{") - (character in ")]}")
        if depth < 0:
            texts = texts[:index]
            break
        if character == "," and not depth:
            yield texts[begin:index]
            begin = index + 1
    yield texts[begin:]


def _plain(text: str) -> str:
    """The variable in an argument; of `holder.put()` it is the holder."""
    bare, before = text.strip(), ""
    while bare != before:
        before = bare
        bare = _CAST.sub("", bare).lstrip("&").strip()
        bare = _CALLED_ON.sub("", bare).removeprefix("this->")
        if bare.startswith("(") and bare.endswith(")"):
            bare = bare[1:-1].strip()
    return bare if _VARIABLE.fullmatch(bare) else ""
