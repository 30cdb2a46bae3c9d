"""Faults of the files that are read, and of the tree that they lie in."""

from __future__ import annotations

import os
import socket
import stat
import sys
from functools import partial
from pathlib import Path

import pytest

from capilint.commands import check
from capilint.files import source
from tests.doors import C_LEAK
from tests.faults.register import fault
from tests.faults.situation import FOUND, Fault, Outcome, Situation

FAULTS: list[Fault] = []
new = partial(fault, FAULTS)
GIGABYTES = 3 * 1024**3


def needs(attribute: str) -> None:
    """Skip what this system has not."""
    if not hasattr(os, attribute):
        pytest.skip(f"no {attribute} here")


def sparse(name: str) -> None:
    """A file of 3 GB that takes no room."""
    with Path(name).open("wb") as stream:
        try:
            stream.truncate(GIGABYTES)
        except OSError:
            pytest.skip("no sparse files here")


@new("a folder that is called as a source file is")
def folder_with_suffix(run: Situation) -> Outcome:
    Path("x.c").mkdir()
    Path("y.py").mkdir()
    return run.check(".")


@new("a file that must not be read", 2, ["closed.c: Permission denied"])
def closed(run: Situation) -> Outcome:
    needs("geteuid")
    Path("closed.c").write_text(C_LEAK, encoding="utf-8")
    Path("closed.c").chmod(0)
    if os.geteuid() != 0:
        return run.check(".")
    run.check(".")  # root needs no permission; what nobody may read is loaded by now
    Path.cwd().chmod(0o755)
    os.seteuid(65534)
    try:
        return run.check(".")
    finally:
        os.seteuid(0)


@new("a file that is gone before it is read", 2, ["gone.c: No such file or directory"])
def gone(run: Situation) -> Outcome:
    Path("gone.c").write_text(C_LEAK, encoding="utf-8")
    opening = os.open

    def vanishing(path: str, *more: int) -> int:
        if path == "gone.c":
            Path("gone.c").unlink()
        return opening(path, *more)

    run.patch.setattr(os, "open", vanishing)
    return run.check(".")


@new("a file that grows while it is read, without end", 2, ["big.c: 2", "the limit of 20 MiB"])
def growing(run: Situation) -> Outcome:
    Path("big.c").write_bytes(b"\n" * (source.LARGEST_FILE + 1))
    whole = os.fstat

    def before(descriptor: int) -> os.stat_result:
        status = whole(descriptor)
        if status.st_size <= source.LARGEST_FILE:
            return status
        return os.stat_result((*status[:6], 10, *status[7:10]))

    run.patch.setattr(os, "fstat", before)
    return run.check(".")


@new("a file that is emptied while it is read")
def shrinking(run: Situation) -> Outcome:
    Path("other.c").write_text(C_LEAK, encoding="utf-8")
    whole, inode = os.fstat, Path("other.c").stat().st_ino

    def emptied(descriptor: int) -> os.stat_result:
        status = whole(descriptor)
        if status.st_ino == inode:
            os.truncate("other.c", 0)
        return status

    run.patch.setattr(os, "fstat", emptied)
    return run.check(".")


@new("a named pipe, which nobody writes to", 2, ["pipe.c: not a regular file"])
def pipe(run: Situation) -> Outcome:
    needs("mkfifo")
    os.mkfifo("pipe.c")
    return run.check(".")


@new("a socket", 2, ["socket.c: not a regular file"])
def listening(run: Situation) -> Outcome:
    if not hasattr(socket, "AF_UNIX"):
        pytest.skip("no sockets with names here")
    with socket.socket(socket.AF_UNIX) as server:
        server.bind("socket.c")
        return run.check(".")


@new("a device without end", 2, ["/dev/zero: it has no suffix; say which it is with --lang"])
def device(run: Situation) -> Outcome:
    if not stat.S_ISCHR(Path("/dev/zero").stat().st_mode):
        pytest.skip("no such device here")
    return run.check(".", "leak.c", "/dev/zero")


@new("links in a circle, links out of the tree, a link to nothing")
def links(run: Situation) -> Outcome:
    needs("symlink")
    outside = Path.cwd().parent / "outside"
    outside.mkdir(exist_ok=True)
    (outside / "secret.c").write_text(C_LEAK, encoding="utf-8")
    Path("inner").mkdir()
    Path("inner/circle").symlink_to(Path.cwd(), target_is_directory=True)
    Path("out").symlink_to(outside, target_is_directory=True)
    Path("secret.c").symlink_to(outside / "secret.c")
    Path("nothing.c").symlink_to("nowhere.c")
    Path("self.c").symlink_to("self.c")
    outcome = run.check(".")
    assert "secret.c" not in outcome.out
    return outcome


@new("a link in a circle that is named", 2, ["self.c: Too many levels of symbolic links"])
def named_circle(run: Situation) -> Outcome:
    needs("symlink")
    Path("self.c").symlink_to("self.c")
    return run.check(".", "self.c")


@new("files of 3 GB", 2, ["x.c: 3221225472 bytes", "y.py: 3221225472 bytes", "limit of 20 MiB"])
def huge(run: Situation) -> Outcome:
    sparse("x.c")
    sparse("y.py")
    return run.check(".")


@new("a header of 3 GB", 2, ["big.h: 3221225472 bytes"])
def huge_header(run: Situation) -> Outcome:
    sparse("big.h")
    Path("a.c").write_text(f'#include "big.h"\n{C_LEAK}', encoding="utf-8")
    return run.check(".")


@new(
    "names with line ends and escape sequences",
    2,
    [r"gone\x1b[2J.c: no such file"],
    [*FOUND, r"a\nb.c:6:10: error", r"c\x1b[2Jd.c:6:10: error", r"e\u202ef.c:6:10"],
)
def names(run: Situation) -> Outcome:
    try:
        for name in ("a\nb.c", "c\x1b[2Jd.c", "e\u202ef.c"):
            Path(name).write_text(C_LEAK, encoding="utf-8")
    except OSError:
        pytest.skip("no such names here")
    return run.check(".", "gone\x1b[2J.c")


@new("a name that is no UTF-8", 1, found=[*FOUND, r"caf\udce9.c:6:10"])
def no_utf8(run: Situation) -> Outcome:
    if sys.platform != "linux":
        pytest.skip("names are Unicode here")
    Path(os.fsdecode(b"caf\xe9.c")).write_text(C_LEAK, encoding="utf-8")
    for form in ("json", "sarif", "junit", "github", "checkstyle", "gitlab", "rdjson", "azure"):
        assert run.check("--format", form, ".").status == 1
    return run.check(".")


@new("binary data", 2, ["program.c: binary data: a NUL byte in line 1"])
def binary(run: Situation) -> Outcome:
    Path("program.c").write_bytes(b"\x7fELF\0\0CryptGenKey(\0" * 100)
    return run.check(".")


@new("binary data on the standard input", 2, ["in.c: binary data: a NUL byte in line 1"])
def binary_in(run: Situation) -> Outcome:
    data = b"\x7fELF\0\0CryptGenKey(\0" * 100
    return run.check("-", ".", "--stdin-filename", "in.c", stdin=data)


@new(
    "a standard input without end",
    2,
    ["error: the standard input is larger than the limit of 20 MiB"],
    [],
)
def endless_in(run: Situation) -> Outcome:
    return run.process(".", "-", "--lang", "c", shell="</dev/zero")


@new("a closed standard input", 2, ["error: the standard input is closed"], [])
def closed_in(run: Situation) -> Outcome:
    run.patch.setattr(sys, "stdin", None)
    return run.check(".", "-", "--lang", "c")


@new("few file descriptors (8)")
def few_descriptors(run: Situation) -> Outcome:
    pytest.importorskip("resource")
    before = "import resource; resource.setrlimit(resource.RLIMIT_NOFILE, (8, 8))"
    return run.process(".", before=before)


def limited(megabytes: int) -> str:
    """What limits the memory of a process to so much more than it has."""
    return (
        "import resource, capilint.checking, libcst, tree_sitter, tree_sitter_c; "
        "used = int(open('/proc/self/statm').read().split()[0]) * resource.getpagesize(); "
        f"most = used + {megabytes} * 1024 * 1024; "
        "resource.setrlimit(resource.RLIMIT_AS, (most, most))"
    )


@new("little memory (60 MB more than at the start)")
def little_memory(run: Situation) -> Outcome:
    if sys.platform != "linux":
        pytest.skip("no such limit here")
    return run.process(".", before=limited(60))


@new("little memory, and a file that takes more", 2, ["more.cpp: this file was left out: there is"])
def too_little_memory(run: Situation) -> Outcome:
    if sys.platform != "linux":
        pytest.skip("no such limit here")
    nested = "#define A 1\n" * 300_000
    Path("more.cpp").write_text(f"{C_LEAK}\n{nested}\n", encoding="utf-8")
    return run.process(".", "--no-cache", before=limited(60))


@new("no memory to begin with", 2, ["capilint: error: there is not enough memory"], [])
def no_memory(run: Situation) -> Outcome:
    if sys.platform != "linux":
        pytest.skip("no such limit here")

    def nothing(*_: object, **__: object) -> None:
        raise MemoryError

    run.patch.setattr(check, "check", nothing)
    return run.check(".")
