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

from collections.abc import Iterator

from capilint.ir import BasicBlock, Choose, Function, Language, successors
from capilint.slotted import dataclass


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
    handlers = {each.handler for each in function.blocks if each.handler is not None}
    ways = {handler: list(_on_the_way(function, handler)) for handler in handlers}
    structured: set[int] = set()
    expecting: set[int] = set()
    for handler, way in ways.items():
        for block in way:
            if isinstance(block.terminator, Choose):
                chosen = expecting if block.terminator.catches else structured
                chosen.add(handler)
    unwinding = {block.number for handler in handlers - structured for block in ways[handler]}
    return Raising(
        frozenset(each.number for each in function.blocks if each.handler in structured),
        frozenset(
            each.number
            for each in function.blocks
            if each.handler in expecting - structured and each.number not in unwinding
        ),
    )


def _on_the_way(function: Function, handler: int) -> Iterator[BasicBlock]:
    """The blocks that an exception passes from a handler on, until clauses are chosen from."""
    pending, seen = [handler], {handler}
    while pending:
        block = function.blocks[pending.pop()]
        yield block
        following = () if isinstance(block.terminator, Choose) else successors(block)
        raised = () if block.handler is None else (block.handler,)
        for target in (*following, *raised):
            if target not in seen:
                seen.add(target)
                pending.append(target)
