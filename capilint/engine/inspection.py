"""What the analysis of each function went through, kept to be looked at: `capilint debug`.

The functions are analysed as by `analyse`. Then each is executed once more, with a stop at the
head of every block: `analyse` itself stops only where paths can meet.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace

from capilint.engine.analysis import Analysis
from capilint.engine.domain.budget import BoundReached, Effort
from capilint.engine.domain.text import Names
from capilint.engine.fixpoint import Fixpoint, Graph
from capilint.engine.reporting.choosing import Witnessed, shortest_witnesses
from capilint.engine.reporting.deciding import Station
from capilint.engine.summaries.summary import Summary
from capilint.engine.transfer.interpreter import Interpreter
from capilint.ir import Function, Module
from capilint.rulebook.book import RuleBook


@dataclass(frozen=True, slots=True)
class Inspection:
    """One function: its graph of states, how it ends (in `interpreter`), what that comes to.

    `bounded` is set where there were too many states; the graph has those until then.
    """

    function: Function
    interpreter: Interpreter
    graph: Graph
    bounded: bool
    summary: Summary | None
    witnesses: Sequence[Witnessed]
    names: Names


def inspect(program: Sequence[Module], rulebook: RuleBook) -> Iterator[Inspection]:
    """The functions of a program that touch handles, callees first."""
    analysis = Analysis(rulebook)
    analysis.add(program)
    analysis.findings()  # some functions are analysed again for them
    for definition, _ in analysis.program.bottom_up():
        if not analysis.touches_handles(definition):
            continue
        interpreter = replace(analysis.interpreters.of(definition), single_entry=frozenset())
        fixpoint = Fixpoint(interpreter)
        bounded = True
        with suppress(BoundReached):
            fixpoint.solve()
            bounded = False
        typestates = interpreter.typestates
        exits = [Station(node, path.trail) for node, _, path in interpreter.exits]
        yield Inspection(
            definition.function,
            interpreter,
            fixpoint.graph,
            bounded,
            analysis.summaries.get(definition),
            shortest_witnesses(
                typestates.defects,
                fixpoint.graph,
                exits,
                typestates.origins,
                definition.function,
                Effort(),
            ),
            Names(typestates.origins),
        )
