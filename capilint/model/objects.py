"""What handles stand for: contexts, keys, hashes, and the key containers behind contexts.

Container ── KeyPair*            survive every handle
    │
 Context  (reference count)
    ├── Key                      session key, imported key, or handle to a KeyPair
    └── Hash
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from capilint.model import constants as sdk
from capilint.model.errors import Failure, require

if TYPE_CHECKING:
    import hashlib

    from capilint.model.rc4 import RC4
    from capilint.model.rsa import KeyPair


@dataclass(slots=True, eq=False)
class Container:
    """A named place that keeps key pairs by key spec (AT_KEYEXCHANGE, AT_SIGNATURE)."""

    name: str
    pairs: dict[int, KeyPair] = field(default_factory=dict)


@dataclass(slots=True, eq=False)
class Context:
    """An HCRYPTPROV: a session with a provider, counted by references."""

    provider: str
    provider_type: int
    container: Container
    flags: int = 0
    references: int = 1
    handle: int = 0
    busy: bool = False
    alive: bool = True
    owned: bool = True  # False where the API says that the caller must not release it
    enumeration: list[bytes] = field(default_factory=list)

    resource = "context"


@dataclass(slots=True, eq=False)
class Key:
    """An HCRYPTKEY. `material` is the secret as bytes, overwritten when the key dies."""

    context: Context
    algorithm: int
    material: bytearray = field(default_factory=bytearray)
    permissions: int = 0
    pair: KeyPair | None = None
    salt: bytes = b""
    mode: int = sdk.CRYPT_MODE_CBC
    mode_bits: int = 8
    padding: int = sdk.PKCS5_PADDING
    vector: bytes = b""  # the initialisation vector, and ...
    chain: bytes | None = None  # ... the feedback register, None between messages
    stream: RC4 | None = None
    handle: int = 0
    busy: bool = False
    alive: bool = True

    resource = "key"

    def wipe(self) -> None:
        """Overwrites the key's memory (the pair in a container is not this handle's)."""
        self.material[:] = bytes(len(self.material))
        self.pair = self.stream = None
        self.chain = None


@dataclass(slots=True, eq=False)
class Hash:
    """An HCRYPTHASH. `value` is set once the hash is finished, or set by HP_HASHVAL."""

    context: Context
    algorithm: int
    digest: hashlib._Hash | None = None
    key: Key | None = None  # of an HMAC, and ...
    secret: bytes = b""  # ... its bytes
    inner: int = 0  # the hash algorithm of an HMAC, once it is set
    data: bytearray = field(default_factory=bytearray)  # of an HMAC
    value: bytes | None = None
    handle: int = 0
    busy: bool = False
    alive: bool = True

    resource = "hash"


HandleObject = Context | Key | Hash

_WRONG_KIND = {
    "context": sdk.NTE_BAD_UID,
    "key": sdk.NTE_BAD_KEY,
    "hash": sdk.NTE_BAD_HASH,
}


class HandleTable:
    """Every handle that was ever handed out, dead ones too: a value never comes back."""

    _FIRST = 0x00A10010
    _STRIDE = 0x50

    def __init__(self) -> None:
        """An empty table."""
        self._objects: dict[int, HandleObject] = {}

    def add(self, thing: HandleObject) -> int:
        """Gives a new object its handle value, one never used before."""
        thing.handle = self._FIRST + self._STRIDE * len(self._objects)
        self._objects[thing.handle] = thing
        return thing.handle

    def fork(self) -> HandleTable:
        """The same handles, alive or dead as here, on bare objects of their own."""
        twin = HandleTable()
        contexts: dict[Context, Context] = {}
        for handle, thing in self._objects.items():
            copy: HandleObject
            if isinstance(thing, Context):
                copy = contexts[thing] = replace(thing)
            else:
                context = contexts.get(thing.context, thing.context)
                copy = type(thing)(context, thing.algorithm, handle=handle, alive=thing.alive)
            twin._objects[handle] = copy
        return twin

    def get(self, handle: int) -> HandleObject | None:
        """The object, dead or alive, or None for a value that is no handle of this run."""
        return self._objects.get(handle)

    def children(self, context: Context) -> list[Key | Hash]:
        """The keys and hashes, dead ones too, that were made in a context."""
        return [
            thing
            for thing in self._objects.values()
            if not isinstance(thing, Context) and thing.context is context
        ]

    def resolve(self, handle: int, resource: str) -> HandleObject:
        """The living object of the wanted kind behind a handle, or Failure.

        The error pages of the SDK tell the cases apart by these words: a value that is no
        handle ("contains a value that is not valid"), a handle of something else ("does not
        contain a valid handle to a key"), one released before ("a handle that is not valid"),
        one whose context is gone ("the CSP context ... cannot be found").
        """
        thing = self._objects.get(handle)
        if thing is None:
            raise Failure(sdk.ERROR_INVALID_PARAMETER)
        require(thing.resource == resource, _WRONG_KIND[resource])
        require(thing.alive, sdk.ERROR_INVALID_HANDLE)
        if not isinstance(thing, Context):
            require(thing.context.alive, sdk.NTE_BAD_UID)
        return thing
