"""Proof that the fuzz sees: with one rule of the engine, or one effect of the rules, taken away,
the generated programs must show a disagreement.

    python -m tests.fuzz.mutations
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import replace
from typing import Any
from unittest.mock import patch

from hypothesis import HealthCheck, Phase, given, seed, settings

from capilint.engine.domain.cause import DONE
from capilint.engine.domain.evaluate import Evaluator
from capilint.engine.domain.events import Path
from capilint.engine.domain.handle import changed
from capilint.engine.domain.typestate import Typestates
from capilint.engine.domain.values import Symbol
from capilint.engine.summaries import parting
from capilint.engine.summaries.projection import project
from capilint.engine.summaries.summary import Outcome
from capilint.finding import Span
from capilint.rulebook.book import RuleBook, load
from tests.fuzz import compare
from tests.fuzz.program import Program
from tests.fuzz.situation import Unclear
from tests.fuzz.strategy import programs

MOST = 1_000


def _no_reference_counts() -> Any:
    original: Callable[..., None] = Typestates.retain

    def always_fails(self: Typestates, *arguments: Any) -> None:
        original(self, *arguments[:-1], True)

    return patch.object(Typestates, "retain", always_fails)


def _nothing(*_: object, **__: object) -> None:
    return None


def _lost_without_a_word() -> Any:
    def let_go(_: Typestates, path: Path, symbol: Symbol, __: Span) -> None:
        handle = path.state.handles.get(symbol)
        if handle is not None:
            path.state.handles[symbol] = changed(handle, escaped=True, cause=DONE)

    return patch.object(Typestates, "lose", let_go)


def _no_requirements() -> Any:
    def unconditional(*arguments: Any, **keywords: Any) -> Outcome:
        return replace(project(*arguments, **keywords), requires=())

    return patch.object(parting, "project", unconditional)


def _every_branch_is_possible() -> Any:
    return patch.object(Evaluator, "assume", lambda *_: True)


def _without_effect(function: str, **effects: object) -> Any:
    book = load()
    functions: dict[str, Any] = dict(book.functions)
    functions[function] = replace(functions[function], **effects)
    families = book._families
    families.functions = functions

    def only(_: RuleBook = book) -> RuleBook:
        return book

    return patch.object(compare, "rule_book", only)


MUTATIONS: dict[str, Callable[[], Any]] = {
    "the engine counts no references": _no_reference_counts,
    "the engine orphans nothing": lambda: patch.object(Typestates, "orphan", _nothing),
    "the engine sees no lost handle": _lost_without_a_word,
    "the engine looks at no condition": _every_branch_is_possible,
    "summaries require nothing": _no_requirements,
    "CryptDestroyKey releases nothing": lambda: _without_effect("CryptDestroyKey", releases={}),
    "CryptContextAddRef adds nothing": lambda: _without_effect("CryptContextAddRef", retains={}),
    "CryptGenKey uses nothing": lambda: _without_effect("CryptGenKey", uses={}),
    "CryptCreateHash creates nothing": lambda: _without_effect("CryptCreateHash", creates=()),
}


def programs_until_seen(mutation: str, first_seed: int = 1) -> int | None:
    """How many programs it takes until one disagrees; None if MOST do not suffice.

    Raises Disagreement where the linter as it is gets the same program wrong.
    """
    tried = 0
    caught: list[Program] = []

    @seed(first_seed)
    @settings(
        max_examples=MOST,
        deadline=None,
        database=None,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
        report_multiple_bugs=False,
    )
    @given(programs())
    def agree(program: Program) -> None:
        nonlocal tried
        tried += 1
        try:
            compare.hold(program)
        except Unclear:
            return
        except compare.Disagreement:
            caught.append(program)
            raise

    with _mutated(mutation), suppress(compare.Disagreement):
        agree()
    if not caught:
        return None
    compare.hold(caught[0])
    return tried


@contextmanager
def _mutated(name: str) -> Iterator[None]:
    with MUTATIONS[name]():
        yield


if __name__ == "__main__":
    for name in MUTATIONS:
        seen = programs_until_seen(name)
        print(f"{name}: {'not seen' if seen is None else f'seen after {seen} programs'}")
