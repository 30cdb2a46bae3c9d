"""The batches of a program, done by this process and others; what they come to together.

Each takes the largest that is left. What was lost with a process is done here. Batches that turn
out to concern each other, by what members hold, are done again as one.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import Future
from itertools import combinations
from threading import Condition
from time import monotonic
from typing import TYPE_CHECKING, Any, Protocol

from capilint.batches.search import Outcome, Program, Search, search
from capilint.files.source import Input, content
from capilint.files.words import words
from capilint.language import Language
from capilint.sharding.parts import together

if TYPE_CHECKING:
    from capilint.files.source import Source
    from capilint.progress import Progress
    from capilint.remembering.programs import Found

_PATIENCE = 0.5  # seconds after which a wait is begun again: Windows tells of Ctrl-C between them
_LONGEST = 600.0  # seconds that the run waits for others at least, before it does all itself
_LONGER = 10  # times as long as its own part took, where that is more


class Others(Protocol):
    """Processes that do what they are given."""

    def submit(self, call: Callable[..., Outcome], *given: Any) -> Future[Outcome]:
        """Have something done. Raises RuntimeError where nobody is there any more."""


class Together:
    """The batches of one program."""

    def __init__(
        self,
        program: Program,
        sources: Sequence[Source],
        batches: Sequence[Sequence[Source]],
        others: Others,
        number: int,
        progress: Progress,
    ) -> None:
        """`batches` of the `sources` are sorted, the largest first; there are so many others."""
        self._program = program
        self._sources = sources
        self._batches = list(batches)
        self._others = others
        self._number = number
        self._progress = progress
        self._changed = Condition()
        self._open = list(range(len(batches)))
        self._busy: dict[Future[Outcome], int] = {}
        self._done: dict[int, Outcome] = {}
        self._search: Search | None = None  # that this process is at
        self._begun = monotonic()

    def outcomes(self) -> list[Outcome]:
        """What the batches come to, none of which concerns another."""
        with self._changed:
            self._hand_out(1)
        while (number := self._next()) is not None:
            self._keep(number, self._found_in(self._batches[number]))
        for outcome in self._done.values():
            for what, count in outcome.counts.items():
                self._progress.count(what, count)
        done = [(self._batches[number], self._done[number]) for number in sorted(self._done)]
        while again := _concerned(done):
            paths = {each.path for number in again for each in done[number][0]}
            sources = [each for each in self._sources if each.path in paths]
            rest = [each for number, each in enumerate(done) if number not in again]
            self._progress.count("batches done again", len(again))
            done = [*rest, (sources, self._found_in(sources))]
        return [outcome for _, outcome in done]

    def so_far(self) -> Found:
        """What `outcomes` had come to when it was interrupted."""
        with self._changed:
            found = [each.found for each in self._done.values()]
        return together(found if self._search is None else [*found, self._search.so_far()])

    def _found_in(self, sources: Sequence[Source]) -> Outcome:
        self._search = Search(self._program, sources, self._progress)
        outcome = self._search.outcome()
        self._search = None
        return outcome

    def _keep(self, number: int, outcome: Outcome) -> None:
        with self._changed:
            self._done[number] = outcome

    def _next(self) -> int | None:
        """The batch that this process does next; None where all are done."""
        with self._changed:
            since = monotonic()
            longest = max(_LONGEST, _LONGER * (since - self._begun))
            while not self._open and self._busy:
                if monotonic() - since > longest:
                    self._lose(self._busy.values())
                    self._busy.clear()
                    break
                self._changed.wait(_PATIENCE)
            return self._open.pop(0) if self._open else None

    def _hand_out(self, but: int = 0) -> None:
        """Give batches to those who have none, but for so many."""
        while len(self._open) > but and len(self._busy) < self._number:
            number = self._open.pop(0)
            try:
                future = self._others.submit(search, self._program, self._batches[number])
            except RuntimeError:
                self._lose([number])
                return
            self._busy[future] = number
            future.add_done_callback(self._finished)

    def _finished(self, future: Future[Outcome]) -> None:
        """Go on after a batch; called by a thread of the others."""
        with self._changed:
            self._changed.notify_all()
            number = self._busy.pop(future, None)
            if number is None or future.cancelled():
                return
            if future.exception() is not None:
                self._lose([number])
                return
            self._done[number] = future.result()
            self._hand_out()

    def _lose(self, numbers: Iterable[int]) -> None:
        """From now on this process does all that is left itself."""
        self._open = sorted((*self._open, *numbers))
        self._number = 0
        self._progress.counts["lost workers"] = 1


def _concerned(done: Sequence[tuple[Sequence[Source], Outcome]]) -> set[int]:
    """The numbers of those that another one concerns."""
    found: set[int] = set()
    named: dict[int, set[bytes]] = {}

    def names(number: int, asked: Iterable[str]) -> bool:
        if number not in named:
            named[number] = set(_words_of(*done[number]))
        return not named[number].isdisjoint(
            word for each in asked for word in words(each.encode(errors="replace"))
        )

    for one, other in combinations(range(len(done)), 2):
        here, there = done[one][1].outside, done[other][1].outside
        if (
            here.concerns_pointers_of(there)
            or (here.asked and names(other, here.asked))
            or (there.asked and names(one, there.asked))
        ):
            found |= {one, other}
    return found


def _words_of(sources: Iterable[Source], outcome: Outcome) -> Iterator[bytes]:
    """All words of a batch in C, its headers and the files that joined it."""
    for source in sources:
        yield from words(source.text.encode(errors="replace"))
    headers = (
        answer.rpartition(" ")[0] for question, answer in outcome.asked if question[0] == "header"
    )
    for path in {*headers, *outcome.found.joined} - {""}:
        yield from words(content(Input(path, Language.C)))
