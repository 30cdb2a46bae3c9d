"""Runs a compiled C program (see `compile`) on the model."""

from __future__ import annotations

import ctypes
import os
import re
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any, NoReturn

from capilint.execution.run import headers
from capilint.execution.run.journal import Journal
from capilint.execution.run.marshal import Marshal
from capilint.execution.run.places import Place, Stack
from capilint.execution.run.record import Recorder
from capilint.model.events import NoticeKind
from capilint.model.machine import Machine

_CAST = re.compile(r"^\(\s*(?:const\s+)?\w+\s*\**\s*\)\s*")
_VARIABLE = re.compile(r"[A-Za-z_][\w.\->\[\]* ]*")
_SHOW_NORMAL = 1


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

    def where() -> Stack:
        return (caller.place,) if caller.place is not None else ()

    Recorder(machine, journal, where)
    loaded = ctypes.CDLL(str(library))

    def stop(text: str) -> NoReturn:
        loaded.capilint_flush()  # the program's stdio is not Python's
        complain(text)

    marshal = Marshal(machine, stop)
    _connect(loaded, marshal, caller)
    main = _entry(loaded, [str(source), *arguments])
    if main is None:
        complain("the program has none of main, wmain, WinMain and wWinMain")
    status = int(main())
    loaded.capilint_flush()
    machine.notify(NoticeKind.EXIT)
    journal.write("end", how="returned", status=status & 0xFF)
    return status


def _connect(loaded: ctypes.CDLL, marshal: Marshal, caller: _Caller) -> None:
    """Fills the glue's table with the model's functions."""
    names = headers.functions()
    table = (ctypes.c_void_p * (len(names) + 2)).in_dll(loaded, headers.TABLE)
    for index, name in enumerate(names):
        table[index] = marshal.address(name)
    machine = marshal.machine
    table[len(names)] = marshal.closure(ctypes.c_uint32, [], lambda: machine.last_error)

    def set_last_error(code: int) -> None:
        machine.last_error = code

    table[len(names) + 1] = marshal.closure(None, [ctypes.c_uint32], set_last_error)

    def note(file: bytes | None, line: int, function: bytes, texts: bytes) -> None:
        caller.place = _place(file, line, function, texts) if file else None

    types = [ctypes.c_char_p, ctypes.c_int, ctypes.c_char_p, ctypes.c_char_p]
    pointer = ctypes.c_void_p.in_dll(loaded, headers.PLACE)
    pointer.value = marshal.closure(None, types, note)


def _place(file: bytes, line: int, function: bytes, texts: bytes) -> Place:
    path = Path(os.fsdecode(file)).as_posix()
    arguments = tuple(_plain(text) for text in _split(texts.decode("utf-8", "replace")))
    return Place(path, line, function.decode("utf-8", "replace"), arguments=arguments)


def _split(texts: str) -> list[str]:
    """The arguments of a call: what commas outside of brackets separate."""
    parts, depth = [""], 0
    for character in texts:
        depth += (character in "([{") - (character in ")]}")
        if character == "," and not depth:
            parts.append("")
        else:
            parts[-1] += character
    return parts


def _plain(text: str) -> str:
    """The variable in an argument: `hKey` of `(HCRYPTKEY *)&hKey`."""
    bare = _CAST.sub("", text.strip()).lstrip("&").strip()
    while bare.startswith("(") and bare.endswith(")"):
        bare = bare[1:-1].strip()
    return bare if _VARIABLE.fullmatch(bare) else ""


def _entry(loaded: Any, words: list[str]) -> Callable[[], int] | None:
    """What starts the program, with its arguments."""
    count = len(words)
    if hasattr(loaded, "main"):
        narrow = (ctypes.c_char_p * (count + 1))(*map(os.fsencode, words), None)
        return lambda: loaded.main(count, narrow)
    if hasattr(loaded, "wmain"):
        wide = (ctypes.c_wchar_p * (count + 1))(*words, None)
        return lambda: loaded.wmain(count, wide)
    line = " ".join(words[1:])
    if hasattr(loaded, "WinMain"):
        return lambda: loaded.WinMain(None, None, os.fsencode(line), _SHOW_NORMAL)
    if hasattr(loaded, "wWinMain"):
        return lambda: loaded.wWinMain(None, None, line, _SHOW_NORMAL)
    return None
