"""Dataclasses, made quickly: the classes, of which a run has hundreds, and their objects.

The standard library compiles up to six methods for each class, one by one, which was a tenth of a
short run. Here `__init__` alone is compiled, and the other methods are shared. And where a class is
frozen, its `__init__` does not look up each field by `object.__setattr__`, but calls the slots' own
setters: 0.6 of the time.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Mapping
from dataclasses import MISSING, Field, FrozenInstanceError, fields
from operator import attrgetter
from typing import TYPE_CHECKING, Any, NoReturn

Getter = Callable[[Any], Any]
_OPTIONS = frozenset(("frozen", "slots", "eq", "repr"))

if TYPE_CHECKING:
    from dataclasses import dataclass as dataclass
else:

    def dataclass(made: type | None = None, /, **options: bool) -> Any:
        """`dataclasses.dataclass`, and so itself where an option is one that is seldom used."""
        if made is None:
            return lambda each: dataclass(each, **options)
        if not options.keys() <= _OPTIONS:
            return dataclasses.dataclass(made, **options)
        made = dataclasses.dataclass(made, init=False, eq=False, repr=False)
        if options.get("slots"):
            made = _with_slots(made)
        return _with_methods(made, options)


def _with_slots(made: type) -> type:
    """The class anew: what is in a slot is for the class's creation to say."""
    inherited = {slot for base in made.__mro__[1:] for slot in getattr(base, "__slots__", ())}
    names = [each.name for each in fields(made)]
    content = {
        name: value
        for name, value in vars(made).items()
        if name not in names and name not in ("__dict__", "__weakref__")
    }
    content["__slots__"] = tuple(name for name in names if name not in inherited)
    slotted = type(made)(made.__name__, made.__bases__, content)
    slotted.__qualname__ = made.__qualname__
    return slotted


def _with_methods(made: type, options: Mapping[str, bool]) -> type:
    frozen = options.get("frozen", False)
    known = fields(made)
    own = vars(made)
    methods: dict[str, object] = {
        "__init__": _init(made, known, frozen, options.get("slots", False))
    }
    if options.get("repr", True):
        methods["__repr__"] = _repr([each.name for each in known if each.repr])
    if options.get("eq", True):
        compared = [each.name for each in known if each.compare]
        methods["__eq__"] = _eq(_all_of(compared))
        explicit = own.get("__hash__") is not None or ("__hash__" in own and "__eq__" not in own)
        if not explicit:
            made.__hash__ = _hash(_all_of(compared)) if frozen else None  # type: ignore
    if frozen:
        methods["__setattr__"] = _refuse_to_set
        methods["__delattr__"] = _refuse_to_delete
    for name, method in methods.items():
        if name not in own:
            setattr(made, name, method)
    return made


def _init(made: type, known: tuple[Field[Any], ...], frozen: bool, slots: bool) -> object:
    parameters, lines = [], []
    given: dict[str, object] = {"MISSING": MISSING, "put": object.__setattr__}
    for each in known:
        name, value = each.name, each.name
        has_default, has_factory = each.default is not MISSING, each.default_factory is not MISSING
        given[f"default_{name}"] = each.default_factory if has_factory else each.default
        if has_factory:
            value = f"default_{name}()"
            value = f"{value} if {name} is MISSING else {name}" if each.init else value
        elif not each.init:
            if not (has_default and slots):
                continue  # it is set later, or is the class's
            value = f"default_{name}"
        if each.init:
            default = "=MISSING" if has_factory else f"=default_{name}" if has_default else ""
            parameters.append(name + default)
        if not frozen:
            lines.append(f" self.{name} = {value}")
        elif slots:
            given[f"set_{name}"] = getattr(made, name).__set__
            lines.append(f" set_{name}(self, {value})")
        else:
            lines.append(f" put(self, {name!r}, {value})")
    if hasattr(made, "__post_init__"):
        lines.append(" self.__post_init__()")
    head = f"def __init__({', '.join(['self', *parameters])}):"
    exec("\n".join([head, *(lines or [" pass"])]), given)  # as dataclasses make theirs
    return given["__init__"]


def _all_of(names: list[str]) -> Getter:
    """What gives the values of attributes, as a tuple."""
    if len(names) > 1:
        return attrgetter(*names)
    get = attrgetter(*names) if names else None
    return lambda instance: () if get is None else (get(instance),)


def _eq(values: Getter) -> object:
    def __eq__(self: object, other: object) -> bool:  # noqa: N807
        if other.__class__ is not self.__class__:
            return NotImplemented
        return bool(values(self) == values(other))

    return __eq__


def _hash(values: Getter) -> object:
    def __hash__(self: object) -> int:  # noqa: N807
        return hash(values(self))

    return __hash__


def _repr(names: list[str]) -> object:
    def __repr__(self: object) -> str:  # noqa: N807
        shown = ", ".join(f"{name}={getattr(self, name)!r}" for name in names)
        return f"{self.__class__.__qualname__}({shown})"

    return __repr__


def _refuse_to_set(self: object, name: str, value: object) -> NoReturn:
    raise FrozenInstanceError(f"cannot assign to field {name!r}")


def _refuse_to_delete(self: object, name: str) -> NoReturn:
    raise FrozenInstanceError(f"cannot delete field {name!r}")
