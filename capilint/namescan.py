"""Does a file concern us at all? Finds the names of known functions in its bytes.

The names are taken from the text of `rules/families/`, without parsing it: a run over files that
mention none imports no TOML parser and no protocols.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

from capilint.rulefolder import rule_folder, texts_in

_SCAN_WORD = re.compile(r'^scan_word = "(\w+)"$', re.MULTILINE)
_HANDLE_FUNCTION = re.compile(
    r"^\[function\.(\w+)\]\n(?:(?!\[).*\n)*?(?:creates|uses|releases|retains)\b", re.MULTILINE
)


class NameScan:
    """Finds a name in bytes. Each pattern begins with a literal, for which `re` scans 2 GB/s."""

    def __init__(self, patterns: Sequence[str]) -> None:
        self._patterns = [re.compile(pattern.encode()) for pattern in patterns]

    def search(self, data: bytes) -> bool:
        """Whether one of the names is in the data."""
        return any(pattern.search(data) for pattern in self._patterns)


def known_names(users: Iterable[str] = (), folder: str = "") -> NameScan:
    """The names of all functions that touch a handle, and those of the user's functions.

    `folder` is the one of the rules, if not the package's own.
    """
    rests: dict[str, set[str]] = {}
    for _, text in texts_in(f"{folder or rule_folder()}/families", ".toml"):
        for word in _SCAN_WORD.findall(text):
            for name in _HANDLE_FUNCTION.findall(text):
                if word in name:
                    rests.setdefault(word, set()).add(name.partition(word)[2])
    patterns = [f"{word}(?:{'|'.join(sorted(found))})" for word, found in rests.items()]
    last_parts = {name.rpartition(".")[2] for name in users}
    return NameScan([*patterns, *map(re.escape, sorted(last_parts))])
