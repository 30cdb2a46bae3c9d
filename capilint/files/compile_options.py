"""What a compiler would be told of a C file, as far as a linter needs it."""

from __future__ import annotations

import re
from typing import NamedTuple

Define = tuple[str, str | None]

_NAME = re.compile(r"[A-Za-z_$][\w$]*")


class CompileOptions(NamedTuple):
    """Where headers are looked for after the including file's own folder, and which macros are
    defined from outside: by name and value (`-D NAME` is 1), None for one that is undefined.

    Each folder and each name stands there once. A macro that is not named may be defined or not.
    """

    folders: tuple[str, ...] = ()
    defines: tuple[Define, ...] = ()

    def before(self, other: CompileOptions) -> CompileOptions:
        """Both together: these folders are searched first, and these defines win."""
        folders = dict.fromkeys((*self.folders, *other.folders))
        defines = {**dict(other.defines), **dict(self.defines)}
        return CompileOptions(tuple(folders), tuple(defines.items()))


def macro(option: str, text: str) -> Define:
    """What `-D` or `-U` with this text says of a macro.

    Raises ValueError, with a text for people, for what names no object-like macro.
    """
    name, equals, value = text.partition("=") if option == "-D" else (text, "", "")
    if not _NAME.fullmatch(name):
        raise ValueError(f"{name!r} is no name of a macro, such as UNICODE")
    return name, None if option == "-U" else value if equals else "1"
