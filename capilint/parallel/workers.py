"""Others who analyse functions ahead of the run, which goes its usual way meanwhile.

    first task ──▶ the run: one turn after the other              others ◀── ready tasks
                     └── recalls what is right ◀── results ◀────────┘

The run begins at one end, where callees are. The others begin with what is far from there and calls
nothing that is not done, the largest first. Where they meet, the run waits for what one is at. It
takes over what the answers to a function's questions confirm, so that its findings are those of one
process; what was not done, or was lost, the run does itself. Who the others are is a `Team`'s
secret: processes here (`processes`), or a Dask cluster (`cluster`).
"""

from __future__ import annotations

from bisect import insort
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Future
from threading import Condition
from time import monotonic
from typing import TYPE_CHECKING, Protocol

from capilint.cache.records import RecordError
from capilint.engine import Kept
from capilint.parallel.task import written

if TYPE_CHECKING:
    from capilint.engine.ahead import Task
    from capilint.files.source import Source
    from capilint.ir import Module
    from capilint.progress import Progress
    from capilint.rulebook.tomlfile import RuleFile

ENOUGH = 2_500  # instructions for each worker: a second or more, and to begin costs half of one
TOGETHER = 100  # instructions: what is handed out at once, for each hand-out takes milliseconds
LONGEST = 600.0  # seconds that the run waits for one who is at a task, before it does that itself
_PATIENCE = 0.5  # seconds after which a wait is begun again: Windows tells of Ctrl-C between them

Counts = Mapping[str, int]


class Team(Protocol):
    """Those who do tasks. `troubles` are what people should be told that went wrong with them."""

    troubles: list[str]

    def of_program(
        self, kept: Kept | None, folder: str | None, routes: bool, rules: RuleFile | None
    ) -> Kept | None:
        """Where results are kept of the program that is worked on next: where they are `kept` in
        the `folder` of the cache, or else for this run only. None where they cannot be."""

    def start(self, worth: int) -> int:
        """Have some begin, if none have: as many as it is worth. How many are there; 0 if none
        can be."""

    def tell(self, part: bytes) -> None:
        """A further part of the program, before functions of it are given. Raises OSError."""

    def give(self, functions: Sequence[int]) -> Future[Counts]:
        """Have functions analysed, by their numbers; what was counted on the way, when their
        results are kept. Raises RuntimeError where nobody is there any more."""

    def is_there(self) -> bool:
        """Whether what was given may still be done."""

    def close(self, at_work: bool) -> None:
        """End what was begun; what somebody is at work with is not needed any more."""


class Workers:
    """The others of one run, and what they are at; see `capilint.engine.ahead.Elsewhere`."""

    def __init__(
        self, team: Team, sources: Callable[[], Mapping[str, Source]], progress: Progress
    ) -> None:
        """`sources` are those of the run so far, by path."""
        self._team = team
        self._sources = sources
        self._progress = progress
        self._number = 0  # of those who work
        self._changed = Condition()
        self._known: dict[str, Module] = {}
        self._told: set[str] = set()
        self._tasks: Sequence[Task] = ()
        self._lost = False
        self._counts: dict[str, int] = {}
        self._busy: dict[Future[Counts], list[int]] = {}
        self._open: dict[int, int] = {}  # tasks that nobody has begun: how many they wait for
        self._ready: list[int] = []  # those that wait for nothing, in their order
        self._followers: dict[int, list[int]] = {}
        self._mine: list[int] = []  # the run is at them, or was

    def of_program(
        self, kept: Kept | None, folder: str | None, routes: bool, rules: RuleFile | None
    ) -> Kept | None:
        """See Team."""
        self._known.clear()
        self._told.clear()
        if self._lost:
            return kept
        kept = self._team.of_program(kept, folder, routes, rules)
        return None if kept is None else kept._replace(elsewhere=self)

    def pays(self, size: int) -> bool:
        """See Elsewhere."""
        return size >= ENOUGH and not self._lost

    def begin(self, modules: Sequence[Module], tasks: Sequence[Task]) -> None:
        """See Elsewhere; where there is too little to do, or nobody, nothing is begun."""
        size = sum(task.size for task in tasks)
        if not self.pays(size) or not self._started(size // ENOUGH):
            return
        try:
            with self._progress.phase("hand-out"):
                self._tell(modules)
        except (RecordError, OSError):
            return  # too deep for a text, or no room for it
        with self._changed:
            self._tasks = tasks
            for number, task in enumerate(tasks):
                self._open[number] = len(task.after)
                for before in task.after:
                    self._followers.setdefault(before, []).append(number)
            self._ready += [number for number, task in enumerate(tasks) if not task.after]
            self._hand_out()

    def reach(self, task: int) -> None:
        """See Elsewhere."""
        with self._changed:
            if not self._tasks:
                return
            for before in self._mine:
                self._is_done(before)
            self._mine.clear()
            if self._open.pop(task, None) is None:
                self._wait_for(task)
            else:
                if task in self._ready:
                    self._ready.remove(task)
                self._mine.append(task)
                self._hand_out()

    def end(self) -> None:
        """See Elsewhere."""
        with self._changed:
            self._tasks = ()
            for future in list(self._busy):
                self._busy[future] = []
                future.cancel()
            for table in (self._open, self._ready, self._followers, self._mine):
                table.clear()
            for what, number in self._counts.items():
                self._progress.count(what, number)
            self._counts.clear()

    def close(self) -> None:
        """End what was begun."""
        with self._changed:
            self._lost = True
            at_work = bool(self._busy)
        self._team.close(at_work)

    def _started(self, worth: int) -> bool:
        """Whether there is somebody."""
        number = self._team.start(worth)
        if number and not self._number:
            self._progress.count("jobs", number + 1)
        self._number = number
        if not number:
            self._progress.count("unable")
            self._lost = True
        return not self._lost

    def _tell(self, modules: Sequence[Module]) -> None:
        """Tell what others do not know of the program."""
        new = [each for each in modules if self._known.get(each.path) is not each]
        sources = self._sources().items()
        texts = {path: each.text for path, each in sources if path not in self._told}
        self._team.tell(written(new, texts))
        self._known.update((each.path, each) for each in new)
        self._told.update(texts)

    def _wait_for(self, task: int) -> None:
        """Wait while somebody is at a task, but for no longer than that may take."""
        until = monotonic() + LONGEST
        while any(task in tasks for tasks in self._busy.values()) and monotonic() < until:
            if not self._team.is_there():
                self._lose()
                return
            self._changed.wait(_PATIENCE)

    def _lose(self) -> None:
        """From now on the run does all itself."""
        self._lost = True
        self._counts["lost workers"] = 1

    def _hand_out(self) -> None:
        """Give work to those who have none."""
        while self._ready and len(self._busy) < self._number and not self._lost:
            tasks: list[int] = []
            size = 0
            while self._ready and size < TOGETHER:
                far = self._ready[len(self._ready) // 2 :]
                number = max(far, key=lambda each: (self._tasks[each].size, each))
                self._ready.remove(number)
                del self._open[number]
                tasks.append(number)
                size += self._tasks[number].size
            functions = [each for number in sorted(tasks) for each in self._tasks[number].functions]
            try:
                future = self._team.give(functions)
            except RuntimeError:
                self._lose()
                return
            self._busy[future] = tasks
            future.add_done_callback(self._finished)

    def _finished(self, future: Future[Counts]) -> None:
        """Go on after some tasks; called by a thread of the team."""
        with self._changed:
            self._changed.notify_all()
            tasks = self._busy.pop(future, [])
            if future.cancelled():
                return
            if future.exception() is not None:
                if tasks:
                    self._lose()
                return
            for what, number in future.result().items():
                self._counts[what] = self._counts.get(what, 0) + number
            for task in tasks:
                self._is_done(task)
            self._hand_out()

    def _is_done(self, task: int) -> None:
        for follower in self._followers.pop(task, ()):
            if follower in self._open:
                self._open[follower] -= 1
                if not self._open[follower]:
                    insort(self._ready, follower)
