"""What a C file declares outside of its functions: macros, constants, variables, functions."""

from __future__ import annotations

from collections.abc import MutableMapping
from dataclasses import dataclass, field

from tree_sitter import Node

from capilint.frontends.c.facts import constants
from capilint.frontends.c.facts.declarators import Declared, declared_by
from capilint.frontends.c.facts.macros import Macros
from capilint.frontends.c.parsing.outline import never_returning
from capilint.frontends.c.parsing.parse import parse
from capilint.frontends.c.parsing.syntax import text_of


@dataclass(slots=True)
class Facts:
    """The names of a file that function bodies use.

    `variables` and `fields` map names to their number of array dimensions; a field's is 0 where
    structs of the file disagree. `unions` maps a union's members to its first one, which has
    the same storage. `constants` holds enumerators and `const` variables, `elsewhere` the `const`
    variables that another file defines, `noreturn` functions declared to never return.
    """

    macros: Macros
    constants: dict[str, int] = field(default_factory=dict)
    elsewhere: set[str] = field(default_factory=set)
    variables: dict[str, int] = field(default_factory=dict)
    fields: dict[str, int] = field(default_factory=dict)
    unions: dict[str, str] = field(default_factory=dict)
    functions: set[str] = field(default_factory=set)
    noreturn: set[str] = field(default_factory=set)


def facts_of(declarations: str, macros: Macros) -> Facts:
    """The facts of a file, from its text without the function bodies."""
    facts = Facts(macros, noreturn=never_returning(declarations))
    in_structs: set[str] = set()
    stack = [parse(declarations)]
    while stack:
        node = stack.pop()
        match node.type:
            case "enumerator_list":
                add_enumerators(node, facts.constants)
            case "field_declaration":
                _add_fields(node, facts.fields)
            case "union_specifier":
                _add_union(node, facts.unions)
            case "struct_specifier":
                in_structs.update(members_of(node))
            case "declaration":
                _add_declaration(node, facts)
        stack += reversed(node.named_children)
    for name in in_structs & set(facts.unions):
        del facts.unions[name]
    return facts


def add_enumerators(enumerators: Node, known: MutableMapping[str, int]) -> None:
    """Add the enumerators whose values the file tells to `known`."""
    following: int | None = 0
    for enumerator in enumerators.named_children:
        name = enumerator.child_by_field_name("name")
        if enumerator.type != "enumerator" or name is None:
            continue
        value = enumerator.child_by_field_name("value")
        number = following if value is None else _evaluated(value, known, 20)
        if number is not None:
            known[text_of(name)] = number
        following = None if number is None else number + 1


def _evaluated(node: Node, known: MutableMapping[str, int], depth: int) -> int | None:
    """The value of an enumerator's expression."""
    operands = [child for child in node.named_children if child.type != "comment"]
    match node.type:
        case "number_literal":
            return constants.integer(text_of(node))
        case "char_literal":
            return constants.character(text_of(node))
        case "identifier":
            return known.get(text_of(node))
        case "parenthesized_expression" | "cast_expression" if operands and depth:
            return _evaluated(operands[-1], known, depth - 1)
        case "unary_expression" | "binary_expression" if operands and depth:
            values = [_evaluated(operand, known, depth - 1) for operand in operands]
            operator = node.child_by_field_name("operator")
            if operator is None or any(value is None for value in values):
                return None
            numbers = [value for value in values if value is not None]
            if len(numbers) == 1:
                return constants.unary(text_of(operator), numbers[0])
            return constants.binary(text_of(operator), *numbers[:2])
    return None


def _add_fields(declaration: Node, fields: dict[str, int]) -> None:
    for declarator in declaration.children_by_field_name("declarator"):
        declared = declared_by(declarator)
        if declared is not None:
            known = fields.setdefault(declared.name, declared.dimensions)
            fields[declared.name] = declared.dimensions if known == declared.dimensions else 0


def members_of(specifier: Node) -> list[str]:
    """The names of the members that a struct or union declares itself."""
    body = specifier.child_by_field_name("body")
    declared = [
        declared_by(declarator)
        for member in (body.named_children if body is not None else ())
        for declarator in member.children_by_field_name("declarator")
    ]
    return [each.name for each in declared if each is not None]


def _add_union(specifier: Node, unions: dict[str, str]) -> None:
    members = members_of(specifier)
    unions.update((name, members[0]) for name in members)


def _add_declaration(declaration: Node, facts: Facts) -> None:
    qualifiers = [child for child in declaration.children if child.type == "type_qualifier"]
    is_const = any(text_of(each) == "const" for each in qualifiers)
    for declarator in declaration.children_by_field_name("declarator"):
        declared = declared_by(declarator)
        if declared is None:
            continue
        if declared.is_function:
            facts.functions.add(declared.name)
        elif not (is_const and declared.is_scalar and _is_constant(declared, declarator, facts)):
            known = facts.variables.get(declared.name, 0)
            facts.variables[declared.name] = max(known, declared.dimensions)


def _is_constant(declared: Declared, declarator: Node, facts: Facts) -> bool:
    """Note a `const` number, known or defined elsewhere; False where it is something else."""
    value = declarator.child_by_field_name("value")
    if value is None:
        facts.elsewhere.add(declared.name)
        return True
    number = _evaluated(value, facts.constants, 20)
    if number is None or facts.constants.get(declared.name, number) != number:
        facts.constants.pop(declared.name, None)
        return False
    facts.constants[declared.name] = number
    return True
