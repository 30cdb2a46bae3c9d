"""Python objects as owners: what their constructors put into them ends with their destructors.

    key = Key(prov) ──► __init__ ──► ... ──► the function ends ──► __del__
                        on an `object` symbol, whose members are locations like any others

Only objects that nobody else sees are followed to their end; others escape like handles do. One
whose last reference goes earlier, and one whose class is not fully known, escapes as well.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace

from capilint.engine.domain.binding import Argument, Arguments
from capilint.engine.domain.cause import How
from capilint.engine.domain.events import Path
from capilint.engine.domain.values import Symbol
from capilint.engine.program.classes import Missing
from capilint.engine.summaries.summary import Summary
from capilint.engine.transfer.memory import MemoryEffects
from capilint.engine.transfer.summary_calls import SummaryCalls
from capilint.engine.transfer.ways import Continuation, Site
from capilint.finding import Span
from capilint.ir import Call, Direct, Scope, Unknown, Variable

MOST_ENDS = 6  # objects that one exit follows to their end

MethodOf = Callable[[str, str], Summary | Missing]


@dataclass(slots=True)
class Objects:
    """Makes and ends objects in one function; `method` finds what a class's method does.

    `lives_on` is set in a module's own code, whose objects live as long as the process.
    """

    summary_calls: SummaryCalls
    memory: MemoryEffects
    method: MethodOf
    is_plain: Callable[[str], bool]
    lives_on: bool
    classes: dict[Symbol, str] = field(default_factory=dict)

    def class_of(self, value: object) -> str | None:
        """The class of an object that this function made."""
        if not isinstance(value, Symbol):
            return None
        return self.classes.get(Symbol(value.kind, value.site, value.detail))

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
        self._forget_older(path, thing)
        self.classes[thing] = owner
        if not self.lives_on:
            path.state.objects |= {thing}
        constructor = self.method(owner, "__init__")
        if isinstance(constructor, Missing):
            self._keep(path, thing)
            self.memory.give_result(path, site, thing)
            yield Continuation(path)
            return
        inner = Site(site.key, replace(site.call, result=None), True, site.last_reads)
        given = replace(arguments, receiver=Argument(Unknown(), thing))
        for way in self.summary_calls.apply(path, inner, constructor, given):
            if not way.raised:
                self._keep(way.path, thing)
                self.memory.give_result(way.path, site, thing)
                yield way
                continue
            for end in self._end(way.path, thing, site.call.span):
                # What it leaves alive, its class answers for.
                end.state.escape(thing, cause=end.state.cause(How.OBJECT))
                yield Continuation(end, raised=True)

    def _keep(self, path: Path, thing: Symbol) -> None:
        if self.lives_on:
            path.state.escape(thing, cause=path.state.cause(How.OBJECT))

    def _forget_older(self, path: Path, thing: Symbol) -> None:
        """A loop makes the object anew: nothing is said of the one before."""
        if thing in path.state.objects:
            path.state.escape(thing, cause=path.state.cause(How.OBJECT))
            path.state.exposed -= {thing}
        path.state.renew(thing)

    # ------------------------------------------------------------ the end

    def end_all(self, path: Path, span: Span) -> list[Path]:
        """The function is left: the objects that only it holds end. Every way on."""
        ways = [path]
        things = sorted(path.state.objects - path.state.exposed, key=repr)
        for thing in list(things):
            if len(things) > MOST_ENDS or not self._is_held_by_variables_only(path, thing):
                path.state.escape(thing, cause=path.state.cause(How.OBJECT))
                things.remove(thing)
        for thing in things:
            ways = [end for way in ways for end in self._end(way, thing, span)]
        return ways

    def _is_held_by_variables_only(self, path: Path, thing: Symbol) -> bool:
        """Whether it ends with the function's variables, not with a statement or another object."""
        bases = [place.base for place in path.state.holders(thing)]
        named = [each for each in bases if isinstance(each, Variable)]
        return len(named) == len(bases) and any(each.scope is not Scope.TEMPORARY for each in named)

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
