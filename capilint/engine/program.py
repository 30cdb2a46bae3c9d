"""All files of one run as one program: what names mean, and in which order to analyse.

Functions are analysed bottom-up, callees before callers, so that a call finds a summary. Names
that are defined twice, and functions that call themselves, have none: they are unknown code.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property

from capilint.ir import Call, Direct, Function, FunctionReference, Language, Method, Module
from capilint.protocol import Success
from capilint.rulebook import Bound, RuleBook

MOST_ALIASES = 8


@dataclass(frozen=True, slots=True)
class Definition:
    """A function and the module that holds it."""

    module: Module
    function: Function

    def __hash__(self) -> int:
        return id(self.function)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Definition) and self.function is other.function


@dataclass
class Program:
    """Modules, and the names between them."""

    modules: Sequence[Module]
    rulebook: RuleBook
    _apis: dict[tuple[str, Language], Bound | None] = field(default_factory=dict)

    @cached_property
    def definitions(self) -> list[Definition]:
        """Every function of every module."""
        return [
            Definition(module, function) for module in self.modules for function in module.functions
        ]

    @cached_property
    def _by_name(self) -> dict[str, list[Definition]]:
        table: dict[str, list[Definition]] = {}
        for definition in self.definitions:
            table.setdefault(definition.function.qualified_name, []).append(definition)
        return table

    @cached_property
    def _python_modules(self) -> dict[str, list[Module]]:
        """Python modules by every tail of their dotted name."""
        table: dict[str, list[Module]] = {}
        for module in self.modules:
            if module.language is Language.PYTHON:
                parts = module.name.split(".")
                for start in range(len(parts)):
                    table.setdefault(".".join(parts[start:]), []).append(module)
        return table

    @cached_property
    def classes(self) -> dict[str, tuple[str, ...]]:
        """The classes of all modules by canonical name, with their bases."""
        known = {name: bases for module in self.modules for name, bases in module.classes.items()}
        for name, *bases in self.rulebook.exceptions:
            known[name] = tuple(bases)
        return known

    @cached_property
    def classes_with_methods(self) -> frozenset[str]:
        """The classes that define methods of their own."""
        return frozenset(
            definition.function.qualified_name.rpartition(".")[0]
            for definition in self.definitions
            if definition.function.owner_class is not None
        )

    def abandons_object(self, definition: Definition) -> bool:
        """Whether it is the constructor of a class that has no destructor, and no unknown base."""
        owner, _, method = definition.function.qualified_name.rpartition(".")
        if method != "__init__" or owner not in self.classes:
            return False
        pending = [owner]
        while pending:
            current = pending.pop()
            if current != "object" and current not in self.classes:
                return False
            if f"{current}.__del__" in self._by_name:
                return False
            pending += self.classes.get(current, ())
        return definition.function.parameters != ()

    @cached_property
    def _raising(self) -> frozenset[str]:
        """Functions whose result an `errcheck` turns into an exception."""
        return frozenset(
            store.removesuffix(".errcheck")
            for module in self.modules
            for store in module.attribute_stores
            if store.endswith(".errcheck")
        )

    # ------------------------------------------------------------ names

    def api(self, name: str, module: Module) -> Bound | None:
        """The API function that a name means in a module, with how it tells success there."""
        key = (name, module.language)
        if key not in self._apis:
            self._apis[key] = self._find_api(name, module.language)
        bound = self._apis[key]
        if bound is not None and module.language is not Language.PYTHON:
            internal = [
                definition
                for definition in self._by_name.get(name, [])
                if definition.module is module and definition.function.internal
            ]
            return None if internal else bound
        return bound

    def _find_api(self, name: str, language: Language) -> Bound | None:
        for candidate in self._readings(name, language):
            bound = self.rulebook.direct(candidate, language)
            if bound is not None:
                if candidate in self._raising or name in self._raising:
                    protocol = replace(bound.protocol, success=Success.RAISES)
                    return replace(bound, protocol=protocol)
                return bound
        return None

    def _readings(self, name: str, language: Language) -> Iterator[str]:
        """The name, and what it becomes through the other modules' aliases."""
        yield name
        if language is not Language.PYTHON:
            return
        seen = {name}
        pending = [name]
        while pending and len(seen) < MOST_ALIASES:
            for reading in self._through_aliases(pending.pop()):
                if reading not in seen:
                    seen.add(reading)
                    pending.append(reading)
                    yield reading

    def _through_aliases(self, name: str) -> Iterator[str]:
        parts = name.split(".")
        for end in range(len(parts) - 1, 0, -1):
            modules = self._python_modules.get(".".join(parts[:end]), [])
            if len(modules) != 1:
                continue
            rest = parts[end + 1 :]
            for meaning in modules[0].aliases.get(parts[end], ()):
                yield ".".join([meaning, *rest])
            return

    def definition(self, name: str, module: Module) -> Definition | None:
        """The one function that a name means in a module."""
        found = self.alternatives(name, module)
        return found[0] if len(found) == 1 else None

    def alternatives(self, name: str, module: Module) -> list[Definition]:
        """The functions that a name may mean in a module.

        There are several only where one C file defines the name under different `#if`s.
        """
        for reading in self._readings(name, module.language):
            found = self._candidates(reading, module)
            own = [candidate for candidate in found if candidate.module is module]
            found = own or [candidate for candidate in found if not candidate.function.internal]
            if len(found) == 1 or (own and language_is_c(module)):
                return found
            if found:
                return []
        return []

    def _candidates(self, name: str, module: Module) -> list[Definition]:
        same = [
            definition
            for definition in self._by_name.get(name, [])
            if (definition.module.language is Language.PYTHON)
            == (module.language is Language.PYTHON)
        ]
        if same or module.language is not Language.PYTHON:
            return same
        head, _, tail = name.rpartition(".")
        return [
            definition
            for candidate in self._python_modules.get(head, [])
            for definition in self._by_name.get(f"{candidate.name}.{tail}", [])
        ]

    # ------------------------------------------------------------ order

    @cached_property
    def calls(self) -> dict[Definition, tuple[list[Definition], bool]]:
        """For each function: the functions of the program it calls; whether it calls the API."""
        return {definition: self._callees(definition) for definition in self.definitions}

    def _callees(self, definition: Definition) -> tuple[list[Definition], bool]:
        called: dict[Definition, None] = {}
        touches = False
        methods = self.rulebook.method_names
        for block in definition.function.blocks:
            for instruction in block.instructions:
                if not isinstance(instruction, Call):
                    continue
                if isinstance(instruction.callee, Method):
                    touches = touches or instruction.callee.name in methods
                    continue
                for name in _names_in(instruction):
                    bound = self.api(name, definition.module)
                    if bound is not None:
                        touches = touches or acts_on_handles(bound)
                        continue
                    called.update(dict.fromkeys(self.alternatives(name, definition.module)))
        return list(called), touches

    @cached_property
    def touching(self) -> frozenset[Definition]:
        """The functions that call the API themselves or through others."""
        callers: dict[Definition, list[Definition]] = {}
        pending = []
        for definition, (called, touches) in self.calls.items():
            for target in called:
                callers.setdefault(target, []).append(definition)
            if touches:
                pending.append(definition)
        found = set(pending)
        while pending:
            for caller in callers.get(pending.pop(), []):
                if caller not in found:
                    found.add(caller)
                    pending.append(caller)
        return frozenset(found)

    @cached_property
    def touching_in_order(self) -> list[Definition]:
        """The functions that call the API, in a fixed order."""
        return sorted_roots(self.touching)

    def bottom_up(self) -> Iterator[tuple[Definition, bool]]:
        """The functions worth analysing, callees first, and whether each calls itself.

        Those are the ones that touch the API and, for their summaries, all that these call.
        """
        for component in self._components(self.touching_in_order):
            for definition in component:
                recursive = len(component) > 1 or definition in self.calls[definition][0]
                yield definition, recursive

    def _components(self, roots: list[Definition]) -> Iterator[list[Definition]]:
        """Strongly connected components in reverse topological order (Tarjan, iterative)."""
        index: dict[Definition, int] = {}
        low: dict[Definition, int] = {}
        stack: list[Definition] = []
        on_stack: set[Definition] = set()
        for root in roots:
            if root in index:
                continue
            work: list[tuple[Definition, int]] = [(root, 0)]
            while work:
                node, position = work.pop()
                if position == 0:
                    index[node] = low[node] = len(index)
                    stack.append(node)
                    on_stack.add(node)
                called = self.calls[node][0]
                if position > 0:
                    low[node] = min(low[node], low[called[position - 1]])
                while position < len(called) and called[position] in index:
                    if called[position] in on_stack:
                        low[node] = min(low[node], index[called[position]])
                    position += 1
                if position < len(called):
                    work += [(node, position + 1), (called[position], 0)]
                elif low[node] == index[node]:
                    component: list[Definition] = []
                    while not component or component[-1] != node:
                        component.append(stack.pop())
                        on_stack.discard(component[-1])
                    yield component


def language_is_c(module: Module) -> bool:
    """Whether names are defined by a preprocessor's choice."""
    return module.language is not Language.PYTHON


def sorted_roots(definitions: frozenset[Definition]) -> list[Definition]:
    """A fixed order, whatever the set's."""
    return sorted(
        definitions,
        key=lambda definition: (definition.module.path, definition.function.span),
    )


def acts_on_handles(bound: Bound) -> bool:
    """Whether an API function creates, uses or releases a handle."""
    protocol = bound.protocol
    return bool(protocol.creates or protocol.uses or protocol.releases or protocol.retains)


def _names_in(call: Call) -> Iterator[str]:
    if isinstance(call.callee, Direct):
        yield call.callee.name
    for argument in (*call.arguments, *(value for _, value in call.keywords)):
        if isinstance(argument, FunctionReference):
            yield argument.name
