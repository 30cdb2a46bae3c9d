"""A C file to a library, by the system's compiler and headers of our own."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

from capilint.execution.run import headers
from capilint.execution.run.launch import RunError

_COMPILERS = ("cc", "gcc", "clang")
_OPTIONS = ("-shared", "-fPIC", "-g", "-std=gnu11", "-Werror=implicit-function-declaration")
_QUOTE = r"['`\u2018\u2019\"]"
_MISSING = {  # in the words of gcc and clang, ld and Apple's linker
    "the function": rf"implicit declaration of function {_QUOTE}(\w+)|undeclared (?:library )?"
    rf"function {_QUOTE}(\w+)|undefined reference to {_QUOTE}(\w+)|^\s*\"_(\w+)\", referenced",
    "the type": rf"unknown type name {_QUOTE}(\w+)",
    "the header": r"fatal error: \W?([\w./\\]+\.h)\W?(?:: No such file| file not found)",
    "the name": rf"{_QUOTE}(\w+){_QUOTE} undeclared|undeclared identifier {_QUOTE}(\w+)",
}


def compiled(path: Path, folder: Path) -> Path:
    """Compiles a program into a folder; the library. Raises RunError, which says what lacks."""
    compiler = _compiler()
    glue = headers.write(folder)
    library = folder / ("program.dll" if os.name == "nt" else "program.so")
    linking = ["-Wl,-z,defs", "-lm"] if sys.platform.startswith("linux") else []
    command = [compiler, *_OPTIONS, f"-I{folder}", f"-I{path.parent}", str(path), str(glue)]
    environment = {**os.environ, "LC_ALL": "C"}
    result = subprocess.run(
        [*command, "-o", str(library), *linking],
        capture_output=True,
        text=True,
        encoding="utf-8",
        errors="replace",
        env=environment,
    )
    if result.returncode:
        raise RunError(_why(compiler, result.stderr))
    return library


def _compiler() -> str:
    """The compiler: $CC, or what the system calls its own."""
    wanted = os.environ.get("CC")
    for name in [wanted] if wanted else _COMPILERS:
        found = shutil.which(name)
        if found:
            return found
    tried = wanted or ", ".join(_COMPILERS)
    raise RunError(
        f"no C compiler was found (tried {tried}). A C file needs one: install gcc or clang, or "
        "set CC to its path"
    )


def _why(compiler: str, complaints: str) -> str:
    missing = list(dict.fromkeys(_missing(complaints)))
    name = Path(compiler).name
    if not missing:
        return f"{name} cannot compile it:\n{complaints.rstrip()}"
    listed = ", ".join(missing)
    return (
        f"the program needs {listed}, which `capilint run` does not have (it has CryptoAPI and a "
        f"little around it). {name} says:\n{complaints.rstrip()}"
    )


def _missing(complaints: str) -> Iterator[str]:
    for kind, pattern in _MISSING.items():
        for found in re.finditer(pattern, complaints, re.MULTILINE):
            yield f"{kind} {next(filter(None, found.groups()))}"
