"""Faults of the folder in which capilint keeps what it found out: they cost time only."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable
from functools import partial
from pathlib import Path

from capilint.cache.store import Store
from capilint.remembering import programs
from tests.faults.inputs import needs, sparse
from tests.faults.register import fault
from tests.faults.situation import FOUND, Fault, Outcome, Situation

FAULTS: list[Fault] = []
new = partial(fault, FAULTS)
CACHE = "cache"


def again(run: Situation) -> Outcome:
    """A check with the cache, whatever is there."""
    return run.check(".", "--cache-dir", CACHE)


def entries() -> list[Path]:
    """What an earlier run left."""
    found = sorted(Path(CACHE).glob("??/*"))
    assert found
    return found


def each(run: Situation, change: Callable[[Path], object]) -> Outcome:
    """A check with a cache each of whose entries was changed."""
    again(run)
    for path in entries():
        change(path)
    return again(run)


@new("a cache whose entries are cut off")
def cut_off(run: Situation) -> Outcome:
    for length in (0, 10, 80, 100):
        shutil.rmtree(CACHE, ignore_errors=True)
        outcome = each(run, partial(os.truncate, length=length))
        assert outcome.status == 1 and all(text in outcome.out for text in FOUND)
    return outcome


@new("a cache whose entries are changed")
def changed(run: Situation) -> Outcome:
    return each(run, lambda path: path.write_bytes(path.read_bytes()[:-9] + b"\0" * 9))


@new("a cache whose entries are each other's")
def swapped(run: Situation) -> Outcome:
    again(run)
    found = entries()
    texts = [path.read_bytes() for path in found]
    for path, text in zip(found, [*texts[1:], texts[0]], strict=True):
        path.write_bytes(text)
    return again(run)


@new("a cache of another program, or of another version of the form")
def foreign(run: Situation) -> Outcome:
    texts = iter([b"{}", b"\x80\x04.", b"capilint-cache 2 " + b"0" * 64 + b"\n{}"] * 99)
    return each(run, lambda path: path.write_bytes(next(texts)))


@new("a cache of another version of capilint")
def other_version(run: Situation) -> Outcome:
    with run.patch.context() as patch:
        patch.setattr(programs, "version", lambda _: "0.0.1")
        again(run)
    before = entries()
    outcome = again(run)
    assert len(entries()) > len(before)
    return outcome


@new("a cache whose entries are pipes, folders, or of 3 GB")
def no_entries(run: Situation) -> Outcome:
    needs("mkfifo")
    kinds = iter([lambda path: os.mkfifo(path), Path.mkdir, lambda path: sparse(str(path))] * 99)

    def other(path: Path) -> None:
        path.unlink()
        next(kinds)(path)

    return each(run, other)


@new("a cache that others can write to")
def open_to_others(run: Situation) -> Outcome:
    needs("geteuid")
    Path(CACHE).mkdir()
    Path(CACHE).chmod(0o777)
    outcome = again(run)
    assert not list(Path(CACHE).iterdir())
    return outcome


@new("a cache that cannot be written")
def read_only(run: Situation) -> Outcome:
    needs("geteuid")
    again(run)
    for path in (Path(CACHE), *Path(CACHE).glob("??")):
        path.chmod(0o500)
    Path("more.c").write_text("void more(HCRYPTKEY k) { CryptDestroyKey(k); }\n", encoding="utf-8")
    try:
        if os.geteuid() != 0:
            return again(run)
        os.chown(CACHE, 65534, -1)  # root may write; what nobody may read is loaded by now
        Path.cwd().chmod(0o755)
        os.seteuid(65534)
        return again(run)
    finally:
        os.seteuid(0) if os.getuid() == 0 else None
        for path in (Path(CACHE), *Path(CACHE).glob("??")):
            path.chmod(0o700)


@new("a cache whose files another program has locked")
def locked(run: Situation) -> Outcome:
    again(run)
    before, opening = entries(), os.open

    def lock(path: str, *more: int) -> int:
        if Path(path).parent.parent.name == CACHE:
            raise PermissionError(13, "The process cannot access the file")
        return opening(path, *more)

    def stay(*_: object) -> None:
        raise PermissionError(13, "The process cannot access the file")

    run.patch.setattr(os, "open", lock)
    run.patch.setattr(os, "replace", stay)
    outcome = again(run)
    assert entries() == before
    return outcome


@new("a file where the cache should be")
def no_folder(run: Situation) -> Outcome:
    Path(CACHE).write_text("mine", encoding="utf-8")
    outcome = again(run)
    assert Path(CACHE).read_text(encoding="utf-8") == "mine"
    return outcome


@new("a full disk, for the cache")
def full_disk(run: Situation) -> Outcome:
    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    outcomes = []
    for module, name in ((tempfile, "mkstemp"), (os, "replace"), (os, "makedirs")):
        with run.patch.context() as patch:
            patch.setattr(module, name, full)
            outcomes.append(again(run))
    assert not list(Path(CACHE).glob("*/*"))
    assert len(set(outcomes)) == 1
    return outcomes[0]


@new("a limit for the size of files, for the cache")
def file_size(run: Situation) -> Outcome:
    needs("fork")
    before = "import resource; resource.setrlimit(resource.RLIMIT_FSIZE, (100, 100))"
    outcome = run.process(".", "--cache-dir", CACHE, before=before)
    assert not list(Path(CACHE).glob("*/*"))
    return outcome


@new("a cache that is removed in the middle of a run")
def removed(run: Situation) -> Outcome:
    putting = Store.put

    def put(self: Store, key: str, data: bytes) -> None:
        putting(self, key, data)
        shutil.rmtree(CACHE)

    again(run)
    Path("more.c").write_text("void more(HCRYPTKEY k) { CryptDestroyKey(k); }\n", encoding="utf-8")
    run.patch.setattr(Store, "put", put)
    return again(run)


@new("Ctrl-C while the cache is written", 130, ["interrupted; this is what was found so far"])
def interrupted(run: Situation) -> Outcome:
    replace, written = os.replace, 0

    def stop(*paths: str, at: int = 0) -> None:
        nonlocal written
        written += 1
        if written == at:
            raise KeyboardInterrupt
        replace(*paths)

    run.patch.setattr(os, "replace", stop)
    again(run)
    shutil.rmtree(CACHE)
    run.patch.setattr(os, "replace", partial(stop, at=2 * written))
    outcome = again(run)  # it is the last entry, the whole program's
    assert not list(Path(CACHE).glob("*/*.new"))
    return outcome


@new("two runs at once with one cache")
def two_runs(run: Situation) -> Outcome:
    command = [sys.executable, "-m", "capilint", "check", ".", "--cache-dir", CACHE]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as other:
        outcomes = {again(run) for _ in range(5)}
        out, err = other.communicate()
    assert other.returncode == 1 and not err and out.decode() == next(iter(outcomes)).out
    assert len(outcomes) == 1
    return again(run)
