"""What each parameter of a called function of the program gets."""

from __future__ import annotations

from capilint.engine.domain.binding import Argument, Arguments
from capilint.engine.domain.evaluate import Evaluator
from capilint.engine.domain.events import Path
from capilint.engine.domain.values import Symbol, symbols_in
from capilint.engine.summaries.summary import Summary
from capilint.engine.transfer.ways import Site
from capilint.ir import Unknown, Variable


def given_to(
    evaluator: Evaluator, path: Path, site: Site, summary: Summary, arguments: Arguments
) -> dict[Variable, Argument]:
    """What each parameter gets: an argument, its default, or something unknown."""
    matched = arguments.match(summary.names, summary.positional)
    given = {}
    parameters = zip(summary.parameters, summary.names, summary.defaults, strict=True)
    for variable, name, default in parameters:
        if name in matched:
            argument = matched[name]
            renewed = argument is not arguments.receiver and _is_renewed(evaluator, site, argument)
            if renewed:  # the name of the object will be another's
                argument.give_away(path.state)
                argument = Argument(Unknown(), _missing(site, name))
            given[variable] = argument
        elif default is None or arguments.spread or isinstance(default, Unknown):
            given[variable] = Argument(Unknown(), _missing(site, name))
        else:
            value = evaluator.evaluate(path.state, default)
            given[variable] = Argument(default, value)
    return given


def surplus(summary: Summary, arguments: Arguments) -> list[Argument]:
    """What no parameter of its own takes: it goes into `*args` or `...`."""
    taken = summary.positional - (arguments.receiver is not None)
    named = [value for name, value in arguments.keywords if name not in summary.names]
    return [*arguments.positional[max(taken, 0) :], *named]


def _is_renewed(evaluator: Evaluator, site: Site, argument: Argument) -> bool:
    """Whether an argument leads to an object that this call made in an earlier round."""
    values = (argument.value, *argument.parts) if evaluator.boxes else ()
    return any(
        symbol.kind == "object" and symbol.site == site.key
        for value in values
        for symbol in symbols_in(value)
    )


def _missing(site: Site, name: str) -> Symbol:
    return Symbol("missing", site.key, name)
