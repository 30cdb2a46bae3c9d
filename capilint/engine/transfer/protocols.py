"""A call of an API function: its protocol applied to a path, once per outcome."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from capilint.engine.domain.binding import (
    Argument,
    Arguments,
    give_away_handles,
    statuses_in,
)
from capilint.engine.domain.cause import How
from capilint.engine.domain.evaluate import Evaluator
from capilint.engine.domain.events import Event, Path, Role
from capilint.engine.domain.handle import MEMORY, Handle, Typestate
from capilint.engine.domain.memory_owners import note_end
from capilint.engine.domain.order import TESTS
from capilint.engine.domain.state import CERTAIN
from capilint.engine.domain.typestate import Typestates
from capilint.engine.domain.values import (
    ZERO,
    AbstractValue,
    Pointer,
    Status,
    Symbol,
    Term,
    Text,
    Uninitialised,
)
from capilint.engine.transfer.creations import Creations
from capilint.engine.transfer.memory import MemoryEffects
from capilint.engine.transfer.results import Results
from capilint.engine.transfer.ways import Continuation, Site, age_doubts, raise_from
from capilint.finding import Span
from capilint.ir import Read, Scope
from capilint.rulebook.book import Bound
from capilint.rulebook.protocol import Protocol, Success

RETURNED = {
    Success.NONZERO: (1, 0),
    Success.ZERO: (0, -1),
    Success.NONNEGATIVE: (0, -1),
    Success.RAISES: (1, 0),
    Success.ALWAYS: (1, 1),
}


@dataclass(slots=True)
class ProtocolCalls:
    """Applies protocols in one function."""

    evaluator: Evaluator
    typestates: Typestates
    creations: Creations
    memory: MemoryEffects
    results: Results

    def apply(
        self, path: Path, site: Site, bound: Bound, arguments: Arguments
    ) -> Iterator[Continuation]:
        """Every way on after the call."""
        protocol = bound.protocol
        matched = arguments.match(protocol.params)
        if protocol.noreturn:
            if protocol.ends_thread:
                self.typestates.leave(path, site.call.span, exceptional=False, process_ends=False)
            path.state.end(How.PROCESS)
            return
        if arguments.spread:  # which of them is released is not known
            for argument in arguments.all():
                argument.give_away(path.state)
        if protocol.requires in matched and not self.evaluator.assume(
            path.state, matched[protocol.requires or ""].value, True
        ):
            return
        if protocol.expects in matched and self._disappoints(
            path, site, matched[protocol.expects or ""]
        ):
            return
        if protocol.acts:
            for way, decided in self._flag_ways(path, protocol, matched):
                yield from self._act(way, site, bound, decided)
            return
        if protocol.unlisted:
            self.memory.give_what_is_no_handle(path, site, arguments)
        self._misuse_memory_function(path, site, protocol, matched)
        self.memory.touch(path, site, protocol, matched)
        if protocol.allocates and site.result_is_read and not bound.can_raise:
            failed = path.fork()
            self.memory.give_result(failed, site, ZERO)
            yield Continuation(failed)
        self.memory.give_result(path, site, self.results.of(path, site, protocol, matched))
        yield Continuation(path)

    def _disappoints(self, path: Path, site: Site, expected: Argument) -> bool:
        """Whether a call failed that was not expected to, and nobody else asks for it."""
        told = statuses_in(self.evaluator, path.state, expected.written)
        if not told or any(variable not in site.last_reads for _, variable in told):
            return False
        return self.evaluator.truth(path.state, expected.value) is False

    # ------------------------------------------------------------ calls that act on handles

    def _flag_ways(
        self, path: Path, protocol: Protocol, matched: dict[str, Argument]
    ) -> Iterator[tuple[Path, dict[str, Argument]]]:
        """One way for each value of the flags that say whether anything is made: `drop ? A : B`."""
        flags = {name for creation in protocol.creates for name, _ in creation.unless}
        for name in flags & matched.keys():
            match matched[name].value:
                case Term("?:", (condition, first, second)):
                    for truth, value in ((True, first), (False, second)):
                        way = path.fork()
                        chosen = {**matched, name: Argument(matched[name].written, value)}
                        if self.evaluator.assume(way.state, condition, truth):
                            yield from self._flag_ways(way, protocol, chosen)
                    return
        yield path, matched

    def _act(
        self, path: Path, site: Site, bound: Bound, matched: dict[str, Argument]
    ) -> Iterator[Continuation]:
        protocol = bound.protocol
        success = protocol.success
        for argument in matched.values():
            if isinstance(argument.value, Term) and argument.value.operator not in TESTS:
                give_away_handles(path.state, argument.value)
        refused = self._refused(path, protocol, matched)
        if refused:
            outcomes: tuple[bool | None, ...] = (None,)
        elif self.creations.must_fail(path.state, protocol, matched):
            outcomes = (False,)
        elif success is Success.RAISES and protocol.releases:
            outcomes = (True,)
        elif success is Success.RAISES or (site.result_is_read and success is not Success.ALWAYS):
            outcomes = (True, False)
        else:
            outcomes = (None,)
        for outcome in outcomes:
            for way in self._ownership_ways(path, protocol, matched, outcome):
                branch = path.fork()
                self._perform(branch, site, bound, matched, outcome, way)
                if refused and site.call.result is not None:
                    failure = RETURNED[success][1]
                    status = Status(site.key, failure, None, False, failure == 0)
                    self.memory.give_result(branch, site, status)
                if outcome is False and success is Success.RAISES:
                    exception = next(iter(bound.binding.raises), "")
                    yield raise_from(branch, CERTAIN, exception)
                else:
                    yield Continuation(branch)

    def _refused(self, path: Path, protocol: Protocol, matched: dict[str, Argument]) -> bool:
        """Whether the call does its work and yet fails."""
        if protocol.fails_with not in matched:
            return False
        flags = matched[protocol.fails_with or ""].value
        named = isinstance(flags, Text) and not flags.quoted
        return named or bool(self.evaluator.number(path.state, flags))

    def _ownership_ways(
        self, path: Path, protocol: Protocol, matched: dict[str, Argument], outcome: bool | None
    ) -> tuple[bool, ...]:
        """Whether the new handle is the caller's: both, where a flag comes back to say so."""
        asks = any(self.creations.asks_owner(path, each, matched) for each in protocol.creates)
        return (True, False) if asks and outcome is not False else (True,)

    def _perform(
        self,
        path: Path,
        site: Site,
        bound: Bound,
        matched: dict[str, Argument],
        outcome: bool | None,
        owned: bool,
    ) -> None:
        protocol, span = bound.protocol, site.call.span
        age_doubts(path.state, site.key)
        roles = self._roles(path, protocol, matched)
        made = [] if outcome is False else self.creations.made(path, site, bound, matched, owned)
        for creation, symbol, handle, _ in made:
            roles.append(Role("create", creation.into, symbol, creation.resource, handle.owner))
        event = Event("call", span, self.typestates.path, protocol.name, tuple(roles), outcome)
        path.emit(event)
        told = site.result_is_read or protocol.success is Success.RAISES
        path.state.failed = (outcome is False and told) or (False if made else None)
        self.transitions(path, roles, span, outcome)
        for _, symbol, _, _ in made:
            path.state.renew(symbol)
        self._check_uninitialised(path, site, protocol, matched)
        returned = RETURNED[protocol.success][1 if outcome is False else 0]
        target = self.creations.target(path, bound, matched)
        exact = outcome is not False or returned == 0
        result: AbstractValue = Status(site.key, returned, target, outcome is False, exact)
        self.memory.overwrite_outputs(path, site, protocol, matched)
        self.memory.touch(path, site, protocol, matched)
        for creation, symbol, handle, location in made:
            self.creations.place(path, site, bound, creation, symbol, handle, location, matched)
            if creation.into == "return":
                result = symbol
            elif creation.owned_if in matched:
                self.creations.tell_owner(path, site, creation, matched, owned)
            self.creations.say(path, site, creation, matched)
        self.memory.give_result(path, site, result)

    def _roles(self, path: Path, protocol: Protocol, matched: dict[str, Argument]) -> list[Role]:
        roles = []
        for action, parameters in (
            ("use", protocol.uses),
            ("retain", protocol.retains),
            ("release", protocol.releases),
        ):
            for parameter, resource in parameters.items():
                if parameter not in matched:
                    continue
                value = matched[parameter].value
                if isinstance(value, Pointer) and self.evaluator.boxes:
                    value = path.state.load(value.location)
                if isinstance(value, Symbol) and self.evaluator.number(path.state, value) != 0:
                    text = self._argument_text(value, matched[parameter])
                    known = self.typestates.meet(path, value, resource)
                    owner = known.owner if known else None
                    roles.append(Role(action, parameter, value, resource, owner, text))
        return roles

    def transitions(self, path: Path, roles: list[Role], span: Span, outcome: bool | None) -> None:
        """Move the handles of a call's roles on in their lives."""
        failed = outcome is False
        for role in roles:
            if role.action == "use":
                self.typestates.use(path, role.symbol, role.resource, span, role.text)
            elif role.action == "retain":
                self.typestates.retain(path, role, span, failed)
            elif role.action == "free":
                note_end(path, self.typestates, role.symbol)
            elif role.action == "release":
                if role.symbol.kind == "object":
                    path.state.escape(role.symbol)  # what is in it ends with it, or does not
                self.typestates.release(path, role, span, failed)

    def _argument_text(self, value: Symbol, argument: Argument) -> str:
        if isinstance(argument.written, Read):
            place = argument.written.place
            if place.root.scope is not Scope.TEMPORARY:
                self.typestates.name(value, place)
                return self.typestates.place_text(place)
        return ""

    def _check_uninitialised(
        self, path: Path, site: Site, protocol: Protocol, matched: dict[str, Argument]
    ) -> None:
        for parameter, resource in protocol.releases.items():
            argument = matched.get(parameter)
            if argument is None or not isinstance(argument.value, Uninitialised):
                continue
            written = argument.written
            text = self.typestates.place_text(written.place) if isinstance(written, Read) else ""
            self.release_unset(path, argument.value, resource, site.call.span, text)

    def release_unset(
        self, path: Path, value: Uninitialised, resource: str, span: Span, text: str
    ) -> None:
        """A variable that was never set is given to a release function."""
        if self.typestates.watches(resource):
            symbol = Symbol("uninitialised", "entry", value.variable)
            path.state.handles[symbol] = Handle(resource, Typestate.UNKNOWN)
            self.typestates.report(path, "CAP402", symbol, span, text)

    def _misuse_memory_function(
        self, path: Path, site: Site, protocol: Protocol, matched: dict[str, Argument]
    ) -> None:
        """A handle itself is no memory: giving it to `free` is a wrong release."""
        argument = matched.get(protocol.frees or "")
        value = None if argument is None else argument.value
        if argument is None or not isinstance(value, Symbol):
            return
        known = path.state.handles.get(value)
        if known is not None and known.made:
            text = self._argument_text(value, argument)
            role = Role("release", protocol.frees or "", value, MEMORY, None, text)
            event = Event("call", site.call.span, self.typestates.path, protocol.name, (role,))
            path.emit(event)
            self.transitions(path, [role], site.call.span, None)
