"""Does a file concern us at all? Finds the names of known functions in its bytes.

The names are taken from the text of `rules/families/`, without parsing it: a run over files that
mention none imports no TOML parser and no protocols.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from functools import cache

from capilint.rulebook.folder import library_headers, rule_folder, texts_in

_MAKERS = r"^// makes: (.*)$"
_SCAN_WORD = r'^scan_word = "(\w+)"$'
_HANDLE_FUNCTION = r"^\[function\.(\w+)\]\n(?:(?!\[).*\n)*?(?:creates|uses|releases|retains)\b"
_RESOURCE = r"^\[resource\.([\w-]+)\]\n((?:(?!\[).*\n)*)"


class NameScan:
    """Finds known names in bytes: first by a word that many of them hold, 2 GB/s, then whole.

    `families` has the text of a family's rules by its scan word; `users` are further names.
    """

    def __init__(self, families: Iterable[tuple[str, str]], users: Iterable[str]) -> None:
        self._texts: dict[bytes, list[str]] = {}  # several families share a word
        for word, text in families:
            self._texts.setdefault(word.encode(), []).append(text)
        self._others: dict[bytes, list[bytes]] = {}  # by the scan word in them, if there is one
        for name in sorted(each.rpartition(".")[2].encode() for each in users):
            held = next((each for each in self._texts if each in name), b"")
            self._others.setdefault(held, []).append(name)

    def search(self, data: bytes) -> bool:
        """Whether one of the names is in the data."""
        for word, texts in self._texts.items():
            if word in data and (
                any(_pattern(word, text).search(data) for text in texts)
                or any(name in data for name in self._others.get(word, ()))
            ):
                return True
        return any(name in data for name in self._others.get(b"", ()))


def known_names(users: Iterable[str] = (), folder: str = "") -> NameScan:
    """The names of all functions that touch a handle, and those of the user's functions.

    `folder` is the one of the rules, if not the package's own. The classes of C++ libraries that
    make handles themselves count as well.
    """
    root = folder or rule_folder()
    makers = (
        name
        for _, text in library_headers(root)
        for line in re.findall(_MAKERS, text, re.MULTILINE)
        for name in line.split()
    )
    families = (
        (word, text)
        for _, text in texts_in(f"{root}/families", ".toml")
        for word in re.findall(_SCAN_WORD, text, re.MULTILINE)
    )
    return NameScan(families, (*users, *makers))


def watched_resources() -> list[str]:
    """The kinds of handles that can be asked for, without parsing the rules either."""
    return [
        name
        for _, text in texts_in(f"{rule_folder()}/families", ".toml")
        for name, keys in re.findall(_RESOURCE, text, re.MULTILINE)
        if "watched = false" not in keys
    ]


def unknown_resource(word: str) -> str:
    """What is wrong with a kind of handle that is asked for, or nothing."""
    known = watched_resources()
    if word in known:
        return ""
    from capilint.rulebook.tomlfile import nearest

    hint = nearest(word, known) or f"; known are {', '.join(known)}"
    return f"unknown resource `{word}`{hint}"


@cache
def _pattern(word: bytes, text: str) -> re.Pattern[bytes]:
    """What fits the names of a family's functions; it begins with their word, to be fast.

    C's preprocessor may complete a name: `Crypt##what`.
    """
    names = (name.encode() for name in re.findall(_HANDLE_FUNCTION, text, re.MULTILINE))
    rests = sorted({name.partition(word)[2] for name in names if word in name})
    return re.compile(word + b"(?:" + b"|".join(rests) + rb"|\w{0,100}+[ \t]{0,20}+##)")
