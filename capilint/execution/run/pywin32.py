"""An importable `win32crypt`, `win32cryptcon` and `pywintypes`.

Methods, parameters and results are those of pywin32's documentation. An object releases its
handle when it goes, so that a missing release is no leak; it keeps its context until then.
"""

from __future__ import annotations

import contextlib
import sys
from collections.abc import Callable
from types import ModuleType

from capilint.execution.run.libraries import MissingFunction
from capilint.execution.run.windows_errors import signed, text_of
from capilint.model import constants
from capilint.model.errors import NotSupported
from capilint.model.events import NoticeKind
from capilint.model.machine import Machine
from capilint.model.memory import Buffer, Cell, Memory, Variable

_ROOM = 1 << 14  # bytes beyond the data that an answer may take


class error(Exception):  # noqa: N801 - pywintypes calls it so
    """pywintypes.error: (winerror, funcname, strerror)."""

    def __init__(self, winerror: int, funcname: str, strerror: str) -> None:
        """As pywin32 raises it."""
        super().__init__(winerror, funcname, strerror)
        self.winerror, self.funcname, self.strerror = winerror, funcname, strerror


class _Api:
    """The machine, with pywin32's way to fail."""

    def __init__(self, machine: Machine, complain: Callable[[str], None]) -> None:
        self.machine = machine
        self._complain = complain

    def call(self, function: str, /, **arguments: object) -> None:
        """Raises pywintypes.error where the call fails."""
        try:
            succeeded = self.machine.call(function, **arguments)
        except NotSupported as missing:
            self._complain(str(missing))
            raise
        if not succeeded:
            code = signed(self.machine.last_error)
            raise error(code, function, text_of(code))

    def make(self, function: str, parameter: str, /, **arguments: object) -> int:
        """A new handle, which no program owes: its object will release it."""
        cell = Variable()
        self.call(function, **arguments, **{parameter: cell})
        if cell.value:
            self.machine.notify(NoticeKind.HAND_OUT, cell.value)
        return cell.value

    def answer(self, function: str, data: bytes = b"", /, **arguments: object) -> bytes:
        """What a call writes to (pbData, pdwDataLen), which hold `data` before."""
        size = Variable(len(data) or _ROOM)
        buffer = Buffer(data + bytes(_ROOM))
        memory: dict[str, Memory | Cell] = {"pbData": buffer, "pdwDataLen": size}
        self.call(function, **arguments, **memory)
        return bytes(buffer.content[: size.value])


class _Object:
    """A Python object that holds a handle."""

    _release: str
    _parameter: str

    def __init__(self, api: _Api, handle: int, context: PyCRYPTPROV | None = None) -> None:
        self._api = api
        self._handle = handle
        self._context = context
        self._released = False

    def _end(self) -> None:
        self._api.call(self._release, **{self._parameter: self._handle})
        self._released = True

    def __del__(self) -> None:
        """The destructor: quiet, as pywin32's is."""
        if not self._released:
            with contextlib.suppress(error):
                self._end()


class PyCRYPTKEY(_Object):
    """A key."""

    _release, _parameter = "CryptDestroyKey", "hKey"

    def CryptDestroyKey(self) -> None:  # noqa: N802
        """Destroys the key now."""
        self._end()

    def CryptDuplicateKey(self, Reserved: int = 0, Flags: int = 0) -> PyCRYPTKEY:  # noqa: N802, N803
        """A copy."""
        api = self._api
        made = api.make("CryptDuplicateKey", "phKey", hKey=self._handle, dwFlags=Flags)
        return PyCRYPTKEY(api, made, self._context)

    def CryptEncrypt(  # noqa: N802
        self,
        Final: bool,  # noqa: N803
        Data: bytes,  # noqa: N803
        Hash: PyCRYPTHASH | None = None,  # noqa: N803
        Flags: int = 0,  # noqa: N803
    ) -> bytes:
        """The data, encrypted."""
        rest = {"dwFlags": Flags, "dwBufLen": len(Data) + _ROOM, "Final": int(Final)}
        return self._crypt("CryptEncrypt", Data, Hash, rest)

    def CryptDecrypt(  # noqa: N802
        self,
        Final: bool,  # noqa: N803
        Data: bytes,  # noqa: N803
        Hash: PyCRYPTHASH | None = None,  # noqa: N803
        Flags: int = 0,  # noqa: N803
    ) -> bytes:
        """The data, decrypted."""
        return self._crypt("CryptDecrypt", Data, Hash, {"dwFlags": Flags, "Final": int(Final)})

    def _crypt(
        self, function: str, data: bytes, with_hash: PyCRYPTHASH | None, rest: dict[str, int]
    ) -> bytes:
        size, buffer = Variable(len(data)), Buffer(bytes(data) + bytes(_ROOM))
        handles = {"hKey": self._handle, "hHash": _handle(with_hash)}
        self._api.call(function, **handles, **rest, pbData=buffer, pdwDataLen=size)
        return bytes(buffer.content[: size.value])

    def CryptExportKey(  # noqa: N802
        self,
        ExpKey: PyCRYPTKEY | None,  # noqa: N803
        BlobType: int,  # noqa: N803
        Flags: int = 0,  # noqa: N803
    ) -> bytes:
        """The key as a blob."""
        handles = {"hKey": self._handle, "hExpKey": _handle(ExpKey)}
        return self._api.answer("CryptExportKey", **handles, dwBlobType=BlobType, dwFlags=Flags)

    def CryptGetKeyParam(self, Param: int, Flags: int = 0) -> int | bytes:  # noqa: N802, N803
        """A property of the key: bytes for KP_IV and KP_SALT, else a number."""
        arguments = {"hKey": self._handle, "dwParam": Param, "dwFlags": Flags}
        found = self._api.answer("CryptGetKeyParam", **arguments)
        as_bytes = Param in (constants.KP_IV, constants.KP_SALT)
        return found if as_bytes else int.from_bytes(found, "little")


class PyCRYPTHASH(_Object):
    """A hash."""

    _release, _parameter = "CryptDestroyHash", "hHash"

    def CryptDestroyHash(self) -> None:  # noqa: N802
        """Destroys the hash now."""
        self._end()

    def CryptDuplicateHash(self, Flags: int = 0) -> PyCRYPTHASH:  # noqa: N802, N803
        """A copy."""
        api = self._api
        made = api.make("CryptDuplicateHash", "phHash", hHash=self._handle, dwFlags=Flags)
        return PyCRYPTHASH(api, made, self._context)

    def CryptHashData(self, Data: bytes, Flags: int = 0) -> None:  # noqa: N802, N803
        """Adds bytes."""
        memory: Memory = Buffer(bytes(Data))
        size = len(Data)
        self._api.call(
            "CryptHashData", hHash=self._handle, pbData=memory, dwDataLen=size, dwFlags=Flags
        )

    def CryptHashSessionKey(self, Key: PyCRYPTKEY, Flags: int = 0) -> None:  # noqa: N802, N803
        """Adds a key's bytes."""
        handles = {"hHash": self._handle, "hKey": _handle(Key)}
        self._api.call("CryptHashSessionKey", **handles, dwFlags=Flags)

    def CryptSignHash(self, KeySpec: int, Flags: int = 0) -> bytes:  # noqa: N802, N803
        """A signature."""
        size, buffer = Variable(_ROOM), Buffer(_ROOM)
        memory: dict[str, Memory | Cell] = {"pbSignature": buffer, "pdwSigLen": size}
        numbers = {"hHash": self._handle, "dwKeySpec": KeySpec, "dwFlags": Flags}
        self._api.call("CryptSignHashW", **numbers, **memory)
        return bytes(buffer.content[: size.value])

    def CryptVerifySignature(  # noqa: N802
        self,
        Signature: bytes,  # noqa: N803
        PubKey: PyCRYPTKEY,  # noqa: N803
        Flags: int = 0,  # noqa: N803
    ) -> None:
        """Raises where the signature is wrong."""
        numbers = {"dwSigLen": len(Signature), "dwFlags": Flags}
        handles = {"hHash": self._handle, "hPubKey": _handle(PubKey)}
        memory: Memory = Buffer(bytes(Signature))
        self._api.call("CryptVerifySignatureW", **handles, **numbers, pbSignature=memory)

    def CryptGetHashParam(self, Param: int, Flags: int = 0) -> int | bytes:  # noqa: N802, N803
        """A property of the hash: bytes for its value, else a number."""
        arguments = {"hHash": self._handle, "dwParam": Param, "dwFlags": Flags}
        found = self._api.answer("CryptGetHashParam", **arguments)
        return found if Param == constants.HP_HASHVAL else int.from_bytes(found, "little")


class PyCRYPTPROV(_Object):
    """A context."""

    _release, _parameter = "CryptReleaseContext", "hProv"

    def CryptReleaseContext(self, Flags: int = 0) -> None:  # noqa: N802, N803
        """Releases the context now."""
        self._released = True  # it does, whatever the flags
        self._api.call("CryptReleaseContext", hProv=self._handle, dwFlags=Flags)

    def CryptGenKey(self, Algid: int, Flags: int = 0, KeyLen: int = 0) -> PyCRYPTKEY:  # noqa: N802, N803
        """A new key; KeyLen in bits goes to the upper half of the flags."""
        return self._key("CryptGenKey", Algid=Algid, dwFlags=Flags | KeyLen << 16)

    def CryptDeriveKey(self, Algid: int, BaseData: PyCRYPTHASH, Flags: int = 0) -> PyCRYPTKEY:  # noqa: N802, N803
        """A key from a hash."""
        numbers = {"Algid": Algid, "hBaseData": _handle(BaseData), "dwFlags": Flags}
        return self._key("CryptDeriveKey", **numbers)

    def CryptGetUserKey(self, KeySpec: int) -> PyCRYPTKEY:  # noqa: N802, N803
        """A handle to a stored key pair."""
        api = self._api
        numbers = {"hProv": self._handle, "dwKeySpec": KeySpec}
        return PyCRYPTKEY(api, api.make("CryptGetUserKey", "phUserKey", **numbers), self)

    def CryptImportKey(  # noqa: N802
        self,
        Data: bytes,  # noqa: N803
        PubKey: PyCRYPTKEY | None = None,  # noqa: N803
        Flags: int = 0,  # noqa: N803
    ) -> PyCRYPTKEY:
        """A key from a blob."""
        numbers = {"dwDataLen": len(Data), "hPubKey": _handle(PubKey), "dwFlags": Flags}
        return self._key("CryptImportKey", **numbers, pbData=Buffer(bytes(Data)))

    def _key(self, function: str, **arguments: object) -> PyCRYPTKEY:
        made = self._api.make(function, "phKey", hProv=self._handle, **arguments)
        return PyCRYPTKEY(self._api, made, self)

    def CryptCreateHash(  # noqa: N802
        self,
        Algid: int,  # noqa: N803
        Key: PyCRYPTKEY | None = None,  # noqa: N803
        Flags: int = 0,  # noqa: N803
    ) -> PyCRYPTHASH:
        """A new hash."""
        numbers = {"Algid": Algid, "hKey": _handle(Key), "dwFlags": Flags}
        made = self._api.make("CryptCreateHash", "phHash", hProv=self._handle, **numbers)
        return PyCRYPTHASH(self._api, made, self)

    def CryptGenRandom(self, Len: int, SeedData: bytes | None = None) -> bytes:  # noqa: N802, N803
        """Random bytes."""
        buffer = Buffer(Len)
        self._api.call("CryptGenRandom", hProv=self._handle, dwLen=Len, pbBuffer=buffer)
        return bytes(buffer.content)

    def CryptGetProvParam(self, Param: int, Flags: int = 0) -> int | str:  # noqa: N802, N803
        """A property of the provider: a text for names, else a number."""
        arguments = {"hProv": self._handle, "dwParam": Param, "dwFlags": Flags}
        found = self._api.answer("CryptGetProvParam", **arguments)
        texts = (constants.PP_NAME, constants.PP_CONTAINER, constants.PP_UNIQUE_CONTAINER)
        is_text = Param in texts or Param == constants.PP_ENUMCONTAINERS
        if is_text:
            return found.rstrip(b"\0").decode("latin-1")
        return int.from_bytes(found, "little")


def _handle(thing: _Object | None) -> int:
    return thing._handle if thing is not None else 0


def install(machine: Machine, complain: Callable[[str], None]) -> None:
    """Makes the modules importable in this process."""
    api = _Api(machine, complain)

    def acquire(
        Container: str | None = None,  # noqa: N803
        Provider: str | None = None,  # noqa: N803
        ProvType: int = 0,  # noqa: N803
        Flags: int = 0,  # noqa: N803
    ) -> PyCRYPTPROV | None:
        """win32crypt.CryptAcquireContext; None where a key set is deleted."""
        arguments = {"szContainer": Container, "szProvider": Provider}
        numbers = {"dwProvType": ProvType, "dwFlags": Flags}
        handle = api.make("CryptAcquireContextW", "phProv", **arguments, **numbers)
        return PyCRYPTPROV(api, handle) if handle else None

    numbers: dict[str, object] = {
        name: value for name, value in vars(constants).items() if isinstance(value, int)
    }
    _add("pywintypes", {"error": error})
    _add("win32cryptcon", numbers)
    objects = {each.__name__: each for each in (PyCRYPTPROV, PyCRYPTKEY, PyCRYPTHASH)}
    _add("win32crypt", {"CryptAcquireContext": acquire, "error": error, **objects})


def _add(name: str, content: dict[str, object]) -> None:
    module = ModuleType(name, "pywin32's module, on the model of capilint.")

    def missing(attribute: str) -> object:
        raise MissingFunction(f"`capilint run` has no {name}.{attribute}")

    vars(module).update(content, __getattr__=missing)
    sys.modules[name] = module
