"""The runtime model of CryptoAPI's handle life: an executable description of the SDK pages.

    ctypes shim ─┐                                            ┌─ Monitor
    C callbacks ─┼─ call(function, arguments) ─┐              ├─ stack traces
                 │                             ├─ Machine ────┴─ (observers)
    witness ─────┴─ replay(function, handles) ─┘    │
                                               HandleTable ── Context, Key, Hash

`call` runs a function for real: memory is read and written, keys encrypt. `replay` runs what it
does to handles only, with an outcome that the caller forces.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Collection, Mapping
from typing import cast

from capilint.model import constants as sdk
from capilint.model.errors import Failure, NotSupported, require
from capilint.model.events import (
    CallEvent,
    Creation,
    HandleUse,
    Notice,
    NoticeKind,
    Observer,
    Role,
)
from capilint.model.memory import Cell
from capilint.model.objects import Container, Context, HandleObject, Hash, Key
from capilint.model.process import Process
from capilint.model.signature import Call, Parameter, Signature


class UnknownFunction(NotSupported):
    """The model does not cover a function of this name."""


class Machine(Process):
    """One process's view of CryptoAPI, and the calls that it makes.

    `observers` are told of every call. `fail` may be set to a function of (SDK name, number of
    the fallible call, from 1): where it says True the call fails with NTE_FAIL and does nothing.
    """

    def __init__(self, seed: int | None = None) -> None:
        """A fresh machine without containers; with a `seed`, every run makes the same keys."""
        super().__init__(seed)
        self.observers: list[Observer] = []
        self.fail: Callable[[str, int], bool] | None = None
        self.fallible_calls = 0
        self._thread = threading.local()

    @property
    def last_error(self) -> int:
        """GetLastError of the calling thread."""
        return cast(int, getattr(self._thread, "error", sdk.ERROR_SUCCESS))

    @last_error.setter
    def last_error(self, error: int) -> None:
        self._thread.error = error

    # ------------------------------------------------------------ real calls

    def call(self, function: str, /, *values: object, **named: object) -> int:
        """Calls an API function; what it returns. Arguments by position or SDK name.

        Numbers and handles are ints, strings str, pointers Memory or Cell; None is NULL, and so
        is what is left out. Raises NotSupported where the model lacks the function or a cipher.
        """
        signature = signature_of(function)
        names = (parameter.name for parameter in signature.parameters)
        arguments = dict(zip(names, values, strict=False)) | named
        uses = _uses(signature, arguments)
        self.released = []
        injected = self._injected(signature)
        created: HandleObject | None = None
        error = sdk.NTE_FAIL if injected else sdk.ERROR_SUCCESS
        try:
            if not injected:
                created = self._run(signature, arguments)
        except Failure as failure:
            error = failure.error
        if error:
            self.last_error = error
        creations = self._creations(signature, created)
        self._tell(
            CallEvent(function, uses, not error, error, creations, tuple(self.released), injected)
        )
        return signature.failure_result if error else 1

    def _injected(self, signature: Signature) -> bool:
        if not signature.fallible:
            return False
        self.fallible_calls += 1
        return self.fail is not None and self.fail(signature.name, self.fallible_calls)

    def _run(self, signature: Signature, arguments: Mapping[str, object]) -> HandleObject | None:
        target = _created_parameter(signature)
        require(
            target is None or arguments.get(target.name) is not None,
            sdk.ERROR_INVALID_PARAMETER,
        )
        objects = self._resolve(signature, arguments)
        if signature.body is None:
            raise Failure(sdk.ERROR_INVALID_HANDLE)
        created = signature.body(Call(self, arguments, objects))
        if created is not None and target is not None:
            if not created.handle:
                self.handles.add(created)
            cast(Cell, arguments[target.name]).value = created.handle
        return created

    def _resolve(
        self, signature: Signature, arguments: Mapping[str, object]
    ) -> dict[str, HandleObject]:
        objects: dict[str, HandleObject] = {}
        for parameter in signature.parameters:
            if parameter.role in (Role.NONE, Role.CREATE) or parameter.kind == "other":
                continue
            handle = _handle(arguments, parameter)
            if not handle and parameter.optional:
                continue
            try:
                objects[parameter.name] = self.handles.resolve(handle, parameter.kind)
            except Failure as failure:
                known = self.handles.get(handle) is not None
                raise Failure((known and signature.bad_handle) or failure.error) from None
        return objects

    # ------------------------------------------------------------ replay

    def fork(self) -> Machine:
        """A machine whose handles fare as here, for another way on of a replay. None observes it.

        What keys and hashes hold inside stays behind.
        """
        twin = Machine(self.seed)
        twin.handles = self.handles.fork()
        return twin

    def give(self, resource: str, owner: int = 0, owed: bool = False) -> int:
        """A handle that lived before the run began; the program may owe its release."""
        context = self.handles.get(owner)
        known = context if isinstance(context, Context) else None
        handle = self.handles.add(_bare(resource, known))
        creation = Creation("", handle, resource, owner if known else 0, owed=owed)
        self._tell(Notice(NoticeKind.GIVEN, (handle,), (creation,)))
        return handle

    def replay(
        self,
        function: str,
        handles: Mapping[str, int],
        succeeds: bool = True,
        makes: Collection[str] = (),
    ) -> dict[str, int]:
        """What a call does to handles, with a forced outcome; no memory, no last error.

        `handles` maps parameters to handle values, `makes` names the out-parameters that a
        successful call fills. Returns the new handles by parameter. Raises UnknownFunction.
        """
        signature = signature_of(function)
        uses = _uses(signature, handles)
        self.released = []
        creations: list[Creation] = []
        if succeeds:
            for parameter in signature.parameters:
                thing = self.handles.get(handles.get(parameter.name, 0))
                if thing is not None and thing.alive and thing.resource == parameter.kind:
                    self._apply(parameter.role, thing)
            target = _created_parameter(signature)
            if target is not None and target.name in makes:
                created = _bare(target.kind, self._owner(signature, handles))
                self.handles.add(created)
                creations.extend(self._creations(signature, created))
        self._tell(
            CallEvent(
                function,
                uses,
                succeeds,
                created=tuple(creations),
                released=tuple(self.released),
            )
        )
        return {creation.parameter: creation.handle for creation in creations}

    def _apply(self, role: Role, thing: HandleObject) -> None:
        if role is Role.RELEASE:
            self.release(thing)
        elif role is Role.RETAIN and isinstance(thing, Context):
            thing.references += 1

    def _owner(self, signature: Signature, handles: Mapping[str, int]) -> Context | None:
        for parameter in signature.parameters:
            thing = self.handles.get(handles.get(parameter.name, 0))
            if thing is None or parameter.role is not Role.USE:
                continue
            context = thing if isinstance(thing, Context) else thing.context
            return context if context.alive else None
        return None

    def notify(self, kind: NoticeKind, *handles: int) -> None:
        """Passes on what only the driver knows; LEAVE without handles is about all of them."""
        everything = kind in (NoticeKind.LEAVE, NoticeKind.EXIT) and not handles
        self._tell(Notice(kind, None if everything else handles))

    # ------------------------------------------------------------ effects

    def mark_busy(self, handle: int, busy: bool = True) -> None:
        """Marks an object as in use by another thread: releasing it fails with ERROR_BUSY."""
        thing = self.handles.get(handle)
        if thing is None:
            raise ValueError(f"{handle:#x} is no handle of this machine")
        thing.busy = busy

    def key_memory(self, handle: int) -> bytes:
        """The bytes where a key's secret is, or was: zeros once the key is destroyed."""
        key = self.handles.get(handle)
        if not isinstance(key, Key):
            raise ValueError(f"{handle:#x} is no key of this machine")
        return bytes(key.material)

    def _creations(
        self, signature: Signature, created: HandleObject | None
    ) -> tuple[Creation, ...]:
        target = _created_parameter(signature)
        if created is None or target is None:
            return ()
        if isinstance(created, Context):
            return (Creation(target.name, created.handle, "context", owed=created.owned),)
        owner = created.context.handle
        return (Creation(target.name, created.handle, created.resource, owner),)

    def _tell(self, event: CallEvent | Notice) -> None:
        for observer in self.observers:
            observer(event)


def signature_of(function: str) -> Signature:
    """How the model declares a function. Raises UnknownFunction."""
    from capilint.model.functions import SIGNATURES

    try:
        return SIGNATURES[function]
    except KeyError:
        raise UnknownFunction(f"the model has no function {function!r}") from None


def _created_parameter(signature: Signature) -> Parameter | None:
    return next((p for p in signature.parameters if p.role is Role.CREATE), None)


def _handle(arguments: Mapping[str, object], parameter: Parameter) -> int:
    return cast(int, arguments.get(parameter.name) or 0)


def _uses(signature: Signature, arguments: Mapping[str, object]) -> tuple[HandleUse, ...]:
    return tuple(
        HandleUse(parameter.name, _handle(arguments, parameter), parameter.kind, parameter.role)
        for parameter in signature.parameters
        if parameter.role not in (Role.NONE, Role.CREATE) and _handle(arguments, parameter)
    )


def _bare(resource: str, owner: Context | None) -> HandleObject:
    """An object without content, for replays. Without an owner it gets one of its own."""
    if resource == "context":
        return Context("", 0, Container(""))
    context = owner or Context("", 0, Container(""))
    return Key(context, 0) if resource == "key" else Hash(context, 0)
