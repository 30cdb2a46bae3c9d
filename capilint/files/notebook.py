r"""Jupyter notebooks: the code cells of an `.ipynb` as one module of Python, in their order.

    {"cells": [{"cell_type": "code", "source": ["import x\n", "!ls"]}, ...]}
                                                  │            │
        module text      import x ◀───────────────┘            │
                         (blank) ◀──── what IPython runs ──────┘

A line of the module is a line of a cell, and a place in the file's JSON; magics (`%time`, `!ls`)
are blanked, so that all else keeps its place. The format: https://nbformat.readthedocs.io/
"""

from __future__ import annotations

import re
import warnings
from bisect import bisect_right
from collections.abc import Callable, Iterator
from json.decoder import JSONDecodeError, JSONDecoder
from typing import NamedTuple

from capilint.files.source import CellPlace, Source, characters, load, refuse_large_python
from capilint.finding import Span
from capilint.language import Language

_SPACE = re.compile(r"[ \t\r\n]*")
_DECODER = JSONDecoder(strict=False)
_HEX = "[0-9a-fA-F]"
_ESCAPED = re.compile(  # a character; those above U+FFFF are two escapes
    rf"\\u[dD][89abAB]{_HEX}{{2}}\\u[dD][c-fC-F]{_HEX}{{2}}|\\u{_HEX}{{4}}|\\.|.", re.DOTALL
)
_OLD_LINE_END = re.compile(r"\r(?!\n)")
_AST_ONLY = 0x400  # ast.PyCF_ONLY_AST, without the import of `ast`

# https://ipython.readthedocs.io/en/stable/interactive/magics.html: of these the cell is Python.
_PYTHON_CELLS = re.compile(r"%%(?:time|timeit|capture|prun|memit|mprun)\b")
_MAGIC = re.compile(r"[ \t]*(?:[%!]|\?|[\w.]+\?{1,2}\s*$)")
_ASSIGNED = re.compile(r"([\w.,\[\] \t]++=[ \t]*+)([%!].*)")


def load_notebook(path: str, data: bytes) -> Notebook:
    """The module of a notebook. Raises UnreadableError for what is no text, or too much Python."""
    found = Notebook(path, load(path, data, Language.C).text)  # JSON has no coding line
    refuse_large_python(len(found.text))
    return found


class NotebookError(Exception):
    """What is no notebook of Python: the reason, and the 1-based line and column of the file."""

    def __init__(self, reason: str, line: int = 1, column: int = 1) -> None:
        super().__init__(reason)
        self.place = line, column


class _Cell(NamedTuple):
    """A code cell: its number from 1 among all cells, and the strings that its text consists of,
    each with the offset of its first character in the file."""

    number: int
    pieces: tuple[tuple[int, str], ...]


class _Line(NamedTuple):
    """A line of the module: its cell, its number there, and where its text begins in the file."""

    cell: int
    number: int
    offset: int


class Notebook(Source):
    """The module of a notebook. `file` is the text of the file.

    Where the file is no notebook, the module is empty and `problem` says what is wrong.
    """

    def __init__(self, path: str, file: str) -> None:
        self._lines: list[_Line] = []
        self._wrong_at = (1, 1)
        try:
            texts = list(self._texts(file)) if file.strip() else []
        except NotebookError as error:
            texts, self._lines = [], []
            self.problem, self._wrong_at = str(error), error.place
        super().__init__(path, "\n".join(texts), Language.PYTHON)
        self._file = file
        self._starts = [0, *(each.end() for each in re.finditer("\n", file))]

    def _texts(self, file: str) -> Iterator[str]:
        """The lines of the module; notes where each comes from."""
        for cell in _code_cells(file):
            text = "".join(piece for _, piece in cell.pieces)
            offsets = _line_offsets(cell, file)
            python = _without_magics(text)
            for number, line in enumerate(python.split("\n"), start=1):
                self._lines.append(_Line(cell.number, number, offsets[number - 1]))
                yield line

    def cell(self, line: int) -> CellPlace | None:
        """The cell of a line of the module, and the line there."""
        if not 1 <= line <= len(self._lines):
            return None
        return CellPlace(self._lines[line - 1].cell, self._lines[line - 1].number)

    def in_file(self, span: Span) -> Span:
        """Where a stretch of the module is in the JSON."""
        start = self._in_file(span.line, span.column)
        return Span(*start, *self._in_file(span.end_line, span.end_column))

    def as_file(self) -> Source:
        return _File(self, self._file)

    def module_line(self, line: int, column: int) -> str:
        """The line of the module that a place in the file belongs to."""
        offset = self._starts[line - 1] + column - 1 if line <= len(self._starts) else 0
        index = bisect_right([each.offset for each in self._lines], offset) - 1
        return self.lines[index] if 0 <= index < len(self.lines) else ""

    def _in_file(self, line: int, column: int) -> tuple[int, int]:
        if not self._lines:
            return self._wrong_at
        known = self._lines[min(max(line, 1), len(self._lines)) - 1]
        offset = known.offset
        for _ in range(column - 1):
            character = _ESCAPED.match(self._file, offset)
            if character is None or character[0] in ('"', "\\n"):
                break
            offset = character.end()
        row = bisect_right(self._starts, offset)
        return row, offset - self._starts[row - 1] + 1


class _File(Source):
    """The JSON of a notebook."""

    def __init__(self, notebook: Notebook, text: str) -> None:
        super().__init__(notebook.path, text, Language.PYTHON)
        self._notebook = notebook

    def line_of(self, span: Span) -> str:
        """The line of the module: what is on a line of the JSON depends on who wrote it."""
        return self._notebook.module_line(span.line, span.column)


def _line_offsets(cell: _Cell, file: str) -> list[int]:
    """Where each line of a cell begins in the file."""
    offsets: list[int] = []
    begins, offset = True, 0
    for offset, text in cell.pieces:
        for character in text:
            if begins:
                offsets.append(offset)
            begins = character == "\n"
            escaped = _ESCAPED.match(file, offset)
            offset = escaped.end() if escaped else offset
    if begins:  # the text is empty, or ends with a line's end
        offsets.append(offset)
    return offsets


# ---------------------------------------------------------------- JSON with places


def _code_cells(file: str) -> list[_Cell]:
    """The code cells of a notebook. Raises NotebookError."""
    try:
        return _Reader(file).cells()
    except JSONDecodeError as error:
        reason = f"the notebook is no JSON: {error.msg} in line {error.lineno}"
        raise NotebookError(reason, error.lineno, error.colno) from None
    except RecursionError:
        raise NotebookError("the notebook is nested too deeply") from None


class _Reader:
    """Reads what is on the way to the cells' sources; the rest is Python's to read."""

    def __init__(self, text: str) -> None:
        self._text = text
        self._at = 0
        self._cells: list[_Cell] | None = None
        self._language = ""
        self._count = 0

    def cells(self) -> list[_Cell]:
        """The code cells. Raises NotebookError and JSONDecodeError."""
        self._object(self._top)
        if self._next():
            raise JSONDecodeError("Extra data", self._text, self._at)
        if self._cells is None:
            raise NotebookError("no `cells`: not a notebook of nbformat 4 or later")
        if self._language not in ("", "python", "ipython"):
            return []
        return self._cells

    def _top(self, key: str) -> None:
        if key == "cells":
            self._cells = []
            self._list(self._cell)
        elif key == "metadata":
            metadata = self._value()
            language = _member(metadata, "language_info", "name")
            self._language = str(language or _member(metadata, "kernelspec", "language")).lower()
        else:
            self._value()

    def _cell(self) -> None:
        self._count += 1
        kind: object = None
        pieces: list[tuple[int, str]] = []

        def member(key: str) -> None:
            nonlocal kind
            if key == "source":
                self._source(pieces)
            else:
                value = self._value()
                kind = value if key == "cell_type" else kind

        self._object(member)
        if kind == "code" and self._cells is not None:
            self._cells.append(_Cell(self._count, tuple(pieces)))

    def _source(self, pieces: list[tuple[int, str]]) -> None:
        if self._next() == "[":
            self._list(lambda: pieces.append(self._code()))
        else:
            pieces.append(self._code())

    def _code(self) -> tuple[int, str]:
        """A string of code as it can be in a module: every character keeps its place."""
        start, text = self._string()
        return start, _OLD_LINE_END.sub("\n", characters(text))

    # ------------------------------------------------------------ the grammar

    def _object(self, member: Callable[[str], None]) -> None:
        """`{"key": value, ...}`; `member` reads the value of a key."""
        self._expect("{")
        while self._next() != "}":
            _, key = self._string()
            self._expect(":")
            self._next()
            member(key)
            if self._next() != "}":
                self._expect(",")
        self._expect("}")

    def _list(self, element: Callable[[], None]) -> None:
        self._expect("[")
        while self._next() != "]":
            element()
            if self._next() != "]":
                self._expect(",")
        self._expect("]")

    def _string(self) -> tuple[int, str]:
        """A string, and the offset of its first character."""
        if self._next() != '"':
            raise JSONDecodeError("Expecting a string", self._text, self._at)
        start = self._at + 1
        return start, str(self._value())

    def _value(self) -> object:
        self._next()
        value, self._at = _DECODER.raw_decode(self._text, self._at)
        return value

    def _expect(self, character: str) -> None:
        if self._next() != character:
            raise JSONDecodeError(f"Expecting '{character}'", self._text, self._at)
        self._at += 1

    def _next(self) -> str:
        """The next character that is no space; empty at the end."""
        space = _SPACE.match(self._text, self._at)
        self._at = space.end() if space else self._at
        return self._text[self._at : self._at + 1]


def _member(value: object, *keys: str) -> object:
    for key in keys:
        value = value.get(key) if isinstance(value, dict) else None
    return value or ""


# ---------------------------------------------------------------- what IPython adds to Python


def _without_magics(text: str) -> str:
    """A cell's text with what is not Python blanked."""
    if not any(mark in text for mark in "%!?") or _is_python(text):
        return text
    first = next((line for line in text.split("\n") if line.strip()), "").lstrip()
    if first.startswith("%%") and not _PYTHON_CELLS.match(first):
        return "\n" * text.count("\n")
    return "\n".join(_blanked(text.split("\n")))


def _is_python(text: str) -> bool:
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            compile(text, "cell", "exec", _AST_ONLY, dont_inherit=True)
    except (SyntaxError, ValueError, MemoryError, RecursionError):
        return False
    return True


def _blanked(lines: list[str]) -> Iterator[str]:
    """The lines without magics; one in a block leaves `pass`, one that is assigned `None`."""
    continued = False
    for line in lines:
        assigned = _ASSIGNED.match(line)
        magic = continued or _MAGIC.match(line) is not None
        if not magic and assigned is None:
            yield line
            continue
        if continued or not line.strip():
            yield ""
        elif assigned is not None and not magic:
            yield f"{assigned[1]}None"
        else:
            indent = line[: len(line) - len(line.lstrip())]
            yield f"{indent}pass" if indent else ""
        continued = line.endswith("\\")
