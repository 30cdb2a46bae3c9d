"""The one glue of a run: files in, a report out.

    Input ── reading ── Source ── front end ── Module ─┐
               │                 files whose settings  ├─ engine ── Finding* ── judging ── Report
               │                 describe the same ────┘    │
               └── no known name: left ◀────── growth ◀─────┘

A file that fails (unreadable, or a crash of our own) is reported, and costs no other file's
findings.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterable, Sequence
from functools import partial
from typing import TYPE_CHECKING

from capilint.config.settings import Settings
from capilint.files.source import Input, Source, Unreadable
from capilint.interruption import signal_of
from capilint.judging import Gathered, Judge
from capilint.lowering import FrontEnds, Relevance
from capilint.mistake import Mistake
from capilint.outcome import Interrupted as Interrupted
from capilint.outcome import Report as Report
from capilint.progress import Progress
from capilint.reading import Reading
from capilint.rulebook.namescan import NameScan, unknown_resource
from capilint.rulebook.shared import names_of, rule_book

if TYPE_CHECKING:
    from capilint.engine import Kept
    from capilint.finding import Finding
    from capilint.growth.rounds import Rounds
    from capilint.parallel.processes import Processes
    from capilint.parallel.workers import Team, Workers
    from capilint.remembering.programs import Found, Memory
    from capilint.rulebook.book import RuleBook
    from capilint.rulebook.tomlfile import RuleFile
    from capilint.sharding.parts import Sharing


_ENOUGH = 60_000  # characters to be analysed, for which it pays to start processes


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
    jobs: int = 1,
    sharing: Sharing | None = None,
    executor: str | None = None,
) -> Report:
    """Analyse the files together: one program for all that the same user functions apply to.

    `unreadable` is what could not be found, to be reported too. With `explain` the report accounts
    for every creation of a handle; with `effects` it has these, with `routes` its findings the
    lines of their paths. What the files include or import is read outside of the folders `within`,
    if any, only where the settings name it. `progress` is told how far the run is. In the folder
    `cache` is what earlier runs found out. Where there is enough to do, as many processes are at
    work as there are `jobs`, or the workers of the Dask scheduler at the address `executor`, and
    what is found is the same. `sharing` is for runs that analyse a shard, or merge what shards
    found. Raises ClusterError where no such scheduler answers, SettingsError for an unknown
    resource, RuleError where the user's functions are described wrongly, BaselineError for a
    baseline that cannot be read, and Interrupted on Ctrl-C and Terminated.
    """
    inputs, unreadable = tuple(inputs), tuple(unreadable)
    progress = progress or Progress()
    given = (inputs, settings_of, explain, effects, within, progress, routes, jobs, executor)

    def report_with(cache: str | None) -> Report:
        run = _Run(*given, cache)
        run.sharing = sharing
        return _report_of(run, inputs, settings_of, unreadable)

    if cache is not None:
        report = _unless_it_fails(partial(report_with, cache), progress)
        if report is not None:
            return report
        if sharing is not None:
            sharing.restart()
    return report_with(None)


def _unless_it_fails(report: Callable[[], Report], progress: Progress) -> Report | None:
    """A report made with a cache, None where something failed: what is wrong with a cache costs
    time only, whatever it is. Raises as `check` does."""
    failures = progress.counts["failures"]
    try:
        found = report()
    except (Mistake, Interrupted):
        raise
    except Exception:
        progress.count("failures")
        return None
    return found if progress.counts["failures"] == failures else None


def _report_of(
    run: _Run,
    inputs: Sequence[Input],
    settings_of: Callable[[str], Settings],
    unreadable: Sequence[Unreadable],
) -> Report:
    """What a run comes to. Raises as `check` does."""
    run.reading.unreadable += unreadable
    has_baseline = False
    programs: dict[str, list[Input]] = {}
    for item in inputs:
        settings = settings_of(item.path)
        has_baseline |= bool(settings.baseline)
        rules = settings.rules
        programs.setdefault(rules.path if rules else "", []).append(item)
    seen = len(inputs) + len(unreadable)
    judge = Judge(inputs, settings_of, has_baseline, run.explain, seen)
    signal = 0
    try:
        run.begin()
        for program in programs.values():
            run.analyse(program)
    except KeyboardInterrupt as stop:
        signal = signal_of(stop)
    finally:
        run.close()
    report = judge.report(run.gathered, run.reading, run.front_ends, signal)
    report = report._replace(troubles=(*run.troubles, *report.troubles))
    if signal:
        raise Interrupted(report)
    return report


class _Run:
    """The programs of one run, one after the other."""

    def __init__(
        self,
        inputs: Sequence[Input],
        settings_of: Callable[[str], Settings],
        explain: bool,
        effects: bool,
        within: Sequence[str],
        progress: Progress,
        routes: bool,
        jobs: int,
        executor: str | None,
        cache: str | None,
    ) -> None:
        self._inputs = inputs
        self._within = within
        self._settings_of = settings_of
        self.explain = explain
        self._wants_effects = effects
        self._progress = progress
        self._cache = None if explain else cache
        self._routes = routes
        self._jobs = 1 if explain else jobs
        self._executor = None if explain else executor
        self._team: Team | None = None  # those who were asked for, or could be started
        self._memory: Memory | None = None
        self._workers: Workers | None = None
        self.sharing: Sharing | None = None
        self.front_ends = FrontEnds(inputs, settings_of, within)
        self.reading = Reading(settings_of, self.front_ends, within, progress, self._note)
        self.gathered = Gathered()

    def begin(self) -> None:
        """Connect with those who are to work for the run. Raises ClusterError."""
        if self._executor is not None:
            from capilint.parallel.cluster import Cluster

            self._team = Cluster(self._executor)

    def close(self) -> None:
        """End what was begun for the run."""
        if self._workers is not None:
            self._workers.close()
        elif self._team is not None:
            self._team.close(False)

    @property
    def troubles(self) -> tuple[str, ...]:
        """What went wrong with those who worked for the run."""
        return () if self._team is None else tuple(self._team.troubles)

    def analyse(self, program: Sequence[Input]) -> None:
        """Read the files, and analyse those together that matter to handles."""
        rules = self._settings_of(program[0].path).rules
        resources = frozenset(name for item in program for name in self._resources(item.path))
        _check_resources(resources)
        # Wrong descriptions of functions are told even where no file is concerned.
        names = names_of(rules, program[0].language)
        left: list[Input] = []
        sources = self.reading.begin(program, names, left)
        relevant = None if len(sources) > 1 or left else _mentions_in_text(names)
        failed = len(self.reading.unreadable)
        if sources and self.sharing is not None:
            sources = self._shared(self.sharing, sources, left, names, rules)
        if not sources:
            return
        found = self._recalled(sources, left, rules)
        if found is None and self._jobs > 1:
            found = self._found_in_batches(sources, left, names, rules)
        if found is None:
            kept = self._kept(sources, rules)
            found = self._find_in(sources, relevant, left, names, rule_book(rules), kept)
        if self.sharing is not None:
            self.sharing.end(found, self.reading.unreadable[failed:], self.front_ends)

    def _shared(
        self,
        sharing: Sharing,
        sources: Sequence[Source],
        left: Sequence[Input],
        names: NameScan,
        rules: RuleFile | None,
    ) -> list[Source]:
        """The sources to be analysed here; what was found elsewhere is taken over."""
        from capilint.sharding.parts import Begun, Known

        given = sharing.begin(Begun(sources, left, names, rules, self.front_ends))
        if isinstance(given, Known):
            self.reading.unreadable += given.failed
            self._take_over(given.found, left)
            return []
        return list(given)

    def _note(self, path: str, data: bytes, concerned: bool) -> None:
        """Remember what was read, from the first file on that is to be parsed; its text counts."""
        if concerned and self._cache is not None and self._memory is None:
            from capilint.remembering.programs import Memory

            self._memory = Memory(self._cache, self.front_ends, self._progress, self._routes)
        elif not concerned and self._memory is not None:
            self._memory.note(path, data)

    def _find_in(
        self,
        sources: Iterable[Source],
        relevant: Relevance | None,
        left: Iterable[Input],
        names: NameScan,
        book: RuleBook,
        kept: Kept | None,
    ) -> Found:
        """Analyse the program that begins with some files and grows by what is left."""
        from capilint.findings.problems import problems
        from capilint.growth.left import Left
        from capilint.growth.rounds import Rounds, Wanted

        rounds = Rounds(
            self.front_ends,
            self.reading.join,
            self.reading.crashed,
            self.reading.quoted,
            self.explain,
            self._progress,
            kept,
            self._routes,
        )
        wanted = [Wanted(source, relevant) for source in sources]
        try:
            findings = rounds.findings(wanted, Left(left, names.search), book)
        except KeyboardInterrupt:
            self.gathered.findings += rounds.findings_so_far()
            raise
        findings = [*problems(rounds.modules.values()), *findings]
        found = self._found(rounds, findings)
        self._take(found)
        self._remember(found)
        if self.explain:
            from capilint.findings.accounts import not_understood

            self.gathered.fates += rounds.fates
            self.gathered.not_understood += not_understood(rounds.modules.values())
        return found

    def _remember(self, found: Found) -> None:
        """Keep what was found in the program for later runs."""
        if self._memory is not None and not self._progress.counts["failures"]:
            with self._progress.phase("cache"):
                self._memory.keep(found)

    def _found_in_batches(
        self,
        sources: Sequence[Source],
        left: Sequence[Input],
        names: NameScan,
        rules: RuleFile | None,
    ) -> Found | None:
        """What several processes find in parts that do not concern each other; None where that
        does not pay."""
        if self._wants_effects or not _enough(sources):
            return None
        from capilint.batches.batched import Batched

        salt = "" if self._memory is None else self._memory.salt
        run = (self._inputs, self._settings_of, self._within, self.front_ends, self.reading)
        batched = Batched(*run, self._progress, self._processes)
        try:
            found = batched.found_in(
                sources, left, names, rules, self._routes, self._jobs, self._cache, salt
            )
        except KeyboardInterrupt:
            self._take_over(batched.so_far(), left)
            raise
        if found is not None:
            self._take_over(found, left)
            self._remember(found)
        return found

    @functools.cached_property
    def _processes(self) -> Processes:
        from capilint.parallel.processes import Processes

        self._team = processes = Processes(self._jobs - 1)
        return processes

    def _kept(self, sources: Sequence[Source], rules: RuleFile | None) -> Kept | None:
        """What is known of functions: by earlier runs, or by others that work for this one."""
        known = None if self._memory is None else self._memory.of_functions
        enough = _enough(sources)
        if self._jobs > 1 and enough:
            self._team = self._processes
        if self._team is not None and enough and self._workers is None:
            from capilint.parallel.workers import Workers

            self._workers = Workers(self._team, lambda: self.reading.sources, self._progress)
        if self._workers is None:
            return known
        return self._workers.of_program(known, self._cache, self._routes, rules)

    def _found(self, rounds: Rounds, findings: Sequence[Finding]) -> Found:
        """What the analysis of a program came to."""
        from capilint.remembering.programs import Found

        effects = tuple(rounds.effects()) if self._wants_effects else None
        return Found(tuple(self.reading.joined), tuple(rounds.modules), tuple(findings), effects)

    def _recalled(
        self, sources: Sequence[Source], left: Sequence[Input], rules: RuleFile | None
    ) -> Found | None:
        """Take over what an earlier run found in the program, where it would be the same again."""
        if self._memory is None:
            return None
        with self._progress.phase("cache"):
            known = self._memory.recall(sources, left, rules, self._wants_effects)
        self._progress.count("recalled programs", known is not None)
        if known is not None:
            self._take_over(known, left)
        return known

    def _take_over(self, known: Found, left: Sequence[Input]) -> None:
        """Add what was found elsewhere, with the files that joined there."""
        items = {item.path: item for item in left}
        for path in known.joined:
            if path in items:
                self.reading.join(items[path])
        self._take(known)

    def _take(self, found: Found) -> None:
        """Add what a program came to."""
        self.gathered.analysed |= set(found.analysed) - self.reading.beside
        self.gathered.findings += found.findings
        if self._wants_effects:
            self.gathered.effects += found.effects or ()

    def _resources(self, path: str) -> tuple[str, ...]:
        return self._settings_of(path).resources or ()


def _enough(sources: Iterable[Source]) -> bool:
    return sum(len(source.text) for source in sources) >= _ENOUGH


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
