"""The elements of containers on one path: cells, numbered in the order in which they are put in."""

from __future__ import annotations

from collections.abc import Iterable
from itertools import count

from capilint.execution.validate.evaluation import Evaluation
from capilint.execution.validate.values import Concrete, Location, NotRunnable, Parts, Reference
from capilint.ir import NEW_ELEMENT, AddressOf, ElementOperation, Elements


def put(
    evaluation: Evaluation, instruction: Elements, value: Concrete, parts: Parts
) -> Iterable[tuple[Location, Concrete]]:
    """The cells that an added element fills."""
    container = evaluation.locate(instruction.container)
    accessor, tail = instruction.path[0], instruction.path[1:]
    if accessor == NEW_ELEMENT:
        known = _elements(evaluation, container)
        accessor = next(each for number in count() if (each := f"[+{number}]") not in known)
    target = Location(container.base, (*container.path, accessor, *tail))
    yield target, value
    for path, part in parts:
        yield Location(target.base, target.path + path), part


def taken(evaluation: Evaluation, instruction: Elements) -> Location | None:
    """The element that is to end, if there is one. Raises NotRunnable."""
    container = evaluation.locate(instruction.container)
    known = _elements(evaluation, container)
    if instruction.path:
        return _at(container, instruction.path[0]) if instruction.path[0] in known else None
    return _at(container, _only(known)) if known else None


def asked(evaluation: Evaluation, instruction: Elements) -> Concrete:
    """What an operation gives that changes no element. Raises NotRunnable."""
    container = evaluation.locate(instruction.container)
    known = _elements(evaluation, container)
    match instruction.operation:
        case ElementOperation.COUNT:
            return len(known)
        case ElementOperation.PICK:
            accessor = instruction.path[0] if instruction.path else _only(known)
            return Reference(_at(container, accessor))
        case ElementOperation.NEXT if isinstance(instruction.operand, AddressOf):
            cursor = evaluation.locate(instruction.operand.place)
            met = evaluation.memory.load(cursor)
            if not isinstance(met, int):
                raise NotRunnable("a cursor that is nowhere")
            evaluation.memory.store(cursor, met + 1)
            return Reference(_at(container, known[met])) if met < len(known) else 0
    raise NotRunnable(f"{instruction.operation} of elements")


def _elements(evaluation: Evaluation, container: Location) -> list[str]:
    inside = evaluation.memory.inside(container)
    if evaluation.memory.load(container) != ():
        raise NotRunnable("a container that others have seen")
    return list(dict.fromkeys(path[0] for path, _ in inside))


def _only(known: list[str]) -> str:
    if len(known) != 1:
        raise NotRunnable("one end of a container")
    return known[0]


def _at(container: Location, accessor: str) -> Location:
    return Location(container.base, (*container.path, accessor))
