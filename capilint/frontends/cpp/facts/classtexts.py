"""What the engine is told of the classes of a file: their bases, data and functions."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from capilint import ir
from capilint.frontends.cpp.facts.lookup import Lookup
from capilint.frontends.cpp.facts.model import Class, Instance


def classes_of(lookup: Lookup) -> dict[str, tuple[str, ...]]:
    """The classes by whole name, with those of their bases."""
    return {
        name: tuple(lookup.type_of(base, each.scope).base for base in each.bases)
        for name, each in _classes(lookup)
    }


def structures_of(lookup: Lookup) -> dict[str, frozenset[str]]:
    """The data members of each class, those of its bases among them."""
    found = {}
    for instance in _instances(lookup):
        lineage = lookup.lineage(instance)
        fields = (each for owner in lineage for each in owner.declared.fields if not each.static)
        found[instance.name] = frozenset(each.name for each in fields)
    return found


def texts_of(lookup: Lookup, names: Iterable[str]) -> dict[str, ir.ClassText]:
    """What the texts of some classes, and of their bases, say of their functions, and of what is
    private."""
    known = {each.name: each for each in _instances(lookup)}
    asked = (known[name] for name in names if name in known)
    lineages = (each for instance in asked for each in lookup.lineage(instance))
    return {each.name: _text(each, lookup) for each in lineages if each.name in known}


def _text(instance: Instance, lookup: Lookup) -> ir.ClassText:
    declared = instance.declared
    methods = frozenset(
        lookup.signature_key(each, {}, instance)
        for each in declared.methods
        if not (each.deleted or each.defaulted or each.pure or each.template)
    )
    fields = {(each.name, each.private) for each in declared.fields}
    members = fields | {(each.name, each.private) for each in declared.methods}
    seen = {name for name, is_private in members if not is_private}
    private = frozenset(name for name, _ in members) - seen
    derived = {each.name for each in declared.methods if each.protected}
    others = {each.name for each in declared.methods if not each.protected}
    private = frozenset() if declared.has_friends else private
    return ir.ClassText(methods, private, frozenset(derived - others))


def _classes(lookup: Lookup) -> Iterator[tuple[str, Class]]:
    for name, declared in lookup.declarations.classes.items():
        for each in declared[:1]:
            yield name, each


def _instances(lookup: Lookup) -> Iterator[Instance]:
    """The classes that are no templates."""
    for name, declared in _classes(lookup):
        if not declared.template and not declared.arguments:
            yield Instance(name, declared, {})
