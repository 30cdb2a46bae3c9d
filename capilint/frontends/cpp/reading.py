"""Reads C++ texts, a file and its headers alike: what they declare, which functions they define."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace

from capilint.files.compile_options import CompileOptions
from capilint.frontends.c.facts.gather import Facts, facts_of, merged
from capilint.frontends.c.preprocessing.expansion import expanded
from capilint.frontends.c.preprocessing.includes import Closure, Finder, Includes, Text, Unit
from capilint.frontends.cpp.facts import gather, merge
from capilint.frontends.cpp.facts.model import Declarations, Signature
from capilint.frontends.cpp.library import Libraries, LibraryHeader
from capilint.frontends.cpp.lowering.unit import Body
from capilint.frontends.cpp.parsing.grammar import CPP
from capilint.frontends.cpp.parsing.local_classes import with_local_classes
from capilint.frontends.cpp.parsing.made import made_by_macros
from capilint.frontends.cpp.parsing.outline import (
    BraceMacros,
    Definition,
    definitions,
    without_bodies,
)

Read = tuple[Facts, Declarations, list[Body]]
"""What a text declares, and the functions that it defines."""

_NOEXCEPT = re.compile(r"\bnoexcept\b(?!\s*\()|\bnoexcept\s*\(\s*true\s*\)|\bthrow\s*\(\s*\)")


class Headers:
    """The headers of one run, read as C++."""

    def __init__(self, find: Finder) -> None:
        """See the headers of C."""
        self._texts = Includes(find)
        self._libraries = Libraries()
        self._read: dict[Text, Read] = {}
        self._merged: dict[Closure, Read] = {}

    def unit(self, path: str, text: str, options: CompileOptions) -> Unit:
        """A file with its headers."""
        return self._libraries.added(self._texts.unit(path, text, options))

    def declared(self, unit: Unit, folders: tuple[str, ...]) -> Read:
        """What the headers of a file declare together, and the functions that they define."""
        closure = unit.closure
        if closure not in self._merged:
            own = [each for each in closure.headers if not isinstance(each, LibraryHeader)]
            parts = [self._declared_in(each, folders, unit) for each in own]
            self._merged[closure] = _merged(parts, unit)
        return self._merged[closure]

    def libraries(self, unit: Unit, folders: tuple[str, ...]) -> tuple[Declarations, list[Body]]:
        """What the library headers declare that a file calls for, and the functions of them."""
        parts = [
            self._declared_in(each, folders, unit)
            for each in unit.closure.headers
            if isinstance(each, LibraryHeader)
        ]
        declarations = merge.merged(declarations for _, declarations, _ in parts)
        bodies = [body for _, _, bodies in parts for body in bodies]
        return declarations, [replace(each, of_library=True) for each in bodies]

    def _declared_in(self, header: Text, folders: tuple[str, ...], includer: Unit) -> Read:
        if header not in self._read:
            unit = self._texts.unit_of(header, folders, includer.defines)
            self._read[header] = read(unit, None)
        return self._read[header]


def _merged(parts: list[Read], unit: Unit) -> Read:
    return (
        merged((facts for facts, _, _ in parts), unit.macros, CPP),
        merge.merged(declarations for _, declarations, _ in parts),
        [body for _, _, bodies in parts for body in bodies],
    )


def read(unit: Unit, included: Facts | None) -> Read:
    """What a text declares, and the functions that it defines."""
    text = unit.text.text

    def expand(written: str) -> str:
        return expanded(written, unit.macros.text_macro).text

    found = _definitions(unit, expand)
    rest = without_bodies(text, found)
    whole = expanded(rest, unit.macros.text_macro)
    facts = facts_of(rest, unit.macros, included, CPP, whole.text)
    facts.functions.update(each.name for each in found if not each.scope)
    declarations = gather.declared_in_text(whole.text)
    local = with_local_classes(text, found, declarations, expand)
    path = unit.text.path
    bodies = [_body(text, each, path) for each in (*found, *local)]
    for each in made_by_macros(text, whole, unit.macros.opens_block):
        body = _body(whole.text, each.definition, path)
        bodies.append(replace(body, offset=each.offset, used_at=each.used_at))
    return facts, declarations, sorted(bodies, key=lambda body: body.offset)


def _definitions(unit: Unit, expand: Callable[[str], str]) -> list[Definition]:
    """Those in the text; macros are asked for braces as long as these match."""
    text, braces = unit.text.text, unit.braces
    if braces is not None:
        found = definitions(text, BraceMacros(braces, expand))
        if all(each.complete for each in found):
            return found
    return definitions(text)


def _body(text: str, definition: Definition, path: str) -> Body:
    parameters = definition.declared
    if parameters is None:
        parameters = gather.parameters_in(definition.parameters)
    after = definition.after.split()
    signature = Signature(
        definition.name,
        definition.scope,
        parameters,
        definition.returns,
        gather.template_parameters_in(definition.template) if definition.template else (),
        definition.arguments,
        static=definition.static,
        const="const" in after,
        noexcept=_NOEXCEPT.search(definition.after) is not None,
        has_body=True,
    )
    return Body(signature, definition, text, definition.start, path=path)
