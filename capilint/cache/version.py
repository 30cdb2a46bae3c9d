"""What decides about results besides their inputs: capilint's own files, Python, the libraries."""

from __future__ import annotations

# Importing pathlib would cost a tenth of the time that `check` may take to start.
# ruff: noqa: PTH120, PTH123, PTH208
import hashlib
import os
import sys
from collections.abc import Iterator
from functools import cache
from importlib.util import find_spec

_LIBRARIES = ("tree_sitter", "tree_sitter_c", "tree_sitter_cpp", "libcst", "cryptography")
_TEXTS = (".py", ".toml", ".md", ".hpp")
_COMPILED = (".so", ".pyd")
_PACKAGE = os.path.dirname(os.path.dirname(__file__))


@cache
def version(rules: str) -> str:
    """A digest that is another one after any change or update; `rules` is the folder of rules.

    A checkout changes without a new version, so each file's size and time count.
    """
    digest = hashlib.sha256(sys.version.encode())
    for folder in (_PACKAGE, rules):
        for line in sorted(map(_stamp, _files_in(folder, (*_TEXTS, *_COMPILED)))):
            digest.update(line.encode(errors="surrogateescape"))
    for line in sorted(_installed()):
        digest.update(line.encode(errors="surrogateescape"))
    return digest.hexdigest()


@cache
def text_digest(rules: str) -> str:
    """A digest of capilint's own texts, the same on every machine that has the same; `rules` is the
    folder of rules, which is in the package or beside it."""
    digest = hashlib.sha256()
    apart = sorted(each.path for each in _files_in(rules, _TEXTS))
    own = sorted({each.path for each in _files_in(_PACKAGE, _TEXTS)}.difference(apart))
    for path in (*own, *apart):
        with open(path, "rb") as stream:
            data = stream.read().replace(b"\r\n", b"\n")
        digest.update(hashlib.sha256(data).digest())
    return digest.hexdigest()[:12]


def _files_in(folder: str, suffixes: tuple[str, ...]) -> Iterator[os.DirEntry[str]]:
    """Every file that is capilint's own."""
    with os.scandir(folder) as entries:
        for entry in entries:
            if entry.is_dir() and entry.name != "__pycache__":
                yield from _files_in(entry.path, suffixes)
            elif entry.name.endswith(suffixes):
                yield entry


def _stamp(entry: os.DirEntry[str]) -> str:
    """The path, the size and the time of a file."""
    status = entry.stat()
    return f"{entry.path} {status.st_size} {status.st_mtime_ns}\n"


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
