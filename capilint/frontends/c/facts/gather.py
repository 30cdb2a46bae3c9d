"""What a C file declares outside of its functions: macros, constants, variables, functions."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, MutableMapping
from dataclasses import dataclass, field, replace

from tree_sitter import Node

from capilint.frontends.c.facts.declarators import (
    Declared,
    declared_by,
    structure_names,
    typedefs_in,
)
from capilint.frontends.c.facts.fillings import (
    Filling,
    fillings_in,
    fillings_of,
    members_in_order,
)
from capilint.frontends.c.parsing import numbers
from capilint.frontends.c.parsing.grammar import C, Grammar
from capilint.frontends.c.parsing.outline import never_returning
from capilint.frontends.c.parsing.parse import parse
from capilint.frontends.c.parsing.syntax import is_constant_name, text_of, within
from capilint.frontends.c.preprocessing.expansion import expanded
from capilint.frontends.c.preprocessing.table import MacroTable

_SYMBOLIC = frozenset(
    {"identifier", "number_literal", "parenthesized_expression", "binary_expression", "comment"}
    | {"unary_expression", "cast_expression", "type_descriptor", "true", "false"}
)
_TELLING = frozenset(
    {"enumerator_list", "field_declaration", "union_specifier", "struct_specifier"}
    | {"type_definition", "declaration", "initializer_list"}
)
_WITHOUT_PARTS = frozenset(
    {"identifier", "type_identifier", "field_identifier", "namespace_identifier", "comment"}
    | {"primitive_type", "number_literal", "storage_class_specifier", "access_specifier"}
)
_SHARED = ("macros", "grammar")


@dataclass(slots=True)
class Facts:
    """The names of a file and of its headers that function bodies use.

    `variables` and `fields` map names to their number of array dimensions; a field's is 0 where
    structs of the file disagree. `unions` maps a union's members to its first one, which has
    the same storage and is no member of a struct; `members` are those of structs. `typedefs`
    maps types to what they are another name for, `structures` a struct to its members; those that
    the file itself defines are its `own_structures`. `constants` holds enumerators and `const`
    variables, `elsewhere` the `const` variables that another file defines, `noreturn` functions
    declared to never return. `expressions` has the texts of constants that hang on names which
    only the rule book may know: `const DWORD mode = CRYPT_DELETEKEYSET | CRYPT_SILENT;`.
    `fillings` are what initialisers put into variables and members that may be functions. Of the
    variables that no other file can name, `own_variables` are those that no initialiser mentions:
    only the text of the file's functions leads to them.
    """

    macros: MacroTable
    grammar: Grammar = C
    constants: dict[str, int] = field(default_factory=dict)
    expressions: dict[str, str] = field(default_factory=dict)
    elsewhere: set[str] = field(default_factory=set)
    variables: dict[str, int] = field(default_factory=dict)
    fields: dict[str, int] = field(default_factory=dict)
    unions: dict[str, str] = field(default_factory=dict)
    members: set[str] = field(default_factory=set)
    typedefs: dict[str, str] = field(default_factory=dict)
    functions: set[str] = field(default_factory=set)
    noreturn: set[str] = field(default_factory=set)
    structures: dict[str, frozenset[str]] = field(default_factory=dict)
    own_structures: set[str] = field(default_factory=set)
    fillings: dict[Filling, None] = field(default_factory=dict)
    own_variables: set[str] = field(default_factory=set)

    def copy(self, macros: MacroTable) -> Facts:
        """The same names, to be added to, with other macros."""
        copies = {
            name: getattr(self, name).copy() for name in self.__slots__ if name not in _SHARED
        }
        return replace(self, macros=macros, **copies)

    def without_doubt(self) -> Facts:
        """The facts, once a member of a struct is no longer taken for one of a union."""
        for name in self.members & self.unions.keys():
            del self.unions[name]
        return self


def facts_of(
    declarations: str,
    macros: MacroTable,
    included: Facts | None = None,
    grammar: Grammar = C,
    expansion: str | None = None,
) -> Facts:
    """The facts of a file, from its text without the function bodies and those of its headers.
    `expansion` is that text with its macros expanded, where it is known."""
    facts = included.copy(macros) if included is not None else Facts(macros, grammar)
    facts.own_structures.clear()
    facts.own_variables.clear()
    facts.noreturn |= never_returning(declarations)
    expansion = expansion or expanded(declarations, macros.text_macro).text
    if expansion != declarations:
        facts.noreturn |= never_returning(expansion)
    orders: dict[str, list[str]] = {}  # of the members of the file's own structures
    mentioned: set[str] = set()
    for node, around, hidden in _telling(parse(grammar.respelt(expansion), grammar)):
        match node.type:
            case "enumerator_list":
                add_enumerators(node, facts.constants, macros, facts.expressions)
            case "field_declaration":
                _add_fields(node, facts.fields)
            case "union_specifier":
                _add_union(node, facts.unions)
            case "struct_specifier":
                orders.update(_add_structure(node, around, facts))
            case "type_definition":
                facts.typedefs.update(typedefs_in(node))
            case "declaration":
                _add_declaration(node, facts, hidden)
                facts.fillings.update(dict.fromkeys(fillings_of(node, orders)))
                mentioned.update(_mentioned(node))
            case "initializer_list":
                facts.fillings.update(dict.fromkeys(fillings_in(node)))
    facts.own_variables -= mentioned
    return facts.without_doubt()


def _telling(root: Node) -> Iterator[tuple[Node, Node | None, bool]]:
    """The nodes that tell of facts, in their order, each with the one around it and whether it is
    in a namespace without a name."""
    stack: list[tuple[Node, Node | None, bool]] = [(root, None, False)]
    while stack:
        node, around, hidden = stack.pop()
        kind = node.type
        if kind in _TELLING:
            yield node, around, hidden
        hidden = hidden or (kind == "namespace_definition" and _is_unnamed(node))
        stack += [
            (child, node, hidden)
            for child in reversed(node.named_children)
            if child.type not in _WITHOUT_PARTS
        ]


def _add_structure(node: Node, around: Node | None, facts: Facts) -> dict[str, list[str]]:
    """Note a structure of the file; gives its members in their order, by each of its names."""
    members = members_of(node)
    facts.members.update(members)
    names = list(structure_names(node, around))
    facts.structures.update(dict.fromkeys(names, frozenset(members)))
    facts.own_structures.update(names)
    return dict.fromkeys(names, members)


def merged(parts: Iterable[Facts], macros: MacroTable, grammar: Grammar = C) -> Facts:
    """What several headers say together; a constant with two values is none."""
    facts = Facts(macros, grammar)
    uncertain: set[str] = set()
    for part in parts:
        for name in facts.constants.keys() & part.constants.keys():
            if facts.constants[name] != part.constants[name]:
                uncertain.add(name)
        facts.constants.update(part.constants)
        for name in facts.fields.keys() & part.fields.keys():
            if facts.fields[name] != part.fields[name]:
                facts.fields[name] = 0
        facts.fields = {**part.fields, **facts.fields}
        for name, dimensions in part.variables.items():
            facts.variables[name] = max(facts.variables.get(name, 0), dimensions)
        facts.unions.update(part.unions)
        facts.typedefs.update(part.typedefs)
        facts.structures.update(part.structures)
        facts.expressions.update(part.expressions)
        facts.fillings.update(part.fillings)
        facts.members |= part.members
        facts.elsewhere |= part.elsewhere
        facts.functions |= part.functions
        facts.noreturn |= part.noreturn
    for name in uncertain:
        del facts.constants[name]
    return facts.without_doubt()


def add_enumerators(
    enumerators: Node,
    known: MutableMapping[str, int],
    macros: MacroTable,
    expressions: MutableMapping[str, str],
) -> None:
    """Add the enumerators whose values the file tells to `known`, the others to `expressions`."""
    following: int | None = 0
    for enumerator in enumerators.named_children:
        name = enumerator.child_by_field_name("name")
        if enumerator.type != "enumerator" or name is None:
            continue
        value = enumerator.child_by_field_name("value")
        number = following if value is None else _evaluated(value, known, macros, 20)
        if number is not None:
            known[text_of(name)] = number
        elif value is not None and is_symbolic(value):
            expressions[text_of(name)] = text_of(value)
        following = None if number is None else numbers.binary("+", number, 1)


def _evaluated(
    node: Node, known: MutableMapping[str, int], macros: MacroTable, depth: int
) -> int | None:
    """The value of an enumerator's expression."""
    operands = [child for child in node.named_children if child.type != "comment"]
    match node.type:
        case "number_literal":
            return numbers.integer(text_of(node))
        case "char_literal":
            return numbers.character(text_of(node))
        case "true" | "false":
            return int(node.type == "true")
        case "identifier":
            name = text_of(node)
            number = macros.number(name)
            return known.get(name) if number is None else number
        case "parenthesized_expression" | "cast_expression" if operands and depth:
            return _evaluated(operands[-1], known, macros, depth - 1)
        case "unary_expression" | "binary_expression" if operands and depth:
            values = [_evaluated(operand, known, macros, depth - 1) for operand in operands]
            operator = node.child_by_field_name("operator")
            if operator is None or any(value is None for value in values):
                return None
            known_values = [value for value in values if value is not None]
            if len(known_values) == 1:
                return numbers.unary(text_of(operator), known_values[0])
            return numbers.binary(text_of(operator), *known_values[:2])
    return None


def is_symbolic(node: Node) -> bool:
    """Whether an expression consists of numbers and of names that are spelt like constants."""
    return all(
        inner.type in _SYMBOLIC and (inner.type != "identifier" or is_constant_name(text_of(inner)))
        for inner in within(node)
    )


def _add_fields(declaration: Node, fields: dict[str, int]) -> None:
    for declarator in declaration.children_by_field_name("declarator"):
        declared = declared_by(declarator)
        if declared is not None:
            known = fields.setdefault(declared.name, declared.dimensions)
            fields[declared.name] = declared.dimensions if known == declared.dimensions else 0


def members_of(specifier: Node) -> list[str]:
    """The names of the members that a struct or union declares itself."""
    body = specifier.child_by_field_name("body")
    return [] if body is None else members_in_order(body)


def _add_union(specifier: Node, unions: dict[str, str]) -> None:
    members = members_of(specifier)
    unions.update((name, members[0]) for name in members)


def _add_declaration(declaration: Node, facts: Facts, hidden: bool) -> None:
    qualifiers = [child for child in declaration.children if child.type == "type_qualifier"]
    is_const = any(text_of(each) == "const" for each in qualifiers)
    # No other file can name what is `static`, or in an unnamed namespace.
    own = hidden or any(text_of(each) == "static" for each in declaration.children)
    for declarator in declaration.children_by_field_name("declarator"):
        declared = declared_by(declarator)
        if declared is None:
            continue
        if declared.is_function:
            facts.functions.add(declared.name)
        elif not (is_const and declared.is_scalar and _is_constant(declared, declarator, facts)):
            known = facts.variables.get(declared.name, 0)
            facts.variables[declared.name] = max(known, declared.dimensions)
            if own:
                facts.own_variables.add(declared.name)


def _is_unnamed(namespace: Node) -> bool:
    return namespace.child_by_field_name("name") is None


def _mentioned(declaration: Node) -> Iterator[str]:
    """The names in the initialisers of a declaration."""
    for declarator in declaration.children_by_field_name("declarator"):
        value = declarator.child_by_field_name("value")
        for inner in within(value) if value is not None else ():
            if inner.type == "identifier":
                yield text_of(inner)


def _is_constant(declared: Declared, declarator: Node, facts: Facts) -> bool:
    """Note a `const` number, known or defined elsewhere; False where it is something else."""
    value = declarator.child_by_field_name("value")
    if value is None:
        facts.elsewhere.add(declared.name)
        return True
    number = _evaluated(value, facts.constants, facts.macros, 20)
    if number is None and is_symbolic(value):
        facts.expressions[declared.name] = text_of(value)
        return True
    if number is None or facts.constants.get(declared.name, number) != number:
        facts.constants.pop(declared.name, None)
        return False
    facts.constants[declared.name] = number
    return True
