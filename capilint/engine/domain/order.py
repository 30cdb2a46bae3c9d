"""What the facts say about the order of two numbers, and what a loop says of its counter.

    for (i = 0; i < n; i++)      i = i + 1, where i < n is known:   i <= n   from then on,
        ...                      and 0 <= i stays true;
    here i < n is false          so that i == n

A counter is one unknown for all rounds, but these facts hold in each of them.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping

from capilint.engine.domain.values import ZERO, AbstractValue, Number, Status, Term
from capilint.ir import Assign, Branch, Function, Operation, Place, Read, Value, places_in

Facts = Mapping[AbstractValue, bool]

COMPARISONS = frozenset(["==", "!=", "<", "<=", ">", ">="])
TESTS = COMPARISONS | {"!", "&&", "||", "in", "not-in"}  # they tell no more than a truth
NEGATED = {"==": "!=", "!=": "==", "<": ">=", ">=": "<", ">": "<=", "<=": ">"}
MIRRORED = {"==": "==", "!=": "!=", "<": ">", ">": "<", "<=": ">=", ">=": "<="}
_ABOVE_0 = {(">", 0): True, (">=", 1): True, ("<=", 0): False, ("<", 1): False}
_ARITHMETIC = frozenset(["+", "-", "*", "/", "%", "<<", ">>"])
_SIGN_KEEPING = frozenset(["+", "*", "&", "|", "/", "%", ">>", "<<"])


def normal_comparison(operator: str, left: AbstractValue, right: AbstractValue) -> Term:
    """One spelling for `a < b` and `b > a`, and for `a == b` one of the two, always the same."""
    operator, left, right = _normal(operator, left, right)
    return Term(operator, (left, right))


def _normal(
    operator: str, left: AbstractValue, right: AbstractValue
) -> tuple[str, AbstractValue, AbstractValue]:
    if operator in (">", ">="):
        return MIRRORED[operator], right, left
    if operator in ("==", "!=") and _is_before(right, left):
        return operator, right, left
    return operator, left, right


def _is_before(one: AbstractValue, other: AbstractValue) -> bool:
    """An order that is the same in every process, for these compare their results; numbers last."""
    if isinstance(one, Number) is not isinstance(other, Number):
        return isinstance(other, Number)
    texts = repr(one), repr(other)
    return texts[0] < texts[1] if texts[0] != texts[1] else id(one) < id(other)


def known_order(
    facts: Facts, operator: str, left: AbstractValue, right: AbstractValue
) -> bool | None:
    """Whether a comparison is known to hold (True) or not to hold (False)."""
    if operator in ("==", "!="):
        if _fact(facts, "<", left, right) or _fact(facts, "<", right, left):
            return operator == "!="
        if _fact(facts, "<=", left, right) and _fact(facts, "<=", right, left):
            return operator == "=="
        if _is_at_most_one_less(facts, left, right) or _is_at_most_one_less(facts, right, left):
            return operator == "!="
    match operator, left, right:
        case (("<" | ">="), Term("-", (before, Number(1))), Number()):  # `n - 1 < 0` if `n <= 0`
            return known_order(facts, "<=" if operator == "<" else ">", before, right)
    fact = _fact(facts, *_normal(operator, left, right))
    if fact is not None:
        return fact
    negated = _fact(facts, *_normal(NEGATED[operator], left, right))
    return not negated if negated is not None else _by_sign(facts, operator, left, right)


def _is_at_most_one_less(facts: Facts, value: AbstractValue, limit: AbstractValue) -> bool:
    return isinstance(limit, Number) and bool(_fact(facts, "<=", value, Number(limit.value - 1)))


def _by_sign(facts: Facts, operator: str, left: AbstractValue, right: AbstractValue) -> bool | None:
    if isinstance(left, Number):
        left, right, operator = right, left, MIRRORED[operator]
    if not isinstance(right, Number) or right.value > 1 or not is_not_negative(facts, left):
        return None
    if right.value < 0:
        return operator in (">", ">=", "!=")
    at_least = 1 if facts.get(left) else 0
    if right.value <= at_least and operator in ("<", ">="):
        return operator == ">="
    return operator == ">" if right.value < at_least and operator in (">", "<=") else None


def order_of_what_is_there(operator: str, left: AbstractValue, right: AbstractValue) -> bool | None:
    """Whether a comparison holds of which one side is a handle, or an address: `key > 0`. They are
    numbers without a sign, and none of them is 0."""
    if isinstance(left, Number):
        left, right, operator = right, left, MIRRORED[operator]
    return _ABOVE_0.get((operator, right.value)) if isinstance(right, Number) else None


def is_not_negative(facts: Facts, value: AbstractValue) -> bool:
    """Whether a value is known to be 0 or more."""
    match value:
        case Number(number) | Status(_, number):
            return number >= 0
        case Term("-", (other, Number(1))):
            return facts.get(other) is True and is_not_negative(facts, other)
        case Term(operator, operands) if operator in _SIGN_KEEPING:
            return all(is_not_negative(facts, operand) for operand in operands)
        case _:
            return bool(_fact(facts, "<=", ZERO, value) or _fact(facts, "<", ZERO, value))


def _fact(facts: Facts, operator: str, left: AbstractValue, right: AbstractValue) -> bool | None:
    """What the facts say of a comparison; most were never made of anything."""
    term = Term.interned.get((operator, (left, right))) if facts else None
    return None if term is None else facts.get(term)


def bounds(function: Function) -> dict[Place, tuple[Value, ...]]:
    """What each place that is calculated from itself is compared with in branches that ask
    `place < bound`."""
    counted = {
        each.target
        for block in function.blocks
        for each in block.instructions
        if isinstance(each, Assign) and counts(each)
    }
    found: defaultdict[Place, list[Value]] = defaultdict(list)
    for block in function.blocks:
        match block.terminator:
            case Branch(Operation("<", (Read(place), bound))):
                found[place].append(bound)
            case Branch(Operation(">", (bound, Read(place)))):
                found[place].append(bound)
            case _:
                pass
    return {place: tuple(dict.fromkeys(found[place])) for place in found.keys() & counted}


def counts(assign: Assign) -> bool:
    """Whether an assignment changes a number by itself, as loop counters do."""
    value = assign.value
    return (
        isinstance(value, Operation)
        and value.operator in _ARITHMETIC
        and assign.target in places_in(value)
    )
