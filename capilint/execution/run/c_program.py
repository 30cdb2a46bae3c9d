"""Runs a compiled C program (see `compile`) on the model."""

from __future__ import annotations

import ctypes
import os
import threading
from collections.abc import Callable
from pathlib import Path
from typing import NoReturn

from capilint.execution.run import glue
from capilint.execution.run.argument_texts import variables
from capilint.execution.run.journal import Journal
from capilint.execution.run.marshal import Marshal
from capilint.execution.run.places import Place, Stack
from capilint.execution.run.record import Recorder
from capilint.model.events import NoticeKind
from capilint.model.machine import Machine


class _Caller(threading.local):
    """The place of the API call that a thread is making."""

    place: Place | None = None


def run(
    library: Path,
    source: Path,
    arguments: list[str],
    machine: Machine,
    journal: Journal,
    complain: Callable[[str], NoReturn],
) -> int:
    """Runs it, and tells the journal what happened; the program's exit status."""
    caller = _Caller()

    def where(function: str) -> Stack:
        return (caller.place,) if caller.place is not None else ()

    Recorder(machine, journal, where)
    loaded = ctypes.CDLL(str(library))

    def stop(text: str) -> NoReturn:
        loaded.capilint_flush()  # the program's stdio is not Python's
        complain(text)

    marshal = Marshal(machine, stop)
    glue.connect(loaded, marshal)
    _note_places(loaded, marshal, caller)
    main = glue.entry(loaded, [str(source), *arguments])
    if main is None:
        complain("the program has none of main, wmain, WinMain and wWinMain")
    status = int(main())
    loaded.capilint_flush()
    machine.notify(NoticeKind.EXIT)
    journal.write("end", how="returned", status=status & 0xFF)
    return status


def _note_places(loaded: ctypes.CDLL, marshal: Marshal, caller: _Caller) -> None:
    def note(file: bytes | None, line: int, function: bytes, texts: bytes) -> None:
        caller.place = _place(file, line, function, texts) if file else None

    types = [ctypes.c_char_p, ctypes.c_int, ctypes.c_char_p, ctypes.c_char_p]
    pointer = ctypes.c_void_p.in_dll(loaded, glue.PLACE)
    pointer.value = marshal.closure(None, types, note)


def _place(file: bytes, line: int, function: bytes, texts: bytes) -> Place:
    path = Path(os.fsdecode(file)).as_posix()
    arguments = variables(texts.decode("utf-8", "replace"))
    return Place(path, line, function.decode("utf-8", "replace"), arguments=arguments)
