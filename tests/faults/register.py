"""How a module lists its faults."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from tests.faults.situation import FOUND, Fault, Outcome, Situation

Happening = Callable[[Situation], Outcome]


def fault(
    listed: list[Fault],
    name: str,
    status: int = 1,
    says: Sequence[str] = (),
    found: Sequence[str] = FOUND,
) -> Callable[[Happening], Happening]:
    """List a fault, which the decorated function makes."""

    def add(happen: Happening) -> Happening:
        listed.append(Fault(name, happen, status, says, found))
        return happen

    return add
