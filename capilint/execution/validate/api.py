"""Calls of API functions on one path: what the model does, and what it says of it.

Names and argument positions come from the rule book; what happens to handles is the model's.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from capilint.execution.validate.values import Concrete, HandleValue, Knowledge, NotRunnable, Opaque
from capilint.model import Machine, Monitor, UnknownFunction
from capilint.model.events import NoticeKind, Role
from capilint.model.machine import signature_of
from capilint.model.signature import Parameter, Signature
from capilint.rulebook.protocol import Protocol

_LEAKS = ("CAP101", "CAP103")


@dataclass(frozen=True, slots=True, order=True)
class Mistake:
    """What the monitor said of a path, in lines of the function that was entered.

    `created` is 0 for a handle that the function was given. `witness` are the calls of the path.
    """

    code: str
    created: int
    line: int
    resource: str
    witness: tuple[str, ...] = field(default=(), compare=False)


@dataclass(slots=True)
class _Life:
    """Where a handle was made, by the line and the number of the step of the entered function."""

    line: int
    step: int
    owner: int = 0
    ended_line: int = 0
    ended_step: int = 0
    raised: bool = False


@dataclass(slots=True)
class Api:
    """The machine of one path. `line` and `step` are where the entered function stands.

    `refused` is the handle whose release was the last call, and failed: what else is left alive
    then hangs on what nobody has to reckon with.
    """

    knowledge: Knowledge
    members: Mapping[Opaque, object] = field(default_factory=dict)
    machine: Machine = field(default_factory=Machine)
    monitor: Monitor = field(default_factory=Monitor)
    line: int = 0
    step: int = 0
    inner: bool = False
    refused: int = 0
    lives: dict[int, _Life] = field(default_factory=dict)
    given: dict[Opaque, int] = field(default_factory=dict)
    mistakes: set[Mistake] = field(default_factory=set)
    witness: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.machine.observers.append(self.monitor)

    def handles(self, signature: Signature, arguments: Mapping[str, Concrete]) -> dict[str, int]:
        """The handles among the arguments of a call, by parameter."""
        found: dict[str, int] = {}
        for parameter in signature.parameters:
            if parameter.role in (Role.NONE, Role.CREATE) or parameter.name not in arguments:
                continue
            handle = self._handle(arguments[parameter.name], parameter)
            if handle:
                found[parameter.name] = handle
        return found

    def _handle(self, value: Concrete, parameter: Parameter) -> int:
        if isinstance(value, HandleValue):
            return value.handle
        if not isinstance(value, Opaque):
            return 0
        if parameter.kind == "other":
            return self.given.get(value, 0)
        if not self.knowledge.truth(value):
            return 0
        if value not in self.given:
            self._require_known_owner(value)
            self.given[value] = self.machine.give(parameter.kind)
            self.lives[self.given[value]] = _Life(0, 0)
        return self.given[value]

    def _require_known_owner(self, value: Opaque) -> None:
        """Handles side by side in a structure belong together in a way that nobody tells here."""
        structure = self.members.get(value)
        if structure is not None and any(
            self.members.get(other) == structure for other in self.given
        ):
            raise NotRunnable("a structure with handles that another function has made")

    def call(
        self, protocol: Protocol, handles: Mapping[str, int], succeeds: bool, makes: list[str]
    ) -> int:
        """One call with a forced outcome; the new handle, or 0."""
        words = ", ".join(f"{name}={handle:#x}" for name, handle in handles.items())
        ending = "" if succeeds else " fails"
        self.witness.append(f"{self.line}: {protocol.name}({words}){ending}")
        released = [handles[name] for name in protocol.releases if name in handles]
        self.refused = released[0] if released and not succeeds else 0
        alive = {handle for handle in handles.values() if self.is_alive(handle)}
        before = len(self.monitor.verdicts)
        new = self.machine.replay(protocol.name, handles, succeeds, makes)
        for handle in alive:
            if not self.is_alive(handle):
                self.lives[handle].ended_line = self.line
                self.lives[handle].ended_step = self.step
        self._collect(before)
        for handle in new.values():
            self.lives[handle] = _Life(self.line, self.step, self._owner(handles))
            return handle
        return 0

    def makes_of_another_kind(self, signature: Signature, handles: Mapping[str, int]) -> bool:
        """Whether a call is to make a handle out of one of the wrong kind, such as a hash that is
        given for the provider."""
        used = {each.name: each.kind for each in signature.parameters if each.role is Role.USE}
        things = {name: self.machine.handles.get(handle) for name, handle in handles.items()}
        return any(each.role is Role.CREATE for each in signature.parameters) and any(
            thing is not None and thing.alive and name in used and thing.resource != used[name]
            for name, thing in things.items()
        )

    def _owner(self, handles: Mapping[str, int]) -> int:
        for handle in handles.values():
            return self.lives[handle].owner or handle
        return 0

    def is_alive(self, handle: int) -> bool:
        """Whether a handle is valid still."""
        thing = self.machine.handles.get(handle)
        return thing is not None and thing.alive

    def dismiss(self, handle: int) -> None:
        """Nobody knows any more who releases a handle."""
        said = len(self.monitor.verdicts)
        self.machine.notify(NoticeKind.HAND_OUT, handle)
        self.monitor.take_back(said)

    def notify(self, kind: NoticeKind, *handles: int, exceptional: bool = False) -> None:
        """Tell the monitor what only the program knows."""
        before = len(self.monitor.verdicts)
        self.machine.notify(kind, *handles)
        self._collect(before, exceptional)

    def raise_from_here(self) -> None:
        """An exception leaves a call: what is leaked from now on is leaked by it."""
        for handle, life in self.lives.items():
            life.raised = life.raised or self.is_alive(handle)

    def _collect(self, before: int, exceptional: bool = False) -> None:
        for verdict in self.monitor.verdicts[before:]:
            life = self.lives[verdict.handle]
            code, line, step = verdict.code, self.line, life.step
            if code in _LEAKS:
                line = life.line
                if code == "CAP101" and (exceptional or life.raised):
                    code = "CAP102"
            elif code == "CAP301":
                line = self.lives[life.owner].ended_line
                step = self.lives[life.owner].ended_step
            elif life.ended_step:
                step = life.ended_step
            if self.inner and step == self.step:
                continue  # all inside one call of another function: that function's matter
            if code in ("CAP101", "CAP102") and self.refused not in (0, verdict.handle):
                continue
            self.mistakes.add(Mistake(code, life.line, line, verdict.resource, tuple(self.witness)))


def signature_for(protocol: Protocol) -> Signature | None:
    """The model's function, or None where it has none and the call touches no handle."""
    try:
        return signature_of(protocol.name)
    except UnknownFunction:
        if protocol.acts:
            raise NotRunnable(f"the model has no {protocol.name}") from None
        return None
