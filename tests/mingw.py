"""mingw-w64's compilers: whether they accept files, against the real SDK headers.

The headers are compiled once, ahead, and no code is generated (`-fsyntax-only` instead of `-c`):
that makes a file cost some 40 ms instead of 700.
"""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

STUBS = Path(__file__).parent / "stubs"  # of libraries that are not installed
EXCLUDED = {
    "seh": "gcc for mingw has no __try",
    "windows_headers": "includes its headers by names that only Windows finds",
    "parse_errors": "uses macros that no header here defines, as real files do without theirs",
}


class Dialect(NamedTuple):
    """How a language is compiled: by what, and with which headers ahead."""

    compiler: str
    options: tuple[str, ...]
    headers: str  # the kind of file that gcc takes headers for
    ahead: tuple[str, ...]


C = Dialect(
    "x86_64-w64-mingw32-gcc",
    ("-std=gnu11", "-w"),
    "c-header",
    ("windows.h", "wincrypt.h", "bcrypt.h", "ncrypt.h", "stdio.h", "stdlib.h", "string.h"),
)
CPP = Dialect(
    "x86_64-w64-mingw32-g++",
    ("-std=c++17", "-w", f"-I{STUBS}"),
    "c++-header",
    ("windows.h", "wincrypt.h", "map", "memory", "optional", "stdexcept", "string", "vector"),
)


def lacking(dialect: Dialect) -> str:
    """Why nothing can be compiled here; empty where it can. CI has to have the compilers."""
    if shutil.which(dialect.compiler) is not None:
        return ""
    assert os.environ.get("CI") != "true", f"{dialect.compiler} is not installed, and CI needs it"
    return f"{dialect.compiler} is not installed"


class Compiler:
    """A compiler, with the SDK's headers compiled ahead in a folder of its own."""

    def __init__(self, dialect: Dialect, folder: Path) -> None:
        self._dialect = dialect
        self._prelude = folder / "prelude.h"
        lines = ["#define WIN32_LEAN_AND_MEAN"]
        lines += [f"#include <{name}>" for name in dialect.ahead]
        self._prelude.write_text("\n".join([*lines, ""]), encoding="utf-8")
        output = ("-x", dialect.headers, str(self._prelude), "-o", f"{self._prelude}.gch")
        subprocess.run([dialect.compiler, *dialect.options, *output], check=True)

    def complaints(self, files: Sequence[Path]) -> str:
        """What it says of files that it does not accept."""
        options = ("-fsyntax-only", *self._dialect.options, "-include", str(self._prelude))
        command = [self._dialect.compiler, *options, *(str(path) for path in files)]
        run = subprocess.run(command, capture_output=True, text=True, check=False)
        if run.returncode == 0:
            return ""
        return run.stderr or f"{self._dialect.compiler} failed without a word"
