"""Starts the child processes of `capilint run` and reads what they tell.

A child may crash, hang up or call `exit`: whatever it has written to its journal counts.
"""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from capilint.execution.run import journal
from capilint.language import Language

_STDERR = 2  # the file descriptor


class RunError(Exception):
    """The program cannot be run, and why."""


@dataclass(frozen=True, slots=True)
class Program:
    """What is to be run. `library` is the compiled C or C++ file; `seed` makes the runs
    repeatable."""

    path: Path
    language: Language
    arguments: tuple[str, ...] = ()
    library: Path | None = None
    seed: int | None = None


@dataclass(frozen=True, slots=True)
class Outcome:
    """How one run went.

    `failed` is the number of the call that was made to fail, 0 for none, and `injected` the
    record of that call, None where the run never came to it. `status` is the program's own exit
    status, negative for a signal. `ended` is one of returned, raised, exited and crashed.
    """

    failed: int
    status: int
    ended: str
    verdicts: tuple[dict[str, Any], ...] = ()
    calls: int = 0
    injected: dict[str, Any] | None = None
    trouble: str = ""


@dataclass(slots=True)
class _Reading:
    """What a journal holds."""

    verdicts: list[dict[str, Any]] = field(default_factory=list)
    calls: int = 0
    injected: dict[str, Any] | None = None
    trouble: str = ""
    how: str = ""
    started: bool = False


def runs(program: Program, fail: int | None, show_output: bool = True) -> Iterator[Outcome]:
    """One run that fails the call of that number, 0 for none.

    None runs it once without a failure, and then once for every fallible call that was made.
    The output of these later runs, which get no input, is thrown away.
    """
    first = run_once(program, fail or 0, show_output)
    yield first
    if fail is None and not first.trouble:
        for number in range(1, first.calls + 1):
            yield run_once(program, number, None)


def run_once(program: Program, fail: int, show_output: bool | None) -> Outcome:
    """One child process. Output to ours, to the standard error (False), or nowhere (None)."""
    with TemporaryDirectory(prefix="capilint-run-") as folder:
        task, pages = Path(folder) / "task.json", Path(folder) / "journal"
        content = {
            "program": str(program.path),
            "arguments": program.arguments,
            "language": program.language,
            "library": str(program.library) if program.library else None,
            "seed": program.seed,
            "fail": fail,
            "journal": str(pages),
        }
        task.write_text(json.dumps(content), encoding="utf-8")
        status = _child(task, show_output)
        reading = _read(pages)
    if not reading.started:
        raise RunError(f"the child process of capilint could not start (status {status})")
    ended = reading.how or ("crashed" if _is_crash(status) else "exited")
    return Outcome(
        fail,
        status,
        ended,
        tuple(reading.verdicts),
        reading.calls,
        reading.injected,
        reading.trouble,
    )


def _child(task: Path, show_output: bool | None) -> int:
    command = [sys.executable, "-m", "capilint.execution.run.child", str(task)]
    quiet = subprocess.DEVNULL
    if show_output is None:
        return subprocess.run(command, stdin=quiet, stdout=quiet, stderr=quiet).returncode
    return subprocess.run(command, stdout=None if show_output else _STDERR).returncode


def _is_crash(status: int) -> bool:
    return status < 0 or status >= 0xC0000000  # a signal; an NTSTATUS of Windows


def _read(pages: Path) -> _Reading:
    reading = _Reading()
    for record in journal.read(pages):
        if record["record"] == "start":
            reading.started = True
        elif record["record"] == "verdict":
            reading.verdicts.append(record)
        elif record["record"] == "call":
            reading.calls += 1
            if record["injected"]:
                reading.injected = record
        elif record["record"] == "trouble":
            reading.trouble = str(record["text"])
        else:
            reading.how = str(record["how"])
    return reading


def remarks(program: Program, outcomes: Sequence[Outcome]) -> Iterator[str]:
    """What people should know of the runs besides the findings."""
    for outcome in outcomes:
        where = f" when call {outcome.failed} fails" if outcome.failed else ""
        if outcome.ended == "crashed":
            yield f"{program.path} crashed{where} (status {outcome.status})"
        if outcome.failed and outcome.injected is None and not outcome.trouble:
            made = f"it made {outcome.calls} calls that can fail"
            yield f"{program.path} never came to call {outcome.failed}; {made}"
    first = outcomes[0]
    if first.status and first.ended != "crashed" and not first.trouble:
        how = "ended by an exception" if first.ended == "raised" else "ended"
        yield f"{program.path} {how}, with exit status {first.status}"
