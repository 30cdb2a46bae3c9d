"""What the functions of one C++ file share while they are lowered: names, and work to be done.

chosen functions ──▶ lowering ──▶ Function
                        │ uses a template, an implicit destructor, a lambda
                        ▼
                     pending ──▶ lowering ──▶ Function (internal to the file)
"""

from __future__ import annotations

import re
from collections import deque
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace

from tree_sitter import Node

from capilint import ir
from capilint.finding import Span
from capilint.frontends.c.facts.gather import Facts
from capilint.frontends.c.parsing.positions import Positions
from capilint.frontends.cpp.facts.lookup import Lookup
from capilint.frontends.cpp.facts.model import Bindings, Class, Instance, Scope, Signature, Type
from capilint.frontends.cpp.lowering.called import Callee
from capilint.frontends.cpp.parsing.outline import Definition

_NO_NAME = re.compile(r"[^\w:~#]+")
_MOST_PENDING = 2_000  # functions that one file adds: templates may be made of each other
_NOWHERE = Span(1, 1, 1, 1)


@dataclass(frozen=True)
class Body:
    """A function's text: where it stands, and what it declares.

    One that a macro defines stands where that is `used_at`. One `of_library` is of a header of
    ours: it is lowered where it is used, and has no place. `path` is that of the file that it
    stands in.
    """

    signature: Signature
    definition: Definition
    text: str
    offset: int
    used_at: Span | None = None
    of_library: bool = False
    path: str = ""

    @property
    def whole(self) -> str:
        """The text of the definition."""
        return self.text[self.definition.start : self.definition.handlers_end]


@dataclass(frozen=True)
class Captured:
    """What a lambda sees of the function around it: a name's storage, from its own `this`."""

    place: ir.Place
    type: Type | None


@dataclass(frozen=True)
class Closure:
    """A lambda: its class, its text, and the names that it captures."""

    instance: Instance
    node: Node
    name: str
    captured: dict[str, Captured]
    scope: Scope
    bindings: Bindings
    this: Instance | None
    positions: Positions


@dataclass(frozen=True)
class Task:
    """A function to be lowered besides those that stand in the file.

    `kind` is that of an implicit member (`default`, `copy`, `move`, `copy-assignment`,
    `move-assignment`, `destructor`), or empty where there is a `body` or a `closure`. `asked_at`
    is the function that needs it first, in the header of `asked_path` if it stands in one. Of a
    variadic template the names in `packs` stand for `pack_size` elements each.
    """

    name: str
    signature: Signature
    bindings: Bindings = field(default_factory=dict)
    instance: Instance | None = None
    kind: str = ""
    body: Body | None = None
    closure: Closure | None = None
    asked_at: Span = _NOWHERE
    asked_path: str = ""
    packs: tuple[str, ...] = ()
    pack_size: int = 0


@dataclass
class Unit:
    """One C++ file while it is lowered; `bodies` has the texts of templates, by whole name, `at` is
    the function that is being lowered, of the header of `at_path` if it is of one."""

    lookup: Lookup
    facts: Facts
    bodies: dict[str, list[Body]]
    pending: deque[Task] = field(default_factory=deque)
    _lambdas: dict[str, int] = field(default_factory=dict)
    _asked: set[str] = field(default_factory=set)
    settled: set[str] = field(default_factory=set)  # methods that were asked for
    methods: dict[tuple[int, str, str], Callee] = field(default_factory=dict)
    operators: dict[tuple[str, str], Callee | None] = field(default_factory=dict)
    conversions: dict[tuple[str, bool], Callee | None] = field(default_factory=dict)
    undeclared: dict[tuple[str, str, Scope], ir.Value] = field(default_factory=dict)
    _derived: dict[str, list[Class]] | None = None
    at: Span = _NOWHERE
    at_path: str = ""

    def ask(self, name: str, task: Callable[[], Task | None]) -> None:
        """Have a function lowered, once."""
        if name in self._asked or len(self._asked) >= _MOST_PENDING:
            return
        self._asked.add(name)
        made = task()
        if made is not None:
            self.pending.append(replace(made, asked_at=self.at, asked_path=self.at_path))

    def tasks(self) -> Iterator[Task]:
        """What is left to be lowered, new ones on the way among them."""
        while self.pending:
            yield self.pending.popleft()

    def body_of(self, owner: str, signature: Signature, key: str) -> Body | None:
        """The text of a template's function: the one whose parameters are those of `signature`."""
        found = self.bodies.get(f"{owner}::{signature.name}" if owner else signature.name, [])
        same = [
            each
            for each in found
            if _shape(each.signature) == _shape(signature) and not each.signature.arguments
        ]
        exact = [each for each in same if _texts(each.signature) == _texts(signature)]
        return next(iter(exact or (same if len(same) == 1 else ())), None)

    def name_of_lambda(self, function: str) -> str:
        """The name of the class of the next lambda of a function: `f::lambda#1`."""
        plain = _NO_NAME.sub("_", function)
        self._lambdas[plain] = self._lambdas.get(plain, 0) + 1
        return f"{plain}::lambda#{self._lambdas[plain]}"

    def is_of_library(self, name: str) -> bool:
        """Whether a whole name is that of a function of a library, known by a header of ours."""
        return any(each.of_library for each in self.bodies.get(name, ()))

    def overrides(self, instance: Instance, method: str) -> bool:
        """Whether a class of the file that derives from another has a method of that name."""
        return any(
            signature.name == method
            for each in self._descendants(instance)
            for signature in each.methods
        )

    def ends_as_derived(self, instance: Instance) -> bool:
        """Whether `delete` of a pointer to a class may run more than the class's own destructor:
        that is virtual, and a class of the file that derives from it has an end of its own."""
        virtual = any(
            signature.virtual and signature.name.startswith("~")
            for each in self.lookup.lineage(instance)
            for signature in each.declared.methods
        )
        return virtual and any(self._has_own_end(each) for each in self._descendants(instance))

    def _has_own_end(self, derived: Class) -> bool:
        """Whether a class has a destructor, or a member that has one."""
        if any(each.name.startswith("~") for each in derived.methods):
            return True
        kinds = (
            self.lookup.type_of(each.type_name, derived.inside, {})
            for each in derived.fields
            if not each.static
        )
        return any(each.is_object for each in kinds)

    def _descendants(self, instance: Instance) -> Iterator[Class]:
        """The classes of the file that derive from a class, be it through others."""
        pending, seen = [instance.declared.name.partition("<")[0]], set[str]()
        while pending:
            plain = pending.pop()
            if plain not in seen:
                seen.add(plain)
                derived = self._derived_from(plain)
                yield from derived
                pending += [each.name for each in derived]

    def _derived_from(self, plain: str) -> list[Class]:
        """The classes of the file that have a class of that name for a base."""
        if self._derived is None:
            self._derived = {}
            for classes in self.lookup.declarations.classes.values():
                for each in classes:
                    for base in each.bases:
                        name = base.partition("<")[0].rpartition("::")[2].strip()
                        self._derived.setdefault(name, []).append(each)
        return self._derived.get(plain, [])


def _shape(signature: Signature) -> tuple[int, bool]:
    return len(signature.parameters), signature.const


def _texts(signature: Signature) -> tuple[str, ...]:
    return tuple("".join(each.type_name.split()) for each in signature.parameters)
