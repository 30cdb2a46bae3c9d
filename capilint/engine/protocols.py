"""A call of an API function: its protocol applied to a path, once per outcome."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace

from capilint.engine.binding import (
    Argument,
    Arguments,
    includes_flag,
    target_location,
)
from capilint.engine.evaluate import Evaluator, is_parameter
from capilint.engine.events import Event, Origin, Path, Role
from capilint.engine.state import Handle, State, Typestate
from capilint.engine.typestate import Typestates
from capilint.engine.values import (
    ZERO,
    AbstractValue,
    Location,
    Number,
    Pointer,
    Status,
    Symbol,
    Term,
    Text,
    Uninitialised,
)
from capilint.finding import Span
from capilint.ir import AddressOf, Call, Read, Scope, Variable
from capilint.protocol import Creation, Protocol, Success
from capilint.rulebook import Bound

RETURNED = {
    Success.NONZERO: (1, 0),
    Success.ZERO: (0, -1),
    Success.NONNEGATIVE: (0, -1),
    Success.RAISES: (1, 0),
    Success.ALWAYS: (1, 1),
}

SIGNS = {"negative": "<", "nonnegative": ">="}


@dataclass(frozen=True, slots=True)
class Continuation:
    """A way on after a call; `raised` where an exception comes out of it."""

    path: Path
    raised: bool = False


@dataclass(frozen=True, slots=True)
class Site:
    """A call at a place in the code; `last_reads` are the variables that only it still reads."""

    key: object
    call: Call
    result_is_read: bool
    last_reads: frozenset[Variable] = frozenset()


def age_doubts(state: State, site: object) -> None:
    """A call is made anew: what nobody settled about its last outcome stays open for good."""
    for symbol, handle in list(state.handles.items()):
        if handle.doubt == site:
            state.handles[symbol] = replace(handle, doubt=("past", site))


def raise_from(path: Path, certainty: str, exception: str = "") -> Continuation:
    """An exception leaves here: mark what lives, so that a leak can be told as CAP102.

    `certainty` is `certain`, or `possible` where unknown code may raise; `exception` is the
    name of its class, where that is known.
    """
    state = path.state
    state.raising = certainty
    state.exception = exception
    for symbol, handle in list(state.handles.items()):
        if handle.owed:
            state.handles[symbol] = replace(handle, raised=True)
    return Continuation(path, raised=True)


@dataclass(slots=True)
class ProtocolCalls:
    """Applies protocols in one function."""

    evaluator: Evaluator
    typestates: Typestates
    constants: Callable[[str], int | None]

    def apply(
        self, path: Path, site: Site, bound: Bound, arguments: Arguments
    ) -> Iterator[Continuation]:
        """Every way on after the call."""
        protocol = bound.protocol
        matched = arguments.match(protocol.params, with_receiver=True)
        if protocol.noreturn:
            return
        if protocol.requires in matched and not self.evaluator.assume(
            path.state, matched[protocol.requires or ""].value, True
        ):
            return
        acts = bool(protocol.creates or protocol.uses or protocol.releases or protocol.retains)
        if acts:
            yield from self._act(path, site, bound, matched)
            return
        self._touch_memory(path, site, protocol, matched)
        if protocol.allocates and site.result_is_read:
            failed = path.fork()
            self.give_result(failed, site, ZERO)
            yield Continuation(failed)
        self.give_result(path, site, self._plain_result(path, site, protocol, matched))
        yield Continuation(path)

    # ------------------------------------------------------------ calls that act on handles

    def _act(
        self, path: Path, site: Site, bound: Bound, matched: dict[str, Argument]
    ) -> Iterator[Continuation]:
        protocol = bound.protocol
        success = protocol.success
        refused = self._refused(path, protocol, matched)
        if refused:
            outcomes: tuple[bool | None, ...] = (None,)
        elif success is Success.RAISES and protocol.releases:
            outcomes = (True,)
        elif success is Success.RAISES or (site.result_is_read and success is not Success.ALWAYS):
            outcomes = (True, False)
        else:
            outcomes = (None,)
        for outcome in outcomes:
            for way in self._ownership_ways(protocol, matched, outcome):
                branch = path.fork()
                self._perform(branch, site, bound, matched, outcome, way)
                if refused and site.call.result is not None:
                    failure = RETURNED[success][1]
                    self.give_result(branch, site, Status(site.key, failure))
                if outcome is False and success is Success.RAISES:
                    exception = next(iter(bound.binding.raises), "")
                    yield raise_from(branch, "certain", exception)
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
        self, protocol: Protocol, matched: dict[str, Argument], outcome: bool | None
    ) -> tuple[bool, ...]:
        """Whether the new handle is the caller's: both, where a flag comes back to say so."""
        asks = any(creation.owned_if in matched for creation in protocol.creates)
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
        made = [] if outcome is False else self._made(path, site, bound, matched, owned)
        for creation, symbol, handle, _ in made:
            roles.append(Role("create", creation.into, symbol, creation.resource, handle.owner))
        event = Event("call", span, self.typestates.path, protocol.name, tuple(roles), outcome)
        path.emit(event)
        path.state.failed = outcome is False
        self.transitions(path, roles, span, outcome)
        self._check_uninitialised(path, site, protocol, matched)
        returned = RETURNED[protocol.success][1 if outcome is False else 0]
        target = self._first_target(path, bound, matched)
        result: AbstractValue = Status(site.key, returned, target, outcome is False)
        self._overwrite_outputs(path, site, protocol, matched)
        self._touch_memory(path, site, protocol, matched)
        for creation, symbol, handle, location in made:
            self._born(path, site, bound, creation, symbol, handle, location, matched)
            if creation.into == "return":
                result = symbol
            elif creation.owned_if in matched:
                self._tell_owner(path, site, creation, matched, owned)
        self.give_result(path, site, result)

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
        failed = outcome is False
        for role in roles:
            if role.action == "use":
                self.typestates.use(path, role.symbol, role.resource, span, role.text)
            elif role.action == "retain":
                self.typestates.retain(path, role.symbol, role.resource, span, failed)
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
            if not self.typestates.watches(resource):
                continue
            symbol = Symbol("uninitialised", site.key, argument.value.variable)
            path.state.handles[symbol] = Handle(resource, Typestate.UNKNOWN)
            written = argument.written
            text = self.typestates.place_text(written.place) if isinstance(written, Read) else ""
            self.typestates.report(path, "CAP402", symbol, site.call.span, text)

    # ------------------------------------------------------------ creation

    def _made(
        self, path: Path, site: Site, bound: Bound, matched: dict[str, Argument], owned: bool
    ) -> list[tuple[Creation, Symbol, Handle, Location | None]]:
        made = []
        state = path.state
        for creation in bound.protocol.creates:
            if not self.typestates.watches(creation.resource):
                continue
            if creation.into != "return" and creation.into not in matched:
                continue
            if self._prevented(path, creation, matched):
                continue
            location = None
            if creation.into != "return":
                argument = matched[creation.into]
                if argument.value == ZERO and not bound.binding.boxed:
                    continue
                location = target_location(self.evaluator, state, argument, bound.binding.boxed)
            symbol = Symbol("handle", site.key, creation.into)
            state.renew(symbol)
            handle = Handle(
                creation.resource,
                Typestate.LIVE,
                made=owned,
                escaped=not owned,
                owner=self._owner(path, creation, matched),
                doubt=("owner", site.key) if creation.owned_if else None,
                binding=bound.binding.name,
                owns_itself=bound.protocol.owns_itself,
            )
            made.append((creation, symbol, handle, location))
        return made

    def _prevented(self, path: Path, creation: Creation, matched: dict[str, Argument]) -> bool:
        """Whether a flag says that nothing is made; where none is known to, none is set."""
        for parameter, flag in creation.unless:
            value = matched[parameter].value if parameter in matched else ZERO
            bit = self.constants(flag)
            answer = includes_flag(value, flag, bit)
            if answer is None and bit is not None:
                test = self.evaluator.operate(path.state, "&", (value, Number(bit)))
                answer = not self.evaluator.assume(path.state, test, False)
            if answer:
                return True
        return False

    def _owner(self, path: Path, creation: Creation, matched: dict[str, Argument]) -> Symbol | None:
        if creation.owner in matched:
            value = matched[creation.owner or ""].value
            if isinstance(value, Pointer):
                value = path.state.load(value.location)
            return value if isinstance(value, Symbol) and value.kind != "unknown" else None
        if creation.owner_of in matched:
            sibling = matched[creation.owner_of or ""].value
            if isinstance(sibling, Symbol) and sibling in path.state.handles:
                return path.state.handles[sibling].owner
        return None

    def _born(
        self,
        path: Path,
        site: Site,
        bound: Bound,
        creation: Creation,
        symbol: Symbol,
        handle: Handle,
        location: Location | None,
        matched: dict[str, Argument],
    ) -> None:
        span = site.call.span
        text = self._target_text(matched.get(creation.into), location)
        origin = Origin(bound.protocol.name, text, span, creation.resource)
        self.typestates.create(path, symbol, handle, origin)
        if not site.result_is_read and bound.protocol.success is not Success.RAISES:
            self.typestates.report(path, "CAP401", symbol, span)
        if location is not None and self._is_shared_box(path, location):
            path.state.escape(symbol)
        if location is not None and "[?]" not in location.path:
            self.typestates.store(path, location, symbol, span)
        elif creation.into != "return":
            path.state.escape(symbol)

    def _target_text(self, argument: Argument | None, location: Location | None) -> str:
        """How the source calls the place that receives a handle."""
        written = None if argument is None else argument.written
        if isinstance(written, AddressOf) and written.place.root.scope is not Scope.TEMPORARY:
            return self.typestates.place_text(written.place)
        text = self.typestates.location_text(location)
        if not text and isinstance(written, Read):
            place = written.place
            text = "" if place.root.scope is Scope.TEMPORARY else self.typestates.place_text(place)
        return text

    def _is_shared_box(self, path: Path, location: Location) -> bool:
        """Whether a box is an object that others hold too: an element, a class's instance."""
        if not self.evaluator.boxes:
            return False
        content = path.state.load(location)
        return isinstance(content, Term) or (
            isinstance(content, Symbol) and content.kind in ("unknown", "instance")
        )

    def _tell_owner(
        self,
        path: Path,
        site: Site,
        creation: Creation,
        matched: dict[str, Argument],
        owned: bool,
    ) -> None:
        flag = matched[creation.owned_if or ""].value
        if isinstance(flag, Pointer):
            answer = Status(("owner", site.key), int(owned))
            self.typestates.store(path, flag.location, answer, site.call.span)

    def _first_target(
        self, path: Path, bound: Bound, matched: dict[str, Argument]
    ) -> Location | None:
        for creation in bound.protocol.creates:
            if creation.into in matched:
                argument = matched[creation.into]
                return target_location(self.evaluator, path.state, argument, bound.binding.boxed)
        return None

    # ------------------------------------------------------------ memory and results

    def _overwrite_outputs(
        self, path: Path, site: Site, protocol: Protocol, matched: dict[str, Argument]
    ) -> None:
        """Buffers and lengths that the API writes hold something new afterwards."""
        targets = {
            creation.into
            for creation in protocol.creates
            if self.typestates.watches(creation.resource)
        }
        named = targets | {creation.owned_if for creation in protocol.creates}
        for parameter, argument in matched.items():
            value = argument.value
            if parameter in named or not isinstance(value, Pointer):
                continue
            if path.state.load(value.location) not in path.state.handles:
                content = Symbol("written", site.key, parameter)
                path.state.renew(content)
                path.state.store(value.location, content)

    def _touch_memory(
        self, path: Path, site: Site, protocol: Protocol, matched: dict[str, Argument]
    ) -> None:
        for parameter in protocol.keeps:
            if parameter in matched:
                path.state.escape(matched[parameter].value)
        if protocol.copies is not None and protocol.copies[0] in matched:
            path.state.escape(matched[protocol.copies[0]].value)
        self._zero(path, site, protocol, matched)
        self._free(path, site, protocol, matched)
        for parameter in protocol.writes:
            value = matched[parameter].value if parameter in matched else ZERO
            if isinstance(value, Pointer):
                content = Symbol("written", site.key, parameter)
                path.state.renew(content)
                self.typestates.store(path, value.location, content, site.call.span)

    def _zero(
        self, path: Path, site: Site, protocol: Protocol, matched: dict[str, Argument]
    ) -> None:
        value = matched[protocol.zeroes].value if protocol.zeroes in matched else None
        if not isinstance(value, Pointer):
            return
        filler = matched.get(protocol.zeroes_with or "")
        if filler is None or self.evaluator.number(path.state, filler.value) == 0:
            self.typestates.store(path, value.location, ZERO, site.call.span)
        else:
            content = Symbol("written", site.key, protocol.zeroes)
            path.state.renew(content)
            self.typestates.store(path, value.location, content, site.call.span)

    def _free(
        self, path: Path, site: Site, protocol: Protocol, matched: dict[str, Argument]
    ) -> None:
        """Memory ends: a handle that only it held is lost; a handle itself is no memory."""
        argument = matched.get(protocol.frees or "")
        if argument is None or not isinstance(argument.value, Symbol):
            return
        state, freed = path.state, argument.value
        if freed in state.handles and state.handles[freed].made:
            text = self._argument_text(freed, argument)
            role = Role("release", protocol.frees or "", freed, "memory", None, text)
            event = Event("call", site.call.span, self.typestates.path, protocol.name, (role,))
            path.emit(event)
            self.transitions(path, [role], site.call.span, None)
            return
        inside = [place for place in state.environment if place.base == freed]
        held = [state.environment.pop(place) for place in inside]
        for value in held:
            if isinstance(value, Symbol) and not state.holders(value):
                self.typestates.lose(path, value, site.call.span)

    def _plain_result(
        self, path: Path, site: Site, protocol: Protocol, matched: dict[str, Argument]
    ) -> AbstractValue:
        form, _, name = protocol.returns.partition(":")
        if form == "box":
            first = matched.get(name)
            return ZERO if first is None or isinstance(first.value, Text | Term) else first.value
        if name in matched:
            argument = matched[name]
            if form == "argument":
                return argument.value
            if form == "content" and isinstance(argument.value, Pointer):
                return path.state.load(argument.value.location)
            if form == "content":
                return argument.value
            if form == "address":
                return self._address(path, argument, matched.get("offset"))
            if form in SIGNS:
                return self.evaluator.operate(path.state, SIGNS[form], (argument.value, ZERO))
        kind = "object" if protocol.allocates else "result"
        symbol = Symbol(kind, site.key)
        path.state.renew(symbol)
        if form == "negative" or (form == "nonzero" and path.state.failed):
            self.evaluator.assume(path.state, symbol, True)
        if form == "negative":
            self.evaluator.assume(path.state, Term("<", (symbol, ZERO)), True)
        return symbol

    def _address(self, path: Path, argument: Argument, offset: Argument | None) -> AbstractValue:
        if offset is not None and self.evaluator.number(path.state, offset.value) != 0:
            path.state.escape(argument.value)  # an element that is told by its distance
            return Symbol("unknown", argument.written)
        if isinstance(argument.value, Pointer):
            return argument.value
        if is_parameter(argument.value):
            return Pointer(Location(argument.value))  # the box is the caller's
        if isinstance(argument.written, Read):
            location = self.evaluator.locate(path.state, argument.written.place)
            if location is not None:
                return Pointer(location)
        return argument.value

    def give_result(self, path: Path, site: Site, value: AbstractValue) -> None:
        """Put what the call returned where the code wants it; a discarded handle is lost."""
        target = site.call.result
        if target is None:
            if isinstance(value, Symbol) and not path.state.holders(value):
                self.typestates.lose(path, value, site.call.span)
            return
        location = self.evaluator.locate(path.state, target)
        if location is None or "[?]" in location.path:
            path.state.escape(value)
        else:
            self.typestates.store(path, location, value, site.call.span)
