"""What a call of a function does to handles, in a few words for its callers' authors.

    Summary ── its outcomes ── makes a key into `*out`, unless it returns 0; uses context `p`

Each sentence holds of one outcome at least. One that holds of some only says so.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from capilint.effects import Effects
from capilint.engine.domain.handle import MEMORY, Typestate
from capilint.engine.domain.text import Names
from capilint.engine.domain.values import Symbol
from capilint.engine.program.linkage import Definition
from capilint.engine.summaries.summary import RESULT, Outcome, Summary
from capilint.language import Language

_NAMES = Names({})
_SOMETIMES = ", on some of its ways"


def effects(definition: Definition, summary: Summary) -> Effects:
    """The effects of a function whose summary is known."""
    function = definition.function
    told = _sentences(summary)
    if function.language is Language.PYTHON:
        told = tuple(each.replace("->", ".") for each in told)
    return Effects(function.name, definition.path, function.span.line, function.language, told)


def _sentences(summary: Summary) -> tuple[str, ...]:
    """The sentences, without a full stop; none where it does nothing to handles."""
    if not summary.outcomes:
        return ("never comes back",)
    told = [list(dict.fromkeys(_of(outcome))) for outcome in summary.outcomes]
    every = list(dict.fromkeys(sentence for each in told for sentence in each))
    held = {sentence: sum(sentence in each for each in told) for sentence in every}
    ended = {sentence for sentence in every if not sentence.startswith("uses ")}
    return tuple(
        sentence + (_SOMETIMES if sentence in ended and held[sentence] < len(told) else "")
        for sentence in every
        if sentence in ended or not _is_told_better(sentence, ended)
    )


def _is_told_better(use: str, others: Iterable[str]) -> bool:
    """Whether a handle that is used is released, too."""
    return any(other.endswith(use.removeprefix("uses ")) for other in others)


def _of(outcome: Outcome) -> Iterator[str]:
    places = dict(_places(outcome))
    for symbol, handle in outcome.handles:
        if handle.resource == MEMORY:
            continue
        if handle.made:
            if symbol in places and handle.typestate is Typestate.LIVE:
                yield f"makes a {handle.resource} {places[symbol]}"
        elif _is_named(symbol):
            text = f"{handle.resource} `{_NAMES.symbol(symbol)}`"
            if handle.is_ended:
                yield f"releases {text}"
            elif handle.used:
                yield f"uses {text}"
    for symbol in outcome.escapes:
        if _is_named(symbol):
            yield f"may keep `{_NAMES.symbol(symbol)}`"


def _places(outcome: Outcome) -> Iterator[tuple[Symbol, str]]:
    """Where each new handle comes out."""
    for location, value in outcome.stores:
        if isinstance(value, Symbol):
            if location.base == RESULT:
                yield value, f"in `{''.join(location.path).lstrip('.')}` of what it returns"
            else:
                yield value, f"into `{_NAMES.location(location)}`"
    if isinstance(outcome.result, Symbol):
        yield outcome.result, "and returns it"


def _is_named(symbol: Symbol) -> bool:
    """Whether the source has words for a value that the caller gave."""
    return symbol.kind == "initial"
