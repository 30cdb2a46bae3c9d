"""Members that an object's destructor releases wrongly: a dead handle again, or as another kind.

    close():  CryptDestroyKey(self.key)           __del__():  self.close()
              and self.key stays what it was                  ──► CAP202, in close()
    open():   CryptGenKey(.., &self.key)          __del__():  CryptDestroyHash(self.key)
                                                              ──► CAP203, there

The method and the destructor are each right by themselves; what is wrong is the one after the
other, and the destructor comes whenever the object is dropped. Methods count that others call:
public ones, `__exit__`, and the constructor, also where it raises, since the half-made object ends
then.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from capilint.engine.domain.events import Defect, Ender, Event, Path, Trail
from capilint.engine.domain.handle import Typestate
from capilint.engine.domain.state import State
from capilint.engine.domain.values import Location, Symbol, initial
from capilint.engine.program.classes import Missing
from capilint.engine.program.linkage import Definition
from capilint.engine.program.names import calls_of
from capilint.engine.transfer.interpreter import Interpreter
from capilint.ir import Call, Direct, Place, Read, Variable


def members_released_wrongly(definition: Definition, interpreter: Interpreter) -> Iterator[Defect]:
    """The members that a method has released or made and the destructor releases wrongly."""
    function, classes = definition.function, interpreter.callees.classes
    variable = function.receiver
    if variable is None or not classes.is_called_by_others(definition):
        return
    if any(_ends_memory(call, variable, interpreter) for call in calls_of(function)):
        return  # `delete this`: the destructor has run
    destructor = classes.enders(function.owner_class or "", definition.module)[0]
    if not isinstance(destructor, Definition):
        return
    # A method that raises leaves a whole object, and a constructor a half-made one.
    dies_unended = classes.is_constructor(function) != classes.ends_half_made
    thing = initial(Location(variable))
    for node, exit_, path in interpreter.exits:
        if thing in exit_.state.shared or (exit_.raised and dies_unended):
            continue
        held = dict(_held(exit_.state, thing))
        if held:
            end = Path(exit_.state.copy(), node, path.trail)
            for defect in _released_wrongly(interpreter, end, thing, destructor):
                if defect.symbol in held and not _helps_constructors(definition, interpreter):
                    place = Place(variable, ("*", held[defect.symbol]))
                    text = interpreter.typestates.place_text(place)
                    yield replace(defect, text=text)


def _helps_constructors(definition: Definition, interpreter: Interpreter) -> bool:
    """Whether a constructor of its class calls a method, to end what is half made, and nothing
    else in the file does but methods of the class: it is a helper, public or not."""
    name, owner = definition.function.qualified_name, definition.function.owner_class
    callers = [
        each
        for each in definition.module.functions
        if any(call.callee == Direct(name) for call in calls_of(each))
    ]
    classes = interpreter.callees.classes
    inside = all(each.owner_class == owner for each in callers)
    return inside and any(map(classes.is_constructor, callers))


def _ends_memory(call: Call, variable: Variable, interpreter: Interpreter) -> bool:
    """Whether a call ends the memory that a variable points to."""
    if Read(Place(variable)) not in call.arguments or not isinstance(call.callee, Direct):
        return False
    bound = interpreter.callees.api(call.callee.name)
    return bound is not None and bound.protocol.frees is not None


def _held(state: State, thing: Symbol) -> Iterator[tuple[Symbol, str]]:
    """The dead and the new handles that members of an object hold, with the members' accessors."""
    for symbol, handle in state.handles.items():
        known = handle.typestate is Typestate.DESTROYED or handle.made
        if not known or handle.doubt is not None:
            continue
        places = [*state.holders(symbol)]
        if isinstance(symbol.detail, Location) and state.load(symbol.detail) == symbol:
            places.append(symbol.detail)
        for place in places:
            if place.base == thing and len(place.path) == 1:
                yield symbol, place.path[0]


def _released_wrongly(
    interpreter: Interpreter, path: Path, thing: Symbol, destructor: Definition
) -> Iterator[Defect]:
    """What the destructor releases twice, or as another kind, if on all ways that a real handle
    takes."""
    typestates, assume = interpreter.typestates, interpreter.evaluator.assume
    before = path.trail
    with typestates.gathered() as defects:
        method = interpreter.callees.summary_of(destructor) or Missing.UNKNOWN
        ways = interpreter.objects.run(path, thing, method, destructor.function.span)
    for defect in defects:
        possible = [way for way in ways if assume(way.state.copy(), defect.symbol, True)]
        releases = [_since(way.trail, before, defect.symbol) for way in possible]
        if defect.code in ("CAP202", "CAP203") and defect.trail is not None and all(releases):
            event = defect.trail.event
            name = _innermost(defect.trail) or destructor.function.name
            yield replace(defect, span=event.span, ender=Ender(name, event.path, event.span))


def _since(trail: Trail | None, before: Trail | None, symbol: Symbol) -> bool:
    """Whether a handle was released on a trail after an earlier point of it."""
    while trail is not None and trail is not before:
        if any(role.action == "release" and role.symbol == symbol for role in trail.event.roles):
            return True
        trail = trail.before
    return False


def _innermost(trail: Trail) -> str:
    """The function that the last event happened in."""
    within: list[Event] = []
    for event in trail.events():
        if event.kind == "enter":
            within.append(event)
        elif event.kind == "exit" and within:
            within.pop()
    return within[-1].function if within else ""
