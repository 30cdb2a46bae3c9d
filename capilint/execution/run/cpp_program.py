"""Runs a compiled C++ program (see `compile`) on the model.

    program.so ── calls ──► glue.so ── table ──► the model
        └─ frames (include/frames.cpp) ──► stacks of addresses ── debug_lines ──► places

A handle that lives when an exception has left the function that made it, or one that called that,
is leaked by the exception, if nobody destroys it later.
"""

from __future__ import annotations

import ctypes
import os
from collections.abc import Callable
from pathlib import Path
from typing import NoReturn

from capilint.execution.run import glue
from capilint.execution.run.cpp_places import Places
from capilint.execution.run.debug_lines import DebugLines
from capilint.execution.run.journal import Journal
from capilint.execution.run.marshal import Marshal
from capilint.execution.run.places import Stack
from capilint.execution.run.record import Departure, Recorder
from capilint.execution.run.statics import held
from capilint.model.events import NoticeKind
from capilint.model.machine import Machine

_MOST_FRAMES = 100


def run(
    library: Path,
    source: Path,
    arguments: list[str],
    machine: Machine,
    journal: Journal,
    complain: Callable[[str], NoReturn],
) -> int:
    """Runs it, and tells the journal what happened; the program's exit status."""
    connection = ctypes.CDLL(str(library.with_name(glue.LIBRARY)))

    def stop(text: str) -> NoReturn:
        connection.capilint_flush()  # the program's stdio is not Python's
        complain(text)

    stacks = _Stacks(connection, library, Places(DebugLines(library), source))
    recorder = Recorder(machine, journal, stacks.of_call)
    marshal = Marshal(machine, stop)
    glue.connect(connection, marshal)
    _watch_exceptions(connection, marshal, stacks, recorder, journal)
    loaded = ctypes.CDLL(str(library))  # its static objects begin to live
    main = glue.entry(loaded, [str(source), *arguments])
    if main is None:
        complain("the program has none of main, wmain, WinMain and wWinMain")
    status = int(main())
    loaded.capilint_end_statics()
    connection.capilint_flush()
    for handle in held(library, recorder.living):
        machine.notify(NoticeKind.HAND_OUT, handle)
    machine.notify(NoticeKind.EXIT)
    journal.write("end", how="returned", status=status & 0xFF)
    return status


def _watch_exceptions(
    connection: ctypes.CDLL, marshal: Marshal, stacks: _Stacks, recorder: Recorder, journal: Journal
) -> None:
    holders: dict[int, tuple[int, ...]] = {}

    def created(handle: int) -> None:
        holders[handle] = stacks.numbers_of_call()

    def left(number: int, place: int) -> None:
        with marshal.lock:
            handles = [each for each in recorder.living if number in holders.get(each, ())]
            departure = Departure(stacks.from_place(place), raised=True) if handles else None
            for handle in handles:
                holders[handle] = ()  # the first function is the one that lost it
                recorder.lives[handle].departure = departure

    def uncaught() -> None:
        journal.write("end", how="raised")

    recorder.on_creation = created
    types = [ctypes.c_uint64, ctypes.c_void_p]
    _set(connection, "capilint_left", marshal.closure(None, types, left))
    _set(connection, "capilint_uncaught", marshal.closure(None, [], uncaught))
    connection.capilint_watch()


class _Stacks:
    """The program's stacks, which its frames are asked for in the thread that they are of."""

    def __init__(self, connection: ctypes.CDLL, library: Path, places: Places) -> None:
        """`connection` is the loaded glue."""
        self._connection = connection
        self._places = places
        self._path = ctypes.create_string_buffer(os.fsencode(library))
        _set(connection, "capilint_program", ctypes.addressof(self._path))

    def of_call(self, function: str) -> Stack:
        """The stack of the call of an API function that this thread makes."""
        offsets = self._frames(self._connection.capilint_call_stack)[1]
        return self._places.stack(offsets, function)

    def numbers_of_call(self) -> tuple[int, ...]:
        """The numbers of the frames in it."""
        return self._frames(self._connection.capilint_call_stack)[0]

    def from_place(self, place: int) -> Stack:
        """The stack whose innermost frame stands at an address."""
        offsets = self._frames(self._connection.capilint_stack, ctypes.c_void_p(place))[1]
        return self._places.stack(offsets)

    def _frames(
        self, ask: Callable[..., int], *place: object
    ) -> tuple[tuple[int, ...], tuple[int, ...]]:
        numbers = (ctypes.c_uint64 * _MOST_FRAMES)()
        offsets = (ctypes.c_size_t * _MOST_FRAMES)()
        count = ask(*place, numbers, offsets, _MOST_FRAMES)
        return tuple(numbers[:count]), tuple(offsets[:count])


def _set(connection: ctypes.CDLL, name: str, address: int) -> None:
    ctypes.c_void_p.in_dll(connection, name).value = address
