"""`make bench`: what capilint costs, as ratios measured in one run. No figure fails it.

    start-up   `capilint check` on files that do not concern it, against `import tree_sitter`,
               without and with a table [tool.capilint]
    trees      thousands of files that do not concern it, against `grep -rlE` of the same names
    scan       megabytes a second over files without any known name, against reading them
    growth     seconds for generated files of size n/4, n/2, n, 2n, and how they grow
    languages  time per line of the C++ front end against that of the C front end
    flake8     what the plugin adds to flake8 over files that do not concern it
    corpus     seconds over the corpus, phase by phase, where `make corpus` has been run

Times are CPU seconds of the child process, the least of several runs; where two commands are
compared they run in turn, and the ratio is the median of those of the pairs.
"""

from __future__ import annotations

import json
import math
import os
import resource
import shutil
import subprocess
import sys
import tempfile
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from statistics import median

from tests.bench.flake8_share import flake8_share, ordinary_files
from tests.bench.languages import compare, texts
from tests.bench.phases import times_of
from tests.bench.programs import SHAPES
from tests.bench.trees import (
    FILES,
    FILES_WITH_NAMES_ALIKE,
    add_relevant_files,
    irrelevant_tree,
    known_names,
    tree_of_names_alike,
)
from tests.corpus.packages import read_sources

CAPILINT = [str(Path(sys.executable).with_name("capilint"))]
SIZES = (0.25, 0.5, 1.0, 2.0)
# As an installed package runs: compiled once, whatever the shell says about writing that down.
ENVIRONMENT = {**os.environ, "PYTHONDONTWRITEBYTECODE": ""}
PATIENCE = 120  # seconds; what takes longer is shown as such, and not tried at a larger size
_CONFIGURATION = """\
[project]
name = "something"
dependencies = ["requests >= 2"]

[tool.capilint]
ignore = ["CAP3"]
exclude = ["third_party/", "*_generated.c"]
fail-on = "error"
"""
_DESCRIPTION = """
[tool.capilint.functions.OpenSessionKey]
params = ["hProv", "phKey"]
creates = { into = "phKey", resource = "key", owner = "hProv" }
uses = { hProv = "context" }
"""


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


def paired(
    command: Sequence[str], other: Sequence[str], cwd: Path, repeat: int
) -> tuple[float, float, float]:
    """The median CPU seconds of two commands that run in turn, and the median of their ratios."""
    cpu_seconds(command, cwd)  # files that are read for the first time tell of the disk
    pairs = [(cpu_seconds(command, cwd), cpu_seconds(other, cwd)) for _ in range(repeat)]
    ratio = median(one / max(two, 1e-3) for one, two in pairs)
    return median(one for one, _ in pairs), median(two for _, two in pairs), ratio


def bench_start_up(folder: Path) -> float:
    """Print the start-up ratios; the CPU seconds of a run with nothing to do."""
    cases = {
        "capilint check plain.c plain.py": "",
        "with [tool.capilint]": _CONFIGURATION,
        "with functions described in it": _CONFIGURATION + _DESCRIPTION,
    }
    parser = [sys.executable, "-c", "import tree_sitter"]
    check = [*CAPILINT, "check", "--no-cache", "plain.c", "plain.py"]
    least = math.inf
    print("start-up, CPU milliseconds, and the ratio to `import tree_sitter`")
    for number, (what, configuration) in enumerate(cases.items()):
        place = folder / f"start_{number}"
        place.mkdir()
        (place / "pyproject.toml").write_text(configuration, encoding="utf-8")
        (place / "plain.c").write_text("int main(void) { return 0; }\n", encoding="utf-8")
        (place / "plain.py").write_text("print('hello')\n", encoding="utf-8")
        checking, importing, ratio = paired(check, parser, place, 15)
        least = min(least, checking)
        times = f"{checking * 1000:6.0f}, import {importing * 1000:3.0f}"
        print(f"  {what:31}{times}  ratio {ratio:.2f}", flush=True)
    return least


def bench_trees(folder: Path) -> None:
    """Print what passing over whole trees costs, against grep."""
    if not shutil.which("grep"):
        print("\ntrees: skipped, there is no grep")
        return
    grep = ["grep", "-rlE", "--include=*.c", known_names(), "."]
    check = [*CAPILINT, "check", "--no-cache", "."]
    print("\ntrees of C files, CPU milliseconds, and the ratio to `grep -rlE` of the known names")

    def compare(what: str, root: Path, repeat: int) -> None:
        checking, searching, ratio = paired(check, grep, root, repeat)
        times = f"{checking * 1000:6.0f}, grep {searching * 1000:5.0f}"
        print(f"  {what:46}{times}  ratio {ratio:.2f}", flush=True)

    irrelevant, alike = folder / "irrelevant", folder / "alike"
    megabytes = irrelevant_tree(irrelevant)
    compare(f"{FILES} irrelevant files, {megabytes:.0f} MB", irrelevant, 9)
    tree_of_names_alike(alike)
    compare(f"{FILES_WITH_NAMES_ALIKE} that define `init` and `open`", alike, 5)
    add_relevant_files(alike)
    compare("the same, and 4 files with an `open` of a key", alike, 3)
    print(f"  {'':46}reported: {codes_of(alike) or 'nothing'}")


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
    checking = cpu_seconds([*CAPILINT, "check", "--no-cache", "tree"], folder, 3)
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
            check = [*CAPILINT, "check", "--no-cache", file.name]
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


def bench_languages(folder: Path) -> None:
    """Print what the C++ front end takes for a line, against the C one."""
    print("\nfront ends of C and C++, CPU microseconds a line, and the ratio of C++ to C")
    for what, (c, cpp) in texts().items():
        found = compare(folder, c, cpp)
        times = f"{found.cpp:6.1f}, C {found.c:5.1f}"
        whole = f"whole texts {found.whole:.2f}"
        print(f"  {what:50}{times}  ratio {found.ratio:.2f}, {whole}", flush=True)


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


def codes_of(path: Path) -> str:
    """The codes that the findings in a file or folder have, to tell a result from silence."""
    command = [*CAPILINT, "check", "--no-cache", "--format", "json", path.name]
    done = subprocess.run(command, cwd=path.parent, capture_output=True, text=True, check=False)
    return " ".join(finding["code"] for finding in json.loads(done.stdout)["findings"])


def main() -> int:
    """Run every measurement once and print it."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        start_up = bench_start_up(folder)
        bench_trees(folder)
        bench_scan(folder, start_up)
        bench_growth(folder, start_up)
        bench_languages(folder)
    bench_flake8()
    bench_corpus()
    return 0


if __name__ == "__main__":
    sys.exit(main())
