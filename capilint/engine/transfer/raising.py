"""Where in a function calls may raise, besides those of functions that are known to.

    try:  b1 ── handler ──▶ b4  destructors ──▶ b5  choose: the clauses of this function
          log(key)          landing pad         └── unknown code in b1 may be thought to raise

What is certain is certain anywhere: an explicit raise, and a call of the program's functions that
raise. Of code that nobody knows the question is whether to reckon with exceptions at all.

* In **Python** any call may raise, and a `try` around one says that somebody expected it.
* In **C** nothing raises, but for structured exceptions: inside of `__try` every call may.
* In **C++** most functions never raise, and nothing says which do. A function that releases by
  hand what it made, with `new` or a container's method in between, is the rule, not a mistake that
  anybody meant to avoid; so such a possibility counts only where the function itself has a clause
  that it may reach, one that is for anything (`...`, or what libraries throw by themselves). Then
  its author reckons with exceptions from unknown code at that very place, and what is alive when
  such a clause leaves the function is leaked: CAP102, never CAP101. A clause for a class of the
  program's own is no such sign: that its exceptions come out of just this call is another guess.

What unknown code's exception may leave behind is said where the clause stands, and nowhere else:
callers are told that the function may end so, but the handles that were alive at the raise are
nobody's for them. An exception that no clause takes is not followed out of the function at all,
and none is thought of while another is under way: in C++ that would end the process.

Structured exceptions are C's also in C++ files, in functions of their own (the compiler forbids
both in one).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from capilint.ir import BasicBlock, Choose, Function, Language, successors


@dataclass(frozen=True, slots=True)
class Raising:
    """The blocks of a function in which any call may raise, and those where unknown code may."""

    any_call: frozenset[int] = frozenset()
    unknown_code: frozenset[int] = frozenset()


def raising(function: Function) -> Raising:
    """Where calls in a function may raise."""
    guarded = frozenset(each.number for each in function.blocks if each.handler is not None)
    match function.language:
        case Language.PYTHON:
            return Raising(unknown_code=guarded)
        case Language.C:
            return Raising(any_call=guarded)
        case Language.CPP:
            return _in_cpp(function) if guarded else Raising()


def _in_cpp(function: Function) -> Raising:
    blocks = function.blocks
    handlers = {each.handler for each in blocks if each.handler is not None}
    passed_on = {each.number: _passed_on_to(each) for each in blocks}
    coming_from: dict[int, list[int]] = {each.number: [] for each in blocks}
    for number, targets in passed_on.items():
        for target in targets:
            coming_from[target].append(number)
    choosing = {True: set[int](), False: set[int]()}
    for each in blocks:
        if isinstance(each.terminator, Choose):
            choosing[bool(each.terminator.catches)].add(each.number)
    structured = handlers & _reached(choosing[False], coming_from)
    expecting = handlers & _reached(choosing[True], coming_from)
    unwinding = _reached(handlers - structured, passed_on)
    return Raising(
        frozenset(each.number for each in blocks if each.handler in structured),
        frozenset(
            each.number
            for each in blocks
            if each.handler in expecting - structured and each.number not in unwinding
        ),
    )


def _passed_on_to(block: BasicBlock) -> tuple[int, ...]:
    """The blocks that an exception passes next, until clauses are chosen from."""
    following = () if isinstance(block.terminator, Choose) else successors(block)
    return (*following, *(() if block.handler is None else (block.handler,)))


def _reached(starts: Iterable[int], ways: Mapping[int, Sequence[int]]) -> set[int]:
    """The blocks from which on, or to which, ways lead."""
    seen = set(starts)
    pending = list(seen)
    while pending:
        fresh = [each for each in ways[pending.pop()] if each not in seen]
        seen.update(fresh)
        pending += fresh
    return seen
