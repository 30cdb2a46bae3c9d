"""The variables of a function that are for handles, by their types and by what its calls show."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from capilint.ir import Call, Declare, Direct, Function, Instruction, Module, Variable, places_in
from capilint.rulebook.book import Bound
from capilint.rulebook.protocol import Protocol

ApiOf = Callable[[str], Bound | None]


def handle_types(module: Module, types: frozenset[str]) -> frozenset[str]:
    """The names that a module has for the types, its typedefs among them."""
    if not module.typedefs:
        return types
    named = (name for name, meant in module.typedefs.items() if not types.isdisjoint(meant))
    return types.union(named)


def handle_variables(function: Function, api: ApiOf, types: frozenset[str]) -> frozenset[Variable]:
    """The variables that are declared with one of the types, or that API calls take for handles.

    A box is one, too, but not what holds a handle as a member.
    """
    given = {each.variable for each in function.parameters if each.type_name in types}
    return frozenset(given).union(
        variable
        for block in function.blocks
        for instruction in block.instructions
        for variable in _shown_by(instruction, api, types)
    )


def _shown_by(instruction: Instruction, api: ApiOf, types: frozenset[str]) -> Iterator[Variable]:
    match instruction:
        case Declare(variable, type_name) if type_name in types:
            yield variable
        case Call(Direct(name), arguments, result, _, keywords) if (bound := api(name)) is not None:
            wanted = _handle_parameters(bound.protocol)
            given = [*zip(bound.protocol.params, arguments, strict=False), *keywords]
            for parameter, value in given:
                if parameter in wanted:
                    yield from (place.root for place in places_in(value) if not place.path)
            if bound.protocol.returns.startswith("box") and result is not None and not result.path:
                yield result.root


def _handle_parameters(protocol: Protocol) -> set[str]:
    created = (creation.into for creation in protocol.creates)
    form, _, pointed_to = protocol.returns.partition(":")
    address = {pointed_to} if form == "address" else set()
    return {*protocol.uses, *protocol.releases, *protocol.retains, *created, *address}
