"""A text to a tree: of Python 3 or, failing that, of Python 2; of what parses of it, at least."""

from __future__ import annotations

import ast
import re
import warnings
from typing import NamedTuple

import libcst as cst

from capilint.frontends.python.parsing.nesting import too_deep
from capilint.frontends.python.parsing.positions import Positions
from capilint.frontends.python.parsing.python2 import translate
from capilint.frontends.python.parsing.repairs import Broken, parsed_in_part

_SURROGATE = re.compile("[\ud800-\udfff]")
_LINE = re.compile(r"[^\r\n]*+(?:\r\n?|\n)|[^\r\n]++")
_LONG_NUMBER = re.compile(r"(?<![0-9_])[0-9][0-9_]{999}")


class Parsed(NamedTuple):
    """A tree with the positions of its nodes, and the parts of the text that it lacks."""

    tree: cst.Module
    positions: Positions
    broken: tuple[Broken, ...]


def parse(text: str) -> Parsed | Broken:
    """The tree of what parses of a text, or what is wrong with it as a whole.

    Raises RecursionError where the code is nested too deeply.
    """
    try:
        found, broken = parsed_in_part(text, _parsed)
    except cst.CSTValidationError as error:  # what this Python does not take for a name
        return Broken(1, 1, f"not Python 3: {error}")
    return broken[0] if found is None else Parsed(*found, broken)


def _parsable(text: str) -> str:
    """A text of which the parser takes all that Python does, each character in its place.

    It knows no half of a surrogate pair, which has no UTF-8, and no line before a statement that
    is a backslash alone, which says no more than an empty one.
    """
    lines = _LINE.findall(_SURROGATE.sub("\ufffd", text))
    joined = False
    for index, line in enumerate(lines):
        content = line.rstrip("\r\n")
        if content.strip() == "\\" and not joined:
            lines[index] = line.replace("\\", " ")
        else:
            joined = content.endswith("\\")
    return "".join(lines)


def _parsed(text: str) -> tuple[cst.Module, Positions] | Broken:
    """The tree of a whole text; else what is wrong with it as that Python that it is more of."""
    text = _parsable(text)
    refused = _refused(text)
    if refused is not None:
        return refused
    try:
        return (tree := cst.parse_module(text)), Positions(tree)
    except cst.ParserSyntaxError as error:
        as_python3 = error
    translation = translate(text)
    try:
        tree = cst.parse_module(translation.text)
    except cst.ParserSyntaxError as error:
        told = (_broken(text, as_python3), _broken(translation.text, error))
        return max(told, key=lambda broken: broken.line)
    return tree, Positions(tree, translation.column)


def _broken(text: str, error: cst.ParserSyntaxError) -> Broken:
    """What Python itself says about the text, which is clearer than libcst's list of tokens."""
    clearer = _python_says(text)
    if clearer is not None:
        return _told(text, clearer, f"not Python 3: {clearer.msg}")
    reason = error.message.partition(", expected")[0].partition(": expected")[0]
    return Broken(error.raw_line, error.raw_column + 1, f"not Python 3: {reason}")


def _refused(text: str) -> Broken | None:
    """Why a text is not to be given to the parser."""
    deep_line = too_deep(text)
    if deep_line is not None:
        return Broken(deep_line, 1, "the code is nested too deeply")
    return _long_number(text)


def _long_number(text: str) -> Broken | None:
    """What Python says of a number with so many digits that it does not read it."""
    if _LONG_NUMBER.search(text) is None:
        return None
    error = _python_says(text)
    if error is None or "digits" not in error.msg:
        return None
    return _told(text, error, error.msg.partition(";")[0])


def _told(text: str, error: SyntaxError, reason: str) -> Broken:
    """A reason with Python's place, whose columns go on counting in lines that are joined."""
    line, column = error.lineno or 1, error.offset or 1
    lines = _LINE.findall(text)
    length = len(lines[line - 1].rstrip("\r\n")) if line <= len(lines) else 0
    return Broken(line, column if column <= length + 1 else 1, reason)


def _python_says(text: str) -> SyntaxError | None:
    """What Python itself finds wrong with a text. What it merely warns of is nobody's business."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            ast.parse(text)
        except SyntaxError as error:
            return error
        except (ValueError, MemoryError, RecursionError):
            pass
    return None
