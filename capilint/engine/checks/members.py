"""Members that an object takes into its grave: handles that its class forgets to release.

    obj.key = <made here>; return obj    +    the class's __del__, __exit__ or close, run at once
                                              releases other members, and leaves that one alive

Such a handle was handed to the caller with its object, so the function that made it owes nothing.
But where nothing in the program takes the member out again, nobody can release it: CAP101.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Set
from dataclasses import dataclass

from capilint.engine.checks.taken_members import TakenMembers
from capilint.engine.domain.events import Defect, Ender, Path
from capilint.engine.domain.handle import Typestate
from capilint.engine.domain.state import State
from capilint.engine.domain.values import Location, Symbol, initial
from capilint.engine.program.classes import Missing
from capilint.engine.program.linkage import Definition
from capilint.engine.transfer.interpreter import Interpreter
from capilint.ir import (
    Function,
    Language,
    Module,
    Return,
    Scope,
)

ALL_BUT_ONE = 2  # so many handles have to end with a thing to show that it does


@dataclass(frozen=True, slots=True)
class Member:
    """A handle that only a member of `thing` holds: an object, or what a pointer leads to."""

    symbol: Symbol
    thing: Symbol
    path: tuple[str, ...]


def fills_members(definition: Definition, interpreter: Interpreter) -> bool:
    """Whether a function of Python leaves handles in members of objects that its caller has."""
    if definition.module.language is not Language.PYTHON:
        return False
    return any(
        any(members_of(exit_.state, thing))
        for _, exit_, _ in interpreter.exits
        if not exit_.raised
        for thing, _ in objects_left(definition, interpreter, exit_.state)
    )


def forgotten_members(
    definition: Definition, interpreter: Interpreter, taken: TakenMembers
) -> Iterator[Defect]:
    """The handles that a function puts into members, none `taken`, and that end with no object."""
    for node, exit_, path in interpreter.exits:
        if exit_.raised:
            continue
        for thing, owner in objects_left(definition, interpreter, exit_.state):
            members = [
                each
                for each in members_of(exit_.state, thing)
                if not taken.has(owner, each.path[0])
            ]
            if members:
                end = Path(exit_.state.copy(), node, path.trail)
                yield from _left_alive(interpreter, definition.module, end, thing, owner, members)


def objects_left(
    definition: Definition, interpreter: Interpreter, state: State
) -> Iterator[tuple[Symbol, str]]:
    """The objects that the caller has after a function, with their classes; an argument that the
    function filled has none that is known."""
    function = definition.function
    for thing in sorted((state.objects & state.exposed) - state.shared, key=repr):
        owner = interpreter.objects.class_of(thing)
        if owner is not None:
            yield thing, owner
    if function.owner_class is not None and function.receiver is not None:
        first = initial(Location(function.receiver))
        if first not in state.shared:
            yield first, function.owner_class
    for parameter in function.parameters:
        given = initial(Location(parameter.variable))
        if parameter.variable != function.receiver and given not in state.shared:
            yield given, ""


def members_of(state: State, thing: Symbol) -> Iterator[Member]:
    """The handles made here that only a member of an object holds."""
    for member in kept_members(state):
        if member.thing == thing and len(member.path) == 1:
            yield member


def kept_members(state: State) -> Iterator[Member]:
    """The handles made here that the caller has in only one member of something."""
    for symbol, handle in state.handles.items():
        given = handle.made and (handle.handed or handle.entrusted)
        kept = given and not (handle.escaped or handle.owns_itself)
        if not kept or handle.doubt is not None or handle.typestate is not Typestate.LIVE:
            continue
        places = [place for place in state.holders(symbol) if outlives_call(place)]
        if len(places) == 1 and isinstance(places[0].base, Symbol) and places[0].path:
            yield Member(symbol, places[0].base, places[0].path)


def outlives_call(place: Location) -> bool:
    """Whether a place is there when the function is left."""
    return isinstance(place.base, Symbol) or place.base.scope is Scope.GLOBAL


def _left_alive(
    interpreter: Interpreter,
    module: Module,
    path: Path,
    thing: Symbol,
    owner: str,
    members: Iterable[Member],
) -> Iterator[Defect]:
    """The members that the first ender which releases anything leaves alive, on all its ways."""
    before = destroyed(path.state)
    for method in interpreter.callees.classes.enders(owner, module):
        if not isinstance(method, Definition):
            continue
        leave = last_return(method.function)
        summary = interpreter.callees.summary_of(method) or Missing.UNKNOWN
        with interpreter.typestates.gathered():
            ways = interpreter.objects.run(path.fork(), thing, summary, leave.span)
        ends = [way for way in ways if destroyed(way.state) - before]
        if ends:
            ender = Ender(method.function.name, method.path, leave.span)
            self_name = method.function.parameters[0].variable.name
            for member in members:
                if all(is_alive(end.state, member.symbol) for end in ends):
                    resource = path.state.handles[member.symbol].resource
                    text = self_name + member.path[0]
                    trail = ends[0].trail
                    yield Defect(
                        "CAP101", member.symbol, resource, leave.span, path.node, trail, text, ender
                    )
            return


def is_alive(state: State, symbol: Symbol) -> bool:
    """Whether a handle lives on, and nobody else may have taken it."""
    handle = state.handles.get(symbol)
    return handle is not None and handle.typestate is Typestate.LIVE and not handle.escaped


def rest_is_gone(
    interpreter: Interpreter,
    path: Path,
    after: State,
    member: Member,
    rest: Set[Symbol],
    lone: bool,
) -> bool:
    """Whether the rest of what a thing holds where a `path` ends has ended `after` a closer, and is
    enough to show that the thing has: two handles, or what the member was made with where the
    closer is a `lone` one."""
    enough = 1 if lone and _is_made_with(interpreter, path.state, member, rest) else ALL_BUT_ONE
    return len(rest) >= enough and rest <= destroyed(after)


def _is_made_with(
    interpreter: Interpreter, state: State, member: Member, others: Iterable[Symbol]
) -> bool:
    """Whether the function that made a handle needs one like each of the others for it."""
    origin = interpreter.typestates.origins.get(member.symbol)
    maker = interpreter.rulebook.direct(origin.creator, Language.C) if origin is not None else None
    resources = {state.handles[each].resource for each in others}
    return maker is not None and resources <= set(maker.protocol.uses.values())


def destroyed(state: State) -> set[Symbol]:
    """The handles that have ended."""
    return {
        symbol
        for symbol, handle in state.handles.items()
        if handle.typestate is Typestate.DESTROYED
    }


def last_return(function: Function) -> Return:
    """Where a function is left at its end."""
    returns = (block.terminator for block in function.blocks)
    return max(
        (each for each in returns if isinstance(each, Return)),
        key=lambda each: (each.span.line, each.span.column),
        default=Return(None, function.span, implicit=True),
    )
