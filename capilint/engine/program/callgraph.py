"""The program's call graph: in which order to analyse its functions.

Functions are analysed bottom-up, callees before callers, so that a call finds a summary.
A function that calls itself is unknown code to that call, and known to others; functions that do so
through others are unknown to all.
"""

from __future__ import annotations

from collections.abc import Callable, Container, Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import NamedTuple

from capilint.engine.program.classes import Classes
from capilint.engine.program.components import components
from capilint.engine.program.cpp_classes import CppClasses
from capilint.engine.program.given_libraries import GivenLibraries
from capilint.engine.program.linkage import Definition
from capilint.engine.program.names import Names, calls_of
from capilint.engine.program.pointers import FunctionPointers
from capilint.engine.program.python_classes import PythonClasses
from capilint.engine.program.returning import returning
from capilint.ir import (
    Call,
    Direct,
    Function,
    FunctionReference,
    Language,
    Method,
    Module,
    Return,
    Variable,
    origins_in,
    places_in,
    values_of,
)
from capilint.rulebook.book import Bound, RuleBook


class Calls(NamedTuple):
    """What a function calls: of the program, and whether of the API what acts on handles, and what
    makes or ends them."""

    callees: list[Definition]
    touches: bool
    changes: bool


@dataclass
class Program:
    """Modules, the names between them, and who calls whom."""

    modules: Sequence[Module]
    rulebook: RuleBook

    @cached_property
    def names(self) -> Names:
        """What names mean."""
        return Names(self.modules, self.rulebook)

    @cached_property
    def _classes(self) -> dict[Language, Classes]:
        cpp = CppClasses(self.names)
        return {Language.PYTHON: PythonClasses(self.names), Language.CPP: cpp, Language.C: cpp}

    def classes_of(self, function: Function | Module) -> Classes:
        """The classes of a function's or a module's language; C has C++'s, which are none."""
        return self._classes[function.language]

    @cached_property
    def pointers(self) -> FunctionPointers:
        """What C's function pointers stand for."""
        return FunctionPointers(self.names)

    @cached_property
    def libraries(self) -> GivenLibraries:
        """The libraries that callers give Python's functions."""
        return GivenLibraries(self.names)

    def reached_through(self, callee: Method, caller: Definition) -> str:
        """The dotted name of an API's function that is called as a method of a library."""
        return self.libraries.reached(callee, caller) or self.names.reached_through(callee)

    @cached_property
    def returning(self) -> frozenset[str]:
        """The functions of C and C++ that are known to come back; see `returning`."""
        compiled = [each for each in self.modules if not _is_python(each)]
        functions = (function for module in compiled for function in module.functions)
        return returning(functions, lambda name: self._ends(name, compiled[0]))

    def _ends(self, name: str, module: Module) -> bool:
        bound = self.names.api(name, module)
        return bound is not None and bound.protocol.noreturn

    # ------------------------------------------------------------ growth

    def changed_since(self, before: Program) -> set[Definition]:
        """The functions of a smaller program, `before`, of which this one may say otherwise.

        In C those whose calls mean something else now, be it by a pointer, and their callers. In
        Python, where a new module may change what an attribute or a method is, all of them; in C++,
        where a new class may change what a clause catches.
        """
        known = {id(module) for module in before.modules}
        added = (module for module in self.modules if id(module) not in known)
        meanings = {each.language for each in added if _is_python(each) or each.classes}
        moved = not self.pointers.are_those_of(before.pointers)
        changed: set[Definition] = set()
        pending = [
            definition
            for definition, calls in before.calls.items()
            if calls != self.calls.get(definition)
            or definition.module.language in meanings
            or (moved and self.pointers.differ(before.pointers, definition))
        ]
        while pending:
            definition = pending.pop()
            if definition not in changed:
                changed.add(definition)
                pending += self.callers.get(definition, ())
        return changed

    def undefined_in(self, modules: Sequence[Module]) -> frozenset[tuple[Language, str]]:
        """What modules call where it may matter to a handle, or derive their classes from, and
        nobody defines."""
        asked = {id(module) for module in modules}
        named = {
            (definition.module.path, name): definition.module
            for definition in self.touching
            if id(definition.module) in asked
            for name in self._called_where_it_matters(definition)
        }
        for module in filter(_is_python, modules):
            for base in {base for bases in module.classes.values() for base in bases if base}:
                named[module.path, base] = module
        constants = (
            (Language.PYTHON, origin)
            for definition in self.touching
            if id(definition.module) in asked
            for origin in _constants_of(definition.function)
            if self.names.constant(origin, definition.module) is None
        )
        given = ((Language.PYTHON, origin) for origin in self.libraries.origins())
        return frozenset((*constants, *given)) | frozenset(
            (module.language, reading)
            for (_, name), module in named.items()
            if ((bound := self.names.api(name, module)) is None or bound.by_name)
            and not self.classes_of(module).named(name, module)
            for reading in self.names.undefined(name, module)
        )

    def _called_where_it_matters(self, definition: Definition) -> Iterator[str]:
        """The names of calls that may keep a handle, judge a status, or never come back.

        These are the last ones of a branch, in Python all whose results nobody wants, and those
        that share a variable with a call that acts on handles or with what is returned.
        """
        python = _is_python(definition.module)
        shared = {
            variable
            for call in calls_of(definition.function)
            if self._concerns_handles(call, definition)
            for variable in _variables_of(call)
        }
        shared.update(_returned_by(definition.function))
        for call in calls_of(definition.function):
            may_leave = call.ends_branch or (python and call.result is None)
            matters = may_leave or not shared.isdisjoint(_variables_of(call))
            if matters and isinstance(call.callee, Direct):
                yield call.callee.name

    def _concerns_handles(self, call: Call, caller: Definition) -> bool:
        for name in self._names_in(call, caller):
            bound = self.names.api(name, caller.module)
            if bound is not None and bound.protocol.acts:
                return True
            if not self.touching.isdisjoint(self.names.alternatives(name, caller.module)):
                return True
        return False

    @cached_property
    def acting_pointers(self) -> set[str]:
        """The variables and members that stand for API functions which act on handles."""
        return self.pointers.acting(
            lambda name: any(
                (bound := self.names.api(name, module)) is not None and bound.protocol.acts
                for module in self.modules
                if not _is_python(module)
            )
        )

    # ------------------------------------------------------------ order

    @cached_property
    def calls(self) -> dict[Definition, Calls]:
        """What each function calls."""
        return {definition: self._calls_of(definition) for definition in self.names.definitions}

    def _calls_of(self, definition: Definition) -> Calls:
        called: dict[Definition, None] = {}
        reached: list[Bound] = []
        of_library = False
        for call in calls_of(definition.function):
            if isinstance(call.callee, Method):
                of_library = of_library or call.callee.name in self.rulebook.method_names
                names: Iterable[str] = (self.reached_through(call.callee, definition),)
            else:
                names = self._names_in(call, definition)
            for name in names:
                bound = self.names.api(name, definition.module)
                if bound is not None:
                    reached.append(bound)
                elif not isinstance(call.callee, Method):
                    called.update(dict.fromkeys(self.names.alternatives(name, definition.module)))
        for name in () if _is_python(definition.module) else self.pointers.taken_by(definition):
            bound = self.names.api(name, definition.module)
            reached += [] if bound is None else [bound]
        called.update(dict.fromkeys(self.classes_of(definition.function).run_by(definition)))
        return Calls(
            list(called),
            of_library or any(each.protocol.acts for each in reached),
            of_library or any(each.protocol.changes for each in reached),
        )

    def _names_in(self, call: Call, caller: Definition) -> Iterator[str]:
        """The functions that a call names: its callee, those it is given, one behind a pointer."""
        if isinstance(call.callee, Direct):
            yield call.callee.name
            loaded = self.pointers.loaded_by(call, caller)
            if loaded is not None:
                yield loaded
        pointed = self.pointers.called(call, caller)
        if pointed is not None:
            yield pointed
        for value in values_of(call):
            if isinstance(value, FunctionReference):
                yield value.name

    @cached_property
    def callers(self) -> dict[Definition, list[Definition]]:
        """Who calls each function."""
        callers: dict[Definition, list[Definition]] = {}
        for definition, calls in self.calls.items():
            for target in calls.callees:
                callers.setdefault(target, []).append(definition)
        return callers

    @cached_property
    def touching(self) -> frozenset[Definition]:
        """The functions that call the API themselves or through others."""
        direct = [definition for definition, calls in self.calls.items() if calls.touches]
        return _reached_from(direct, self._callers_of)

    @cached_property
    def changing(self) -> frozenset[Definition]:
        """The functions that make or end handles, themselves or through others.

        Those of methods that touch any are among them, and in Python all that do: what may be
        called as a method has callers that are not known here.
        """
        direct = [
            definition
            for definition, calls in self.calls.items()
            if calls.changes
            or (calls.touches and _is_python(definition.module))
            or (calls.touches and definition.function.owner_class is not None)
        ]
        return _reached_from(direct, self._callers_of)

    @cached_property
    def eventful(self) -> frozenset[Definition]:
        """The functions that something can be found in: the changing ones, and all that they call.

        make(&key) ── creates                      main() ── make(&key), end(key), sign(key)
        sign(key) ─── uses: after end() in main()  hash(context->key) ── uses, and none of these
                                                   calls it: not eventful
        """
        return _reached_from(self.changing, lambda each: self.calls[each].callees)

    def _callers_of(self, definition: Definition) -> Sequence[Definition]:
        return self.callers.get(definition, ())

    @cached_property
    def touching_in_order(self) -> list[Definition]:
        """The functions that call the API, in a fixed order."""
        return sorted_roots(self.touching)

    def components(self) -> Iterator[list[Definition]]:
        """The functions that touch the API, and all that they call, by strongly connected
        components; callees first."""
        return self._components(self.touching_in_order, frozenset())

    def bottom_up(self) -> Iterator[tuple[Definition, bool]]:
        """The functions that touch the API, callees first, and whether each calls itself through
        others."""
        for definition, recursive in self._order(self.touching_in_order, frozenset()):
            if definition in self.touching:
                yield definition, recursive

    def callees_first(
        self, definition: Definition, known: Container[Definition]
    ) -> Iterator[tuple[Definition, bool]]:
        """What a function calls, directly and through others, but for what is `known`."""
        called = [callee for callee in self.calls[definition].callees if callee not in known]
        yield from self._order(called, known)

    def _order(
        self, roots: list[Definition], known: Container[Definition]
    ) -> Iterator[tuple[Definition, bool]]:
        for component in self._components(roots, known):
            for definition in component:
                yield definition, len(component) > 1

    def _components(
        self, roots: Iterable[Definition], known: Container[Definition]
    ) -> Iterator[list[Definition]]:
        """Strongly connected components, callees first; those that are `known` are left out."""

        def called(definition: Definition) -> list[Definition]:
            return [each for each in self.calls[definition].callees if each not in known]

        return components(roots, called)


def _reached_from(
    begin: Iterable[Definition], following: Callable[[Definition], Iterable[Definition]]
) -> frozenset[Definition]:
    """Functions, and all that come after them, however far."""
    pending = list(begin)
    found = set(pending)
    while pending:
        for each in following(pending.pop()):
            if each not in found:
                found.add(each)
                pending.append(each)
    return frozenset(found)


def _is_python(module: Module) -> bool:
    return module.language is Language.PYTHON


def _variables_of(call: Call) -> Iterator[Variable]:
    """The variables that a call reads, is shown, or writes its result to."""
    if call.result is not None:
        yield call.result.root
    for value in values_of(call):
        for place in places_in(value):
            yield place.root


def _constants_of(function: Function) -> Iterator[str]:
    """The constants of other modules that a function names."""
    for block in function.blocks:
        for instruction in block.instructions:
            for value in values_of(instruction):
                yield from origins_in(value)


def _returned_by(function: Function) -> Iterator[Variable]:
    """The variables that a function returns."""
    for block in function.blocks:
        if isinstance(block.terminator, Return):
            yield from (place.root for place in places_in(block.terminator.value))


def sorted_roots(definitions: frozenset[Definition]) -> list[Definition]:
    """A fixed order, whatever the set's; the instances of a template stand in one place, and two
    headers may have functions of one name in the same place."""

    def place(definition: Definition) -> tuple[object, ...]:
        function = definition.function
        return definition.module.path, function.span, function.qualified_name, function.path

    return sorted(definitions, key=place)
