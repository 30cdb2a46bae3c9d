"""The call that would end an object or a structure, and a leaked handle with it.

    key = Key(prov)            key.handle leaks: nobody called `key.finish()`, which releases it
    struct digest d;           d.hash leaks:     nobody called `digest_close(&d)`

Which function that is tells what it releases, not its name.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import NamedTuple

from capilint.engine.checks.closers import Closers
from capilint.engine.domain.escapes import newest
from capilint.engine.domain.handle import Typestate
from capilint.engine.domain.handle_names import is_temporary
from capilint.engine.domain.state import State
from capilint.engine.domain.values import Location, Symbol, initial
from capilint.engine.program.callgraph import Program
from capilint.engine.program.linkage import Definition
from capilint.engine.program.structures import Typed, declared_type
from capilint.engine.summaries.summary import Summary
from capilint.engine.transfer.interpreter import Interpreter
from capilint.ir import Language, Place, Variable, source_text
from capilint.ir.signatures import last_name


class Held(NamedTuple):
    """The member that a handle is in, of a local variable's object or structure: `owner` is the
    class or structure; `access` and `address` are how the function reaches its members, and what
    it gives to others: `d.` and `&d`, `p->` and `p`."""

    definition: Definition
    owner: Typed
    path: tuple[str, ...]
    access: str
    address: str


def held_by(definition: Definition, interpreter: Interpreter, symbol: Symbol) -> Held | None:
    """Where a handle is that a function leaves alive or loses, if in a member of one variable."""
    place = interpreter.typestates.entrusted_to.get(newest(symbol))
    if place is not None:
        return _in_an_object(definition, interpreter, symbol, place)
    for state in (exit_.state for _, exit_, _ in interpreter.exits):
        for place in state.holders(symbol):
            variable = place.base if isinstance(place.base, Variable) else None
            if isinstance(place.base, Symbol):
                variable = _variable_of(state, place.base)
            if variable is None or not place.path or is_temporary(variable):
                continue
            typed, text = declared_type(definition, Place(variable)), source_text(Place(variable))
            if typed is not None and typed.pointers == (variable is not place.base):
                reached = (f"{text}->", text) if typed.pointers else (f"{text}.", f"&{text}")
                return Held(definition, typed._replace(pointers=0), place.path, *reached)
    return None


def _in_an_object(
    definition: Definition, interpreter: Interpreter, symbol: Symbol, place: Location
) -> Held | None:
    """The same in Python: a variable that has the object, or had it when the handle was made."""
    owner = interpreter.objects.class_of(place.base)
    if owner is None or not isinstance(place.base, Symbol):
        return None
    origin = interpreter.typestates.origins.get(newest(symbol))
    member = "".join(place.path)
    text = origin.text.removesuffix(member) if origin and origin.text.endswith(member) else ""
    for state in (exit_.state for _, exit_, _ in interpreter.exits) if not text else ():
        variable = _variable_of(state, place.base)
        text = source_text(Place(variable)) if variable is not None else text
    return Held(definition, Typed(owner, "", 0), place.path, f"{text}.", text) if text else None


def _variable_of(state: State, thing: Symbol) -> Variable | None:
    """A variable that holds an object, or points to memory."""
    bases = (each.base for each in state.holders(thing) if not each.path)
    return next(
        (each for each in bases if isinstance(each, Variable) and not is_temporary(each)), None
    )


@dataclass(frozen=True, slots=True)
class ClosingCalls:
    """Finds the closing functions of one program."""

    program: Program
    summary_of: Callable[[Definition], Summary | None]
    closers: Closers

    def of(self, held: Held) -> str:
        """A call that releases what the member holds; empty where there is none, or several."""
        found = [*self._methods(held), *self._functions(held)]
        return found[0] if len(found) == 1 else ""

    def _methods(self, held: Held) -> Iterator[str]:
        classes = self.program.classes_of(held.definition.module)
        for definition in self.program.names.definitions:
            function = definition.function
            if function.owner_class is None or function.receiver is None:
                continue
            related = held.owner.name == function.owner_class or classes.are_related(
                held.owner.name, function.owner_class
            )
            if not related or not classes.is_called_by_others(definition):
                continue
            name = last_name(function.qualified_name).rpartition(".")[2]
            alone = len(function.parameters) == 1
            if alone and not name.startswith("__") and self._ends(definition, held.path):
                yield f"{held.access}{name}()"

    def _functions(self, held: Held) -> Iterator[str]:
        if held.definition.module.language is Language.PYTHON:
            return
        for closer in self.closers.of(held.owner):
            function = closer.definition.function
            plain = len(function.parameters) == 1 and function.receiver is None
            if plain and not closer.indirect and self._ends(closer.definition, held.path):
                yield f"{function.name}({held.address})"

    def _ends(self, definition: Definition, path: tuple[str, ...]) -> bool:
        """Whether a function may release what a member of its first argument holds."""
        summary = self.summary_of(definition)
        first = initial(Location(definition.function.parameters[0].variable))
        place = Location(first, path)
        return summary is not None and any(
            handle.typestate is Typestate.DESTROYED and not handle.made and symbol.detail == place
            for outcome in summary.outcomes
            for symbol, handle in outcome.handles
        )
