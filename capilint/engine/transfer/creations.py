"""New handles: what a call makes, who owns it, and where it goes."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from capilint.engine.domain.binding import Argument, includes_flag, target_location
from capilint.engine.domain.cause import How
from capilint.engine.domain.escapes import CreationSite
from capilint.engine.domain.evaluate import Evaluator
from capilint.engine.domain.events import Origin, Path
from capilint.engine.domain.handle import Handle, OpenFlag, Typestate, answered
from capilint.engine.domain.memory_owners import memory_at
from capilint.engine.domain.state import State
from capilint.engine.domain.typestate import Typestates
from capilint.engine.domain.values import (
    ONE_OF,
    ZERO,
    Location,
    Number,
    Pointer,
    Status,
    Symbol,
    Term,
    is_empty_box,
)
from capilint.engine.transfer.ways import Site
from capilint.finding import Span
from capilint.ir import AddressOf, Place, Read, Scope, Variable
from capilint.rulebook.book import Bound
from capilint.rulebook.protocol import Creation, Flags, Protocol, Success

# The symbols of boxes that this function was given by somebody who may keep them.
ELSEWHERE = ("unknown", "instance", "read", "result", "report")


@dataclass(slots=True)
class Creations:
    """Makes handles in one function."""

    evaluator: Evaluator
    typestates: Typestates
    constants: Callable[[str], int | None]

    def made(
        self, path: Path, site: Site, bound: Bound, matched: dict[str, Argument], owned: bool
    ) -> list[tuple[Creation, Symbol, Handle, Location | None]]:
        """What the call creates, and where it goes; older handles still have the new ones' names.

        That is so that the call's other arguments can be judged.
        """
        made = []
        state = path.state
        for creation in bound.protocol.creates:
            watched = self.typestates.watches(creation.resource)
            is_known = creation.into == "return" or creation.into in matched
            if state.log is not None and watched:
                found = site_of(state.log.path, site.call.span, bound.protocol.name, creation)
                state.log.met[found] = is_known or state.log.met.get(found, False)
            if not is_known or not self._may_make(state, creation, matched):
                continue
            if self._prevented(path, creation, matched):
                self._leave_unknown(path, site, matched.get(creation.into), creation, bound)
                continue
            location = None
            if creation.into != "return":
                argument = matched[creation.into]
                if argument.value == ZERO and not bound.binding.boxed:
                    continue
                location = target_location(self.evaluator, state, argument, bound.binding.boxed)
            symbol = Symbol("handle", site.key, creation.into)
            doubt, how = self._doubt(path, site, creation, matched)
            handle = Handle(
                creation.resource,
                Typestate.LIVE if watched else Typestate.UNKNOWN,
                made=owned and watched,
                escaped=not owned,
                owner=self._owner(path, creation, matched),
                doubt=doubt,
                binding=bound.binding.name,
                owns_itself=bound.protocol.owns_itself,
                cause=None if doubt is None else state.cause(how),
            )
            made.append((creation, symbol, handle, location))
        return made

    def must_fail(self, state: State, protocol: Protocol, matched: dict[str, Argument]) -> bool:
        """Whether a call is to make something in what cannot own it: a hash for a provider."""
        for creation in protocol.creates:
            owner, wanted = (
                matched.get(creation.owner or ""),
                protocol.uses.get(creation.owner or ""),
            )
            if owner is None or wanted is None or not isinstance(owner.value, Symbol):
                continue
            known, origin = state.handles.get(owner.value), self.typestates.origins.get(owner.value)
            if known is None or not known.made or known.typestate is not Typestate.LIVE:
                continue
            if known.resource != wanted and not (origin and wanted in origin.alternatives):
                return True
        return False

    def _leave_unknown(
        self, path: Path, site: Site, target: Argument | None, creation: Creation, bound: Bound
    ) -> None:
        """Nothing is owed for what the call leaves there, but it may have written something."""
        if target is None or target.value == ZERO:
            return
        place = target_location(self.evaluator, path.state, target, bound.binding.boxed)
        if place is not None:
            content = Symbol("written", site.key, creation.into)
            path.state.renew(content)
            self.typestates.store(path, place, content, site.call.span)

    def _may_make(self, state: State, creation: Creation, matched: dict[str, Argument]) -> bool:
        """Whether the flags are set that it takes."""
        needed = _flags(creation.only_if, matched)
        return not needed or any(self.is_set(state, each) for each in needed)

    def asks_owner(self, path: Path, creation: Creation, matched: dict[str, Argument]) -> bool:
        """Whether only the call's answer tells whose the new handle is."""
        flags = _flags(creation.asks_if, matched)
        certain = bool(flags) and all(self.is_set(path.state, each) is False for each in flags)
        return creation.owned_if in matched and not certain

    def _prevented(self, path: Path, creation: Creation, matched: dict[str, Argument]) -> bool:
        """Whether a flag says that nothing is made."""
        flags = _flags(creation.unless, matched)
        return any(self.is_set(path.state, each) for each in flags)

    def _doubt(
        self, path: Path, site: Site, creation: Creation, matched: dict[str, Argument]
    ) -> tuple[object, How]:
        """What is open about a new handle: whose it is, or whether it was made; and why."""
        if self.asks_owner(path, creation, matched):
            return ("owner", site.key), How.FLAG
        for each in _flags(creation.unless, matched):
            if self.is_set(path.state, each) is None:
                return each, How.UNDECIDED
        return None, How.UNDECIDED

    def is_set(self, state: State, flag: OpenFlag) -> bool | None:
        """Whether flags have a flag set; None where nobody knows."""
        bit = self.constants(flag.name)
        answer = includes_flag(flag.flags, flag.name, self.constants)
        if answer is None and bit is not None:
            test = self.evaluator.operate(state, "&", (flag.flags, Number(bit)))
            return self.evaluator.truth(state, test)
        return answer

    def settle(self, state: State) -> None:
        """A branch may tell what flags say: a handle that hung on them was made, or was not."""
        for symbol, handle in list(state.handles.items()):
            if isinstance(handle.doubt, OpenFlag):
                answer = self.is_set(state, handle.doubt)
                if answer is not None:
                    state.handles[symbol] = answered(handle, made=not answer)

    def _owner(self, path: Path, creation: Creation, matched: dict[str, Argument]) -> Symbol | None:
        if creation.owner in matched:
            value = matched[creation.owner or ""].value
            if isinstance(value, Pointer):
                value = path.state.load(value.location)
            return value if isinstance(value, Symbol) and value.kind != "unknown" else None
        if creation.memory in matched and not self.evaluator.boxes:
            return self._memory(matched[creation.memory or ""])
        if creation.owner_of in matched:
            sibling = matched[creation.owner_of or ""].value
            if isinstance(sibling, Symbol) and sibling in path.state.handles:
                return path.state.handles[sibling].owner
        return None

    def _memory(self, argument: Argument) -> Symbol | None:
        """The caller's memory that the handle stands in."""
        memory, written = memory_at(argument.value), argument.written
        if memory is not None and isinstance(written, Read | AddressOf):
            whole = Place(
                written.place.root, tuple(each for each in written.place.path if each != "[0]")
            )
            self.typestates.name(memory, whole)
        return memory

    def place(
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
        text = self._target_text(path, matched.get(creation.into), location)
        origin = Origin(bound.protocol.name, text, span, creation.resource, creation.alternatives)
        self.typestates.create(path, symbol, handle, origin)
        log = path.state.log
        if log is not None and self.typestates.watches(creation.resource):
            found = site_of(log.path, span, bound.protocol.name, creation)
            log.sites.setdefault(symbol, {})[found] = None
        if not site.result_is_read and bound.protocol.success is not Success.RAISES:
            self.typestates.report(path, "CAP401", symbol, span)
        if location is not None and self._is_shared_box(path, location):
            path.state.escape(symbol, cause=path.state.cause(How.STORED, text))
        if location is not None and "[?]" not in location.path:
            for place in (location, *self._same_box(path, location)):
                self.typestates.store(path, place, symbol, span)
        elif creation.into != "return":
            path.state.escape(symbol, cause=path.state.cause(How.ELEMENT, text))

    def _target_text(self, path: Path, argument: Argument | None, location: Location | None) -> str:
        """How the source calls the place that receives a handle."""
        written = None if argument is None else argument.written
        if isinstance(written, AddressOf) and written.place.root.scope is not Scope.TEMPORARY:
            return self.typestates.place_text(written.place)
        if location is not None and isinstance(written, AddressOf):  # by what a smart pointer gives
            location = self.typestates.through_variable(path.state, location)
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
        if location.path:
            container = path.state.load(Location(location.base, location.path[:-1]))
            if isinstance(container, Symbol) and container.kind in ELSEWHERE:
                return True
        if not isinstance(content, Symbol):
            return isinstance(content, Term) or _is_temporary(location)
        if content.kind in ("initial", "member"):
            return content.detail != location  # a variable that names a box from elsewhere
        shared = is_empty_box(content) and content in path.state.shared
        return shared or content.kind in ELSEWHERE

    def _same_box(self, path: Path, location: Location) -> list[Location]:
        """The other places of the box that a location holds."""
        content = path.state.load(location)
        if not is_empty_box(content):
            return []
        return [place for place in path.state.holders(content) if place != location]

    def tell_owner(
        self,
        path: Path,
        site: Site,
        creation: Creation,
        matched: dict[str, Argument],
        owned: bool,
    ) -> None:
        flag = target_location(self.evaluator, path.state, matched[creation.owned_if or ""], False)
        if flag is not None:
            answer = Status(("owner", site.key), int(owned))
            self.typestates.store(path, flag, answer, site.call.span)

    def say(self, path: Path, site: Site, creation: Creation, matched: dict[str, Argument]) -> None:
        """Write what tells of the handle's kind: a number, or one of several."""
        written: dict[str, list[Number]] = {}
        for parameter, name in creation.says:
            number = self.constants(name)
            if parameter in matched and number is not None:
                written.setdefault(parameter, []).append(Number(number))
        for parameter, numbers in written.items():
            place = target_location(self.evaluator, path.state, matched[parameter], False)
            if place is None:
                continue
            if len(numbers) == 1:
                self.typestates.store(path, place, numbers[0], site.call.span)
                continue
            content = path.state.load(place)
            if isinstance(content, Symbol):  # what the call has just written
                path.state.facts[Term(ONE_OF, (content, *numbers))] = True

    def target(self, path: Path, bound: Bound, matched: dict[str, Argument]) -> Location | None:
        for creation in bound.protocol.creates:
            if creation.into in matched:
                argument = matched[creation.into]
                return target_location(self.evaluator, path.state, argument, bound.binding.boxed)
        return None


def _flags(flags: Flags, matched: dict[str, Argument]) -> list[OpenFlag]:
    """Flags that decide something, each with the argument that may have it."""
    return [
        OpenFlag(matched[parameter].value if parameter in matched else ZERO, flag)
        for parameter, flag in flags
    ]


def site_of(path: str, span: Span, creator: str, creation: Creation) -> CreationSite:
    """What a call's creation is known by all over the program."""
    return CreationSite(path, span, creation.into, creation.resource, creator)


def _is_temporary(location: Location) -> bool:
    """Whether no name of the program leads to a location."""
    return isinstance(location.base, Variable) and location.base.scope is Scope.TEMPORARY
