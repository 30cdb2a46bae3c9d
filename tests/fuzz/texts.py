"""What broken files are made of: fixtures as they are, and short ones without their comments.

A short text breaks in the same ways as a long one, and takes a tenth of its time.
"""

from __future__ import annotations

import random
import re
from collections.abc import Iterator
from functools import cache

from capilint.rulebook.namescan import known_names
from tests.fixture_format import FIXTURES

_SHORT = 450  # characters: a function of some fifteen lines
_LONG_ONES = 0.03  # of the texts
# The headers that all have in common say nothing that is not known without them.
_REMARKS = {
    ".c": re.compile(r"//[^\n]*|/\*(?s:.*?)\*/|^[ \t]*#[ \t]*include[^\n]*", re.MULTILINE),
    ".py": re.compile(r"[ \t]+#[ \t][^\n]*|^#[^\n]*", re.MULTILINE),
}
_BLANK_LINES = re.compile(r"\n(?:[ \t]*\n)+")
_FUNCTION = re.compile(r"^(?=[^\s#{}/])[^;{}]*\{(?s:.*?)^\}[^\n]*\n", re.MULTILINE)
_PYTHON_DEFINITION = re.compile(r"^(?=(?:async[ ]+)?(?:def|class)[ ])", re.MULTILINE)


def text_of(suffix: str, chance: random.Random) -> str:
    """A fixture of that kind of file, mostly a short one; C++ may be C."""
    if chance.random() < _LONG_ONES:
        return chance.choice(_texts(suffix))
    if suffix == ".cpp" and chance.random() < 0.2:
        suffix = ".c"
    return chance.choice(_short_texts(suffix))


@cache
def _texts(suffix: str) -> tuple[str, ...]:
    files = sorted(path for path in FIXTURES.rglob(f"*{suffix}") if path.is_file())
    return tuple(path.read_bytes().decode("utf-8", errors="replace") for path in files)


@cache
def _short_texts(suffix: str) -> tuple[str, ...]:
    """The fixtures that are short without comments, and the functions of the others."""
    remarks = _REMARKS.get(suffix, _REMARKS[".c"])
    found = []
    for text in _texts(suffix):
        plain = _BLANK_LINES.sub("\n", remarks.sub("", text)).lstrip("\n")
        found += [plain, *(_python_parts(plain) if suffix == ".py" else _FUNCTION.findall(plain))]
    names = known_names()
    return tuple(
        each
        for each in dict.fromkeys(found)
        if len(each) <= _SHORT and names.search(each.encode("utf-8", errors="replace"))
    )


def _python_parts(text: str) -> Iterator[str]:
    """Each function and class of a module, after what stands before the first."""
    head, *parts = _PYTHON_DEFINITION.split(text)
    return (head + part for part in parts)
