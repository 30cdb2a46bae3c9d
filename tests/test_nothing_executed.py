"""A check runs nothing of the tree, and opens only what it was given: shown by strace.

strace ── the system calls of a check on a booby-trapped tree ─┬─ no process is started
                                                               ├─ nothing but outputs written
                                                               └─ nothing outside is read
"""

from __future__ import annotations

import os
import re
import sys
from pathlib import Path
from typing import NamedTuple

import pytest

from tests.booby_trap import arm_git, lay
from tests.documents import ROOT
from tests.editor import ENVIRONMENT, Editor, in_editor
from tests.tools import require, run

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="strace is a program of Linux")

CALL = re.compile(r'^(?:\d+ +)?(\w+)\((?:AT_FDCWD, |\d+<[^>]*>, )?"?([^",)]*)"?(.*)$')
OPENING, WRITING = {"open", "openat"}, re.compile("O_WRONLY|O_RDWR|O_CREAT")
STARTING = {"execve", "execveat", "fork", "vfork"}
CHANGING = {
    *("mkdir", "mkdirat", "unlink", "unlinkat", "rename", "renameat", "renameat2", "link"),
    *("linkat", "symlink", "symlinkat", "truncate", "chmod", "fchmodat", "mknod", "mknodat"),
    *("rmdir", "creat", "chown", "lchown", "setxattr", "utimensat"),
}
SYSTEM = ("/usr/", "/lib", "/etc/ld.so", "/proc/self/", "/proc/filesystems", "/proc/sys/")
DEVICES = (
    "/sys/devices/system/cpu/online",
    "/dev/null",
    "/dev/urandom",
    "/dev/shm",
    "/etc/localtime",
    "/proc/cpuinfo",
    "/proc/stat",
)


class Trace(NamedTuple):
    """What a process did: the programs that it became, paths that it changed and read."""

    started: list[str]
    changed: list[str]
    read: list[str]
    printed: str


def traced(folder: Path, *command: object, status: int = 1) -> Trace:
    """The system calls of a command with paths, in a folder."""
    log = folder.parent / "trace"
    environment = {"PYTHONPATH": str(ROOT), "PYTHONDONTWRITEBYTECODE": "1"}
    printed = run([*tracer(log), *command], folder, None, environment)
    if "ptrace" in printed and "not permitted" in printed:
        pytest.skip("this machine lets nobody trace")
    return logged(log, printed)


def tracer(log: Path) -> list[str]:
    """The command in front of one whose system calls are to be logged."""
    options = ["-f", "-qq", "-s", "4096", "-e", "trace=%process,%file,%network"]
    return [require("strace"), *options, "-o", str(log)]


def logged(log: Path, printed: str) -> Trace:
    """What a log of system calls says."""
    found = Trace([], [], [], printed)
    for line in log.read_text(encoding="utf-8", errors="replace").splitlines():
        call = CALL.match(line)
        if call is None:
            continue
        name, path, rest = call.groups()
        forks = name in {"clone", "clone3"} and "CLONE_THREAD" not in line
        if forks or name in STARTING:
            found.started.append(path if name == "execve" else name)
        elif name in CHANGING or (name in OPENING and WRITING.search(rest)):
            found.changed.append(path)
        elif name in OPENING and "ENOENT" not in rest:
            found.read.append(path)
        elif name in {"socket", "connect", "bind"}:
            found.changed.append(line)
    return found


@pytest.fixture
def trapped(tmp_path: Path) -> tuple[Path, Path]:
    """The tree, and the mark that must never be made."""
    secret = tmp_path / "outside" / "secret.h"
    secret.parent.mkdir()
    secret.write_text("#define SECRET 1\nint secret(\n", encoding="utf-8")
    folder = tmp_path / "tree"
    return folder, lay(folder, secret)


def is_of_python(path: str) -> bool:
    """Whether a path belongs to Python, the system's libraries or capilint itself."""
    own = (sys.prefix, sys.base_prefix, sys.exec_prefix, ROOT, Path(sys.executable).resolve())
    return path.startswith((*SYSTEM, *map(str, own))) or path in (*DEVICES, *sys.path)


def is_in_the_cache(path: str) -> bool:
    """Whether a path belongs to capilint's cache, which is the user's and not the tree's."""
    return path.startswith(os.environ["CAPILINT_CACHE_DIR"])


def hold(trace: Trace, folder: Path, program: str, written: str = "") -> None:
    """Nothing was started; nothing but the output `written` and the cache; nothing read outside."""
    assert trace.started == [program]
    changed = [path for path in trace.changed if not is_in_the_cache(path)]
    ours = re.compile(rf"\.?{re.escape(written)}(?:\.[0-9a-f]{{8}})?" if written else "(?!)")
    assert not [path for path in changed if path not in DEVICES and not ours.fullmatch(path)]
    outside = {
        path
        for path in trace.read
        if path.startswith(("/", ".."))
        and not path.startswith(str(folder))
        and not is_of_python(path)
        and not is_in_the_cache(path)
    }
    assert not outside


@pytest.mark.parametrize("extra", [(), ("--output", "json:report.json", "--suggest-fixes")])
def test_check(trapped: tuple[Path, Path], extra: tuple[str, ...]) -> None:
    folder, mark = trapped
    program = Path(sys.executable).with_name("capilint")
    trace = traced(folder, program, "check", "-v", *extra, ".")
    assert ("CAP101" in trace.printed) != bool(extra), trace.printed
    hold(trace, folder, str(program), "report.json" if extra else "")
    assert not mark.exists() and "secret" not in trace.printed


def test_the_flake8_plugin(trapped: tuple[Path, Path]) -> None:
    folder, mark = trapped
    program = Path(sys.executable).with_name("flake8")
    trace = traced(folder, program, "--jobs=1", "--select=CAP", "leak.py")
    assert "CAP101" in trace.printed, trace.printed
    hold(trace, folder, str(program))
    assert not mark.exists()


def test_the_language_server(trapped: tuple[Path, Path], monkeypatch: pytest.MonkeyPatch) -> None:
    folder, mark = trapped
    run([*tracer(folder.parent / "trial"), sys.executable, "-c", ""], folder)
    monkeypatch.setitem(ENVIRONMENT, "PYTHONDONTWRITEBYTECODE", "1")
    monkeypatch.setitem(ENVIRONMENT, "CAPILINT_CACHE_DIR", os.environ["CAPILINT_CACHE_DIR"])

    async def script(editor: Editor) -> None:
        for name, language in (("leak.c", "c"), ("leak.cpp", "cpp"), ("leak.py", "python")):
            editor.open(name, language=language)
            await editor.until(lambda name=name: "CAP101" in dict(editor.codes(name) or ()))

    log = folder.parent / "trace"
    in_editor(folder, script, under=tracer(log))
    program = Path(sys.executable).with_name("capilint")
    hold(logged(log, ""), folder, str(program))
    assert not mark.exists()


def test_changes_since_a_revision(trapped: tuple[Path, Path]) -> None:
    folder, mark = trapped
    git = require("git")
    arm_git(folder, mark)
    os.utime(folder / "leak.c", (1, 1))  # git reads it again, and would write down that it did
    (folder / "new.c").write_bytes((folder / "leak.c").read_bytes())
    mark.unlink(missing_ok=True)
    program = Path(sys.executable).with_name("capilint")
    trace = traced(folder, program, "check", "--diff-base", "HEAD", ".")
    assert "new.c" in trace.printed, trace.printed
    assert not mark.exists()
    assert {path for path in trace.started if "/" in path} == {str(program), git}
