"""What other tools find in the C fixtures, each told of CryptoAPI in its own words.

    .venv/bin/python -m tests.bench.other_tools

Each function with a creation counts once: as found where a tool reports anything of handles in a
function that has a mistake, as a false report where it does so in one that has none. A tool that
is not installed is left out; its time is its CPU seconds over all of these files. The fixtures
are capilint's own, so that capilint cannot lose: what the figures show is what the others miss.
clang's handle checker is not among them: it follows values of Fuchsia's `zx_handle_t` alone.
"""

from __future__ import annotations

import json
import re
import resource
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import NamedTuple

import tree_sitter
import tree_sitter_c

from tests.fixture_format import FIXTURES, read_fixture

_HERE = Path(__file__).parent
_CREATES = re.compile(rb"Crypt(?:GenKey|ImportKey|DeriveKey|DuplicateKey|GetUserKey)\(")
_CPPCHECK_LINE = re.compile(r"^(.+\.c):(\d+):(?:resourceLeak|doubleFree|deallocuse|leakNoVar)")
Places = set[tuple[str, int]]


class Function(NamedTuple):
    """A function of a fixture: its lines, and whether it has a mistake."""

    path: str
    first: int
    last: int
    wrong: bool

    def holds(self, places: Places) -> bool:
        """Whether one of the places is in it."""
        return any(path == self.path and self.first <= n <= self.last for path, n in places)


def functions_of(paths: Iterable[Path]) -> Iterator[Function]:
    """The functions that create a key."""
    parser = tree_sitter.Parser(tree_sitter.Language(tree_sitter_c.language()))
    for path in paths:
        marks = read_fixture([path])
        lines = {mark.line for mark in (*marks.expected, *marks.missing) if mark.code < "CAP4"}
        data = path.read_bytes()
        for node in parser.parse(data).root_node.children:
            if node.type == "function_definition" and _CREATES.search(node.text or b""):
                span = (node.start_point.row + 1, node.end_point.row + 1)
                wrong = any(span[0] <= line <= span[1] for line in lines)
                yield Function(str(path), *span, wrong)


# ---------------------------------------------------------------- the tools


def _capilint(paths: list[str]) -> Places:
    command = Path(sys.executable).with_name("capilint")
    found = json.loads(_output([str(command), "check", "--isolated", "--format", "json", *paths]))
    return {
        (str(Path(each["path"]).resolve()), each["line"])
        for each in found["findings"]
        if each["code"] < "CAP4"
    }


def _cppcheck(paths: list[str]) -> Places:
    command = ["cppcheck", "-q", f"--library={_HERE / 'cppcheck.cfg'}"]
    text = _output([*command, "--template={file}:{line}:{id}", *paths])
    found = map(_CPPCHECK_LINE.match, text.splitlines())
    return {(match[1], int(match[2])) for match in found if match}


def _semgrep(paths: list[str]) -> Places:
    command = ["semgrep", "scan", "--quiet", "--json", "--metrics=off", "--disable-version-check"]
    text = _output([*command, "--no-git-ignore", f"--config={_HERE / 'semgrep.yml'}", *paths])
    return {(each["path"], each["start"]["line"]) for each in json.loads(text)["results"]}


def _output(command: list[str]) -> str:
    done = subprocess.run(
        command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False
    )
    return done.stdout


TOOLS: dict[str, Callable[[list[str]], Places]] = {
    "capilint": _capilint,
    "cppcheck": _cppcheck,
    "semgrep": _semgrep,
}


def main() -> None:
    """Print a row for each tool."""
    paths = sorted((FIXTURES / "c").rglob("*.c"))
    functions = list(functions_of(paths))
    wrong = sum(each.wrong for each in functions)
    print(f"| tool | found, of {wrong} | false, of {len(functions) - wrong} | CPU seconds |")
    print("| --- | --- | --- | --- |")
    for name, places_of in TOOLS.items():
        if name != "capilint" and shutil.which(name) is None:
            print(f"| {name} | not installed | | |")
            continue
        before = resource.getrusage(resource.RUSAGE_CHILDREN)
        places = places_of([str(path) for path in paths])
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
        seconds = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
        found = sum(each.wrong and each.holds(places) for each in functions)
        false = sum(not each.wrong and each.holds(places) for each in functions)
        print(f"| {name} | {found} | {false} | {seconds:.1f} |")


if __name__ == "__main__":
    main()
