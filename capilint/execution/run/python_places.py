"""Where a Python program is: its own frames, and the names that it uses in the call."""

from __future__ import annotations

import ast
import os
import sys
from collections.abc import Iterator
from functools import lru_cache
from pathlib import Path
from types import FrameType

from capilint.execution.run.places import Place, Stack

_OURS = os.path.abspath(__file__)  # noqa: PTH100
for _ in ("run", "execution", "capilint"):
    _OURS = os.path.dirname(_OURS)  # noqa: PTH120
_HERE = Path.cwd()  # before the program changes it
_BOXES = ("byref", "pointer", "POINTER", "addressof", "cast")
_PASSED_BY = (os.sep + "ctypes" + os.sep, os.sep + "cffi" + os.sep)


def is_programs(frame: FrameType) -> bool:
    """Whether a frame is the program's, not ours, nor of what carries the call to us."""
    name = frame.f_code.co_filename
    if name.startswith(("<", _OURS)):
        return False
    return not any(folder in name for folder in _PASSED_BY)


def stack() -> Stack:
    """The program's frames, innermost first. The innermost one names the call's arguments."""
    return stack_of(sys._getframe(), first=True)


def stack_of(frame: FrameType | None, first: bool = False) -> Stack:
    """The program's frames from this one outwards. `first`: this one is at an API call."""
    places = enumerate(_frames(frame))
    return tuple(place_of(each, first=first and not depth) for depth, each in places)


def frame_of_program() -> FrameType | None:
    """The program's innermost frame."""
    return next(_frames(sys._getframe()), None)


def _frames(frame: FrameType | None) -> Iterator[FrameType]:
    while frame is not None:
        if is_programs(frame):
            yield frame
        frame = frame.f_back


def place_of(frame: FrameType, first: bool = False) -> Place:
    """Where a frame is, as far as its code tells."""
    code = frame.f_code
    positions = list(code.co_positions())
    line, end_line, begin, end = positions[frame.f_lasti // 2]  # 2 bytes an instruction
    line = line or frame.f_lineno
    where = Place(_shown(code.co_filename), line, code.co_qualname)
    if begin is None or end is None or end_line is None:
        return where
    tree = _tree(code.co_filename) if first else None
    arguments, target = tree.names(line, begin) if tree else ((), "")
    lines = _lines(code.co_filename)
    return Place(
        where.path,
        line,
        code.co_qualname.replace(".<locals>", ""),
        _column(lines, line, begin),
        end_line,
        _column(lines, end_line, end),
        arguments,
        target,
    )


def _column(lines: tuple[str, ...], line: int, offset: int) -> int:
    """The column, from 1, of a byte offset in UTF-8."""
    text = lines[line - 1] if line <= len(lines) else ""
    return len(text.encode("utf-8")[:offset].decode("utf-8", "ignore")) + 1


@lru_cache(maxsize=256)
def _shown(name: str) -> str:
    """A path as the reports give it: relative to the working directory where it is below."""
    path = Path(name)
    return (path.relative_to(_HERE) if path.is_relative_to(_HERE) else path).as_posix()


@lru_cache(maxsize=64)
def _lines(name: str) -> tuple[str, ...]:
    import tokenize

    try:
        with tokenize.open(name) as stream:
            return tuple(stream.read().split("\n"))
    except (OSError, SyntaxError, ValueError):
        return ()


@lru_cache(maxsize=64)
def _tree(name: str) -> _Calls | None:
    try:
        return _Calls(ast.parse("\n".join(_lines(name))))
    except (SyntaxError, ValueError, RecursionError):
        return None


class _Calls:
    """The calls of a module by the place where they begin."""

    def __init__(self, module: ast.Module) -> None:
        self._calls: dict[tuple[int, int], ast.Call] = {}
        self._targets: dict[ast.AST, str] = {}
        for node in ast.walk(module):
            if isinstance(node, ast.Assign) and len(node.targets) == 1:
                self._targets[node.value] = ast.unparse(node.targets[0])
            elif isinstance(node, (ast.AnnAssign, ast.NamedExpr)) and node.value is not None:
                self._targets[node.value] = ast.unparse(node.target)
            elif isinstance(node, ast.withitem) and node.optional_vars is not None:
                self._targets[node.context_expr] = ast.unparse(node.optional_vars)
            elif isinstance(node, ast.Call):
                self._calls.setdefault((node.lineno, node.col_offset), node)

    def names(self, line: int, offset: int) -> tuple[tuple[str, ...], str]:
        """The texts of a call's arguments, and the variable that takes its result."""
        call = self._calls.get((line, offset))
        if call is None:
            return (), ""
        return tuple(_plain(argument) for argument in call.args), self._targets.get(call, "")


def _plain(node: ast.expr) -> str:
    """The variable in an argument: `key` of `byref(key)`; nothing for what names none."""
    if isinstance(node, ast.Call):
        name = node.func.attr if isinstance(node.func, ast.Attribute) else ast.unparse(node.func)
        return _plain(node.args[0]) if name in _BOXES and node.args else ""
    named = isinstance(node, (ast.Name, ast.Attribute, ast.Subscript))
    return ast.unparse(node) if named else ""
