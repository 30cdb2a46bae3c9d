"""Classes that are made of what they say that they are made of, and of nothing else.

class Step(NamedTuple):        strictly(Step)("use", 3)    TypeError: `line` of Step
    kind: str
    line: Line | None
"""

from __future__ import annotations

import re
from collections.abc import Callable
from enum import Enum
from functools import cache
from types import UnionType
from typing import Any, Literal, Union, get_args, get_origin, get_type_hints

_HALVES = re.compile("[\ud800-\udc7f\udd00-\udfff]")  # of characters
_Fits = Callable[[object], bool]


@cache
def strictly(kind: type) -> Callable[..., Any]:
    """What makes a class of records from its parts. Raises TypeError where one is not of its kind;
    values inside of a part that is a record have been looked at when that was made."""
    if issubclass(kind, Enum):
        return kind
    fits: list[tuple[str, _Fits]] = []

    def made(*parts: object) -> object:
        if not fits:
            fits.extend((name, _fits(hint)) for name, hint in get_type_hints(kind).items())
        for (name, fit), part in zip(fits, parts, strict=False):
            if not fit(part):
                raise TypeError(f"`{name}` of {kind.__name__}")
        return kind(*parts)

    return made


def _fits(hint: Any) -> _Fits:
    """Whether a value is of a kind that an annotation says."""
    origin, given = get_origin(hint), get_args(hint)
    if origin in (Union, UnionType):
        ways = [_fits(each) for each in given]
        return lambda value: any(way(value) for way in ways)
    if origin is Literal:
        return lambda value: any(value is each or value == each == str(value) for each in given)
    if origin is tuple and given[1:] == (...,):
        item = _fits(given[0])
        return lambda value: type(value) is tuple and all(map(item, value))
    if origin is tuple:
        items = [_fits(each) for each in given]
        return lambda value: (
            type(value) is tuple
            and len(value) == len(items)
            and all(fit(each) for fit, each in zip(items, value, strict=True))
        )
    if hint is int:  # True is none
        return lambda value: type(value) is int
    if hint is str:
        return _is_text
    return lambda value: isinstance(value, hint)


def _is_text(value: object) -> bool:
    """Whether a value is a text that can be written, as a file's path can at least."""
    return isinstance(value, str) and _HALVES.search(value) is None
