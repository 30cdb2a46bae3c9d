r"""What a compiler's command line says of include folders and macros.

| | gcc, clang | cl, clang-cl (also with `/` for `-`) |
| --- | --- | --- |
| folders | -iquote, -I, -isystem, -idirafter | -I, -imsvc, -external:I |
| macros | -D, -U | -D, -U |

The value may stand in the same word or in the next one. Everything else is passed over, response
files and environment variables, too.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from capilint.files.compile_options import CompileOptions, Define, macro

# The order in which gcc searches, whatever the order of the options.
_FOLDERS = ("-iquote", "-I", "-isystem", "-imsvc", "-external:I", "-idirafter")
_MACROS = ("-D", "-U")
_OPTION = re.compile(f"({'|'.join((*_FOLDERS, *_MACROS))})(.*)", re.DOTALL)
_CL = re.compile(r"(?:.*[/\\])?(?:clang-cl(?:-\d+)?|i?cl)(?:\.exe)?", re.IGNORECASE | re.DOTALL)
_HASH_FOR_EQUALS = re.compile(r"^([A-Za-z_]\w*)#")  # cl takes either
_END_FOR_CL = ("-link", "--")  # what follows is the linker's, or names of files

_DRIVE = re.compile(r"[A-Za-z]:[\\/]|\\\\")
# A shell's command escapes what is special to the shell, never a letter.
_BACKSLASH_OF_PATH = re.compile(r"(?<!\\)\\[\w.]")
# Backslashes count before a quote only: https://learn.microsoft.com/cpp/c-language/
# parsing-c-command-line-arguments
_PIECE = re.compile(r'(?P<escapes>\\*)(?P<quote>")|(?P<space>[ \t]+)|(?P<text>\\+|[^\\" \t]+)')


def split(command: str, directory: str) -> list[str]:
    """The words of a command, as the system where it was written splits them.

    That is Windows where the command runs in a `directory` of Windows, or has such paths. Raises
    ValueError for an open quote.
    """
    if _DRIVE.match(directory) or (
        "'" not in command and _BACKSLASH_OF_PATH.search(command) is not None
    ):
        return list(_split_as_windows(command))
    import shlex

    return shlex.split(command)


def options_in(words: Sequence[str]) -> CompileOptions:
    """The include folders, in the order of search and as they stand there, and the macros."""
    folders: dict[str, list[str]] = {option: [] for option in _FOLDERS}
    defines: list[Define] = []
    for option, value in _valued(words):
        if option in folders:
            folders[option].append(value)
        else:
            try:
                defines.append(macro(option, value))
            except ValueError:
                continue  # a function-like macro
    searched = dict.fromkeys(folder for option in _FOLDERS for folder in folders[option])
    return CompileOptions(tuple(searched), tuple(dict(defines).items()))


def _valued(words: Sequence[str]) -> Iterator[tuple[str, str]]:
    """The options that count, each with its value, which is not empty."""
    for_cl = _is_cl(words)
    rest = iter(words[1:])
    for word in rest:
        if for_cl and word.startswith("/"):
            word = "-" + word[1:]
        if for_cl and word.lower() in _END_FOR_CL:
            return
        found = _OPTION.fullmatch(word)
        value = (found[2] or next(rest, "")) if found else ""
        if found and value:
            if for_cl and found[1] == "-D":
                value = _HASH_FOR_EQUALS.sub(r"\1=", value)
            yield found[1], value


def _is_cl(words: Sequence[str]) -> bool:
    """Whether the command's compiler, which may stand behind a launcher, is cl or its like."""
    return "--driver-mode=cl" in words or any(_CL.fullmatch(word) for word in words[:2])


def _split_as_windows(command: str) -> Iterator[str]:
    word: str | None = None
    quoted = False
    position = 0
    while position < len(command):
        piece = _PIECE.match(command, position)
        assert piece is not None  # the pattern fits any character
        position = piece.end()
        if piece["quote"]:
            escapes = len(piece["escapes"])
            word = (word or "") + "\\" * (escapes // 2)
            if escapes % 2:
                word += '"'
            elif quoted and command.startswith('"', position):
                word += '"'
                position += 1
            else:
                quoted = not quoted
        elif piece["space"] and not quoted:
            if word is not None:
                yield word
            word = None
        else:
            word = (word or "") + piece[0]
    if quoted:
        raise ValueError("No closing quotation")
    if word is not None:
        yield word
