"""What becomes of one batch, in whichever process: text in, findings out."""

from __future__ import annotations

import gc
from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import partial
from typing import TYPE_CHECKING, NamedTuple

from capilint.cache.store import opened
from capilint.cache.trace import Answer, Question
from capilint.config.settings import Settings
from capilint.engine import Kept, Outside
from capilint.files.source import Input, Source, Unreadable
from capilint.findings.problems import problems
from capilint.growth.left import Left
from capilint.growth.rounds import Rounds, Wanted
from capilint.lowering import FrontEnds
from capilint.progress import Progress
from capilint.reading import Reading
from capilint.remembering.modules import Modules
from capilint.remembering.programs import Found
from capilint.rulebook.shared import names_of, rule_book

if TYPE_CHECKING:
    from capilint.rulebook.tomlfile import RuleFile

_USUAL = Settings()
_SELDOM = 50_000  # objects made between two looks for garbage, as in a run


class Program(NamedTuple):
    """What a batch is to know of the program that it is of.

    `inputs` are the run's, `settings` those of them that decide how C is compiled, by path; those
    `left` may join, and are looked for in the folders `within`; `beside` are files that only inform
    about others, and `texts` those that are quoted if need be. Results are kept in the `cache`, if
    there is one, by keys with `salt`.
    """

    inputs: tuple[Input, ...]
    settings: Mapping[str, Settings]
    within: tuple[str, ...]
    left: tuple[Input, ...]
    beside: frozenset[str]
    texts: tuple[Source, ...]
    rules: RuleFile | None = None
    routes: bool = False
    cache: str | None = None
    salt: str = ""


class Outcome(NamedTuple):
    """What a batch came to: what was found, the files that `failed`, what its front ends `asked`,
    what it may hang on in others, and what was counted."""

    found: Found
    failed: tuple[Unreadable, ...]
    asked: tuple[tuple[Question, Answer], ...]
    outside: Outside
    counts: Mapping[str, int]


class Search:
    """The analysis of one batch."""

    def __init__(self, program: Program, sources: Sequence[Source], progress: Progress) -> None:
        self._program = program
        self._sources = sources
        self._progress = progress
        settings_of = partial(_settings_in, program.settings)
        self._front_ends = FrontEnds(program.inputs, settings_of, program.within)
        within = program.within
        self._reading = Reading(settings_of, self._front_ends, within, progress, _not_noted)
        self._reading.beside |= program.beside
        self._reading.sources.update((each.path, each) for each in (*program.texts, *sources))
        self._rounds = Rounds(
            self._front_ends,
            self._reading.join,
            self._reading.crashed,
            self._reading.quoted,
            progress=progress,
            kept=self._kept(),
            routes=program.routes,
        )

    def outcome(self) -> Outcome:
        """What it comes to; the counts are in its progress."""
        rules = self._program.rules
        names = names_of(rules, self._sources[0].language)
        left = Left(self._program.left, names.search)
        wanted = [Wanted(source) for source in self._sources]
        findings = self._rounds.findings(wanted, left, rule_book(rules))
        modules = self._rounds.modules
        findings = [*problems(modules.values()), *findings]
        return Outcome(
            Found(tuple(self._reading.joined), tuple(modules), tuple(findings)),
            tuple(self._reading.unreadable),
            tuple(self._front_ends.trace.answers.items()),
            self._rounds.outside(),
            {},
        )

    def so_far(self) -> Found:
        """What was found when the search was interrupted."""
        findings = self._rounds.findings_so_far()
        return Found(tuple(self._reading.joined), tuple(self._rounds.modules), tuple(findings))

    def _kept(self) -> Kept | None:
        """What earlier runs found out."""
        program = self._program
        store = None if program.cache is None else opened(program.cache)
        if store is None:
            return None
        self._front_ends.kept = Modules(store, program.salt, self._progress)
        return Kept(store, f"{program.salt} {program.routes}")


def search(program: Program, sources: Sequence[Source]) -> Outcome:
    """The outcome of a batch, with what was counted, in a process that does nothing else."""
    gc.set_threshold(_SELDOM)
    progress = Progress()
    outcome = Search(program, sources, progress).outcome()
    return outcome._replace(counts=dict(progress.counts))


def for_compiling(
    settings_of: Callable[[str], Settings], paths: Iterable[str]
) -> dict[str, Settings]:
    """Of the settings of some files what decides how C is compiled; other processes get that."""
    known: dict[tuple[object, ...], Settings] = {}
    found = {}
    for path in paths:
        given = settings_of(path)
        own = Settings(
            include=given.include, define=given.define, compile_commands=given.compile_commands
        )
        found[path] = known.setdefault(own[:-1], own._replace(origins={}))
    return found


def _settings_in(known: Mapping[str, Settings], path: str) -> Settings:
    return known.get(path, _USUAL)


def _not_noted(path: str, data: bytes, concerned: bool) -> None:
    """Nothing: whoever joins the outcomes takes note of the files."""
