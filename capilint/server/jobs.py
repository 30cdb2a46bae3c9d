"""Work in the background, of which one piece is done at a time, and which can be stopped.

    event loop ── Job(work) ── a thread: waits for the one before ── work() ──▶ result
                     └── stop(): KeyboardInterrupt in the thread, as by Ctrl-C

The engine's values are shared by all of a process. What is stopped ends as `capilint check` does on
Ctrl-C, at any point of the analysis; nobody waits for that but the next job's thread.
"""

from __future__ import annotations

import asyncio
import ctypes
import threading
from collections.abc import Callable
from contextlib import suppress
from functools import partial
from typing import Generic, TypeVar

from capilint.frontends.python.parsing.nesting import STACK_BYTES, has_deep_stack

T = TypeVar("T")

_one_at_a_time = threading.Lock()


class Job(Generic[T]):
    """A piece of work, begun at once in a thread of its own."""

    def __init__(self, work: Callable[[], T]) -> None:
        """Belongs to the event loop that runs now."""
        self._work = work
        self._loop = asyncio.get_running_loop()
        self._future: asyncio.Future[T] = self._loop.create_future()
        self._guard = threading.Lock()
        self._working: int | None = None
        self._stopped = False
        _start(self._run)

    async def result(self) -> T:
        """What the work gives, or raises. Where nobody waits any more, the work is stopped."""
        try:
            return await asyncio.shield(self._future)
        except asyncio.CancelledError:
            self.stop()
            raise

    def stop(self) -> None:
        """Let the work end as soon as can be; its result is lost, and never awaited again."""
        self._future.cancel()
        with self._guard:
            if self._stopped:
                return
            self._stopped = True
            if self._working is not None:
                _interrupt(self._working)

    # ------------------------------------------------------------ in the thread

    def _run(self) -> None:
        with _one_at_a_time:
            try:
                end = partial(self._future.set_result, self._interruptible())
            except KeyboardInterrupt:
                return
            except Exception as error:
                end = partial(self._future.set_exception, error)
        with suppress(RuntimeError):  # the loop is closed
            self._loop.call_soon_threadsafe(self._end, end)

    def _interruptible(self) -> T:
        """What the work gives. No interrupt comes after this."""
        try:
            with self._guard:
                if self._stopped:
                    raise KeyboardInterrupt
                self._working = threading.get_ident()
            return self._work()
        finally:
            with self._guard:
                self._working = None
            _noted()

    def _end(self, end: Callable[[], None]) -> None:
        if not self._future.done():
            end()


def _noted() -> None:
    """The call of a function is where Python notes what another thread raises in this one."""


def _interrupt(thread: int) -> None:
    """Raise KeyboardInterrupt in a thread: the C API's PyThreadState_SetAsyncExc."""
    ctypes.pythonapi.PyThreadState_SetAsyncExc(
        ctypes.c_ulong(thread), ctypes.py_object(KeyboardInterrupt)
    )


def _start(target: Callable[[], None]) -> None:
    """Start a thread in which no work starts another: an interrupt may reach a thread that has just
    begun in the place of the one that began it, which then waits for ever."""

    def deep() -> None:
        has_deep_stack()
        target()

    usual = threading.stack_size(STACK_BYTES)
    try:
        threading.Thread(target=deep, daemon=True).start()
    except RuntimeError:  # no memory for it
        threading.stack_size(usual)
        threading.Thread(target=target, daemon=True).start()
    finally:
        threading.stack_size(usual)
