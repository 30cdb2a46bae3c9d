"""What a call runs: a function of the API, one of the program, or something that nobody knows."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

from capilint.engine.domain.binding import Arguments
from capilint.engine.domain.evaluate import Evaluator
from capilint.engine.domain.events import Path
from capilint.engine.domain.values import Function, Symbol, name_of
from capilint.engine.program.classes import Classes, Missing
from capilint.engine.program.handle_variables import ApiOf
from capilint.engine.program.linkage import Definition
from capilint.engine.summaries.summary import Summary
from capilint.engine.transfer.objects import MethodOf, Objects
from capilint.engine.transfer.unseen_memory import UnseenMemory
from capilint.engine.transfer.ways import Site
from capilint.ir import Call, Direct, Indirect, Method, Value, values_of
from capilint.rulebook.book import Bound, RuleBook
from capilint.rulebook.protocol import Protocol

Known = tuple[Bound | None, Summary | None]
_NOTHING: Known = (None, None)


@dataclass(frozen=True, slots=True)
class Callees:
    """What names mean where a function stands: an API function, or a summary, or neither.

    `made` are the classes of which a call makes an object, `makes_data` tells whether a name makes
    plain data, `pointer` is the API function that it runs through a pointer, `reached_through` the
    name of one that is a method of something called like a library, `of_object` the API's method
    of an object that may be the API's; `method` is what a class's method does, `summary_of` what a
    function does that is known. `handle_types` are the names of types that are for handles, and
    `comes_back` tells unseen functions that do.
    """

    api: ApiOf
    summary: Callable[[str], Summary | None]
    classes: Classes
    made: Callable[[Call], tuple[str, ...]]
    makes_data: Callable[[str], bool]
    pointer: Callable[[Call], str | None]
    reached_through: Callable[[Method], str]
    of_object: Callable[[Method, int], Bound | None]
    method: MethodOf
    summary_of: Callable[[Definition], Summary | None]
    handle_types: frozenset[str]
    comes_back: Callable[[str], bool]

    def acted_on(self, call: Call) -> tuple[Value, ...] | None:
        """The values that a call may make, end or keep handles in; None where it does not. One
        that is known not to come back acts, too."""
        name = call.callee.name if isinstance(call.callee, Direct) else self.pointer(call)
        bound = None if name is None else self.api(name)
        if bound is not None:
            acting = _acting_parameters(bound.protocol)
            given = [*zip(bound.protocol.params, call.arguments, strict=False), *call.keywords]
            acts = acting or bound.protocol.noreturn
            return tuple(value for name, value in given if name in acting) if acts else None
        unknown = isinstance(call.callee, Direct) and self.summary(call.callee.name) is None
        return None if unknown else values_of(call)


@dataclass(slots=True)
class Resolution:
    """Resolves the calls of one function."""

    callees: Callees
    rulebook: RuleBook
    evaluator: Evaluator
    objects: Objects
    unseen_memory: UnseenMemory = field(default_factory=UnseenMemory)

    def of(
        self, path: Path, site: Site, arguments: Arguments
    ) -> tuple[Bound | None, Summary | None, Arguments]:
        """What a call runs, and what it is given; neither where nobody knows."""
        call = site.call
        match call.callee:
            case Direct(name):
                known = self._named(name)
                if known == _NOTHING and not self.evaluator.boxes:
                    return self.unseen_memory.of(site.key, call, arguments), None, arguments
                return *known, arguments
            case Method():
                known = self._method(path, call.callee, arguments)
                if known != _NOTHING:
                    return *known, arguments
                bound = self.callees.api(self.callees.reached_through(call.callee))
                if bound is not None:
                    arguments = arguments._replace(receiver=None)
                return bound, None, arguments
            case Indirect():
                return *self._indirect(path, call), arguments

    def _method(self, path: Path, callee: Method, arguments: Arguments) -> Known:
        value = self.evaluator.evaluate(path.state, callee.receiver)
        handle = path.state.handles.get(value) if isinstance(value, Symbol) else None
        if handle is not None and handle.binding:
            return self.rulebook.method(handle.binding, handle.resource, callee.name), None
        owner = self.objects.class_of(value)
        if owner is not None:
            found = self.callees.method(owner, callee.name)
            return None, None if isinstance(found, Missing) else found
        given = len(arguments.positional) + len(arguments.keywords)
        return (None if arguments.spread else self.callees.of_object(callee, given)), None

    def _indirect(self, path: Path, call: Call) -> Known:
        pointed = self.callees.pointer(call)
        if pointed is not None:
            return self._named(pointed)
        match call.callee:
            case Indirect(callee):
                value = self.evaluator.evaluate(path.state, callee)
                if isinstance(value, Function) and not value.captures:
                    return self._named(value.name)
                named = name_of(value)
                return (self.callees.api(named) if named else None), None
        return _NOTHING

    def _named(self, name: str) -> Known:
        bound = self.callees.api(name)
        return (bound, None) if bound is not None else (None, self.callees.summary(name))


def _acting_parameters(protocol: Protocol) -> set[str]:
    """The parameters whose handles, or memory, a function makes, ends, keeps or passes on."""
    creates = (each.into for each in protocol.creates)
    acting = {*creates, *protocol.releases, *protocol.retains, *protocol.keeps}
    others = (protocol.frees, protocol.zeroes, protocol.requires, protocol.expects)
    return acting.union(protocol.copies or (), (each for each in others if each is not None))
