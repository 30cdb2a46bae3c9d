"""The recorder: tells the journal what the monitor sees, with the stacks of every moment."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from capilint.execution.run.journal import Journal
from capilint.execution.run.places import Stack, to_json
from capilint.model.events import CallEvent, Creation, Notice
from capilint.model.machine import Machine, signature_of
from capilint.model.monitor import Monitor, Verdict

LEAKED = "CAP101"
LEAKED_ON_EXCEPTION = "CAP102"


@dataclass(frozen=True, slots=True)
class Departure:
    """Where the last function that held a living handle was left; `raised`: by an exception."""

    stack: Stack
    raised: bool


@dataclass(slots=True)
class Biography:
    """The moments of one handle's life, as far as they have come.

    `number` counts the calls that can fail, up to the creation.
    """

    creator: str
    name: str
    owner: int
    creation: Stack
    number: int
    release: Stack = ()
    departure: Departure | None = None


class Recorder:
    """An observer of a machine, the monitor within. `where` tells the program's present
    stack, where it calls an API function."""

    def __init__(self, machine: Machine, journal: Journal, where: Callable[[str], Stack]) -> None:
        """Starts to watch the machine."""
        self._machine = machine
        self._journal = journal
        self._where = where
        self._monitor = Monitor()
        self._said = 0
        self.lives: dict[int, Biography] = {}
        self.on_creation: Callable[[int], None] | None = None
        machine.observers.append(self)

    def __call__(self, event: CallEvent | Notice) -> None:
        """Takes in one event of the machine."""
        stack = self._where(event.function) if isinstance(event, CallEvent) else ()
        if isinstance(event, CallEvent):
            self._note_call(event, stack)
        for creation in event.created:
            self._born(creation, event, stack)
        self._monitor(event)
        for verdict in self._monitor.verdicts[self._said :]:
            self._say(verdict, stack)
        self._said = len(self._monitor.verdicts)
        if isinstance(event, CallEvent):
            for handle in event.released:
                if handle in self.lives:
                    self.lives[handle].release = stack

    @property
    def living(self) -> set[int]:
        """The handles that the program has made and that are still alive."""
        table = self._machine.handles
        return {
            handle
            for handle in self.lives
            if (thing := table.get(handle)) is not None and thing.alive
        }

    def _note_call(self, event: CallEvent, stack: Stack) -> None:
        if signature_of(event.function).fallible:
            self._journal.write(
                "call",
                function=event.function,
                number=self._machine.fallible_calls,
                injected=event.injected,
                stack=to_json(stack),
            )

    def _born(self, creation: Creation, event: CallEvent | Notice, stack: Stack) -> None:
        if not isinstance(event, CallEvent):
            return
        name = _argument(event.function, creation.parameter, stack)
        number = self._machine.fallible_calls
        life = Biography(event.function, name, creation.owner, stack, number)
        self.lives[creation.handle] = life
        if self.on_creation is not None:
            self.on_creation(creation.handle)

    def _say(self, verdict: Verdict, stack: Stack) -> None:
        life = self.lives.get(verdict.handle)
        if life is None:
            return
        code = verdict.code
        if code == LEAKED and life.departure is not None:
            code = LEAKED_ON_EXCEPTION if life.departure.raised else LEAKED
            stack = life.departure.stack
        owner = self.lives.get(life.owner)
        self._journal.write(
            "verdict",
            code=code,
            resource=verdict.resource,
            moment=verdict.moment,
            handle=life.name,
            creator=life.creator,
            owner=owner.name if owner else "",
            creation=to_json(life.creation),
            number=life.number,
            release=to_json(life.release),
            owner_release=to_json(owner.release if owner else ()),
            now=to_json(stack),
        )


def _argument(function: str, parameter: str, stack: Stack) -> str:
    """What the program calls the handle that a call makes."""
    if not stack:
        return ""
    if stack[0].target:
        return stack[0].target
    names = [each.name for each in signature_of(function).parameters]
    place = names.index(parameter)
    arguments = stack[0].arguments
    return arguments[place] if place < len(arguments) else ""
