"""Texts that a regular expression may take long for, made from what it is made of."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from itertools import islice
from re import _constants as sre  # type: ignore[attr-defined]
from typing import Any

_CHARACTERS = "a_0X \n\t()[]{}<>*&:;,.=-+/\\\"'#@|!?~^%"
_USUAL = "a0 \n"
_MOST_SAMPLES = 2
_LONG = 8  # of what is repeated so often, less will do

Text = Callable[[int], str]
"""A text of about so many repetitions."""


def texts(tree: Any) -> Iterator[Text]:
    """Texts for a parsed pattern: of each of its characters, and of each of its repetitions, again
    and again, behind what has to stand before it, with and without something behind it."""
    found: dict[tuple[str, str, str], None] = {}
    for character in dict.fromkeys((*_USUAL, *_characters(tree))):
        found["", character, ""] = None
    for before, inside in _repetitions(tree, [""]):
        for start in before:
            for pump in inside:
                for end in ("", "\0"):
                    found[start, pump, end] = None
                found["", start + pump, ""] = None
            found["", start, ""] = None
    for start, pump, end in found:
        if pump:
            yield _text(start, pump, end)


def _text(start: str, pump: str, end: str) -> Text:
    return lambda size: start + pump * size + end


def _repetitions(nodes: Any, before: list[str]) -> Iterator[tuple[list[str], list[str]]]:
    """What stands before each repetition without an end, and what is repeated, in samples."""
    for code, given in nodes:
        if code in (sre.MAX_REPEAT, sre.MIN_REPEAT, sre.POSSESSIVE_REPEAT):
            _, most, inner = given
            if most is sre.MAXREPEAT or most > _LONG:
                yield before, samples(inner)
            yield from _repetitions(inner, before)
        elif code is sre.BRANCH:
            for each in given[1]:
                yield from _repetitions(each, before)
        elif code is sre.SUBPATTERN:
            yield from _repetitions(given[3], before)
        elif code is sre.ATOMIC_GROUP:
            yield from _repetitions(given, before)
        elif code in (sre.ASSERT, sre.ASSERT_NOT):
            yield from _repetitions(given[1], before)
        before = _joined(before, _sample(code, given))


def samples(nodes: Any) -> list[str]:
    """Some short texts that fit a sequence of nodes."""
    found = [""]
    for code, given in nodes:
        found = _joined(found, _sample(code, given))
    return found


def _joined(before: list[str], behind: list[str]) -> list[str]:
    pairs = (one + other for other in behind for one in before)
    return list(islice(dict.fromkeys(pairs), _MOST_SAMPLES))


def _sample(code: Any, given: Any) -> list[str]:
    if code in (sre.LITERAL, sre.NOT_LITERAL, sre.ANY, sre.IN):
        return _fitting(code, given)
    if code in (sre.MAX_REPEAT, sre.MIN_REPEAT, sre.POSSESSIVE_REPEAT):
        least, most, inner = given
        once = samples(inner) if most else [""]
        return (
            once
            if least == 1
            else ["", *once]
            if not least
            else [each * min(least, _LONG) for each in once]
        )
    if code is sre.BRANCH:
        several = [samples(each) for each in given[1]]
        return list(dict.fromkeys(found[0] for found in several))[: 2 * _MOST_SAMPLES]
    if code is sre.SUBPATTERN:
        return samples(given[3])
    return samples(given) if code is sre.ATOMIC_GROUP else [""]


def _fitting(code: Any, given: Any) -> list[str]:
    """Some characters that a node of one character fits."""
    if code is sre.LITERAL:
        return [chr(given)]
    own = list(_CHARACTERS)
    if code is sre.IN:
        own += [chr(value) for kind, value in given if kind is sre.LITERAL]
        own += [chr(value[0]) for kind, value in given if kind is sre.RANGE]
        return list(islice(filter(lambda each: _is_in(each, given), own), _MOST_SAMPLES)) or [""]
    unfit = "\n" if code is sre.ANY else chr(given)
    return [each for each in own if each != unfit][:_MOST_SAMPLES]


def _is_in(character: str, parts: Any) -> bool:
    negated = parts[0][0] is sre.NEGATE
    return any(_is_of(character, *each) for each in parts[negated:]) is not negated


def _is_of(character: str, kind: Any, value: Any) -> bool:
    if kind is sre.LITERAL:
        return ord(character) == value
    if kind is sre.RANGE:
        return value[0] <= ord(character) <= value[1]
    return _CATEGORIES[value].match(character) is not None


_CATEGORIES = {
    sre.CATEGORY_DIGIT: re.compile(r"\d"),
    sre.CATEGORY_NOT_DIGIT: re.compile(r"\D"),
    sre.CATEGORY_SPACE: re.compile(r"\s"),
    sre.CATEGORY_NOT_SPACE: re.compile(r"\S"),
    sre.CATEGORY_WORD: re.compile(r"\w"),
    sre.CATEGORY_NOT_WORD: re.compile(r"\W"),
}


def _characters(nodes: Any) -> Iterator[str]:
    """The characters that a pattern names."""
    for code, given in nodes:
        if code in (sre.LITERAL, sre.NOT_LITERAL):
            yield chr(given)
        elif code is sre.IN:
            yield from (chr(value) for kind, value in given if kind is sre.LITERAL)
        elif code in (sre.MAX_REPEAT, sre.MIN_REPEAT, sre.POSSESSIVE_REPEAT):
            yield from _characters(given[2])
        elif code is sre.BRANCH:
            for each in given[1]:
                yield from _characters(each)
        elif code is sre.SUBPATTERN:
            yield from _characters(given[3])
