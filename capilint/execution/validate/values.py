"""What a variable can hold on one path, and the choices that the path is made of."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field


class NotRunnable(Exception):
    """The function needs something that cannot be made up; the text names it."""


class Infeasible(Exception):
    """The path cannot happen, or leads where nothing is looked at."""


NAMED = 0  # the number of constants that only their name tells apart


@dataclass(frozen=True, slots=True)
class Opaque:
    """An unknown value that stays the same; `label` says what it is."""

    number: int
    label: str = ""

    @property
    def is_constant(self) -> bool:
        """Whether it is a named constant, which no other one equals."""
        return self.number == NAMED


@dataclass(frozen=True, slots=True)
class Uninitialised:
    """What a variable holds that was never written, or one of its members: some value, which it
    keeps until it is declared anew (`life`)."""

    cell: Location
    life: int


@dataclass(frozen=True, slots=True)
class HandleValue:
    """A handle of the machine."""

    handle: int


@dataclass(frozen=True, slots=True)
class Location:
    """A memory cell: `base` is a variable of one call, an object, or what an Opaque points at."""

    base: object
    path: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Reference:
    """A pointer to a cell. A `box` is an object whose content counts (ctypes, cffi)."""

    location: Location
    box: bool = False


@dataclass(frozen=True, slots=True)
class Term:
    """A pure operation on something that is not known."""

    operator: str
    operands: tuple[Concrete, ...]


Concrete = (
    int | str | Opaque | Uninitialised | HandleValue | Reference | Term | tuple["Concrete", ...]
)

Parts = list[tuple[tuple[str, ...], Concrete]]  # of a structure, by their paths in it

_OPPOSITES = {"!=": "==", ">=": "<", ">": "<="}


@dataclass(slots=True)
class Choices:
    """The choices of one path: those made before are repeated, new ones take the first way."""

    made: list[tuple[int, int]] = field(default_factory=list)  # chosen, ways
    position: int = 0

    def among(self, ways: int) -> int:
        """The way that this path takes, from 0."""
        if self.position == len(self.made):
            self.made.append((0, ways))
        chosen = self.made[self.position][0]
        self.position += 1
        return chosen

    def next(self) -> bool:
        """Prepare the next path; False after the last."""
        self.position = 0
        while self.made:
            chosen, ways = self.made.pop()
            if chosen + 1 < ways:
                self.made.append((chosen + 1, ways))
                return True
        return False


@dataclass(slots=True)
class Knowledge:
    """What a path has settled about unknown values."""

    choices: Choices
    truths: dict[Concrete, bool] = field(default_factory=dict)
    equal: dict[Concrete, int] = field(default_factory=dict)

    def truth(self, value: Concrete) -> bool:
        """Whether a value is non-zero, on this path."""
        value = self.equal.get(value, value)
        if isinstance(value, int):
            return value != 0
        if isinstance(value, str | tuple):
            return len(value) > 0
        if isinstance(value, HandleValue | Reference):
            return True
        if isinstance(value, Term):
            return self._of_term(value)
        return self._chosen(value)

    def _of_term(self, term: Term) -> bool:
        operator, operands = term.operator, term.operands
        if operator in _OPPOSITES:
            return not self.truth(Term(_OPPOSITES[operator], operands))
        operands = tuple(self.equal.get(operand, operand) for operand in operands)
        if operator == "==" and len(operands) == 2:
            return self._equals(*operands)
        if operator in ("<", "<=") and len(operands) == 2:
            first, second = operands
            if isinstance(first, int) and isinstance(second, int):
                return first < second if operator == "<" else first <= second
            for address, number, behind in ((first, second, False), (second, first, True)):
                least = 1 if (operator == "<") != behind else 0
                there = isinstance(address, HandleValue | Reference)
                if there and isinstance(number, int) and number <= least:
                    return behind  # a number without a sign, and not 0
        return self._chosen(Term(operator, operands))

    def _equals(self, first: Concrete, second: Concrete) -> bool:
        known = (int, str, HandleValue, Reference)
        if isinstance(first, known) and isinstance(second, known):
            return first == second
        if isinstance(first, Opaque) and isinstance(second, Opaque):
            if first == second:
                return True
            if first.is_constant and second.is_constant:
                return False
        if isinstance(first, int):
            first, second = second, first
        if second == 0:
            return not self.truth(first)
        if self.truths.get(first) is False and isinstance(second, int):
            return False
        answer = self._chosen(Term("==", (first, second)))
        if answer and isinstance(second, int):
            self.equal[first] = second
        return answer

    def _chosen(self, question: Concrete) -> bool:
        if question not in self.truths:
            if _hangs_on_names(question):
                raise NotRunnable("a question for the value of a named constant")
            self.truths[question] = self.choices.among(2) == 0
            if not self.truths[question]:
                self.equal[question] = 0
        return self.truths[question]


def leaves(value: Concrete) -> Iterator[Concrete]:
    """The values that a value is made of."""
    if isinstance(value, tuple):
        for inner in value:
            yield from leaves(inner)
    elif isinstance(value, Term):
        for inner in value.operands:
            yield from leaves(inner)
    else:
        yield value


def _hangs_on_names(question: Concrete) -> bool:
    """Whether nothing but named constants and numbers decide a question."""
    parts = list(leaves(question))
    named = [part for part in parts if isinstance(part, Opaque) and part.is_constant]
    return bool(named) and all(part in named or isinstance(part, int) for part in parts)
