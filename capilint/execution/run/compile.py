"""A C or C++ file to a library, by the system's compiler and headers of our own."""

from __future__ import annotations

import os
import re
import shlex
import shutil
import subprocess
import sys
from collections.abc import Iterator, Sequence
from importlib.resources import files
from pathlib import Path
from typing import NamedTuple

from capilint.execution.run import debug_lines, glue, headers
from capilint.execution.run.launch import RunError
from capilint.language import Language


class _Toolchain(NamedTuple):
    """How a language is compiled: `variable` may name another compiler, with options."""

    name: str
    variable: str
    compilers: tuple[str, ...]
    options: tuple[str, ...]


_SHARED = ("-shared", "-fPIC", "-g")
_TOOLCHAINS = {
    Language.C: _Toolchain(
        "C",
        "CC",
        ("cc", "gcc", "clang"),
        (*_SHARED, "-std=gnu11", "-Werror=implicit-function-declaration"),
    ),
    Language.CPP: _Toolchain(
        "C++",
        "CXX",
        ("c++", "g++", "clang++"),
        (*_SHARED, "-xc++", "-std=gnu++17", "-fno-omit-frame-pointer", "-O0", "-w"),
    ),
}
_WATCHED = "-finstrument-functions"
_WATCHED_BY_CLANG = f"{_WATCHED}-after-inlining"  # else it lacks inline functions of libstdc++
_SEH = re.compile(r"\b__(?:try|except|finally|leave)\b")
_QUOTE = r"['`\u2018\u2019\"]"
_MISSING = {  # in the words of gcc and clang, ld and Apple's linker
    "the function": rf"implicit declaration of function {_QUOTE}(\w+)|undeclared (?:library )?"
    rf"function {_QUOTE}(\w+)|undefined reference to {_QUOTE}(\w+)|^\s*\"_(\w+)\", referenced",
    "the type": rf"unknown type name {_QUOTE}(\w+)|{_QUOTE}(\w+){_QUOTE} does not name a type",
    "the header": r"fatal error: \W?([\w./\\+-]+)\W?(?:: No such file| file not found)",
    "the name": rf"{_QUOTE}(\w+){_QUOTE} (?:undeclared|was not declared|has not been declared)"
    rf"|undeclared identifier {_QUOTE}(\w+)",
}


def compiled(path: Path, language: Language, folder: Path) -> Path:
    """Compiles a C or C++ program into a folder; the library. Raises RunError, which says what
    lacks."""
    headers.write(folder)
    source = folder / ("glue.c" if language is Language.C else "glue.cpp")
    source.write_text(glue.text(language), encoding="utf-8")
    library = folder / ("program.dll" if os.name == "nt" else "program.so")
    elf = sys.platform.startswith("linux")
    linking = ["-Wl,-z,defs", "-lm"] if elf else []
    if language is Language.C:
        _compile(path, language, folder, [str(source), "-o", str(library), *linking])
        return library
    _check_platform()
    for name in (glue.FRAMES, glue.HOOKS):
        text = files("capilint.execution.run").joinpath("include", name).read_text(encoding="utf-8")
        (folder / name).write_text(text, encoding="utf-8")
    connection = folder / glue.LIBRARY
    _compile(source, language, folder, [str(folder / glue.FRAMES), "-o", str(connection), "-ldl"])
    given = [str(folder / glue.HOOKS), _watching(), "-o", str(library)]
    linking += ["-Wl,-Bsymbolic-functions"] if elf else []
    _compile(path, language, folder, [*given, "-xnone", str(connection), *linking])
    return library


def _check_platform() -> None:
    """A C++ program's lines are told by its addresses, C's by a macro."""
    if os.name == "nt":
        raise RunError("`capilint run` runs C++ programs on Linux and macOS only, not on Windows")
    if debug_lines.tool() is None:
        tried = " and ".join(debug_lines.TOOLS)
        raise RunError(
            f"neither {tried} were found, one of which tells the lines of a C++ program: install "
            "binutils or LLVM"
        )


def _compile(path: Path, language: Language, folder: Path, more: Sequence[str]) -> None:
    toolchain = _TOOLCHAINS[language]
    compiler = _compiler(toolchain)
    options = (*toolchain.options, *compiler[1:], f"-I{folder}", f"-I{path.parent}")
    command = [compiler[0], *options, str(path), *more]
    result = subprocess.run(
        command,
        capture_output=True,
        text=True,
        encoding="utf-8",
        errors="replace",
        env={**os.environ, "LC_ALL": "C"},
    )
    if result.returncode:
        raise RunError(_why(compiler[0], result.stderr))


def _watching() -> str:
    """The option by which the compiler tells of every function's begin and end."""
    command = [*_compiler(_TOOLCHAINS[Language.CPP]), "--version"]
    version = subprocess.run(command, capture_output=True, text=True, errors="replace").stdout
    return _WATCHED_BY_CLANG if "clang" in version else _WATCHED


def _compiler(toolchain: _Toolchain) -> list[str]:
    """The compiler: what the environment names, perhaps with options, or the system's own."""
    wanted = shlex.split(os.environ.get(toolchain.variable, ""))
    for name in wanted[:1] or toolchain.compilers:
        found = shutil.which(name)
        if found:
            return [found, *wanted[1:]]
    tried = ", ".join(wanted[:1] or toolchain.compilers)
    raise RunError(
        f"no {toolchain.name} compiler was found (tried {tried}). A {toolchain.name} file needs "
        f"one: install gcc or clang, or set {toolchain.variable} to its path"
    )


def _why(compiler: str, complaints: str) -> str:
    missing = list(dict.fromkeys(_missing(complaints)))
    name = Path(compiler).name
    if _SEH.search(complaints):
        return (
            "the program has structured exception handling (__try), which only Microsoft's "
            f"compiler knows. {name} says:\n{complaints.rstrip()}"
        )
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
