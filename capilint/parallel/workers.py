"""Processes that analyse functions ahead of the run, which goes its usual way meanwhile.

    first task ──▶ the run: one turn after the other              workers ◀── ready tasks
                     └── recalls what is right ◀── store ◀── results ──┘

The run begins at one end, where callees are. Workers begin with what is far from there and calls
nothing that is not done, the largest first. Where they meet, the run waits for what a worker is at.
It takes over what the answers to a function's questions confirm, so that its findings are those of
one process; what a worker did not get done, or was lost with it, the run does itself.
"""

# Paths as strings, as they are where the cache is.
# ruff: noqa: PTH118, PTH123
from __future__ import annotations

import os
import signal
from bisect import insort
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import Future, wait
from contextlib import contextmanager, suppress
from tempfile import TemporaryDirectory
from threading import RLock
from typing import TYPE_CHECKING

from capilint.cache.records import RecordError
from capilint.cache.store import opened
from capilint.engine import Kept
from capilint.parallel.task import Work, begin, work, written

if TYPE_CHECKING:
    from concurrent.futures import ProcessPoolExecutor
    from multiprocessing.process import BaseProcess

    from capilint.engine.ahead import Task
    from capilint.files.source import Source
    from capilint.ir import Module
    from capilint.progress import Progress
    from capilint.rulebook.tomlfile import RuleFile

ENOUGH = 2_500  # instructions for each worker: a second or more, and to begin costs half of one
TOGETHER = 100  # instructions: what is handed out at once, for each hand-out takes milliseconds
_PATIENCE = 0.5  # seconds after which a wait is begun again: Windows tells of Ctrl-C between them


class Workers:
    """The processes of one run, and what they are at; see `capilint.engine.ahead.Elsewhere`."""

    def __init__(
        self, jobs: int, sources: Callable[[], Mapping[str, Source]], progress: Progress
    ) -> None:
        """At most so many processes are at work as there are `jobs`, with that of the run.
        `sources` are those of the run so far, by path."""
        self._most = jobs - 1
        self._sources = sources
        self._progress = progress
        self._pool: ProcessPoolExecutor | None = None
        self._processes: list[BaseProcess] = []
        self._number = 0  # of processes
        self._lock = RLock()
        self._work = Work((), "", "", False, None)
        self._number_of_parts = 0
        self._known: dict[str, Module] = {}
        self._told: set[str] = set()
        self._tasks: Sequence[Task] = ()
        self._lost = False
        self._folder: TemporaryDirectory[str] | None = None
        try:
            self._folder = TemporaryDirectory(prefix="capilint-", ignore_cleanup_errors=True)
        except OSError:
            self._give_up()
        self._counts: dict[str, int] = {}
        self._busy: dict[Future[dict[str, int]], list[int]] = {}
        self._open: dict[int, int] = {}  # tasks that nobody has begun: how many they wait for
        self._ready: list[int] = []  # those that wait for nothing, in their order
        self._followers: dict[int, list[int]] = {}
        self._mine: list[int] = []  # the run is at them, or was

    def of_program(
        self, kept: Kept | None, folder: str | None, routes: bool, rules: RuleFile | None
    ) -> Kept | None:
        """Where results are kept of the program that is analysed next: where they are `kept` in the
        `folder` of the cache, or else for this run only."""
        self._known.clear()
        self._told.clear()
        if self._folder is None or self._lost:
            return kept
        if kept is None or folder is None:
            folder = self._folder.name
            store = opened(folder)
            if store is None:
                return None
            kept = Kept(store, f"{rules and rules.path}", lasting=False)
        self._work = Work((), folder, kept.salt, routes, rules)
        return kept._replace(elsewhere=self)

    def pays(self, size: int) -> bool:
        """See Elsewhere."""
        return size >= ENOUGH and not self._lost

    def begin(self, modules: Sequence[Module], tasks: Sequence[Task]) -> None:
        """See Elsewhere; where there is too little to do, or no process, nothing is begun."""
        size = sum(task.size for task in tasks)
        if not self.pays(size) or not self._started(size // ENOUGH):
            return
        try:
            with self._progress.phase("hand-out"):
                self._tell(modules)
        except (RecordError, OSError):
            return  # too deep for a text, or no room for it
        with self._lock:
            self._tasks = tasks
            for number, task in enumerate(tasks):
                self._open[number] = len(task.after)
                for before in task.after:
                    self._followers.setdefault(before, []).append(number)
            self._ready += [number for number, task in enumerate(tasks) if not task.after]
            self._hand_out()

    def reach(self, task: int) -> None:
        """See Elsewhere."""
        with self._lock:
            if not self._tasks:
                return
            for before in self._mine:
                self._is_done(before)
            self._mine.clear()
            if self._open.pop(task, None) is not None:
                with suppress(ValueError):
                    self._ready.remove(task)
                self._mine.append(task)
                self._hand_out()
                return
            at_it = [future for future, tasks in self._busy.items() if task in tasks]
        while at_it and wait(at_it, _PATIENCE).not_done:
            pass

    def end(self) -> None:
        """See Elsewhere."""
        with self._lock:
            self._tasks = ()
            for future in list(self._busy):
                if not future.cancel():
                    self._busy[future] = []
            for table in (self._open, self._ready, self._followers, self._mine):
                table.clear()
            for what, number in self._counts.items():
                self._progress.count(what, number)
            self._counts.clear()

    def close(self) -> None:
        """End the processes."""
        with self._lock:
            self._lost = True
            at_work = bool(self._busy)
        if at_work:
            for process in self._processes:
                process.terminate()
        if self._pool is not None:
            self._pool.shutdown(wait=False, cancel_futures=True)
        if self._folder is not None:
            self._folder.cleanup()

    def _give_up(self) -> None:
        self._progress.count("unable")
        self._lost = True

    def _started(self, worth: int) -> bool:
        """Whether there are processes; if there are none yet, as many are started as it is worth,
        and as there may be."""
        if self._pool is None:
            number = min(self._most, worth)
            try:
                self._pool, self._processes = _started(number)
            except (OSError, ImportError, NotImplementedError):  # no processes, pipes, semaphores
                self._give_up()
                return False
            self._number = number
            self._progress.count("jobs", number + 1)
        return True

    def _tell(self, modules: Sequence[Module]) -> None:
        """Write down what workers do not know of the program."""
        new = [each for each in modules if self._known.get(each.path) is not each]
        sources = self._sources().items()
        texts = {path: each.text for path, each in sources if path not in self._told}
        self._number_of_parts += 1
        assert self._folder is not None
        path = os.path.join(self._folder.name, f"part-{self._number_of_parts}.json")
        with open(path, "xb") as stream:
            stream.write(written(new, texts))
        self._known.update((each.path, each) for each in new)
        self._told.update(texts)
        self._work = self._work._replace(parts=(*self._work.parts, path))

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
            assert self._pool is not None
            try:
                future = self._pool.submit(work, self._work, functions)
            except RuntimeError:  # the pool has broken meanwhile
                self._lost = True
                return
            self._busy[future] = tasks
            future.add_done_callback(self._finished)

    def _finished(self, future: Future[dict[str, int]]) -> None:
        """Go on after some tasks; called by a thread of the pool."""
        with self._lock:
            tasks = self._busy.pop(future, [])
            if future.cancelled():
                return
            if future.exception() is not None:
                self._lost = True
                self._counts["lost workers"] = 1
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


def _started(number: int) -> tuple[ProcessPoolExecutor, list[BaseProcess]]:
    """A pool whose processes have begun to start."""
    import multiprocessing
    from concurrent.futures import ProcessPoolExecutor

    others = set(multiprocessing.active_children())
    context = multiprocessing.get_context("spawn")
    pool = ProcessPoolExecutor(number, context, _ignore_interrupts)
    with _interrupts_blocked():
        for _ in range(number):
            pool.submit(begin)
    return pool, [each for each in multiprocessing.active_children() if each not in others]


def _ignore_interrupts() -> None:
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the run ends its workers itself


@contextmanager
def _interrupts_blocked() -> Iterator[None]:
    """Processes that are started in here are not interrupted before they can say so themselves."""
    if not hasattr(signal, "pthread_sigmask"):
        yield
        return
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)
