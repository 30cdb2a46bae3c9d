"""Function pointers of C programs: which API function a variable or a member stands for.

    pGenKey = (GENKEY)GetProcAddress(dll, "CryptGenKey");     pGenKey(..), table.pGenKey(..)
    make = CryptGenKey;                                       make(..)
    { (void **)&api.make, "CryptGenKey" }                     api.make(..)
    BOOL (WINAPI *pCryptGenKey)(..) in a structure            api->pCryptGenKey(..)

A place that the program fills with one function only stands for that function wherever it is
called. Its address beside an API function's name, in a call or in a table, says that it is filled
with that. One that is called by an API function's own name, small letters before it apart, and
with as many arguments as that takes, is a pointer to it.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property

from capilint.engine.program.linkage import Definition
from capilint.engine.program.names import Names
from capilint.ir import (
    AddressOf,
    Assign,
    Call,
    Constant,
    Direct,
    Escape,
    FunctionReference,
    Indirect,
    Language,
    Module,
    Named,
    Place,
    Read,
    Scope,
    Value,
)

FUNCTION = "function"

_Key = tuple[object, str]
_SMALL_LETTERS = "abcdefghijklmnopqrstuvwxyz_"


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
                key = _key(place, caller)
                found = self._filled.get(key) if key is not None else None
                if found is not None and len(found) == 1:
                    return next(iter(found))
                return self._namesake(place, call, caller)
        return None

    def taken_by(self, definition: Definition) -> Iterator[str]:
        """The API functions that a function sets variables to, by their names."""
        for block in definition.function.blocks:
            for instruction in block.instructions:
                if isinstance(instruction, Assign):
                    name = self._api_named(function_named(instruction.value), definition.module)
                    if name is not None:
                        yield name

    def _namesake(self, place: Place, call: Call, caller: Definition) -> str | None:
        said = place.path[-1].removeprefix(".") if place.path else place.root.name
        for name in (said, said.lstrip(_SMALL_LETTERS)):
            bound = self.names.api(name, caller.module) if name else None
            if bound is not None and len(bound.protocol.params) == len(call.arguments):
                return name
        return None

    def _api_named(self, name: str | None, module: Module) -> str | None:
        return name if name and self.names.api(name, module) is not None else None

    @cached_property
    def _filled(self) -> dict[_Key, frozenset[str | None]]:
        """What the program puts into each place; None stands for anything else."""
        found: dict[_Key, set[str | None]] = {}
        for module in self.names.modules:
            for place, name in module.fillings:
                kind = "member" if place.startswith(".") else "variable"
                found.setdefault((kind, place), set()).add(self._api_named(name, module))
        for definition in self.names.definitions:
            if definition.module.language is not Language.PYTHON:
                for target, api in self._fillings(definition):
                    key = _key(target, definition)
                    if key is not None:
                        found.setdefault(key, set()).add(api)
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
                        named = self._api_named(function_named(value), definition.module)
                        yield place, loaded.get(value) or named
                if isinstance(instruction, Call | Escape):
                    yield from self._told(instruction, definition)

    def _told(self, told: Call | Escape, definition: Definition) -> Iterator[tuple[Place, str]]:
        """The place whose address stands beside the name of an API function."""
        values = told.arguments if isinstance(told, Call) else told.values
        texts = [
            value.value
            for value in values
            if isinstance(value, Constant) and isinstance(value.value, str)
        ]
        places = [value.place for value in values if isinstance(value, AddressOf)]
        names = [text for text in texts if self._api_named(text, definition.module)]
        if len(names) == len(places) == 1:
            yield places[0], names[0]

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


def function_named(value: Value) -> str | None:
    """The function whose name a value may be, if it is nothing but a name."""
    match value:
        case Named(name) | FunctionReference(name):
            return name
        case Read(Place(root, ())) | AddressOf(Place(root, ())) if root.scope is Scope.GLOBAL:
            return root.name
        case _:
            return None


def _key(place: Place, user: Definition) -> _Key | None:
    """What a place is known by: a member by its name, a variable by its own, and a local one by
    the function, too."""
    if place.path:
        return ("member", place.path[-1]) if place.path[-1].startswith(".") else None
    if place.root.scope is Scope.GLOBAL:
        return ("variable", place.root.name)
    return (user, place.root.name) if place.root.scope is Scope.LOCAL else None
