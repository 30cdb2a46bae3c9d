"""What unknown code gets at by what it is given.

m_buffer.copy(data)    code of C++ that has a member: what is in it, and no more
store(&m_buffer)       an address: who knows what it makes of the object around it
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import takewhile

from capilint.engine.domain.binding import Argument, Arguments
from capilint.engine.domain.handle import Typestate
from capilint.engine.domain.state import State
from capilint.engine.domain.values import (
    AbstractValue,
    Location,
    Pointer,
    Symbol,
    member_chain,
    symbols_in,
)
from capilint.engine.program.classes import Classes
from capilint.engine.summaries.summary import is_global
from capilint.engine.transfer.ways import Site
from capilint.ir import AddressOf, Direct
from capilint.ir.signatures import scope_of


def member_object(site: Site, arguments: Arguments, classes: Classes) -> Argument | None:
    """The object of a method of C++ that is a member of another object."""
    first, callee = arguments.receiver, site.call.callee
    if isinstance(callee, Direct) and classes.bases_of(scope_of(callee.name)) is not None:
        first = next(iter(arguments.positional), None)
    if first is None or not isinstance(first.written, AddressOf):
        return None
    accessors = reversed(first.written.place.path)
    inside = [*takewhile(lambda accessor: accessor != "*", accessors)]
    is_member = any(accessor.startswith(".") for accessor in inside)
    return first if is_member and isinstance(first.value, Pointer) else None


def clobber(state: State, site: object, value: AbstractValue) -> None:
    """What a pointer leads to may be anything after code that nobody follows."""
    if isinstance(value, Pointer):
        content = Symbol("clobber", site, value.location)
        state.renew(content)
        state.store(value.location, content)
    elif isinstance(value, Symbol):
        for place, _ in state.kept_in(Location(value)):
            content = Symbol("clobber", site, place)
            state.renew(content)
            state.environment[place] = content


def forget_shared_handles(state: State, site: object, given: Sequence[AbstractValue]) -> None:
    """Unknown code may have put new handles where it can reach: the old ones are gone there.

    It reaches global variables, and what the values that it was `given` lead to.
    """
    reached = {symbol for value in given for symbol in symbols_in(value)}
    places = [
        symbol.detail
        for symbol, handle in state.handles.items()
        if symbol.kind in ("initial", "member")
        and isinstance(symbol.detail, Location)
        and handle.typestate is not Typestate.UNKNOWN
        and symbol.detail not in state.environment
    ]
    places += [
        place
        for place, value in state.environment.items()
        if isinstance(value, Symbol) and value in state.handles
    ]
    for place in places:
        if state.is_external(place) and _reaches(place, reached):
            content = Symbol("clobber", site, place)
            state.renew(content)
            state.environment[place] = content


def _reaches(place: Location, reached: set[Symbol]) -> bool:
    if isinstance(place.base, Symbol):
        return not reached.isdisjoint(member_chain(place.base)) or is_global(place.base)
    return True
