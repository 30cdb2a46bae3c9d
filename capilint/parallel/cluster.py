"""The workers of a Dask cluster, on machines that share nothing with the run.

    run ── parts, news of results ──▶ scheduler ──▶ workers: `capilint.parallel.apart`
     ▲──────── results ◀─────────────────┘

What a worker needs is given to the scheduler as data, and goes to each worker once. The scheduler
keeps it, and gives a task whose worker is lost to another one.
"""

from __future__ import annotations

import sys
import zlib
from collections.abc import Sequence
from concurrent.futures import Future
from contextlib import suppress
from time import monotonic
from typing import TYPE_CHECKING, Any
from uuid import uuid4

from capilint.engine import Kept
from capilint.mistake import Mistake
from capilint.parallel.apart import Errand, StrangerError, described, do, identity, same
from capilint.parallel.entries import Shared, packed, unpacked
from capilint.parallel.workers import Counts

if TYPE_CHECKING:
    from capilint.rulebook.tomlfile import RuleFile

INSTALL = f"{sys.executable} -m pip install 'capilint[dask]'"
_PATIENCE = 10  # seconds until a scheduler has to answer
_PAUSE = 5.0  # seconds between two looks whether there are workers still
_QUIET = ("distributed", "distributed.client", "distributed.comm", "tornado.application")


class ClusterError(Mistake):
    """A cluster cannot be used; the text says which, and why."""


class Cluster:
    """See `capilint.parallel.workers.Team`."""

    def __init__(self, address: str) -> None:
        """Connect with a scheduler. Raises ClusterError where nobody answers there, or a worker has
        another version."""
        self.troubles: list[str] = []
        self._address = address
        self._client = _connected(address)
        self._run = uuid4().hex
        self._number = 0  # of programs
        self._looked = 0.0  # when it was asked for its workers last
        self._entries = Shared()
        self._errand = Errand("", "", False, "", identity())
        self._parts: list[Any] = []
        self._told: list[Any] = []
        try:
            self._refuse_strangers()
        except ClusterError:
            self.close(False)
            raise

    def of_program(
        self, kept: Kept | None, folder: str | None, routes: bool, rules: RuleFile | None
    ) -> Kept | None:
        """See Team."""
        self._number += 1
        self._entries = Shared(None if kept is None else kept.entries)
        salt = f"{rules and rules.path}" if kept is None else kept.salt
        name = f"{self._run}-{self._number}"
        self._errand = Errand(name, salt, routes, described(rules), identity())
        self._parts, self._told = [], []
        return Kept(self._entries, salt, lasting=kept is not None)

    def start(self, worth: int) -> int:
        """See Team."""
        return min(self._workers(), worth)

    def tell(self, part: bytes) -> None:
        """See Team."""
        try:
            self._parts.append(self._given(same, zlib.compress(part, 1)))
        except RuntimeError as error:
            raise OSError(str(error)) from None

    def give(self, functions: Sequence[int]) -> Future[Counts]:
        """See Team."""
        news = self._entries.news()
        if news:
            self._told.append(self._given(same, packed(news, {})))
        given = self._given(do, self._errand, list(functions), self._parts, self._told)
        done: Future[Counts] = Future()
        entries = self._entries
        given.add_done_callback(lambda ended: self._finish(ended, done, entries))
        done.add_done_callback(lambda _: given.release())
        return done

    def _given(self, *call: object) -> Any:
        """What a call will come to. Raises RuntimeError where nobody is there any more."""
        if not self.is_there():
            raise RuntimeError("the connection is lost")
        try:
            return self._client.submit(*call, pure=False)
        except Exception as error:
            self._trouble(f"takes no work any more ({type(error).__name__}: {error})")
            raise RuntimeError(str(error)) from None

    def is_there(self) -> bool:
        """See Team."""
        return self._answers(_PAUSE)

    def _answers(self, pause: float) -> bool:
        """Whether there are workers, if nobody has looked for so many seconds."""
        if self._client.status != "running":
            self._trouble("is not there any more")
            return False
        if monotonic() - self._looked < pause:
            return True
        return self._workers() > 0

    def close(self, at_work: bool) -> None:
        """See Team."""
        self._parts, self._told = [], []
        with suppress(Exception):  # whatever is wrong with it by now
            self._client.close(timeout=2)

    def _workers(self) -> int:
        """How many workers there are."""
        try:
            workers = len(self._client.nthreads())
        except Exception:  # the connection is lost just now
            self._trouble("is not there any more")
            return 0
        self._looked = monotonic()
        if not workers:
            self._trouble("has no workers")
        return workers

    def _finish(self, ended: Any, done: Future[Counts], entries: Shared) -> None:
        """Take over what a task came to; called by a thread of the client."""
        if not done.set_running_or_notify_cancel():
            return
        try:
            results, counts = unpacked(ended.result())
            for key, data in results.items():
                entries.put(key, data)
        except BaseException as error:
            if isinstance(error, StrangerError):
                self._trouble(f"has a worker with {error}; here is {identity()}")
            elif self._answers(0):
                self._trouble(f"failed at a task ({type(error).__name__}: {error})")
            done.set_exception(error)
        else:
            done.set_result(counts)

    def _refuse_strangers(self) -> None:
        """Raises ClusterError where a worker has another version than the run."""
        try:
            answers = self._client.run(identity, on_error="return")
        except Exception as error:
            raise ClusterError(f"{self._address}: its workers do not answer: {error}") from None
        for worker, answer in answers.items():
            if answer != identity():
                found = f"no capilint ({answer})" if isinstance(answer, Exception) else answer
                raise ClusterError(
                    f"{self._address}: its worker {worker} has {found}; here is {identity()}, and "
                    "both have to be the same"
                )

    def _trouble(self, what: str) -> None:
        if not self.troubles:  # the others follow from it
            self.troubles.append(
                f"the Dask cluster at {self._address} {what}; this run did the rest of its work "
                "itself"
            )


def _connected(address: str) -> Any:
    """A client of the scheduler there. Raises ClusterError."""
    try:
        import dask
    except ModuleNotFoundError:
        raise ClusterError(f"--executor dask: needs distributed: {INSTALL}") from None
    import warnings

    # What goes wrong is said by the run itself, once.
    dask.config.set({"logging": dict.fromkeys(_QUIET, "critical")})
    try:
        from distributed import Client
    except ModuleNotFoundError:
        raise ClusterError(f"--executor dask: needs distributed: {INSTALL}") from None
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # versions are compared more strictly here
            return Client(address, timeout=_PATIENCE, set_as_default=False, name="capilint")
    except OSError:  # which says less than that
        raise ClusterError(f"no Dask scheduler answers at {address}") from None
    except (ValueError, ImportError) as error:
        raise ClusterError(f"{address}: {error}") from None
