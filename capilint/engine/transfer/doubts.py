"""Open questions: what unknown code was asked to judge, and how a branch answers it.

CHECK(status) ──► doubt ──► Handle.doubt = the call ──► settle ──► None
                             nothing is reported         a branch on the outcome itself
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence

from capilint.engine.domain.cause import How
from capilint.engine.domain.evaluate import Evaluator
from capilint.engine.domain.handle import Typestate, answered, changed
from capilint.engine.domain.state import State
from capilint.engine.domain.values import (
    AbstractValue,
    Status,
    Symbol,
    Term,
    Uninitialised,
    is_unknown_constant,
    symbols_in,
)
from capilint.ir import Operation, Read, Unknown, Value


def doubt(state: State, status: Status) -> None:
    """Unknown code was asked how a call went: hold back what depends on it."""
    for symbol, handle in list(state.handles.items()):
        if symbol.kind == "handle" and symbol.site == status.site and handle.doubt is None:
            put_in_doubt(state, symbol, status.site, How.JUDGED)
    if status.failed and status.target is not None:
        old = state.load(status.target)
        if isinstance(old, Uninitialised):
            state.environment[status.target] = Symbol("doubt", status.site)
        elif isinstance(old, Symbol):
            known = state.handles.get(old)
            if known is not None and known.doubt is None:
                put_in_doubt(state, old, status.site, How.JUDGED)


def put_in_doubt(state: State, symbol: Symbol, question: object, how: How) -> None:
    """Hold back what is to be said of a handle until the question is answered."""
    handle = state.handles[symbol]
    cause = handle.cause or state.cause(how)
    state.handles[symbol] = changed(handle, doubt=question, cause=cause)


def doubt_all(state: State, question: object) -> None:
    """A branch cannot be decided here but is decided in truth: say nothing that hangs on it."""
    doubt_unset(state, question)
    for symbol, handle in list(state.handles.items()):
        if handle.owed and handle.doubt is None:
            put_in_doubt(state, symbol, ("constant", question), How.UNDECIDED)


def doubt_unset(state: State, question: object) -> None:
    """Whether control gets here with variables that nobody has set is an open question."""
    for location, value in list(state.environment.items()):
        if isinstance(value, Uninitialised):
            state.environment[location] = Symbol("doubt", question, location)


def doubt_what_happened(state: State, site: object) -> None:
    """Unknown code may have ended the path: beyond, say nothing that hangs on what was before it.

    What still lives has to be released either way.
    """
    doubt_unset(state, site)
    doubt_what_ended(state, site)


def doubt_what_ended(state: State, site: object, ended: Collection[Symbol] | None = None) -> None:
    """The same of the handles that had ended, all or some, or lost their owner."""
    for symbol, handle in list(state.handles.items()):
        if handle.typestate is Typestate.DESTROYED and handle.doubt is None:
            if ended is None or symbol in ended:
                state.handles[symbol] = changed(handle, doubt=("ended", site))
        elif handle.orphaned and (ended is None or handle.owner in ended):
            state.handles[symbol] = changed(handle, orphaned=False, owner=None)


def is_undecided(condition: AbstractValue) -> bool:
    """Whether a branch asks what is decided in truth, but only by the code elsewhere."""
    return _reports(condition) or is_unknown_constant(condition)


def is_judged_constant(condition: AbstractValue) -> bool:
    """Whether a branch asks unknown code what it says of a code: `is_error(MY_ERROR)`."""
    judged = isinstance(condition, Term) and condition.operator.endswith("()")
    return judged and is_unknown_constant(condition)


def doubt_undecided(
    state: State,
    condition: AbstractValue,
    statuses: Sequence[Status],
    variables: Iterable[AbstractValue],
) -> None:
    """A branch on what only the code elsewhere knows (see `is_undecided`) may tell the outcomes
    apart.

    One on what `variables` hold looks back: where they were given such a value tells what happened.
    """
    for status in statuses:
        doubt(state, status)
    if not statuses:
        doubt_all(state, condition)
        for value in variables:
            if is_unknown_constant(value):
                doubt_what_happened(state, condition)
            elif isinstance(value, Symbol) and value.kind == "report":
                _doubt_what_ended_there(state, value)


def _doubt_what_ended_there(state: State, report: Symbol) -> None:
    """What a call made and ended is open while what it reports is."""
    for symbol, handle in list(state.handles.items()):
        ended = handle.typestate is Typestate.DESTROYED or handle.orphaned
        if ended and symbol.kind == "handle" and symbol.site == report.site:
            state.handles[symbol] = changed(handle, doubt=("ended", report), orphaned=False)


def _reports(value: AbstractValue) -> bool:
    return any(symbol.kind == "report" for symbol in symbols_in(value))


def settle(evaluator: Evaluator, state: State, condition: Value, status: Status) -> None:
    """A branch that tells a call's outcomes apart: what was held back may be said."""
    if not _tells_apart(evaluator, state, condition, status):
        return
    for symbol, handle in list(state.handles.items()):
        if handle.doubt == status.site:
            state.handles[symbol] = answered(handle)


def _tells_apart(evaluator: Evaluator, state: State, condition: Value, status: Status) -> bool:
    """Whether a condition asks more than whether a status is one of many codes of failure."""
    match condition:
        case Operation(("==" | "!="), operands):
            values = [evaluator.evaluate(state, operand) for operand in operands]
            codes = [value for value in values if not _is_outcome(value, status)]
            if len(codes) < len(values):
                return any(_is_decisive(status, evaluator.number(state, code)) for code in codes)
            return any(_tells_apart(evaluator, state, each, status) for each in operands)
        case Operation(_, operands) | Unknown(operands):
            return any(_tells_apart(evaluator, state, each, status) for each in operands)
        case Read(place):
            return _is_outcome(evaluator.read(state, place), status)
        case _:
            return False


def _is_outcome(value: AbstractValue, status: Status) -> bool:
    return isinstance(value, Status) and value.site == status.site


def _is_decisive(status: Status, code: int | None) -> bool:
    """Whether a comparison with the code is one with the success, or with the only failure."""
    if status.failed:
        return status.exact or code == 0
    return code in (0, status.value)
