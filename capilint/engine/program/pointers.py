"""Function pointers of C programs: which API function a variable or a member stands for.

    pGenKey = (GENKEY)GetProcAddress(dll, "CryptGenKey");     pGenKey(..), table.pGenKey(..)
    make = CryptGenKey;   copy = make;                        make(..), copy(..)
    make = (GENKEY)find(dll, "CryptGenKey");                  make(..)
    { (void **)&api.make, "CryptGenKey" }                     api.make(..)
    BOOL (WINAPI *pCryptGenKey)(..) in a structure            api->pCryptGenKey(..)

A place that the program fills with one function only stands for that function wherever it is
called. Its address beside an API function's name, in a call or in a table, says that it is filled
with that, and so does what a call gives that is told the name and is none of the API. One that is
called by an API function's own name, small letters before it apart, is a pointer to it. All are
called with as many arguments as the function takes.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cached_property

from capilint.engine.program.linkage import Definition
from capilint.engine.program.names import Names, calls_of
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
_Contents = set[str | _Key | None]
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
                if found is not None:
                    return found if self._fits(found, call, caller) else None
                return self._namesake(place, call, caller)
        return None

    def are_those_of(self, others: FunctionPointers) -> bool:
        """Whether the pointers of another program mean the same."""
        return self._filled == others._filled

    def differ(self, others: FunctionPointers, caller: Definition) -> bool:
        """Whether a call of a function means something else by the pointers of another program."""
        return any(
            self.called(call, caller) != others.called(call, caller)
            for call in calls_of(caller.function)
        )

    def acting(self, acts: Callable[[str], bool]) -> set[str]:
        """The variables, and members (`.make`), that stand for functions which `acts` accepts."""
        named = ((key, name) for key, name in self._filled.items() if isinstance(key[0], str))
        return {place for (_, place), name in named if acts(name)}

    @cached_property
    def filled_names(self) -> frozenset[str]:
        """The variables and members that stand for one function, whoever names them."""
        return frozenset(place for kind, place in self._filled if isinstance(kind, str))

    @cached_property
    def reached_names(self) -> frozenset[str]:
        """Those that something is put into, and those that are called."""
        called = (
            _key(call.callee.value.place, definition)
            for definition in self.names.definitions
            if definition.module.language is not Language.PYTHON
            for call in calls_of(definition.function)
            if isinstance(call.callee, Indirect) and isinstance(call.callee.value, Read)
        )
        keys = (*self._contents, *filter(None, called))
        return frozenset(place for kind, place in keys if isinstance(kind, str))

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
        names = (said, said.lstrip(_SMALL_LETTERS))
        return next((name for name in names if self._fits(name, call, caller)), None)

    def _fits(self, name: str, call: Call, caller: Definition) -> bool:
        bound = self.names.api(name, caller.module) if name else None
        return bound is not None and len(bound.protocol.params) == len(call.arguments)

    def _api_named(self, name: str | None, module: Module) -> str | None:
        return name if name and self.names.api(name, module) is not None else None

    @cached_property
    def _filled(self) -> dict[_Key, str]:
        """The one function that the program puts into each place."""
        contents = self._contents
        known: dict[_Key, str | None] = {}

        def only(key: _Key) -> str | None:
            if key not in known:
                known[key] = None  # for those that are copied in a circle
                held = {only(each) if isinstance(each, tuple) else each for each in contents[key]}
                known[key] = held.pop() if len(held) == 1 else None
            return known[key]

        return {key: name for key in contents if (name := only(key)) is not None}

    @cached_property
    def _contents(self) -> dict[_Key, _Contents]:
        """What the program puts into each place: functions, and what other places hold; None stands
        for anything else."""
        found: dict[_Key, _Contents] = defaultdict(set)
        for module in self.names.modules:
            for place, name in module.fillings:
                kind = "member" if place.startswith(".") else "variable"
                found[kind, place].add(self._api_named(name, module))
        for definition in self.names.definitions:
            if definition.module.language is not Language.PYTHON:
                for target, content in self._fillings(definition):
                    key = _key(target, definition)
                    if key is not None:
                        found[key].add(content)
        for key in {each for held in found.values() for each in held if isinstance(each, tuple)}:
            found.setdefault(key, {None})
        return found

    def _fillings(self, definition: Definition) -> Iterator[tuple[Place, str | _Key | None]]:
        loaded: dict[Value, str] = {}
        for block in definition.function.blocks:
            for instruction in block.instructions:
                match instruction:
                    case Call(result=Place() as place):
                        name = self._given_by(instruction, definition)
                        if name is not None:
                            loaded[Read(place)] = name
                        yield place, name
                    case Assign(place, value) if value not in (Constant(None), Constant(0)):
                        named = self._api_named(function_named(value), definition.module)
                        copied = _key(value.place, definition) if isinstance(value, Read) else None
                        yield place, loaded.get(value) or named or copied
                if isinstance(instruction, Call | Escape):
                    yield from self._told(instruction, definition)

    def _told(self, told: Call | Escape, definition: Definition) -> Iterator[tuple[Place, str]]:
        """The place whose address stands beside the name of an API function."""
        values = told.arguments if isinstance(told, Call) else told.values
        places = [value.place for value in values if isinstance(value, AddressOf)]
        names = self._said_in(values, definition)
        if len(names) == len(places) == 1:
            yield places[0], names[0]

    def _said_in(self, values: tuple[Value, ...], definition: Definition) -> list[str]:
        """The names of API functions among some values."""
        texts = [
            value.value
            for value in values
            if isinstance(value, Constant) and isinstance(value.value, str)
        ]
        return [text for text in texts if self._api_named(text, definition.module)]

    def _given_by(self, call: Call, caller: Definition) -> str | None:
        """The function whose address a call gives, or somebody's own `find(dll, "CryptGenKey")`."""
        loaded = self.loaded_by(call, caller)
        if loaded is not None or not isinstance(call.callee, Direct):
            return loaded
        if self.names.api(call.callee.name, caller.module) is not None:
            return None
        names = self._said_in(call.arguments, caller)
        return names[0] if len(names) == 1 else None

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
