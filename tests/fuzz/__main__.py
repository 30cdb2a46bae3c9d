"""`make fuzz N=2000`: generated programs, on which the linter and the runtime model must agree.

    strategy ── Program ─┬─ printers ── C, Python ── engine ── findings ─┐
                         └─ interpreter ── model, monitor ── mistakes ───┴─ compare

A disagreement is made as small as possible and written to a file, to be kept as a fixture once
its cause is found.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import time
from pathlib import Path

from hypothesis import HealthCheck, Phase, given, seed, settings

from tests.fuzz.compare import Disagreement, hold
from tests.fuzz.program import Program
from tests.fuzz.situation import Unclear
from tests.fuzz.strategy import programs

CHUNK = 500  # programs of one process and one seed


class Tally:
    """What one run has tried: programs, those without a clear answer, those with a mistake."""

    def __init__(self) -> None:
        self.tried = self.unclear = self.broken = 0


def run(count: int, first_seed: int, tally: Tally) -> Disagreement | None:
    """Try so many programs; the smallest disagreement, if there is one."""

    @seed(first_seed)
    @settings(
        max_examples=count,
        deadline=None,
        database=None,
        phases=[Phase.generate, Phase.shrink],
        suppress_health_check=list(HealthCheck),
        report_multiple_bugs=False,
        print_blob=False,
    )
    @given(programs())
    def agree(program: Program) -> None:
        tally.tried += 1
        try:
            tally.broken += bool(hold(program))
        except Unclear:
            tally.unclear += 1

    try:
        agree()
    except Disagreement as disagreement:
        return disagreement
    return None


def main() -> int:
    """Split the programs among processes; 1 if any of them found a disagreement."""
    parser = argparse.ArgumentParser(prog="python -m tests.fuzz", description=__doc__)
    parser.add_argument("count", type=int, nargs="?", default=2000)
    parser.add_argument("--seed", type=int, default=1, help="of the first programs")
    parser.add_argument("--here", action="store_true", help="in this process, as one chunk")
    options = parser.parse_args()
    if options.here:
        return _run_here(options.count, options.seed)
    begin = time.monotonic()
    chunks = [min(CHUNK, options.count - done) for done in range(0, options.count, CHUNK)]
    failed = _run_chunks(chunks, options.seed)
    print(f"{options.count} programs, {failed} failures, {time.monotonic() - begin:.0f} s")
    return 1 if failed else 0


def _run_chunks(chunks: list[int], first_seed: int) -> int:
    """Run each chunk in a process of its own, as many at once as there are processors."""
    waiting = [(count, first_seed + index) for index, count in enumerate(chunks)]
    running: list[subprocess.Popen[bytes]] = []
    failed = 0
    while waiting or running:
        while waiting and len(running) < (os.cpu_count() or 1):
            count, number = waiting.pop(0)
            command = [sys.executable, "-m", "tests.fuzz", str(count)]
            running.append(subprocess.Popen([*command, "--seed", str(number), "--here"]))
        done = running.pop(0)
        failed += done.wait() != 0
    return failed


def _run_here(count: int, number: int) -> int:
    tally = Tally()
    disagreement = run(count, number, tally)
    if disagreement is None:
        print(
            f"seed {number}: {tally.tried} programs, no disagreement; {tally.broken} are broken, "
            f"{tally.unclear} without a clear answer",
            flush=True,
        )
        return 0
    path = Path(f"fuzz-{number}{disagreement.suffix}")
    path.write_text(disagreement.source, encoding="utf-8")
    print(f"seed {number}: disagreement, see {path}\n{disagreement}", flush=True)
    return 1


if __name__ == "__main__":
    sys.exit(main())
