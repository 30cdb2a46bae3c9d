"""What the names of a C++ file mean: types, classes and their members, functions, overloads.

Scopes ─▶ Templates ─▶ Types ─▶ Classes ─▶ Deduction ─▶ Overloads ─▶ Lookup
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

from capilint.frontends.cpp.facts.model import (
    Bindings,
    Class,
    Declarations,
    Instance,
    Scope,
    Signature,
)
from capilint.frontends.cpp.facts.overloads import Overloads
from capilint.frontends.cpp.facts.types import last_parts
from capilint.frontends.cpp.facts.typetext import Part, type_text

_QUALIFICATION = re.compile(r"(?:(?<![\w$#])[\w$#]++|\(unnamed\))::")


class Lookup(Overloads):
    """The names of one file with its headers. A file may ask thousands of times."""

    def __init__(self, declarations: Declarations) -> None:
        super().__init__(declarations)
        self._functions: dict[tuple[str, Scope], list[Signature]] = {}
        self._variables: dict[tuple[str, Scope], tuple[str, str] | None] = {}
        self._keys: dict[tuple[Signature, str, tuple[tuple[str, str], ...]], str] = {}
        self._method_keys: dict[tuple[int, str], tuple[Signature, str]] = {}
        self._callable = _callable_names(declarations)
        self._variable_names = _variable_names(declarations)

    def add_class(self, declared: Class) -> None:
        """Add a class that no text declares, unless there is one of its name already."""
        self._callable |= {declared.name, *(each.name for each in declared.methods)}
        self.type_names.add(declared.name)
        self.declarations.classes.setdefault(declared.whole_name, [declared])
        self._types.clear()  # the name meant nothing
        self._plain.clear()
        self._field_types.clear()

    def may_call(self, name: str) -> bool:
        """Whether anything that can be called is declared by a plain name, in whatever scope."""
        return name in self._callable

    def functions(self, name: str, scope: Scope, near: Iterable[Scope] = ()) -> list[Signature]:
        """What a function's name may mean at a scope; `near` are the scopes of its arguments."""
        key = name, scope
        known = self._functions.get(key)
        if known is None:
            known = self._functions[key] = self._find_functions(name, scope)
        found = list(known)
        for each in near:
            inside = self._functions_in("::".join(each), name)
            found += [signature for signature in inside if signature not in known]
        return found

    def _find_functions(self, name: str, scope: Scope) -> list[Signature]:
        written = type_text(name)
        if not written.parts:
            return []
        start = () if written.is_global else scope
        *outer, last = written.parts
        if outer:
            return self._qualified(tuple(outer), last, start)
        for around in self.scopes.around(start):
            found = self._functions_in("::".join(around), last.name)
            if found:
                return found
        return []

    def _qualified(self, outer: tuple[Part, ...], last: Part, scope: Scope) -> list[Signature]:
        owner = self.named(outer, scope, {})
        if isinstance(owner, str):
            return self._functions_in(owner, last.name)
        if owner.instance is not None:
            return [each for _, each in self.methods(owner.instance, last.name)]
        return []

    def _functions_in(self, namespace: str, name: str) -> list[Signature]:
        """The functions of a name in a namespace and in those that it shows."""
        found: list[Signature] = []
        for whole in self.scopes.whole_names(name, namespace):
            found += self.declarations.functions.get(whole, ())
            other = self.declarations.names.get(whole)
            if other is not None and other != whole:
                found += self.declarations.functions.get(other, ())
        return found

    def instance_key(
        self, signature: Signature, arguments: Sequence[str], bindings: Bindings
    ) -> str:
        """The name of what a function template is for some arguments: `dispose<Key>(ULONG_PTR)`."""
        given = ",".join(self.canonical(each, signature.scope, bindings) for each in arguments)
        plain = signature.whole_name
        return f"{plain}<{given}>" + self.signature_key(signature, bindings).removeprefix(plain)

    def variable(self, name: str, scope: Scope) -> tuple[str, str] | None:
        """The variable of a namespace, or static member, that a name means: whole name, type."""
        if name.rpartition("::")[2].strip() not in self._variable_names:
            return None
        key = name, scope
        try:
            return self._variables[key]
        except KeyError:
            known = self._variables[key] = self._find_variable(name, scope)
            return known

    def _find_variable(self, name: str, scope: Scope) -> tuple[str, str] | None:
        written = type_text(name)
        if not written.parts or written.parts[-1].arguments:
            return None
        start = () if written.is_global else scope
        *outer, last = written.parts
        if outer:
            owner = self.named(tuple(outer), start, {})
            inside = owner if isinstance(owner, str) else owner.base
            return self._variable_in(tuple(inside.split("::")), last.name)
        for around in self.scopes.around(start):
            found = self._variable_in(around, last.name)
            if found is not None:
                return found
        return None

    def _variable_in(self, scope: Scope, name: str) -> tuple[str, str] | None:
        variables = self.declarations.variables
        namespace = "::".join(scope)
        owner = self.class_named(namespace, ()) if scope else None
        if owner is not None:
            member = self.field(owner, name)
            if member is None or not member[1].static:
                return None
            return "::".join((member[0].name, name)), member[1].type_name
        for whole in self.scopes.whole_names(name, namespace):
            for each in (whole, self.declarations.names.get(whole, "")):
                if each in variables:
                    return each, variables[each]
        return None

    def signature_key(
        self, signature: Signature, bindings: Bindings, owner: Instance | None = None
    ) -> str:
        """The name of a function with its parameters' types: `ns::Key::set(HCRYPTKEY,BOOL)`.

        It is the same for a declaration in a class and a definition out of it.
        """
        key = signature, owner.name if owner is not None else "", tuple(bindings.items())
        known = self._keys.get(key)
        if known is None:
            known = self._keys[key] = self._key(signature, bindings, owner)
        return known

    def method_key(
        self, signature: Signature, owner: Instance, bindings: Bindings | None = None
    ) -> str:
        """The same of a method that a class declares. That is asked so often that the signature is
        told by its identity. `bindings` are those of a member template."""
        if bindings is not None and bindings is not owner.bindings:
            return self.signature_key(signature, bindings, owner)
        key = id(signature), owner.name
        known = self._method_keys.get(key)
        if known is None:
            found = self.signature_key(signature, owner.bindings, owner)
            known = self._method_keys[key] = signature, found
        return known[1]

    def _key(self, signature: Signature, bindings: Bindings, owner: Instance | None) -> str:
        scope = owner.scope if owner is not None else signature.scope
        types = []
        for each in signature.parameters:
            if each.variadic:
                types.append("...")
                continue
            kind = self.type_of(each.type_name, scope, bindings)
            base = _QUALIFICATION.sub("", kind.base)
            points = kind.stars + kind.dimensions
            const = "const " if kind.is_const and (points or kind.reference) else ""
            types.append(const + base + "*" * points + kind.reference)
        name = f"{owner.name}::{signature.name}" if owner is not None else signature.whole_name
        return f"{name}({','.join(types)})"


def _callable_names(declarations: Declarations) -> set[str]:
    """The last parts of the names of functions, classes and what stands for them."""
    names = last_parts(
        declarations.functions, declarations.classes, declarations.aliases, declarations.names
    )
    for classes in declarations.classes.values():
        names.update(method.name for each in classes for method in each.methods)
    return names


def _variable_names(declarations: Declarations) -> set[str]:
    """The last parts of the names of variables, of static members, and what stands for them."""
    names = last_parts(declarations.variables, declarations.names)
    for classes in declarations.classes.values():
        names.update(each.name for one in classes for each in one.fields if each.static)
    return names
