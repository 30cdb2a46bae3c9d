"""Faults of the processes that `--jobs` starts: what they were at is done by the run."""

from __future__ import annotations

import multiprocessing
import os
import signal
import threading
from collections.abc import Sequence
from functools import partial
from pathlib import Path

import capilint.checking
from capilint.parallel import processes, task, workers
from tests.faults.register import fault
from tests.faults.situation import FOUND, Fault, Outcome, Situation

FAULTS: list[Fault] = []
new = partial(fault, FAULTS)
MANY = 30  # functions, so that there is something left for others
LEAKING = """
int use_{n}(HCRYPTPROV prov) {{
    HCRYPTKEY key;
    if (!CryptGenKey(prov, CALG_RC4, 0, &key)) return 0;
    if (prov == {n}) return 1;
    CryptDestroyKey(key);
    return use_{m}(prov);
}}
"""
_done: list[Sequence[int]] = []  # by this worker


def dies(given: task.Work, functions: Sequence[int]) -> dict[str, int]:
    """What a worker does that is killed at its second task."""
    if _done:
        os.kill(os.getpid(), getattr(signal, "SIGKILL", signal.SIGTERM))
    _done.append(functions)
    return task.work(given, functions)


def jobs(run: Situation, number: int, *arguments: str) -> Outcome:
    """A check without a cache, for which so many jobs pay."""
    run.patch.setattr(capilint.checking, "_ENOUGH", 1)
    run.patch.setattr(workers, "ENOUGH", 1)
    run.patch.setattr(workers, "TOGETHER", 1)
    for n in range(MANY):
        Path(f"part_{n}.c").write_text(LEAKING.format(n=n, m=n + 1), encoding="utf-8")
    return run.check(".", "--no-cache", f"--jobs={number}", *arguments)


@new("a process of `--jobs` that is killed in the middle")
def killed(run: Situation) -> Outcome:
    alone = jobs(run, 1)
    assert alone.out.count("CAP101") >= MANY
    run.patch.setattr(processes, "work", dies)
    assert "a process was lost" in jobs(run, 3, "--statistics").err
    outcome = jobs(run, 3)
    assert outcome == alone
    return outcome


@new("no process that can be started for `--jobs`")
def none(run: Situation) -> Outcome:
    def refuse(*_: object) -> None:
        raise PermissionError("no semaphores here")

    alone = jobs(run, 1)
    run.patch.setattr(processes, "_started", refuse)
    outcome = jobs(run, 2)
    assert outcome == alone
    return outcome


@new("no thread that can be started to look after the processes of `--jobs`")
def no_thread(run: Situation) -> Outcome:
    start = threading.Thread.start

    def refuse(thread: threading.Thread) -> None:
        if "Executor" in type(thread).__name__:
            raise RuntimeError("can't start new thread")
        start(thread)

    alone = jobs(run, 1)
    run.patch.setattr(threading.Thread, "start", refuse)
    before = set(multiprocessing.active_children())
    outcome = jobs(run, 2)
    assert outcome == alone
    for process in set(multiprocessing.active_children()) - before:  # the run would wait for them
        process.join(30)
        assert not process.is_alive()
    return outcome


@new("Ctrl-C while processes of `--jobs` work", 130, ["interrupted; this is what was"], FOUND[:1])
def interrupted(run: Situation) -> Outcome:
    reach, turns = workers.Workers.reach, iter(range(9 * MANY))

    def stop(self: workers.Workers, number: int) -> None:
        if next(turns) == MANY:
            raise KeyboardInterrupt
        reach(self, number)

    run.patch.setattr(workers.Workers, "reach", stop)
    before = set(multiprocessing.active_children())
    outcome = jobs(run, 2)
    for process in set(multiprocessing.active_children()) - before:
        process.join(30)
        assert not process.is_alive()
    return outcome
