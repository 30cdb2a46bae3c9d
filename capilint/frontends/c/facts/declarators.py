"""Reads C declarators: `*keys[2]`, `(*callback)(int)`, and parameter lists as text."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import NamedTuple

from tree_sitter import Node

from capilint.frontends.c.parsing.syntax import text_of

_STORAGE = frozenset({"static", "extern", "register", "auto", "typedef", "inline", "_Thread_local"})
# What it begins with stands first: so the search skips what begins otherwise.
ANNOTATION = re.compile(
    r"[_IO](?<!\w[_IO])(?:"
    r"(?<=_)[A-Z][A-Za-z0-9]*(?:_[A-Za-z0-9]+)*_"  # _In_, _Out_opt_, _In_reads_bytes_
    r"|(?<=_)_(?:in|out|inout|deref|reserved|bcount|ecount|nonnull|opt|success)(?:_\w+)?"
    r"|(?<=_)_(?:attribute__|declspec)|(?<=I)N(?:OUT)?|(?<=O)(?:UT|PTIONAL))\b(?=[^\w]|$)"
)
_IDENTIFIER = re.compile(r"[A-Za-z_]\w*")
_POINTED_NAME = re.compile(
    r"\(\s*+(?:\w++\s++)?\*++\s*+(?:const\s++)?([A-Za-z_]\w*+)\s*+(?:\[[^\[\]]*+\]\s*+)?\)"
)
_NAMED = re.compile(r"(.*?)\b([A-Za-z_]\w*+)\s*+((?:\[[^\[\]]*+\]\s*+)*+)\Z", re.DOTALL)
_TYPE_WORDS = frozenset(
    {"void", "int", "char", "short", "long", "unsigned", "signed", "float", "double", "const"}
    | {"struct", "union", "enum", "volatile", "_Bool", "bool"}
)

_NO_TYPE = frozenset({"storage_class_specifier", "attribute_specifier", "attribute_declaration"})


class Declared(NamedTuple):
    """What one declarator declares: `dimensions` of an array, `stars` in front of its type.

    `single` is set for an array of one element.
    """

    name: str
    stars: int = 0
    dimensions: int = 0
    is_function: bool = False
    single: bool = False

    @property
    def is_scalar(self) -> bool:
        """Whether it declares one variable that is no pointer."""
        return not (self.stars or self.dimensions or self.is_function)


def declared_by(declarator: Node) -> Declared | None:
    """The name and shape of a declarator; None where it names nothing."""
    stars = dimensions = 0
    is_function = single = False
    node: Node | None = declarator
    while node is not None:
        kind = node.type
        if kind in ("identifier", "field_identifier", "type_identifier"):
            return Declared(text_of(node), stars, dimensions, is_function, single)
        if kind == "pointer_declarator":
            stars, dimensions, is_function = stars + 1, 0, False
        elif kind == "array_declarator":
            dimensions += 1
            size = node.child_by_field_name("size")
            single = size is not None and size.text == b"1"
        elif kind == "function_declarator":
            is_function = True
        inner = node.child_by_field_name("declarator")
        node = (
            inner
            or next((c for c in node.named_children if "declarator" in c.type), None)
            or (next((c for c in node.named_children if c.type == "identifier"), None))
        )
    return None


def type_of(declaration: Node, declared: Declared) -> str:
    """The type's source text, its stars kept and its storage class left out."""
    words = []
    for child in declaration.children:
        kind = child.type
        if kind.endswith("declarator") or kind in ("identifier", ",", ";"):
            break
        if kind not in _NO_TYPE:
            words.append(" ".join(text_of(child).split()))
    return with_stars(" ".join(words), declared.stars, declared.dimensions)


def typedefs_in(definition: Node) -> Iterator[tuple[str, str]]:
    """The names that a `typedef` gives to a type, each with what it stands for."""
    base = _meaning(definition)
    for declarator in definition.children_by_field_name("declarator"):
        declared = declared_by(declarator)
        if declared is None or declared.dimensions or "(" in text_of(declarator):
            continue  # arrays, functions and pointers to them
        if base and base != declared.name:
            yield declared.name, with_stars(base, declared.stars)


def _meaning(definition: Node) -> str:
    """The type that a `typedef` names."""
    specifier = definition.child_by_field_name("type")
    if specifier is None:
        return ""
    if specifier.child_by_field_name("body") is None:
        return " ".join(text_of(specifier).split())
    return next(structure_names(specifier, definition), "")


def structure_names(specifier: Node, around: Node | None) -> Iterator[str]:
    """The name of a structure that has its body here, in the node `around` it.

    One without a tag is called by the first name of its `typedef` that is no pointer.
    """
    if specifier.child_by_field_name("body") is None:
        return
    tag = specifier.child_by_field_name("name")
    if tag is not None:
        yield text_of(tag)
    elif around is not None and around.type == "type_definition":
        declared = map(declared_by, around.children_by_field_name("declarator"))
        names = [each for each in declared if each is not None]
        yield from [each.name for each in (*filter(_is_scalar, names), *names)][:1]


def _is_scalar(declared: Declared) -> bool:
    return declared.is_scalar


def with_stars(base: str, stars: int, dimensions: int = 0) -> str:
    """`HCRYPTKEY`, 1 -> `HCRYPTKEY *`; an array's type ends in `[]`."""
    return base + (" " + "*" * stars if stars else "") + "[]" * dimensions


def meanings(type_name: str, typedefs: Mapping[str, str]) -> tuple[str, ...]:
    """What a type is called once its typedefs are resolved, one after the other."""
    found: list[str] = []
    base, stars = type_name.removeprefix("const ").rstrip("* "), type_name.count("*")
    seen: set[str] = set()
    while base in typedefs and base not in seen:
        seen.add(base)
        meaning = typedefs[base]
        base, stars = meaning.rstrip("* "), stars + meaning.count("*")
        found.append(with_stars(base, stars))
    return tuple(found)


# ---------------------------------------------------------------- parameters, as text


@dataclass(frozen=True, slots=True)
class ParameterText:
    """One parameter of a definition; `name` is empty where it has none."""

    name: str
    type_name: str
    variadic: bool = False


def parameters_of(text: str, declarations: str) -> list[ParameterText]:
    """The parameters between the parentheses of a definition.

    `declarations` are those of an old-style (K&R) definition. Annotations such as `_In_` and
    `OUT` are left out: they are macros, and no parser knows which.
    """
    parameters = [_parameter(piece) for piece in split_at_commas(_without_annotations(text))]
    if declarations:
        types = dict(_old_style_types(declarations))
        names = [parameter.type_name for parameter in parameters]
        return [ParameterText(name, types.get(name, "int")) for name in names]
    if len(parameters) == 1 and parameters[0] == ParameterText("", "void"):
        return []
    return parameters


@lru_cache(maxsize=4096)
def _parameter(text: str) -> ParameterText:
    text = " ".join(text.split())
    if text == "...":
        return ParameterText("", "", variadic=True)
    text = text.partition("=")[0].strip()
    pointed = _POINTED_NAME.search(text)
    if pointed is not None:
        return ParameterText(pointed.group(1), text.replace(pointed.group(1), "", 1))
    named = _NAMED.match(text)
    if named is None or not named.group(1).strip() or named.group(2) in _TYPE_WORDS:
        return ParameterText("", _spaced(text))
    before, name, arrays = named.groups()
    if before.strip() in ("struct", "union", "enum"):
        return ParameterText("", _spaced(text))
    return ParameterText(name, _spaced(before + "*" * arrays.count("[")))


def _spaced(type_name: str) -> str:
    """`HCRYPTKEY*` as `HCRYPTKEY *`."""
    words = [word for word in re.findall(r"\w+|\*|[^\w\s*]+", type_name) if word not in _STORAGE]
    return re.sub(r"\* (?=\*)", "*", " ".join(words))


def split_at_commas(text: str) -> Iterator[str]:
    """The pieces between the commas that are in no parentheses."""
    depth = start = 0
    for match in re.finditer(r"[(),\[\]]", text):
        token = match.group()
        if token == "," and depth == 0:
            yield text[start : match.start()]
            start = match.end()
        else:
            depth += {"(": 1, "[": 1, ")": -1, "]": -1}.get(token, 0)
    if text[start:].strip() or start:
        yield text[start:]


def _without_annotations(text: str) -> str:
    parts = []
    position = 0
    while (match := ANNOTATION.search(text, position)) is not None:
        parts.append(text[position : match.start()])
        position = match.end()
        if text[position:].lstrip().startswith("("):
            position = _after_parentheses(text, text.index("(", position))
    return " ".join([*parts, text[position:]])


def _after_parentheses(text: str, opening: int) -> int:
    depth = 0
    for match in re.finditer(r"[()]", text[opening:]):
        depth += 1 if match.group() == "(" else -1
        if depth == 0:
            return opening + match.end()
    return len(text)


def _old_style_types(declarations: str) -> Iterator[tuple[str, str]]:
    """`int a; char *b, *c;` as (name, type) pairs."""
    for declaration in declarations.split(";"):
        base = ""
        for piece in split_at_commas(declaration):
            parameter = _parameter(piece if not base else f"{base} {piece}")
            base = base or parameter.type_name.rstrip("* ")
            if parameter.name:
                yield parameter.name, parameter.type_name
