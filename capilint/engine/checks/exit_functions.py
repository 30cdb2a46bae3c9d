"""Variables that an exit function forgets: of the handles that an init function leaves in them.

    init:   BCryptOpen..(&algs.cbc, ..)         exit:   BCryptClose..(algs.cbc, 0)
            BCryptOpen..(&algs.ecb, ..)                 algs.ecb is alive, for good

No caller need be in the run. The variables are a file's own, so that all that can happen to them is
in its text. A handle is forgotten where nobody releases it, copies it or shows it to others, while
a function that makes none of them releases as many of the same init function's handles. What
is opened where it is needed first, `if (!prov)`, is kept for good on purpose.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from capilint.engine.checks.members import last_return
from capilint.engine.checks.own_variables import OwnVariables
from capilint.engine.domain.events import Defect, Ender
from capilint.engine.domain.handle import Typestate
from capilint.engine.domain.state import State
from capilint.engine.domain.values import Location, Symbol, initial
from capilint.engine.program.callgraph import Program
from capilint.engine.program.linkage import Definition
from capilint.engine.transfer.interpreter import Interpreter
from capilint.ir import Module, Place, Scope, Variable, source_text

ALL_BUT_ONE = 2  # so many keys have to end to show that their context should, too


def fills_own_variables(definition: Definition, interpreter: Interpreter) -> bool:
    """Whether a function leaves handles in variables that are its file's own."""
    if not definition.module.own_variables:
        return False
    exits = (exit_ for _, exit_, _ in interpreter.exits if not exit_.raised)
    return any(any(kept_variables(definition.module, exit_.state)) for exit_ in exits)


def kept_variables(module: Module, state: State) -> Iterator[tuple[Place, Symbol]]:
    """The live handles made here that only a variable of the file, or a member of it, holds."""
    for location, value in state.environment.items():
        place = own_place(module, location)
        handle = state.handles.get(value) if isinstance(value, Symbol) else None
        if place is None or handle is None or not isinstance(value, Symbol):
            continue
        made = handle.made and handle.typestate is Typestate.LIVE and handle.doubt is None
        if made and not handle.owns_itself and _lasting(state, value) == [location]:
            yield place, value


def own_place(module: Module, location: Location) -> Place | None:
    """The variable of a file, or the member of one, that a location is."""
    base = location.base
    if not isinstance(base, Variable) or base.scope is not Scope.GLOBAL:
        return None
    members = all(accessor.startswith(".") for accessor in location.path)
    return Place(base, location.path) if members and base.name in module.own_variables else None


def _lasting(state: State, symbol: Symbol) -> list[Location]:
    return [
        place
        for place in state.holders(symbol)
        if isinstance(place.base, Symbol) or place.base.scope is Scope.GLOBAL
    ]


@dataclass(slots=True)
class ExitFunctions:
    """What the exit functions of one program forget of what its init functions leave in variables.

    `told` are the variables, by file, of which it was said.
    """

    program: Program
    uses: OwnVariables
    told: set[tuple[str, Place]] = field(default_factory=set)

    def forgotten(self, definition: Definition, interpreter: Interpreter) -> Iterator[Defect]:
        """The handles that a function leaves in variables, and that an exit function forgets.

        Functions are asked about callees first: what a callee has put there is its own to tell.
        """
        module = definition.module
        if module.problems or self.uses.is_shared(module):
            return
        for node, exit_, path in interpreter.exits:
            held = [] if exit_.raised else list(kept_variables(module, exit_.state))
            for place, symbol, ender in self._forgotten(definition, exit_.state, held):
                if (module.path, place) not in self.told:
                    self.told.add((module.path, place))
                    leave = last_return(ender.function).span
                    end = Ender(ender.function.name, ender.path, leave, "", exit_.span, True)
                    resource = exit_.state.handles[symbol].resource
                    text = source_text(place)
                    yield Defect("CAP101", symbol, resource, leave, node, path.trail, text, end)

    def _forgotten(
        self, definition: Definition, state: State, held: Sequence[tuple[Place, Symbol]]
    ) -> Iterator[tuple[Place, Symbol, Definition]]:
        taken = {place for place, _ in held if self.uses.is_taken(place, definition.module)}
        left = [
            (place, symbol)
            for place, symbol in held
            if place not in taken
            and not self.uses.is_shown(definition, place)
            and not _was_asked_for(state, place)
        ]
        ender = self._exit_function(definition.module, taken) if left else None
        released = taken & self._released(ender) if ender is not None else set()
        if ender is not None and len(left) <= len(released):
            lone = {symbol for place, symbol in held if place in released}
            for place, symbol in left:
                if len(lone) >= ALL_BUT_ONE or not _owns(state, symbol, lone):
                    yield place, symbol, ender

    def _exit_function(self, module: Module, places: set[Place]) -> Definition | None:
        """The function that releases most of some variables, and puts nothing new into any."""
        best, most = None, 0
        for definition in self.program.names.definitions:
            if definition.module is module and not self._fills(definition, set()):
                released = len(places & self._released(definition))
                if released > most:
                    best, most = definition, released
        return best

    def _released(self, definition: Definition) -> set[Place]:
        return self.uses.released_by(definition, set())

    def _fills(self, definition: Definition, seen: set[Definition]) -> bool:
        """Whether a function leaves handles in variables, itself or by others that it calls."""
        if definition in seen:
            return False
        seen.add(definition)
        called = self.program.calls[definition].callees
        return definition in self.uses.initialisers or any(
            self._fills(each, seen) for each in called
        )


def _owns(state: State, owner: Symbol, symbols: set[Symbol]) -> bool:
    """Whether a handle owns others: a function that ends one of these may be no exit function."""
    return any(state.handles[symbol].owner == owner for symbol in symbols)


def _was_asked_for(state: State, place: Place) -> bool:
    """Whether a handle was made since there was none."""
    before = initial(Location(place.root, place.path))
    return state.facts.get(before) is False
