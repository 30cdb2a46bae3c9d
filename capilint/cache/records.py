"""Frozen values as bytes, in a form that cannot execute anything: a table in JSON.

    (Span(1, 2, 1, 5), Span(3, 2, 3, 5))

    [["capilint.finding.Span"],  1, 2, 5, [0, 0, 1, 0, 2],  3, [0, 4, 1, 4, 2],  [-1, 3, 5]]
        classes                  │        └ a Span of entries 0, 1, 0, 2           └ a tuple of them
                                 └ entries, each after those that it is made of

Only classes that the reader knows are made: dataclasses and named tuples by their fields,
enumerations by their values, texts with attributes by these. Some classes may have others that
stand for them (`Stand`). Equal atoms are one entry. Of the rest what was one object is one again;
for a digest what is equal is one object.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Hashable, Iterable, Mapping
from dataclasses import fields, is_dataclass
from enum import Enum
from functools import cache
from hashlib import sha256
from types import MappingProxyType, ModuleType
from typing import Any, NamedTuple, cast

from capilint.cache.strictness import strictly

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


class Stand(NamedTuple):
    """What stands for the values of a class: `parts` of one, and the one that has them, which
    raises LookupError where there is none."""

    parts: Callable[[Any], tuple[object, ...]]
    meant: Callable[..., Any]


class Records:
    """Writes and reads values that consist of certain classes, collections and atoms."""

    def __init__(
        self,
        classes: Iterable[type],
        stands: Mapping[type, Stand] = MappingProxyType({}),
        strict: Iterable[type] = (),
    ) -> None:
        """Of the classes `strict` only values are read whose parts are what these say."""
        self._classes = {_name_of(each): each for each in (*classes, *stands)}
        self._stands = stands
        self._makers: dict[str, Callable[..., Any]] = {
            name: stands[each].meant if each in stands else each
            for name, each in self._classes.items()
        }
        for each in strict:
            self._makers[_name_of(each)] = strictly(each)

    def digest(self, value: object) -> str:
        """A digest of a value of any records. Raises RecordError."""
        writer = _Writer(None, self._stands, canonical=True)
        return sha256(writer.written(value)).hexdigest()

    def dumps(self, value: object) -> bytes:
        """The bytes of a value. Raises RecordError."""
        names = {known: name for name, known in self._classes.items()}
        return _Writer(names, self._stands, canonical=False).written(value)

    def loads(self, data: bytes) -> Any:
        """The value of such bytes. Raises RecordError."""
        try:
            names, *table = json.loads(data)
            makers = [self._makers[name] for name in names]
            made: list[Any] = []
            for entry in table:
                if type(entry) is list:
                    kind, *parts = entry
                    values = [made[part] for part in parts]
                    made.append(makers[kind](*values) if kind >= 0 else _MAKERS[kind](values))
                else:
                    made.append(entry)
            return made[-1]
        except (ValueError, TypeError, LookupError, AttributeError, RecursionError) as error:
            raise RecordError(str(error)) from error


def records_in(*modules: ModuleType) -> list[type]:
    """The classes that modules define, and that may be records."""
    return [
        each
        for module in modules
        for each in vars(module).values()
        if isinstance(each, type)
        and each.__module__ == module.__name__
        and (is_dataclass(each) or issubclass(each, Enum | tuple | str))
    ]


def _name_of(kind: type) -> str:
    return f"{kind.__module__}.{kind.__qualname__}"


class _Writer:
    """The table of one value; without `names` any class of records may be in it."""

    def __init__(
        self, names: Mapping[type, str] | None, stands: Mapping[type, Stand], canonical: bool
    ) -> None:
        self._names = names
        self._stands = stands
        self._rows: dict[tuple[int, ...], int] | None = {} if canonical else None
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
            stand = self._stands.get(kind)
            parts = _parts(value, kind) if stand is None else stand.parts(value)
            number = self._row((self._kind_of(kind), *map(self.entry, parts)))
            known = self._made[id(value)] = number, value
        return known[0]

    def written(self, value: object) -> bytes:
        """The bytes of a value."""
        try:
            self.entry(value)
        except RecursionError:
            raise RecordError("nested too deeply") from None
        return json.dumps([self.classes, *self.table], separators=(",", ":")).encode()

    def _row(self, row: tuple[int, ...]) -> int:
        if self._rows is None:
            return self._new(row)
        if row not in self._rows:
            self._rows[row] = self._new(row)
        return self._rows[row]

    def _new(self, entry: object) -> int:
        self.table.append(entry)
        return len(self.table) - 1

    def _kind_of(self, kind: type) -> int:
        collection = _COLLECTIONS.get(kind)
        if collection is not None:
            return collection
        if kind not in self._numbers:
            if self._names is not None and kind not in self._names:
                raise RecordError(f"no record: {kind.__qualname__}")
            self._numbers[kind] = len(self.classes)
            self.classes.append(_name_of(kind))
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
