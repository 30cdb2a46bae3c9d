"""Joins declarations: of one function, of a class's methods with their definitions, of headers."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from capilint.frontends.cpp.facts.model import (
    Class,
    Declarations,
    Parameter,
    Scope,
    Signature,
)

_ELABORATION = re.compile(r"\b(?:struct|class|enum|union|typename|const(?=[^*&]*\Z))\s*")
_QUALIFICATION = re.compile(r"(?:(?<![\w$])[\w$]++|\(unnamed\))?::")


@dataclass(frozen=True, slots=True)
class Definition:
    """A function defined out of its class or namespace, by the parts of its written name."""

    path: Scope
    signature: Signature


def shape(signature: Signature) -> tuple[object, ...]:
    """What tells overloads of one name apart, as far as their text says it."""
    types = tuple(_plain(parameter) for parameter in signature.parameters)
    is_template = bool(signature.template)
    return types, signature.const, is_template, signature.arguments


def _plain(parameter: Parameter) -> str:
    text = _QUALIFICATION.sub("", _ELABORATION.sub("", parameter.type_name))
    return text.replace(" ", "") + ("..." if parameter.variadic else "")


def add_function(found: Declarations, signature: Signature) -> None:
    """Add a declaration of a function, or join it with an earlier one."""
    name = signature.whole_name
    known = found.functions.setdefault(name, [])
    if not known:
        known.append(signature)
        return
    places = found.shapes.get(name)
    if places is None or len(places) != len(known):
        places = found.shapes[name] = {shape(other): at for at, other in enumerate(known)}
    at = places.setdefault(shape(signature), len(known))
    if at < len(known):
        known[at] = joined(known[at], signature)
    else:
        known.append(signature)


def joined(first: Signature, second: Signature) -> Signature:
    """Two declarations of one function as one: names and defaults from where they are."""
    parameters = tuple(
        one._replace(name=one.name or other.name, default=one.default or other.default)
        for one, other in zip(first.parameters, second.parameters, strict=True)
    )
    return first._replace(
        parameters=parameters,
        static=first.static or second.static,
        noexcept=first.noexcept or second.noexcept,
        never_returns=first.never_returns or second.never_returns,
        defaulted=first.defaulted or second.defaulted,
        deleted=first.deleted or second.deleted,
        has_body=first.has_body or second.has_body,
    )


def with_definitions(found: Declarations, definitions: Iterable[Definition]) -> Declarations:
    """Note at classes' methods, and at functions of namespaces, that they are defined."""
    bodies: dict[str, list[Signature]] = {}
    for definition in definitions:
        for owner in _owners(definition):
            if owner in found.classes:
                bodies.setdefault(owner, []).append(definition.signature)
                break
            if owner in found.namespaces:
                scope = tuple(owner.split("::"))
                add_function(found, definition.signature._replace(scope=scope, has_body=True))
                break
    for owner, signatures in bodies.items():
        found.classes[owner] = [_defined(each, signatures) for each in found.classes[owner]]
    return found


def _owners(definition: Definition) -> Iterator[str]:
    """The classes and namespaces that a written name may be in, the innermost first."""
    scope = definition.signature.scope
    path = tuple(part.partition("<")[0] for part in definition.path[:-1])
    for depth in range(len(scope), -1, -1):
        yield "::".join((*scope[:depth], *path))


def _defined(declared: Class, signatures: list[Signature]) -> Class:
    methods = list(declared.methods)
    for signature in signatures:
        same = [index for index, each in enumerate(methods) if each.name == signature.name]
        exact = [each for each in same if _matches(methods[each], signature)]
        if not exact:
            count = len(signature.parameters)
            exact = [each for each in same if len(methods[each].parameters) == count]
            exact = exact if len(exact) == 1 else []
        for index in exact[:1]:
            method = methods[index]
            defaulted = method.defaulted or signature.defaulted
            has_body = not signature.defaulted
            methods[index] = method._replace(has_body=has_body, defaulted=defaulted)
    return declared._replace(methods=tuple(methods))


def _matches(method: Signature, definition: Signature) -> bool:
    return shape(method)[:2] == shape(definition)[:2]


def merged(parts: Iterable[Declarations]) -> Declarations:
    """What several headers declare together; of two definitions of a name the first counts."""
    found = Declarations()
    for part in parts:
        for name, classes in part.classes.items():
            known = found.classes.setdefault(name, [])
            arguments = {each.arguments for each in known}
            known += [each for each in classes if each.arguments not in arguments]
        for signatures in part.functions.values():
            for signature in signatures:
                add_function(found, signature)
        for scope, opened in part.usings.items():
            found.usings.setdefault(scope, set()).update(opened)
        found.aliases = {**part.aliases, **found.aliases}
        found.variables = {**part.variables, **found.variables}
        found.names = {**part.names, **found.names}
        found.namespaces |= part.namespaces
        found.enumerations |= part.enumerations
    return found
