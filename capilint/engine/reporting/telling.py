"""Defects of one function to findings: the shortest witness of each, told step by step."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from capilint.engine.checks.closing_calls import held_by
from capilint.engine.domain.events import Defect
from capilint.engine.domain.values import Symbol
from capilint.engine.fixpoint import Graph
from capilint.engine.program.linkage import Definition, is_entry_point
from capilint.engine.reporting.alternatives import alternatives_once
from capilint.engine.reporting.choosing import shortest_witnesses
from capilint.engine.reporting.deciding import Station
from capilint.engine.reporting.duplicates import Candidate
from capilint.engine.reporting.notes import bounded
from capilint.engine.reporting.unmerged import unmerged
from capilint.engine.reporting.witness import Narrator
from capilint.engine.transfer.interpreter import Interpreter
from capilint.finding import Span
from capilint.rulebook.book import RuleBook


def told(
    definition: Definition,
    interpreter: Interpreter,
    graph: Graph,
    defects: Sequence[Defect],
    rulebook: RuleBook,
    quoted: Callable[[str, Span], str],
    again: Callable[[], Interpreter] | None,
    routes: bool,
) -> list[tuple[list[Symbol], Candidate]]:
    """The defects as findings, with the handles that each is about; with `again`, an interpreter as
    fresh as the first was, those that only merged paths show are looked at without merging.

    `interpreter` has followed the function, `graph` is where it went; `quoted` is the text of a
    stretch of a file. With `routes` the findings have them. Where there are too many to tell, a
    note says so.
    """
    origins = interpreter.typestates.origins
    narrator = Narrator(
        definition.path,
        definition.function,
        is_entry_point(definition.function),
        origins,
        interpreter.typestates.texts,
        rulebook.resources,
        rulebook.own_functions,
        quoted,
        lambda symbol: held_by(definition, interpreter, symbol),
        routes,
    )
    exits = [Station(node, path.trail) for node, _, path in interpreter.exits]
    effort = interpreter.budget.telling
    function = definition.function
    witnesses = shortest_witnesses(defects, graph, exits, origins, function, effort)
    if again is not None:
        witnesses = unmerged(witnesses, graph, origins, again, effort)
    witnesses = alternatives_once(witnesses, origins)
    found = [
        ([each.symbol for each in (witness.defect, *witness.instead)], narrator.tell(witness))
        for witness in witnesses
    ]
    return [*found, ([], bounded(definition))] if effort.reached else found
