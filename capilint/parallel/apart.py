"""What a worker on another machine does: bytes in, bytes out, and nothing in a folder.

A scheduler imports this on the worker by its name, so that it is the worker's own capilint that is
run; and it must be the same as the run's.
"""

from __future__ import annotations

import gc
import json
import platform
import zlib
from collections.abc import Sequence
from functools import cache, lru_cache
from threading import Lock
from typing import NamedTuple

from capilint import __version__
from capilint.cache.version import text_digest
from capilint.engine import Kept
from capilint.parallel.entries import Shared, packed, unpacked
from capilint.parallel.task import SELDOM, Part, Running, read
from capilint.rulebook.folder import rule_folder
from capilint.rulebook.tomlfile import RuleFile


class Errand(NamedTuple):
    """What decides about results besides the parts of a program: see `capilint.parallel.task.Work`.

    `program` is a name that no other has; `rules` are written by `described`; `who` is the run's
    `identity`.
    """

    program: str
    salt: str
    routes: bool
    rules: str
    who: str


class StrangerError(Exception):
    """A worker is not the same as the run: `who` it is."""


def described(rules: RuleFile | None) -> str:
    """The user's rules as a text, for Errand."""
    return json.dumps(None if rules is None else list(rules), default=str)


@cache
def identity() -> str:
    """Which capilint this is, by its version and its text, and which Python runs it."""
    python = f"{platform.python_implementation()} {platform.python_version()}"
    return f"capilint {__version__} ({text_digest(rule_folder())}) on {python}"


def same(data: bytes) -> bytes:
    """What it is given: so a scheduler has it, and can give it to any worker again."""
    return data


def do(
    errand: Errand, functions: Sequence[int], parts: Sequence[bytes], told: Sequence[bytes]
) -> bytes:
    """Analyse functions of a program, by their numbers: the results and counts (`packed`).

    `parts` are the program's, and `told` results that others had, in the order of the run. Raises
    StrangerError where this worker is not the same as the run.
    """
    if errand.who != identity():
        raise StrangerError(identity())
    with _one_at_a_time:
        usual = gc.get_threshold()
        gc.set_threshold(SELDOM, *usual[1:])
        try:
            return _state(errand, parts).do(functions, told)
        finally:
            gc.set_threshold(*usual)


class _State:
    """The program that this worker was at last; an analysis forgets the values of earlier ones."""

    def __init__(self, errand: Errand, parts: Sequence[bytes]) -> None:
        rules = json.loads(errand.rules)
        self._entries = Shared()
        kept = Kept(self._entries, errand.salt)
        file = None if rules is None else RuleFile(*rules)
        self._running = Running(map(_read, parts), kept, errand.routes, file)
        self._number_told = 0

    def do(self, functions: Sequence[int], told: Sequence[bytes]) -> bytes:
        for each in told[self._number_told :]:
            self._entries.take(unpacked(each)[0])
        self._number_told = max(self._number_told, len(told))
        counts = self._running.analyse(functions)
        return packed(self._entries.news(), counts)


_one_at_a_time = Lock()  # a worker may have several threads, and an analysis is in use alone
_states: dict[tuple[Errand, int], _State] = {}  # of the last program, with so many parts


def _state(errand: Errand, parts: Sequence[bytes]) -> _State:
    given = errand, len(parts)
    if given not in _states:
        if all(each.program != errand.program for each, _ in _states):
            _read.cache_clear()
        _states.clear()
        _states[given] = _State(errand, parts)
    return _states[given]


@lru_cache(maxsize=32)
def _read(part: bytes) -> Part:
    return read(zlib.decompress(part))
