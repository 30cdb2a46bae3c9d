"""Faults of what is written to, signals, and runs at the same time."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from functools import partial
from pathlib import Path

import pytest

from capilint.engine.analysis import Analysis
from capilint.files import whole
from tests.doors import C_LEAK
from tests.faults.inputs import needs
from tests.faults.register import fault
from tests.faults.situation import FOUND, Fault, Outcome, Situation

FAULTS: list[Fault] = []
new = partial(fault, FAULTS)


def needs_full() -> None:
    """Skip where there is no file that is always full."""
    if not Path("/dev/full").exists():
        pytest.skip("no /dev/full here")


@new("a full disk, for one report of two", 2, ["error: /dev/full: cannot be written: No space"])
def full_disk(run: Situation) -> Outcome:
    needs_full()
    return run.check(".", "-o", "json:/dev/full", "-o", "text:-")


@new("a full disk, for a file that is there already", 2, ["r.json: cannot be written: No space"])
def full_disk_keeps(run: Situation) -> Outcome:
    Path("r.json").write_text("old", encoding="utf-8")

    def full(descriptor: int) -> None:
        raise OSError(28, "No space left on device")

    run.patch.setattr(os, "fsync", full)
    before = sorted(Path().iterdir())
    outcome = run.check(".", "-o", "json:r.json", "-o", "text:-")
    assert (
        Path("r.json").read_text(encoding="utf-8") == "old" and sorted(Path().iterdir()) == before
    )
    return outcome


@new("a limit for the size of files", 2, ["r.json: cannot be written: File too large"])
def file_size(run: Situation) -> Outcome:
    pytest.importorskip("resource")
    before = "import resource; resource.setrlimit(resource.RLIMIT_FSIZE, (100, 100))"
    outcome = run.process(".", "-o", "json:r.json", "-o", "text:-", before=before)
    assert not Path("r.json").exists()
    return outcome


@new("a folder that is read-only", 2, ["error: closed/r.json: cannot be written: Permission den"])
def read_only(run: Situation) -> Outcome:
    needs("geteuid")
    Path("closed").mkdir()
    Path("closed").chmod(0o500)
    if os.geteuid() != 0:
        return run.check(".", "-o", "json:closed/r.json", "-o", "text:-")
    run.check(".", "-o", "json:r.json")  # root may write there; what nobody may read is loaded
    Path.cwd().chmod(0o755)
    Path("closed").chmod(0o555)
    os.seteuid(65534)
    try:
        return run.check(".", "-o", "json:closed/r.json", "-o", "text:-")
    finally:
        os.seteuid(0)


@new("a full standard output", 2, ["error: the standard output cannot be written: No space"], [])
def full_out(run: Situation) -> Outcome:
    needs_full()
    outcome = run.process(".", "-o", "text:-", "-o", "text:r.txt", shell=">/dev/full")
    assert all(text in Path("r.txt").read_text(encoding="utf-8") for text in FOUND)
    return outcome


@new("a closed standard output", 2, ["the standard output cannot be written: Bad file desc"], [])
def closed_out(run: Situation) -> Outcome:
    outcome = run.process(".", "-o", "text:-", "-o", "text:r.txt", shell=">&-")
    assert all(text in Path("r.txt").read_text(encoding="utf-8") for text in FOUND)
    return outcome


@new("a reader that goes away (`| head -1`)", 1, found=[])
def broken_pipe(run: Situation) -> Outcome:
    Path("many.c").write_text(
        "".join(C_LEAK.replace("encrypt", f"encrypt{n}") for n in range(100)), encoding="utf-8"
    )
    outcome = run.process(
        *(".", "-o", "text:-", "-o", "text:r.txt"),
        before="import os; r, w = os.pipe(); os.dup2(w, 1); os.close(r)",
    )
    assert all(text in Path("r.txt").read_text(encoding="utf-8") for text in FOUND)
    return outcome


@new("a closed standard error", 2)
def closed_err(run: Situation) -> Outcome:
    outcome = run.process(".", "gone.c", shell="2>&-")
    assert "no such file" not in outcome.out
    return outcome


@new("a full standard error", 2)
def full_err(run: Situation) -> Outcome:
    needs_full()
    return run.process(".", "gone.c", shell="2>/dev/full")


@new("a report over a file that is read", 2, ["--output leak.c: that is read, and would be"], [])
def over_input(run: Situation) -> Outcome:
    Path("notes.txt").write_text(C_LEAK, encoding="utf-8")
    os.link("notes.txt", "other.txt")
    for name in ("leak.py", "./leak.c", "capilint.toml", ".gitignore", "new.c"):
        Path(name).touch()
        refused = run.check(".", "-o", name)
        assert refused.status == 2 and f"--output {name}: that is read" in refused.err
    assert run.check("notes.txt", "--lang", "c", "-o", "other.txt").status == 2
    assert run.check(".", "-o", "leak.c").status == 2
    assert Path("leak.c").read_text(encoding="utf-8") == C_LEAK
    return run.check(".", "-o", "leak.c")


@new("a report over a link to another file", 2, ["--output r.json: a link to ", "; name that"], [])
def over_link(run: Situation) -> Outcome:
    needs("symlink")
    Path("precious").write_text("precious", encoding="utf-8")
    Path("r.json").symlink_to("precious")
    outcome = run.check(".", "-o", "r.json")
    assert Path("precious").read_text(encoding="utf-8") == "precious"
    return outcome._replace(err=outcome.err.replace(str(Path.cwd()), ""))


@new("a named pipe that nobody reads, as a report", 2, ["error: pipe: cannot be written: a named"])
def unread_pipe(run: Situation) -> Outcome:
    needs("mkfifo")
    os.mkfifo("pipe")
    run.patch.setattr(whole, "_PATIENCE", 0.2)
    return run.check(".", "-o", "json:pipe", "-o", "text:-")


@new("a named pipe whose reader comes late, and reads slowly, as a report", 1)
def read_pipe(run: Situation) -> Outcome:
    needs("mkfifo")
    os.mkfifo("pipe")
    Path("many.c").write_text(
        "".join(C_LEAK.replace("encrypt", f"encrypt{n}") for n in range(60)), encoding="utf-8"
    )
    run.patch.setattr(whole, "_PATIENCE", 60.0)
    code = "import time; time.sleep(1); f = open('pipe', 'rb'); time.sleep(1); print(len(f.read()))"
    with subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE) as reader:
        outcome = run.check(".", "-o", "json:pipe", "-o", "json:r.json", "-o", "text:-")
        read, _ = reader.communicate()
    assert int(read) == Path("r.json").stat().st_size > 65_536  # more than a pipe holds
    return outcome


@new("a named pipe whose reader goes away, as a report", 2, ["pipe: cannot be written: Broken"])
def left_pipe(run: Situation) -> Outcome:
    needs("mkfifo")
    os.mkfifo("pipe")
    Path("many.c").write_text(
        "".join(C_LEAK.replace("encrypt", f"encrypt{n}") for n in range(60)), encoding="utf-8"
    )
    run.patch.setattr(whole, "_PATIENCE", 60.0)
    code = "f = open('pipe', 'rb'); f.read(1)"
    with subprocess.Popen([sys.executable, "-c", code]):
        return run.check(".", "-o", "json:pipe", "-o", "text:-")


def stopped(run: Situation, number: int) -> Outcome:
    """A check that gets a signal while the second file is analysed."""
    whole = Analysis.function

    def function(self: Analysis, definition: object, *more: object) -> object:
        if definition.function.name != "encrypt":  # type: ignore[attr-defined]
            signal.raise_signal(number)
        return whole(self, definition, *more)  # type: ignore[arg-type]

    run.patch.setattr(Analysis, "function", function)
    return run.check(".")


@new("Ctrl-C in the middle", 130, ["interrupted; this is what was found so far"], FOUND[:1])
def interrupted(run: Situation) -> Outcome:
    return stopped(run, signal.SIGINT)


@new("SIGTERM in the middle", 143, ["interrupted; this is what was found so far"], FOUND[:1])
def terminated(run: Situation) -> Outcome:
    if os.name == "nt":
        pytest.skip("no such signal here")
    return stopped(run, signal.SIGTERM)


@new("two runs at once that write one report", 1)
def two_runs(run: Situation) -> Outcome:
    command = [sys.executable, "-m", "capilint", "check", ".", "-o", "json:r.json"]
    with subprocess.Popen(command, stderr=subprocess.PIPE) as other:
        outcome = run.check(".", "-o", "json:r.json", "-o", "text:-")
        _, err = other.communicate()
    assert other.returncode == 1 and not err
    report = json.loads(Path("r.json").read_text(encoding="utf-8"))
    assert len(report["findings"]) == 2
    return outcome
