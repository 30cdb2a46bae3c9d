"""Where a program was when it called the API: the values that travel through the journal."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass


@dataclass(frozen=True, slots=True)
class Place:
    """One frame of a stack. Lines and columns count from 1, column 0 is unknown.

    `arguments` are the texts of the call's arguments in the order of the SDK page, as far as
    they are known; `target` is the variable that takes the call's result.
    """

    path: str
    line: int
    function: str
    column: int = 0
    end_line: int = 0
    end_column: int = 0
    arguments: tuple[str, ...] = ()
    target: str = ""


Stack = Sequence[Place]  # innermost first


def to_json(stack: Stack) -> list[dict[str, object]]:
    """The stack as JSON values."""
    return [asdict(place) for place in stack]


def from_json(values: Sequence[dict[str, object]]) -> tuple[Place, ...]:
    """The stack that `to_json` wrote."""
    return tuple(_place(value) for value in values)


def _place(value: dict[str, object]) -> Place:
    fields = dict(value)
    fields["arguments"] = tuple(fields.get("arguments") or ())  # type: ignore[arg-type]
    return Place(**fields)  # type: ignore[arg-type]
