"""The program of a run, round by round, until no file joins it any more.

Source* ── front end ─┬─▶ analysis ─▶ what acts on handles ─▶ files that use it ──┐
   ▲                  └── what is called and not defined ─▶ files that define it ─┤
   └──────────────────────────────────── a round ◀─────────────────────────────────┘
"""

from __future__ import annotations

import gc
import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import replace
from typing import NamedTuple

from capilint.effects import Effects
from capilint.engine import Analysis, Kept, Outside
from capilint.engine.summaries.effects import effects
from capilint.files.source import Input, Source
from capilint.finding import Finding, Span
from capilint.growth.left import Joining, Left, parent
from capilint.ir import Language, Module
from capilint.lowering import FrontEnds, Relevance
from capilint.progress import Progress
from capilint.rulebook.book import RuleBook
from capilint.silence import Fate

_SELDOM = 50_000  # objects: an analysis makes many that stay, and few that only gc would find


class Wanted(NamedTuple):
    """A file to lower, and what of it is relevant: all of it, where that is None."""

    source: Source
    relevant: Relevance | None = None


class Rounds:
    """The rounds of one program; `modules` has what was lowered, by path.

    With `explain`, `fates` tells after `findings` what becomes of the handles that are made.
    """

    def __init__(
        self,
        front_ends: FrontEnds,
        load: Callable[[Input], Source | None],
        crashed: Callable[[str, Exception], None],
        quoted: Callable[[str, Span], str],
        explain: bool = False,
        progress: Progress | None = None,
        kept: Kept | None = None,
        routes: bool = False,
    ) -> None:
        """`load` reads a file that joins, `crashed` is told of a path and what went wrong;
        `quoted` is the text of a stretch of a file. `progress` is told of files and functions.
        With `routes` findings have the lines of their paths."""
        self.modules: dict[str, Module] = {}
        self._front_ends = front_ends
        self._load = load
        self._crashed = crashed
        self._quoted = quoted
        self._explain = explain
        self._progress = progress or Progress()
        self._kept = kept
        self._routes = routes
        self.fates: list[Fate] = []
        self._analysis: Analysis | None = None
        self._whole: Analysis | None = None  # once it came to its end

    def findings(self, wanted: Iterable[Wanted], left: Left, book: RuleBook) -> list[Finding]:
        """The engine's findings in the program that begins with some files, replayed.

        After a crash each file is analysed again on its own.
        """
        named = wanted = list(wanted)
        before = gc.get_threshold()
        gc.set_threshold(_SELDOM, *before[1:])
        try:
            return self._findings_together(wanted, left, book)
        except Exception as error:
            self._progress.count("failures")
            if isinstance(error, MemoryError):
                self._analysis = None
            _let_go(error)
            for source, _ in named if not self.modules else ():
                self._crashed(source.path, error)
            return list(self._findings_apart(error, book))
        finally:
            gc.set_threshold(*before)

    def findings_so_far(self) -> list[Finding]:
        """What `findings` had found when it was interrupted, not replayed."""
        return [] if self._analysis is None else self._analysis.findings_so_far()

    def outside(self) -> Outside:
        """What the findings may hang on in other parts of the program; after a crash nothing."""
        return Outside() if self._whole is None else self._whole.outside()

    def effects(self) -> list[Effects]:
        """What the functions of the program do to handles, as far as that is known."""
        known = {} if self._analysis is None else self._analysis.summaries
        return [effects(each, summary) for each, summary in known.items() if summary is not None]

    def _findings_together(
        self, wanted: Sequence[Wanted], left: Left, book: RuleBook
    ) -> list[Finding]:
        self._analysis = analysis = self._new_analysis(book)
        while new := self._lowered(wanted, left):
            self.modules.update((module.path, module) for module in new)
            with self._progress.phase("growth"):
                lacking = list(self._joined(left.definers(analysis.lacking(new))))
            new += self._lowered(lacking, left)
            self.modules.update((module.path, module) for module in new)
            analysis.add(new)
            with self._progress.phase("growth"):
                acting, pointers = analysis.acting(), analysis.program.acting_pointers
                users = left.users(acting, pointers, self.modules.values())
                wanted = list(self._joined(users))
        found = self._findings_of(analysis, book)
        self._whole = analysis
        return found

    def _findings_apart(self, crash: Exception, book: RuleBook) -> Iterator[Finding]:
        for path, module in self.modules.items():
            try:
                if len(self.modules) == 1:
                    raise crash
                analysis = self._new_analysis(book)
                analysis.add([module])
                yield from self._findings_of(analysis, book)
            except Exception as error:
                _let_go(error)
                self._crashed(path, error)

    def _findings_of(self, analysis: Analysis, book: RuleBook) -> list[Finding]:
        with self._progress.phase("whole program"):
            found = analysis.findings()
        with self._progress.phase("replay"):
            found = _confirmed(found, book)
        self.fates += analysis.fates()
        return found

    def _new_analysis(self, book: RuleBook) -> Analysis:
        return Analysis(book, self._explain, self._quoted, self._progress, self._kept, self._routes)

    def _joined(self, files: Iterable[Joining]) -> Iterator[Wanted]:
        for file in files:
            source = self._load(file.item)
            if source is not None:
                relevant = _defines(file.names, source.language) if file.names else None
                yield Wanted(source, relevant)

    def _lowered(self, wanted: Sequence[Wanted], left: Left) -> list[Module]:
        lowered = []
        with self._progress.phase("front ends", len(wanted)):
            for source, relevant in wanted:
                options = self._front_ends.options_of(source)
                try:
                    module = self._front_ends.lower(source, relevant, options)
                    in_package = left.is_package(parent(source.path))
                    lowered.append(replace(module, in_package=in_package))
                except Exception as error:
                    _let_go(error)
                    self._crashed(source.path, error)
                self._progress.step()
        return lowered


def _let_go(error: Exception) -> None:
    """Free what was held where there was no more memory: that may be all that there is."""
    if isinstance(error, MemoryError):
        from traceback import clear_frames

        clear_frames(error.__traceback__)
        gc.collect()


def _confirmed(findings: list[Finding], book: RuleBook) -> list[Finding]:
    """The findings with the runtime model's opinion of them."""
    if not findings:
        return findings
    from capilint.execution.replay import confirm

    return confirm(findings, book.resources)


def _defines(names: Iterable[str], language: Language) -> Relevance:
    """Whether a piece of text is the definition of one of the names."""
    words = "|".join(map(re.escape, names))
    if language is Language.PYTHON:
        defined = rf"(?:async\s+)?(?:def|class)\s+(?:{words})\b|(?:{words})\s*[:=]"
        definition = rf"(?:@[^\n]*+\n|\s)*+(?:{defined})"
        return Relevance(f"defines {words}", lambda text: re.match(definition, text) is not None)
    called = re.compile(rf"\b(?:{words})\s*\(")
    return Relevance(
        f"defines {words}", lambda text: called.search(text.partition("{")[0]) is not None
    )
