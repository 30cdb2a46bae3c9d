"""Methods of Python's classes that end an object by what they do, whatever they are called, and
methods that lose a handle of it.

    __init__: obj.prov = <made>; obj.key = <made in it>      what a method leaves in members
    cleanup:  CryptReleaseContext(obj.prov)                  obj.key is leaked: CAP101
    forget:   obj.key = None                                 obj.key is lost: CAP103

Each of a class's methods is run on the object as another one leaves it. That it ends the object for
good is known where it releases a handle's context and not the handle, where it releases all but
that one of several, and where no other method of the class releases anything and it puts nothing
new there; of a function, too, where it is the file's only one that releases what the handle was
made with. Nothing is said of a handle that somebody in the program takes out of its member: what
callers have to do first is their affair.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import NamedTuple

from capilint.engine.checks.members import (
    Member,
    destroyed,
    is_alive,
    last_return,
    members_of,
    objects_left,
    outlives_call,
    rest_is_gone,
)
from capilint.engine.checks.taken_members import TakenMembers
from capilint.engine.domain.binding import Argument, Arguments
from capilint.engine.domain.escapes import newest
from capilint.engine.domain.events import Defect, Ender, Event, Path, Role
from capilint.engine.domain.handle import Typestate
from capilint.engine.domain.handle_names import is_temporary
from capilint.engine.domain.state import State
from capilint.engine.domain.values import ZERO, Location, Symbol, initial, is_empty_box
from capilint.engine.program.callgraph import Program
from capilint.engine.program.linkage import Definition
from capilint.engine.summaries.summary import Summary
from capilint.engine.transfer.interpreter import Interpreter
from capilint.engine.transfer.ways import Site
from capilint.finding import Span
from capilint.ir import Assign, Call, Direct, Function, Place, Scope, Unknown, Variable, source_text


@dataclass(slots=True)
class LastMethods:
    """Asks the methods of one program's classes, and functions; `summaries` are those of functions
    that act on handles, among others.

    `told` are handles of which it was said, and members, each with the method that does it: of
    several handles that may be in one it is said once.
    """

    program: Program
    taken: TakenMembers
    summaries: Mapping[Definition, Summary | None]
    told: set[tuple[Definition, object]] = field(default_factory=set)

    def defects(self, definition: Definition, interpreter: Interpreter) -> Iterator[Defect]:
        """What the other methods of a class do to the handles that a function leaves in members."""
        for node, exit_, path in interpreter.exits:
            things = objects_left(definition, interpreter, exit_.state) if not exit_.raised else ()
            for thing, owner in things:
                members = list(members_of(exit_.state, thing))
                asked = [each for each in members if not self.taken.has(owner, each.path[0])]
                for last in self._asked(definition, interpreter, owner, members) if asked else ():
                    end = Path(exit_.state.copy(), node, path.trail)
                    run = _Run(self.program, interpreter, last, end, thing, members)
                    for defect in run.defects(asked):
                        said = {(definition, defect.symbol), (last.method, (owner, defect.text))}
                        if said.isdisjoint(self.told):
                            yield defect
                        self.told |= said

    def _asked(
        self,
        definition: Definition,
        interpreter: Interpreter,
        owner: str,
        members: Sequence[Member],
    ) -> Iterator[Last]:
        """The methods of the object's class, and the functions that may end such an object."""
        for method in interpreter.callees.classes.methods_of(owner):
            summary = interpreter.callees.summary_of(method)
            if method != definition and summary is not None and _concerns(summary):
                yield Last(method, summary, method.function.parameters[0].variable)
        names = {each.path[0] for each in members}
        yield from self._functions_of(definition, names)

    def _functions_of(self, definition: Definition, names: set[str]) -> Iterator[Last]:
        """The functions beside one that release a member of these of an argument, and fill none;
        but for those that others of them call."""
        found = [
            Last(other, summary, parameter)
            for other in self.program.names.definitions
            if other.module is definition.module and other not in self.taken.fillers
            if (summary := self.summaries.get(other)) is not None
            for parameter in _ended_in(other, summary, names)
        ]
        ending = {each.method for each in found}
        inner = {
            called
            for each in ending
            for called in self.program.calls[each].callees
            if called != each
        }
        outer = [each for each in found if each.method not in inner]
        yield from (each._replace(only=len(outer) == 1) for each in outer)


def _ended_in(definition: Definition, summary: Summary, names: set[str]) -> Iterator[Variable]:
    """The parameters, but for the object that a method is called on, of which a function releases
    one of some members."""
    places = [
        symbol.detail
        for outcome in summary.outcomes
        for symbol, handle in outcome.handles
        if handle.typestate is Typestate.DESTROYED and not handle.made
    ]
    for variable in summary.parameters:
        first = initial(Location(variable))
        if variable != definition.function.receiver and any(
            isinstance(place, Location)
            and place.base == first
            and place.path[:1]
            and place.path[0] in names
            for place in places
        ):
            yield variable


def _concerns(summary: Summary) -> bool:
    """Whether a method may end a handle, or put something into the object that it is called on."""
    first = initial(Location(summary.parameters[0])) if summary.parameters else 0
    return any(
        any(handle.typestate is Typestate.DESTROYED for _, handle in outcome.handles)
        or any(place.base == first for place, _ in outcome.stores)
        for outcome in summary.outcomes
    )


class Last(NamedTuple):
    """A function that may be the last one to be called on what its parameter is given; the `only`
    one of a file."""

    method: Definition
    summary: Summary
    parameter: Variable
    only: bool = False


@dataclass(frozen=True)
class _Run:
    """A method or function that is run on an object where another one leaves it."""

    program: Program
    interpreter: Interpreter
    last: Last
    path: Path
    thing: Symbol
    members: Sequence[Member]

    def defects(self, asked: Sequence[Member]) -> Iterator[Defect]:
        """Of some of the members, those that the method leaves alive for good, or that it loses."""
        before = destroyed(self.path.state)
        ending = [way for way in self._ways if destroyed(way.state) - before]
        for member in asked:
            lost = self._written(member)
            if lost is not None and self._loses(member):
                yield self._defect("CAP103", member, lost, self._losing(member, lost))
                continue
            alive = all(is_alive(way.state, member.symbol) for way in ending)
            if ending and alive and all(self._is_the_end(way.state, member) for way in ending):
                leave = last_return(self.last.method.function).span
                yield self._defect("CAP101", member, leave, ending[0])

    @cached_property
    def _ways(self) -> list[Path]:
        """The ways on after a call; members are held on to, so that clearing them loses none."""
        path, interpreter = self.path.fork(), self.interpreter
        for number, member in enumerate(self.members):
            held = Location(Variable(f"%held{number}", Scope.TEMPORARY))
            path.state.environment[held] = member.symbol
            for present in (member.symbol, path.state.handles[member.symbol].owner):
                if present is not None:
                    interpreter.evaluator.assume(path.state, present, True)
        span = last_return(self.last.method.function).span
        call = Call(Direct(self.last.summary.name), (), None, span)
        argument, name = Argument(Unknown(), self.thing), self.last.parameter.name.partition("#")[0]
        given = Arguments((), ((name, argument),), None, spread=False)
        if self._is_method:
            given = Arguments((), (), argument, spread=False)
        site = Site((span, self.last.summary.name), call, True)
        with interpreter.typestates.gathered():
            ways = interpreter.summary_calls.apply(path, site, self.last.summary, given)
            return [way.path for way in ways if not way.raised]

    def _is_the_end(self, state: State, member: Member) -> bool:
        """Whether nobody can release the member after the method."""
        owner = state.handles.get(state.handles[member.symbol].owner or member.symbol)
        gone = owner is not None and owner.typestate is Typestate.DESTROYED
        others = {each.symbol for each in self.members} - {member.symbol}
        only = self.last.only
        if gone or rest_is_gone(self.interpreter, self.path, state, member, others, only):
            return True
        if not self._is_method:
            return False
        return self._is_the_only_one and not self._renews(state)

    @property
    def _is_method(self) -> bool:
        """Whether it is called on the object."""
        return self.last.parameter == self.last.method.function.receiver

    @cached_property
    def _is_the_only_one(self) -> bool:
        """Whether of the class's methods only this one, with its helpers, releases anything."""
        owner = self.last.method.function.owner_class or ""
        methods = self.interpreter.callees.classes.methods_of(owner)
        inside = {called for each in methods for called in self.program.calls[each].callees}
        releasing = [each for each in methods if self._releases(each) and each not in inside]
        return releasing == [self.last.method]

    def _releases(self, method: Definition) -> bool:
        summary = self.interpreter.callees.summary_of(method)
        return summary is None or any(
            handle.typestate is Typestate.DESTROYED and not handle.made
            for outcome in summary.outcomes
            for _, handle in outcome.handles
        )

    def _renews(self, state: State) -> bool:
        """Whether the object holds a handle afterwards that the method made."""
        held = {value for _, value in state.kept_in(Location(self.thing))}
        new = held - {value for _, value in self.path.state.kept_in(Location(self.thing))}
        known = (state.handles.get(each) for each in new if isinstance(each, Symbol))
        return any(handle is not None and handle.made for handle in known)

    # ------------------------------------------------------------ members that are cleared

    def _loses(self, member: Member) -> bool:
        """Whether every way leaves nothing in a member, and its handle alive and nowhere else."""
        place = Location(self.thing, member.path)
        contents = [way.state.load(place) for way in self._ways]
        empty = all(content == ZERO or is_empty_box(content) for content in contents)
        alone = all(_is_forgotten(way.state, member.symbol) for way in self._ways)
        return bool(contents) and empty and alone

    def _losing(self, member: Member, where: Span) -> Path:
        """The path on which a handle is lost, with that as its last event."""
        way = self._ways[0].fork()
        handle = way.state.handles[member.symbol]
        role = Role("use", "", member.symbol, handle.resource, handle.owner)
        way.emit(Event("lose", where, self.last.method.module.path, roles=(role,)))
        return way

    def _written(self, member: Member) -> Span | None:
        """Where the method itself gives a member something else."""
        target = Place(self.last.parameter, ("*", *member.path))
        return next(_writes(self.last.method.function, target), None)

    def _defect(self, code: str, member: Member, span: Span, way: Path) -> Defect:
        """A mistake of the last function, which has a word of its own for what it was given."""
        function = self.last.method.function
        text = own = self.last.parameter.name.partition("#")[0] + member.path[0]
        if not self._is_method:
            origin = self.interpreter.typestates.origins.get(newest(member.symbol))
            text = self._in_variable(member) or (origin.text if origin is not None else "") or own
        ender = Ender(function.name, self.last.method.module.path, span, own)
        resource = self.path.state.handles[member.symbol].resource
        return Defect(code, member.symbol, resource, span, way.node, way.trail, text, ender)

    def _in_variable(self, member: Member) -> str:
        """How the function that made a handle writes it, if a variable of it has the object."""
        places = [*self.path.state.holders(self.thing), self.thing.detail]
        bases = (place.base for place in places if isinstance(place, Location) and not place.path)
        named = (each for each in bases if isinstance(each, Variable) and not is_temporary(each))
        return next((source_text(Place(each, member.path)) for each in named), "")


def _is_forgotten(state: State, symbol: Symbol) -> bool:
    """Whether a live handle is held by nothing but variables of functions that are left."""
    return is_alive(state, symbol) and not any(map(outlives_call, state.holders(symbol)))


def _writes(function: Function, target: Place) -> Iterator[Span]:
    for block in function.blocks:
        for instruction in block.instructions:
            match instruction:
                case Assign(place, _, span) | Call(_, _, place, span) if place == target:
                    yield span
