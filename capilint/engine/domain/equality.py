"""What the equality of two unknowns says of one, as soon as something is known of the other.

if (wanted == kind) return;      wanted != kind
if (kind == CNG) ..              wanted != CNG  there, too

The same of one that is known to be one of few numbers, where all the others are excluded.
"""

from __future__ import annotations

from collections.abc import Mapping

from capilint.engine.domain.order import normal_comparison
from capilint.engine.domain.values import ZERO, AbstractValue, Number, Status, Symbol, Term

Facts = Mapping[AbstractValue, bool]


def known_number(facts: Facts, value: AbstractValue) -> int | None:
    """The number that a value is, or that the facts say an unknown is equal to."""
    match value:
        case Number(number) | Status(_, number):
            return number
        case Symbol() if facts.get(value) is False:
            return 0
        case Symbol(numbers=terms) if terms:
            known = [term for term in terms & facts.keys() if facts[term]]
            operands = (each for term in known for each in term.operands)
            return min((each.value for each in operands if isinstance(each, Number)), default=None)
        case _:
            return None


def told_by_truth(facts: Facts, value: AbstractValue, truth: bool) -> list[AbstractValue]:
    """What holds of others where a value turns out to be 0, or not to be."""
    return _told(facts, value, None if truth else ZERO) if isinstance(value, Symbol) else []


def told_by_comparison(
    facts: Facts, operator: str, left: AbstractValue, right: AbstractValue
) -> list[AbstractValue]:
    """What holds of others, or of these two, where a comparison turns out to hold."""
    if operator not in ("==", "!=") or not isinstance(left, Symbol):
        return []
    if isinstance(right, Number):
        return _told(facts, left, right) if operator == "==" else _left_of_choices(facts, left)
    if not isinstance(right, Symbol):
        return []
    told: list[AbstractValue] = []
    for one, other in ((left, right), (right, left)):
        number = known_number(facts, one)
        if number is not None:
            told.append(Term(operator, (other, Number(number))))
        elif operator == "==" and facts.get(one):
            told.append(other)
    return told


def _left_of_choices(facts: Facts, unknown: Symbol) -> list[AbstractValue]:
    """What an unknown must be that is one of few numbers, where but one of them is left; what
    cannot be, where none is."""
    for term in unknown.choices:
        if facts.get(term):
            apart = (normal_comparison("!=", unknown, each) for each in term.operands[1:])
            left = [
                number
                for number, other in zip(term.operands[1:], apart, strict=True)
                if not facts.get(other)
            ]
            if len(left) < 2:
                return [Term("==", (unknown, left[0])) if left else ZERO]
    return []


def _told(facts: Facts, known: Symbol, number: Number | None) -> list[AbstractValue]:
    """The same where an unknown turns out to be a number, or (None) not to be 0."""
    told: list[AbstractValue] = []
    for operator in ("==", "!="):
        for term in known.related:
            if term.operator != operator or not facts.get(term):
                continue
            other = term.operands[0] if term.operands[1] is known else term.operands[1]
            if number is not None:
                told.append(Term(operator, (other, number)))
            elif operator == "==":
                told.append(other)
    return told
