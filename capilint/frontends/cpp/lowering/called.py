"""What call expressions mean: calls, and casts that are written like calls."""

from __future__ import annotations

from types import MappingProxyType
from typing import NamedTuple

from tree_sitter import Node

from capilint.frontends.cpp.facts.model import Bindings, Instance, Scope, Signature, Type


class Callee(NamedTuple):
    """What a call expression calls, where that is known.

    `name` is that of the `Direct` callee. `receiver` is the object's expression, None for a
    function; `follows` is set where it is a pointer. `makes` is the class of which `T(...)` makes
    an object.
    """

    name: str = ""
    signature: Signature | None = None
    owner: Instance | None = None
    bindings: Bindings = MappingProxyType({})
    receiver: Node | None = None
    follows: bool = False
    implicit_this: bool = False
    makes: Instance | None = None
    returns: Type | None = None

    @property
    def scope(self) -> Scope:
        """Where the types of the signature are to be read."""
        if self.owner is not None:
            return self.owner.scope
        return self.signature.scope if self.signature is not None else ()


class Cast(NamedTuple):
    """What is written like a call and is a cast: `T(x)`, `static_cast<T>(x)`.

    `written` is the type's text, None for `std::move(x)`; there is no `operand` in `T()`, which is
    zero: `T` is no class.
    """

    written: str | None
    operand: Node | None
