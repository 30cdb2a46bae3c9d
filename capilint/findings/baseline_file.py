"""The baseline as a file: what is known of old findings, for people to read and git to merge.

    {
      "version": 1,
      "findings": [
        {"code": "CAP101", "path": "src/a.c", "function": "f", ..., "count": 1},
        ...

One line for each kind of finding, sorted by path; no line numbers, so that only what comes or goes
changes the file. Paths are relative to its folder. ASCII only.
"""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Mapping
from typing import NamedTuple

from capilint.files.source import UnreadableError, read_bytes
from capilint.files.whole import put
from capilint.mistake import Mistake

VERSION = 1
_WAY_OUT = "mend it, or write it anew with `capilint baseline`"
_MERGE_MARK = re.compile(r"^(?:<{7}|={7}|>{7})", re.MULTILINE)
_BRACE_OR_TEXT = re.compile(r'"(?:[^"\\]|\\.)*"?|[{}]')


class BaselineError(Mistake):
    """A baseline cannot be used; the text names the file, the line and the way out."""


class Entry(NamedTuple):
    """What findings of one kind have in common, wherever their lines are.

    `path` is relative to the baseline's folder, `text` the line that the findings point at. At so
    many `places` the handle is left alive or lost.
    """

    path: str
    code: str
    function: str
    resource: str
    handle: str
    text: str
    places: int = 1


_TEXTS = Entry._fields[:-1]


def read(path: str, origin: str = "") -> Counter[Entry]:
    """The entries of a baseline, with how many findings each stands for.

    `origin` says who names the file. Raises BaselineError.
    """
    try:
        data = read_bytes(path)
    except UnreadableError as error:
        named = f" (named by {origin})" if origin else ""
        raise BaselineError(
            f"{path}: the baseline cannot be read: {error}{named}; `capilint baseline` writes it"
        ) from None
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        raise BaselineError(f"{path}:{line}: the baseline is not UTF-8; {_WAY_OUT}") from None
    return _entries(path, text)


def write(path: str, entries: Mapping[Entry, int]) -> None:
    """Write a baseline, all of it or nothing. Raises BaselineError where that cannot be done."""
    text = _text(entries)
    try:
        put(path, text.encode("ascii"))
    except OSError as error:
        raise BaselineError(f"{path}: cannot be written: {error.strerror}") from None


def _text(entries: Mapping[Entry, int]) -> str:
    lines = [
        json.dumps({**entry._asdict(), "count": count})
        for entry, count in sorted(entries.items(), key=_order)
        if count > 0
    ]
    listed = ",".join(f"\n    {line}" for line in lines)
    return f'{{\n  "version": {VERSION},\n  "findings": [{listed}\n  ]\n}}\n'


def _order(item: tuple[Entry, int]) -> tuple[object, ...]:
    entry, _ = item
    return (entry.path.split("/"), *entry[1:])


def _entries(path: str, text: str) -> Counter[Entry]:
    conflict = _MERGE_MARK.search(text)
    if conflict:
        raise BaselineError(
            f"{path}:{_line(text, conflict.start())}: a merge left its marks in the baseline; "
            "keep the lines of both sides, then `capilint baseline --update` drops what is gone"
        )
    try:
        document = json.loads(text)
    except json.JSONDecodeError as error:
        raise BaselineError(
            f"{path}:{error.lineno}: the baseline is not valid JSON: {error.msg}; {_WAY_OUT}"
        ) from None
    except (ValueError, RecursionError):  # numbers of 5000 digits, lists in 5000 lists
        raise BaselineError(f"{path}:1: the baseline is not valid JSON; {_WAY_OUT}") from None
    if not isinstance(document, dict) or not isinstance(document.get("findings"), list):
        raise BaselineError(f"{path}:1: this is no baseline of capilint; {_WAY_OUT}")
    version = document.get("version")
    if version != VERSION or isinstance(version, bool):
        line = _line(text, text.find('"version"'))
        raise BaselineError(
            f"{path}:{line}: the baseline has the version {version!r:.20}, and "
            f"this capilint reads {VERSION} only; use the capilint that wrote it, or write "
            "it anew with `capilint baseline`"
        )
    entries: Counter[Entry] = Counter()
    for number, given in enumerate(document["findings"]):
        problem = _problem(given)
        if problem:
            line = _line_of_entry(text, number)
            raise BaselineError(f"{path}:{line}: in the baseline {problem}; {_WAY_OUT}")
        entries[Entry(*(given[field] for field in Entry._fields))] += given["count"]
    return entries


def _problem(given: object) -> str:
    """What is wrong with an entry; empty where nothing is."""
    if not isinstance(given, dict):
        return "an entry must be an object"
    for field in _TEXTS:
        if not isinstance(given.get(field), str):
            return f"an entry's `{field}` must be a text"
    for field in ("places", "count"):
        number = given.get(field)
        if not isinstance(number, int) or isinstance(number, bool) or number < 1:
            return f"an entry's `{field}` must be a number from 1"
    return ""


def _line_of_entry(text: str, number: int) -> int:
    """The line where an entry begins; the document's own brace is the first."""
    depth = -1
    for match in _BRACE_OR_TEXT.finditer(text):
        if match[0] == "{":
            depth += 1
            if depth == 1:
                if number == 0:
                    return _line(text, match.start())
                number -= 1
        elif match[0] == "}":
            depth -= 1
    return 1


def _line(text: str, offset: int) -> int:
    return text.count("\n", 0, max(offset, 0)) + 1
