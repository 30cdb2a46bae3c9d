"""Python 2 to Python 3, so far as a parser of Python 3 needs it. Every line keeps its number.

    text ── tokens ── logical lines ── statements ── edits ── Translation(text, column)

Only tokens are looked at, never the inside of a string or comment. What has no counterpart within
its line (tuple parameters of a `def`) stays as it is, and the parser refuses it as before.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cached_property

_TOKEN = re.compile(
    r"""
      (?P<silent> [ \t\f]+ | \#[^\r\n]* | \\(?:\r\n?|\n) )
    | (?P<newline> \r\n?|\n )
    | (?P<string> (?i:[ub]r|r[bf]|fr|[ubrf])?
        (?: (?P<quotes>\"{3}|'{3})(?s:\\.|.)*?(?:(?P=quotes)|\Z)
          | "(?:[^"\\\r\n]|\\(?s:.))*"?
          | '(?:[^'\\\r\n]|\\(?s:.))*'? ) )
    | (?P<name> [^\W\d]\w* )
    | (?P<number> 0[xXoObB]\w+ | (?:\d+\.?\d*|\.\d+)(?:[eE][-+]?\d+)?[jJlL]? )
    | (?P<operator> <> | >>=? | (?s:.) )
    """,
    re.VERBOSE,
)
_NEWLINE = re.compile(r"\r\n?|\n")
_OCTAL = re.compile(r"0([0-7]+)[lL]?")
_LONG = re.compile(r"(0[xXoObB]\w+|\d+)[lL]")
_TAB_WIDTH = 8  # https://docs.python.org/2/reference/lexical_analysis.html#indentation
_TARGET_MARKS = frozenset("()[],.")
_CAUGHT = "_caught"  # stands for what `except A, (b, c)` binds


@dataclass(frozen=True, slots=True)
class _Token:
    """A token that means something; a bracket has the depth of what is around it."""

    kind: str
    text: str
    start: int
    depth: int

    @property
    def end(self) -> int:
        return self.start + len(self.text)


@dataclass(frozen=True, slots=True)
class _Edit:
    """`text` instead of what stands from `start` to `end`. There is no line end in either."""

    start: int
    end: int
    text: str


@dataclass(frozen=True)
class Translation:
    """What became of the Python 2 text `original`."""

    original: str
    edits: tuple[_Edit, ...]

    @cached_property
    def text(self) -> str:
        """The Python 3 text."""
        parts: list[str] = []
        position = 0
        for edit in self.edits:
            parts += self.original[position : edit.start], edit.text
            position = edit.end
        return "".join((*parts, self.original[position:]))

    def column(self, line: int, offset: int) -> int:
        """The 1-based column in the original of an offset (from 0) into `text`, in `line`."""
        number = bisect_right(self._starts, offset) - 1
        if number >= 0:
            edit = self.edits[number]
            within = offset - self._starts[number]
            if within < len(edit.text):
                offset = min(edit.start + within, edit.end)
            else:
                offset = edit.end + within - len(edit.text)
        return offset - self._lines[line - 1] + 1

    @cached_property
    def _starts(self) -> list[int]:
        """Where the edits begin in `text`."""
        starts: list[int] = []
        growth = 0
        for edit in self.edits:
            starts.append(edit.start + growth)
            growth += len(edit.text) - (edit.end - edit.start)
        return starts

    @cached_property
    def _lines(self) -> list[int]:
        return [0, *(match.end() for match in _NEWLINE.finditer(self.original))]


def translate(text: str) -> Translation:
    """A Python 2 text with the syntax of Python 3; of other texts it makes nothing sensible."""
    found: list[_Edit] = []
    prints = True
    for line in _logical_lines(text):
        found += _indentation(text, line[0].start)
        found += _backticks(line)
        for position, token in enumerate(line):
            found += _literal(token)
            if token.text == "lambda":
                found += _tuple_parameters(line, position)
        for statement in _statements(line):
            words = [token.text for token in statement]
            if words[:2] == ["from", "__future__"] and "print_function" in words:
                prints = False
            if words[0] != "print" or prints:
                found += _statement(statement)
    found.sort(key=lambda edit: (edit.start, edit.end))
    return Translation(text, tuple(found))


def _logical_lines(text: str) -> Iterator[list[_Token]]:
    """The tokens of each line that is not blank, brackets and backslashes followed."""
    line: list[_Token] = []
    depth = 0
    for match in _TOKEN.finditer(text):
        kind, shown = match.lastgroup or "", match[0]
        if kind == "newline" and depth == 0 and line:
            yield line
            line = []
        if kind in ("silent", "newline"):
            continue
        if shown in (")", "]", "}"):
            depth = max(depth - 1, 0)
        line.append(_Token(kind, shown, match.start(), depth))
        if shown in ("(", "[", "{"):
            depth += 1
    if line:
        yield line


def _statements(line: Iterable[_Token]) -> Iterator[list[_Token]]:
    """The simple statements of a line, and the head of a compound one, without its colon."""
    statement: list[_Token] = []
    lambdas = 0
    for token in line:
        if token.depth == 0 and token.text == "lambda":
            lambdas += 1
        ends = token.depth == 0 and token.text in (":", ";")
        if ends and token.text == ":" and lambdas:
            lambdas -= 1
            ends = False
        if not ends:
            statement.append(token)
        elif statement:
            yield statement
            statement = []
    if statement:
        yield statement


# ---------------------------------------------------------------- anywhere in a line


def _indentation(text: str, start: int) -> Iterator[_Edit]:
    """Spaces for tabs: Python 2 let them be mixed."""
    begin = start
    while begin and text[begin - 1] in " \t\f":
        begin -= 1
    indentation = text[begin:start]
    if "\t" in indentation and (not begin or text[begin - 1] in "\r\n"):
        counted = indentation.rpartition("\f")[2]  # a form feed begins anew
        yield _Edit(begin, start, counted.expandtabs(_TAB_WIDTH))


def _literal(token: _Token) -> Iterator[_Edit]:
    if token.text == "<>":
        yield _Edit(token.start, token.end, "!=")
    elif token.kind == "string" and token.text[:2].lower() == "ur":
        yield _Edit(token.start, token.start + 2, "r")
    elif token.kind == "number":
        octal, long = _OCTAL.fullmatch(token.text), _LONG.fullmatch(token.text)
        if octal is not None:
            yield _Edit(token.start, token.end, f"0o{octal[1]}")
        elif long is not None:
            yield _Edit(token.start, token.end, long[1])


def _backticks(line: Iterable[_Token]) -> Iterator[_Edit]:
    opens = True
    for token in line:
        if token.text == "`":
            yield _Edit(token.start, token.end, " repr(" if opens else ")")
            opens = not opens


def _tuple_parameters(line: list[_Token], position: int) -> list[_Edit]:
    """`lambda (a, b): a` as `lambda a, b: a`, where no parameter has a default."""
    depth = line[position].depth
    edits: list[_Edit] = []
    for number in range(position + 1, len(line)):
        token = line[number]
        if token.depth == depth and token.text == ":":
            return edits
        if token.depth < depth or token.text in ("=", "lambda"):
            break
        if token.text in ("(", ")"):
            edits.append(_Edit(token.start, token.end, " "))
    return []


# ---------------------------------------------------------------- whole statements


def _statement(statement: list[_Token]) -> Iterable[_Edit]:
    keyword, *rest = statement
    if not rest:
        return ()
    if keyword.text == "print":
        return _print(rest)
    if keyword.text == "exec":
        return _exec(rest)
    if keyword.text == "raise":
        return _raise(rest)
    if keyword.text == "except":
        return _except(rest)
    return ()


def _print(rest: list[_Token]) -> Iterator[_Edit]:
    if rest[0].text == ">>":
        yield _Edit(rest[0].start, rest[0].end, "(")
        yield _Edit(rest[-1].end, rest[-1].end, ")")
    elif not _is_bracketed(rest):
        yield from _bracketed(rest)


def _exec(rest: list[_Token]) -> Iterator[_Edit]:
    if not _is_bracketed(rest):
        yield from _bracketed(rest)
        separator = _first(rest, "in")
        if separator is not None:
            yield _Edit(rest[separator].start, rest[separator].end, ",")


def _raise(rest: list[_Token]) -> Iterator[_Edit]:
    """`raise A, x, traceback` as `raise A(x, traceback)`: it raises, with whatever arguments."""
    comma = _first(rest, ",")
    if comma is not None:
        yield _Edit(rest[comma].start, rest[comma].end, "(")
        yield _Edit(rest[-1].end, rest[-1].end, ")")


def _except(rest: list[_Token]) -> Iterator[_Edit]:
    """`except A, e` as `except A as e`; `except A, B` is Python 3.14 (PEP 758) and stays."""
    comma = _first(rest, ",")
    if comma is None or comma + 1 == len(rest):
        return
    separator, target = rest[comma], rest[comma + 1 :]
    names = [token.text for token in target if token.kind == "name"]
    if not names or names[-1][0].isupper() or _first(target, ",") is not None:
        return
    if len(target) == 1:
        yield _Edit(separator.start, separator.end, " as ")
    elif all(token.kind == "name" or token.text in _TARGET_MARKS for token in target):
        yield _Edit(separator.start, separator.end, f" as {_CAUGHT}")
        yield from (_Edit(token.start, token.end, "") for token in target)


def _bracketed(tokens: list[_Token]) -> Iterator[_Edit]:
    yield _Edit(tokens[0].start, tokens[0].start, "(")
    yield _Edit(tokens[-1].end, tokens[-1].end, ")")


def _is_bracketed(tokens: list[_Token]) -> bool:
    """Whether one pair of round brackets holds all."""
    closing = _first(tokens, ")")
    return tokens[0].text == "(" and closing == len(tokens) - 1


def _first(tokens: list[_Token], text: str) -> int | None:
    """The number of the first of the tokens that is `text` and in no bracket."""
    return next(
        (n for n, token in enumerate(tokens) if (token.text, token.depth) == (text, 0)), None
    )
