"""Which library a Python function is given by its callers, in whichever files they are.

    def probe(lib, prov): lib.CryptGenKey(..)        keys.py
    probe(ctypes.windll.advapi32, prov)              app.py     ── lib is advapi32

    class Keys:
        def __init__(self, lib): self._lib = lib     Keys(advapi32)
        def probe(self, prov): self._lib.CryptGenKey(..)

A front end sees the callers of its own file only. What all callers give has to be one library;
what only stands in for it, in a test, offers the same.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cached_property

from capilint.engine.program.linkage import Definition
from capilint.engine.program.liveness import written_variables
from capilint.engine.program.names import Names, calls_of
from capilint.ir import (
    Assign,
    Call,
    Constant,
    Direct,
    Function,
    FunctionReference,
    Language,
    Method,
    Named,
    Place,
    Read,
    Value,
    Variable,
)
from capilint.ir.libraries import told_apart

_CONSTRUCTOR = "__init__"
_Given = tuple[Definition, Variable]


@dataclass
class GivenLibraries:
    """The libraries that parameters of one program's functions stand for."""

    names: Names
    _known: dict[tuple[Definition, Place, str], str] = field(default_factory=dict)

    def reached(self, callee: Method, caller: Definition) -> str:
        """The dotted name of an API's function, where a method is called of a parameter, or of what
        a constructor is given, that is a library; empty where it is none."""
        match callee.receiver:
            case Read(place) if self._may_be_of_api(callee, caller):
                key = (caller, place, callee.name)
                if key not in self._known:
                    self._known[key] = self._find(_origin(place, caller.function), key)
                return self._known[key]
        return ""

    def asking(self) -> list[Definition]:
        """The functions whose callers tell what library it is that they call."""
        return list({asked: None for asked, _ in self._asked})

    def origins(self) -> Iterator[str]:
        """The names of other modules that callers give such functions."""
        pending = list(self._asked)
        seen = set(pending)
        while pending:
            for value, where in self._given(*pending.pop()):
                if isinstance(value, Named):
                    yield _library_name(value)
                elif isinstance(value, Read):
                    handed = self._parameters(where, value.place)
                    pending += [each for each in handed if each not in seen]
                    seen.update(handed)

    @cached_property
    def _asked(self) -> list[_Given]:
        """The parameters of which functions of the API's names are called."""
        found = {
            asked: None
            for definition in self.names.definitions
            for call in calls_of(definition.function)
            if isinstance(call.callee, Method) and self._may_be_of_api(call.callee, definition)
            if isinstance(call.callee.receiver, Read)
            for place in [_origin(call.callee.receiver.place, definition.function)]
            for asked in self._parameters(definition, place)
        }
        return list(found)

    def _may_be_of_api(self, callee: Method, caller: Definition) -> bool:
        python = caller.module.language is Language.PYTHON
        return python and callee.name in self.names.rulebook.functions

    def _find(self, place: Place, key: tuple[Definition, Place, str]) -> str:
        caller, written, name = key
        if place != written:
            direct = self.names.reached_through(Method(Read(place), name))
            if self.names.api_reading(direct, caller.module):
                return direct
        found: dict[tuple[str, ...], str] = {}
        pending = self._parameters(caller, place)
        seen = set(pending)
        while pending:
            given = list(self._given(*pending.pop()))
            if not given:
                return ""
            for value, where in given:
                library = _library_name(value)
                if library:
                    reading = self.names.api_reading(f"{library}.{name}", where.module)
                    if not reading:
                        return ""
                    found.setdefault(told_apart(reading), reading)
                    continue
                handed = self._parameters(where, value.place) if isinstance(value, Read) else []
                if not handed:
                    return ""
                pending += [each for each in handed if each not in seen]
                seen.update(handed)
        return next(iter(found.values())) if len(found) == 1 else ""

    def _parameters(self, definition: Definition, place: Place) -> list[_Given]:
        """The parameters that are in a place: of the function itself, or of the constructor."""
        function = definition.function
        if not place.path:
            is_own = any(each.variable == place.root for each in function.parameters)
            kept = is_own and place.root not in written_variables(function)
            return [(definition, place.root)] if kept and place.root != function.receiver else []
        if place.root != function.receiver or function.owner_class is None:
            return []
        return self._stored.get((function.owner_class, place.path), [])

    @cached_property
    def _stored(self) -> dict[tuple[str, tuple[str, ...]], list[_Given]]:
        """The attributes that only constructors set, to what they are given."""
        table: dict[tuple[str, tuple[str, ...]], list[_Given]] = {}
        others = set[tuple[str, tuple[str, ...]]]()
        for definition in self.names.definitions:
            function = definition.function
            if definition.module.language is not Language.PYTHON or function.owner_class is None:
                continue
            for target, value in _written(function):
                key = (function.owner_class, target.path)
                if target.root != function.receiver or isinstance(value, Constant):
                    continue
                plain = isinstance(value, Read) and not value.place.path
                given = (
                    self._parameters(definition, value.place)
                    if plain and isinstance(value, Read)
                    else []
                )
                if given and target.path and function.name.endswith(_CONSTRUCTOR):
                    table.setdefault(key, []).extend(given)
                else:
                    others.add(key)
        return {key: given for key, given in table.items() if key not in others}

    # ------------------------------------------------------------ callers

    def _given(
        self, definition: Definition, parameter: Variable
    ) -> Iterator[tuple[Value | None, Definition]]:
        """What each call gives a parameter, None where that is not to be seen, and the caller."""
        function = definition.function
        position = [each.variable for each in function.parameters].index(parameter)
        name = parameter.name.partition("#")[0]
        makes = function.owner_class is not None and function.name.endswith(_CONSTRUCTOR)
        for caller, call in self._calls_of(definition, makes):
            at = position - (makes or isinstance(call.callee, Method))
            named = [value for keyword, value in call.keywords if keyword == name]
            inside = not call.spread and at < len(call.arguments)
            value = call.arguments[at] if inside else next(iter(named), None)
            if value is None and not call.spread:
                value = function.parameters[position].default
            if not isinstance(value, Constant):
                yield value, caller

    def _calls_of(self, definition: Definition, makes: bool) -> Iterator[tuple[Definition, Call]]:
        function = definition.function
        whole = (function.owner_class or "") if makes else function.qualified_name
        last = whole.rpartition(".")[2]
        for caller, call in self._calls.get(last, ()):
            if isinstance(call.callee, Method):
                if function.receiver is not None and self._methods[last] == [definition]:
                    yield caller, call
                continue
            assert isinstance(call.callee, Direct)
            called, module = call.callee.name, caller.module
            if makes:
                if self.names.class_named(called, module) == function.owner_class:
                    yield caller, call
            elif definition in self.names.alternatives(called, module):
                yield caller, call

    @cached_property
    def _methods(self) -> dict[str, list[Definition]]:
        """The methods of Python by their last names: one of a kind is meant wherever it is called,
        on whatever object."""
        table: defaultdict[str, list[Definition]] = defaultdict(list)
        for definition in self.names.definitions:
            function = definition.function
            if function.language is Language.PYTHON and function.owner_class is not None:
                table[function.qualified_name.rpartition(".")[2]].append(definition)
        return table

    @cached_property
    def _calls(self) -> dict[str, list[tuple[Definition, Call]]]:
        """Every call of Python by the last word of what is called."""
        table: dict[str, list[tuple[Definition, Call]]] = {}
        for definition in self.names.definitions:
            if definition.module.language is Language.PYTHON:
                for call in calls_of(definition.function):
                    if isinstance(call.callee, Direct | Method):
                        word = call.callee.name.rpartition(".")[2]
                        table.setdefault(word, []).append((definition, call))
        return table


def _library_name(value: Value | None) -> str:
    """The dotted name of what a value may be that is a library, in this module or another one."""
    match value:
        case FunctionReference(name):
            return name
        case Named(name, origin=origin):
            return origin or name
    return ""


def _origin(place: Place, function: Function) -> Place:
    """The place that a local variable stands for which is only ever given that one's content."""
    values = [value for target, value in _written(function) if target == Place(place.root)]
    is_alias = not place.path and len(values) == 1 and isinstance(values[0], Read)
    is_alias = is_alias and all(each.variable != place.root for each in function.parameters)
    return values[0].place if is_alias and isinstance(values[0], Read) else place


def _written(function: Function) -> Iterator[tuple[Place, Value | None]]:
    """What a function writes to, and the value, None where a call gives it."""
    for block in function.blocks:
        for instruction in block.instructions:
            if isinstance(instruction, Assign):
                yield instruction.target, instruction.value
            elif isinstance(instruction, Call) and instruction.result is not None:
                yield instruction.result, None
