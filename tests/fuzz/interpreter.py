"""Runs generated programs on the runtime model, along every path, and gathers the mistakes.

A path is a list of choices: how a call ends whose result the program looks at, which way an
unknown flag goes (the same way each time), and how often a loop runs. The next path differs in
the last choice that has another way left.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from capilint.model import Machine, Monitor
from capilint.model.events import NoticeKind
from tests.fuzz.operations import HELPERS, OPERATIONS, Operation
from tests.fuzz.program import (
    KINDS,
    Api,
    Block,
    Check,
    Condition,
    Copy,
    Do,
    If,
    Keep,
    Leave,
    Loop,
    Program,
    Stash,
    Statement,
)

MOST_PATHS = 3_000
ROUNDS = (0, 1, 2, 3)
LEAKS = ("CAP101", "CAP103")


class Unclear(Exception):
    """What the linter should say of the program is no clear matter; the text says why."""


class _Left(Exception):
    """The function ends before its last statement."""


@dataclass(frozen=True, slots=True, order=True)
class Mistake:
    """What the monitor said: `created` is the number of the statement that made the handle.

    For parameters it is 0, -1, ... `number` is the statement of the primary line, `name` the
    variable that the report names.
    """

    code: str
    created: int
    number: int
    name: str


@dataclass(slots=True)
class _Choices:
    """The choices of one path: those made before are repeated, new ones take the first way."""

    made: list[tuple[int, int]] = field(default_factory=list)  # chosen, ways
    position: int = 0

    def among(self, ways: int) -> int:
        if self.position == len(self.made):
            self.made.append((0, ways))
        chosen = self.made[self.position][0]
        self.position += 1
        return chosen

    def next(self) -> bool:
        """Prepare the next path; False after the last."""
        self.position = 0
        while self.made:
            chosen, ways = self.made.pop()
            if chosen + 1 < ways:
                self.made.append((chosen + 1, ways))
                return True
        return False


def mistakes_of(program: Program) -> set[Mistake]:
    """All mistakes on all paths. Raises Unclear."""
    choices = _Choices()
    found: set[Mistake] = set()
    for _ in range(MOST_PATHS):
        found |= _Run(program, choices).mistakes()
        if not choices.next():
            return found
    raise Unclear("more paths than the interpreter walks")


@dataclass(slots=True)
class _Handle:
    """Where a handle comes from, and the statement that released its context."""

    created: int
    name: str


class _Run:
    """One path through the program."""

    def __init__(self, program: Program, choices: _Choices) -> None:
        self._program = program
        self._choices = choices
        self._machine = Machine()
        self._monitor = Monitor()
        self._machine.observers.append(self._monitor)
        self._values: dict[str, int] = dict.fromkeys(program.variables(), 0)
        self._values |= dict.fromkeys(program.statuses(), 0)
        self._known: dict[int, _Handle] = {}
        self._owner: dict[int, int] = {}
        self._released: dict[int, int] = {}
        self._fixed: dict[str, int] = {}
        self._found: set[Mistake] = set()
        for index, name in enumerate(program.given):
            if self._choices.among(2):
                continue  # the caller gives null
            handle = self._machine.give(KINDS[name[0]])
            self._values[name] = handle
            self._known[handle] = _Handle(-index, name)

    def mistakes(self) -> set[Mistake]:
        """Walk the path to its end."""
        result = self._program.result
        try:
            self._block(self._program.body)
        except _Left:
            result = ""
        try:
            self._block(self._program.cleanup)
        except _Left:
            result = ""
        if result and self._values[result]:
            self._tell(NoticeKind.HAND_OUT, 0, self._values[result])
        self._tell(NoticeKind.LEAVE, 0)
        return self._found

    def _block(self, block: Block) -> None:
        for statement in block:
            self._statement(statement)

    def _statement(self, statement: Statement) -> None:
        number = statement.number
        match statement:
            case Do(api):
                self._call(api, number, looks=False)
            case Keep(api, status):
                self._values[status] = self._call(api, number, looks=True)
            case Check(api, success, failure):
                self._block(success if self._call(api, number, looks=True) else failure)
            case If(condition, then, otherwise):
                self._block(then if self._holds(condition) else otherwise)
            case Loop(body):
                for _ in range(self._rounds(number)):
                    self._block(body)
            case Copy(target, source):
                self._write(target, self._values[source] if source else 0, number)
            case Stash(variable):
                self._stash(self._values[variable])
            case Leave():
                raise _Left

    def _holds(self, condition: Condition) -> bool:
        name = condition.variable
        if name in self._values:
            return bool(self._values[name]) != condition.negated
        if name not in self._fixed:
            self._fixed[name] = self._choices.among(2)
        return bool(self._fixed[name]) != condition.negated

    def _rounds(self, number: int) -> int:
        name = f"count{number}"
        if name not in self._fixed:
            self._fixed[name] = self._choices.among(len(ROUNDS))
        return ROUNDS[self._fixed[name]]

    # ------------------------------------------------------------ calls

    def _call(self, api: Api, number: int, looks: bool) -> int:
        helper = HELPERS.get(api.operation)
        operation = OPERATIONS[helper.operation if helper else api.operation]
        given = [self._values[name] for name in api.arguments]
        if helper and helper.if_set and not given[0]:
            return 0
        succeeds = not looks or self._choices.among(2) == 0
        self._run(operation, given, api, number, succeeds)
        if helper and helper.clears:
            self._write(api.arguments[0], 0, number)
        return int(succeeds)

    def _run(
        self,
        operation: Operation,
        given: list[int],
        api: Api,
        number: int,
        succeeds: bool,
    ) -> None:
        if operation.into and any(given) and not given[0]:
            raise Unclear("a call without a context makes nothing")
        handles = dict(zip(operation.parameters, given, strict=True))
        alive = {handle: self._is_alive(handle) for handle in given}
        makes = [operation.into] if operation.into else []
        before = len(self._monitor.verdicts)
        new = self._machine.replay(operation.function, handles, succeeds, makes)
        for handle, was_alive in alive.items():
            if was_alive and not self._is_alive(handle):
                self._released[handle] = number
        self._collect(before, number, dict(zip(given, api.arguments, strict=True)))
        for handle in new.values():
            self._known[handle] = _Handle(number, api.target)
            self._owner[handle] = self._context_of(given[0]) if given else 0
            self._write(api.target, handle, number)

    def _context_of(self, handle: int) -> int:
        return self._owner.get(handle) or handle

    def _is_alive(self, handle: int) -> bool:
        thing = self._machine.handles.get(handle)
        return thing is not None and thing.alive

    # ------------------------------------------------------------ references

    def _write(self, target: str, value: int, number: int) -> None:
        old = self._values[target]
        self._values[target] = value
        handles = [held for name, held in self._values.items() if name[0] in KINDS]
        if old and old not in handles:
            self._tell(NoticeKind.LOSE, number, old)

    def _stash(self, handle: int) -> None:
        """Unknown code gets a handle: nothing is owed for it any more, whatever it does."""
        said = len(self._monitor.verdicts)
        self._machine.notify(NoticeKind.HAND_OUT, handle)
        del self._monitor.verdicts[said:]

    def _tell(self, kind: NoticeKind, number: int, *handles: int) -> None:
        before = len(self._monitor.verdicts)
        self._machine.notify(kind, *handles)
        self._collect(before, number, {})

    def _collect(self, before: int, number: int, names: dict[int, str]) -> None:
        for verdict in self._monitor.verdicts[before:]:
            handle = self._known[verdict.handle]
            if verdict.code == "CAP203" and handle.created <= 0:
                raise Unclear("nothing but its type tells what a parameter holds")
            name, line = handle.name, number
            if verdict.code in LEAKS:
                line = handle.created
            elif verdict.code == "CAP301":
                line = self._released[self._owner[verdict.handle]]
            else:
                name = names.get(verdict.handle, name)
            self._found.add(Mistake(verdict.code, handle.created, line, name))
