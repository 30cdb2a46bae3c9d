"""Members that a closer forgets: what an opener puts into the caller's structure, it must end.

    digest_open(d):  CryptAcquireContext(&d->prov, ..)         digest_close(d), run on what is left:
                     CryptCreateHash(d->prov, .., &d->hash)    releases d->prov; d->hash is alive

No caller need be in the run: the opener's final states are the closer's first. A function ends a
structure for good where it frees it, where it releases a handle's context and not the handle,
where it releases another and clears that one's place, and where it releases all but that one of
several. Less than that, a `reset`, is no end.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from capilint.engine.checks.closers import Closer, Closers
from capilint.engine.checks.members import (
    Member,
    destroyed,
    is_alive,
    kept_members,
    last_return,
)
from capilint.engine.checks.taken import Taken
from capilint.engine.domain.binding import Argument, Arguments
from capilint.engine.domain.events import Defect, Ender, Path
from capilint.engine.domain.handle import Typestate
from capilint.engine.domain.state import State
from capilint.engine.domain.values import AbstractValue, Location, Pointer, Symbol
from capilint.engine.program.linkage import Definition
from capilint.engine.program.structures import (
    Typed,
    declared_type,
    parameter_type,
)
from capilint.engine.transfer.interpreter import Interpreter
from capilint.engine.transfer.ways import Site
from capilint.finding import Span
from capilint.ir import Call, Direct, Language, Scope, Unknown, Variable

ALL_BUT_ONE = 2  # so many handles have to end with a structure to show that it does
_POINTER = Variable("%structure", Scope.TEMPORARY)  # where the caller keeps its address


@dataclass(slots=True)
class Openers:
    """What the closers of one program leave alive of what its openers made.

    `told` are the members, by opener and accessor, of which it was said.
    """

    closers: Closers
    taken: Taken
    told: set[tuple[str, str]] = field(default_factory=set)

    def forgotten(self, definition: Definition, interpreter: Interpreter) -> Iterator[Defect]:
        """The handles that a function leaves in a structure, and that a closer of it forgets.

        Functions are asked about callees first: what a callee has put there is its own to tell.
        """
        blind = definition.module.problems  # what was not understood may end them
        found = [] if blind else list(self._forgotten(definition, interpreter))
        for defect, accessor in found:
            origin = interpreter.typestates.origins.get(defect.symbol)
            if origin is None or (origin.creator, accessor) not in self.told:
                yield defect
        self.told.update((definition.function.name, accessor) for _, accessor in found)

    def _forgotten(
        self, definition: Definition, interpreter: Interpreter
    ) -> Iterator[tuple[Defect, str]]:
        for node, exit_, path in interpreter.exits:
            members: dict[Symbol, list[Member]] = {}
            for member in () if exit_.raised else given_members(exit_.state):
                members.setdefault(member.thing, []).append(member)
            for thing, held in members.items():
                end = Path(exit_.state.copy(), node, path.trail)
                structure = structure_of(definition, thing)
                for closer in () if structure is None else self.closers.of(structure):
                    ending = _Ending(interpreter, closer, thing, exit_.span)
                    forgotten = [
                        (ending.defect(end, member, way), member.path[-1])
                        for member, way in ending.left_alive(end, held)
                        if structure is not None and not self.taken.has(member.path, structure)
                    ]
                    if forgotten:
                        yield from forgotten
                        break


def fills_structures(definition: Definition, interpreter: Interpreter) -> bool:
    """Whether a function of C leaves handles in members of a structure that its caller has."""
    if definition.module.language is Language.PYTHON:
        return False
    exits = (exit_ for _, exit_, _ in interpreter.exits if not exit_.raised)
    return any(any(given_members(exit_.state)) for exit_ in exits)


def given_members(state: State) -> Iterator[Member]:
    """The handles that only a member of the caller's structure holds, however deep inside."""
    for member in kept_members(state):
        mine = member.thing.kind in ("initial", "object") and member.thing not in state.shared
        if mine and all(accessor.startswith(".") for accessor in member.path):
            yield member


def structure_of(definition: Definition, thing: Symbol) -> Typed | None:
    """The structure that an argument leads to, or whose memory a call gave."""
    pointer = None
    place = thing.detail
    if thing.kind == "initial" and isinstance(place, Location) and not place.path:
        for parameter in definition.function.parameters:
            if parameter.variable == place.base:
                pointer = parameter_type(definition, parameter)
    elif thing.kind == "object" and isinstance(thing.site, tuple):
        block, index = thing.site
        call = definition.function.blocks[block].instructions[index]
        if isinstance(call, Call) and call.result is not None:
            pointer = declared_type(definition, call.result)
    return None if pointer is None else pointer.pointed_to()


@dataclass(frozen=True, slots=True)
class _Ending:
    """A closer that is run on a structure where its opener leaves it, at `given`."""

    interpreter: Interpreter
    closer: Closer
    thing: Symbol
    given: Span

    def left_alive(self, path: Path, members: Sequence[Member]) -> Iterator[tuple[Member, Path]]:
        """The members that the closer leaves alive, on all ways on which it ends anything."""
        before = destroyed(path.state)
        ways = self._run(path.fork(), members)
        ends = [way for way in ways if destroyed(way.state) - before]
        if not ends and self.closer.frees:
            ends = ways
        for member in members:
            alive = all(is_alive(end.state, member.symbol) for end in ends)
            others = {each.symbol for each in members} - {member.symbol}
            if ends and alive and all(self._is_the_end(end.state, member, others) for end in ends):
                yield member, ends[0]

    def _is_the_end(self, state: State, member: Member, others: set[Symbol]) -> bool:
        """Whether nobody can release the member after the closer."""
        owner = state.handles.get(state.handles[member.symbol].owner or member.symbol)
        gone = owner is not None and owner.typestate is Typestate.DESTROYED
        cleared = state.load(Location(self.thing, member.path)) != member.symbol
        rest_is_gone = len(others) >= ALL_BUT_ONE and others <= destroyed(state)
        return self.closer.frees or gone or cleared or rest_is_gone

    def _run(self, path: Path, members: Sequence[Member]) -> list[Path]:
        """Call the closer; the members are held on to, so that clearing them loses none."""
        state = path.state
        for number, member in enumerate(members):
            state.environment[Location(Variable(f"%held{number}", Scope.TEMPORARY))] = member.symbol
        closer = self.closer
        value: AbstractValue = self.thing
        if closer.indirect:
            state.environment[Location(_POINTER)] = self.thing
            value = Pointer(Location(_POINTER))
        span = self._leave()
        site = Site(
            (span, closer.summary.name), Call(Direct(closer.summary.name), (), None, span), True
        )
        name = closer.parameter.variable.name.partition("#")[0]
        given = Arguments((), ((name, Argument(Unknown(), value)),), None, spread=False)
        with self.interpreter.typestates.gathered():
            ways = self.interpreter.summary_calls.apply(path, site, closer.summary, given)
            return [way.path for way in ways if not way.raised]

    def _leave(self) -> Span:
        return last_return(self.closer.definition.function).span

    def defect(self, path: Path, member: Member, end: Path) -> Defect:
        """What is wrong where the closer ends with the member alive."""
        closer = self.closer
        function = closer.definition.function
        ender = Ender(
            function.name,
            closer.definition.module.path,
            self._leave(),
            closer.member_text(member.path),
            self.given,
        )
        typestates = self.interpreter.typestates
        origin = typestates.origins.get(member.symbol)
        own = typestates.location_text(Location(self.thing, member.path))
        return Defect(
            "CAP101",
            member.symbol,
            path.state.handles[member.symbol].resource,
            self._leave(),
            path.node,
            end.trail,
            (origin.text if origin is not None else "") or own,
            ender,
        )
