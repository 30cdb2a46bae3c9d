"""What a compiler would be told of a C file, as far as a linter needs it."""

from __future__ import annotations

from typing import NamedTuple


class CompileOptions(NamedTuple):
    """Where headers are looked for after the including file's own folder, and which macros are
    defined from outside: by name and value (`-D NAME` is 1), None for one that is undefined."""

    folders: tuple[str, ...] = ()
    defines: tuple[tuple[str, str | None], ...] = ()
