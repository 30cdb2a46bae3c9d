"""No regular expression of capilint takes more than linear time, whatever it is applied to.

What is compared is how much longer one takes for a text that is so many times as long: a fraction
of a millisecond where that is linear, and beyond all noise where it is not.
"""

from __future__ import annotations

import re
from itertools import islice
from re import _parser  # type: ignore[attr-defined]
from time import process_time

import pytest

from tests.patterns.collected import Use, uses
from tests.patterns.inputs import Text, texts

SIZES = (12, 16, 20, 24, 32, 64, 250, 4_000)
SHORT = 0.001  # seconds; what takes less is not looked at further
# So many times longer than linear is too long. A square is 4 times longer for 4 times the text,
# which only tells what is worse, and 16 times for 16 times the text.
MOST = 10.0
TRIES = 3


def taken(use: Use, compiled: re.Pattern[str], text: str) -> float:
    """The seconds for all matches in a text."""
    start = process_time()
    if use.anchored:
        compiled.match(text)
    else:
        for _ in compiled.finditer(text):
            pass
    return process_time() - start


def is_linear(use: Use, text: Text) -> bool:
    """Whether each longer text takes no more than its length says, or next to nothing."""
    compiled = re.compile(use.pattern, use.flags)
    return all(any(is_fast(use, compiled, text, size) for _ in range(TRIES)) for size in SIZES)


def is_fast(use: Use, compiled: re.Pattern[str], text: Text, size: int) -> bool:
    long = taken(use, compiled, text(size))
    if long < SHORT:
        return True
    shorter = text(size // 4) if size < 4_000 else text(size // 16)
    least = min(taken(use, compiled, shorter) for _ in range(TRIES))
    return long < MOST * max(least, 1e-6) * len(text(size)) / max(len(shorter), 1)


def slow_texts(use: Use) -> list[str]:
    tree = _parser.parse(use.pattern, use.flags)
    slow = (text(4) for text in texts(tree) if not is_linear(use, text))
    return list(islice(slow, 2))


# Edits are proposed, and programs run, on request only, of files that one has.
ON_REQUEST = {"edits", "execution"}
ALL = [each for each in uses() if each.package not in ON_REQUEST]


@pytest.mark.parametrize("package", sorted({each.package for each in ALL}))
def test_every_pattern_is_linear(package: str) -> None:
    slow = {
        (use.where, use.pattern): found
        for use in ALL
        if use.package == package and (found := slow_texts(use))
    }
    assert not slow


@pytest.mark.parametrize(
    ("pattern", "anchored"),
    [
        (r"\s*:", False),
        (r"(a|aa)+$", True),
        (r"\w+\s*\(", False),
        (r"(?:\w+\s*)*;", True),
        (r"/\*.*?\*/", False),
        (r"a.*b.*c", True),
    ],
)
def test_it_notices_those_that_are_not(pattern: str, anchored: bool) -> None:
    assert slow_texts(Use("", "", pattern, 0, anchored))


@pytest.mark.parametrize("pattern", [r"(?<!\s)\s*+:", r"\b\w++\(", r"[^()]*", r"(?:(?!ab).)*+ab"])
def test_it_lets_linear_ones_be(pattern: str) -> None:
    assert not slow_texts(Use("", "", pattern, 0, pattern.startswith("(?:")))
