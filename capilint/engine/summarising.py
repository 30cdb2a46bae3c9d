"""The summary of a function, from how it was followed."""

from __future__ import annotations

from capilint.engine.fixpoint import Graph, events_to
from capilint.engine.program.linkage import Definition
from capilint.engine.summaries.condensing import condense
from capilint.engine.summaries.parting import outcomes_of
from capilint.engine.summaries.searched import searched_by
from capilint.engine.summaries.summary import Summary
from capilint.engine.transfer.interpreter import Interpreter
from capilint.ir import Language

MOST_EXITS = 600  # each has a path of its own


def summary_of(definition: Definition, interpreter: Interpreter, graph: Graph) -> Summary | None:
    """What callers have to know of a function; None where a call of it is unknown code."""
    function = definition.function
    if function.generator or function.decorated or len(interpreter.exits) > MOST_EXITS:
        return None
    before = graph.shortest()
    exits = [
        (exit_, events_to(before, node, path.trail)) for node, exit_, path in interpreter.exits
    ]
    condensed = condense(outcomes_of(exits, function.language is not Language.PYTHON))
    if condensed is None:
        return None
    parameters = [parameter for parameter in function.parameters if not parameter.variadic]
    return Summary(
        function.name,
        tuple(parameter.variable for parameter in parameters),
        tuple(parameter.variable.name.partition("#")[0] for parameter in parameters),
        tuple(parameter.default for parameter in parameters),
        sum(not parameter.keyword_only for parameter in parameters),
        condensed,
        interpreter.opaque,
        function.receiver if interpreter.abandons_object else None,
        searched_by(function, condensed, interpreter.callees.summary),
        *((log.sites, log.shared) if (log := interpreter.log) is not None else ()),
    )
