"""What the bytes of a source file tell without being parsed: its words, its functions, its imports.

None of it is certain: comments and strings are read like code. It only chooses what to parse.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import NamedTuple

_WORD_BYTES = b"_0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
_ONLY_WORDS = bytes(byte if byte in _WORD_BYTES else ord(" ") for byte in range(256))
_LONGEST_HEAD = 2_000  # bytes of a function's head; what is longer is prose with parentheses
_HEAD = re.compile(
    rb"\n((?!static_assert|typedef)[A-Za-z_][^\n;={}#]*\([^;{}]{0,%d}\)[^;{}()]{0,200}\{)"
    % _LONGEST_HEAD
)
_NAME = re.compile(rb"\b(?!__\w|_[A-Z])([A-Za-z_]\w*)\s*\(")
_BETWEEN = re.compile(rb"[;{}]|\*/|\n[ \t]*(?:#[^\n]*)?\n")
_IMPORT = re.compile(
    rb"^[ \t]*+(?:from[ \t]++(\.*+)[ \t]*+((?!import\b)[\w.]++|)[ \t]*+"
    rb"import[ \t]*+(\([^()]*+\)|(?:\\\r?\n|[^#\n;])*+)"
    rb"|import[ \t]++([\w., \t]++))",
    re.MULTILINE,
)
_BEFORE_CALL = rb"(?:[{;}(,=&|!?:)]|\breturn\b|\belse\b)"
_IN_MACRO = rb"#[ \t]*define\b(?:[^\n\\]|\\\r?\n|\\.)*?\b"
_INCLUDE = re.compile(
    rb"""^[ \t]*\#[ \t]*(?:include|include_next|import)[ \t]*(?:"([^"\n]+)"|<([^>\n]+)>)""",
    re.MULTILINE,
)
_LINE_BEFORE = 200  # bytes, where `static` and the type may stand


class CFunction(NamedTuple):
    """A function that a C file defines; `internal` if it is `static`."""

    name: str
    internal: bool


class Import(NamedTuple):
    """What an import names: `from ..a.b import c` has level 2, module `a.b` and the name `c`."""

    level: int
    module: str
    names: tuple[str, ...] = ()


def words(data: bytes) -> list[bytes]:
    """All identifiers and numbers of ASCII letters, as often as they stand there."""
    return data.translate(_ONLY_WORDS).split()


def is_used(name: str, data: bytes) -> bool:
    """Whether a C file calls a function, or a `.member`, in a function or a macro of its own: a
    mere prototype does not count."""
    if name.startswith("."):
        return re.search(rb"(?:\.|->)\s*%s\s*\(" % name[1:].encode(), data) is not None
    before = _BEFORE_CALL if b"{" in data else _IN_MACRO
    return re.search(rb"%s\s*%s\s*\(" % (before, name.encode()), data) is not None


def c_functions(data: bytes) -> Iterator[CFunction]:
    """The functions whose heads begin in the first column of a C file, bodies following."""
    return (function for function, _ in c_function_texts(data))


def c_function_texts(data: bytes) -> Iterator[tuple[CFunction, bytes]]:
    """The functions of `c_functions`, each with what stands between its name and the next one."""
    text = _with_lines(data)
    heads = list(_heads(text))
    starts = [*(head.start() for head, _ in heads), len(text)]
    for (head, named), end in zip(heads, starts[1:], strict=True):
        before = _BETWEEN.split(text[max(head.start() - _LINE_BEFORE, 0) : head.start()])[-1]
        static = re.search(rb"\bstatic\b", before + head.group(1)[: named.start()])
        function = CFunction(named.group(1).decode(), static is not None)
        yield function, text[head.start(1) + named.end(1) : end]


def c_function_names(data: bytes) -> Iterator[str]:
    """The names of `c_functions`, for less."""
    return (named.group(1).decode() for _, named in _heads(_with_lines(data)))


def _with_lines(data: bytes) -> bytes:
    return b"\n" + data.replace(b"\r\n", b"\n")


def _heads(text: bytes) -> Iterator[tuple[re.Match[bytes], re.Match[bytes]]]:
    for head in _HEAD.finditer(text):
        named = _NAME.search(head.group(1))
        if named is not None:
            yield head, named


def c_includes(data: bytes) -> Iterator[tuple[str, bool]]:
    """The names of the headers that a C file includes, and whether each is quoted."""
    for match in _INCLUDE.finditer(data):
        quoted, angled = match.groups(b"")
        yield _readable(quoted or angled), bool(quoted)


def python_imports(data: bytes) -> Iterator[Import]:
    """The imports of a Python file."""
    for match in _IMPORT.finditer(data):
        dots, module, names, plain = match.groups(b"")
        if plain:
            for each in plain.split(b","):
                yield Import(0, _readable(each.split()[0]) if each.split() else "")
        else:
            listed = re.sub(rb"#[^\n]*|[()\\]", b"", names).split(b",")
            named = (_readable(each.split()[0]) for each in listed if each.split())
            yield Import(len(dots), _readable(module), tuple(named))


def _readable(name: bytes) -> str:
    """A name that a file may write in another encoding than UTF-8: then no other file has it."""
    return name.decode("utf-8", errors="replace")
