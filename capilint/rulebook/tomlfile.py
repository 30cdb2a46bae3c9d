"""One file of rules: its text, its tables, and the line that an error is about.

A rule file is TOML. `tomllib` gives no lines, so an error finds its own by looking for the table
and the key in the text: that costs nothing while the file is right.

A run that has a configuration reads it before it knows of a file that concerns it: no dataclasses
here, which would take longer to import than tomllib.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Mapping
from typing import NamedTuple

from capilint.rulebook.folder import RuleError as RuleError

_HEADER = re.compile(r"\s*\[+(?P<table>[^\[\]]+)\]+\s*(?:#.*)?$")
_KEY = re.compile(r"""\s*(?P<key>"[^"]*"|'[^']*'|[\w-]+(?:\.[\w-]+)*)\s*=""")
_PART = re.compile(r""""([^"]*)"|'([^']*)'|([\w-]+)""")
_LONG_NUMBER = re.compile(r"(?<![0-9_])[0-9][0-9_]{999}")
_MOST_PARTS = 100
_LONG_KEY = re.compile(  # tomllib takes a second for a key of some thousand parts, hours for more
    rf"""(?<![\w."'-])(?:(?:[\w-]++|"[^"]*+"|'[^']*+')\s*+\.\s*+){{{_MOST_PARTS}}}"""
)
_TOML_LINE = re.compile(r"\(at line (\d+)")

Where = tuple[str, ...]  # the way to a table, key or text: ("function", "CryptGenKey", "uses")


class RuleFile(NamedTuple):
    """A rule file that has been read. `path` is for people; `text` is what lines count in."""

    path: str
    text: str
    tables: Mapping[str, object]

    def __hash__(self) -> int:
        return hash((self.path, self.text))

    def error(self, where: Where, message: str) -> RuleError:
        """An error about the table, key or text at `where`."""
        return RuleError(self.path, line_of(self.text, where), message)


class Section(NamedTuple):
    """A table of a rule file.

    Its readers give a key's value, or the empty value of that type where the key is absent, and
    raise RuleError where the value has another type.
    """

    file: RuleFile
    table: Mapping[str, object]
    where: Where = ()

    @property
    def name(self) -> str:
        """The last part of the table's name."""
        return self.where[-1]

    def error(self, message: str, *at: str) -> RuleError:
        """An error about the table, or about what is `at` a key (and a text in it)."""
        return self.file.error((*self.where, *at), message)

    def only(self, known: Iterable[str]) -> None:
        """Refuse keys that are not known."""
        for key in self.table:
            if key not in known:
                raise self.error(f"unknown key `{key}`{nearest(key, known)}", key)

    def word(self, key: str, default: str = "") -> str:
        """A text."""
        value = self.table.get(key, default)
        if not isinstance(value, str):
            raise self.error(f"`{key}` must be a text", key)
        return value

    def flag(self, key: str, default: bool = False) -> bool:
        """True or false."""
        value = self.table.get(key, default)
        if not isinstance(value, bool):
            raise self.error(f"`{key}` must be true or false", key)
        return value

    def words(self, key: str) -> tuple[str, ...]:
        """A list of texts, each once; one text is a list of one."""
        value = self.table.get(key, [])
        value = [value] if isinstance(value, str) else value
        if not isinstance(value, list) or not all(isinstance(item, str) for item in value):
            raise self.error(f"`{key}` must be a list of texts", key)
        if len(set(value)) < len(value):
            twice, _ = Counter(value).most_common(1)[0]
            raise self.error(f"`{twice}` stands twice in `{key}`", key, twice)
        return tuple(value)

    def section(self, key: str) -> Section:
        """A table inside this one."""
        value = self.table.get(key, {})
        if not isinstance(value, dict):
            raise self.error(f"`{key}` must be a table", key)
        return Section(self.file, value, (*self.where, key))

    def sections(self, key: str) -> tuple[Section, ...]:
        """A table, or a list of tables, inside this one."""
        value = self.table.get(key, [])
        if not isinstance(value, list):
            return (self.section(key),)
        if not all(isinstance(item, dict) for item in value):
            raise self.error(f"`{key}` must be a table or a list of tables", key)
        return tuple(Section(self.file, item, (*self.where, key)) for item in value)


def parse(path: str, text: str) -> RuleFile:
    """Read the text of a rule file. Raises RuleError where it is no TOML."""
    import tomllib

    for number, content in enumerate(text.split("\n"), start=1):
        if content.count(".") >= _MOST_PARTS and _LONG_KEY.search(content):
            raise RuleError(path, number, f"a key with more than {_MOST_PARTS} parts")
    try:
        return RuleFile(path, text, tomllib.loads(text))
    except tomllib.TOMLDecodeError as error:
        found = _TOML_LINE.search(str(error))
        line = int(found[1]) if found else text.count("\n") + 1
        raise RuleError(path, line, f"not valid TOML: {error}") from None
    except ValueError:  # Python's limit
        found = _LONG_NUMBER.search(text)
        line = text.count("\n", 0, found.start()) + 1 if found else 1
        raise RuleError(path, line, "a number with too many digits") from None
    except RecursionError:
        raise RuleError(path, 1, "not valid TOML: nested too deeply") from None


def line_of(text: str, where: Where) -> int:
    """The 1-based line of `where` in TOML text: of the deepest part of it that can be found."""
    best, depth, table = 1, 0, Where()
    for number, line in enumerate(text.splitlines(), start=1):
        if header := _HEADER.match(line):
            table = here = _parts(header["table"])
        elif key := _KEY.match(line):
            here = (*table, *_parts(key["key"]))
        else:
            continue
        shared = _shared(_below(here, where), where)
        if shared > depth:
            best, depth = number, shared
    return best if depth == len(where) else _line_of_text(text, where[-1], best)


def _shared(one: Where, other: Where) -> int:
    """How many parts the two begin with alike."""
    pairs = zip(one, other, strict=False)
    return next((count for count, (a, b) in enumerate(pairs) if a != b), min(len(one), len(other)))


def nearest(word: str, known: Iterable[str], likeness: float = 0.6) -> str:
    """`; did you mean ...?` for a misspelt word, or nothing."""
    import difflib

    if len(word) > 2 * max(map(len, known := list(known)), default=0):
        return ""  # and spare a comparison of two long texts
    found = difflib.get_close_matches(word, known, n=1, cutoff=likeness)
    return f"; did you mean `{found[0]}`?" if found else ""


def _parts(dotted: str) -> Where:
    """The parts of a dotted TOML key."""
    return tuple(next(filter(None, part), "") for part in _PART.findall(dotted))


def _below(here: Where, where: Where) -> Where:
    """`here` without the tables around the rules (`tool.capilint` in pyproject.toml)."""
    return here[here.index(where[0]) :] if where and where[0] in here else here


def _line_of_text(text: str, word: str, start: int) -> int:
    """The first line from `start` on, in the same table, that has the word; else `start`."""
    for number, line in enumerate(text.splitlines()[start - 1 :], start=start):
        if number > start and _HEADER.match(line):
            break
        if re.search(rf"(?<!\w){re.escape(word)}(?!\w)", line):
            return number
    return start
