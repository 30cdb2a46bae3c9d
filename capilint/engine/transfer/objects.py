"""Python objects as owners: what their constructors put into them ends with their destructors.

    key = Key(prov) ──► __init__ ──► ... ──► the function ends ──► __del__
                        on an `object` symbol, whose members are locations like any others

Only objects that nobody else sees are followed to their end; others escape like handles do, and so
does one whose class is not fully known. Where one ends whose class has no destructor, what only its
members hold is leaked, and lost where its last reference goes earlier.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace

from capilint.engine.domain.binding import Argument, Arguments
from capilint.engine.domain.cause import How
from capilint.engine.domain.entrusted import let_go, owed_again
from capilint.engine.domain.events import Path
from capilint.engine.domain.handle_names import is_temporary
from capilint.engine.domain.state import State
from capilint.engine.domain.values import Location, Symbol, symbols_in
from capilint.engine.program.classes import Missing
from capilint.engine.summaries.summary import Summary
from capilint.engine.transfer.memory import MemoryEffects
from capilint.engine.transfer.summary_calls import SummaryCalls
from capilint.engine.transfer.ways import Continuation, Site
from capilint.finding import Span
from capilint.ir import Call, Direct, Unknown, Variable
from capilint.rulebook.protocol import Protocol

MOST_ENDS = 6  # objects that one exit follows to their end

MethodOf = Callable[[str, str], Summary | Missing]


@dataclass(slots=True)
class Objects:
    """Makes and ends objects in one function; `method` finds what a class's method does.

    `lives_on` is set in a module's own code, whose objects live as long as the process; `follows`
    where the language's objects are.
    """

    summary_calls: SummaryCalls
    memory: MemoryEffects
    method: MethodOf
    is_plain: Callable[[str], bool]
    lives_on: bool
    follows: bool

    def __post_init__(self) -> None:
        self.summary_calls.adopt = self._adopt

    def class_of(self, value: object) -> str | None:
        """The class of an object that this function made, or one that it called.

        One that stands for those of earlier rounds is no object whose methods can be followed.
        """
        if not isinstance(value, Symbol) or value.kind != "object" or not self.follows:
            return None
        if value.age:
            return None
        detail = value.detail
        while isinstance(detail, tuple):  # as a caller calls what its callee made
            detail = detail[1]
        return detail if isinstance(detail, str) else None

    def _adopt(self, path: Path, thing: Symbol) -> None:
        """What a called function made and gave away, lives on here."""
        if self.class_of(thing) is None:
            return
        if self.lives_on or thing in path.state.exposed:
            path.state.escape(thing, cause=path.state.cause(How.OBJECT))
        else:
            path.state.objects |= {thing}

    def ask(self, path: Path, protocol: Protocol, arguments: Arguments) -> None:
        """A function that only looks (`hasattr`, `isinstance`) tells of an object what is not known
        here, and may decide who closes it."""
        if protocol.params or not protocol.variadic:
            return
        for argument in arguments.all():
            if argument.value in path.state.objects:
                path.state.escape(argument.value, cause=path.state.cause(How.OBJECT))

    def can_make(self, owner: str, arguments: Arguments) -> bool:
        """Whether all that the construction does is known."""
        constructor = self.method(owner, "__init__")
        if constructor is Missing.ABSENT:
            return self.is_plain(owner) and not arguments.all() and not arguments.spread
        return self.is_plain(owner) and constructor is not Missing.UNKNOWN and not arguments.spread

    def make(
        self, path: Path, site: Site, owner: str, arguments: Arguments
    ) -> Iterator[Continuation]:
        """Every way on after `owner(arguments)`."""
        thing = Symbol("object", site.key, owner)
        replaced = self._forget_older(path, site, thing, arguments)
        if not self.lives_on:
            path.state.objects |= {thing}
        constructor = self.method(owner, "__init__")
        if isinstance(constructor, Missing):
            yield self._made(path, site, thing, replaced)
            return
        inner = Site(site.key, replace(site.call, result=None), True, site.last_reads)
        given = arguments._replace(receiver=Argument(Unknown(), thing))
        for way in self.summary_calls.apply(path, inner, constructor, given):
            if not way.raised:
                yield self._made(way.path, site, thing, replaced)
                continue
            for end in self._end(way.path, thing, site.call.span):
                # What it leaves alive, its class answers for.
                end.state.escape(thing, cause=end.state.cause(How.OBJECT))
                yield Continuation(end, raised=True)

    def _made(
        self, path: Path, site: Site, thing: Symbol, replaced: Sequence[Symbol]
    ) -> Continuation:
        if self.lives_on:
            path.state.escape(thing, cause=path.state.cause(How.OBJECT))
        self.memory.give_result(path, site, thing)
        for symbol in replaced:
            if not path.state.holders(symbol):
                self.memory.typestates.lose(path, symbol, site.call.span)
        return Continuation(path)

    def _forget_older(
        self, path: Path, site: Site, thing: Symbol, arguments: Arguments
    ) -> list[Symbol]:
        """A loop makes the object anew, in place of the one before: the handles that go with it."""
        state = path.state
        replaced: list[Symbol] = []
        if thing in state.objects:
            values = [value for each in arguments.all() for value in (each.value, *each.parts)]
            kept = any(thing in symbols_in(value) for value in values)  # by the new one
            if thing not in state.exposed and not kept and self._is_replaced(state, site, thing):
                replaced = let_go(state, thing)
            state.escape(thing, cause=state.cause(How.OBJECT))
            state.exposed -= {thing}
        state.renew(thing)
        return [each for symbol in replaced for each in (symbol, symbol.older())]

    def _is_replaced(self, state: State, site: Site, thing: Symbol) -> bool:
        """Whether a new object comes where only one of the same place was, which ends silently."""
        target = site.call.result
        holders = state.holders(thing)
        return (
            self.only_holds(thing)
            and bool(holders)
            and all(
                target is not None and place == Location(target.root) and not target.path
                for place in holders
            )
        )

    # ------------------------------------------------------------ the end

    def end_all(self, path: Path, span: Span) -> list[Path]:
        """The function is left: the objects that only it holds end. Every way on."""
        ways = [path]
        things = self._ending(path.state)
        for thing in path.state.objects - path.state.exposed - set(things):
            path.state.escape(thing, cause=path.state.cause(How.OBJECT))
        for thing in things:
            ways = [end for way in ways for end in self._end(way, thing, span)]
        silent = list(filter(self.only_holds, things))
        for way in ways:
            owed_again(way.state, silent)
        return ways

    def _ending(self, state: State) -> list[Symbol]:
        """The objects that end with the function's variables, or with another such object."""
        things = state.objects - state.exposed
        while staying := {each for each in things if not self._ends_with(state, each, things)}:
            things -= staying
        return sorted(things, key=repr) if len(things) <= MOST_ENDS else []

    def _ends_with(self, state: State, thing: Symbol, others: frozenset[Symbol]) -> bool:
        bases = [place.base for place in state.holders(thing)]
        holding = [each for each in bases if isinstance(each, Symbol)]
        if holding:
            return self.only_holds(thing) and others.issuperset(holding)
        # Where an exception leaves in the middle of an expression, nobody could have closed it.
        named = [each for each in bases if isinstance(each, Variable) and not is_temporary(each)]
        return bool(named or (bases and not state.raising and self.only_holds(thing)))

    def only_holds(self, thing: Symbol) -> bool:
        """Whether nothing happens where an object ends."""
        owner = self.class_of(thing)
        return owner is not None and self.method(owner, "__del__") is Missing.ABSENT

    def _end(self, path: Path, thing: Symbol, span: Span) -> list[Path]:
        owner = self.class_of(thing)
        path.state.objects -= {thing}
        if owner is None:
            return [path]
        return self.run(path, thing, self.method(owner, "__del__"), span)

    def run(self, path: Path, thing: Symbol, method: Summary | Missing, where: Span) -> list[Path]:
        """Run a method on an object, where a function returns. Every way on.

        What it raises is swallowed, as Python does with a destructor's exceptions.
        """
        if method is Missing.ABSENT:
            return [path]
        if method is Missing.UNKNOWN:
            path.state.escape(thing, cause=path.state.cause(How.OBJECT))
            return [path]
        under_way = path.state.raising, path.state.exception, path.state.failed
        site = Site((where, method.name, thing), Call(Direct(method.name), (), None, where), True)
        given = Arguments((), (), Argument(Unknown(), thing), spread=False)
        ways = []
        for way in self.summary_calls.apply(path, site, method, given):
            way.path.state.raising, way.path.state.exception, way.path.state.failed = under_way
            ways.append(way.path)
        return ways
