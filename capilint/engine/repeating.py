"""Results of functions in one run, taken over where the program grew, or more is known of members.

function ── followed ──▶ questions and answers, result, interpreter and graph
                              │        a file joins, an owner of a member shows
                 all the same again? ── yes: the result, and what it tells of members
                                        no: it is followed again
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, NamedTuple

from capilint.engine.asking import Asked, Asking, Doors, answers_again
from capilint.engine.domain.ownership import MemberOwners
from capilint.engine.fixpoint import Graph
from capilint.engine.recalling import Result
from capilint.engine.summaries.summary import Summary
from capilint.engine.transfer.interpreter import Interpreter

Key = tuple[object, ...]


class Before(NamedTuple):
    """What following a function came to; `way` is how it went, where its ends are asked later."""

    log: tuple[Asking, ...]
    result: Result
    way: tuple[Interpreter, Graph] | None


class Repeating:
    """The newest result of each function, by the function and the way in which it is analysed."""

    def __init__(self) -> None:
        self._known: dict[Key, Before] = {}

    def keep(
        self, key: Key, asked: Asked, result: Result, way: tuple[Interpreter, Graph] | None
    ) -> None:
        """Keep a result; one during which others were found out is asked for anew."""
        if asked.nested:
            self._known.pop(key, None)
        else:
            self._known[key] = Before(tuple(asked.log), result, way)

    def recall(self, key: Key, doors: Doors, owners: MemberOwners) -> Before | None:
        """A result that would be the same again; `owners` then know what it tells of members."""
        before = self._known.get(key)
        if before is None or not answers_again(before.log, doors, owners, _is_same):
            return None
        return before


def take_over(interpreter: Interpreter, before: Interpreter) -> None:
    """Let an interpreter know what one has found out that followed its function under the same
    answers."""
    interpreter.exits, interpreter.opaque = before.exits, before.opaque
    own, known = interpreter.typestates, before.typestates
    own.passed_over, own.entrusted_to = known.passed_over, known.entrusted_to
    own.origins, own.defects, own.texts = known.origins, known.defects, known.texts


def _is_same(asking: Asking, now: Any) -> bool:
    before = asking.answer
    now = tuple(now) if isinstance(now, Iterator) else now
    if before is now:
        return True
    if isinstance(before, Summary) and isinstance(now, Summary):
        parted = [[each.parted for each in summary.outcomes] for summary in (before, now)]
        return before == now and parted[0] == parted[1]
    return type(before) is type(now) and bool(before == now)
