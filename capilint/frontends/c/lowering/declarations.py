"""Lowers C declarations in functions, and calls that the parser takes for declarations."""

from __future__ import annotations

import re

from tree_sitter import Node

from capilint import ir
from capilint.frontends.c.facts.declarators import Declared, declared_by, type_of
from capilint.frontends.c.facts.gather import add_enumerators, is_symbolic, members_of
from capilint.frontends.c.lowering.exits import ExitLowering
from capilint.frontends.c.parsing.parse import parse_expression
from capilint.frontends.c.parsing.syntax import field, operands, text_of, within

_NUMBERS = ("primitive_type", "sized_type_specifier")
_CLEANUP = re.compile(r"\bcleanup(?:__)?\s*\(\s*(\w+)\s*\)")


class DeclarationLowering(ExitLowering):
    """Variables begin their life; prototypes and types leave no trace."""

    def function_pointer(self, node: Node) -> bool:
        """`BOOL (*destroy)(HCRYPTKEY) = f;` parses as a call of `BOOL` with a value assigned."""
        assigned = node.type == "assignment_expression"
        call = field(node, "left") if assigned else node
        inner = call.child_by_field_name("function")
        if call.type != "call_expression" or inner is None or inner.type != "call_expression":
            return False
        base, pointers = field(inner, "function"), operands(field(inner, "arguments"))
        if base.type != "identifier" or not self.is_type(text_of(base)) or len(pointers) != 1:
            return False
        name = pointers[0].child_by_field_name("argument")
        if pointers[0].type != "pointer_expression" or name is None or name.type != "identifier":
            return False
        variable = self.names.declare(text_of(name), ir.Scope.LOCAL)
        if assigned:
            self.store(ir.Place(variable), field(node, "right"), self.span(node))
        else:
            type_name = f"{text_of(base)} (*){text_of(field(call, 'arguments'))}"
            self.graph.emit(ir.Declare(variable, type_name, self.span(node)))
        return True

    def declaration(self, node: Node) -> None:
        """Declare what one declaration names, each with its value if it has one."""
        storage, attributes = self.specifiers(node)
        for declarator in node.children_by_field_name("declarator"):
            declared = declared_by(declarator)
            if declared is None:
                self.not_understood(declarator, "declaration not understood")
            elif declared.is_function:
                self._prototype(node, declarator)
            elif "static" in storage and not _is_constant(node, declarator, declared):
                self.names.declare_static(declared.name, declared.dimensions)
            elif "extern" in storage:
                self.names.declare_extern(declared.name, declared.dimensions)
            else:
                variable = self.names.declare(declared.name, ir.Scope.LOCAL, declared.dimensions)
                if declared.single:
                    self.names.single.add(variable)
                self.names.types[variable] = type_of(node, declared)
                self._begin(variable, declarator, self.names.types[variable])
                for each in attributes:
                    self._clean_up_later(each, variable)

    def specifiers(self, node: Node) -> tuple[set[str], list[Node]]:
        """The storage classes and the attributes of a declaration, whose own types are learnt."""
        storage: set[str] = set()
        attributes: list[Node] = []
        for part in node.named_children:
            kind = part.type
            if kind == "storage_class_specifier":
                storage.add(text_of(part))
            elif kind == "enum_specifier":
                self.enumerators(part)
            elif kind == "union_specifier":
                self._union(part)
            elif kind.startswith("attribute"):
                attributes.append(part)
        return storage, attributes

    def _prototype(self, declaration: Node, declarator: Node) -> None:
        """A function declared in a function; `TRACE(x) f(key);` parses as one, but calls `f`."""
        specifier = field(declaration, "type")
        calls = [declarator]
        if specifier.type == "macro_type_specifier":
            calls = [specifier, declarator]
        elif not any(self._names_variable(parameter) for parameter in within(declarator)):
            return
        for call in calls:
            expression = parse_expression(text_of(call), self.facts.grammar)
            if expression is not None:
                with self.positions.fixed_at(self.span(call)):
                    self.discard(expression)

    def _names_variable(self, parameter: Node) -> bool:
        """Whether a parameter without a name is spelt like a variable."""
        if parameter.type != "parameter_declaration" or len(operands(parameter)) != 1:
            return False
        return self.names.find(text_of(parameter)) is not None

    def _begin(self, variable: ir.Variable, declarator: Node, type_name: str) -> None:
        value = declarator.child_by_field_name("value")
        if value is None:
            self.graph.emit(ir.Declare(variable, type_name, self.span(declarator)))
        else:
            self.store(ir.Place(variable), value, self.span(declarator))

    def _clean_up_later(self, attribute: Node, variable: ir.Variable) -> None:
        """`__attribute__((cleanup(f)))` calls `f(&variable)` when its block ends."""
        match = _CLEANUP.search(text_of(attribute))
        if match is not None:
            arguments = (ir.AddressOf(ir.Place(variable)),)
            call = ir.Call(ir.Direct(match.group(1)), arguments, None, self.span(attribute))
            self.enter_cleanup(call, pad=False)

    def _union(self, specifier: Node) -> None:
        """Learn the members of a `union` that the function declares, if no structure has them."""
        members = members_of(specifier)
        if self.facts.fields.keys().isdisjoint(members):
            self.unions.update((name, members[0]) for name in members)

    def enumerators(self, specifier: Node) -> None:
        """Learn the constants of an `enum` that the function declares."""
        body = specifier.child_by_field_name("body")
        if body is not None:
            add_enumerators(body, self.constants, self.facts.macros, self.expressions)


def _is_constant(declaration: Node, declarator: Node, declared: Declared) -> bool:
    """Whether a variable is a number for ever: then it may as well be given it each time."""
    qualifiers = (each for each in declaration.children if each.type == "type_qualifier")
    fixed = any(text_of(each) in ("const", "constexpr") for each in qualifiers)
    value, specifier = declarator.child_by_field_name("value"), field(declaration, "type")
    is_number = specifier.type in _NUMBERS or text_of(specifier).isupper()
    return fixed and is_number and declared.is_scalar and value is not None and is_symbolic(value)
