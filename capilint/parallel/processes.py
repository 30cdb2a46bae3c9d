"""The processes of this machine that work for a run; they share a folder with it."""

# Paths as strings, as they are where the cache is.
# ruff: noqa: PTH118, PTH123
from __future__ import annotations

import os
import signal
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future
from contextlib import contextmanager
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any, TypeVar

from capilint.cache.store import opened
from capilint.engine import Kept
from capilint.parallel.task import Work, begin, work
from capilint.parallel.workers import Counts

if TYPE_CHECKING:
    from concurrent.futures import ProcessPoolExecutor
    from multiprocessing.process import BaseProcess

    from capilint.rulebook.tomlfile import RuleFile

_Result = TypeVar("_Result")


class Processes:
    """See `capilint.parallel.workers.Team`."""

    def __init__(self, most: int) -> None:
        """At `most` so many processes are started."""
        self.troubles: list[str] = []
        self._most = most
        self._pool: ProcessPoolExecutor | None = None
        self._processes: list[BaseProcess] = []
        self._at_work: set[Future[Any]] = set()
        self._work = Work((), "", "", False, None)
        self._number_of_parts = 0
        self._folder: TemporaryDirectory[str] | None = None
        try:
            self._folder = TemporaryDirectory(prefix="capilint-", ignore_cleanup_errors=True)
        except OSError:
            self._most = 0

    def of_program(
        self, kept: Kept | None, folder: str | None, routes: bool, rules: RuleFile | None
    ) -> Kept | None:
        """See Team."""
        if kept is None or folder is None:
            if self._folder is None:
                return None
            folder = self._folder.name
            store = opened(folder)
            if store is None:
                return None
            kept = Kept(store, f"{rules and rules.path}", lasting=False)
        self._work = Work((), folder, kept.salt, routes, rules)
        return kept

    def start(self, worth: int) -> int:
        """See Team."""
        if self._pool is None and self._most:
            self._most = min(self._most, worth)
            try:
                self._pool, self._processes = _started(self._most)
            except (OSError, ImportError, NotImplementedError, RuntimeError, MemoryError):
                self._most = 0  # no processes, pipes, semaphores, threads
        return self._most

    def tell(self, part: bytes) -> None:
        """See Team."""
        self._number_of_parts += 1
        assert self._folder is not None
        path = os.path.join(self._folder.name, f"part-{self._number_of_parts}.json")
        with open(path, "xb") as stream:
            stream.write(part)
        self._work = self._work._replace(parts=(*self._work.parts, path))

    def submit(self, call: Callable[..., _Result], *given: Any) -> Future[_Result]:
        """Have something done by one of those that were started. Raises RuntimeError where nobody
        is there any more."""
        assert self._pool is not None
        future = self._pool.submit(call, *given)
        self._at_work.add(future)
        future.add_done_callback(self._at_work.discard)
        return future

    def give(self, functions: Sequence[int]) -> Future[Counts]:
        """See Team."""
        return self.submit(work, self._work, functions)

    def is_there(self) -> bool:
        """See Team: a pool that breaks says so of each task."""
        return True

    def close(self, at_work: bool) -> None:
        """See Team."""
        if at_work or self._at_work:
            for process in self._processes:
                process.terminate()
        if self._pool is not None:
            self._pool.shutdown(wait=False, cancel_futures=True)
        if self._folder is not None:
            self._folder.cleanup()


def _started(number: int) -> tuple[ProcessPoolExecutor, list[BaseProcess]]:
    """A pool whose processes have begun to start."""
    import multiprocessing
    from concurrent.futures import ProcessPoolExecutor

    others = set(multiprocessing.active_children())
    context = multiprocessing.get_context("spawn")
    pool = ProcessPoolExecutor(number, context, _ignore_interrupts)
    try:
        with _interrupts_blocked():
            for _ in range(number):
                pool.submit(begin)
    except BaseException:  # those that nobody gives work would wait for it, and the run for them
        for process in set(multiprocessing.active_children()) - others:
            process.terminate()
        pool.shutdown(wait=False, cancel_futures=True)
        raise
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
