"""Memory that handles stand in: the caller's, which must not end before them.

    object = malloc(size)
    BCryptCreateHash(alg, &hash, object, size, ..)     hash stands in object
    free(object)                                       hash is orphaned, as by a context's release

A block of memory has no typestate of its own: all that is kept is that it owns the handle. A local
buffer is a symbol of its own; where the memory is, a member of a structure that others have filled,
its end is remembered, for the handle beside it that is met later.
"""

from __future__ import annotations

from capilint.engine.domain.events import Event, Path, Role
from capilint.engine.domain.handle import MEMORY, Handle, Typestate, changed
from capilint.engine.domain.state import CONTENTS, State
from capilint.engine.domain.typestate import Typestates
from capilint.engine.domain.values import AbstractValue, Location, Pointer, Symbol
from capilint.finding import Span
from capilint.ir import Scope, Variable

_ONE_PLACE = ((), ("[0]",))


def memory_at(value: AbstractValue) -> Symbol | None:
    """The memory that a pointer leads to, where it is a block of its own."""
    match value:
        case Symbol() if value.kind != "unknown":
            return value
        case Pointer(Location(Variable(scope=Scope.LOCAL) as variable, path)) if path in _ONE_PLACE:
            return local_memory(variable)
    return None


def local_memory(variable: Variable) -> Symbol:
    """The memory of a variable."""
    return Symbol("memory", "here", Location(variable))


def is_owner(state: State, memory: Symbol) -> bool:
    """Whether a handle stands in the memory."""
    return any(handle.owner == memory for handle in state.handles.values())


def end_memory(
    path: Path, typestates: Typestates, memory: Symbol, parameter: str, function: str, span: Span
) -> None:
    """Memory ends: by that parameter of a function, or both empty by the end of its scope.

    What stands in memory that was given, a caller may know.
    """
    if memory.kind in CONTENTS or is_owner(path.state, memory):
        role = Role("free", parameter, memory, MEMORY)
        path.emit(Event("free", span, typestates.path, function, (role,)))
        note_end(path, typestates, memory)


def note_end(path: Path, typestates: Typestates, memory: Symbol) -> None:
    """What stands in the memory outlives it."""
    typestates.orphan(path, memory)
    if memory.kind in CONTENTS:
        typestates.passed_over.add((memory, MEMORY))
        if typestates.members.is_owner(memory):
            path.state.handles[memory] = Handle(MEMORY, Typestate.DESTROYED)


def end_local_memory(path: Path, typestates: Typestates, span: Span) -> None:
    """The function's variables end with it: what the caller gets must not stand in one."""
    for symbol, handle in list(path.state.handles.items()):
        owner = handle.owner
        if owner is not None and owner.kind == "memory" and handle.held_by_caller:
            end_memory(path, typestates, owner, "", "", span)
            typestates.hand_out(path, symbol, span)
            path.state.handles[symbol] = changed(handle, owner=None)
