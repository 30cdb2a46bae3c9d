"""Allocators that nobody sees: what they give is fresh memory, known to this function only.

    ctx = os_zalloc(sizeof(*ctx));       told nothing but a size, it answers with memory
    os_free(ctx);                        its sibling ends it, and looks at nothing in it
    session_free(ctx);                   no sibling: who knows what that does?

An allocator says so by its name, and is given nothing that it could keep the memory in. What ends
the memory has the same name but for that word. Anything else that is given it may end or keep what
is in it, as unknown code may.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field

from capilint.engine.domain.binding import Arguments
from capilint.engine.domain.values import Symbol, is_memory
from capilint.ir import Call, Constant, Direct, Named, Operation, Unknown, Value
from capilint.rulebook.bindings import Binding, Bound
from capilint.rulebook.protocol import Protocol

_ALLOCATOR = re.compile(
    r"(?P<family>\w*?)_?(?:re|[mcz])?alloc(?:ate)?(?:z|0|_?zero|_?pool|_?mem)?", re.I
)
_FREER = re.compile(r"(?P<family>\w*?)_?free(?:_?pool|_?mem)?", re.I)
_BINDING = Binding("", boxed=False)


@dataclass(slots=True)
class UnseenMemory:
    """The unseen allocators of one function; `families` are the names of those at each site."""

    families: dict[object, str] = field(default_factory=dict)

    def of(self, site: object, call: Call, arguments: Arguments) -> Bound | None:
        """What a call of unseen code does to memory; None where that is not known."""
        name = call.callee.name.partition("(")[0] if isinstance(call.callee, Direct) else ""
        if call.result is not None:
            found = _ALLOCATOR.fullmatch(name)
            sized = all(map(_is_size, call.arguments)) and any(map(_is_open, call.arguments))
            if found is None or not sized or call.spread:
                return None
            self.families[site] = found["family"].lower()
            return _bound(name, len(call.arguments), allocates=True)
        found = _FREER.fullmatch(name)
        given = arguments.positional[0].value if len(arguments.positional) == 1 else None
        if found is None or not isinstance(given, Symbol) or not is_memory(given):
            return None
        ends = self.families.get(given.site) == found["family"].lower()
        return _bound(name, 1, allocates=False) if ends else None


def _bound(name: str, count: int, *, allocates: bool) -> Bound:
    names = tuple(f"memory{number}" for number in range(count))
    frees = None if allocates else names[0]
    protocol = Protocol(name, "", names, frees=frees, allocates=allocates)
    return Bound(protocol, _BINDING)


def _is_size(value: Value) -> bool:
    """Whether an argument is a number, or calculated from numbers: no place that it leads to."""
    match value:
        case Constant(content):
            return isinstance(content, int)
        case Named():
            return True
        case Operation(_, operands) | Unknown(operands):
            return all(map(_is_size, operands))
        case _:
            return False


def _is_open(value: Value) -> bool:
    """Whether an argument is the size of a type, which no front end computes."""
    match value:
        case Unknown(()):
            return True
        case Operation(_, operands):
            return any(map(_is_open, operands))
        case _:
            return False
