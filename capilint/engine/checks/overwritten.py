"""Members that the assignment of a whole object overwrites while they live.

    Key &operator=(const Key &other)     CryptDuplicateKey(other.key, .., &key)    and the old one?
    ~Key()                               CryptDestroyKey(key)                      ──► CAP103

What is assigned to is a whole object, whose members hold what its destructor would release. So the
operator is analysed once more, with live handles in those that the destructor always releases.
Where a caller is seen to lose a handle so, the mistake is told there, beside the handle's creation.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence

from capilint.engine.domain.budget import BoundReached
from capilint.engine.domain.events import Defect
from capilint.engine.domain.handle import Handle, Typestate
from capilint.engine.domain.values import Location, Symbol, initial
from capilint.engine.fixpoint import Fixpoint, Graph
from capilint.engine.program.callgraph import Program
from capilint.engine.program.linkage import Definition
from capilint.engine.program.names import calls_of
from capilint.engine.summaries.summary import Outcome, Summary
from capilint.engine.transfer.interpreter import Interpreter
from capilint.finding import Span
from capilint.ir import Direct, Language, Parameter, Place
from capilint.ir.signatures import last_name

_OBJECTS = 2  # the one that is assigned to, and the other


def assigns_whole_object(definition: Definition) -> bool:
    """Whether it is an operator that assigns one object of its class to another.

    One that the compiler makes copies handles as they are: who uses it has two owners of each.
    """
    function = definition.function
    if function.language is not Language.CPP or function.implicit or function.receiver is None:
        return False
    if last_name(function.qualified_name) != "operator=":
        return False
    shown = [each for each in function.parameters if not each.variable.name.startswith("%")]
    return len(shown) == _OBJECTS and len({_class_of(each) for each in shown}) == 1


def _class_of(parameter: Parameter) -> str:
    return parameter.type_name.removeprefix("const ").rstrip("&* ")


def is_told_by_callers(
    definition: Definition, program: Program, lost: Collection[tuple[str, Span]]
) -> bool:
    """Whether a call of the function is one of the places where handles are known to be lost."""
    return any(
        isinstance(call.callee, Direct)
        and (caller.path, call.span) in lost
        and definition in program.names.alternatives(call.callee.name, caller.module)
        for caller, (called, *_) in program.calls.items()
        if definition in called
        for call in calls_of(caller.function)
    )


def overwritten_members(
    interpreter: Interpreter, destructor: Summary
) -> tuple[Sequence[Defect], Graph]:
    """The members that an operator loses, and its states; `interpreter` has not run yet."""
    receiver = interpreter.function.receiver
    held = dict(_always_released(destructor)) if receiver is not None else {}
    fixpoint = Fixpoint(interpreter)
    if receiver is None or not held:
        return [], fixpoint.graph
    begin = interpreter.entry()
    whole = initial(Location(receiver))
    lost = set()
    for path, resource in held.items():
        place = Location(whole, path)
        symbol = initial(place)
        begin.environment[place] = symbol
        begin.handles[symbol] = Handle(resource, Typestate.LIVE, made=True, handed=True)
        interpreter.evaluator.assume(begin, symbol, True)
        interpreter.typestates.name(symbol, Place(receiver, ("*", *path)))
        lost.add(symbol)
    try:
        graph = fixpoint.solve(begin)
    except BoundReached:
        return [], fixpoint.graph
    found = interpreter.typestates.defects
    return [each for each in found if each.code == "CAP103" and each.symbol in lost], graph


def _always_released(destructor: Summary) -> Iterator[tuple[tuple[str, ...], str]]:
    """The members that a destructor releases whenever they are not null, and as what."""
    whole = initial(Location(destructor.parameters[0]))
    released = {
        (symbol, handle.resource)
        for outcome in destructor.outcomes
        for symbol, handle in outcome.handles
        if handle.is_ended and not handle.made
    }
    for symbol, resource in sorted(released, key=repr):
        place = symbol.detail if symbol.kind == "initial" else None
        if not isinstance(place, Location) or place.base != whole or len(place.path) != 1:
            continue
        if all(_ends(outcome, symbol) for outcome in destructor.outcomes):
            yield place.path, resource


def _ends(outcome: Outcome, symbol: Symbol) -> bool:
    """Whether a way through a destructor ends a handle, or is that of no handle."""
    if any(set(value.symbols) == {symbol} and not truth for value, truth in outcome.requires):
        return True
    return any(each == symbol and handle.is_ended for each, handle in outcome.handles)
