"""What the functions of a program do with members of structures, beyond a look: taken members.

A handle in a member is forgotten only where nobody takes it out. A member that is reached through a
variable of a known structure is that structure's, unless pointers of it become those of another;
any other counts by its name, whichever structure has it: rather silent than wrong.

    CryptDestroyHash(d->hash)    x = d->hash    return d->hash    unseen(d->hash)    unseen(d)
    ──────────────── `.hash` is taken ───────────────────────────────────────────   all of *d is
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from capilint.engine.domain.handle import Typestate
from capilint.engine.domain.order import TESTS
from capilint.engine.domain.values import (
    AbstractValue,
    Location,
    Number,
    Status,
    Symbol,
    Text,
    initial,
    member_chain,
    symbols_in,
)
from capilint.engine.program.callgraph import Program
from capilint.engine.program.linkage import Definition
from capilint.engine.program.structures import (
    UNTYPED,
    Typed,
    declared_type,
    declaring,
    has_member,
    parameter_type,
    reached_type,
)
from capilint.engine.summaries.summary import Exit, Summary, is_global
from capilint.ir import (
    AddressOf,
    Assign,
    Call,
    Direct,
    Instruction,
    Language,
    Method,
    Module,
    Operation,
    Place,
    Read,
    Return,
    Scope,
    TupleOf,
    Unknown,
    Value,
    Variable,
    values_of,
)
from capilint.ir.signatures import last_name
from capilint.rulebook.protocol import Protocol

_NOWHERE = Variable("", Scope.GLOBAL)
Name = tuple[str, str]  # of a structure, with the file whose own it is
SummaryOf = Callable[[Definition], Summary | None]


@dataclass(slots=True)
class Taken:
    """The members that are taken, of one structure or `anywhere`, and what is `given` away whole.

    `fillers` are the functions that leave handles in members: what such a one releases on the way
    is judged by how it ends, and what it gives away by its states. `asked` has the members, and the
    structures of these, that somebody asked for.
    """

    program: Program
    summary_of: SummaryOf
    fillers: Mapping[Definition, Sequence[Exit]]
    of_one: set[tuple[Name, str]] = field(default_factory=set)
    anywhere: set[str] = field(default_factory=set)
    given: set[Name] = field(default_factory=set)
    asked: set[str] = field(default_factory=set)
    gathered: bool = False

    def _gather(self) -> None:
        """Go through the whole program, once there is something to ask for: seldom."""
        self.gathered = True
        for definition in self.program.names.definitions:
            if definition.module.language is not Language.PYTHON:
                if self._only_constructors_call(definition):
                    continue
                for value in self._taken_values(definition):
                    for place in carried(value):
                        self._take(definition, place)
        for definition, exits in self.fillers.items():
            for place in ended_for_good(exits):
                self._take(definition, place)

    def _only_constructors_call(self, definition: Definition) -> bool:
        """Whether a method is a helper of constructors alone, for what they leave half made.

        What it releases on their ways their own states tell; nobody can call it afterwards.
        """
        callers = self.program.callers.get(definition, ())
        owner, module = definition.function.owner_class, definition.module
        if not callers or owner is None or module.language is not Language.CPP:
            return False
        classes = self.program.classes_of(module)
        name = last_name(definition.function.qualified_name)
        return classes.is_own(owner, name, module) and all(
            each.function.owner_class == owner and classes.is_constructor(each.function)
            for each in callers
        )

    def has(self, path: Sequence[str], structure: Typed | None, module: Module, own: bool) -> bool:
        """Whether somebody takes a member of a structure, or all of it, as a module knows it.

        What is a class's `own`, others cannot get at, whoever has the object. Of a structure that
        nobody knows, a member is taken that is of any.
        """
        self.asked.update(path if structure is None else (*path, structure.name))
        if not self.gathered:
            self._gather()
        if structure is None:
            known = {accessor for _, accessor in self.of_one}
            return not (self.anywhere | known).isdisjoint(path)
        name = _name(structure)
        declared = _name(declaring(structure, path[0].removeprefix("."), module))
        taken = (declared, path[0]) in self.of_one or (name in self.given and not own)
        return taken or not self.anywhere.isdisjoint(path)

    def _take(self, definition: Definition, place: Place) -> None:
        """Note what is reached on the way to a place; inner structures may be found elsewhere."""
        pointers = next((i for i, each in enumerate(place.path) if each != "*"), None)
        if pointers is None:
            return
        path = place.path[pointers:]
        typed = reached_type(definition, Place(place.root, place.path[:pointers]))
        name = path[0].removeprefix(".")
        if typed is not None and has_member(typed, name, definition.module):
            self.of_one.add((_name(declaring(typed, name, definition.module)), path[0]))
            path = path[1:]
        self.anywhere.update(path)

    def _taken_values(self, definition: Definition) -> Iterator[Value]:
        for block in definition.function.blocks:
            for instruction in block.instructions:
                yield from self._taken_by(definition, instruction)
            if isinstance(block.terminator, Return) and block.terminator.value is not None:
                yield block.terminator.value

    def _taken_by(self, definition: Definition, instruction: Instruction) -> Iterator[Value]:
        if isinstance(instruction, Assign):
            target = declared_type(definition, instruction.target)
            self._convert(definition, instruction.value, target)
        if not isinstance(instruction, Call):
            yield from values_of(instruction)
            return
        name = self.program.pointers.called(instruction, definition) or ""
        if isinstance(instruction.callee, Direct):
            name = instruction.callee.name
        if isinstance(instruction.callee, Method):
            yield instruction.callee.receiver
        bound = self.program.names.api(name, definition.module)
        if bound is not None:
            taken = taken_parameters(bound.protocol, definition not in self.fillers)
            given = zip(bound.protocol.params, instruction.arguments, strict=False)
            values = [value for parameter, value in given if parameter in taken]
            self._give(definition, values)
            yield from values
            return
        targets = self.program.names.alternatives(name, definition.module)
        if not targets:
            self._give(definition, values_of(instruction))
            yield from values_of(instruction)
        for callee in targets:
            for index, value in enumerate(instruction.arguments):
                if self._taken_by_parameter(definition, callee, index, value):
                    yield value

    def _taken_by_parameter(
        self, caller: Definition, callee: Definition, index: int, value: Value
    ) -> bool:
        """Whether a function of the program takes what one of its parameters is, or leads to.

        What it does to a structure's members its own text tells, as far as that has a type.
        """
        parameters = callee.function.parameters
        if index >= len(parameters) or parameters[index].variadic:
            self._give(caller, [value])
            return True
        typed = parameter_type(callee, parameters[index])
        self._convert(caller, value, typed)
        summary = self.summary_of(callee)
        variable = parameters[index].variable
        blind = summary is None and (typed is None or typed.name == UNTYPED)
        if blind or (summary is not None and _shares(summary, variable)):
            self._give(caller, [value])
        return summary is None or takes(summary, variable)

    def _convert(self, definition: Definition, value: Value, target: Typed | None) -> None:
        """A pointer of one structure becomes one of another: neither's members are its own.

        An opaque handle of it, or an untyped pointer, is taken to become the same one again.
        """
        opaque = {UNTYPED, *self.program.rulebook.handle_types}
        for place in carried(value):
            source = declared_type(definition, place)
            if isinstance(value, AddressOf) and source is not None:
                source = source.pointer()
            if (
                source is None
                or target is None
                or not opaque.isdisjoint((source.name, target.name))
            ):
                continue
            if _name(source) != _name(target):
                self.given |= {_name(source), _name(target)}

    def _give(self, definition: Definition, values: Iterable[Value]) -> None:
        """Unseen code gets the values, or memory without a type: who knows what becomes of them."""
        if definition in self.fillers:
            return
        for value in values:
            for place in carried(value):
                typed = declared_type(definition, place)
                if typed is not None:
                    self.given.add(_name(typed))


def _name(structure: Typed) -> Name:
    return structure.name, structure.home


def carried(value: Value) -> Iterator[Place]:
    """The places whose content, or address, goes where a value goes."""
    match value:
        case Read(place) | AddressOf(place):
            yield place
        case Operation(operator, inner) if operator not in TESTS:
            for each in inner:
                yield from carried(each)
        case TupleOf(inner) | Unknown(inner):
            for each in inner:
                yield from carried(each)


def taken_parameters(protocol: Protocol, with_released: bool) -> set[str]:
    """The parameters that an API function keeps or copies, or releases if that counts, too."""
    released = {*protocol.releases} if with_released else set()
    copied = {protocol.copies[0]} if protocol.copies is not None else set()
    return {*released, *protocol.retains, *protocol.keeps, *copied}


def _shares(summary: Summary, parameter: Variable) -> bool:
    """Whether a function lets others see what a parameter points to."""
    pointer = initial(Location(parameter))
    return any(pointer in outcome.escapes for outcome in summary.outcomes)


def takes(summary: Summary, parameter: Variable) -> bool:
    """Whether a function does more than use what a parameter is, or leads to."""
    for outcome in summary.outcomes:
        ended = {
            symbol
            for symbol, handle in outcome.handles
            if not handle.made and (handle.typestate is Typestate.DESTROYED or handle.escaped)
        }
        kept = (*outcome.escapes, *(symbols_in(outcome.result) if outcome.result else ()))
        stored = (symbol for _, value in outcome.stores for symbol in symbols_in(value))
        if any(_root(symbol) == parameter for symbol in (*ended, *kept, *stored)):
            return True
    return False


def _root(symbol: Symbol) -> Variable | None:
    place = member_chain(symbol)[-1].detail
    base = place.base if isinstance(place, Location) else None
    return base if isinstance(base, Variable) else None


def ended_for_good(exits: Iterable[Exit]) -> Iterator[Place]:
    """The members of what it was given, and the variables, that a function ends, and puts nothing
    new into.

    What only ends so where the function fails is not meant: where a call did, or where it returns
    another number than where it succeeds.
    """
    renewing = set()
    ending: list[tuple[Location, object]] = []
    for exit_ in exits:
        state, result = exit_.state, _known(exit_.value)
        for symbol, handle in state.handles.items():
            place = symbol.detail
            if handle.made or not isinstance(place, Location):
                continue
            if not (place.path or is_global(place.base)):
                continue
            if handle.typestate is not Typestate.DESTROYED and not handle.escaped:
                continue
            held = state.load(place)
            now = state.handles.get(held) if isinstance(held, Symbol) else None
            if now is not None and now.made and now.typestate is Typestate.LIVE:
                renewing.add((place, result))
            elif not state.failed:
                ending.append((place, result))
    for place, result in ending:
        succeeds = {known for where, known in renewing if where == place}
        if result is None or None in succeeds or not succeeds or result in succeeds:
            yield _source_place(place)


def _known(value: AbstractValue | None) -> object:
    """What a function returns, if that is a number or a constant's name."""
    return value.value if isinstance(value, Number | Status | Text) else None


def _source_place(location: Location) -> Place:
    """The place that a location in memory of an argument was reached as."""
    base = location.base
    if isinstance(base, Variable):
        return Place(base, location.path)
    if not isinstance(base.detail, Location):
        return Place(_NOWHERE, location.path)
    outer = _source_place(base.detail)
    return Place(outer.root, (*outer.path, "*", *location.path))
