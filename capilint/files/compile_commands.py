r"""A JSON compilation database: which folders and macros each file is compiled with.

    [{"directory": "/b", "file": "../a.c", "command": "cc -I../inc -DUNICODE -c ../a.c"}, ...]

https://clang.llvm.org/docs/JSONCompilationDatabase.html. Of a command only -I and its kin, -D and
-U are taken, in the spellings of gcc, clang and cl (see `command_line`); nothing is run. Where a
file is compiled several times, the folders of all its commands count, and the macros that all of
them speak of alike: what differs is left open, as if nobody had said it.
"""

from __future__ import annotations

# Importing pathlib would cost a tenth of the time that `check` may take to start.
# ruff: noqa: PTH100, PTH118, PTH120
import json
import os
import re
from collections.abc import Iterable, Sequence
from typing import NamedTuple

from capilint.files.command_line import options_in, split
from capilint.files.compile_options import CompileOptions, Define
from capilint.files.find_commands import ADVICE
from capilint.files.real_paths import RealPaths
from capilint.files.source import UnreadableError, read_bytes

_DRIVE = re.compile("[A-Za-z]:/")
_LONG_NUMBER = re.compile(r"(?<![0-9])[0-9]{1000}")
_BETWEEN_ENTRIES = re.compile(r"[\s,]*")


LARGEST = 64 * 1024 * 1024  # bytes; some 100,000 commands


class CompileCommandsError(Exception):
    """A database that cannot be used; the text has the file, the line and what would be right."""


class _Entry(NamedTuple):
    """One command, not split yet where it is a text. `directory` is as it stands there, `folder`
    is absolute; `number` counts the entries from 0."""

    number: int
    directory: str
    folder: str
    command: str | Sequence[str]


class CompileCommands:
    """The commands of one database file, which errors call `name`.

    Raises CompileCommandsError where it is wrong.
    """

    def __init__(self, path: str, name: str) -> None:
        self._name = name
        self._text, entries = _read(path, name)
        self._folder = os.path.dirname(os.path.abspath(path))
        self._real = RealPaths()
        self._entries: dict[str, list[_Entry]] = {}
        for number, entry in enumerate(entries):
            try:
                file, found = self._entry(number, entry)
            except ValueError as error:
                raise self._wrong(number, error) from None
            key = self._real.key(_within(found.folder, file))
            self._entries.setdefault(key, []).append(found)

    def options_of(self, path: str) -> CompileOptions | None:
        """What a file is compiled with; None where the database does not speak of it."""
        entries = self._entries.get(self._real.key(path))
        return _together([self._options(entry) for entry in entries]) if entries else None

    def _entry(self, number: int, entry: object) -> tuple[str, _Entry]:
        """The file and the rest of an entry. Raises ValueError where its shape is wrong."""
        if not isinstance(entry, dict):
            raise ValueError("an entry must be an object")
        for key in ("file", "directory", "command"):
            if not isinstance(entry.get(key, ""), str):
                raise ValueError(f"`{key}` must be a text")
        command = entry.get("arguments", entry.get("command"))
        if "file" not in entry or command is None:
            raise ValueError("an entry must have `file`, and `command` or `arguments`")
        if "arguments" in entry and not _is_texts(command):
            raise ValueError("`arguments` must be a list of texts")
        directory = entry.get("directory", "")
        folder = _within(self._folder, directory)
        return entry["file"], _Entry(number, directory, folder, command)

    def _options(self, entry: _Entry) -> CompileOptions:
        command = entry.command
        try:
            words = split(command, entry.directory) if isinstance(command, str) else command
        except ValueError as error:
            raise self._wrong(entry.number, f"`command` is no command: {error}") from None
        found = options_in(words)
        folders = (_within(entry.folder, folder) for folder in found.folders)
        return found._replace(folders=tuple(dict.fromkeys(folders)))

    def _wrong(self, number: int, message: object) -> CompileCommandsError:
        """The error about an entry, counted from 0."""
        return _error(self._name, _line_of_entry(self._text, number), message)


def _within(folder: str, path: str) -> str:
    """A path that is relative to a folder; one with a drive stays so on any system."""
    path = path.replace("\\", "/")
    joined = path if _DRIVE.match(path) else os.path.join(folder, path)
    return os.path.normpath(joined).replace(os.sep, "/")


def _read(path: str, name: str) -> tuple[str, Iterable[object]]:
    """The text of a database, and its entries."""
    try:
        data = read_bytes(path, LARGEST)
    except UnreadableError as error:
        raise CompileCommandsError(f"{name}: cannot be read: {error}; {ADVICE}") from error
    # A path in it need not be UTF-8: Python then names the file by surrogates, and so do we.
    text = data.decode(json.detect_encoding(data), errors="surrogateescape")
    try:
        entries = json.loads(text)
    except json.JSONDecodeError as error:
        raise _error(name, error.lineno, f"not valid JSON: {error.msg}") from None
    except ValueError:  # Python's limit
        found = _LONG_NUMBER.search(text)
        line = text.count("\n", 0, found.start()) + 1 if found else 1
        raise _error(name, line, "a number with too many digits") from None
    except RecursionError:
        raise _error(name, 1, "not valid JSON: nested too deeply") from None
    if not isinstance(entries, list):
        raise _error(name, 1, "must be a list of commands")
    return text, entries


def _error(path: str, line: int, message: object) -> CompileCommandsError:
    return CompileCommandsError(f"{path}:{line}: {message}; {ADVICE}")


def _is_texts(value: object) -> bool:
    return isinstance(value, list) and all(isinstance(item, str) for item in value)


def _together(options: Sequence[CompileOptions]) -> CompileOptions:
    """What holds of a file that is compiled in each of these ways."""
    folders = dict.fromkeys(folder for each in options for folder in each.folders)
    first, *others = ([*each.defines] for each in options)
    alike: list[Define] = [item for item in first if all(item in other for other in others)]
    return CompileOptions(tuple(folders), tuple(alike))


def _line_of_entry(text: str, number: int) -> int:
    """The 1-based line where an entry begins, counted from 0, of a list that is valid JSON."""
    decoder = json.JSONDecoder()
    position = text.index("[") + 1
    for _ in range(number):
        start = _skip(text, position)
        _, position = decoder.raw_decode(text, start)
    return text.count("\n", 0, _skip(text, position)) + 1


def _skip(text: str, position: int) -> int:
    found = _BETWEEN_ENTRIES.match(text, position)
    assert found is not None  # the pattern fits nothing, too
    return found.end()
