"""Which handles a compiled program's static variables hold: what lives to the end is no leak.

Looked at are the data of the program's library and what they point to on the heap, a few steps
far. Only Linux tells where that is (https://man7.org/linux/man-pages/man5/proc_pid_maps.5.html);
elsewhere no handle is found.
"""

from __future__ import annotations

import os
import struct
from collections.abc import Iterator, Set
from pathlib import Path
from typing import NamedTuple

_MAPS, _MEMORY = Path("/proc/self/maps"), Path("/proc/self/mem")
_WORD = struct.calcsize("P")
_STEPS = 4
_PIECE = 128  # bytes looked at behind a pointer


class _Mapping(NamedTuple):
    """A writable piece of the address space; `name` is that of its file, if it has one."""

    begin: int
    end: int
    name: str


def held(library: Path, handles: Set[int]) -> set[int]:
    """Those of the handles that the library's data lead to."""
    if not handles or not _MAPS.exists():
        return set()
    mappings = list(_mappings())
    data, heap = list(_data(library, mappings)), [each for each in mappings if _is_heap(each)]
    memory = os.open(_MEMORY, os.O_RDONLY)
    try:
        new = {word for each in data for word in _words(memory, each.begin, each.end - each.begin)}
        reached = set(new)
        for _ in range(_STEPS):
            pointers = (each for each in new if any(in_.begin <= each < in_.end for in_ in heap))
            new = {word for each in pointers for word in _words(memory, each, _PIECE)} - reached
            reached |= new
    finally:
        os.close(memory)
    return set(handles & reached)


def _mappings() -> Iterator[_Mapping]:
    for line in _MAPS.read_text(encoding="utf-8", errors="surrogateescape").splitlines():
        place, rights, _, _, _, *name = line.split(maxsplit=5)
        if "w" in rights:
            begin, end = (int(each, 16) for each in place.split("-"))
            yield _Mapping(begin, end, name[0] if name else "")


def _is_heap(mapping: _Mapping) -> bool:
    return mapping.name in ("", "[heap]")


def _data(library: Path, mappings: list[_Mapping]) -> Iterator[_Mapping]:
    """The library's data; what begins with 0 follows them without a name."""
    end_before = 0
    for each in mappings:
        ours = each.name == str(library)
        if ours or (not each.name and each.begin == end_before):
            yield each
        end_before = each.end if ours else 0


def _words(memory: int, begin: int, size: int) -> tuple[int, ...]:
    """The words in a piece of memory."""
    data = os.pread(memory, size, begin - begin % _WORD)
    return struct.unpack(f"{len(data) // _WORD}P", data[: len(data) // _WORD * _WORD])
