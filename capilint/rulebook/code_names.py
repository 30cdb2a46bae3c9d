"""Codes as people write them: `CAP101`, the beginning `CAP1`, or the name `handle-leaked`.

Apart from the codes' own texts, for every run with a selection asks.
"""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from functools import cache

from capilint.rulebook.folder import rule_folder, texts_in

_PREFIX = r"[A-Z]+[0-9]*"
_ALIKE = 0.8  # codes that have half of their letters in common are not misspelt ones
_NAME = re.compile(r"^name: *(\S+)", re.MULTILINE)


@cache
def code_names() -> tuple[str, ...]:
    """All codes, which the files that describe them are named after."""
    names = os.listdir(f"{rule_folder()}/codes")  # noqa: PTH208 - pathlib is slow to import
    return tuple(sorted(name.removesuffix(".md") for name in names if name.endswith(".md")))


def code_prefix(word: str) -> str:
    """The code, or the beginning of codes, that a word stands for.

    Raises ValueError, with the nearest that would be right, where it stands for none.
    """
    prefix = word.upper()
    known = code_names()
    if any(code.startswith(prefix) for code in known) and prefix:
        return prefix
    by_name = _by_name()
    if word.lower() in by_name:
        return by_name[word.lower()]
    from capilint.rulebook.tomlfile import nearest

    if re.fullmatch(_PREFIX, prefix) and not prefix.isalpha():
        hint = nearest(prefix, known, _ALIKE) or "; `capilint rules` lists them"
        raise ValueError(f"there is no code {prefix:.40}{hint}")
    hint = nearest(prefix, known, _ALIKE) or nearest(word.lower(), by_name)
    hint = hint or ", such as CAP101, CAP1 or handle-leaked; `capilint rules` lists them"
    raise ValueError(f"{word!r:.40} is no code{hint}")


@cache
def _by_name() -> Mapping[str, str]:
    """Each code by its name."""
    return {
        found[1]: os.path.basename(path).removesuffix(".md")  # noqa: PTH119 - as above
        for path, text in texts_in(f"{rule_folder()}/codes", ".md")
        if (found := _NAME.search(text))
    }
