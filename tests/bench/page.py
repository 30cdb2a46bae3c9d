"""docs/benchmarks.md: what capilint costs on this machine, on its own and beside other tools.

    .venv/bin/python -m tests.bench.page docs/benchmarks.md [ROUNDS]

Each section is a table of its own; one whose tool or corpus is not there says so. Times are CPU
seconds (user and system) of the whole process. Commands that are compared run in turn, and figures
are medians of the rounds. No figure fails anything.
"""

from __future__ import annotations

import math
import os
import platform
import re
import resource
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from statistics import median
from typing import NamedTuple

from capilint import __version__
from tests.bench.languages import TURNS, compared
from tests.bench.other_tools.__main__ import TOOLS, functions_of
from tests.bench.programs import SHAPES
from tests.bench.trees import irrelevant_tree, known_names
from tests.corpus.packages import CORPUS, ROOT, read_sources
from tests.fixture_format import FIXTURES

ROUNDS = int(sys.argv[2]) if len(sys.argv) > 2 else 5
LARGEST = 30_000  # lines of a package; larger ones would take most of the time
PATIENCE = 120  # seconds that a generated file may take; a larger one is not tried then
CAPILINT = [sys.executable, "-m", "capilint", "check", "--isolated"]
_ENVIRONMENT = {**os.environ, "PYTHONPATH": str(ROOT), "PYTHONDONTWRITEBYTECODE": ""}
_SUFFIXES = {
    "C": (".c",),
    "C++": (".cc", ".cpp", ".cxx"),
    "Python": (".py",),
}
_MINGW = "/usr/share/mingw-w64/include"  # where Debian has it
_HANDLE_RULES = Path(__file__).parent / "other_tools"
_PARSE_C = """\
import sys, tree_sitter, tree_sitter_{0} as grammar
parser = tree_sitter.Parser(tree_sitter.Language(grammar.language()))
for path in sys.argv[1:]: parser.parse(open(path, 'rb').read())
"""
_PARSE = {
    "C": _PARSE_C.format("c"),
    "C++": _PARSE_C.format("cpp"),
    "Python": "import sys, libcst\n"
    "for path in sys.argv[1:]:\n"
    "    try: libcst.parse_module(open(path, 'rb').read())\n"
    "    except libcst.ParserSyntaxError: pass\n",
}


class Cost(NamedTuple):
    """What a command took: CPU and wall seconds, megabytes at most, and what it printed."""

    cpu: float
    wall: float
    memory: float
    text: str


def cost(command: Sequence[str], cwd: Path | None = None) -> Cost:
    """Run a command to its end, however it ends."""
    with tempfile.TemporaryFile() as out:
        begin = time.monotonic()
        process = subprocess.Popen(
            command, cwd=cwd, env=_ENVIRONMENT, stdout=out, stderr=subprocess.STDOUT
        )
        _, _, used = os.wait4(process.pid, 0)
        wall = time.monotonic() - begin
        process.returncode = 0
        out.seek(0)
        text = out.read().decode(errors="replace")
    scale = 1e6 if sys.platform == "darwin" else 1e3  # of ru_maxrss
    return Cost(used.ru_utime + used.ru_stime, wall, used.ru_maxrss / scale, text)


def in_turn(*commands: Sequence[str], cwd: Path | None = None) -> list[list[Cost]]:
    """The costs of some commands, ROUNDS of each, one after the other in each round."""
    rounds = [[cost(each, cwd) for each in commands] for _ in range(ROUNDS)]
    return [[each[number] for each in rounds] for number in range(len(commands))]


def cpu(costs: Sequence[Cost]) -> float:
    """The median of the CPU seconds."""
    return median(each.cpu for each in costs)


def table(head: Sequence[str], rows: Sequence[Sequence[object]]) -> str:
    """A table in Markdown."""
    lines = [head, ["---"] * len(head), *rows]
    return "".join(f"| {' | '.join(map(str, line))} |\n" for line in lines)


# ---------------------------------------------------------------- the sections


def machine() -> str:
    """The machine, and how busy it is."""
    try:
        text = Path("/proc/cpuinfo").read_text(encoding="utf-8")
        model = re.findall(r"^model name\s*: (.*)$", text, re.MULTILINE)[0]
    except (OSError, IndexError):
        model = platform.processor() or platform.machine()
    memory = ""
    if hasattr(os, "sysconf"):
        size = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
        memory = f", {size / 2**30:.0f} GB of memory"
    load = os.getloadavg()[0] if hasattr(os, "getloadavg") else math.nan
    return (
        f"{model}, {os.cpu_count()} cores{memory}; {platform.system()} {platform.release()}, "
        f"Python {platform.python_version()}, capilint {__version__}. Measured on "
        f"{time.strftime('%Y-%m-%d')}, {ROUNDS} rounds; load when this began: {load:.1f}.\n"
    )


def packages() -> list[Path]:
    """The folders of the packages of the corpus, but for the largest."""
    folders = [each.folder for each in read_sources()[1] if each.folder.is_dir()]
    return [each for each in folders if sum(map(_lines, _written_in(each, *_SUFFIXES))) <= LARGEST]


def corpus_files(language: str) -> list[Path]:
    """The files of these packages that are written in a language."""
    return [path for folder in packages() for path in _written_in(folder, language)]


def _written_in(folder: Path, *languages: str) -> list[Path]:
    suffixes = {suffix for each in languages for suffix in _SUFFIXES[each]}
    return [each for each in sorted(folder.rglob("*")) if each.suffix in suffixes]


def _lines(path: Path) -> int:
    return path.read_bytes().count(b"\n")


def against_the_parse() -> str:
    """Relevant code: `check` against the bare parse of the same bytes."""
    rows = []
    for language in _SUFFIXES:
        files = [str(path.relative_to(CORPUS)) for path in corpus_files(language)]
        if not files:
            continue
        lines = sum(_lines(CORPUS / path) for path in files)
        check = [*CAPILINT, "--no-cache", "--jobs", "1", "-q", *files]
        parse = [sys.executable, "-c", _PARSE[language], *files]
        checked, parsed = in_turn(check, parse, cwd=CORPUS)
        whole, bare = cpu(checked), cpu(parsed)
        rate = f"{lines / whole:,.0f}"
        row = (language, len(files), f"{lines:,}", f"{whole:.2f}", f"{bare:.2f}")
        rows.append((*row, f"{whole / bare:.1f}", rate, f"{checked[0].memory:.0f}"))
    head = ("language", "files", "lines", "check, s", "parse, s", "ratio", "lines/s", "memory, MB")
    return table(head, rows) if rows else "There is no corpus here; `make corpus` fetches it.\n"


def against_others() -> str:
    """Other tools on the C files of the corpus: what they take, and how much they report."""
    files = [str(path) for path in corpus_files("C")]
    if not files:
        return "There is no corpus here; `make corpus` fetches it.\n"
    checkers = "unix,security,core"
    headers = ["--target=x86_64-w64-mingw32", "-isystem", _MINGW]
    clang = ["clang", *headers, "--analyze", "-Xclang", f"-analyzer-checker={checkers}"]
    commands = {
        "capilint": [*CAPILINT, "--no-cache", "--jobs", "1", *files],
        "cppcheck": ["cppcheck", "-q", f"--library={_HANDLE_RULES / 'cppcheck.cfg'}", *files],
        "clang --analyze": [*clang, "-Xclang", "-analyzer-output=text", "-w", *files],
        "semgrep": [
            *("semgrep", "scan", "--quiet", "--metrics=off", "--disable-version-check"),
            *("--jobs=1", "--no-git-ignore", f"--config={_HANDLE_RULES / 'semgrep.yml'}", *files),
        ],
    }
    findings = {
        "capilint": r"(?m)^\S+: (?:error|warning): CAP",
        "cppcheck": r"(?m)(?:resourceLeak|doubleFree|deallocuse|leakNoVarFunctionCall)\]$",
        "clang --analyze": r"(?m)^\S+: warning: .*(?:handle|leak)",
        "semgrep": r"key-never-destroyed|used-after-destroy|context-released-first",
    }
    left_out = {
        "capilint": r"this file was left out",
        "cppcheck": r"\[(?:unknownMacro|syntaxError)\]",
        "clang --analyze": r"fatal error: ",
        "semgrep": r"\bnever matches\b",  # it says nothing of files that it does not understand
    }
    there = {name: each for name, each in commands.items() if shutil.which(each[0])}
    with tempfile.TemporaryDirectory() as scratch:
        costs = dict(zip(there, in_turn(*there.values(), cwd=Path(scratch)), strict=True))
    own = cpu(costs["capilint"])
    rows: list[Sequence[object]] = []
    for name in commands:
        if name not in costs:
            rows.append((name, "not installed", "", "", ""))
            continue
        found = len(re.findall(findings[name], costs[name][0].text))
        taken = cpu(costs[name])
        stopped = len(re.findall(left_out[name], costs[name][0].text))
        shown = "not said" if name == "semgrep" else f"{stopped} of {len(files)}"
        rows.append((name, f"{taken:.2f}", f"{taken / own:.2f}", found, shown))
    head = ("tool", "CPU, s", "to capilint's", "reports of handles", "files left unfinished")
    return table(head, rows)


def on_fixtures() -> str:
    """Other tools on C fixtures, which are complete: what they take, and what is right of it."""
    paths = [path for name in ("session_key", "leak", "goto") for path in _c_fixtures(name)]
    functions = list(functions_of(paths))
    wrong = sum(each.wrong for each in functions)
    rows: list[Sequence[object]] = []
    for name, places_of in TOOLS.items():
        if name != "capilint" and shutil.which(name) is None:
            rows.append((name, "not installed", "", ""))
            continue
        before = resource.getrusage(resource.RUSAGE_CHILDREN)
        places = places_of([str(path) for path in paths])
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
        taken = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
        found = sum(each.wrong and each.holds(places) for each in functions)
        false = sum(not each.wrong and each.holds(places) for each in functions)
        rows.append((name, f"{taken:.2f}", found, false))
    right = len(functions) - wrong
    head = ("tool", "CPU, s", f"found, of {wrong}", f"false reports, in {right} right functions")
    return table(head, rows)


def _c_fixtures(name: str) -> list[Path]:
    return sorted((FIXTURES / "c" / name).rglob("*.c"))


def against_grep() -> str:
    """A tree that does not concern capilint, against grep for the same names."""
    if not shutil.which("grep"):
        return "There is no grep here.\n"
    with tempfile.TemporaryDirectory() as name:
        megabytes = irrelevant_tree(Path(name))
        grep = ["grep", "-rlE", "--include=*.c", known_names(), "."]
        checked, searched = in_turn([*CAPILINT, "--no-cache", "."], grep, cwd=Path(name))
    one, two = cpu(checked), cpu(searched)
    row = (f"{megabytes:.0f}", f"{one:.2f}", f"{two:.2f}", f"{one / two:.2f}")
    rate, memory = f"{megabytes / one:.0f}", f"{checked[0].memory:.0f}"
    return table(
        ("MB", "check, s", "grep, s", "ratio", "MB/s", "memory, MB"), [(*row, rate, memory)]
    )


def with_a_cache() -> str:
    """The first run, one where nothing changed, one where a function did."""
    rows = []
    for package in packages():
        with tempfile.TemporaryDirectory() as name:
            tree = Path(name) / "tree"
            shutil.copytree(package, tree)
            check = [*CAPILINT, "--cache-dir", f"{name}/cache", "--jobs", "1", "-q", "."]
            cold, warm = cost(check, tree).cpu, cost(check, tree).cpu
            changed = _change_a_function(tree)
            after = cost(check, tree).cpu
        row = (package.name, f"{cold:.2f}", f"{warm:.2f}", f"{after:.2f} (`{changed}`)")
        rows.append(row)
    head = ("package", "first run, s", "nothing changed, s", "one function changed, s")
    return table(head, rows) if rows else "There is no corpus here; `make corpus` fetches it.\n"


def _change_a_function(tree: Path) -> str:
    """Add a statement to the last function of the largest file; its name."""
    files = [each for each in tree.rglob("*") if each.suffix in (".c", ".py", ".cpp", ".cxx")]
    path = max(files, key=lambda each: (each.stat().st_size, each))
    text = path.read_text(encoding="utf-8", errors="surrogateescape")
    if path.suffix == ".py":
        text += "\n\ndef added():\n    return 1\n"
    else:
        before, brace, after = text.rpartition("\n}")
        text = f"{before}\n    ;{brace}{after}"
    path.write_text(text, encoding="utf-8", errors="surrogateescape")
    return path.name


def with_jobs() -> str:
    """One job and two, by the clock."""
    files = [str(path.relative_to(CORPUS)) for each in _SUFFIXES for path in corpus_files(each)]
    if not files:
        return "There is no corpus here; `make corpus` fetches it.\n"
    check = [*CAPILINT, "--no-cache", "-q"]
    one, two = in_turn([*check, "-j", "1", *files], [*check, "-j", "2", *files], cwd=CORPUS)
    rows = []
    for count, costs in ((1, one), (2, two)):
        wall = median(each.wall for each in costs)
        memory = max(each.memory for each in costs)
        rows.append((count, f"{wall:.2f}", f"{cpu(costs):.2f}", f"{memory:.0f}"))
    return table(("jobs", "wall, s", "CPU, s", "memory of the largest process, MB"), rows)


def chain_of_files(folder: Path, count: int) -> None:
    """A program in which each file calls what the one before it defines."""
    head = "BOOL step_0(HCRYPTPROV hProv, HCRYPTKEY *phKey)\n{\n"
    text = head + "    return CryptGenKey(hProv, CALG_RC4, 0, phKey);\n}\n"
    (folder / "step_0.c").write_text(text, encoding="utf-8")
    for number in range(1, count):
        text = head.replace("step_0", f"step_{number}")
        text += f"    return step_{number - 1}(hProv, phKey);\n}}\n"
        (folder / f"step_{number}.c").write_text(text, encoding="utf-8")


def growth() -> str:
    """Generated programs of size n/4, n/2, n: seconds, and the exponent of the last doubling."""
    rows = []
    with tempfile.TemporaryDirectory() as folder:
        chain_of_files(Path(folder), 1)  # all that is needed for any file is loaded
        least = [*CAPILINT, "--no-cache", "-j", "1", "-q", "."]
        start = median(cost(least, Path(folder)).cpu for _ in range(5))
    sizes = (0.25, 0.5, 1.0)
    for name, write in _shapes().items():
        seconds: list[float] = []
        for size in sizes:
            with tempfile.TemporaryDirectory() as folder:
                write(Path(folder), size)
                check = [*CAPILINT, "--no-cache", "-j", "1", "-q", "."]
                seconds.append(max(cost(check, Path(folder)).cpu - start, 1e-3))
            if seconds[-1] > PATIENCE:
                break
        exponent = math.log2(seconds[-1] / seconds[-2]) if len(seconds) > 1 else math.nan
        shown = [f"{each:.2f}" for each in seconds] + [""] * (len(sizes) - len(seconds))
        rows.append((name, *shown, f"{exponent:.2f}"))
    return table(("program", "n/4, s", "n/2, s", "n, s", "exponent"), rows)


def _shapes() -> dict[str, Callable[[Path, float], object]]:
    """What writes each generated program into a folder, in a size of which 1 stands for n."""

    def file(program: Callable[[float], str]) -> Callable[[Path, float], object]:
        return lambda folder, size: (folder / "a.c").write_text(program(size), encoding="utf-8")

    shapes = {name: file(program) for name, program in SHAPES.items()}
    shapes["400 files that call"] = lambda folder, size: chain_of_files(folder, int(400 * size))
    return shapes


SECTIONS: dict[str, tuple[str, Callable[[], str]]] = {
    "Relevant code against the bare parse": (
        (
            "The files of the corpus that mention the API, of packages of at most "
            f"{LARGEST:,} lines, each language as one program, against tree-sitter's or libcst's "
            "parse of the same bytes."
        ),
        against_the_parse,
    ),
    "The front ends of C and C++": (
        (
            "From text to the program that is analysed, CPU time of that phase of `check`, the "
            f"least of {TURNS} turns. The C and the C++ text of a row do the same, and have as "
            "many functions. Where one language needs more lines for that, the last column "
            "compares the work, the one before it the lines."
        ),
        lambda: table(*compared()),
    ),
    "Other tools on the same C files": (
        (
            "cppcheck and semgrep are told of CryptoAPI in their own words "
            "(tests/bench/other_tools), clang has the headers of mingw-w64; its handle checker "
            "knows Fuchsia's handles only. None has the headers of the packages: a tool that stops "
            "at what is missing is fast. What counts as a report is in tests/bench/page.py; none "
            "of the reports was judged here."
        ),
        against_others,
    ),
    "Other tools on C fixtures": (
        (
            "The fixtures of fixtures/c/session_key, leak and goto, one run each. They are "
            "capilint's own, so that it cannot lose."
        ),
        on_fixtures,
    ),
    "A tree that does not concern capilint": (
        "Generated C files that name no known function, against `grep -rlE` of the names.",
        against_grep,
    ),
    "With a cache": ("CPU seconds of `check`, one run each.", with_a_cache),
    "One job and two": ("All files of the corpus in one run.", with_jobs),
    "Growth": (
        (
            "CPU seconds less those of a file with one function, one run each, and the exponent "
            "of the last doubling: 1 is linear."
        ),
        growth,
    ),
}


def page() -> Iterator[str]:
    """The page, section by section."""
    yield "# Benchmarks\n\n`make bench` wrote this page. Ratios mean more than seconds.\n\n"
    yield machine()
    for title, (what, measure) in SECTIONS.items():
        yield f"\n## {title}\n\n{what}\n\n{measure()}"
    if hasattr(os, "getloadavg"):
        yield f"\nLoad at the end: {os.getloadavg()[0]:.1f}.\n"


def main() -> None:
    """Write the page, and print it meanwhile."""
    text = ""
    for part in page():
        print(part, end="", flush=True)
        text += part
        Path(sys.argv[1]).write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
