"""Which structure a C pointer leads to, as far as the types that the text declares tell.

    typedef struct signer { ... } signer_t, *signer_ptr;

    struct signer *      ┐
    const signer_t *     ├──►  signer, one pointer
    signer_ptr           ┘

A type that no file explains is its own name, and nothing else's. One that a file defines for itself
is none of another file; those of headers are one where they have the same members.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import NamedTuple

from capilint.engine.program.linkage import Definition
from capilint.ir import (
    Assign,
    Call,
    ClassText,
    Function,
    Module,
    Parameter,
    Place,
    Read,
    Value,
    Variable,
)

UNTYPED = "void"
_QUALIFIERS = frozenset(
    {"const", "volatile", "struct", "union", "class", "restrict", "__restrict", "CONST", "FAR"}
)
_WORDS = re.compile(r"(?:\(unnamed\)|\w+)(?:::(?:\(unnamed\)|\w+))*|\S")
_NAME = re.compile(r"(?<![\w:()])[\d:()]*+[^\W\d][\w:()]*+")

_asked_of: tuple[Mapping[str, ClassText], dict[str, list[str]]] = ({}, {})


class Typed(NamedTuple):
    """A type by its name, its home, and the pointers in front of it.

    The home is the file that defines it for itself, or else what tells it from others of its name.
    """

    name: str
    home: str
    pointers: int

    def pointed_to(self) -> Typed:
        """What a pointer of this type leads to; a name that hides its pointer has -1 then."""
        return self._replace(pointers=self.pointers - 1)

    def pointer(self) -> Typed:
        """A pointer to this type."""
        return self._replace(pointers=self.pointers + 1)


def has_member(typed: Typed, name: str, module: Module) -> bool:
    """Whether a structure is known to have a member, as a module sees it."""
    return name in module.structures.get(typed.name, ())


def declared_type(definition: Definition, place: Place) -> Typed | None:
    """The type of a variable, or of what it points to; None where it is not told."""
    function = definition.function
    declared = next((p.type_name for p in function.parameters if p.variable == place.root), "")
    typed = named_type(declared or function.types.get(place.root, ""), definition.module)
    for accessor in place.path:
        if typed is None or accessor != "*":
            return None
        typed = typed.pointed_to()
    return typed


def parameter_type(definition: Definition, parameter: Parameter) -> Typed | None:
    """The type of a parameter; of an untyped pointer that of the local that it goes into."""
    typed = declared_type(definition, Place(parameter.variable))
    if typed is None or typed.name != UNTYPED:
        return typed
    own = aliases(definition.function, parameter.variable) - {parameter.variable}
    types = {declared_type(definition, Place(each)) for each in own}
    return types.pop() if len(types) == 1 else None


def reached_type(definition: Definition, place: Place) -> Typed | None:
    """What a variable, or a pointer in one, leads to; an untyped parameter as it is used."""
    for parameter in definition.function.parameters:
        if parameter.variable == place.root:
            typed = parameter_type(definition, parameter)
            return typed and typed._replace(pointers=typed.pointers - len(place.path))
    return declared_type(definition, place)


def named_type(text: str, module: Module) -> Typed | None:
    """The type that a declaration's text means in a module."""
    typed = _plain([text, *module.typedefs.get(text, ())][-1])
    if typed is not None and typed.name not in module.structures:
        typed = typed._replace(name=_in_a_namespace(typed.name, module))
    if typed is None or typed.name not in module.structures:
        return typed
    if typed.name in module.own_structures:
        return typed._replace(home=module.path)
    return typed._replace(home=" ".join(sorted(module.structures[typed.name])))


def declaring(typed: Typed, member: str, module: Module) -> Typed:
    """The class that a member of another is inherited from, or that one itself."""
    seen = {typed.name}
    while True:
        bases = module.classes.get(typed.name, ())
        holders = [each for each in bases if member in module.structures.get(each, ())]
        found = named_type(holders[0], module) if holders else None
        if found is None or found.name in seen:
            return typed
        seen.add(found.name)
        typed = found._replace(pointers=typed.pointers)


def aliases(function: Function, variable: Variable) -> set[Variable]:
    """A variable, unless it changes, and those that are set once, to it."""
    sources: dict[Variable, list[Value | None]] = {}
    for block in function.blocks:
        for instruction in block.instructions:
            match instruction:
                case Assign(Place(root, ()), value):
                    sources.setdefault(root, []).append(value)
                case Call(result=Place(root, ())):
                    sources.setdefault(root, []).append(None)
    if variable in sources:
        return set()
    return {variable, *(each for each in sources if sources[each] == [Read(Place(variable))])}


def _plain(text: str) -> Typed | None:
    """`const struct digest *` without what changes nothing; None for anything but a pointer.

    The arguments of a template are a part of its name.
    """
    begin, end = text.find("<"), text.rfind(">") + 1
    arguments = text[begin:end] if 0 <= begin < end else ""
    outside = text[:begin] + text[end:] if arguments else text
    words = [word for word in _WORDS.findall(outside) if word not in _QUALIFIERS]
    names = [word for word in words if word != "*"]
    if len(names) != 1 or _NAME.fullmatch(names[0]) is None:
        return None
    return Typed(names[0] + arguments, "", len(words) - 1)


def _in_a_namespace(name: str, module: Module) -> str:
    """The whole name of a class that is written without its namespace."""
    last = name.rpartition("::")[2]
    alike = _by_last_name(module.class_texts).get(last, ())
    found = [each for each in alike if each.endswith(f"::{name}")]
    return found[0] if len(found) == 1 else name


def _by_last_name(classes: Mapping[str, ClassText]) -> dict[str, list[str]]:
    """The whole names of classes by their last, kept for the module that is asked about next."""
    global _asked_of
    known, table = _asked_of
    if known is not classes:
        table = {}
        for each in classes:
            table.setdefault(each.rpartition("::")[2], []).append(each)
        _asked_of = classes, table
    return table
