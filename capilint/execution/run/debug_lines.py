"""Which functions and lines a compiled program's addresses stand for: asked of `addr2line`.

The debugging information is read by the tool that the compiler's own package brings.
"""

from __future__ import annotations

import re
import shutil
import subprocess
from functools import cached_property
from pathlib import Path
from typing import NamedTuple

TOOLS = ("addr2line", "llvm-addr2line")
_LINE = re.compile(r"(.*):(\d+)(?: \(.*\))?")
_UNKNOWN = "??"


class Symbol(NamedTuple):
    """Where an address stands: `function` with its class, namespaces and parameter types."""

    function: str
    file: str
    line: int


def tool() -> str | None:
    """The path of the tool, if there is one."""
    return next(filter(None, map(shutil.which, TOOLS)), None)


class DebugLines:
    """Answers for one library. Every answer is kept: a program asks for few places, often."""

    def __init__(self, library: Path) -> None:
        """`tool` must be there once something is asked."""
        self._library = library
        self._known: dict[int, tuple[Symbol, ...]] = {}

    def at(self, offset: int) -> tuple[Symbol, ...]:
        """The function at an offset, with those that it is inlined into, innermost first.

        Nothing where the library has no line for it.
        """
        if offset not in self._known:
            self._known[offset] = tuple(self._asked(offset))
        return self._known[offset]

    @cached_property
    def _process(self) -> subprocess.Popen[str]:
        command = [tool() or TOOLS[0], "-e", str(self._library), "-f", "-C", "-i", "-a"]
        return subprocess.Popen(
            command,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            encoding="utf-8",
            errors="surrogateescape",
        )

    def _asked(self, offset: int) -> list[Symbol]:
        """Where an answer ends is not told: the one to address 0, which has no line, ends it."""
        questions, answers = self._process.stdin, self._process.stdout
        assert questions is not None and answers is not None
        questions.write(f"{offset:#x}\n0x0\n")
        questions.flush()
        answers.readline()  # the address
        found = []
        while not (function := answers.readline().rstrip("\n")).startswith("0x"):
            place = _LINE.fullmatch(answers.readline().rstrip("\n"))
            if place and place[1] != _UNKNOWN and function != _UNKNOWN:
                found.append(Symbol(function, place[1], int(place[2])))
        for _ in range(2):
            answers.readline()
        return found
