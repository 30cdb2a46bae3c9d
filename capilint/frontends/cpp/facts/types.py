"""Resolves written types to what they name: through scopes, aliases, templates and bases.

`Traits::Handle` at ("ns", "Holder<Key>"), Traits = "KeyTraits"
    template parameter ─▶ class KeyTraits ─▶ its alias, or that of a base ─▶ `HCRYPTKEY`
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from capilint.frontends.cpp.facts.model import (
    Bindings,
    Declarations,
    Instance,
    Scope,
    Type,
    scope_of,
)
from capilint.frontends.cpp.facts.templates import Entity, Templates
from capilint.frontends.cpp.facts.typetext import Part, type_text

_DEEPEST = 30  # aliases and template arguments, one inside the other
_MOST_BASES = 100  # of one class; a template may derive from ever other instances of itself


class Types(Templates):
    """The types of one file with its headers."""

    def __init__(self, declarations: Declarations) -> None:
        super().__init__(declarations)
        self._types: dict[tuple[str, Scope, tuple[tuple[str, str], ...]], Type] = {}
        self._plain: dict[str, Type] = {}  # of a name that nothing declares, at whatever scope
        self._bases: dict[str, list[Instance | None]] = {}
        self._depth = 0
        self.type_names = last_parts(
            declarations.classes,
            declarations.aliases,
            declarations.enumerations,
            declarations.names,
            declarations.namespaces,
        )

    # ------------------------------------------------------------ from text

    def type_of(self, text: str, scope: Scope, bindings: Bindings | None = None) -> Type:
        """What a written type is at a scope, template parameters standing for `bindings`."""
        key = (text, scope, tuple(bindings.items()) if bindings else ())
        found = self._types.get(key)
        if found is None:
            found = self._plain.get(text)
            if found is not None and not (bindings and found.base in bindings):
                self._types[key] = found
                return found
            if self._depth > _DEEPEST:
                return Type(text.strip())
            self._depth += 1
            try:
                found = self._resolved(text, scope, bindings or {})
            finally:
                self._depth -= 1
            self._types[key] = found
            if self._is_the_same_everywhere(text, found.base, bindings):
                self._plain[text] = found
        return found

    def _is_the_same_everywhere(self, text: str, name: str, bindings: Bindings | None) -> bool:
        """Whether all that a type's text names is a name that no scope declares."""
        if name in self.type_names or (bindings and name in bindings) or not name.isidentifier():
            return False
        return type_text(text).parts == (Part(name),)

    def class_named(
        self, name: str, scope: Scope, bindings: Bindings | None = None
    ) -> Instance | None:
        """The class that a name means at a scope."""
        if not type_text(name).is_plain:
            return None
        found = self.type_of(name, scope, bindings)
        return found.instance if not (found.stars or found.reference) else None

    def _resolved(self, text: str, scope: Scope, bindings: Bindings) -> Type:
        written = type_text(text)
        if not written.parts:
            return Type(text.strip())
        start = () if written.is_global else scope
        found = self.named(written.parts, start, bindings)
        if not isinstance(found, Type):
            found = Type("::".join(part.text for part in written.parts))
        reference = written.reference or found.reference
        if "&" in (found.reference, written.reference):
            reference = "&"
        return Type(
            found.base,
            found.instance,
            found.stars + written.stars,
            reference,
            found.is_const or written.is_const,
            found.dimensions + written.dimensions,
        )

    # ------------------------------------------------------------ names

    def named(self, parts: tuple[Part, ...], scope: Scope, bindings: Bindings) -> Entity:
        """What a name in parts means at a scope, from the innermost scope outwards.

        A type with the name as it is written where it is not declared.
        """
        first = parts[0]
        bound = bindings.get(first.name)
        found: Entity | None
        if bound is not None and bound != first.name:
            meant = type_text(bound).parts
            if first.arguments is not None and len(meant) == 1:  # of a template template parameter
                found = self.named((Part(meant[0].name, first.arguments),), (), bindings)
            else:
                found = self.type_of(bound, ())
        else:
            found = None
            for outer in self.scopes.around(scope) if first.name in self.type_names else ():
                found = self._in_scope(first, outer, scope, bindings)
                if found is not None:
                    break
        for part in parts[1:]:
            if isinstance(found, Type):
                owner = found.instance if not found.stars else None
                found = None if owner is None else self._member(owner, part, scope, bindings)
            elif found is not None:
                found = self._in_namespace(found, part, scope, bindings)
            if found is None:
                break
        if found is None:
            return self._unknown(parts, scope, bindings)
        return found

    def _unknown(self, parts: tuple[Part, ...], scope: Scope, bindings: Bindings) -> Type:
        """A class inside a function, or what is not declared: its name, in one spelling."""
        texts = []
        for part in parts:
            if part.arguments is not None:
                given = self._given(part.arguments, (), scope, bindings)
                part = Part(part.name, tuple(given))
            texts.append(part.text)
        whole = "::".join(texts)
        local = self.declarations.classes.get(whole)
        return Type(whole, self._instance(whole, local[0], {})) if local else Type(whole)

    def _in_scope(
        self, part: Part, outer: Scope, scope: Scope, bindings: Bindings
    ) -> Entity | None:
        """What a name means in one of the scopes around it."""
        owner = self._class_of(outer, bindings) if outer else None
        if owner is not None:
            return self._member(owner, part, scope, bindings)
        return self._in_namespace("::".join(outer), part, scope, bindings)

    def _class_of(self, scope: Scope, bindings: Bindings) -> Instance | None:
        """The class that a scope is the inside of."""
        name = "::".join(scope)
        known = self._instances.get(name)
        if known is not None:
            return known
        if "<" in name:
            name = "::".join(part.partition("<")[0] for part in scope)
        classes = self.declarations.classes.get(name)
        if not classes:
            return None
        primary = self._primary(classes)
        named = {each.name: each.name for each in primary.template}
        bound = {name: bindings.get(name, name) for name in named}
        return self.made_of(primary, bound)

    def _in_namespace(
        self, namespace: str, part: Part, scope: Scope, bindings: Bindings
    ) -> Entity | None:
        for whole in self.scopes.whole_names(part.name, namespace):
            found = self._entity(whole, part, None, scope, bindings)
            if found is not None:
                return found
        return None

    def _member(self, owner: Instance, part: Part, scope: Scope, bindings: Bindings) -> Type | None:
        """What a name means inside a class, its bases included; its own name is the class."""
        for each in self.lineage(owner):
            declared = each.declared
            if part.name == declared.name:
                if part.arguments is None or not self.is_template(declared):
                    return Type(each.name, each)
                classes = self.declarations.classes[declared.whole_name]
                return self._class_type(classes, part, None, scope, bindings)
            whole = "::".join((*declared.inside, part.name))
            found = self._entity(whole, part, each, scope, bindings)
            if isinstance(found, Type):
                return found
        return None

    def _entity(
        self, whole: str, part: Part, owner: Instance | None, scope: Scope, bindings: Bindings
    ) -> Entity | None:
        """What a whole name means, seen from a scope; `owner` is the class that it is of."""
        declarations = self.declarations
        alias = declarations.aliases.get(whole)
        if alias is not None:
            inner = dict(owner.bindings) if owner is not None else {}
            inside = owner.scope if owner is not None else alias.scope
            if alias.template:
                given = self._given(part.arguments or (), alias.template, scope, bindings)
                inner.update(self._bound(alias.template, given, inside, inner))
            meant = self.type_of(alias.meaning, inside, inner)
            return None if meant.base == alias.name and meant.instance is None else meant
        classes = declarations.classes.get(whole)
        if classes:
            return self._class_type(classes, part, owner, scope, bindings)
        if whole in declarations.enumerations:
            return Type(f"{owner.name}::{part.name}" if owner is not None else whole)
        other = declarations.names.get(whole)
        if other is not None and other != whole:
            inside = owner.scope if owner is not None else scope_of(whole)[:-1]
            source = type_text(other).parts
            if len(source) > 1 and source[-2].name == part.name:
                return None  # `using Base::Base;`: the constructors, and no other name for it
            parts = (*source[:-1], Part(part.name, part.arguments))
            if other in declarations.namespaces:
                return other
            start = inside if len(parts) > 1 else ()
            return self.named(parts, start, owner.bindings if owner is not None else bindings)
        return whole if whole in declarations.namespaces else None

    # ------------------------------------------------------------ bases

    def bases(self, instance: Instance) -> list[Instance | None]:
        """The base classes in order, None for one that is not known."""
        found = self._bases.get(instance.name)
        if found is None:
            declared = instance.declared
            outside = instance.scope[:-1]
            found = [
                self.type_of(each.removesuffix("..."), outside, instance.bindings).instance
                for each in declared.bases
            ]
            self._bases[instance.name] = found
        return found

    def ancestors(self, instance: Instance) -> Iterator[Instance]:
        """The known base classes, and theirs, the nearest first."""
        pending = [instance]
        seen = {instance.name}
        while pending and len(seen) < _MOST_BASES:
            for base in self.bases(pending.pop(0)):
                if base is not None and base.name not in seen:
                    seen.add(base.name)
                    pending.append(base)
                    yield base

    def lineage(self, instance: Instance) -> Iterator[Instance]:
        """The class and its ancestors."""
        yield instance
        if instance.declared.bases:
            yield from self.ancestors(instance)

    def is_complete(self, instance: Instance) -> bool:
        """Whether all that the class derives from is known."""
        return all(None not in self.bases(each) for each in self.lineage(instance))


def last_parts(*tables: Iterable[str]) -> set[str]:
    """The last parts of whole names: without one, no scope needs to be looked through."""
    return {whole.rpartition("::")[2] for table in tables for whole in table}
