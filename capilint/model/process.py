"""What a process has of CryptoAPI: its handles, the key containers behind them, its randomness.

Bodies of API functions work on it; the machine makes their calls.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

from capilint.model.objects import Container, Context, HandleObject, HandleTable, Key

if TYPE_CHECKING:
    from random import Random


@dataclass(frozen=True, slots=True)
class Certificate:
    """What a certificate tells of its private key: where the key pair is kept."""

    provider: str | None
    provider_type: int
    container: str
    key_spec: int


class Process:
    """The state that API functions share. `released` has the handles that the call under way
    has ended so far."""

    def __init__(self, seed: int | None = None) -> None:
        """A fresh process without containers; with a `seed`, every run makes the same keys."""
        self.handles = HandleTable()
        self.containers: dict[tuple[str, bool, str], Container] = {}
        self.certificates: dict[int, Certificate] = {}
        self.cached_contexts: dict[int, Context] = {}
        self.seed = seed
        self.released: list[int] = []

    @cached_property
    def random(self) -> Random:
        """Where all random bytes come from."""
        from random import Random

        return Random(self.seed)

    def release(self, thing: HandleObject) -> None:
        """Takes a reference away; the last one ends the life of the object.

        With a context its keys and hashes become invalid too (CryptReleaseContext, Remarks),
        and the memory of the keys is overwritten.
        """
        if isinstance(thing, Context):
            thing.references -= 1
            if thing.references > 0:
                return
            for child in self.handles.children(thing):
                if isinstance(child, Key):
                    child.wipe()
        elif isinstance(thing, Key):
            thing.wipe()
        thing.alive = False
        self.released.append(thing.handle)
