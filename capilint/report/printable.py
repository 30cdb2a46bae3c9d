"""Text from source files made safe and measurable for a terminal."""

from __future__ import annotations

_TAB = "    "


def printable(text: str) -> str:
    """The text with everything invisible or controlling spelt out (`\\x1b`, `\\u202e`).

    Source text may hold escape sequences that would move a terminal's cursor, and marks that
    turn the direction of text (https://trojansource.codes).
    """
    if text.isascii() and text.isprintable():
        return text
    return "".join(map(_spelt, text))


def width(text: str) -> int:
    """The columns of a terminal that a printable text takes."""
    if text.isascii():
        return len(text)
    from unicodedata import combining, east_asian_width

    return sum(
        0 if combining(character) else 1 + (east_asian_width(character) in "WF")
        for character in text
    )


def plural(count: int, noun: str) -> str:
    """`1 file`, `2 files`."""
    return f"{count} {noun}{'' if count == 1 else 's'}"


def _spelt(character: str) -> str:
    if character == "\t":
        return _TAB
    if character.isprintable():
        return character
    return character.encode("unicode_escape").decode("ascii")
