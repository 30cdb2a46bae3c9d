"""Unseen macros that may run what they are given later, or never, for all that anybody knows.

AUTO_CLOSE(CryptDestroyKey(key));     when does it? nothing is said of a dead key behind it
CHECK(CryptDestroyKey(key));          asks at once how that went, as its name says
"""

from __future__ import annotations

import re

from capilint.engine.domain.cause import How
from capilint.engine.domain.evaluate import Evaluator
from capilint.engine.domain.state import State
from capilint.engine.domain.values import Location, Pointer, Symbol
from capilint.engine.program.handle_variables import ApiOf
from capilint.engine.transfer.doubts import doubt_what_ended
from capilint.engine.transfer.ways import Site
from capilint.ir import Call, Direct, Function, Place, Read, Scope, places_in

_MACRO = re.compile(r"[A-Z][A-Z0-9_]+")
_AT_ONCE = re.compile(
    r"(?:^|_)(?:ASSERT|ASSUME|CALL|CHECK|CHECKED|CHK|DO|ENFORCE|ENSURE|EQ|ERR|ERROR|EVAL|EXEC|EXPECT"
    r"|FAIL|FAILED|FALSE|FATAL|IF|IGNORE|INVOKE|LOG|MUST|NE|NOTE|OK|PRINT|REPORT|REQUIRE|RETURN|RUN"
    r"|SAFE|SUCCEEDED|SUCCESS|TEST|THROW|TRACE|TRUE|TRY|UNUSED|VERIFY|VOID|WARN)(?:_|$)"
)


def deferred_call(function: Function, site: Site) -> Call | None:
    """The call that is a call's one argument, where the callee may run it when it likes."""
    callee, given = site.call.callee, site.call.arguments
    if site.call.result is not None or not isinstance(callee, Direct) or len(given) != 1:
        return None
    if _MACRO.fullmatch(callee.name) is None or _AT_ONCE.search(callee.name) is not None:
        return None
    match given[0], site.key:
        case Read(Place(root, ())), (int() as block, int() as index):
            before = function.blocks[block].instructions[:index]
            last = before[-1] if before and root.scope is Scope.TEMPORARY else None
            if isinstance(last, Call) and last.result is not None and last.result.root == root:
                return last
    return None


def may_run_later(evaluator: Evaluator, state: State, site: Site, later: Call, api: ApiOf) -> None:
    """Let go of what such a call is given: it has ended, or will, or what comes there in its place.

    AT_END(CryptDestroyKey(key)); CryptGenKey(.., &key);
    """
    doubt_what_ended(state, site.key, _given_to(evaluator, state, later))
    bound = api(later.callee.name) if isinstance(later.callee, Direct) else None
    if bound is None or not bound.protocol.releases:
        return
    for argument in later.arguments:
        for place in places_in(argument):
            location = evaluator.locate(state, place)
            if location is not None:
                state.escape(Pointer(location), cause=state.cause(How.PLAIN))


def _given_to(evaluator: Evaluator, state: State, call: Call) -> set[Symbol]:
    """The handles that a call was given, or that are in what it was given."""
    found: set[Symbol] = set()
    for argument in call.arguments:
        value = evaluator.evaluate(state, argument)
        place = value.location if isinstance(value, Pointer) else None
        if isinstance(value, Symbol):
            found.add(value)
            place = Location(value)
        inside = state.kept_in(place) if place is not None else ()
        found.update(each for _, each in inside if isinstance(each, Symbol))
    return found
