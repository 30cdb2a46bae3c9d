"""Edits that break a text: what is left out, said twice, put in, cut off."""

from __future__ import annotations

import random
from collections.abc import Callable, Sequence

MOST_EDITS = 4
LONGEST = 200  # characters of what is left out or said twice, mostly
_PIECES = (
    *("(", ")", "[", "]", "{", "}", "<", ">", '"', "'", '"""', "/*", "*/", "//", "#", "\\", "\\\n"),
    *(
        "\r",
        "\r\n",
        "\f",
        "\v",
        "\x1c",
        "\x85",
        "\u2028",
        "\ufeff",
        "\t",
        "\n",
        "\n\n",
        " ",
        "é",
        "\U0001d4b3",
    ),
    *(
        ";",
        ":",
        "::",
        ",",
        ".",
        "->",
        "*",
        "&",
        "=",
        "==",
        "?",
        "?:",
        "@",
        "~",
        "!",
        "-",
        "...",
        "\0",
    ),
    *("if (", "else", "for", "while", "do", "switch (", "case 1:", "default:", "goto x;", "x:"),
    *(
        "return",
        "break;",
        "continue",
        "try",
        "except",
        "finally",
        "catch (...) {",
        "throw",
        "with x:",
    ),
    *("class X", "struct {", "enum {", "union", "typedef", "template <", "operator", "namespace {"),
    *(
        "#if 1\n",
        "#else\n",
        "#endif\n",
        "#define M(x) x\n",
        "#include <x.h>\n",
        "__try",
        "__except(",
    ),
    *(
        "def f(",
        "lambda:",
        "yield",
        "await",
        "async",
        "global x",
        "match x:",
        "print x",
        "f'{",
        "*a",
    ),
    *("0", "0x", "9" * 30, "1e", "CryptDestroyKey(", "CryptGenKey(p, 1, 0, &k)", "hKey", "sizeof"),
)

Edit = Callable[[random.Random, str], str]


class WrongInput(Exception):
    """What an input brings out; the text says what is wrong."""


def without_some(chance: random.Random, text: str) -> str:
    """The text without a stretch of it."""
    start, end = _stretch(chance, text)
    return text[:start] + text[end:]


def said_twice(chance: random.Random, text: str) -> str:
    """The text with a stretch of it a second time, there or elsewhere."""
    start, end = _stretch(chance, text)
    at = chance.choice((start, chance.randint(0, len(text))))
    return text[:at] + text[start:end] + text[at:]


def cut_off(chance: random.Random, text: str) -> str:
    """The text up to somewhere."""
    return text[: chance.randint(0, len(text))]


def with_piece(chance: random.Random, text: str) -> str:
    """The text with something put in, seldom many times."""
    at = chance.randint(0, len(text))
    return text[:at] + chance.choice(_PIECES) * chance.choice((1, 1, 1, 1, 2, 40)) + text[at:]


def with_other(chance: random.Random, text: str) -> str:
    """The text with a stretch of it in place of another."""
    start, end = _stretch(chance, text)
    first, last = _stretch(chance, text)
    return text[:start] + text[first:last] + text[end:]


EDITS: Sequence[Edit] = (without_some, said_twice, with_piece, with_piece, with_other, cut_off)


def _stretch(chance: random.Random, text: str) -> tuple[int, int]:
    start = chance.randint(0, len(text))
    length = chance.choice((1, 1, 2, 5, 20, LONGEST))
    return start, min(len(text), start + chance.randint(1, length))
