"""What a worker does: functions of a program are analysed, and the results kept for the run.

A worker keeps the program that it worked on last, for the next task is most likely of it, too.
"""

from __future__ import annotations

import gc
from collections.abc import Callable, Iterable, Mapping, Sequence
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

SELDOM = 50_000  # objects made between two looks for garbage, as in a run


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


Part = tuple[tuple["Module", ...], tuple[tuple[str, str], ...]]


def read(content: bytes) -> Part:
    """The modules of a part, and the texts of files by path. Raises RecordError."""
    part: Part = MODULE_RECORDS.loads(content)
    return part


def work(given: Work, functions: Sequence[int]) -> dict[str, int]:
    """Analyse functions of a program, by their numbers; what was counted on the way."""
    if given not in _running:
        _running.clear()
        gc.set_threshold(SELDOM)
        store = opened(given.folder)
        kept = None if store is None else Kept(store, given.salt)
        _running[given] = Running(map(_stored, given.parts), kept, given.routes, given.rules)
    return _running[given].analyse(functions)


def begin() -> None:
    """Do nothing; whoever is told so is there and has imported what it needs."""


class Running:
    """The analysis of one program; one is in use at a time, for it forgets earlier ones' values."""

    def __init__(
        self, parts: Iterable[Part], kept: Kept | None, routes: bool, rules: RuleFile | None
    ) -> None:
        modules: dict[str, Module] = {}
        sources: dict[str, Source] = {}
        for new, texts in parts:
            for module in new:
                modules.pop(module.path, None)  # it is the last one now
                modules[module.path] = module
            sources.update((path, Source(path, text, Language.C)) for path, text in texts)
        self._progress = Progress()
        book = load([rules] if rules else [])
        self._analysis = Analysis(book, False, _quoted(sources), self._progress, kept, routes)
        self._analysis.read(tuple(modules.values()))
        self._order = Order(self._analysis.program)

    def analyse(self, functions: Sequence[int]) -> dict[str, int]:
        """See `work`."""
        before = dict(self._progress.counts)
        self._analysis.analyse_ahead(self._order.of(functions))
        after = self._progress.counts
        return {what: number - before.get(what, 0) for what, number in after.items()}


_running: dict[Work, Running] = {}  # of the last program only


@cache
def _stored(part: str) -> Part:
    with open(part, "rb") as stream:  # noqa: PTH123 (no Path for one file)
        return read(stream.read())


def _quoted(sources: Mapping[str, Source]) -> Callable[[str, Span], str]:
    def quoted(path: str, span: Span) -> str:
        source = sources.get(path)
        return "" if source is None else source.quoted(span)

    return quoted
