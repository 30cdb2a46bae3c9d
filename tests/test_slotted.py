"""`capilint.slotted.dataclass` makes the same of a class as the standard library's."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from typing import Any, ClassVar

import pytest

from capilint import slotted

KINDS = [
    {},
    {"slots": True},
    {"frozen": True},
    {"frozen": True, "slots": True},
    {"frozen": True, "slots": True, "eq": False},
    {"frozen": True, "slots": True, "eq": False, "repr": False},
    {"slots": True, "eq": False},
    {"frozen": True, "order": True},
]


def classes(decorate: Callable[..., Any], options: dict[str, bool]) -> tuple[Any, ...]:
    @decorate(**options)
    class Base:
        """Some fields."""

        first: int
        second: tuple[str, ...] = ()
        several: list[int] = dataclasses.field(default_factory=list)
        aside: str = dataclasses.field(default="aside", compare=False, repr=False)
        late: int = dataclasses.field(init=False, default=7)
        made: set[int] = dataclasses.field(init=False, default_factory=set)
        kind: ClassVar[str] = "base"

        def doubled(self) -> int:
            return self.first * 2

    @decorate(**options)
    class Derived(Base):
        """One more field, and what follows from it."""

        third: str = "third"
        followed: str = dataclasses.field(init=False)

        def __post_init__(self) -> None:
            object.__setattr__(self, "followed", self.third + "!")

        def __repr__(self) -> str:
            return f"<{self.third}>"

    @decorate(**options)
    class Single:
        """One field, and a hash of its own."""

        only: str

        def __hash__(self) -> int:
            return 5

    @decorate(**options)
    class Empty:
        """No field."""

    return Base, Derived, Single, Empty


def told(base: Any, derived: Any, single: Any, empty: Any) -> list[object]:
    """All that can be asked of such classes, but their names' places."""
    one, same = base(1, ("a",), aside="b"), base(first=1, second=("a",), aside="c")
    objects = [one, same, base(2), derived(1), derived(1, third="x"), single("s"), empty()]
    answers: list[object] = [
        [name(each) for each in objects],
        [[left == right for right in objects] for left in objects],
        [kept(each) for each in objects],
        [type(each).__match_args__ for each in objects],
        [[f.name for f in dataclasses.fields(each)] for each in objects],
        [getattr(type(each), "__slots__", None) for each in objects],
        [hasattr(each, "__dict__") for each in objects],
        one.several is not same.several,
        (one.aside, one.late, one.made, one.doubled(), one.kind),
        dataclasses.asdict(derived(3)),
        dataclasses.replace(one, first=9).first,
        derived("x").followed,
    ]
    for wrong in (lambda: base(), lambda: base(1, made=set()), lambda: single()):
        with pytest.raises(TypeError) as caught:
            wrong()
        answers.append(str(caught.value).rpartition(".")[2])
    answers.append([changed(each) for each in objects if hasattr(each, "first")])
    return answers


def name(each: object) -> str:
    """Its text, where that has no address."""
    return repr(each) if " at 0x" not in repr(each) else "an object"


def kept(each: Any) -> object:
    """Whether it has a hash, which is that of equal ones."""
    try:
        return hash(each) == hash(dataclasses.replace(each))
    except TypeError as error:
        return str(error).partition(":")[0]


def changed(each: Any) -> list[str]:
    """What comes of setting a field, and of deleting one."""
    said = []
    for change in (lambda: setattr(each, "first", 1), lambda: delattr(each, "second")):
        try:
            change()
            said.append("done")
        except (AttributeError, TypeError) as error:
            said.append(type(error).__name__)
    return said


@pytest.mark.parametrize("options", KINDS, ids=lambda options: " ".join(options) or "plain")
def test_it_is_what_the_standard_library_makes(options: dict[str, bool]) -> None:
    assert told(*classes(slotted.dataclass, options)) == told(
        *classes(dataclasses.dataclass, options)
    )
