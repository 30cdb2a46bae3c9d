"""What classes have: members of their own and of their bases, and the special ones unsaid."""

from __future__ import annotations

import re
from collections.abc import Iterator

from capilint.frontends.cpp.facts.model import Declarations, Field, Instance, Signature, Type
from capilint.frontends.cpp.facts.special import COPIES, MOVES, SUPPRESSING_MOVES, Special
from capilint.frontends.cpp.facts.types import Types

_DEEPEST = 30  # stars and template arguments in the name of one class
_CONVERSION = re.compile(r"operator\s+(?!new\b|delete\b|co_await\b)[\w:]")


class Classes(Types):
    """The classes of one file with its headers."""

    def __init__(self, declarations: Declarations) -> None:
        super().__init__(declarations)
        self._destructors: dict[str, bool] = {}
        self._special: dict[tuple[str, str], Special] = {}
        self._fields: dict[str, dict[str, tuple[Instance, Field]]] = {}
        self._field_types: dict[tuple[str, str], tuple[Field, Type]] = {}
        self._methods: dict[tuple[str, str], list[tuple[Instance, Signature]]] = {}
        self._conversions: dict[str, list[tuple[Instance, Signature]]] = {}

    # ------------------------------------------------------------ members

    def field(self, instance: Instance, name: str) -> tuple[Instance, Field] | None:
        """The data member of a name, and the class that declares it."""
        known = self._fields.get(instance.name)
        if known is None:
            known = self._fields[instance.name] = {}
            for owner in self.lineage(instance):
                for each in owner.declared.fields:
                    known.setdefault(each.name, (owner, each))
        return known.get(name)

    def fields(self, instance: Instance) -> tuple[Field, ...]:
        """A class's own data members in order."""
        return instance.declared.fields

    def field_type(self, instance: Instance, member: Field) -> Type:
        """The type of a data member of a class's own."""
        key = instance.name, member.name
        known = self._field_types.get(key)
        if known is None or known[0] is not member:
            found = self.type_of(member.type_name, instance.scope, instance.bindings)
            if found.dimensions < member.dimensions:
                found = found._replace(dimensions=member.dimensions)
            known = self._field_types[key] = member, found
        return known[1]

    def methods(self, instance: Instance, name: str) -> list[tuple[Instance, Signature]]:
        """The overloads of a name in the nearest class of the lineage that has any.

        Those that a `using Base::name` adds are among them; deleted ones are not.
        """
        key = instance.name, name
        known = self._methods.get(key)
        if known is None:
            known = self._methods[key] = self._find_methods(instance, name)
        return known

    def _find_methods(self, instance: Instance, name: str) -> list[tuple[Instance, Signature]]:
        for owner in self.lineage(instance):
            found = [(owner, each) for each in owner.declared.methods if each.name == name]
            whole = "::".join((*owner.declared.inside, name))
            if whole in self.declarations.names and name != owner.declared.name:
                for base in self.bases(owner):
                    found += self.methods(base, name) if base is not None else ()
            if found:
                return [each for each in found if not each[1].deleted]
        return []

    def constructors(self, instance: Instance) -> list[Signature]:
        """The constructors that a class declares."""
        name = instance.declared.name
        return [each for each in instance.declared.methods if each.name == name]

    def inherited_constructors(self, instance: Instance) -> Iterator[Instance]:
        """The bases whose constructors a class has taken over: `using Base::Base;`, by the base's
        own name or by one that stands for it in the class."""
        inside = instance.declared.inside
        prefix = "".join(f"{each}::" for each in inside)
        known = [name for name in self.declarations.names if name.startswith(prefix)]
        for base in self.bases(instance) if known else ():
            names = (name.removeprefix(prefix) for name in known)
            if base is not None and any(
                name == base.declared.name
                or self.class_named(name, inside, instance.bindings) == base
                for name in names
            ):
                yield base

    def destructor(self, instance: Instance) -> Signature | None:
        """The destructor that a class declares."""
        name = f"~{instance.declared.name}"
        return next((each for each in instance.declared.methods if each.name == name), None)

    def conversions(self, instance: Instance) -> list[tuple[Instance, Signature]]:
        """The operators that turn an object into something else."""
        known = self._conversions.get(instance.name)
        if known is None:
            known = self._conversions[instance.name] = [
                (owner, each)
                for owner in self.lineage(instance)
                for each in owner.declared.methods
                if _CONVERSION.match(each.name) and not each.deleted
            ]
        return known

    def parts(self, instance: Instance) -> list[Instance]:
        """The objects that an object of the class consists of: bases, members, their elements.

        None for a template that is made of ever other instances of itself.
        """
        if instance.name.count("<") + instance.name.count("*") > _DEEPEST:
            return []
        found = [base for base in self.bases(instance) if base is not None]
        for member in instance.declared.fields:
            if not member.static:
                kind = self.field_type(instance, member)
                if kind.is_object and kind.instance is not None:
                    found.append(kind.instance)
        return found

    # ------------------------------------------------------------ special members

    def has_destructor(self, instance: Instance) -> bool:
        """Whether destroying an object runs anything that people wrote."""
        known = self._destructors.get(instance.name)
        if known is None:
            self._destructors[instance.name] = False  # for classes that hold themselves
            own = self.destructor(instance)
            known = own is not None and not own.defaulted
            if not known and not instance.declared.is_union:
                known = any(self.has_destructor(part) for part in self.parts(instance))
            self._destructors[instance.name] = known
        return known

    def declared_special(self, instance: Instance, kind: str) -> Signature | None:
        """The constructor or assignment that a class declares for copying, moving, or nothing."""
        if kind == "destructor":
            return self.destructor(instance)
        name = "operator=" if kind.endswith("assignment") else instance.declared.name
        for each in instance.declared.methods:
            if each.name == name and self._is_special(each, instance, kind):
                return each
        return None

    def _is_special(self, signature: Signature, instance: Instance, kind: str) -> bool:
        needed = [each for each in signature.parameters if not (each.default or each.variadic)]
        if kind == "default":
            return not needed
        if not signature.parameters or len(needed) > 1 or signature.template:
            return False
        first = signature.parameters[0]
        taken = self.type_of(first.type_name, instance.scope, instance.bindings)
        if taken.instance != instance or taken.stars or first.variadic:
            return False
        if not taken.reference and not kind.endswith("assignment"):
            return False
        return (taken.reference == "&&") == kind.startswith("move")

    def special(self, instance: Instance, kind: str) -> Special:
        """Where a special member comes from: `default`, `copy`, `move`, `copy-assignment`,
        `move-assignment`, `destructor`."""
        key = instance.name, kind
        known = self._special.get(key)
        if known is None:
            self._special[key] = Special.IMPLICIT  # for classes that hold themselves
            known = self._special[key] = self._special_of(instance, kind)
        return known

    def _special_of(self, instance: Instance, kind: str) -> Special:
        declared = self.declared_special(instance, kind)
        if declared is not None and not declared.defaulted:
            return Special.DELETED if declared.deleted else Special.USER
        if declared is None:
            if kind == "default" and self.constructors(instance):
                return Special.NONE
            if kind in MOVES and any(
                self.declared_special(instance, other) for other in SUPPRESSING_MOVES - {kind}
            ):
                return Special.NONE
            if kind in COPIES and any(self.declared_special(instance, other) for other in MOVES):
                return Special.DELETED
        if self._is_impossible(instance, kind):
            return Special.NONE if kind in MOVES else Special.DELETED
        return Special.IMPLICIT

    def _is_impossible(self, instance: Instance, kind: str) -> bool:
        """Whether a part of an object stands in the way of what the compiler would make."""
        for member in instance.declared.fields:
            kept = self.field_type(instance, member)
            fixed = bool(kept.reference) or (kept.is_const and not kept.stars)
            if member.static or not fixed:
                continue
            if kind.endswith("assignment") or (kind == "default" and not member.default):
                return bool(kept.reference) or not kept.is_object
        for part in self.parts(instance):
            special = self.special(part, kind)
            if special is Special.NONE and kind in MOVES:
                special = self.special(part, kind.replace("move", "copy"))
            if special in (Special.DELETED, Special.NONE):
                return True
        return False

    def needs_default_constructor(self, instance: Instance) -> bool:
        """Whether beginning an object without arguments runs or sets anything."""
        if self.special(instance, "default") is Special.USER:
            return True
        if any(each.default and not each.static for each in instance.declared.fields):
            return True
        return any(
            self.needs_default_constructor(part)
            for part in self.parts(instance)
            if part != instance
        )
