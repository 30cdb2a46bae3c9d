"""A Dask cluster on this machine: a scheduler and workers, each a process of its own."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.documents import ROOT

_PATIENCE = 120  # seconds until all are there, on a busy machine


class DaskCluster:
    """Its processes; `address` is the scheduler's."""

    def __init__(self, folder: Path, workers: int, root: Path) -> None:
        self._folder = folder
        self._root = root
        told = folder / "scheduler.json"
        arguments = ("--host", "127.0.0.1", "--port", "0", "--scheduler-file", str(told))
        self.scheduler = self._started("scheduler", *arguments)
        self.workers: list[subprocess.Popen[bytes]] = []
        try:
            _wait_until(lambda: _address_in(told) is not None)
            self.address = _address_in(told) or ""
            for number in range(workers):
                place = str(folder / f"worker-{number}")
                options = ("--nthreads", "1", "--no-nanny", "--local-directory", place)
                self.workers.append(self._started("worker", self.address, *options))
            _wait_until(lambda: self._log().count("Register worker") == workers)
        except BaseException:
            self.end()
            raise

    @property
    def executor(self) -> str:
        """What `--executor` is to be."""
        return f"dask:{self.address}"

    def end(self) -> None:
        """Kill all that is left."""
        for process in (*self.workers, self.scheduler):
            process.kill()
            process.wait()

    def _started(self, *words: str) -> subprocess.Popen[bytes]:
        with (self._folder / f"{words[0]}.log").open("ab") as log:
            return subprocess.Popen(
                [sys.executable, "-m", "dask", *words, "--no-dashboard"],
                cwd=self._folder,
                env={**os.environ, "PYTHONPATH": str(self._root)},
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
            )

    def _log(self) -> str:
        return (self._folder / "scheduler.log").read_text(encoding="utf-8", errors="replace")


def _address_in(told: Path) -> str | None:
    """The scheduler's address, once its file is there and whole."""
    try:
        return str(json.loads(told.read_text(encoding="utf-8"))["address"])
    except (OSError, ValueError):
        return None


def _wait_until(happened: Callable[[], bool]) -> None:
    end = time.monotonic() + _PATIENCE
    while not happened():
        assert time.monotonic() < end, "the cluster does not begin"
        time.sleep(0.05)


@contextmanager
def dask_cluster(folder: Path, workers: int = 2, root: Path = ROOT) -> Iterator[DaskCluster]:
    """A cluster whose files are in a folder, with the capilint of a checkout; gone at the end."""
    cluster = DaskCluster(folder, workers, root)
    try:
        yield cluster
    finally:
        cluster.end()
