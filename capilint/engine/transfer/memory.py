"""What a call does to memory that is no handle, and where its result goes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from capilint.engine.domain.binding import Argument, Arguments, includes_flag
from capilint.engine.domain.cause import How
from capilint.engine.domain.evaluate import Evaluator
from capilint.engine.domain.events import Path
from capilint.engine.domain.memory_owners import end_memory
from capilint.engine.domain.typestate import Typestates
from capilint.engine.domain.values import (
    ZERO,
    AbstractValue,
    Location,
    Number,
    Part,
    Pointer,
    Symbol,
)
from capilint.engine.transfer.ways import Site
from capilint.rulebook.protocol import Protocol


@dataclass(slots=True)
class MemoryEffects:
    """Writes memory in one function."""

    evaluator: Evaluator
    typestates: Typestates

    def touch(
        self, path: Path, site: Site, protocol: Protocol, matched: dict[str, Argument]
    ) -> None:
        for parameter in protocol.keeps if self._are_kept(path, protocol, matched) else ():
            if parameter in matched:
                matched[parameter].give_away(path.state)
        if protocol.copies is not None:
            self._copy(path, site, protocol.copies, matched)
        self.zero(path, site, protocol, matched)
        self._end(path, site, protocol, matched.get(protocol.frees or ""))
        for parameter in protocol.writes:
            target = self._pointed_to(matched.get(parameter))
            if target is not None:
                self._write(path, site, parameter, target)

    def _are_kept(self, path: Path, protocol: Protocol, matched: dict[str, Argument]) -> bool:
        """Whether flags may say that the function keeps what it can."""
        state = path.state

        def may_be_set(parameter: str, name: str) -> bool | None:
            flags = matched[parameter].value if parameter in matched else ZERO
            number = self.evaluator.number(state, flags)
            known = flags if number is None else Number(number)
            return includes_flag(known, name, self.evaluator.constants)

        deciding = [may_be_set(*each) for each in protocol.kept_if]
        if deciding and all(answer is False for answer in deciding):
            return False
        return not any(may_be_set(*each) for each in protocol.kept_unless)

    def give_what_is_no_handle(self, path: Path, site: Site, arguments: Arguments) -> None:
        """A function of the API that nobody described gets memory: anything may be in it then."""
        for argument in arguments.all():
            if argument.value in path.state.handles:
                continue
            argument.give_away(path.state)
            if isinstance(argument.value, Pointer):
                content = Symbol("clobber", site.key, argument.value.location)
                path.state.renew(content)
                path.state.store(argument.value.location, content)

    def _pointed_to(self, argument: Argument | None) -> Location | None:
        """The memory that an argument is the address of, where that is known."""
        value = None if argument is None else argument.value
        if isinstance(value, Pointer):
            return value.location
        if isinstance(value, Symbol) and value.kind != "unknown" and not self.evaluator.boxes:
            return Location(value)
        return None

    def _write(self, path: Path, site: Site, parameter: str, target: Location) -> None:
        """Something new is in the memory that a parameter points to."""
        content = Symbol("written", site.key, parameter)
        path.state.renew(content)
        self.typestates.store(path, target, content, site.call.span)

    def _copy(
        self, path: Path, site: Site, copies: tuple[str, str], matched: dict[str, Argument]
    ) -> None:
        """Memory holds what other memory holds; how much of it nobody counts, so it escapes."""
        giver, taker = matched.get(copies[0]), matched.get(copies[1])
        if giver is not None:
            path.state.escape(giver.value)
        source, target = self._pointed_to(giver), self._pointed_to(taker)
        if target is None or target == source:
            return
        if source is None:
            self._write(path, site, copies[1], target)
            return
        content, parts = path.state.load(source), path.state.kept_in(source)
        depth = len(source.path)
        tails = [(place.path[depth:], part) for place, part in parts if place != source]
        self.typestates.store(path, target, content, site.call.span, parts=tails)

    def _end(self, path: Path, site: Site, protocol: Protocol, argument: Argument | None) -> None:
        """Memory ends: a handle that only it held is lost."""
        if argument is None or not isinstance(argument.value, Symbol):
            return
        if not protocol.allocates:  # what realloc gives may be the same memory
            freed, function = protocol.frees or "", protocol.name
            end_memory(path, self.typestates, argument.value, freed, function, site.call.span)
        state = path.state
        held = [value for _, value in state.kept_in(Location(argument.value))]
        state.clear(Location(argument.value))
        for value in held:
            if isinstance(value, Symbol) and not state.holders(value):
                self.typestates.lose(path, value, site.call.span)

    def overwrite_outputs(
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

    def zero(
        self, path: Path, site: Site, protocol: Protocol, matched: dict[str, Argument]
    ) -> None:
        target = self._pointed_to(matched.get(protocol.zeroes or ""))
        if target is None:
            return
        filler = matched.get(protocol.zeroes_with or "")
        if filler is None or self.evaluator.number(path.state, filler.value) == 0:
            self.typestates.store(path, target, ZERO, site.call.span)
        else:
            self._write(path, site, protocol.zeroes or "", target)

    def give_result(
        self,
        path: Path,
        site: Site,
        value: AbstractValue,
        parts: Sequence[Part] = (),
    ) -> None:
        """Put what the call returned where the code wants it; a discarded handle is lost.

        `parts` are the members of a structure that it returned.
        """
        target = site.call.result
        if target is None:
            for part in (value, *(part for _, part in parts)):
                if isinstance(part, Symbol) and not path.state.holders(part):
                    self.typestates.lose(path, part, site.call.span)
            return
        location = self.evaluator.locate(path.state, target)
        if location is None or "[?]" in location.path:
            text = self.typestates.place_text(target)
            for part in (value, *(part for _, part in parts)):
                path.state.escape(part, cause=path.state.cause(How.ELEMENT, text))
        else:
            self.typestates.store(path, location, value, site.call.span, parts=parts)
