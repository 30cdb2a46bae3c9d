"""Deeply nested code: what the parser cannot survive is refused, the rest gets enough stack.

libcst's parser recurses in native code and ends the process where the stack does, so the depth is
looked at beforehand. Brackets may be as deep as Python itself allows (MAXLEVEL of its tokenizer).
"""

from __future__ import annotations

import re
import sys
import threading
from collections.abc import Callable
from typing import TypeVar

_MAX_BRACKETS = 200
_MAX_CHAIN = 1_000
_STACK_BYTES = 256 * 1024 * 1024
_RECURSION_LIMIT = 20_000

# A chain is what one bracket or line holds without a comma: `a + b + c`, `f()()`, `not not x`.
_TOKEN = re.compile(
    r'''
      (?P<silent> \#[^\r\n]* | \\\r?\n )
    | (?P<link>
          """(?:[^"\\]|\\.|"(?!""))*""" | \'\'\'(?:[^'\\]|\\.|'(?!''))*\'\'\'
        | "(?:[^"\\\r\n]|\\.)*" | '(?:[^'\\\r\n]|\\.)*'
        | [-+*/%@&|^~<>=.!:]+
        | \b (?: and | or | not | if | else | lambda | await | in | is ) \b )
    | (?P<open> [(\[{] )
    | (?P<close> [)\]}] )
    | (?P<comma> , )
    | (?P<newline> [\r\n] )
    | (?P<elif> \b elif \b )
    | (?P<definition> \b (?: def | class ) \b )
    ''',
    re.VERBOSE | re.DOTALL,
)

_Result = TypeVar("_Result")


def too_deep(text: str) -> int | None:
    """The 1-based line where code is nested too deeply to be parsed, None if it nowhere is."""
    chains = [0]
    alternatives = 0
    for token in _TOKEN.finditer(text):
        kind = token.lastgroup
        if kind == "link":
            chains[-1] += 1
        elif kind == "open":
            chains.append(0)
        elif kind == "close":
            if len(chains) > 1:
                chains.pop()
            chains[-1] += 1
        elif kind == "comma" or (kind == "newline" and len(chains) == 1):
            chains[-1] = 0
        elif kind == "elif":
            alternatives += 1
        elif kind == "definition":
            alternatives = 0
        if chains[-1] > _MAX_CHAIN or len(chains) > _MAX_BRACKETS or alternatives > _MAX_CHAIN:
            return text.count("\n", 0, token.start()) + 1
    return None


def with_deep_stack(work: Callable[[], _Result]) -> _Result:
    """The result of `work`, run where it may recurse deeply; its exceptions come through."""
    results: list[_Result] = []
    errors: list[BaseException] = []

    def run() -> None:
        try:
            results.append(work())
        except BaseException as error:  # handed on below
            errors.append(error)

    usual_stack, usual_limit = threading.stack_size(), sys.getrecursionlimit()
    try:
        threading.stack_size(_STACK_BYTES)
        sys.setrecursionlimit(max(usual_limit, _RECURSION_LIMIT))
        thread = threading.Thread(target=run)
        thread.start()
    except (RuntimeError, ValueError):  # no thread with such a stack: do with what there is
        run()
    else:
        thread.join()
    finally:
        threading.stack_size(usual_stack)
        sys.setrecursionlimit(usual_limit)
    if errors:
        raise errors[0]
    return results[0]
