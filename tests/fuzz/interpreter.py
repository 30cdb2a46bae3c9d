"""Runs generated programs on the runtime model, along every path, and gathers the mistakes.

Paths part where a call ends whose result the program looks at, where an unknown flag is asked
for (each goes one way for the whole run), and where a loop ends. All that stand at a statement
are taken on together; of those whose situations are the same in every respect, one goes on.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from tests.fuzz.operations import CLOSING, HELPERS
from tests.fuzz.program import (
    Api,
    Block,
    Break,
    Check,
    Condition,
    Copy,
    Do,
    Give,
    If,
    Keep,
    Leave,
    Loop,
    Program,
    Scope,
    Stash,
    Statement,
    last_number,
)
from tests.fuzz.situation import Mistake, Situation, Unclear, distinct

MOST_STEPS = 6_000  # statements executed, over all situations


def mistakes_of(program: Program) -> set[Mistake]:
    """All mistakes on all paths. Raises Unclear."""
    return _Walk(program).mistakes()


class _Walk:
    """One program, over every outcome."""

    def __init__(self, program: Program) -> None:
        self._program = program
        self._found: set[Mistake] = set()
        self._left: list[Situation] = []
        self._broken: list[Situation] = []
        self._steps = 0
        self._last_reads = program.last_reads()

    def mistakes(self) -> set[Mistake]:
        """Walk every path to its end."""
        program = self._program
        staying = self._block(program.body, self._entries())
        leaving, self._left = self._left, []
        early = distinct(leaving, self._unread_after(program.body[-1:]))
        for result, situations in ((program.result, staying), ("", early)):
            for situation in self._block(program.cleanup, situations):
                situation.leave(result)
        for situation in self._left:
            situation.leave("")
        return self._found

    def _entries(self) -> list[Situation]:
        """The caller gives each parameter a handle, or null."""
        situations = [Situation(self._program, self._found)]
        for index, name in enumerate(self._program.given):
            filled = [situation.fork() for situation in situations]
            for situation in filled:
                situation.give(name, index)
            situations += filled
        return situations

    def _block(self, block: Block, situations: list[Situation]) -> list[Situation]:
        for statement in block:
            self._steps += len(situations)
            if self._steps > MOST_STEPS:
                raise Unclear("more paths than the interpreter walks")
            situations = self._statement(statement, situations)
            if len(situations) > 1:
                situations = distinct(situations, self._unread_after((statement,)))
        return situations

    def _unread_after(self, last: Block) -> list[str]:
        end = max((last_number(statement) for statement in last), default=0)
        return [name for name, last in self._last_reads.items() if last <= end]

    def _statement(self, statement: Statement, situations: list[Situation]) -> list[Situation]:
        number = statement.number
        match statement:
            case Keep(api, status):
                return self._keep(api, status, number, situations)
            case Check(api, success, failure):
                ways = _outcomes(api, number, situations)
                return self._both(success, failure, ways)
            case If(condition, then, otherwise):
                return self._both(then, otherwise, _answers(condition, situations))
            case Loop(body):
                return self._loop(body, situations)
            case Scope(body, owned):
                return self._scope(body, owned, number, situations)
            case Break():
                self._broken += situations
                return []
            case Leave():
                self._left += situations
                return []
            case Do(api) if looks_itself(api):
                succeeded, failed = _outcomes(api, number, situations)
                return [*succeeded, *failed]
            case Do(api):
                for situation in situations:
                    situation.call(api, number, succeeds=True)
            case Copy(target, source):
                for situation in situations:
                    situation.write(target, situation.values[source] if source else 0, number)
            case Give(variable):
                for situation in situations:
                    situation.store(situation.values[variable], number)
            case Stash(variable):
                for situation in situations:
                    situation.stash(situation.values[variable])
        return situations

    def _keep(
        self, api: Api, status: str, number: int, situations: Iterable[Situation]
    ) -> list[Situation]:
        succeeded, failed = _outcomes(api, number, situations)
        for situation in succeeded:
            situation.values[status] = 1
        for situation in failed:
            situation.values[status] = 0
        return [*succeeded, *failed]

    def _both(
        self, then: Block, otherwise: Block, ways: tuple[list[Situation], list[Situation]]
    ) -> list[Situation]:
        return [*self._block(then, ways[0]), *self._block(otherwise, ways[1])]

    def _loop(self, body: Block, situations: list[Situation]) -> list[Situation]:
        """Any number of rounds, until the situations after one are all known.

        How many is asked once, as loops are not nested.
        """
        done: dict[object, Situation] = {}
        while situations:
            new = {situation.key(): situation for situation in situations}
            situations = [each.fork() for key, each in new.items() if key not in done]
            done = new | done
            situations = self._block(body, situations)
        broken, self._broken = self._broken, []
        return [*done.values(), *broken]

    def _scope(
        self, body: Block, owned: Sequence[str], number: int, situations: list[Situation]
    ) -> list[Situation]:
        """However the body is left, what the scope owns is destroyed on the way."""
        left, broken = len(self._left), len(self._broken)
        staying = self._block(body, situations)
        for situation in (*staying, *self._left[left:], *self._broken[broken:]):
            for name in owned:
                situation.call(Api(CLOSING, "", (name,)), number, succeeds=True)
        return staying


def looks_itself(api: Api) -> bool:
    """Whether the helper that is called looks how its call ends, whoever calls it."""
    return api.operation in HELPERS and HELPERS[api.operation].returned


def _outcomes(
    api: Api, number: int, situations: Iterable[Situation]
) -> tuple[list[Situation], list[Situation]]:
    """A call that succeeds, and that fails, in each situation."""
    succeeded: list[Situation] = []
    failed: list[Situation] = []
    for situation in situations:
        if not situation.skips(api):
            twin = situation.fork()
            twin.call(api, number, succeeds=True)
            succeeded.append(twin)
        situation.call(api, number, succeeds=False)
        failed.append(situation)
    return succeeded, failed


def _answers(
    condition: Condition, situations: Iterable[Situation]
) -> tuple[list[Situation], list[Situation]]:
    """The situations in which a condition holds, and those in which it does not."""
    name = condition.variable
    asked: list[Situation] = []
    for situation in situations:
        if name not in situation.values and name not in situation.flags:
            twin = situation.fork()
            situation.flags[name], twin.flags[name] = 0, 1
            asked.append(twin)
        asked.append(situation)
    holding = [situation for situation in asked if situation.holds(condition)]
    return holding, [situation for situation in asked if not situation.holds(condition)]
