"""Runs the sequences of the conformance table on the model."""

from __future__ import annotations

import re
from dataclasses import dataclass

from capilint.model import Machine
from capilint.model import constants as sdk
from capilint.model.memory import Buffer, PublicKeyInfo, Variable
from capilint.model.process import Certificate
from tests.model.script import CallStep, Declaration, Sequence, Show, content

NO_CERTIFICATE = 0xCE27


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a step did: for a call its success and last error, for `show` the value as text."""

    succeeded: bool = True
    error: int = 0
    shown: str = ""


class ModelRun:
    """One sequence on a fresh machine."""

    def __init__(self, sequence: Sequence) -> None:
        self.machine = Machine(seed=1)
        self.variables: dict[str, object] = {name: Variable() for name in sequence.handles()}

    def step(self, step: Declaration | CallStep | Show) -> Outcome | None:
        """Runs one step; None for a declaration, which has no outcome."""
        if isinstance(step, Declaration):
            self.variables[step.name] = self._declared(step)
            return None
        if isinstance(step, Show):
            return Outcome(shown=self._shown(step))
        self.machine.last_error = 0
        arguments = [self._argument(text) for text in step.arguments]
        if self.machine.call(step.function, *arguments):
            return Outcome()
        return Outcome(False, self.machine.last_error)

    def _declared(self, step: Declaration) -> object:
        if step.kind == "dword":
            return Variable(number(step.value))
        if step.kind == "bytes":
            return Buffer(content(step).ljust(step.size, b"\0"))
        if step.kind == "information":
            oid, _, der = step.value.partition(" ")
            return PublicKeyInfo(oid, bytes.fromhex(der))
        return self._certificate(step.value)

    def _certificate(self, value: str) -> object:
        if value == "none":
            return Variable(NO_CERTIFICATE)
        container, spec = value.split()
        handle = 1 + len(self.machine.certificates)
        self.machine.certificates[handle] = Certificate(
            None, sdk.PROV_RSA_AES, container, number(spec)
        )
        return Variable(handle)

    def _shown(self, step: Show) -> str:
        variable = self.variables[step.name]
        if isinstance(variable, Buffer):
            return variable.read(step.size or 0).hex()
        assert isinstance(variable, Variable)
        return str(variable.value)

    def _argument(self, text: str) -> object:
        if text == "NULL":
            return None
        if text.startswith("&"):
            return self.variables[text[1:]]
        if text.lstrip("L").startswith('"'):
            return text.lstrip("L").strip('"')
        variable = self.variables.get(text)
        if isinstance(variable, Variable):
            return variable.value
        return variable if variable is not None else number(text)


def number(text: str) -> int:
    """A constant expression: SDK names and numbers joined by `|`, `<<`, `+` and `-`."""
    assert re.fullmatch(r"[\w\s|<+()-]+", text), text
    return int(eval(text, {"TRUE": 1, "FALSE": 0, **vars(sdk)}))


def run(sequence: Sequence) -> list[Outcome | None]:
    """The outcomes of a sequence's steps."""
    machine = ModelRun(sequence)
    return [machine.step(step) for step in sequence.steps]
