"""Names of Python's libraries: which of them are names of one.

ctypes.windll.advapi32    ctypes.WinDLL("advapi32.dll")    ctypes.WinDLL("advapi32", 2)
"""

from __future__ import annotations

import re

_WORDS = re.compile(r"[a-z_]\w*")
# The ways to get at a library that all give the same one; `oledll` raises on failure.
_UNTOLD = frozenset({"ctypes", "windll", "cdll", "pydll", "loadlibrary", "name", "dll"})


def told_apart(name: str) -> tuple[str, ...]:
    """The words of a library's canonical name that tell it from others."""
    return tuple(word for word in _WORDS.findall(name.lower()) if word not in _UNTOLD)
