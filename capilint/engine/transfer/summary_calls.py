"""A call of a function of the program: its summary applied to a path, once per outcome."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from capilint.engine.domain.binding import Argument, Arguments, give_away_handles
from capilint.engine.domain.cause import Cause, How
from capilint.engine.domain.escapes import newest
from capilint.engine.domain.evaluate import Evaluator
from capilint.engine.domain.events import Event, Origin, Path, Role, deeper, retold
from capilint.engine.domain.handle import Handle, OpenFlag, answered, changed
from capilint.engine.domain.state import CERTAIN
from capilint.engine.domain.typestate import Typestates
from capilint.engine.domain.values import (
    ZERO,
    AbstractValue,
    Location,
    Number,
    Part,
    Pointer,
    Status,
    Symbol,
    Term,
    Text,
    Uninitialised,
    symbols_in,
)
from capilint.engine.summaries.substitution import Substitution
from capilint.engine.summaries.summary import (
    RESULT,
    Outcome,
    Summary,
)
from capilint.engine.transfer.answers import Answers, answers_to, raises_at_success
from capilint.engine.transfer.idle_calls import outcomes_apart, paths_apart
from capilint.engine.transfer.judged import Judged, owed
from capilint.engine.transfer.memory import MemoryEffects
from capilint.engine.transfer.naming import GivenNames
from capilint.engine.transfer.parameters import given_to, surplus
from capilint.engine.transfer.possible import PossibleOutcomes
from capilint.engine.transfer.protocols import ProtocolCalls
from capilint.engine.transfer.reach import clobber, forget_shared_handles
from capilint.engine.transfer.ways import Continuation, Site, age_doubts, raise_from
from capilint.ir import Scope, Variable

_RETURNED = Location(RESULT)


@dataclass(slots=True)
class SummaryCalls:
    """Applies summaries in one function; `adopt` gets the memory that a callee has made."""

    evaluator: Evaluator
    typestates: Typestates
    protocol_calls: ProtocolCalls
    memory: MemoryEffects
    judged: Judged
    adopt: Callable[[Path, Symbol], None] = lambda path, thing: None

    def apply(
        self, path: Path, site: Site, summary: Summary, arguments: Arguments
    ) -> Iterator[Continuation]:
        """Every way on after the call."""
        if not summary.outcomes:
            path.state.end(How.PROCESS)
        given = given_to(self.evaluator, path, site, summary, arguments)
        for extra in surplus(summary, arguments):
            extra.give_away(path.state, How.SURPLUS)
            if not self.evaluator.boxes:
                clobber(path.state, site.key, extra.value)
        possible = PossibleOutcomes(self.evaluator, self.typestates)
        known: dict[Symbol, AbstractValue] = {}
        ways = list(possible.of(path.state, site, summary, given, known))
        outcomes = [outcome for outcome, _ in ways]
        answers = answers_to(self.evaluator, path.state, site, arguments, given, summary, outcomes)
        if raises_at_success(self.evaluator, path.state, arguments, outcomes):
            ways = [way for way in ways if not way[0].raised or way[0].exception]
        words = Substitution(self.evaluator, path.state, site.key, given, {}, known)
        ways = outcomes_apart(
            path.state, ways, lambda each: (words.symbol(each), *words.parts(each))
        )
        before = owed(path.state)
        after: list[tuple[Outcome, Path]] = []
        for outcome, state in ways:
            branch = Path(state, path.node, path.trail)
            caller = Substitution(self.evaluator, path.state, site.key, given, outcome.names, known)
            self._play(branch, site, summary, outcome, caller, answers)
            self.judged.note(site.key, before, branch.state)
            after.append((outcome, branch))
        for outcome, branch in paths_apart(after):
            if outcome.raised:
                self._abandon(branch, given.get(summary.abandons or RESULT))
                yield raise_from(branch, CERTAIN, outcome.exception)
            else:
                yield Continuation(branch)

    def _abandon(self, path: Path, thing: Argument | None) -> None:
        """An object dies half made: its constructor has told what is left alive in it."""
        value = None if thing is None else thing.value
        place = value.location if isinstance(value, Pointer) else None
        if isinstance(value, Symbol):
            place = Location(value)
        for _, held in path.state.kept_in(place) if place is not None else ():
            path.state.escape(held, cause=path.state.cause(How.OBJECT))

    def _play(
        self,
        path: Path,
        site: Site,
        summary: Summary,
        outcome: Outcome,
        caller: Substitution,
        answers: Answers,
    ) -> None:
        """Carry out one outcome."""
        age_doubts(path.state, site.key)
        self._make_room(path, caller, outcome)
        self._replay_events(path, site, summary, outcome, caller)
        if summary.opaque:
            shared = [caller.symbol(symbol) for symbol in outcome.escapes]
            for symbol, value in zip(outcome.escapes, shared, strict=True):
                path.state.escape(value, cause=_passed_on(path, summary, symbol))
            forget_shared_handles(path.state, site.key, shared)
        self._apply_handles(path, site, summary, outcome, caller)
        self._apply_memory(path, site, outcome, caller)
        if not outcome.raised:
            self._return(path, site, summary, outcome, caller, answers)

    def _make_room(self, path: Path, caller: Substitution, outcome: Outcome) -> None:
        for symbol in outcome.made:
            made = caller.symbol(symbol)
            if isinstance(made, Symbol):
                path.state.renew(made)

    def _replay_events(
        self,
        path: Path,
        site: Site,
        summary: Summary,
        outcome: Outcome,
        caller: Substitution,
    ) -> None:
        """Play the callee's events: the caller's handles go through the callee's transitions."""
        visible, span = outcome.visible, site.call.span
        names = GivenNames(self.typestates, caller.arguments)
        path.emit(Event("enter", span, self.typestates.path, summary.name, parted=outcome.parted))
        for event in outcome.events:
            roles, acting = [], []
            for callees in event.roles:
                role = self._callers_role(path, site, callees, caller, names)
                if role is None:
                    continue
                roles.append(role)
                if callees.symbol in visible:
                    if role.symbol not in self.typestates.texts:
                        self.typestates.texts[role.symbol] = names.any_text(callees.symbol)
                    acts = event.kind in ("call", "free") and role.action != "create"
                    if acts and self.evaluator.number(path.state, role.symbol) != 0:
                        text = names.release_text(callees.symbol, role.symbol)
                        acting.append(retold(role, role.symbol, role.owner, text))
            path.emit(deeper(event, tuple(roles)))
            self.protocol_calls.transitions(path, acting, span, event.succeeded)
        judged = [event.succeeded for event in outcome.events if event.succeeded is not None]
        path.state.failed = (judged[-1] is False or None) if judged else path.state.failed
        unseen = outcome.unseen
        path.emit(Event("exit", span, self.typestates.path, summary.name, unseen=unseen))

    def _callers_role(
        self, path: Path, site: Site, role: Role, caller: Substitution, names: GivenNames
    ) -> Role | None:
        """A role in the caller's words; its owner may be what only the caller knows."""
        symbol = caller.symbol(role.symbol)
        text = names.text(role.symbol)
        if isinstance(symbol, Uninitialised) and role.action == "release":
            written = text or names.member_text(role.symbol)
            self.protocol_calls.release_unset(path, symbol, role.resource, site.call.span, written)
        if not isinstance(symbol, Symbol):
            return None
        owner = None if role.owner is None else caller.symbol(role.owner)
        known = path.state.handles.get(symbol)
        is_met = role.action != "create" and self.evaluator.number(path.state, symbol) != 0
        if known is None and is_met:
            known = self.typestates.meet(path, symbol, role.resource)
        guessed = role.action != "create" and known is not None and known.owner is not None
        if known is not None and (guessed or not isinstance(owner, Symbol)):
            owner = known.owner  # the callee may only guess it from the members' names
        if not isinstance(owner, Symbol):
            owner = None
        return retold(role, symbol, owner, text)

    def _apply_handles(
        self, path: Path, site: Site, summary: Summary, outcome: Outcome, caller: Substitution
    ) -> None:
        names = GivenNames(self.typestates, caller.arguments)
        for symbol, handle in outcome.handles:
            value = caller.symbol(symbol)
            if isinstance(value, Term):
                give_away_handles(path.state, value)
            if not isinstance(value, Symbol):
                continue
            if handle.made:
                owner = None if handle.owner is None else caller.symbol(handle.owner)
                known = owner if isinstance(owner, Symbol) else None
                text = names.result_text(site) if symbol == outcome.result else ""
                origin = Origin(summary.name, text, site.call.span, handle.resource)
                made = changed(self._open_still(handle, outcome, site, caller), owner=known)
                self.typestates.create(path, value, made, origin)
                if path.state.log is not None:
                    sites = path.state.log.sites.setdefault(value, {})
                    sites.update(dict.fromkeys(summary.sites.get(newest(symbol), ())))
            elif handle.escaped:
                path.state.escape(value, cause=handle.cause or _passed_on(path, summary, symbol))
        for symbol in outcome.escapes:
            value = caller.symbol(symbol)
            cause = _passed_on(path, summary, symbol)
            path.state.escape(value, cause=cause)
            for part in caller.parts(symbol):
                path.state.escape(part, cause=cause)
            if isinstance(value, Pointer):
                content = Symbol("clobber", site.key, value.location)
                path.state.renew(content)
                path.state.store(value.location, content)

    def _open_still(
        self, handle: Handle, outcome: Outcome, site: Site, caller: Substitution
    ) -> Handle:
        """A new handle of the callee's, with what its caller does not know about it either."""
        if _is_perhaps_owned(handle):
            return changed(handle, doubt=("owner", site.key))
        if isinstance(handle.doubt, OpenFlag):
            flag = OpenFlag(caller.value(handle.doubt.flags), handle.doubt.name)
            answer = self.protocol_calls.creations.is_set(caller.state, flag)
            if answer is None:
                return changed(handle, doubt=flag)
            return answered(handle, made=not answer)
        if handle.doubt is not None and outcome.tells_nothing:
            return changed(handle, doubt=("callee", site.key))
        return answered(handle)

    def _apply_memory(self, path: Path, site: Site, outcome: Outcome, caller: Substitution) -> None:
        """All is written at once, and the result returned: what moves is not lost on the way."""
        stores = [(to, value) for to, value in outcome.stores if to.base != RESULT]
        written = [(caller.location(to), caller.value(value)) for to, value in stores]
        held = [Location(_moved(number)) for number in range(len(written))]
        path.state.environment.update(zip(held, (value for _, value in written), strict=True))
        result = None if outcome.result is None else caller.value(outcome.result)
        if isinstance(result, Symbol) and written:
            path.state.environment[_RETURNED] = result
        for tail, part in self._returned_parts(outcome, caller):
            path.state.environment[Location(RESULT, tail)] = part
        parts = [caller.members(value) for _, value in stores]
        for (target, value), moved, inside, (to, _) in zip(
            written, held, parts, stores, strict=True
        ):
            del path.state.environment[moved]
            if target is not None and "[?]" not in target.path and not _is_put_in(to):
                self.typestates.store(path, target, value, site.call.span, True, inside)
            else:
                cause = path.state.cause(How.ELEMENT)
                path.state.escape(value, cause=cause)
        path.state.clear(_RETURNED)
        for thing in map(caller.symbol, outcome.memory):
            if isinstance(thing, Symbol):
                self.adopt(path, thing)

    def _return(
        self,
        path: Path,
        site: Site,
        summary: Summary,
        outcome: Outcome,
        caller: Substitution,
        answers: Answers,
    ) -> None:
        result: AbstractValue
        if outcome.result is None:
            result = Symbol("result", site.key)
        else:
            result = caller.value(outcome.result)
        reports = not summary.returns_handle
        if reports and isinstance(result, Number) and isinstance(outcome.result, Number):
            failed = summary.most_creations > outcome.creations
            result = Status(site.key, result.value, self._target(outcome, caller), failed)
        if isinstance(result, Symbol) and result.kind == "result":
            path.state.renew(result)
            if outcome.result_truth is not None:
                path.state.facts[result] = outcome.result_truth
            if outcome.result_negative is not None:
                negative = Term("<", (result, ZERO))
                self.evaluator.assume(path.state, negative, outcome.result_negative)
        told = summary.successes(outcome) | answers.elsewhere
        if _is_unknown(outcome) and not isinstance(result, Number | Status):
            result = self._failure(path, site, result, told)
        elif isinstance(result, Symbol):
            self._differs(path, result, told)
        answers.leave_open(path.state)
        self.memory.give_result(path, site, result, self._returned_parts(outcome, caller))

    def _returned_parts(self, outcome: Outcome, caller: Substitution) -> list[Part]:
        """The members of a structure that comes back."""
        copied = [] if outcome.result is None else caller.members(outcome.result)
        own = [(place.path, value) for place, value in outcome.stores if place.base == RESULT]
        return [*copied, *((tail, caller.value(value)) for tail, value in own)]

    def _failure(
        self, path: Path, site: Site, result: AbstractValue, successes: set[Number | Text]
    ) -> AbstractValue:
        """What is told of a failure by a value that nobody knows: it is not what tells success."""
        if not successes:
            return result
        if isinstance(result, Symbol) and result.kind == "result":
            result = Symbol("report", site.key)
            path.state.renew(result)
        if ZERO not in successes and not any(isinstance(each, Text) for each in successes):
            self.evaluator.assume(path.state, result, False)
        self._differs(path, result, successes)
        return result

    def _differs(self, path: Path, result: AbstractValue, answers: set[Number | Text]) -> None:
        for answer in answers:
            self.evaluator.assume(path.state, Term("==", (result, answer)), False)

    def _target(self, outcome: Outcome, caller: Substitution) -> Location | None:
        """Where the call was to put a handle: a place that one of the outcomes writes."""
        for location, value in outcome.stores:
            if any(symbol.kind == "handle" for symbol in symbols_in(value)):
                return caller.location(location)
        return None


def _is_put_in(place: Location) -> bool:
    """Whether the callee put an element into a container: the next call puts in another one."""
    return any(accessor.startswith(("[+", "[~")) for accessor in place.path)


def _moved(number: int) -> Variable:
    """Where a value is kept that a call is about to write."""
    return Variable(f"%moved{number}", Scope.TEMPORARY)


def _is_unknown(outcome: Outcome) -> bool:
    """Whether nothing is known of what comes back."""
    known = (outcome.result_truth, outcome.result_negative)
    return outcome.result is not None and known == (None, None)


def _is_perhaps_owned(handle: Handle) -> bool:
    """Whether a flag says whose the handle is, and nobody looked at it."""
    return isinstance(handle.doubt, tuple) and handle.doubt[0] == "owner"


def _passed_on(path: Path, summary: Summary, symbol: Symbol) -> Cause | None:
    """Why the callee lets go of what it is given."""
    return summary.shared.get(symbol) or path.state.cause(How.PASSED_ON)
