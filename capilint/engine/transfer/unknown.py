"""A call of something that is not known: what it is given escapes, and nothing else changes.

m_buffer.copy(data)    unknown code of C++ has a member: it reaches what is in it, and no more
store(&m_buffer)       it has an address: who knows what it makes of the object around it
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from capilint.engine.domain.binding import (
    Argument,
    Arguments,
    statuses_behind,
    statuses_given,
    statuses_in,
)
from capilint.engine.domain.cause import How
from capilint.engine.domain.escapes import newest
from capilint.engine.domain.evaluate import Evaluator
from capilint.engine.domain.events import Path
from capilint.engine.domain.handle import Typestate
from capilint.engine.domain.state import CERTAIN, POSSIBLE, State
from capilint.engine.domain.typestate import Typestates
from capilint.engine.domain.values import (
    ZERO,
    Number,
    Pointer,
    Status,
    Symbol,
    Term,
    Text,
    Uninitialised,
    is_memory,
    is_unknown_constant,
)
from capilint.engine.program.classes import Classes
from capilint.engine.program.handle_variables import ApiOf
from capilint.engine.program.tested import Tested
from capilint.engine.transfer.deferred import deferred_call, may_run_later
from capilint.engine.transfer.doubts import (
    doubt,
    doubt_what_ended,
    doubt_what_happened,
    put_in_doubt,
)
from capilint.engine.transfer.judged import Judged
from capilint.engine.transfer.memory import MemoryEffects
from capilint.engine.transfer.predicates import verdict
from capilint.engine.transfer.reach import clobber, forget_shared_handles, member_object
from capilint.engine.transfer.reports import is_report
from capilint.engine.transfer.ways import Continuation, Site, raise_from
from capilint.ir import (
    Call,
    Direct,
    Indirect,
    Language,
    Operation,
    Read,
    Scope,
    Variable,
    places_in,
)

_COMPARING_MACRO = re.compile(r"[A-Z][A-Z0-9]*+_(?:EQ|NE|LT|LE|GT|GE)")
STATUS_KINDS = frozenset({"result", "report", "join"})


@dataclass(slots=True)
class UnknownCalls:
    """Goes on after calls of unknown code in one function.

    What unknown code returns after a failure is a `report` of it: whether it says so is not known.
    A status that unknown code is given may be judged there. One whose name says so
    (`THROW_IF_FAILED`), and in Python any helper that is given a status and whose result is
    discarded, is taken for a check that raises on failure; otherwise
    the outcome is in doubt, and what hangs on it is not reported until a branch settles it.
    """

    evaluator: Evaluator
    typestates: Typestates
    memory: MemoryEffects
    language: Language
    classes: Classes
    makes_data: Callable[[str], bool]
    handle_variables: frozenset[Variable]
    tested: Tested
    judged: Judged
    comes_back: Callable[[str], bool]
    api: ApiOf

    def apply(
        self, path: Path, site: Site, arguments: Arguments, guarded: bool
    ) -> Iterator[Continuation]:
        """Every way on; `guarded` where a handler of this function expects exceptions."""
        said = verdict(site, arguments)
        if said is not None:
            self.memory.give_result(path, site, said)
            yield Continuation(path)
            return
        state = path.state
        statuses = statuses_given(self.evaluator, state, arguments)
        for status in list(self._seen_statuses(path, site, arguments)):
            doubt(state, status)
        self._doubt_what_was_taken(state, site, arguments)
        later = deferred_call(self.judged.function, site)
        if later is not None:
            may_run_later(self.evaluator, state, site, later, self.api)
        self._give(path, site, arguments)
        self._doubt_whether_it_comes_back(path, site, arguments)
        if guarded and not site.call.noexcept and not self._is_sure(site):
            yield raise_from(path.fork(), POSSIBLE)
        kept = self.language is Language.PYTHON and self._is_asked_later(site, arguments)
        if statuses and self._raises_on_failure(site.call) and not kept:
            if any(status.failed for status in statuses):
                yield raise_from(path, CERTAIN)
                return
        elif not self._judged(path, site, arguments):
            return
        if site.call.may_raise and not statuses:
            yield raise_from(path.fork(), CERTAIN)
        judgement = self._judgement(site, arguments)
        if judgement is not None:
            self.memory.give_result(path, site, judgement)
            yield Continuation(path)
            return
        reports = state.failed or is_report(site.call)
        state.failed = state.failed or None  # what it called itself nobody knows
        kind = "instance" if self._is_class(site) else "report" if reports else "result"
        result = Symbol(kind, site.key)
        state.renew(result)
        self.memory.give_result(path, site, result)
        yield Continuation(path)

    def _raises_on_failure(self, call: Call) -> bool:
        """Whether the code relies on a call to raise where it is told of a failure."""
        return call.may_raise or (self.language is Language.PYTHON and call.result is None)

    def manage(self, path: Path, site: Site, arguments: Arguments) -> Continuation:
        """The way on where an unknown object of a `with` is entered or left: it gives itself."""
        if arguments.receiver is not None:
            arguments.receiver.give_away(path.state)
            clobber(path.state, site.key, arguments.receiver.value)
            self.memory.give_result(path, site, arguments.receiver.value)
        return Continuation(path)

    def _is_sure(self, site: Site) -> bool:
        """Whether nothing is raised: plain data is made, such as a structure of ctypes."""
        callee = site.call.callee
        return isinstance(callee, Direct) and self.makes_data(callee.name)

    def _doubt_whether_it_comes_back(self, path: Path, site: Site, arguments: Arguments) -> None:
        """A failure's branch may end with the call, as in `if (!made) fatal("no key");`.

        So may a macro that is told a status of which nobody knows what it says: `CHECK(rc);`. A
        branch that asks for something else may end so after a release, if nothing shows that the
        callee comes back; that it leaves a variable unset is no reason to end there.
        """
        state, callee = path.state, site.call.callee
        discarded = self.language is not Language.PYTHON and site.call.result is None
        if discarded and len(arguments.positional) == 1 and _is_report(arguments.positional[0]):
            doubt_what_happened(state, site.key)
        elif not site.call.ends_branch:
            return
        elif not any(self._is_concerned(path, argument) for argument in arguments.all()):
            known = isinstance(callee, Direct) and self.comes_back(callee.name)
            if state.failing:
                doubt_what_happened(state, site.key)
            elif state.failing is None and not known:
                doubt_what_ended(state, site.key)

    def _doubt_what_was_taken(self, state: State, site: Site, arguments: Arguments) -> None:
        """What is told the answer of a call may go on only where that has taken a handle over."""
        asked = self.tested.before(site.call)
        for argument in arguments.all():
            if asked.isdisjoint(place.root for place in places_in(argument.written)):
                for symbol in self.judged.open_after(site.key, argument.written):
                    if symbol in state.handles and state.handles[symbol].doubt is None:
                        put_in_doubt(state, symbol, ("taken", site.key), How.JUDGED)

    def _is_concerned(self, path: Path, argument: Argument) -> bool:
        """Whether the call is about a handle, or a variable that tells nothing of an error yet."""
        about = (place.root for place in places_in(argument.written))
        empty = argument.value == ZERO and isinstance(argument.written, Read)
        return (
            empty
            or isinstance(argument.value, Uninitialised)
            or argument.value in path.state.handles
            or not self.handle_variables.isdisjoint(about)
        )

    def _give(self, path: Path, site: Site, arguments: Arguments) -> None:
        """What the call is given escapes, and may be written to; what is only logged is kept."""
        state = path.state
        if self.language is not Language.PYTHON:
            self.typestates.members.show_to_others(state)
        logged = {id(argument) for argument in self._logged(site, arguments)}
        member = member_object(site, arguments, self.classes)
        given = [argument for argument in arguments.all() if argument is not member]
        for argument in given:
            if not (id(argument) in logged and argument.value in state.handles):
                argument.give_away(state)
            if id(argument) not in logged or isinstance(argument.value, Uninitialised):
                self._set_by_macro(path, site, argument)
            clobber(state, site.key, argument.value)
        if arguments.receiver not in (None, member):
            receiver = arguments.receiver.value
            handle = state.handles.get(receiver) if isinstance(receiver, Symbol) else None
            if handle is None or not handle.owns_itself:
                arguments.receiver.give_away(state)
            clobber(state, site.key, arguments.receiver.value)
            given.append(arguments.receiver)
        if member is not None:
            self._give_member(path, site, member)
        if isinstance(site.call.callee, Indirect):  # a closure acts on what it captured
            captured = self.evaluator.evaluate(state, site.call.callee.value)
            state.escape(captured, cause=state.cause(How.CAPTURED))
        forget_shared_handles(state, site.key, [argument.value for argument in given])

    def _give_member(self, path: Path, site: Site, member: Argument) -> None:
        """What is in a member escapes, but not the object that it is a member of."""
        state = path.state
        kept = state.kept_in(member.value.location) if isinstance(member.value, Pointer) else ()
        for value in (*member.parts, *(content for _, content in kept)):
            state.escape(value, cause=state.cause(How.PLAIN))
        clobber(state, site.key, member.value)

    def _judgement(self, site: Site, arguments: Arguments) -> Term | None:
        """What a macro says of a status, each time the same: `FAILED_BADLY(rc)`."""
        callee, call = site.call.callee, site.call
        if self.language is Language.PYTHON or not isinstance(callee, Direct) or not call.result:
            return None
        if len(arguments.positional) != 1 or call.result.root.scope is not Scope.TEMPORARY:
            return None
        argument = arguments.positional[0]
        return Term(f"{callee.name}()", (argument.value,)) if _is_status(argument) else None

    def _logged(self, site: Site, arguments: Arguments) -> Sequence[Argument]:
        """The arguments that a format string before them prints, one by one, or that a macro is by
        its name for comparing: `EXPECT_NE(key, 0)`."""
        callee = site.call.callee
        if isinstance(callee, Direct) and _COMPARING_MACRO.fullmatch(callee.name):
            return arguments.positional
        for index, argument in enumerate(arguments.positional):
            if isinstance(argument.value, Text) and argument.value.quoted:
                rest = arguments.positional[index + 1 :]
                conversions = argument.value.value.replace("%%", "").count("%")
                if rest:
                    return rest if conversions == len(rest) else ()
        return ()

    def _judged(self, path: Path, site: Site, arguments: Arguments) -> bool:
        """Whether the path goes on where unknown code is told how a call went.

        Where nobody asks again, one of the two outcomes stands for both: for a bare status the
        success, in doubt where the answer is looked at; for a condition (`check(!ok)`) the one in
        which it can hold. In a branch that has asked already, it is only told.
        """
        state = path.state
        for argument in arguments.all():
            for status, variable in statuses_in(self.evaluator, state, argument.written):
                if variable in self.tested.before(site.call):
                    continue
                last = variable in site.last_reads
                if last and isinstance(argument.written, Operation):
                    if self.evaluator.truth(state, argument.value) is False:
                        _drop(state, status)
                        return False
                elif last and self._is_asked_later(site, arguments):
                    doubt(state, status)
                elif last and status.failed:
                    _drop(state, status)
                    return False
                elif not last or site.call.result is not None:
                    doubt(state, status)
            if self._denies_a_result(state, site, argument):
                return False
        return True

    def _is_asked_later(self, site: Site, arguments: Arguments) -> bool:
        """Whether an object that is told a status is one that the next branch asks about, or in
        C++ the receiver one that the function asks something."""
        if not self._told(arguments).isdisjoint(self.tested.next_after(site.call)):
            return True
        if arguments.receiver is None or self.language is Language.PYTHON:
            return False
        roots = {place.root for place in places_in(arguments.receiver.written)}
        return not roots.isdisjoint(self.tested.objects)

    def _told(self, arguments: Arguments) -> set[Variable]:
        """The variables whose objects a call is given, the texts and the outcomes apart."""
        receiver = () if arguments.receiver is None else (arguments.receiver,)
        return {
            place.root
            for argument in (*receiver, *arguments.all())
            if not isinstance(argument.value, Text | Number | Status)
            for place in places_in(argument.written)
        }

    def _seen_statuses(self, path: Path, site: Site, arguments: Arguments) -> Iterator[Status]:
        """The statuses in memory that the callee can see, where its answer may tell of them, or it
        may change them: `job->status = create(); if (has_failed(job))`."""
        state, asked = path.state, self.tested.before(site.call)
        receiver = () if arguments.receiver is None else (arguments.receiver,)
        for argument in (*arguments.all(), *receiver):
            if asked.isdisjoint(place.root for place in places_in(argument.written)):
                yield from statuses_behind(state, argument.value, site.call.result is not None)
        if site.call.result is not None and self.language is not Language.PYTHON:
            seen = [
                (each.base, value)
                for each, value in state.environment.items()
                if isinstance(value, Status)
            ]
            for base, value in seen:
                shared = isinstance(base, Variable) and base.scope is Scope.GLOBAL
                if shared and base not in asked:
                    yield value

    def _denies_a_result(self, state: State, site: Site, argument: Argument) -> bool:
        """Whether a condition says that a handle, or memory, was not made, for the last time."""
        if not isinstance(argument.written, Operation):
            return False
        about = [place for place in places_in(argument.written) if place.root in site.last_reads]
        made = (
            state.load(found) for place in about if (found := self.evaluator.locate(state, place))
        )
        if not any(isinstance(value, Symbol) and self._is_made(state, value) for value in made):
            return False
        return self.evaluator.truth(state, argument.value) is False

    def _is_made(self, state: State, value: Symbol) -> bool:
        handle = state.handles.get(value)
        return is_memory(value) or (handle is not None and handle.made)

    def _set_by_macro(self, path: Path, site: Site, argument: Argument) -> None:
        """By value an unset variable cannot be meant: the callee is a macro that sets it.

        A macro of capitals may as well give a new value to what holds a handle that has ended, and
        so may a function of C++ that nobody declares: `while (pool.next(key)) destroy(key);`.
        """
        if not isinstance(argument.written, Read):
            return
        if not (isinstance(argument.value, Uninitialised) or self._renews(path, site, argument)):
            return
        location = self.evaluator.locate(path.state, argument.written.place)
        if location is not None:
            content = Symbol("clobber", site.key, location)
            path.state.renew(content)
            path.state.store(location, content)

    def _renews(self, path: Path, site: Site, argument: Argument) -> bool:
        callee, value = site.call.callee, argument.value
        handle = path.state.handles.get(value) if isinstance(value, Symbol) else None
        if handle is None or handle.typestate is not Typestate.DESTROYED:
            return False
        name = callee.name if isinstance(callee, Direct) else ""
        undeclared = self.language is Language.CPP and "(" not in name
        return undeclared or (self.language is Language.C and name.isupper())

    def _is_class(self, site: Site) -> bool:
        """Whether the call makes an instance of a class whose methods are in the program."""
        callee = site.call.callee
        return isinstance(callee, Direct) and self.classes.has_methods(callee.name)


def _is_status(argument: Argument) -> bool:
    """Whether an argument may be a status of which only other code knows what it says."""
    told = isinstance(argument.value, Symbol) and argument.value.kind in STATUS_KINDS
    return told or _is_report(argument)


def _is_report(argument: Argument) -> bool:
    """Whether a variable is given that holds what other code calls a failure, or a success."""
    value = argument.value
    told = is_unknown_constant(value) or (isinstance(value, Symbol) and value.kind == "report")
    return told and isinstance(argument.written, Read)


def _drop(state: State, status: Status) -> None:
    """A path ends here; that of the call's other outcome, if it goes on, stands for both."""
    cause = state.cause(How.JUDGED)
    if state.log is None or cause is None:
        return
    for symbol, handle in state.handles.items():
        if symbol.kind == "handle" and symbol.site == status.site:
            state.log.leave(symbol, handle, cause)
        else:
            state.log.dropped.setdefault(newest(symbol), cause)
