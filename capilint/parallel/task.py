"""What a worker does: functions of a program are analysed, and the results kept for the run.

A worker keeps the program that it worked on last, for the next task is most likely of it, too.
"""

from __future__ import annotations

import gc
from collections.abc import Callable, Mapping, Sequence
from functools import cache
from typing import TYPE_CHECKING, NamedTuple

from capilint.cache.store import opened
from capilint.engine import Analysis, Kept
from capilint.engine.ahead import Order
from capilint.files.source import Source
from capilint.ir.records import MODULE_RECORDS
from capilint.language import Language
from capilint.progress import Progress
from capilint.rulebook.book import load

if TYPE_CHECKING:
    from capilint.finding import Span
    from capilint.ir import Module
    from capilint.rulebook.tomlfile import RuleFile

_SELDOM = 50_000  # objects made between two looks for garbage, as in a run


class Work(NamedTuple):
    """A program, and what decides about its results besides.

    `parts` are the paths of files that have its modules (see `written`), the later ones in place of
    earlier ones of the same path; results are kept in the store of a `folder`, by keys with `salt`.
    """

    parts: tuple[str, ...]
    folder: str
    salt: str
    routes: bool
    rules: RuleFile | None


def written(modules: Sequence[Module], texts: Mapping[str, str]) -> bytes:
    """Modules, and the texts of files by path, as the content of a part. Raises RecordError."""
    return MODULE_RECORDS.dumps((tuple(modules), tuple(texts.items())))


def work(given: Work, functions: Sequence[int]) -> dict[str, int]:
    """Analyse functions of a program, by their numbers; what was counted on the way."""
    state = _state(given)
    before = dict(state.progress.counts)
    state.analysis.analyse_ahead(state.order.of(functions))
    after = state.progress.counts
    return {what: number - before.get(what, 0) for what, number in after.items()}


def begin() -> None:
    """Do nothing; whoever is told so is there and has imported what it needs."""


class _State(NamedTuple):
    analysis: Analysis
    order: Order
    progress: Progress


_states: dict[Work, _State] = {}  # of the last program only: an analysis forgets earlier values


def _state(given: Work) -> _State:
    if given not in _states:
        _states.clear()
        gc.set_threshold(_SELDOM)
        _states[given] = _new_state(given)
    return _states[given]


def _new_state(given: Work) -> _State:
    modules: dict[str, Module] = {}
    sources: dict[str, Source] = {}
    for part in given.parts:
        new, texts = _read(part)
        for module in new:
            modules.pop(module.path, None)  # it is the last one now
            modules[module.path] = module
        sources.update((path, Source(path, text, Language.C)) for path, text in texts)
    store, progress = opened(given.folder), Progress()
    kept = None if store is None else Kept(store, given.salt)
    book = load([given.rules] if given.rules else [])
    analysis = Analysis(book, False, _quoted(sources), progress, kept, given.routes)
    analysis.read(tuple(modules.values()))
    return _State(analysis, Order(analysis.program), progress)


@cache
def _read(part: str) -> tuple[tuple[Module, ...], tuple[tuple[str, str], ...]]:
    with open(part, "rb") as stream:  # noqa: PTH123 (no Path for one file)
        modules, texts = MODULE_RECORDS.loads(stream.read())
    return modules, texts


def _quoted(sources: Mapping[str, Source]) -> Callable[[str, Span], str]:
    def quoted(path: str, span: Span) -> str:
        source = sources.get(path)
        return "" if source is None else source.quoted(span)

    return quoted
