"""Function pointers of C programs: which API function a variable or a member stands for.

    pGenKey = (GENKEY)GetProcAddress(dll, "CryptGenKey");     pGenKey(..), table.pGenKey(..)
    BOOL (WINAPI *CryptGenKey)(..) in a structure             api->CryptGenKey(..)

A place that the program fills with one function only stands for that function wherever it is
called. A member that is called by an API function's own name, and with as many arguments as that
takes, is a pointer to it.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property

from capilint.engine.program.linkage import Definition
from capilint.engine.program.names import Names
from capilint.ir import (
    Assign,
    Call,
    Constant,
    Direct,
    Indirect,
    Language,
    Place,
    Read,
    Scope,
    Value,
)

FUNCTION = "function"

_Key = tuple[str, str]


@dataclass
class FunctionPointers:
    """The function pointers of one program."""

    names: Names

    def called(self, call: Call, caller: Definition) -> str | None:
        """The API function that a call through a pointer runs, if that is known."""
        if caller.module.language is Language.PYTHON or not isinstance(call.callee, Indirect):
            return None
        match call.callee.value:
            case Read(place):
                key = _key(place)
                found = self._filled.get(key) if key is not None else None
                if found is not None and len(found) == 1:
                    return next(iter(found))
                return self._namesake(place, call, caller)
        return None

    def _namesake(self, place: Place, call: Call, caller: Definition) -> str | None:
        name = place.path[-1].removeprefix(".") if place.path else ""
        bound = self.names.api(name, caller.module) if name else None
        fits = bound is not None and len(bound.protocol.params) == len(call.arguments)
        return name if fits else None

    @cached_property
    def _filled(self) -> dict[_Key, frozenset[str | None]]:
        """What the program puts into each place; None stands for anything else."""
        found: dict[_Key, set[str | None]] = {}
        for definition in self.names.definitions:
            if definition.module.language is not Language.PYTHON:
                for place, name in self._fillings(definition):
                    key = _key(place)
                    if key is not None:
                        found.setdefault(key, set()).add(name)
        return {
            key: frozenset(names) for key, names in found.items() if any(name for name in names)
        }

    def _fillings(self, definition: Definition) -> Iterator[tuple[Place, str | None]]:
        loaded: dict[Value, str] = {}
        for block in definition.function.blocks:
            for instruction in block.instructions:
                match instruction:
                    case Call(result=Place() as place):
                        name = self.loaded_by(instruction, definition)
                        if name is not None:
                            loaded[Read(place)] = name
                        yield place, name
                    case Assign(place, value) if value not in (Constant(None), Constant(0)):
                        yield place, loaded.get(value)

    def loaded_by(self, call: Call, caller: Definition) -> str | None:
        """The function whose address a call gives: `GetProcAddress(dll, "CryptGenKey")`."""
        if not isinstance(call.callee, Direct):
            return None
        bound = self.names.api(call.callee.name, caller.module)
        form, _, parameter = bound.protocol.returns.partition(":") if bound else ("", "", "")
        if bound is None or form != FUNCTION:
            return None
        match dict(zip(bound.protocol.params, call.arguments, strict=False)).get(parameter):
            case Constant(str() as name):
                return name
        return None


def _key(place: Place) -> _Key | None:
    """What a place is known by: a member by its name, a variable of the file by its own."""
    if place.path:
        return ("member", place.path[-1]) if place.path[-1].startswith(".") else None
    return ("variable", place.root.name) if place.root.scope is Scope.GLOBAL else None
