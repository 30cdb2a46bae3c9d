"""Resolves written types to what they name: through scopes, aliases, templates and their
parameters."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from capilint.frontends.cpp.facts.model import (
    Bindings,
    Class,
    Declarations,
    Field,
    Instance,
    Scope,
    Type,
)
from capilint.frontends.cpp.facts.typetext import Part, type_text

_DEEPEST = 20  # aliases and template arguments, one inside the other


class Types:
    """The types of one file with its headers."""

    def __init__(self, declarations: Declarations) -> None:
        self.declarations = declarations
        self._types: dict[tuple[str, Scope, tuple[tuple[str, str], ...]], Type] = {}
        self._variables: dict[tuple[str, Scope], tuple[str, str] | None] = {}
        self._depth = 0

    # ------------------------------------------------------------ from text

    def type_of(self, text: str, scope: Scope, bindings: Bindings | None = None) -> Type:
        """What a written type is at a scope, template parameters standing for `bindings`."""
        key = (text, scope, tuple((bindings or {}).items()))
        found = self._types.get(key)
        if found is None:
            found = self._resolved(text, scope, bindings or {})
            self._types[key] = found
        return found

    def class_named(
        self, name: str, scope: Scope, bindings: Bindings | None = None
    ) -> Instance | None:
        """The class that a name means at a scope."""
        written = type_text(name)
        if not written.parts or written.stars or written.reference:
            return None
        found = self.type_of(name, scope, bindings)
        return found.instance if not found.stars else None

    def _resolved(self, text: str, scope: Scope, bindings: Bindings) -> Type:
        written = type_text(text)
        if not written.parts or self._depth > _DEEPEST:
            return Type(text.strip())
        self._depth += 1
        try:
            found = self._named(written.parts, scope, bindings)
        finally:
            self._depth -= 1
        reference = written.reference or found.reference
        if found.reference == "&" or written.reference == "&":
            reference = "&"
        return Type(
            found.base,
            found.instance,
            found.stars + written.stars,
            reference,
            found.is_const or written.is_const,
            found.dimensions + written.dimensions,
        )

    def _named(self, parts: tuple[Part, ...], scope: Scope, bindings: Bindings) -> Type:
        bound = bindings.get(parts[0].name) if parts[0].arguments is None else None
        if bound is not None and bound != parts[0].name:
            if len(parts) == 1:
                return self.type_of(bound, ())
            parts = (*type_text(bound).parts, *parts[1:])
            scope, bindings = (), {}
        if len(parts) > 1 and any(each.arguments is not None for each in parts[:-1]):
            member = self._member_type(parts, scope, bindings)
            if member is not None:
                return member
        for whole, owner in self._readings(parts, scope):
            found = self._entity(whole, parts[-1], owner, scope, bindings)
            if found is not None:
                return found
        return Type("::".join(_spelt(each) for each in parts))

    def _member_type(
        self, parts: tuple[Part, ...], scope: Scope, bindings: Bindings
    ) -> Type | None:
        """The type that an instance of a template, or a base of its, names as a member."""
        owner = self._named(parts[:-1], scope, bindings).instance
        for each in self.lineage(owner) if owner is not None else ():
            alias = self.declarations.aliases.get(f"{each.declared.whole_name}::{parts[-1].name}")
            if alias is not None and not alias.template:
                return self.type_of(alias.meaning, each.scope, each.bindings)
        return None

    def _readings(self, parts: tuple[Part, ...], scope: Scope) -> Iterator[tuple[str, Scope]]:
        """The whole names that a written one may have, from the innermost scope outwards, each
        with the scope that it is found in."""
        names = [each.name for each in parts]
        plain = tuple(each.partition("<")[0] for each in scope)
        for end in range(len(plain), -1, -1):
            around = plain[:end]
            for within in (around, *self._opened(around)):
                whole = "::".join((*within, *names))
                yield whole, within
                for cut in range(1, len(names)):  # a class of the way may be an alias or have bases
                    head = "::".join((*within, *names[:cut]))
                    for other in self._meanings(head, parts[cut - 1], within):
                        yield "::".join((other, *names[cut:])), within
            if around:
                yield from self._inherited("::".join(around), names)

    def _opened(self, around: Scope) -> Iterator[Scope]:
        pending = [around]
        seen = {around}
        while pending:
            for each in sorted(self.declarations.usings.get(pending.pop(), ())):
                opened = tuple(each.split("::"))
                if opened not in seen:
                    seen.add(opened)
                    pending.append(opened)
                    yield opened

    def _meanings(self, head: str, part: Part, within: Scope) -> Iterator[str]:
        alias = self.declarations.aliases.get(head)
        if alias is not None:
            found = self.type_of(alias.meaning, alias.scope)
            yield found.base.partition("<")[0]
        if head in self.declarations.names:
            yield self.declarations.names[head]

    def _inherited(self, owner: str, names: list[str]) -> Iterator[tuple[str, Scope]]:
        for declared in self.declarations.classes.get(owner, ())[:1]:
            for base in declared.bases:
                plain = type_text(base).parts
                if not plain:
                    continue
                for whole, _ in self._readings(plain, declared.scope):
                    if whole in self.declarations.classes and whole != owner:
                        yield "::".join((whole, *names)), declared.scope
                        break

    def _entity(
        self, whole: str, last: Part, within: Scope, scope: Scope, bindings: Bindings
    ) -> Type | None:
        alias = self.declarations.aliases.get(whole)
        if alias is not None:
            inner = dict(bindings)
            for parameter, argument in zip(alias.template, last.arguments or (), strict=False):
                inner[parameter.name] = self.canonical(argument, scope, bindings)
            meant = self.type_of(alias.meaning, alias.scope, inner)
            return None if meant.base == alias.name else meant
        classes = self.declarations.classes.get(whole)
        if classes:
            made = self._instance(classes, last, scope, bindings)
            return Type(made.name, made) if made is not None else Type(whole)
        other = self.declarations.names.get(whole)
        if other is not None and other != whole:
            return self.type_of(
                other + (f"<{','.join(last.arguments)}>" if last.arguments else ""), ()
            )
        if whole in self.declarations.enumerations:
            return Type(whole)
        return None

    # ------------------------------------------------------------ templates

    def _instance(
        self, classes: list[Class], last: Part, scope: Scope, bindings: Bindings
    ) -> Instance | None:
        primary = next((each for each in classes if not each.arguments), classes[0])
        if not primary.template:
            return Instance(primary.whole_name, primary, {})
        if last.arguments is None:
            names = [each.name for each in primary.template]
            if not all(name in bindings for name in names):
                if any(part.partition("<")[0] == primary.name for part in scope):
                    return self.made_of(primary, {name: name for name in names})
                if not all(each.default for each in primary.template):
                    return None
                return self.made_of(primary, self._with_defaults(primary, {}))
            return self.made_of(primary, {name: bindings[name] for name in names})
        given = [self.canonical(each, scope, bindings) for each in last.arguments]
        for each in classes:
            if each.arguments and not each.template:
                special = [self.canonical(other, each.scope) for other in each.arguments]
                if special == given:
                    return Instance(f"{primary.whole_name}<{','.join(given)}>", each, {})
        bound = {
            parameter.name: argument
            for parameter, argument in zip(primary.template, given, strict=False)
        }
        return self.made_of(primary, self._with_defaults(primary, bound))

    def _with_defaults(self, primary: Class, bound: dict[str, str]) -> dict[str, str]:
        for parameter in primary.template[len(bound) :]:
            if parameter.default:
                bound[parameter.name] = self.canonical(parameter.default, primary.scope, bound)
            else:
                bound[parameter.name] = parameter.name
        return bound

    def made_of(self, primary: Class, bound: Bindings) -> Instance:
        """The class that a template makes of what its parameters stand for."""
        return Instance(f"{primary.whole_name}<{','.join(bound.values())}>", primary, bound)

    def canonical(self, argument: str, scope: Scope, bindings: Bindings | None = None) -> str:
        """A template argument as it is always written."""
        text = argument.strip()
        if text.startswith("decltype"):
            return "".join(text.replace("::", "", 1).split()) if "(&::" in text else text
        if text.startswith("&"):
            text = text[1:]
        text = text.strip().removeprefix("::")
        found = self.type_of(text, scope, bindings)
        return found.base + "*" * found.stars + found.reference

    # ------------------------------------------------------------ classes

    def bases(self, instance: Instance) -> list[Instance | None]:
        """The base classes in order, None for one that is not known."""
        declared = instance.declared
        return [
            self.type_of(each, declared.scope, instance.bindings).instance
            for each in declared.bases
        ]

    def ancestors(self, instance: Instance) -> Iterator[Instance]:
        """The known base classes, and theirs."""
        pending = [instance]
        seen = {instance.name}
        while pending:
            for base in self.bases(pending.pop(0)):
                if base is not None and base.name not in seen:
                    seen.add(base.name)
                    pending.append(base)
                    yield base

    def is_complete(self, instance: Instance) -> bool:
        """Whether all base classes are known."""
        return all(None not in self.bases(each) for each in self.lineage(instance))

    def lineage(self, instance: Instance) -> Iterator[Instance]:
        """The class and its ancestors."""
        yield instance
        yield from self.ancestors(instance)

    def field(self, instance: Instance, name: str) -> tuple[Instance, Field] | None:
        """The data member of a name, and the class that declares it."""
        for owner in self.lineage(instance):
            for each in owner.declared.fields:
                if each.name == name:
                    return owner, each
        return None

    def fields(self, instance: Instance) -> tuple[Field, ...]:
        """A class's own data members in order."""
        return instance.declared.fields

    def field_type(self, instance: Instance, member: Field) -> Type:
        """The type of a data member."""
        found = self.type_of(member.type_name, instance.scope, instance.bindings)
        return replace(found, dimensions=max(found.dimensions, member.dimensions))

    def variable(self, name: str, scope: Scope) -> tuple[str, str] | None:
        """The variable of a namespace, or static member, that a name means: whole name, type."""
        key = (name, scope)
        if key not in self._variables:
            self._variables[key] = self._find_variable(name, scope)
        return self._variables[key]

    def _find_variable(self, name: str, scope: Scope) -> tuple[str, str] | None:
        parts = type_text(name).parts
        if not parts or any(each.arguments for each in parts):
            return None
        for whole, _ in self._readings(parts, scope):
            found = self.declarations.variables.get(whole)
            if found is not None:
                return whole, found
        return None


def _spelt(part: Part) -> str:
    return part.name if part.arguments is None else f"{part.name}<{','.join(part.arguments)}>"
