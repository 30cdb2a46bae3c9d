"""A file's text changed, and all that is not changed left byte for byte: encoding, mark, line ends.

bytes ── mark | codec | lines with their ends ── a new text ── bytes
                                                    │
                                        write, by way of a file beside it
"""

from __future__ import annotations

import codecs
import os
import re
from contextlib import suppress
from pathlib import Path

from capilint.files.source import UnreadableError, declared_encoding, decode, read_bytes
from capilint.files.whole import put
from capilint.language import Language

_MARKS = (
    (codecs.BOM_UTF32_LE, "utf-32-le"),
    (codecs.BOM_UTF32_BE, "utf-32-be"),
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)
_LINE_END = re.compile(r"(\r\n|\r|\n)")


class WriteError(Exception):
    """A file that is not written; the text says why."""


class Original:
    """The content of a file, and what it would be with another text.

    `text` is the file's text with `\\n` line ends only. Raises UnreadableError for what is no text,
    or has characters that could not be written back.
    """

    def __init__(self, data: bytes, language: Language) -> None:
        self.data = data
        self._mark, self._codec = _encoding(data, language)
        parts = _LINE_END.split(self._decoded())
        self._parts, self._ends = parts[::2], parts[1::2]
        self.text = "\n".join(self._parts)

    def with_text(self, text: str) -> bytes | None:
        """The file's bytes with another text; None where that cannot be
        written: its encoding has no such character, or its line ends would run together."""
        new = text.split("\n")
        old = self._parts
        head = _alike(old, new)
        tail = _alike(old[head:][::-1], new[head:][::-1])
        inserted = self._end_near(head)
        pieces: list[str] = []
        for index, part in enumerate(new):
            before = index if index < head else index - len(new) + len(old)
            known = index < head or index >= len(new) - tail
            end = self._ends[before] if known and before < len(self._ends) else inserted
            pieces += (part, end if index < len(new) - 1 else "")
        changed = "".join(pieces)
        if _LINE_END.sub("\n", changed) != text:  # a lone `\r` before a lone `\n`
            return None
        try:
            return self._mark + changed.encode(self._codec)
        except UnicodeError:
            return None

    def _end_near(self, line: int) -> str:
        """The line end of new lines behind a number of old ones: that of their neighbours."""
        for index in (line - 1, line, 0):
            if 0 <= index < len(self._ends):
                return self._ends[index]
        return "\n"

    def _decoded(self) -> str:
        try:
            text = self.data.removeprefix(self._mark).decode(self._codec)
            if self._mark + text.encode(self._codec) == self.data:
                return text
        except UnicodeError:
            pass
        raise UnreadableError("it could not be written back as it is")


def write(path: str, old: bytes, new: bytes) -> None:
    """Put new content in the place of a file's, all of it or nothing.

    Raises WriteError where the file is not what it was, or cannot be written.
    """
    target = Path(path).resolve()
    try:
        if read_bytes(str(target)) != old:
            raise WriteError(f"{path}: changed while it was checked; not written")
        if not os.access(target, os.W_OK):
            raise WriteError(f"{path}: cannot be written: Permission denied")
        put(str(target), new)
    except UnreadableError as error:
        raise WriteError(f"{path}: {error}") from error
    except OSError as error:
        raise WriteError(f"{path}: cannot be written: {error.strerror}") from error


def _encoding(data: bytes, language: Language) -> tuple[bytes, str]:
    """The mark and the codec by which `files.source` reads a file."""
    for mark, codec in _MARKS:
        if data.startswith(mark):
            return mark, codec
    text = decode(data, language)
    declared = declared_encoding(data) if language is Language.PYTHON else None
    for name in (declared, "utf-8", "cp1252", "latin-1"):
        if name is not None:
            with suppress(UnicodeError):
                if data.decode(name) == text:
                    return b"", name
    raise UnreadableError("its encoding is not known")


def _alike(first: list[str], second: list[str]) -> int:
    """How many lines two lists begin with alike."""
    count = 0
    for one, other in zip(first, second, strict=False):
        if one != other:
            break
        count += 1
    return count
