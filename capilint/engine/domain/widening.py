"""What a state gives up where the combinations of handles that are there or not become too many.

few combinations     every handle is followed
many                 of one that ended, or that others can see anyway, no more is known than
                     that it may be there: it owes nothing, and what is done to it from here
                     on is judged as before
much work, too       of one that nothing is owed for, no more than whether it was released
too many             of one that is not there in all states, nothing is known
"""

from __future__ import annotations

from collections.abc import Set

from capilint.engine.domain.handle import Handle, Typestate, changed
from capilint.engine.domain.state import State
from capilint.engine.domain.values import Symbol


def forget_settled(state: State) -> None:
    """Of handles for which nothing is owed, know no more than that they may be there."""
    for symbol, handle in list(state.handles.items()):
        if _is_seen(handle) or (_has_ended_unmade(handle) and not state.holders(symbol)):
            state.handles[symbol] = _unknown(handle)


def settle(state: State) -> None:
    """Of handles for which nothing is owed, know no more than that they were released."""
    for symbol, handle in list(state.handles.items()):
        released = handle.typestate is Typestate.DESTROYED and handle.doubt is None
        if released and handle.made:
            state.handles[symbol] = changed(handle, owner=None, used=False, raised=False)
        elif handle.matters and not (handle.owed or handle.held_by_caller or handle.optional):
            state.handles[symbol] = _unknown(handle)


def give_up(state: State, kept: Set[Symbol]) -> bool:
    """Of all handles but some, know nothing any more. Whether there were any."""
    given_up = [
        symbol for symbol, handle in state.handles.items() if handle.matters and symbol not in kept
    ]
    for symbol in given_up:
        state.handles[symbol] = _unknown(state.handles[symbol])
    return bool(given_up)


def _is_seen(handle: Handle) -> bool:
    """Whether a handle lives, and others can see it."""
    return handle.escaped and not handle.orphaned and handle.typestate is Typestate.LIVE


def _has_ended_unmade(handle: Handle) -> bool:
    """Whether a handle that was given here was released."""
    return handle.typestate is Typestate.DESTROYED and not handle.made


def _unknown(handle: Handle) -> Handle:
    return changed(
        handle, typestate=Typestate.UNKNOWN, made=False, escaped=True, orphaned=False, count=1
    )
