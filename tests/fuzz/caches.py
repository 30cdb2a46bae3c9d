"""Broken entries of a cache: what is found is what is found without one, and no more is said.

program ── a run ── entries ── some edits (seeded) ── a run ── the same report

An entry is cut off, changed, another's, or of another version. Some are sealed as the program seals
its own, as a run with a mistake would leave them: what they say is then believed as far as it makes
sense, and is no internal error where it makes none.
"""

from __future__ import annotations

import json
import random
import tempfile
import zlib
from collections.abc import Callable, Mapping, Sequence
from copy import deepcopy
from functools import cache
from pathlib import Path
from typing import NamedTuple

from capilint.cache.store import sealed
from capilint.checking import check
from capilint.config.settings import Settings
from capilint.files.source import Input
from capilint.language import Language
from capilint.report import Style, json_report
from tests.fuzz.edits import WrongInput

_C = """\
HCRYPTKEY make(HCRYPTPROV p);
int use%(n)d(HCRYPTPROV p)
{
    HCRYPTKEY k = make(p);
    if (!CryptEncrypt(k, 0, 1, 0, 0, 0, 0))
        return 0;
    CryptDestroyKey(k);
    return %(n)d;
}
"""
_MAKE = """\
HCRYPTKEY make(HCRYPTPROV p)
{
    HCRYPTKEY k;
    return CryptGenKey(p, 1, 0, &k) ? k : 0;
}
"""
_PYTHON = """\
import ctypes
def f%(n)d(p):
    k = ctypes.c_void_p()
    ctypes.windll.advapi32.CryptGenKey(p, 1, 0, ctypes.byref(k))
    return g(k)
def g(key):
    return %(n)d
"""


class BrokenCache(NamedTuple):
    """A program, by its number, and the entries that are broken; `sealed` tells whether any of
    them says that it is whole."""

    number: str
    program: int
    entries: Mapping[str, bytes]
    sealed: bool

    kind = "cache"

    @property
    def path(self) -> str:
        """A name for it."""
        return f"{self.number}.cache"

    @property
    def data(self) -> bytes:
        """The entries, for people."""
        return "".join(f"{key}: {data!r}\n" for key, data in self.entries.items()).encode()


class _Program(NamedTuple):
    inputs: tuple[Input, ...]
    folder: Path
    entries: Mapping[str, bytes]
    report: str


PROGRAMS = 6


@cache
def _scratch() -> tempfile.TemporaryDirectory[str]:
    return tempfile.TemporaryDirectory()


@cache
def _program(number: int) -> _Program:
    """A small program, and what a first run leaves in the cache."""
    names = {"n": number}
    if number % 2:
        inputs = [Input("a.py", Language.PYTHON, (_PYTHON % names).encode())]
    else:
        language = (Language.C, Language.CPP)[number % 4 // 2]
        texts = (_C % names, _MAKE)
        inputs = [Input(f"{at}.c", language, each.encode()) for at, each in enumerate(texts)]
    folder = Path(_scratch().name) / str(number)
    report = _report(inputs, str(folder))
    assert report == _report(inputs, None)
    entries = {f"{path.parent.name}/{path.name}": path.read_bytes() for path in folder.glob("??/*")}
    assert entries
    return _Program(tuple(inputs), folder, entries, report)


def _report(inputs: Sequence[Input], cache_folder: str | None) -> str:
    report = check(inputs, lambda _: Settings(), cache=cache_folder)
    return json_report.render(report, Style())


def whole_entries(program: int) -> Mapping[str, bytes]:
    """The entries of a program as a run leaves them, by their places in the folder."""
    return _program(program).entries


def broken_cache(seed: int, number: int, chance: random.Random) -> BrokenCache:
    """Broken entries of a program, the same for the same seed and number."""
    program = chance.randrange(PROGRAMS)
    known = _program(program).entries
    names = sorted(known)
    is_sealed = chance.random() < 0.5
    entries = {}
    for name in chance.sample(names, chance.randint(1, min(3, len(names)))):
        if is_sealed:
            entries[name] = sealed(name.replace("/", ""), _misshapen(chance, known[name]))
        else:
            entries[name] = chance.choice(_DAMAGES)(chance, known[name], known)
    return BrokenCache(f"{seed}-{number}", program, entries, is_sealed)


def hold_cache(item: BrokenCache) -> None:
    """Check a program with broken entries. Raises WrongInput where the report is another."""
    program = _program(item.program)
    for name, data in item.entries.items():
        (program.folder / name).write_bytes(data)
    try:
        report = _report(program.inputs, str(program.folder))
        if "internal error" in report:
            raise WrongInput(f"internal error: {report[:600]}")
        if not item.sealed and report != program.report:
            raise WrongInput("not what is found without a cache")
    finally:
        for path in program.folder.glob("??/*"):
            if f"{path.parent.name}/{path.name}" not in program.entries:
                path.unlink()
        for name, data in program.entries.items():
            if item.sealed or name in item.entries:
                (program.folder / name).write_bytes(data)


_Damage = Callable[[random.Random, bytes, Mapping[str, bytes]], bytes]


def _cut_off(chance: random.Random, data: bytes, _: Mapping[str, bytes]) -> bytes:
    return data[: chance.choice((0, chance.randint(0, len(data)), len(data) - 1))]


def _changed(chance: random.Random, data: bytes, _: Mapping[str, bytes]) -> bytes:
    at = chance.randrange(len(data))
    return data[:at] + bytes([data[at] ^ 1 << chance.randrange(8)]) + data[at + 1 :]


def _with_more(chance: random.Random, data: bytes, _: Mapping[str, bytes]) -> bytes:
    return data + chance.choice((b"\0", b"\n", data))


def _of_another(chance: random.Random, _: bytes, known: Mapping[str, bytes]) -> bytes:
    return chance.choice(sorted(known.values()))


def _of_another_version(chance: random.Random, data: bytes, _: Mapping[str, bytes]) -> bytes:
    return data.replace(b"capilint-cache 1", chance.choice((b"capilint-cache 2", b"other-cache")))


def _foreign(chance: random.Random, _: bytes, __: Mapping[str, bytes]) -> bytes:
    return chance.choice((b"{}", b"\x80\x04.", chance.randbytes(200), b"capilint-cache 1 \n"))


_DAMAGES: tuple[_Damage, ...] = (
    *(_cut_off, _changed, _with_more, _of_another, _of_another_version, _foreign),
)
_VALUES = (
    None,
    True,
    0,
    -1,
    1,
    -6,
    10**6,
    1.5,
    "",
    "x",
    "\ud800",
    [],
    [0],
    [-1, 0],
    [[]],
    {},
    {"a": 1},
)


def _misshapen(chance: random.Random, entry: bytes) -> bytes:
    """What an entry says, with other JSON in some of its places, or cut off."""
    lines = zlib.decompress(entry.partition(b"\n")[2]).split(b"\n")
    at = chance.randrange(len(lines))
    if chance.random() < 0.15:
        lines[at] = lines[at][: chance.randint(0, len(lines[at]))]
    else:
        document = json.loads(lines[at] or b"null")
        for _ in range(chance.randint(1, 3)):
            document = _with_other(chance, document)
        lines[at] = json.dumps(document).encode()
    return b"\n".join(lines)


def _with_other(chance: random.Random, document: object) -> object:
    """The document with something else somewhere in it; changes it."""
    inside, key = None, 0
    here = document
    while isinstance(here, list) and here and (inside is None or chance.random() < 0.8):
        inside, key = here, chance.randrange(len(here))
        here = inside[key]
    if inside is None:
        return deepcopy(chance.choice(_VALUES))
    what = chance.random()
    if what < 0.5:
        inside[key] = deepcopy(chance.choice(_VALUES))
    elif what < 0.7:
        inside[key] = deepcopy(chance.choice(inside))
    elif what < 0.85:
        del inside[key]
    else:
        inside.insert(key, deepcopy(chance.choice(inside)))
    return document
