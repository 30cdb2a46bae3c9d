"""Path invariants: variables set once, to what no path changes. Kept once, not in every state.

`int mode = options->mode;` names one unknown value from there on, whichever path is taken. Such
a variable would only make every state longer; here it costs one entry for the whole function.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field

from capilint.engine.domain.values import AbstractValue, Location, Symbol
from capilint.engine.program.liveness import Live, addressed_variables, written_by
from capilint.ir import Function, Scope, Variable

PATH_INDEPENDENT = ("initial", "member", "result")


@dataclass(slots=True)
class PathInvariants:
    """The path invariants of one function, shared by all its states."""

    candidates: frozenset[Variable] = frozenset()
    values: dict[Location, AbstractValue] = field(default_factory=dict)
    names: dict[Symbol, set[Variable]] = field(default_factory=dict)

    def adopt(self, location: Location, value: AbstractValue) -> bool:
        """Take over a value for good; False where it has to be kept with the path."""
        base = location.base
        if location.path or not isinstance(base, Variable) or base not in self.candidates:
            return False
        if not isinstance(value, Symbol) or value.kind not in PATH_INDEPENDENT:
            return False
        if self.values.setdefault(location, value) != value:
            return False
        self.names.setdefault(value, set()).add(base)
        return True

    def is_held(self, symbol: Symbol, live: Live) -> bool:
        """Whether a variable that is read later holds the symbol."""
        names = self.names.get(symbol)
        return names is not None and any(live[name] for name in names)


def candidates(function: Function, cyclic: frozenset[int]) -> frozenset[Variable]:
    """The local variables that one instruction outside of any loop sets."""
    writes: Counter[Variable] = Counter()
    for block in function.blocks:
        for instruction in block.instructions:
            target = written_by(instruction)
            if target is not None:
                writes[target] += 2 if block.number in cyclic else 1
    addressed = addressed_variables(function)
    return frozenset(
        variable
        for variable, count in writes.items()
        if count == 1 and variable.scope is Scope.LOCAL and variable not in addressed
    )
