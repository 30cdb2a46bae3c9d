"""Faults of the Dask cluster that works for a run."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Sequence
from concurrent.futures import Future
from functools import partial
from pathlib import Path

import pytest

import capilint.checking
from capilint.parallel import cluster, workers
from capilint.parallel.cluster import Cluster
from capilint.parallel.workers import Counts
from tests.dask_cluster import DaskCluster, dask_cluster
from tests.faults.register import fault
from tests.faults.situation import Fault, Outcome, Situation

FAULTS: list[Fault] = []
new = partial(fault, FAULTS)

NOBODY = "tcp://127.0.0.1:9"
SHOWN = "tcp://scheduler:8786"  # for an address that is another one each time


@new(
    "a Dask scheduler that does not answer",
    2,
    [f"error: no Dask scheduler answers at {NOBODY}"],
    found=(),
)
def nobody(run: Situation) -> Outcome:
    pytest.importorskip("distributed")
    run.patch.setattr(cluster, "_PATIENCE", 1)
    return run.check(".", "--executor", f"dask:{NOBODY}")


@new("a Dask worker that is killed at its work")
def worker_killed(run: Situation) -> Outcome:
    return _while(run, lambda there: there.workers[0].kill())


@new("a Dask scheduler that is killed", 1, [f"the Dask cluster at {SHOWN} is not there any more"])
def scheduler_killed(run: Situation) -> Outcome:
    return _while(run, lambda there: there.scheduler.kill())


def _while(run: Situation, happen: Callable[[DaskCluster], None]) -> Outcome:
    """A check by a cluster of two workers, to which something happens when it has a task."""
    pytest.importorskip("distributed")
    run.patch.setattr(capilint.checking, "_ENOUGH", 1)
    run.patch.setattr(workers, "ENOUGH", 1)
    more = "".join(f"void f{n}(HCRYPTKEY k) {{ CryptDestroyKey(k); }}\n" for n in range(9))
    Path("more.c").write_text(more, encoding="utf-8")
    give, given = Cluster.give, 0

    def at_work(self: Cluster, functions: Sequence[int]) -> Future[Counts]:
        nonlocal given
        given += 1
        future = give(self, functions)
        if given == 1:
            happen(there)
        return future

    run.patch.setattr(Cluster, "give", at_work)
    with tempfile.TemporaryDirectory() as folder, dask_cluster(Path(folder)) as there:
        outcome = run.check(".", "--executor", there.executor)
    assert given
    return outcome._replace(err=outcome.err.replace(there.address, SHOWN))
