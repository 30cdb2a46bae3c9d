"""What initialisers outside of functions put into variables and members: functions by their names.

    static GENKEY make = CryptGenKey;                            make            CryptGenKey
    static struct api api = {.make = CryptGenKey};               .make           CryptGenKey
    static struct { GENKEY make; } api = {CryptGenKey};          .make           CryptGenKey
    {(void **)&api.make, "CryptGenKey"}                          .make           CryptGenKey
    {offsetof(struct api, make), "CryptGenKey"}                  .make           CryptGenKey

The last two are tables that a loader goes through: an address, and the name of what goes there.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from tree_sitter import Node

from capilint.frontends.c.facts.declarators import declared_by
from capilint.frontends.c.parsing.syntax import field, operands, operator_of, text_of

Filling = tuple[str, str]  # a variable or a `.member`, and the function's name


def fillings_of(declaration: Node, structures: Mapping[str, Sequence[str]]) -> Iterator[Filling]:
    """What a declaration's initialisers fill; `structures` are the members of each, in order."""
    specifier = declaration.child_by_field_name("type")
    for declarator in declaration.children_by_field_name("declarator"):
        declared = declared_by(declarator)
        value = declarator.child_by_field_name("value")
        if declared is None or value is None:
            continue
        if value.type != "initializer_list":
            name = _name(value)
            if name:
                yield declared.name, name
        elif specifier is not None and not declared.dimensions:
            yield from _in_order(value, _members(specifier, structures))


def fillings_in(initialisers: Node) -> Iterator[Filling]:
    """What a list fills by `.member = name`, and by an address beside a name."""
    values = []
    for each in operands(initialisers):
        value = each
        if each.type == "initializer_pair":
            value = field(each, "value")
            designators = each.children_by_field_name("designator")
            name = _name(value)
            if designators and designators[-1].type == "field_designator" and name:
                yield text_of(designators[-1]).replace(" ", ""), name
        values.append(_bare(value))
    texts = [text_of(each)[1:-1] for each in values if each.type == "string_literal"]
    addresses = [place for each in values if (place := _pointed_at(each))]
    if len(texts) == len(addresses) == 1:
        yield addresses[0], texts[0]


def _in_order(initialisers: Node, members: Sequence[str]) -> Iterator[Filling]:
    for member, value in zip(members, operands(initialisers), strict=False):
        if value.type == "initializer_pair":
            return
        name = _name(value)
        if name:
            yield f".{member}", name


def _members(specifier: Node, structures: Mapping[str, Sequence[str]]) -> Sequence[str]:
    body = specifier.child_by_field_name("body")
    if body is None:
        return structures.get(text_of(specifier).removeprefix("struct").strip(), ())
    return members_in_order(body)


def members_in_order(body: Node) -> list[str]:
    """The members that the body of a structure declares itself."""
    declared = [
        declared_by(declarator)
        for member in body.named_children
        for declarator in member.children_by_field_name("declarator")
    ]
    return [each.name for each in declared if each is not None]


def _bare(node: Node) -> Node:
    """The expression inside casts and parentheses."""
    while True:
        if node.type == "cast_expression":
            node = field(node, "value")
        elif node.type == "parenthesized_expression" and len(operands(node)) == 1:
            node = operands(node)[0]
        else:
            return node


def _name(node: Node) -> str:
    """The name that an expression is, be it an address: `&CryptGenKey`."""
    node = _bare(node)
    if node.type == "pointer_expression" and operator_of(node) == "&":
        node = _bare(field(node, "argument"))
    return text_of(node) if node.type == "identifier" else ""


def _pointed_at(node: Node) -> str:
    """The variable, or the member, whose address, or offset, an expression is."""
    if node.type == "offsetof_expression":
        return "." + text_of(field(node, "member"))
    if node.type == "pointer_expression" and operator_of(node) == "&":
        place = _bare(field(node, "argument"))
    elif node.type == "binary_expression" and operator_of(node) == "&":  # (LPVOID)&x, to a parser
        place = _bare(field(node, "right"))
    else:
        return ""
    if place.type == "field_expression":
        return "." + text_of(field(place, "field"))
    return text_of(place) if place.type == "identifier" else ""
