"""`make bench`: what capilint costs, as ratios measured in one run. No figure fails it.

    start-up   `capilint check` on files that do not concern it, against `import tree_sitter`
    scan       megabytes a second over files without any known name, against reading them
    growth     seconds for generated files of size n/4, n/2, n, 2n, and how they grow
    flake8     what the plugin adds to flake8 over files that do not concern it
    corpus     seconds over the corpus, phase by phase, where `make corpus` has been run

Times are CPU seconds of the child process, the least of several runs.
"""

from __future__ import annotations

import json
import math
import os
import resource
import subprocess
import sys
import tempfile
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

from tests.bench.flake8_share import flake8_share, ordinary_files
from tests.bench.phases import times_of
from tests.bench.programs import SHAPES
from tests.corpus.packages import read_sources

CAPILINT = [str(Path(sys.executable).with_name("capilint"))]
SIZES = (0.25, 0.5, 1.0, 2.0)
# As an installed package runs: compiled once, whatever the shell says about writing that down.
ENVIRONMENT = {**os.environ, "PYTHONDONTWRITEBYTECODE": ""}
PATIENCE = 120  # seconds; what takes longer is shown as such, and not tried at a larger size


def cpu_seconds(command: Sequence[str], cwd: Path, repeat: int = 1) -> float:
    """The least CPU time of `repeat` runs of a command; infinite where PATIENCE ends.

    Exits with the command's words where it breaks.
    """
    least = math.inf
    for _ in range(repeat):
        before = resource.getrusage(resource.RUSAGE_CHILDREN)
        try:
            done = subprocess.run(
                command,
                cwd=cwd,
                env=ENVIRONMENT,
                capture_output=True,
                text=True,
                check=False,
                timeout=PATIENCE,
            )
        except subprocess.TimeoutExpired:
            return math.inf
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
        if done.returncode not in {0, 1} or "Traceback" in done.stderr:
            sys.exit(f"{' '.join(command)}: exit {done.returncode}\n{done.stderr[-2000:]}")
        user = after.ru_utime - before.ru_utime
        least = min(least, user + after.ru_stime - before.ru_stime)
    return least


def bench_start_up(folder: Path) -> float:
    """Print the start-up ratio; the CPU seconds of a run with nothing to do."""
    (folder / "plain.c").write_text("int main(void) { return 0; }\n", encoding="utf-8")
    (folder / "plain.py").write_text("print('hello')\n", encoding="utf-8")
    commands = (
        [sys.executable, "-c", "pass"],
        [sys.executable, "-c", "import tree_sitter"],
        [*CAPILINT, "check", "plain.c", "plain.py"],
    )
    # In turns, so that what else the machine does falls on all alike.
    rounds = [[cpu_seconds(command, folder) for command in commands] for _ in range(15)]
    bare, parser, check = (min(times[which] for times in rounds) for which in range(3))
    print("start-up, CPU milliseconds")
    print(f"  python -c pass                 {bare * 1000:7.0f}")
    print(f"  python -c 'import tree_sitter' {parser * 1000:7.0f}")
    print(f"  capilint check plain.c plain.py{check * 1000:7.0f}  ratio {check / parser:.2f}")
    return check


def bench_scan(folder: Path, start_up: float) -> None:
    """Print how fast files without any known name are passed over."""
    line = "static int add(int left, int right) { return left + right; } /* nothing to see */\n"
    text = line * (1_000_000 // len(line))
    tree = folder / "tree"
    tree.mkdir()
    for number in range(64):
        (tree / f"plain_{number}.c").write_text(text, encoding="utf-8")
    megabytes = 64 * len(text) / 1e6
    read = "import pathlib,sys\nfor p in pathlib.Path('tree').iterdir(): p.read_bytes()"
    reading = cpu_seconds([sys.executable, "-c", read], folder, 3)
    checking = cpu_seconds([*CAPILINT, "check", "tree"], folder, 3)
    scanning = max(checking - start_up, 1e-3)
    print(f"\nscan of {megabytes:.0f} MB in 64 files without any known name")
    print(f"  capilint check {checking:6.2f} s, start-up excepted {megabytes / scanning:6.0f} MB/s")
    print(f"  reading alone  {reading:6.2f} s, ratio {checking / reading:.2f}")


def bench_growth(folder: Path, start_up: float) -> None:
    """Print the table of generated files and how their time grows from size to size."""
    print("\ngrowth, CPU seconds less start-up; in brackets the ratio to half the size")
    print(f"  {'':26}" + "".join(f"{label:>16}" for label in ("n/4", "n/2", "n", "2n")))
    for name, program in SHAPES.items():
        print(f"  {name:26}", end="", flush=True)
        last = 0.0
        file = folder / "generated.c"
        for size in SIZES:
            file.write_text(program(size), encoding="utf-8")
            check = [*CAPILINT, "check", file.name]
            seconds = max(cpu_seconds(check, folder, 2 if size < 1 else 1) - start_up, 1e-3)
            if seconds == math.inf:
                print(f"  over {PATIENCE} s", end="")
                break
            ratio = f"({seconds / last:.2f})" if last else ""
            print(f"{seconds:8.2f} {ratio:>7}", end="", flush=True)
            last = seconds
        else:
            print(f"   {codes_of(file)}", end="")
        print(flush=True)
    print(f"  n log n at 20,000 lines doubles by {2 * math.log(40_000) / math.log(20_000):.2f}")


def bench_flake8() -> None:
    """Print the plugin's share of flake8's time."""
    files = ordinary_files(1000)
    total, plugin = flake8_share(files)
    print(f"\nflake8 over {len(files)} files without any known name")
    print(f"  {total:.2f} s, of them the plugin {plugin:.2f} s: {plugin / total:.2%}")


def bench_corpus() -> None:
    """Print the time that each phase takes over each package of the corpus."""
    folders = [package.folder for package in read_sources()[1] if package.folder.is_dir()]
    if not folders:
        print("\ncorpus: skipped, there is none; `make corpus` fetches it")
        return
    print("\ncorpus, CPU seconds by phase")
    total: Counter[str] = Counter()
    for folder in folders:
        times = times_of(folder)
        total.update(times)
        print(f"  {folder.name:18}" + "".join(f"  {k} {v:6.2f}" for k, v in times.items()))
    print(f"  {'together':18}" + "".join(f"  {k} {v:6.2f}" for k, v in total.items()))


def codes_of(file: Path) -> str:
    """The codes that the file's findings have, to tell a result from silence."""
    command = [*CAPILINT, "check", "--format", "json", file.name]
    done = subprocess.run(command, cwd=file.parent, capture_output=True, text=True, check=False)
    return " ".join(finding["code"] for finding in json.loads(done.stdout)["findings"])


def main() -> int:
    """Run every measurement once and print it."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        start_up = bench_start_up(folder)
        bench_scan(folder, start_up)
        bench_growth(folder, start_up)
    bench_flake8()
    bench_corpus()
    return 0


if __name__ == "__main__":
    sys.exit(main())
