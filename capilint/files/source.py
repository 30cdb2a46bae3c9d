"""Source files: from bytes on the disk to text with lines.

    path ── read_bytes ── a known word? ── decode ── Source(path, text, language)
                              no: the file is done

Whatever cannot be read raises UnreadableError with a reason for people.
"""

from __future__ import annotations

# Importing pathlib would cost a tenth of the time that `check` may take to start.
# ruff: noqa: PTH110, PTH113
import codecs
import os
import re
import stat
from collections.abc import Callable
from functools import cached_property
from typing import TYPE_CHECKING, NamedTuple

from capilint.language import Language

if TYPE_CHECKING:
    from capilint.finding import Span

LARGEST_FILE = 20 * 1024 * 1024  # bytes; no hand-written file comes near
# libcst takes 0.5 GB for 1 MB of ordinary code, 1.5 GB for 1 MB of `x = 1`; all known files beyond
# this are generated.
LARGEST_PYTHON_FILE = 640 * 1024
_PIECE = 1024 * 1024
_NOT_REGULAR = "not a regular file"
# A pipe must not keep us waiting, nor a terminal become ours. Windows has other flags than Unix.
_READING = os.O_RDONLY | sum(
    getattr(os, flag, 0) for flag in ("O_BINARY", "O_CLOEXEC", "O_NONBLOCK", "O_NOCTTY")
)

# Longest first: the UTF-32 mark begins with the UTF-16 one.
_BYTE_ORDER_MARKS = (
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
_MARKS = tuple(mark for mark, _ in _BYTE_ORDER_MARKS)
_HALF = re.compile("[\ud800-\udfff]")
# https://peps.python.org/pep-0263/: in the first line, or the second after a comment line.
_COOKIE = rb"[ \t\f]*#.*?coding[:=][ \t]*([-\w.]+)"
_BLANK_OR_COMMENT = rb"[ \t\f]*(?:#.*)?\r?$"


class UnreadableError(Exception):
    """A file that cannot be analysed; the text of the error is the reason."""


class Input(NamedTuple):
    """A file to look at; `data` is its content where that is not to be read from `path`.

    `named` is set for a file that was asked for itself, not found in a folder: what stands beside
    it is then no part of the run. `told` is set where the user said which language it is.
    """

    path: str
    language: Language
    data: bytes | None = None
    named: bool = False
    told: bool = False


class Unreadable(NamedTuple):
    """A file or folder that was asked for and not analysed; `detail` is for its maintainers."""

    path: str
    reason: str
    detail: str = ""


class CellPlace(NamedTuple):
    """A line of a notebook: the cell, from 1 among all cells, and the line in it."""

    cell: int
    line: int


class Source:
    """A decoded file. `path` is the one of the reports; `text` has `\\n` line ends only.

    Of a notebook `text` is the module that its code cells are (`capilint.files.notebook`).
    `problem` says why nothing of a file was understood.
    """

    problem: str | None = None

    def __init__(self, path: str, text: str, language: Language) -> None:
        self.path = path
        self.text = text
        self.language = language

    @cached_property
    def lines(self) -> tuple[str, ...]:
        """The lines without their ends; line 1 is `lines[0]`."""
        return tuple(self.text.split("\n"))

    def cell(self, line: int) -> CellPlace | None:
        """The place of a line in a notebook; None where this is none."""
        return None

    def in_file(self, span: Span) -> Span:
        """Where a stretch of the text is in the file."""
        return span

    def as_file(self) -> Source:
        """The file as it is, where places in it are those of `in_file`."""
        return self

    def line_of(self, span: Span) -> str:
        """The line that a stretch begins on; empty where there is none."""
        return self.lines[span.line - 1] if span.line <= len(self.lines) else ""

    def quoted(self, span: Span) -> str:
        """The text of a stretch in one line, with single spaces; empty where there is none."""
        lines = self.lines[span.line - 1 : span.end_line]
        if not lines:
            return ""
        cut = [*lines[:-1], lines[-1][: span.end_column - 1]]
        return " ".join(" ".join([cut[0][span.column - 1 :], *cut[1:]]).split())


def read_bytes(path: str, most: int | None = None) -> bytes:
    """The content of a regular file of at most so many bytes (LARGEST_FILE).

    Raises UnreadableError.
    """
    most = LARGEST_FILE if most is None else most
    try:
        descriptor = os.open(path, _READING)
    except (OSError, ValueError) as error:  # ValueError: a NUL in the path
        if isinstance(error, OSError) and os.path.exists(path) and not os.path.isfile(path):
            raise UnreadableError(_NOT_REGULAR) from error
        raise UnreadableError(getattr(error, "strerror", None) or str(error)) from error
    try:
        return _content(descriptor, most)
    except OSError as error:
        raise UnreadableError(error.strerror or str(error)) from error
    finally:
        os.close(descriptor)


def _content(descriptor: int, most: int) -> bytes:
    """All that an open file holds, in as few calls as can be: most files end unread further."""
    status = os.fstat(descriptor)
    if not stat.S_ISREG(status.st_mode):
        raise UnreadableError(_NOT_REGULAR)
    _refuse_huge(status.st_size, most)
    data = os.read(descriptor, status.st_size + 1)
    if len(data) == status.st_size:
        return data
    pieces = [data]  # its size is not told, or it changes
    size = len(data)
    while size <= most and (more := os.read(descriptor, _PIECE)):
        pieces.append(more)
        size += len(more)
    _refuse_huge(size, most)
    return b"".join(pieces)


def ascii_bytes(data: bytes) -> bytes:
    """The file's bytes such that ASCII words can be sought in them, be it UTF-16 or UTF-32.

    The byte order mark is left out, so that a first line begins with what is in it.
    """
    if not data.startswith(_MARKS):
        return data
    encoding = _marked_encoding(data)
    if encoding is None or encoding == "utf-8-sig":
        return data.removeprefix(codecs.BOM_UTF8)
    return data.decode(encoding, errors="ignore").encode("ascii", errors="ignore")


def content(item: Input) -> bytes:
    """A file's content, in an encoding that keeps ASCII; empty where it cannot be read."""
    try:
        data = read_bytes(item.path) if item.data is None else item.data
        if is_notebook(item.path):
            return load_input(item, data).text.encode("utf-8", errors="replace")
        return ascii_bytes(data)
    except UnreadableError:
        return b""


def is_notebook(path: str) -> bool:
    """Whether a file is a notebook of Jupyter."""
    return path[-6:].lower() == ".ipynb"


def mentions(data: bytes, search: Callable[[bytes], object]) -> bool:
    """Whether `search` finds something in the file's bytes, whatever their encoding."""
    return bool(search(ascii_bytes(data)))


def load(path: str, data: bytes, language: Language) -> Source:
    """The Source of a file's bytes. Raises UnreadableError where they are no text, or Python of
    more than LARGEST_PYTHON_FILE bytes."""
    _refuse_huge(len(data), LARGEST_FILE)
    if language is Language.PYTHON:
        refuse_large_python(len(data))
    text = decode(data, language)
    return Source(path, text.replace("\r\n", "\n").replace("\r", "\n"), language)


def load_input(item: Input, data: bytes) -> Source:
    """The Source of a file of a run; a `.h` is C or C++ by what it says. Raises as `load` does."""
    language = item.language
    if is_notebook(item.path):
        from capilint.files.notebook import load_notebook  # seldom needed

        return load_notebook(item.path, data)
    if language is Language.C and item.path[-2:].lower() == ".h" and not item.told:
        from capilint.files.cpp_headers import says_cpp  # its patterns cost a millisecond

        if says_cpp(ascii_bytes(data)):
            language = Language.CPP
    return load(item.path, data, language)


def decode(data: bytes, language: Language) -> str:
    """The text of `data`: by its byte order mark, Python's coding line, UTF-8, or Windows-1252.

    Old code in other 8-bit encodings decodes wrongly, but only inside comments and strings,
    where no handle lives. Raises UnreadableError for binary data and unknown coding lines.
    """
    marked = _marked_encoding(data)
    if marked is not None:
        return _decode_as(data, marked)
    nul = data.find(b"\0")
    if nul >= 0:
        line = data.count(b"\n", 0, nul) + 1
        raise UnreadableError(f"binary data: a NUL byte in line {line}")
    declared = declared_encoding(data) if language is Language.PYTHON else None
    for encoding in (declared, "utf-8", "cp1252"):
        if encoding is not None:
            try:
                return characters(data.decode(encoding))
            except UnicodeError:
                continue
    return data.decode("latin-1")


def characters(text: str) -> str:
    """The text with U+FFFD for each half of a pair of UTF-16, which nothing could write."""
    return _HALF.sub("\ufffd", text)


def _decode_as(data: bytes, encoding: str) -> str:
    try:
        return data.decode(encoding)
    except UnicodeError as error:
        raise UnreadableError(f"marked as {encoding}, but does not decode: {error}") from error


def _marked_encoding(data: bytes) -> str | None:
    return next((name for mark, name in _BYTE_ORDER_MARKS if data.startswith(mark)), None)


def declared_encoding(data: bytes) -> str | None:
    """The encoding that a PEP 263 line names, where it names one for text."""
    for number, line in enumerate(data[:4096].split(b"\n", 2)[:2], start=1):
        cookie = re.match(_COOKIE, line)
        if cookie is not None:
            name = cookie[1].decode("ascii", errors="replace")
            try:
                b" ".decode(name)
            except LookupError as error:  # also for codecs between bytes, such as `hex`
                raise UnreadableError(f"unknown encoding {name!r} in line {number}") from error
            except UnicodeError:
                return None
            return name
        if not re.match(_BLANK_OR_COMMENT, line):
            break
    return None


def refuse_large_python(size: int) -> None:
    """Raise UnreadableError where the parser would need too much memory."""
    if size > LARGEST_PYTHON_FILE:
        limit = LARGEST_PYTHON_FILE // 1024
        raise UnreadableError(f"{size} bytes: larger than the limit of {limit} KiB for Python")


def _refuse_huge(size: int, most: int) -> None:
    if size > most:
        limit = most // (1024 * 1024)
        raise UnreadableError(f"{size} bytes: larger than the limit of {limit} MiB")
