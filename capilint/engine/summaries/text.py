"""A summary in words, for people who debug the analysis."""

from __future__ import annotations

from collections.abc import Iterator

from capilint.engine.domain.text import Names, event_text, handle_text, place_rows, position
from capilint.engine.summaries.summary import Outcome, Summary


def summary_text(summary: Summary, names: Names) -> str:
    """The outcomes of a function, as its callers are told them."""
    lines = [f"summary of {summary.name}({', '.join(summary.names)})"]
    if summary.opaque:
        lines.append("  it calls unknown code")
    if not summary.outcomes:
        lines.append("  it never comes back")
    for number, outcome in enumerate(summary.outcomes, 1):
        lines.append(f"  outcome {number}: {_end(outcome, names)}")
        lines += [f"    {row}" for row in _rows(outcome, names)]
    return "\n".join(lines) + "\n"


def _end(outcome: Outcome, names: Names) -> str:
    if outcome.raised:
        return f"raises {outcome.exception or 'an exception'}"
    if outcome.result is None:
        return "returns"
    text = f"returns {names.value(outcome.result)}"
    if outcome.result_truth is not None:
        text += f", which is {'not ' * outcome.result_truth}0"
    return text + (", which is negative" if outcome.result_negative else "")


def _rows(outcome: Outcome, names: Names) -> Iterator[str]:
    for value, truth in outcome.requires:
        yield f"if      {names.fact(value, truth)}"
    for row in place_rows(outcome.stores, names):
        yield f"writes  {row}"
    for symbol, handle in outcome.handles:
        yield f"handle  {names.symbol(symbol)}: {handle_text(handle, names)}"
    for symbol in outcome.escapes:
        yield f"escapes {names.symbol(symbol)}"
    for event in outcome.events:
        yield f"path    {position(event.span)} {event_text(event, names)}"
