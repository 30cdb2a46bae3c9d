"""The one glue of a run: files in, a report out.

    Input ── read, scan ── Source ── front end ── Module ─┐
               │                 files whose settings     ├─ engine ── Finding* ── triage ── Report
               │                 describe the same ───────┘    │
               └── no known name: left ◀─────── growth ◀───────┘

A file that fails (unreadable, or a crash of our own) is reported, and costs no other file's
findings.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import TYPE_CHECKING

from capilint.config.settings import OFF, Settings
from capilint.files.source import (
    Input,
    Source,
    Unreadable,
    UnreadableError,
    load_input,
    mentions,
    read_bytes,
)
from capilint.interruption import signal_of
from capilint.lowering import FrontEnds, Relevance
from capilint.mistake import Mistake
from capilint.outcome import Interrupted as Interrupted
from capilint.outcome import Report as Report
from capilint.progress import Progress
from capilint.rulebook.namescan import NameScan, known_names, unknown_resource
from capilint.severity import Severity

if TYPE_CHECKING:
    from capilint.effects import Effects
    from capilint.finding import Finding, Span
    from capilint.findings.triage import Triage
    from capilint.growth.rounds import Rounds
    from capilint.remembering import Memory
    from capilint.rulebook.book import RuleBook
    from capilint.rulebook.tomlfile import RuleFile
    from capilint.silence import Account, Fate, Silence


class SettingsError(Mistake):
    """The settings ask for what is not there; the text says where and what would be right."""


def check(
    inputs: Iterable[Input],
    settings_of: Callable[[str], Settings],
    unreadable: Iterable[Unreadable] = (),
    explain: bool = False,
    effects: bool = False,
    within: Sequence[str] = (),
    progress: Progress | None = None,
    cache: str | None = None,
    routes: bool = False,
) -> Report:
    """Analyse the files together: one program for all that the same user functions apply to.

    `unreadable` is what could not be found, to be reported too. With `explain` the report accounts
    for every creation of a handle; with `effects` it has these, with `routes` its findings the
    lines of their paths. What the files include or import is
    read outside of the folders `within`, if any, only where the settings name it. `progress` is
    told how far the run is. In the folder `cache` is what earlier runs found out. Raises
    SettingsError for an unknown resource, RuleError where the user's functions are described
    wrongly, BaselineError for a baseline that cannot be read, and Interrupted on Ctrl-C and
    Terminated.
    """
    inputs = list(inputs)
    run = _Run(inputs, settings_of, explain, effects, within, progress or Progress(), cache, routes)
    run.unreadable += unreadable
    run.seen = len(run.unreadable)
    programs: dict[str, list[Input]] = {}
    for item in inputs:
        run.seen += 1
        settings = settings_of(item.path)
        run.baselines |= bool(settings.baseline)
        rules = settings.rules
        programs.setdefault(rules.path if rules else "", []).append(item)
    try:
        for program in programs.values():
            run.analyse(program)
    except KeyboardInterrupt as stop:
        run.interrupted = signal_of(stop)
        raise Interrupted(run.report()) from None
    return run.report()


class _Run:
    """What one run has gathered so far."""

    def __init__(
        self,
        inputs: Iterable[Input],
        settings_of: Callable[[str], Settings],
        explain: bool,
        effects: bool,
        within: Sequence[str],
        progress: Progress,
        cache: str | None,
        routes: bool,
    ) -> None:
        self._inputs = tuple(inputs)
        self._settings_of = settings_of
        self._explain = explain
        self._progress = progress
        self._cache = None if explain else cache
        self._routes = routes
        self._memory: Memory | None = None
        self._joined: list[str] = []
        self._within = within
        self._front_ends = FrontEnds(self._inputs, settings_of, within)
        self._effects: list[Effects] | None = [] if effects else None
        self._sources: dict[str, Source] = {}
        self._findings: list[Finding] = []
        self._beside: set[str] = set()
        self._fates: list[Fate] = []
        self._not_understood: list[Silence] = []
        self._analysed: set[str] = set()
        self.seen = 0
        self.baselines = False
        self.interrupted = 0
        self.unreadable: list[Unreadable] = []

    def analyse(self, program: Sequence[Input]) -> None:
        """Read the files, and analyse those together that matter to handles."""
        rules = self._settings_of(program[0].path).rules
        resources = frozenset(name for item in program for name in self._resources(item.path))
        _check_resources(resources)
        # Wrong descriptions of functions are told even where no file is concerned.
        book = rule_book(rules) if rules and "functions" in rules.tables else None
        names = book.scan_names(program[0].language) if book else _own_names()
        left: list[Input] = []
        with self._progress.phase("reading", len(program)):
            sources = [source for item in program if (source := self._read(item, names, left))]
        if sources or any(item.named for item in program):
            sources += self._read_beside(program, sources, names, left)
        if sources and not self._recalled(sources, left, rules):
            relevant = None if len(sources) > 1 or left else _mentions_in_text(names)
            self._find_in(sources, relevant, left, names, book or rule_book(rules))

    def _find_in(
        self,
        sources: Iterable[Source],
        relevant: Relevance | None,
        left: Iterable[Input],
        names: NameScan,
        book: RuleBook,
    ) -> None:
        """Analyse the program that begins with some files and grows by what is left."""
        from capilint.findings.problems import problems
        from capilint.growth.left import Left
        from capilint.growth.rounds import Rounds, Wanted

        self._joined.clear()
        rounds = Rounds(
            self._front_ends,
            self._load,
            self._crashed,
            self._quoted,
            self._explain,
            self._progress,
            None if self._memory is None else self._memory.of_functions,
            self._routes,
        )
        wanted = [Wanted(source, relevant) for source in sources]
        try:
            found = rounds.findings(wanted, Left(left, names.search), book)
        except KeyboardInterrupt:
            self._findings += rounds.findings_so_far()
            raise
        found = [*problems(rounds.modules.values()), *found]
        self._analysed |= rounds.modules.keys() - self._beside
        self._findings += found
        effects = None if self._effects is None else rounds.effects()
        self._keep(rounds, found, effects)
        if self._effects is not None:
            self._effects += effects or ()
        if self._explain:
            from capilint.findings.accounts import not_understood

            self._fates += rounds.fates
            self._not_understood += not_understood(rounds.modules.values())

    def _recalled(
        self, sources: Sequence[Source], left: Sequence[Input], rules: RuleFile | None
    ) -> bool:
        """Take over what an earlier run found in the program, where it would be the same again."""
        if self._memory is None:
            return False
        with self._progress.phase("cache"):
            known = self._memory.recall(sources, left, rules, self._effects is not None)
        self._progress.count("recalled programs", known is not None)
        if known is None:
            return False
        items = {item.path: item for item in left}
        for path in known.joined:
            self._load(items[path])
        self._analysed |= set(known.analysed) - self._beside
        self._findings += known.findings
        if self._effects is not None:
            self._effects += known.effects or ()
        return True

    def _keep(
        self, rounds: Rounds, found: Sequence[Finding], effects: Sequence[Effects] | None
    ) -> None:
        """Remember what was found in a program, unless something of ours failed."""
        if self._memory is not None and not self._progress.counts["failures"]:
            from capilint.remembering import Found

            with self._progress.phase("cache"):
                told = None if effects is None else tuple(effects)
                joined, analysed = tuple(self._joined), tuple(rounds.modules)
                self._memory.keep(Found(joined, analysed, tuple(found), told))

    def report(self) -> Report:
        """The report of all that was gathered."""
        effects = tuple(self._effects or ())
        report = self._report()._replace(
            interrupted=self.interrupted, effects=effects, headers=self._front_ends.headers
        )
        if not self.baselines:
            return report
        from capilint.findings.baseline import compared

        unread = {item.path for item in report.unreadable}
        looked_at = {item.path for item in self._inputs if not item.named} - unread
        if self.interrupted:
            looked_at = set()
        found = compared(
            report.findings,
            report.sources,
            self._settings_of,
            [item.path for item in self._inputs],
            looked_at,
        )
        known = {id(finding) for each in found.values() for finding in each.known}
        new = tuple(each for each in report.findings if id(each) not in known)
        return report._replace(
            findings=new,
            known=tuple(each for each in report.findings if id(each) in known),
            gone=tuple(gone for each in found.values() for gone in each.gone),
            baselines=tuple(found),
            failing=report.failing.intersection(new),
        )

    def _report(self) -> Report:
        """The report without a look at baselines."""
        if not self._sources:
            return Report(
                seen=self.seen,
                unread=len(self.unreadable),
                unreadable=tuple(self.unreadable),
                notes=self._front_ends.notes,
                account=self._account(None),
            )
        from capilint.findings.triage import Triager
        from capilint.rulebook.codes import load as load_codes

        unreadable = [*self.unreadable, *self._front_ends.unreadable]
        triager = Triager(self._sources, self._settings_of, load_codes())
        triage = triager.triage(self._findings)
        findings = tuple(each for each in triage.findings if each.path not in self._beside)
        return Report(
            findings=findings,
            suppressed=triage.suppressed,
            seen=self.seen,
            analysed=len(self._analysed),
            unread=len(self.unreadable),
            unreadable=tuple(sorted(unreadable, key=lambda item: item.path)),
            notes=self._front_ends.notes,
            failing=frozenset(filter(self._fails, findings)),
            sources=self._sources,
            account=self._account(triage),
        )

    def _account(self, triage: Triage | None) -> Account | None:
        """What became of all handles, and of all files, where that was asked for."""
        if not self._explain:
            return None
        from capilint.findings.accounts import account

        unread = {item.path for item in self.unreadable}
        idle = self.seen - len(self._analysed | unread)
        passed_over = (
            ("naming no function that matters to a handle", idle),
            ("with an error", len(unread)),
        )
        fates = [each for each in self._fates if each.creation.path not in self._beside]
        unclear = [each for each in self._not_understood if each.creation.path not in self._beside]
        return account(fates, unclear, self._findings, triage, self._settings_of, passed_over)

    def _resources(self, path: str) -> tuple[str, ...]:
        return self._settings_of(path).resources or ()

    def _read(self, item: Input, names: NameScan, left: list[Input]) -> Source | None:
        """The source of a file that is to be parsed; of the others some are `left`."""
        self._progress.step()
        try:
            data = read_bytes(item.path) if item.data is None else item.data
            concerned = mentions(data, names.search)
            if not concerned:
                left.append(item)
                if self._memory is not None:
                    self._memory.note(item.path, data)
            elif self._cache is not None and self._memory is None:
                from capilint.remembering import Memory

                self._memory = Memory(self._cache, self._front_ends, self._progress, self._routes)
            if not concerned and not self._has_comment(item.path, data):
                return None
            self._sources[item.path] = source = load_input(item, data)
        except UnreadableError as error:
            self._unreadable(item.path, str(error))
            return None
        return source if concerned else None

    def _read_beside(
        self, program: Sequence[Input], sources: list[Source], names: NameScan, left: list[Input]
    ) -> Iterator[Source]:
        """The sources that named files and those that are to be parsed lead to."""
        from capilint.files.beside import Beside

        concerned = {source.path for source in sources}
        roots = [item for item in program if item.named or item.path in concerned]
        for item in Beside(program, self._front_ends.included, self._within).of(roots):
            self._beside.add(item.path)
            source = self._read(item, names, left)
            if source is not None:
                yield source

    def _has_comment(self, path: str, data: bytes) -> bool:
        """Whether suppressions are to be judged in a file that names no function."""
        if b"capilint:" not in data:
            return False
        settings = self._settings_of(path)
        return settings.selects("CAP903", OFF) or settings.selects("CAP904", Severity.WARNING)

    def _load(self, item: Input) -> Source | None:
        """The source of a file that joins the program."""
        self._joined.append(item.path)
        try:
            data = read_bytes(item.path) if item.data is None else item.data
            if self._memory is not None:
                self._memory.note(item.path, data)
            self._sources[item.path] = source = load_input(item, data)
        except UnreadableError as error:
            self._unreadable(item.path, str(error))
            return None
        return source

    def _quoted(self, path: str, span: Span) -> str:
        source = self._sources.get(path)
        return "" if source is None else source.quoted(span)

    def _crashed(self, path: str, error: Exception) -> None:
        from traceback import format_exception

        from capilint import internal_error

        self._progress.count("failures")
        reason = f"this file was left out: {internal_error.reason(error)}"
        self._unreadable(path, reason, "".join(format_exception(error)))

    def _unreadable(self, path: str, reason: str, detail: str = "") -> None:
        if path not in self._beside:
            self.unreadable.append(Unreadable(path, reason, detail))

    def _fails(self, finding: Finding) -> bool:
        return self._settings_of(finding.path).fails(finding.severity)


# flake8 has each file checked on its own: what all files have in common is read once.
@functools.cache
def _own_names() -> NameScan:
    return known_names()


@functools.cache
def rule_book(rules: RuleFile | None) -> RuleBook:
    """The rule book with the user's functions; the same one whenever it is asked for."""
    from capilint.rulebook.book import load as load_rules

    return load_rules([rules] if rules else [])


@functools.cache
def _check_resources(resources: frozenset[str]) -> None:
    """Refuse a kind of handle that the rules do not know."""
    for resource in sorted(resources):
        problem = unknown_resource(resource)
        if problem:
            raise SettingsError(problem)


def _mentions_in_text(names: NameScan) -> Relevance:
    return Relevance(
        "names", lambda text: bool(names.search(text.encode("utf-8", errors="replace")))
    )
