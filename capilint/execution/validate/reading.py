"""Who reads what a call gives back, or what it is given: a function's text, without its paths."""

from __future__ import annotations

from collections.abc import Iterator

from capilint import ir


def looks_at_result(function: ir.Function, call: ir.Call) -> bool:
    """Whether the code looks at the result of a call anywhere."""
    result = call.result
    if result is None:
        return False
    if result.path or result.root.scope is ir.Scope.GLOBAL:
        return True
    return result.root in (place.root for place in _read_in(function))


def reads_alone(function: ir.Function, call: ir.Call) -> bool:
    """Whether the variables that a call is given are read once in the function: by it."""
    given = {place.root for value in call.arguments for place in ir.places_in(value)}
    read = [place.root for place in _read_in(function)]
    return bool(given) and all(read.count(variable) == 1 for variable in given)


def _read_in(function: ir.Function) -> Iterator[ir.Place]:
    for block in function.blocks:
        for value in _values_of(block):
            yield from ir.places_in(value)


def _values_of(block: ir.BasicBlock) -> list[ir.Value]:
    values: list[ir.Value] = []
    for instruction in block.instructions:
        match instruction:
            case ir.Assign(_, value):
                values.append(value)
            case ir.Call(callee, arguments):
                values += arguments
                values += [value for _, value in instruction.keywords]
                values += [callee.receiver] if isinstance(callee, ir.Method) else []
    match block.terminator:
        case ir.Branch(condition):
            values.append(condition)
        case ir.Return(returned) if returned is not None:
            values.append(returned)
    return values
