"""The `#define`s of a file, and what their uses stand for.

A macro that the file defines twice, in different words, stands for nothing certain and is
treated as unknown, like one from a header. A macro is not expanded again inside its own text:
there its name is marked, and stays.
"""

from __future__ import annotations

import re
from collections.abc import Collection
from dataclasses import dataclass

from tree_sitter import Node

from capilint.frontends.c.parsing.parse import parse_expression, parse_statements
from capilint.frontends.c.parsing.syntax import MARK

_DEFINE = re.compile(
    r"^[ \t]*\#[ \t]*define[ \t]+(\w+)(?:\(([^()\n]*)\))?"
    r"((?:[^\n\\/]|\\.|/\*.*?(?:\*/|\Z)|//[^\n]*|/)*+)",
    re.MULTILINE | re.DOTALL,
)
_COMMENT = re.compile(r"/\*.*?(?:\*/|\Z)|//[^\n]*", re.DOTALL)
_QUOTED_PARAMETER = re.compile(r"(?<!#)#[ \t]*(\w+)")
_PASTE = re.compile(r"\s*##\s*")
_CONTINUATION = re.compile(r"\\\r?\n")
_TOKEN = re.compile(r'"(?:[^"\\]|\\.)*"|\'(?:[^\'\\]|\\.)*\'|\w+|#', re.DOTALL)
_STATEMENT = re.compile(
    r"\s*(?:\{|(?:do|if|for|while|switch|return|goto|break|continue|__try)\b)|.*;", re.DOTALL
)
_LONGEST_EXPANSION = 20_000  # characters
_ACTING = re.compile(r"\w\s*\(|[^=!<>]=[^=]|\+\+|--|;")


@dataclass(frozen=True, slots=True)
class Macro:
    """One `#define`; `parameters` is None for a macro without parentheses."""

    name: str
    parameters: tuple[str, ...] | None
    body: str


@dataclass(frozen=True, slots=True)
class Expansion:
    """What a use of a macro stands for: an expression, or statements; `size` in characters."""

    size: int
    expression: Node | None = None
    statements: tuple[Node, ...] = ()


class Macros:
    """The macros of one file."""

    def __init__(self, text: str) -> None:
        self._macros: dict[str, Macro | None] = {}
        self._cache: dict[str, Expansion | None] = {}
        for match in _DEFINE.finditer(text):
            self._add(_macro(match))

    def _add(self, macro: Macro) -> None:
        same = self._macros.get(macro.name, macro) == macro
        self._macros[macro.name] = macro if same else None

    def __contains__(self, name: str) -> bool:
        return self._macros.get(name) is not None

    def bodies(self) -> dict[str, str]:
        """The text of each macro."""
        return {name: macro.body for name, macro in self._macros.items() if macro is not None}

    def takes_arguments(self, name: str) -> bool:
        """Whether a macro is used like a function."""
        macro = self._macros.get(name)
        return macro is not None and macro.parameters is not None

    def acts(self, name: str) -> bool:
        """Whether a use without parentheses may call or change something."""
        macro = self._macros.get(name)
        return macro is not None and _ACTING.search(macro.body) is not None

    def expand(
        self, name: str, arguments: tuple[str, ...] | None, outer: Collection[str] = ()
    ) -> Expansion | None:
        """What a use stands for, None where that is not known.

        `arguments` are the texts between the parentheses, None for a use without any. `outer`
        are the macros in whose text the use stands.
        """
        macro = self._macros.get(name)
        if macro is None or (macro.parameters is None) != (arguments is None):
            return None
        body = _marked(macro.body, {name, *outer})
        text = body if arguments is None else _substituted(macro, body, arguments)
        if text is None or len(text) > _LONGEST_EXPANSION:
            return None
        if text not in self._cache:
            self._cache[text] = _parsed(text)
        return self._cache[text]


def _macro(match: re.Match[str]) -> Macro:
    name, parameters, body = match.groups()
    body = _COMMENT.sub(" ", _CONTINUATION.sub(" ", body)).strip()
    if parameters is None:
        return Macro(name, None, body)
    names = [parameter.strip() for parameter in parameters.split(",")]
    return Macro(name, tuple(names) if names != [""] else (), body)


def _marked(body: str, names: Collection[str]) -> str:
    """A macro's text with the names marked that are not to be expanded in it."""
    return _TOKEN.sub(lambda match: match.group() + MARK * (match.group() in names), body)


def _substituted(macro: Macro, body: str, arguments: tuple[str, ...]) -> str | None:
    """The macro's text with its arguments in place, None where they do not fit."""
    parameters = macro.parameters or ()
    if parameters and parameters[-1].endswith("..."):
        fixed = len(parameters) - 1
        rest = ", ".join(arguments[fixed:])
        arguments = (*arguments[:fixed], rest)
        parameters = (*parameters[:-1], parameters[-1].removesuffix("...").strip() or "__VA_ARGS__")
    if len(parameters) == 1 and not arguments:
        arguments = ("",)
    if len(parameters) != len(arguments):
        return None
    values = dict(zip(parameters, arguments, strict=True))
    text = _QUOTED_PARAMETER.sub(lambda match: _quoted(values, match), body)
    text = _TOKEN.sub(lambda match: values.get(match.group(), match.group()), text)
    return _PASTE.sub("", text)


def _quoted(values: dict[str, str], match: re.Match[str]) -> str:
    """`#parameter` as a string literal; a `#` before anything else stays."""
    name = match.group(1)
    if name not in values:
        return match.group()
    return '"' + values[name].replace("\\", "\\\\").replace('"', '\\"') + '"'


def _parsed(text: str) -> Expansion | None:
    if not _STATEMENT.match(text):
        expression = parse_expression(text)
        if expression is not None:
            return Expansion(len(text), expression=expression)
    statements = parse_statements(text)
    return None if statements is None else Expansion(len(text), statements=tuple(statements))
