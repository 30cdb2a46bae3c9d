"""Members that a closer forgets: what an opener puts into the caller's structure, it must end.

    digest_open(d):  CryptAcquireContext(&d->prov, ..)         digest_close(d), run on what is left:
                     CryptCreateHash(d->prov, .., &d->hash)    releases d->prov; d->hash is alive

No caller need be in the run: the opener's final states are the closer's first. A function ends a
structure for good where it frees it, where it releases a handle's context and not the handle,
where it releases another and clears that one's place, and where it releases all but that one of
several; of two, where the structure is the file's own and the one was needed to make the other.
Less than that, a `reset`, is no end.

In C++ every method of a class is an opener that leaves a handle in a member. The destructor is the
closer that counts most: what it leaves alive is leaked, if it releases anything, or if nobody else
can get at the member; what it ends, no other closer forgets. A class without a destructor leaves
alive all that is so its own.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace

from capilint.engine.checks.closers import Closer, Closers
from capilint.engine.checks.members import (
    Member,
    destroyed,
    is_alive,
    kept_members,
    last_return,
    rest_is_gone,
)
from capilint.engine.checks.taken import Taken
from capilint.engine.domain.binding import Argument, Arguments
from capilint.engine.domain.events import Defect, Ender, Path, Trail
from capilint.engine.domain.handle import Typestate
from capilint.engine.domain.state import State
from capilint.engine.domain.values import (
    AbstractValue,
    Location,
    Pointer,
    Symbol,
    initial,
    member_chain,
)
from capilint.engine.program.classes import Missing
from capilint.engine.program.linkage import Definition
from capilint.engine.program.structures import (
    Typed,
    declared_type,
    declaring,
    parameter_type,
)
from capilint.engine.transfer.interpreter import Interpreter
from capilint.engine.transfer.ways import Site
from capilint.finding import Span
from capilint.ir import Call, Direct, Language, Place, Read, Scope, Unknown, Value, Variable

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
                left = _Left(interpreter, definition, end, thing, held, exit_.span)
                yield from self._forgotten_in(left)

    def _forgotten_in(self, left: _Left) -> Iterator[tuple[Defect, str]]:
        """What is forgotten of one thing: by the first of its closers that forgets any of it."""
        structure = structure_of(left.definition, left.thing)
        if self.taken.gathered and all(self._is_taken(left, structure, m) for m in left.members):
            return  # whatever its closers do: running them is dear
        destructor = self._destructor(left, structure)
        endings = [_Ending(left, destructor, left.thing)] if isinstance(destructor, Closer) else []
        mortal = {each.symbol for ending in endings for each in ending.ended()}
        if structure is not None and destructor is not Missing.UNKNOWN:
            hidden = structure.home == left.definition.module.path
            closers = self.closers.of(structure)
            endings += [_Ending(left, each, left.thing, hidden) for each in closers]
        endings += self._of_whole(left)
        for ending in endings:
            forgotten = [
                (ending.defect(member, way), member.path[-1])
                for member, way in ending.left_alive(self._own(left, structure))
                if member.symbol not in mortal and not self._is_taken(left, structure, member)
            ]
            if forgotten:
                yield from forgotten
                return
        if destructor is Missing.ABSENT:
            for member in self._own(left, structure):
                if not self._is_taken(left, structure, member):
                    yield left.defect(member), member.path[-1]

    def _destructor(self, left: _Left, structure: Typed | None) -> Closer | Missing:
        """What runs where the thing ends; a structure that has no methods is none of a class."""
        module = left.definition.module
        if structure is None:
            return Missing.UNKNOWN
        found = self.closers.of_class(structure.name, module)
        is_class = isinstance(found, Closer) or structure.name in module.class_texts
        return found if is_class else Missing.ABSENT

    def _of_whole(self, left: _Left) -> list[_Ending]:
        """The destructor of the object that the thing is reached from, by a pointer of its own; in
        C the closers of the structure."""
        function = left.definition.function
        whole = member_chain(left.thing)[-1]
        if left.thing is whole:
            return []
        if function.receiver is None or function.owner_class is None:
            structure = structure_of(left.definition, whole)
            closers = self.closers.of(structure) if structure is not None else []
            return [_Ending(left, each, whole) for each in closers]
        if whole is not initial(Location(function.receiver)):
            return []
        destructor = self.closers.of_class(function.owner_class, left.definition.module)
        return [_Ending(left, destructor, whole)] if isinstance(destructor, Closer) else []

    def _is_taken(self, left: _Left, structure: Typed | None, member: Member) -> bool:
        own = member in self._own(left, structure)
        return self.taken.has(_outside(member.path), structure, left.definition.module, own)

    def _own(self, left: _Left, structure: Typed | None) -> list[Member]:
        """The members that nobody but the methods of their class can get at."""
        module = left.definition.module
        classes = self.closers.program.classes_of(module)
        found = []
        for member in left.members if structure is not None else ():
            name = member.path[0].removeprefix(".")
            owner = declaring(structure, name, module).name if structure is not None else ""
            if len(_outside(member.path)) == 1 and classes.is_own(owner, name, module):
                found.append(member)
        return found


def fills_structures(definition: Definition, interpreter: Interpreter) -> bool:
    """Whether a function of C leaves handles in members of a structure that its caller has."""
    if definition.module.language is Language.PYTHON:
        return False
    exits = (exit_ for _, exit_, _ in interpreter.exits if not exit_.raised)
    return any(any(given_members(exit_.state)) for exit_ in exits)


def given_members(state: State) -> Iterator[Member]:
    """The handles that only a member of the caller's structure holds, however deep inside."""
    for member in kept_members(state):
        kinds = ("initial", "object", "member")
        mine = member.thing.kind in kinds and member.thing not in state.shared
        if mine and all(accessor.startswith(".") for accessor in _outside(member.path)):
            yield member


def _outside(path: tuple[str, ...]) -> tuple[str, ...]:
    """The path of a member; of an element of an array or a container, the whole's."""
    element = next((i for i, each in enumerate(path) if each.startswith("[")), len(path))
    return path[:element]


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
class _Left:
    """What a function leaves to its caller in the members of a thing, at `given`."""

    interpreter: Interpreter
    definition: Definition
    path: Path
    thing: Symbol
    members: Sequence[Member]
    given: Span

    def defect(self, member: Member) -> Defect:
        """What is wrong where nothing ends the member."""
        defect = self._defect(member, self.given, self.path.trail, None)
        return replace(defect, unended=True)

    def ended(self, member: Member, ender: Ender, trail: Trail | None) -> Defect:
        """What is wrong where an ender leaves the member alive."""
        return self._defect(member, ender.leave, trail, ender)

    def _defect(
        self, member: Member, span: Span, trail: Trail | None, ender: Ender | None
    ) -> Defect:
        typestates = self.interpreter.typestates
        origin = typestates.origins.get(member.symbol)
        own = typestates.location_text(Location(self.thing, member.path))
        text = (origin.text if origin is not None else "") or own
        resource = self.path.state.handles[member.symbol].resource
        return Defect("CAP101", member.symbol, resource, span, self.path.node, trail, text, ender)


@dataclass(frozen=True, slots=True)
class _Ending:
    """A closer that is run on a whole where an opener leaves it."""

    left: _Left
    closer: Closer
    whole: Symbol
    hidden: bool = False  # no other file can get at the members

    def ended(self) -> list[Member]:
        """The members that the closer may end."""
        ways = self._run(self.left.path.fork())
        lives = [
            all(is_alive(way.state, each.symbol) for way in ways) for each in self.left.members
        ]
        return [each for each, alive in zip(self.left.members, lives, strict=True) if not alive]

    def left_alive(self, own: Sequence[Member]) -> Iterator[tuple[Member, Path]]:
        """The members that the closer leaves alive, on all ways on which it ends anything.

        One that is its class's own need not be the only one, and of a freed structure none.
        """
        path, members = self.left.path, self.left.members
        before = destroyed(path.state)
        ways = self._run(path.fork())
        ending = [way for way in ways if destroyed(way.state) - before]
        for member in members:
            ends = ending or (ways if self.closer.frees or member in own else [])
            alive = all(is_alive(end.state, member.symbol) for end in ends)
            others = {each.symbol for each in members} - {member.symbol}
            if ends and alive and all(self._is_the_end(end.state, member, others) for end in ends):
                yield member, ends[0]

    def _is_the_end(self, state: State, member: Member, others: set[Symbol]) -> bool:
        """Whether nobody can release the member after the closer."""
        owner = state.handles.get(state.handles[member.symbol].owner or member.symbol)
        gone = owner is not None and owner.typestate is Typestate.DESTROYED
        cleared = state.load(Location(member.thing, member.path)) != member.symbol
        is_last = self.closer.frees or self.closer.destructs
        left = self.left
        return (
            is_last
            or gone
            or cleared
            or rest_is_gone(left.interpreter, left.path, state, member, others, self.hidden)
        )

    def _run(self, path: Path) -> list[Path]:
        """Call the closer; the members are held on to, so that clearing them loses none."""
        state = path.state
        closer, interpreter = self.closer, self.left.interpreter
        for number, member in enumerate(self.left.members):
            state.environment[Location(Variable(f"%held{number}", Scope.TEMPORARY))] = member.symbol
            owner = state.handles[member.symbol].owner
            if owner is not None:  # what is null owns nothing
                interpreter.evaluator.assume(state, owner, True)
        value: AbstractValue = self.whole
        written: Value = Unknown()
        if closer.indirect or closer.by_value:
            state.environment[Location(_POINTER)] = self.whole
        if closer.by_value:
            written = Read(Place(_POINTER, ("*",)))
        elif closer.indirect:
            value = Pointer(Location(_POINTER))
        span = self._leave()
        site = Site(
            (span, closer.summary.name), Call(Direct(closer.summary.name), (), None, span), True
        )
        name = closer.parameter.variable.name.partition("#")[0]
        given = Arguments((), ((name, Argument(written, value)),), None, spread=False)
        with interpreter.typestates.gathered():
            ways = interpreter.summary_calls.apply(path, site, closer.summary, given)
            return [way.path for way in ways if not way.raised]

    def _path_to(self, thing: Symbol) -> tuple[str, ...]:
        """How the thing is reached from the whole."""
        path: tuple[str, ...] = ()
        while thing is not self.whole and isinstance(thing.detail, Location):
            path = (*thing.detail.path, "*", *path)
            if not isinstance(thing.detail.base, Symbol):
                break
            thing = thing.detail.base
        return path

    def _leave(self) -> Span:
        return last_return(self.closer.definition.function).span

    def defect(self, member: Member, end: Path) -> Defect:
        """What is wrong where the closer ends with the member alive."""
        closer = self.closer
        function, path = closer.definition.function, closer.definition.path
        path_to_it = (*self._path_to(member.thing), *member.path)
        text = "" if closer.destructs else closer.member_text(path_to_it)
        ender = Ender(function.name, path, self._leave(), text, self.left.given)
        return self.left.ended(member, ender, end.trail)
