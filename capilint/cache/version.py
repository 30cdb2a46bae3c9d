"""What decides about results besides their inputs: capilint's own files, Python, the libraries."""

from __future__ import annotations

# Importing pathlib would cost a tenth of the time that `check` may take to start.
# ruff: noqa: PTH120, PTH208
import hashlib
import os
import sys
from collections.abc import Iterator
from functools import cache
from importlib.util import find_spec

_LIBRARIES = ("tree_sitter", "tree_sitter_c", "tree_sitter_cpp", "libcst", "cryptography")
_OWN_SUFFIXES = (".py", ".toml", ".md", ".hpp", ".so", ".pyd")


@cache
def version(rules: str) -> str:
    """A digest that is another one after any change or update; `rules` is the folder of rules.

    A checkout changes without a new version, so each file's size and time count.
    """
    digest = hashlib.sha256(sys.version.encode())
    package = os.path.dirname(os.path.dirname(__file__))
    for folder in (package, rules):
        for line in sorted(_files_in(folder)):
            digest.update(line.encode(errors="surrogateescape"))
    for line in sorted(_installed()):
        digest.update(line.encode(errors="surrogateescape"))
    return digest.hexdigest()


def _files_in(folder: str) -> Iterator[str]:
    """The path, the size and the time of every file that is capilint's own."""
    with os.scandir(folder) as entries:
        for entry in entries:
            if entry.is_dir() and entry.name != "__pycache__":
                yield from _files_in(entry.path)
            elif entry.name.endswith(_OWN_SUFFIXES):
                status = entry.stat()
                yield f"{entry.path} {status.st_size} {status.st_mtime_ns}\n"


def _installed() -> Iterator[str]:
    """What is installed where the libraries are: names with versions."""
    for folder in dict.fromkeys(map(_folder_of, _LIBRARIES)):
        if folder is not None:
            yield from (name for name in os.listdir(folder) if name.endswith(".dist-info"))


def _folder_of(library: str) -> str | None:
    found = find_spec(library)
    return (
        None
        if found is None or found.origin is None
        else os.path.dirname(os.path.dirname(found.origin))
    )
