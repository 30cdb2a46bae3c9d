r"""Patterns of .gitignore files as regular expressions that go back over nothing twice.

https://git-scm.com/docs/gitignore#_pattern_format. The text between two `*` has a fixed length, so
that its first place is as good as any: no pattern takes longer than its length times the path's.

    a*b*c     a (?>.*?b) .*c $          one part of a path
    **/x/**   (?>(parts/)*?x/) .+       parts between two `**`
"""

from __future__ import annotations

import re
from collections.abc import Sequence

_CLASSES = {
    "alpha": "a-zA-Z",
    "digit": "0-9",
    "alnum": "a-zA-Z0-9",
    "upper": "A-Z",
    "lower": "a-z",
    "space": r"\s",
    "blank": " \\t",
    "punct": r"!-/:-@\[-`{-~",
    "xdigit": "0-9a-fA-F",
    "cntrl": r"\x00-\x1f\x7f",
    "print": r"\x20-\x7e",
    "graph": r"\x21-\x7e",
}
_TOKEN = re.compile(
    r"(?P<stars>\*+) | (?P<any>\?) | \\(?P<escaped>.) | (?P<open>\[) | (?P<slash>/)"
    r" | (?P<plain>[^\\])",
    re.VERBOSE | re.DOTALL,
)
_IN_CLASS = re.compile(
    r"\[:(?P<name>[a-z]+):\] | (?P<first>\\.|[^\\]) (?:-(?P<last>\\.|[^\]\\]))?",
    re.VERBOSE | re.DOTALL,
)
_STAR = "*"
_PARTS = "(?:[^/]+/)*"

Part = list[str]  # regular expressions of single characters, and _STAR


def path_pattern(text: str) -> re.Pattern[str] | None:
    """What fits a whole path, relative and without a final `/`, if it fits `text`; None if nothing
    can. Of a `text` without `/` that is the last part of a path."""
    try:
        parts = _parts(text.removeprefix("/"))
    except ValueError:
        return None
    anywhere = "/" not in text
    return re.compile(_name(parts[0]) if anywhere else _path(parts), re.DOTALL)


def name_pattern(text: str) -> str:
    """The regular expression of a part of a path in which no character is special but `*`, `?`."""
    return _name(_parts(text)[0])


def _parts(text: str) -> list[Part]:
    """The parts between slashes. Raises ValueError where nothing can fit."""
    parts: list[Part] = [[]]
    position = 0
    while position < len(text):
        token = _TOKEN.match(text, position)
        if token is None:
            raise ValueError("a backslash at the end")
        position = token.end()
        if token["slash"]:
            parts.append([])
        elif token["open"]:
            expression, position = _class(text, position)
            parts[-1].append(expression)
        elif token["stars"]:
            parts[-1] += [_STAR] * min(len(token["stars"]), 2)
        else:
            plain = token["escaped"] or token["plain"]
            parts[-1].append(re.escape(plain) if plain else "[^/]")
    return parts


def _class(text: str, start: int) -> tuple[str, int]:
    """The expression of `[...]`, and where it ends; `start` is behind its bracket."""
    position = start
    negated = text[position : position + 1] in ("!", "^")
    position += negated
    first = position
    inside = []
    while position == first or text[position : position + 1] != "]":
        item = _IN_CLASS.match(text, position)
        if item is None:
            raise ValueError("a bracket that is not closed")
        position = item.end()
        if item["name"]:
            if item["name"] not in _CLASSES:
                raise ValueError("an unknown class")
            inside.append(_CLASSES[item["name"]])
            continue
        low = item["first"][-1]
        high = item["last"][-1] if item["last"] else low
        high = max(low, high)  # to git the first of a range is in it, whatever the last
        inside.append(f"{re.escape(low)}-{re.escape(high)}")
    return f"(?!/)[{'^' * negated}{''.join(inside)}]", position + 1


def _name(part: Part) -> str:
    """The expression of a part, up to its end."""
    chunks = [""]
    for each in part:
        if each == _STAR:
            chunks += [""] * (chunks[-1] != "" or len(chunks) == 1)
        else:
            chunks[-1] += each
    first, *others = chunks
    if not others:
        return rf"(?>{first}(?=/|\Z))"
    middle = "".join(f"(?>[^/]*?{chunk})" for chunk in others[:-1])
    return rf"(?>{first}{middle}[^/]*{others[-1]}(?=/|\Z))"


def _path(parts: Sequence[Part]) -> str:
    """The expression of a whole path."""
    groups: list[list[str]] = [[]]
    for part in parts:
        if len(part) > 1 and all(each == _STAR for each in part):
            if groups[-1] or len(groups) == 1:
                groups.append([])
        else:
            groups[-1].append(_name(part))
    first, *others = ["/".join(group) for group in groups]
    if not others:
        return rf"{first}\Z"
    head = f"{first}/" if first else ""
    middle = "".join(f"(?>{_PARTS}?{group}/)" for group in others[:-1])
    end = rf"{_PARTS}{others[-1]}\Z" if others[-1] else r".+\Z"
    return head + middle + end
