"""A program of a run, done in batches: dealt, analysed by several processes, joined."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from capilint.batches.dealing import batches
from capilint.remembering.programs import Found

if TYPE_CHECKING:
    from capilint.batches.search import Outcome, Program
    from capilint.batches.together import Together
    from capilint.config.settings import Settings
    from capilint.files.source import Input, Source
    from capilint.lowering import FrontEnds
    from capilint.parallel.processes import Processes
    from capilint.progress import Progress
    from capilint.reading import Reading
    from capilint.rulebook.namescan import NameScan
    from capilint.rulebook.tomlfile import RuleFile


class Batched:
    """A program that is done in batches, if that pays."""

    def __init__(
        self,
        inputs: Sequence[Input],
        settings_of: Callable[[str], Settings],
        within: Sequence[str],
        front_ends: FrontEnds,
        reading: Reading,
        progress: Progress,
        processes: Processes,
    ) -> None:
        """All of these are those of the run."""
        self._inputs = inputs
        self._settings_of = settings_of
        self._within = within
        self._front_ends = front_ends
        self._reading = reading
        self._progress = progress
        self._processes = processes
        self._together: Together | None = None

    def found_in(
        self,
        sources: Sequence[Source],
        left: Sequence[Input],
        names: NameScan,
        rules: RuleFile | None,
        routes: bool,
        jobs: int,
        cache: str | None,
        salt: str,
    ) -> Found | None:
        """What is found in the program that begins with some `sources`; files `left` may join it.
        Results are kept in the `cache` by keys with `salt`. None where batches do not pay."""
        with self._progress.phase("batches"):
            dealt = batches(sources, left, names, self._front_ends, jobs)
        number = self._started(len(dealt) - 1) if dealt else 0
        if not number:
            return None
        from capilint.batches.together import Together

        program = self._program(sources, left)._replace(
            rules=rules, routes=routes, cache=cache, salt=salt
        )
        args = (program, sources, dealt, self._processes, number, self._progress)
        self._together = Together(*args)
        return self._joined(self._together.outcomes())

    def so_far(self) -> Found:
        """What had been found when `found_in` was interrupted."""
        return Found((), (), ()) if self._together is None else self._together.so_far()

    def _started(self, most: int) -> int:
        """How many other processes there are, once they have begun to start."""
        number = self._processes.start(most)
        self._progress.count(*(("jobs", number + 1) if number else ("unable",)))
        return number

    def _program(self, sources: Sequence[Source], left: Sequence[Input]) -> Program:
        """What other processes are to know of the program."""
        from capilint.batches.search import Program, for_compiling

        for source in sources:
            self._front_ends.options_of(source)  # notes come up in the order of one process
        own = {source.path for source in sources}
        texts = (each for path, each in self._reading.sources.items() if path not in own)
        return Program(
            inputs=tuple(self._inputs),
            settings=for_compiling(self._settings_of, own.union(each.path for each in left)),
            within=tuple(self._within),
            left=tuple(left),
            beside=frozenset(self._reading.beside),
            texts=tuple(texts),
        )

    def _joined(self, outcomes: Sequence[Outcome]) -> Found:
        """What was found together; the run's own front ends and reading know what others met."""
        from capilint.sharding.parts import together

        for outcome in outcomes:
            self._reading.unreadable += outcome.failed
            for question, answer in outcome.asked:
                self._front_ends.trace.note(question, answer)  # what the findings hang on
                self._front_ends.ask(question)
        return together([outcome.found for outcome in outcomes])
