"""The places that addresses of a C++ program stand for, with names as people write them.

Of a stack only the program's own frames are kept, not those of the standard library between them.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterable
from dataclasses import replace
from functools import lru_cache
from pathlib import Path

from capilint.execution.run.debug_lines import DebugLines, Symbol
from capilint.execution.run.places import Place, Stack
from capilint.execution.run.source_places import refined, with_arguments
from capilint.files.source import Source, UnreadableError, load, read_bytes
from capilint.language import Language

_LIBRARY = re.compile(r"^/(?:usr|opt|nix|gnu|Library|Applications)/|/include/c\+\+/")
_NAMESPACE = re.compile(r"\bnamespace\s+([\w:]+)")
_STATIC_OBJECTS = ("__static_initialization", "__cxx_global_var_init", "_GLOBAL__sub_I")
_LAMBDA = re.compile(r"\{lambda\([^{}]*\)#(\d+)\}|\$_(\d+)")  # of gcc from 1, of clang from 0
_TEMPLATE_ARGUMENTS = re.compile(r"(?<![<>=!])(?<!operator)<[^<>]*>")


class Places:
    """Where one program stands."""

    def __init__(self, lines: DebugLines, source: Path) -> None:
        """`source` is the program's file, as the reports shall name it."""
        self._lines = lines
        self._source = source
        self._real = os.path.realpath(source)
        self._here = Path.cwd()

    def stack(self, offsets: Iterable[int], function: str = "") -> Stack:
        """The stack of the offsets in the program's library, innermost first.

        Its innermost place has the arguments of the call to the API function of that name.
        """
        found = [
            symbol
            for offset in offsets
            if offset
            for symbol in self._lines.at(offset - 1)  # the call is before the address behind it
            if self._is_programs(symbol.file)
        ]
        places = [self._place(symbol) for symbol in found]
        if places and function:
            source = _read(found[0].file)
            places[0] = refined(with_arguments(places[0], function, source), function, source)
        return tuple(
            place if place.column else _whole_line(place, _read(symbol.file))
            for place, symbol in zip(places, found, strict=True)
        )

    def _place(self, symbol: Symbol) -> Place:
        path = Path(symbol.file)
        if os.path.realpath(path) == self._real:
            path = self._source
        elif path.is_relative_to(self._here):
            path = path.relative_to(self._here)
        return Place(path.as_posix(), symbol.line, self._name(symbol))

    def _is_programs(self, file: str) -> bool:
        real = os.path.realpath(file)
        own = any(Path(real).is_relative_to(each) for each in (self._here, Path(self._real).parent))
        return own or not _LIBRARY.search(real)

    def _name(self, symbol: Symbol) -> str:
        source = _read(symbol.file)
        spaces = _NAMESPACE.findall(source.text) if source is not None else ()
        return plain_name(symbol.function, {part for each in spaces for part in each.split("::")})


def plain_name(function: str, namespaces: Iterable[str] = ()) -> str:
    """A function's name with its class, without types and these namespaces.

    `<module>` stands for what begins and ends static objects.

    >>> plain_name("std::vector<int> ns::Key::list(unsigned long) const", ["ns"])
    'Key::list'
    """
    if function.startswith(_STATIC_OBJECTS):
        return "<module>"
    name = _LAMBDA.sub(_lambda, function).replace("(anonymous namespace)::", "")
    before = ""
    while name != before:
        before, name = name, _TEMPLATE_ARGUMENTS.sub("", name)
    name = re.sub(r"(?<!operator)\(.*?\)(?=::)", "", name)  # of the function that a lambda is in
    head, operator, rest = name.partition("operator")
    rest = re.sub(r"^(\(\)|[^(]*)\(.*$", r"\1", rest) if operator else ""
    head = head if operator else head.partition("(")[0]
    name = head.split(" ")[-1] + operator + rest
    parts = name.split("::")
    while len(parts) > 1 and parts[0] in namespaces:
        parts.pop(0)
    return "::".join(parts)


def _whole_line(place: Place, source: Source | None) -> Place:
    """The place with the columns of the line's text: the debugging information has none."""
    if source is None or place.line > len(source.lines):
        return place
    line = source.lines[place.line - 1]
    begin = len(line) - len(line.lstrip()) + 1
    end = max(len(line.rstrip()), begin) + 1
    return replace(place, column=begin, end_line=place.line, end_column=end)


def _lambda(found: re.Match[str]) -> str:
    return f"lambda#{found[1] or int(found[2]) + 1}"


@lru_cache(maxsize=64)
def _read(file: str) -> Source | None:
    try:
        return load(file, read_bytes(file), Language.CPP)
    except UnreadableError:
        return None
