"""Frozen values as bytes, in a form that cannot execute anything: a table in JSON.

    (Span(1, 2, 1, 5), Span(3, 2, 3, 5))

    [["capilint.finding.Span"],  1, 2, 5, [0, 0, 1, 0, 2],  3, [0, 4, 1, 4, 2],  [-1, 3, 5]]
        classes                  │        └ a Span of entries 0, 1, 0, 2           └ a tuple of them
                                 └ entries, each after those that it is made of

Only classes that the reader knows are made: dataclasses and named tuples by their fields,
enumerations by their values, texts with attributes by these. Equal atoms are one entry; of
the rest what was one object is one again.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Hashable, Iterable, Mapping
from dataclasses import fields, is_dataclass
from enum import Enum
from functools import cache
from typing import Any, cast

_ATOMS = (type(None), bool, int, float, str)
_TUPLE, _FROZENSET, _DICT, _LIST, _SET = -1, -2, -3, -4, -5
_COLLECTIONS: dict[type, int] = {
    tuple: _TUPLE,
    frozenset: _FROZENSET,
    dict: _DICT,
    list: _LIST,
    set: _SET,
}
_MAKERS: dict[int, Callable[[list[Any]], Any]] = {
    _TUPLE: tuple,
    _FROZENSET: frozenset,
    _DICT: lambda items: dict(zip(items[::2], items[1::2], strict=True)),
    _LIST: list,
    _SET: set,
}


class RecordError(Exception):
    """A value that has no such form, or bytes that are none."""


class Records:
    """Writes and reads values that consist of certain classes, collections and atoms."""

    def __init__(self, classes: Iterable[type]) -> None:
        self._classes = {f"{each.__module__}.{each.__qualname__}": each for each in classes}

    def dumps(self, value: object) -> bytes:
        """The bytes of a value. Raises RecordError."""
        writer = _Writer({known: name for name, known in self._classes.items()})
        try:
            writer.entry(value)
        except RecursionError:
            raise RecordError("nested too deeply") from None
        return json.dumps([writer.classes, *writer.table], separators=(",", ":")).encode()

    def loads(self, data: bytes) -> Any:
        """The value of such bytes. Raises RecordError."""
        try:
            names, *table = json.loads(data)
            makers = [self._classes[name] for name in names]
            made: list[Any] = []
            for entry in table:
                if type(entry) is list:
                    kind, *parts = entry
                    values = [made[part] for part in parts]
                    made.append(makers[kind](*values) if kind >= 0 else _MAKERS[kind](values))
                else:
                    made.append(entry)
            return made[-1]
        except (ValueError, TypeError, LookupError, RecursionError) as error:
            raise RecordError(str(error)) from error


class _Writer:
    """The table of one value."""

    def __init__(self, names: Mapping[type, str]) -> None:
        self._names = names
        self.classes: list[str] = []
        self.table: list[object] = []
        self._numbers: dict[type, int] = {}
        self._atoms: dict[tuple[type, object], int] = {}
        self._made: dict[int, tuple[int, object]] = {}  # the object, so that its id stays its own

    def entry(self, value: object) -> int:
        """The number of a value's entry."""
        kind = type(value)
        if kind in _ATOMS:
            key = (kind, value)
            if key not in self._atoms:
                self._atoms[key] = self._new(value)
            return self._atoms[key]
        known = self._made.get(id(value))
        if known is None:
            number = self._new([self._kind_of(kind), *map(self.entry, _parts(value, kind))])
            known = self._made[id(value)] = number, value
        return known[0]

    def _new(self, entry: object) -> int:
        self.table.append(entry)
        return len(self.table) - 1

    def _kind_of(self, kind: type) -> int:
        collection = _COLLECTIONS.get(kind)
        if collection is not None:
            return collection
        if kind not in self._numbers:
            if kind not in self._names:
                raise RecordError(f"no record: {kind.__qualname__}")
            self._numbers[kind] = len(self.classes)
            self.classes.append(self._names[kind])
        return self._numbers[kind]


def _parts(value: Any, kind: type[Any]) -> Iterable[object]:
    """What a value is made of again."""
    if kind in (frozenset, set):
        return sorted(value, key=repr)
    if kind is dict:
        return [each for item in value.items() for each in item]
    if issubclass(kind, Enum):
        return (value.value,)
    if issubclass(kind, tuple | list):
        return tuple(value)
    if issubclass(kind, str):
        return (str(value), *(getattr(value, name) for name in vars(kind)["__slots__"]))
    return [getattr(value, name) for name in _names(cast("Hashable", kind))]


@cache
def _names(kind: Hashable) -> tuple[str, ...]:
    """The fields that a class is made with, by position."""
    if not is_dataclass(kind):
        raise RecordError(f"no record: {kind}")
    return tuple(each.name for each in fields(kind) if each.init)
