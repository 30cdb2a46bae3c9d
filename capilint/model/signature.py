"""How an API function is declared to the model: its parameters and what it does to handles.

    @api("CryptDeriveKey", "hProv:context Algid:number hBaseData:hash dwFlags:number"
                           " phKey:new-key")
    def derive_key(call: Call) -> Key: ...

A parameter's kind is one of

    context key hash        a handle that the function uses; `key?` may be 0
    -key -hash -context     ... that it releases
    +context                ... that it references once more
    new-key new-hash ...    where a new handle goes
    number text cell memory information certificate reserved
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import cast

from capilint.model import constants as sdk
from capilint.model.errors import require
from capilint.model.events import Role
from capilint.model.memory import Cell, Memory
from capilint.model.objects import Context, HandleObject, Hash, Key
from capilint.model.process import Process


@dataclass(frozen=True, slots=True)
class Parameter:
    """One parameter: `kind` is a resource for handles, else number, text, cell, ..."""

    name: str
    kind: str
    role: Role
    optional: bool = False


@dataclass(frozen=True, slots=True)
class Signature:
    """A function by its SDK name.

    `body` does the work; None for other APIs' functions, whose handles the model does not have.
    `failure_result` is what a failed call returns; `bad_handle` the one error for every dead or
    wrong handle, where its SDK page knows no finer ones. `computed` is False where the model knows
    nothing but the handles.
    """

    name: str
    parameters: tuple[Parameter, ...]
    body: Body | None
    failure_result: int = 0
    bad_handle: int | None = None
    computed: bool = True

    @property
    def fallible(self) -> bool:
        """Whether failure injection may fail it: everything but the releases."""
        return all(parameter.role is not Role.RELEASE for parameter in self.parameters)


@dataclass(slots=True)
class Call:
    """One call under way: the process, the raw arguments, and the objects of its handles."""

    process: Process
    arguments: Mapping[str, object]
    objects: dict[str, HandleObject]

    def number(self, name: str) -> int:
        """A DWORD, BOOL or ALG_ID; 0 where it was not given."""
        return cast(int, self.arguments.get(name) or 0)

    def text(self, name: str) -> str | None:
        """A string, or None for NULL."""
        return cast("str | None", self.arguments.get(name))

    def cell(self, name: str) -> Cell:
        """The variable behind a pointer; NULL fails with ERROR_INVALID_PARAMETER."""
        cell = self.arguments.get(name)
        require(cell is not None, sdk.ERROR_INVALID_PARAMETER)
        return cast(Cell, cell)

    def memory(self, name: str) -> Memory | None:
        """The bytes behind a pointer, or None for NULL."""
        return cast("Memory | None", self.arguments.get(name))

    def data(self, name: str, size: int) -> bytes:
        """The `size` bytes behind a pointer; NULL fails with ERROR_INVALID_PARAMETER."""
        memory = self.memory(name)
        require(memory is not None or not size, sdk.ERROR_INVALID_PARAMETER)
        return memory.read(size) if memory is not None else b""

    def context(self, name: str) -> Context:
        """The context behind a handle parameter."""
        return cast(Context, self.objects[name])

    def key(self, name: str) -> Key:
        """The key behind a handle parameter."""
        return cast(Key, self.objects[name])

    def optional_key(self, name: str) -> Key | None:
        """The key behind a handle parameter, or None where it is 0."""
        return cast("Key | None", self.objects.get(name))

    def hash(self, name: str) -> Hash:
        """The hash behind a handle parameter."""
        return cast(Hash, self.objects[name])

    def optional_hash(self, name: str) -> Hash | None:
        """The hash behind a handle parameter, or None where it is 0."""
        return cast("Hash | None", self.objects.get(name))

    def answer(self, data: bytes, buffer: str, length: str) -> None:
        """The SDK's protocol for data of unknown size.

        A NULL buffer asks for the size; one too small fails with ERROR_MORE_DATA and the size.
        """
        cell, memory = self.cell(length), self.memory(buffer)
        room, cell.value = cell.value, len(data)
        if memory is not None:
            require(room >= len(data), sdk.ERROR_MORE_DATA)
            memory.write(data)


Body = Callable[[Call], HandleObject | None]

SIGNATURES: dict[str, Signature] = {}

_ROLES = {"-": Role.RELEASE, "+": Role.RETAIN}
_RESOURCES = ("context", "key", "hash", "other")


def api(name: str, parameters: str, bad_handle: int | None = None) -> Callable[[Body], Body]:
    """Declares the function below it as the body of an API function (see the module)."""

    def declare(body: Body) -> Body:
        register(name, parameters, body, bad_handle=bad_handle)
        return body

    return declare


def register(
    name: str,
    parameters: str,
    body: Body | None,
    failure_result: int = 0,
    bad_handle: int | None = None,
    computed: bool = True,
) -> None:
    """Adds a function to SIGNATURES."""
    parsed = tuple(_parameter(text) for text in parameters.split())
    SIGNATURES[name] = Signature(name, parsed, body, failure_result, bad_handle, computed)


def _parameter(text: str) -> Parameter:
    name, _, kind = text.partition(":")
    if kind.startswith("new-"):
        return Parameter(name, kind.removeprefix("new-"), Role.CREATE)
    role = _ROLES.get(kind[0], Role.NONE)
    kind, optional = kind.lstrip("-+").rstrip("?"), kind.endswith("?")
    if role is Role.NONE and kind in _RESOURCES:
        role = Role.USE
    return Parameter(name, kind, role, optional)
