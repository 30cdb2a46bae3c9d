"""Deeply nested code: what the parser cannot survive is refused, the rest gets enough stack.

libcst's parser recurses in native code and ends the process where the stack does, so the depth is
looked at beforehand. So is what it costs: time and memory grow with the square of nested brackets
and of chains, and patterns are tried again for each pattern around them.
"""

from __future__ import annotations

import re
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TypeVar

_MAX_BRACKETS = 100
_MAX_CHAIN = 1_000
# What the parser's memory of nested brackets, of chains and of nested patterns grows with, summed
# up over a file. Such depths are usual, and count nothing.
_MAX_BRACKET_WORK = 30_000
_MAX_CHAIN_WORK = 600_000
_MAX_PATTERN_WORK = 2_000_000
_USUAL_BRACKETS = 8
_USUAL_CHAIN = 32
_CALL = 2  # so many links is a call, an index or a group
_WAYS = {"{": 4, "(": 4, "[": 2}  # as many ways the parser tries for each pattern around another
STACK_BYTES = 256 * 1024 * 1024
_RECURSION_LIMIT = 20_000

# A chain is what one bracket or line holds without a comma: `a + b + c`, `f()()`, `not not x`.
_TOKEN = re.compile(
    r'''
      (?P<silent> \#[^\r\n]*+ | \\\r?\n )
    | (?P<link>
          """(?:[^"\\]|\\.|"(?!""))*+(?:"""|\Z) | \'\'\'(?:[^'\\]|\\.|'(?!''))*+(?:\'\'\'|\Z)
        | "(?:[^"\\\r\n]|\\.)*+"? | '(?:[^'\\\r\n]|\\.)*+'?
        | [-+~] | [*/%@&|^<>=.!:]++
        | \b (?: and | or | not | if | else | lambda | await | in | is ) \b )
    | (?P<open> [(\[{] )
    | (?P<close> [)\]}] )
    | (?P<comma> , )
    | (?P<newline> [\r\n] )
    | (?P<elif> \b elif \b )
    | (?P<case> \b case \b )
    | (?P<definition> \b (?: def | class ) \b )
    ''',
    re.VERBOSE | re.DOTALL,
)

_NEWLINE = re.compile(r"\r\n?|\n")

_Result = TypeVar("_Result")


def too_deep(text: str) -> int | None:
    """The 1-based line where code is nested too deeply to be parsed, None if it nowhere is."""
    depth = _Depth()
    for token in _TOKEN.finditer(text):
        depth.take(token.lastgroup or "", token.group())
        if depth.is_too_much():
            return len(_NEWLINE.findall(text, 0, token.start())) + 1
    return None


class _Depth:
    """How deep a text goes, up to one of its tokens, and what its parse costs so far."""

    def __init__(self) -> None:
        self._chains = [0]
        self._ways = [0]  # of each open bracket; none outside of patterns
        self._alternatives = 0
        self._in_brackets = self._in_chains = self._in_patterns = 0

    def take(self, kind: str, text: str) -> None:
        """Go on by one token."""
        chains = self._chains
        if kind == "link":
            self._link()
        elif kind == "open":
            self._open(text)
        elif kind == "close":
            if len(chains) > 1:
                chains.pop()
                self._ways.pop()
            self._link(_CALL)
        elif kind == "comma":
            chains[-1] = 0
        elif kind == "newline" and len(chains) == 1:
            chains[-1] = 0
            self._ways[-1] = 0
        elif kind == "case" and len(chains) == 1:
            self._ways[-1] = 1
        elif kind == "elif":
            self._alternatives += 1
        elif kind == "definition":
            self._alternatives = 0

    def _link(self, length: int = 1) -> None:
        self._chains[-1] += length
        self._in_chains += max(self._chains[-1] - _USUAL_CHAIN, 0)

    def _open(self, bracket: str) -> None:
        self._chains.append(0)
        self._ways.append(min(self._ways[-1] * _WAYS[bracket], _MAX_PATTERN_WORK))
        self._in_brackets += max(len(self._chains) - _USUAL_BRACKETS, 0)
        self._in_patterns += self._ways[-1]

    def is_too_much(self) -> bool:
        """Whether the parser had better not see it."""
        return (
            max(self._chains[-1], self._alternatives) > _MAX_CHAIN
            or len(self._chains) > _MAX_BRACKETS
            or self._in_brackets > _MAX_BRACKET_WORK
            or self._in_chains > _MAX_CHAIN_WORK
            or self._in_patterns > _MAX_PATTERN_WORK
        )


_here = threading.local()


def has_deep_stack() -> None:
    """Tell that this thread has a stack of STACK_BYTES: it needs no other one to recurse deeply."""
    _here.deep = True


def with_deep_stack(work: Callable[[], _Result]) -> _Result:
    """The result of `work`, run where it may recurse deeply; its exceptions come through."""
    with _deep_recursion():
        return work() if getattr(_here, "deep", False) else _in_a_thread(work)


@contextmanager
def _deep_recursion() -> Iterator[None]:
    usual = sys.getrecursionlimit()
    sys.setrecursionlimit(max(usual, _RECURSION_LIMIT))
    try:
        yield
    finally:
        sys.setrecursionlimit(usual)


def _in_a_thread(work: Callable[[], _Result]) -> _Result:
    """The result of `work` in a thread with a deep stack."""
    results: list[_Result] = []
    errors: list[BaseException] = []

    def run() -> None:
        try:
            results.append(work())
        except BaseException as error:  # handed on below
            errors.append(error)

    usual_stack = threading.stack_size()
    try:
        threading.stack_size(STACK_BYTES)
        thread = threading.Thread(target=run)
        thread.start()
    except (RuntimeError, ValueError):  # no thread with such a stack: do with what there is
        run()
    else:
        thread.join()
    finally:
        threading.stack_size(usual_stack)
    if errors:
        raise errors[0]
    return results[0]
