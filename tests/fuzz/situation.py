"""A generated program in the middle of a run: its variables, the machine, and the monitor."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from capilint.model import Machine, Monitor
from capilint.model.events import NoticeKind
from capilint.model.objects import Context
from tests.fuzz.operations import HELPERS, OPERATIONS, Operation
from tests.fuzz.program import KINDS, Api, Condition, Program

OUT = "k*"  # the caller's memory, which is told from variables by its name
LEAKS = ("CAP101", "CAP103")


class Unclear(Exception):
    """What the linter should say of the program is no clear matter; the text says why."""


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


@dataclass(frozen=True, slots=True)
class _Origin:
    """The statement and the variable that a handle was made for, and its context."""

    created: int
    name: str
    owner: int = 0


class Situation:
    """One way through the program, so far. Mistakes of all ways go to one set."""

    def __init__(self, program: Program, found: set[Mistake]) -> None:
        """The function begins; `give` it its parameters."""
        self.values: dict[str, int] = dict.fromkeys(program.variables(), 0)
        self.values |= dict.fromkeys(program.statuses(), 0)
        self.values[OUT] = 0
        self.flags: dict[str, int] = {}
        self._found = found
        self._machine = Machine()
        self._monitor = Monitor()
        self._machine.observers.append(self._monitor)
        self._origins: dict[int, _Origin] = {}
        self._released: dict[int, int] = {}

    def fork(self) -> Situation:
        """The same situation, for another way on."""
        twin = Situation.__new__(Situation)
        twin.values = self.values.copy()
        twin.flags = self.flags.copy()
        twin._found = self._found
        twin._machine = self._machine.fork()
        twin._monitor = self._monitor.fork()
        twin._machine.observers.append(twin._monitor)
        twin._origins = self._origins.copy()
        twin._released = self._released.copy()
        return twin

    def forget(self, names: Iterable[str]) -> None:
        """Drop what nothing reads any more, but for handles that are still owed."""
        owed = self._monitor.owed()
        for name in names:
            if name not in self.values:
                self.flags.pop(name, None)
            elif self.values[name] not in owed:
                self.values[name] = 0

    def key(self) -> tuple[object, ...]:
        """All that the rest of the run depends on: equal for situations that go on alike.

        Handles are told by the order in which the variables hold them, not by their values.
        """
        order: dict[int, int] = {0: 0}
        for name, value in self.values.items():
            if name[0] in KINDS:
                order.setdefault(value, len(order))
        for handle in self._monitor.owed():
            order.setdefault(handle, len(order))
        for handle in list(order):
            if handle:
                order.setdefault(self._origins[handle].owner, len(order))
        held = tuple(
            order[value] if name[0] in KINDS else value for name, value in self.values.items()
        )
        standings = tuple(self._standing(handle, order) for handle in order if handle)
        return (held, frozenset(self.flags.items()), standings)

    def _standing(self, handle: int, order: dict[int, int]) -> tuple[object, ...]:
        origin, thing = self._origins[handle], self._machine.handles.get(handle)
        references = thing.references if isinstance(thing, Context) else 1
        return (
            origin.created,
            origin.name,
            order[origin.owner],
            self._is_alive(handle),
            references,
            self._released.get(handle),
            self._monitor.standing(handle),
        )

    # ------------------------------------------------------------ statements

    def give(self, name: str, index: int) -> None:
        """The caller has a handle for the parameter of that index."""
        handle = self._machine.give(KINDS[name[0]])
        self.values[name] = handle
        self._origins[handle] = _Origin(-index, name)

    def holds(self, condition: Condition) -> bool:
        """Whether a condition holds; on a flag it must be known."""
        known = self.values if condition.variable in self.values else self.flags
        return bool(known[condition.variable]) != condition.negated

    def skips(self, api: Api) -> bool:
        """Whether the call comes to nothing, and to a failure, by itself."""
        helper = HELPERS.get(api.operation)
        return helper is not None and helper.if_set and not self.values[api.arguments[0]]

    def call(self, api: Api, number: int, succeeds: bool) -> None:
        """A call with the outcome that it shall have."""
        helper = HELPERS.get(api.operation)
        if self.skips(api):
            return
        operation = OPERATIONS[helper.operation if helper else api.operation]
        given = [self.values[name] for name in api.arguments]
        self._run(operation, given, api, number, succeeds)
        if helper and helper.returned and not succeeds:
            self.write(api.target, 0, number)
        if helper and helper.clears:
            self.write(api.arguments[0], 0, number)

    def _run(
        self, operation: Operation, given: list[int], api: Api, number: int, succeeds: bool
    ) -> None:
        if operation.into and any(given) and not given[0]:
            raise Unclear("a call without a context makes nothing")
        handles = dict(zip(operation.parameters, given, strict=True))
        alive = [handle for handle in given if self._is_alive(handle)]
        makes = (operation.into,) if operation.into else ()
        before = len(self._monitor.verdicts)
        new = self._machine.replay(operation.function, handles, succeeds, makes)
        for handle in alive:
            if not self._is_alive(handle):
                self._released[handle] = number
        self._collect(before, number, dict(zip(given, api.arguments, strict=True)))
        for handle in new.values():
            self._limit_generations(number)
            owner = self._context_of(given[0]) if given else 0
            self._origins[handle] = _Origin(number, api.target, owner)
            self.write(api.target, handle, number)

    def _limit_generations(self, number: int) -> None:
        """The linter tells a statement's newest handle from the older ones, not these apart."""
        held = {value for name, value in self.values.items() if value and name[0] in KINDS}
        if sum(self._origins[handle].created == number for handle in held) > 1:
            raise Unclear("the linter takes the older handles of one statement for one")

    def _context_of(self, handle: int) -> int:
        origin = self._origins.get(handle)
        return (origin.owner if origin else 0) or handle

    def _is_alive(self, handle: int) -> bool:
        thing = self._machine.handles.get(handle)
        return thing is not None and thing.alive

    def write(self, target: str, value: int, number: int) -> None:
        """A variable gets a value; the last reference to a handle may be gone."""
        old = self.values[target]
        self.values[target] = value
        if old and all(old != held for name, held in self.values.items() if name[0] in KINDS):
            self._tell(NoticeKind.LOSE, number, old)

    def stash(self, handle: int) -> None:
        """Somebody else keeps a handle: nothing is owed for it any more, whatever it is."""
        said = len(self._monitor.verdicts)
        self._machine.notify(NoticeKind.HAND_OUT, handle)
        del self._monitor.verdicts[said:]

    def store(self, handle: int, number: int) -> None:
        """The caller's memory gets a handle, or null, instead of what it held."""
        if handle:
            self._tell(NoticeKind.SHOW, number, handle)
        self.write(OUT, handle, number)

    def leave(self, result: str) -> None:
        """The function ends, and may return a handle; what it owes no more is nobody's mistake."""
        if result and self.values[result]:
            self._tell(NoticeKind.HAND_OUT, 0, self.values[result])
        if self.values[OUT] in self._monitor.owed():
            self._tell(NoticeKind.HAND_OUT, 0, self.values[OUT])
        self._tell(NoticeKind.LEAVE, 0)

    # ------------------------------------------------------------ mistakes

    def _tell(self, kind: NoticeKind, number: int, *handles: int) -> None:
        before = len(self._monitor.verdicts)
        self._machine.notify(kind, *handles)
        self._collect(before, number, {})

    def _collect(self, before: int, number: int, names: dict[int, str]) -> None:
        for verdict in self._monitor.verdicts[before:]:
            origin = self._origins[verdict.handle]
            if verdict.code == "CAP203" and origin.created <= 0:
                raise Unclear("nothing but its type tells what a parameter holds")
            name, line = origin.name, number
            if verdict.code in LEAKS:
                line = origin.created
            elif verdict.code == "CAP301":
                line = self._released[origin.owner]
            else:
                name = names.get(verdict.handle, name)
            self._found.add(Mistake(verdict.code, origin.created, line, name))


def distinct(situations: list[Situation], unread: Iterable[str]) -> list[Situation]:
    """Of situations that go on alike, where nothing reads some variables any more, one."""
    for situation in situations:
        situation.forget(unread)
    return list({situation.key(): situation for situation in situations}.values())
