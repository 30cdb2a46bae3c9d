"""Who uses a function, by the text alone: how a program looks further than its analysis knows.

What acts on handles is known of the functions that have been analysed. Where a chain of wrappers
goes on through file after file, waiting for the analysis of each costs a look at the whole program
for each file. So a program that goes on growing takes users of users with it, twice as many rings
of them each time, as long as they go by the name: all of them are analysed, and what turns out to
have nothing to do with handles is only a few files too many.

    round    1  2  3  4  5  6  7  8  ...
    rings    1  1  1  1  1  2  4  8  ...    1,000 files in 14 rounds
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence

from capilint.files.words import c_function_texts, words

_PATIENCE = 4  # rounds, which are enough for most programs
_TOP_LEVEL = re.compile(rb"^(?:async[ \t]+)?(?:def|class)[ \t]+([A-Za-z_]\w*)", re.MULTILINE)
_Text = tuple[str, set[bytes]]  # what is defined, and the words that are said of it


def rings(rounds: int) -> int:
    """How many rings of users the next round takes, after so many that the program grew in."""
    return 1 << max(rounds - _PATIENCE, 0)


def users_in_c(names: Iterable[str], data: bytes) -> set[str]:
    """The functions of a C file whose text names one of `names`, or such a function of the file;
    those that are internal to it are left out."""
    functions = list(c_function_texts(data))
    texts = [(function.name, set(words(text))) for function, text in functions]
    external = {function.name for function, _ in functions if not function.internal}
    return _users(texts, {name.encode() for name in names}) & external


def users_in_python(names: Iterable[str], data: bytes) -> set[str]:
    """The functions and classes of a Python module whose text has the last word of one of
    `names`, or names such a function or class of the module."""
    return _users(list(_python_texts(data)), {_last(name).encode() for name in names})


def python_names(data: bytes) -> Iterator[bytes]:
    """What a module defines in its first column."""
    return (head.group(1) for head in _TOP_LEVEL.finditer(data))


def _users(texts: Sequence[_Text], names: set[bytes]) -> set[str]:
    """Those that have one of the names in their text, or the name of such a one."""
    found: set[str] = set()
    size = -1
    while size < len(found):
        size = len(found)
        found |= {name for name, named in texts if not names.isdisjoint(named)}
        names = names.union(map(str.encode, found))
    return found


def _last(name: str) -> str:
    return name.rpartition(".")[2]


def _python_texts(data: bytes) -> Iterator[_Text]:
    """What a module defines in its first column, with the words up to the next."""
    heads = list(_TOP_LEVEL.finditer(data))
    starts = [*(head.start() for head in heads), len(data)]
    for head, end in zip(heads, starts[1:], strict=True):
        yield head.group(1).decode(), set(words(data[head.end() : end]))
