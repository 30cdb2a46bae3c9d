"""A C++ text as tokens with their brackets paired: what declarations are read from.

Headers are full of macros that no grammar knows (`class KEY_EXPORT Key`, `Q_OBJECT`,
`BEGIN_MSG_MAP(..)`); one of them makes a parser lose the class around it. Tokens and brackets are
enough to read declarations, and what is not understood ends at the next semicolon.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from functools import lru_cache

from capilint.frontends.c.facts.declarators import ANNOTATION
from capilint.frontends.c.parsing.outline import NO_RETURN, may_say_no_return

# What is between two tokens is matched with the second one. Most are words and brackets, which are
# tried first; a word in front of a quote may be the prefix of a literal.
_TOKEN = re.compile(
    r"""
    (?: [ ]*+(?=[^\s\\/\#])
      | (?: ^[ \t]*+\#(?:[^\n\\/]|\\.|/\*.*?(?:\*/|\Z)|//(?:[^\n\\]|\\.)*+|/)*+
          | \n(?:[^\S\n]*+\n)*+ | [^\S\n]++ | \\ | //(?:[^\n\\]|\\.)*+ | /\*.*?(?:\*/|\Z) )*+
    )
    ( [^\W\d][\w$]*+(?:\#\d+)?+(?!["'])
      | [){};,\[\]~?] | \((?!unnamed\))
      | (?:u8|[uUL])?R"(?P<delimiter>[^()\s\\"]{0,16})\(.*?(?:\)(?P=delimiter)"|\Z)
      | (?:u8|[uUL])?"(?:[^"\\\n]|\\.)*+"?
      | (?:u8|[uUL])?'(?:[^'\\\n]|\\.)*+'?
      | \(unnamed\)
      | [^\W\d][\w$]*+(?:\#\d+)?
      | \.?\d(?:[eEpP][+-]|'?[\w.])*+
      | \.\.\. | :: | ->\*? | && | \|\| | \+\+ | -- | <=>? | << | [-=!+*/%&|^]=
      | . | \Z )
    """,
    re.VERBOSE | re.DOTALL | re.MULTILINE,
)
_OPENING = {"(": ")", "[": "]", "{": "}"}
_CLOSING = frozenset(_OPENING.values())
_BRACKETS = _CLOSING | _OPENING.keys()
_POINTING = frozenset({"*", "&", "&&"})
_BEFORE_OPERAND = frozenset({"(", "<", ",", "=", "[", "{"})


class Tokens:
    """The tokens of a text without comments, directives and SAL annotations.

    `closing` maps the index of an opening bracket to that of its closing one; a bracket that is
    not closed is not in it. `say_no_return` is whether some function may say that it never does.
    """

    def __init__(self, source: str) -> None:
        self._found = list(_TOKEN.finditer(source))
        self.texts = [each[1] for each in self._found]
        while self.texts and not self.texts[-1]:  # the end
            del self.texts[-1], self._found[-1]
        self.say_no_return = may_say_no_return(source)
        self._pair()
        if ANNOTATION.search(source):
            self._drop_annotations()
            self._pair()

    def __len__(self) -> int:
        return len(self.texts)

    def at(self, index: int, end: int | None = None) -> str:
        """The token there, empty at or behind the end."""
        if 0 <= index < self._count and (end is None or index < end):
            return self.texts[index]
        return ""

    def offset(self, index: int) -> int:
        """Where a token begins in the source."""
        return self._found[index].start(1)

    def after(self, index: int, end: int) -> int:
        """The index behind a bracket's partner, or behind the token; at most `end`."""
        return min(self.closing.get(index, index) + 1, end)

    def written(self, start: int, end: int) -> str:
        """What is written from one token up to another, each comment and white space one space."""
        parts: list[str] = []
        for index in range(start, end):
            if index > start and self._found[index].start(1) > self._found[index - 1].end():
                parts.append(" ")
            parts.append(self.texts[index])
        return "".join(parts)

    def angle_end(self, index: int, end: int) -> int | None:
        """The index of the `>` for the `<` at an index; None where it is a comparison."""
        if index not in self._angles:
            if self.texts[index] != "<":
                return None
            self._pair_angles(index)
        found = self._angles[index]
        return found if found is not None and found < end else None

    def _pair_angles(self, index: int) -> None:
        opened: list[int] = []
        while index < len(self.texts):
            text = self.texts[index]
            if text == "<":
                opened.append(index)
            elif text == ">":
                self._angles[opened.pop()] = index
                if not opened:
                    return
            elif text in _OPENING:
                index = self.closing.get(index, len(self.texts))
            elif text == ";" or text in _CLOSING:
                break
            index += 1
        self._angles.update(dict.fromkeys(opened))

    def split(self, start: int, end: int, separator: str = ",") -> Iterator[tuple[int, int]]:
        """The pieces between separators that are in no brackets, angle brackets included."""
        first = index = start
        while index < end:
            text = self.texts[index]
            if text == separator:
                yield first, index
                first = index + 1
            elif text == "<" and index > start and is_word(self.texts[index - 1]):
                index = self.angle_end(index, end) or index
            elif text in _OPENING:
                index = self.closing.get(index, index)
            index += 1
        if first < end:
            yield first, end

    def find(self, start: int, end: int, wanted: str) -> int | None:
        """The first of some tokens (a string of characters) that is in no brackets."""
        index = start
        while index < end:
            text = self.texts[index]
            if text in wanted:
                return index
            if text == "<" and index > start and is_word(self.texts[index - 1]):
                index = self.angle_end(index, end) or index
            elif text in _OPENING:
                index = self.closing.get(index, index)
            index += 1
        return None

    def _pair(self) -> None:
        self._count = len(self.texts)
        self.closing: dict[int, int] = {}
        self._angles: dict[int, int | None] = {}
        opened: list[int] = []
        for index, text in enumerate(self.texts):
            if text not in _BRACKETS:
                continue
            if text in _OPENING:
                opened.append(index)
            else:
                while opened and text == "}" and self.texts[opened[-1]] != "{":
                    opened.pop()  # parentheses never outlive the braces around them
                if opened and _OPENING[self.texts[opened[-1]]] == text:
                    self.closing[opened.pop()] = index

    def _drop_annotations(self) -> None:
        kept: list[int] = []
        index = 0
        while index < len(self.texts):
            if not ANNOTATION.fullmatch(self.texts[index]):
                kept.append(index)
            elif self.at(index + 1) == "(":
                inside = range(index + 2, self.closing.get(index + 1, index))
                kept += [each for each in inside if NO_RETURN.fullmatch(self.texts[each])]
                index = self.closing.get(index + 1, index)
            index += 1
        self.texts = [self.texts[each] for each in kept]
        self._found = [self._found[each] for each in kept]


@lru_cache(maxsize=5_000)
def is_word(text: str) -> bool:
    """Whether a token is an identifier or a keyword."""
    return text[:1].isalpha() or text[:1] == "_" or text == "(unnamed)"


def spaced(texts: Sequence[str]) -> str:
    """Tokens as one text with spaces where a person puts them: `const Holder<int> *`."""
    if len(texts) == 1:
        return texts[0]
    parts: list[str] = []
    before = ""
    is_operand = False  # after the `&` of `<&CryptDestroyKey>`
    for text in texts:
        if before and _apart(before, text, is_operand):
            parts.append(" ")
        parts.append(text)
        is_operand = text in _POINTING and (not before or before in _BEFORE_OPERAND)
        before = text
    return "".join(parts)


def _apart(before: str, text: str, is_operand: bool) -> bool:
    if before == ",":
        return True
    wordy = text[:1].isalnum() or (text[:1] in "_'\"(" and text[1:] != "")
    if text in _POINTING:
        return before not in _POINTING and before not in _BEFORE_OPERAND and before != "::"
    if before in _POINTING:
        return wordy and not is_operand
    if before == ">":
        return wordy
    return wordy and (before[-1].isalnum() or before[-1] in "_)'\"")
