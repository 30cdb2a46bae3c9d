"""Lambdas: objects of classes of their own, whose members are what they capture."""

from __future__ import annotations

from typing import TypeGuard

from tree_sitter import Node

from capilint import ir
from capilint.finding import Span
from capilint.frontends.c.facts.declarators import declared_by
from capilint.frontends.c.parsing.parse import parse_expression
from capilint.frontends.c.parsing.syntax import field, identifiers_in, operands, text_of
from capilint.frontends.cpp.facts.model import Class, Field, Instance, Parameter, Signature, Type
from capilint.frontends.cpp.lowering.naming import THIS
from capilint.frontends.cpp.lowering.operators import OperatorLowering
from capilint.frontends.cpp.lowering.unit import Captured, Closure, Task

_DEEPEST = 16  # lambdas in lambdas; what those further in do is not known


class LambdaLowering(OperatorLowering):
    """Closures begin, and their code is lowered later."""

    def closure_type(self, node: Node) -> Type:
        """The class of a lambda's objects."""
        instance = self._closure_instance(node)[0]
        return Type(instance.name, instance)

    def _closure_instance(self, node: Node) -> tuple[Instance, dict[str, tuple[str, bool]]]:
        known = self.closures.get(node.id)
        if known is not None:
            return known
        name = self.unit.name_of_lambda(self.name)
        parameters = self._lambda_parameters(node)
        method = Signature("operator()", (name,), parameters, "auto", const=True, has_body=True)
        captures = self._captures(node)
        fields = tuple(Field(each, "void *") for each in captures)
        declared = Class(name, (), (), fields, (method,))
        self.lookup.declarations.classes[name] = [declared]
        made = Instance(name, declared, {})
        self.closures[node.id] = made, captures
        return made, captures

    def _lambda_parameters(self, node: Node) -> tuple[Parameter, ...]:
        declarator = node.child_by_field_name("declarator")
        listed = declarator.child_by_field_name("parameters") if declarator is not None else None
        found = []
        for each in operands(listed) if listed is not None else ():
            inner = each.child_by_field_name("declarator")
            declared = declared_by(inner) if inner is not None else None
            name = declared.name if declared is not None else ""
            marks = "".join(mark for mark in (prefix_of(inner) if inner is not None else ""))
            found.append(Parameter(name, f"{text_of(field(each, 'type'))} {marks}".strip()))
        return tuple(found)

    def _captures(self, node: Node) -> dict[str, tuple[str, bool]]:
        """The captured names: what each is in the function around, and whether by reference."""
        specifier = field(node, "captures")
        words = [text_of(each).strip() for each in operands(specifier)]
        found: dict[str, tuple[str, bool]] = {}
        default = next((word for word in words if word in ("&", "=")), None)
        if default is not None or "this" in words:
            mentioned = identifiers_in(field(node, "body"))
            uses_this = self.this is not None or "this" in self.captured
            if uses_this:
                found["this"] = ("this", False)
            if default is not None:
                for name in mentioned:
                    if self.is_local(name) is not None or name in self.captured:
                        found[name] = (name, default == "&")
        text = text_of(specifier)[1:-1]
        for word in text.split(","):
            plain = word.strip()
            name = plain.removeprefix("&").partition("=")[0].strip()
            if name.isidentifier() and name != "this":
                source = plain.partition("=")[2].strip() or name
                found[name] = (source, plain.startswith("&"))
        return found

    def closure(self, node: Node, target: ir.Place | None = None) -> ir.Place:
        """The object that a lambda expression makes; its code is lowered later."""
        made, captures = self._closure_instance(node)
        span = self.span(node)
        place = target or self.temporary_object(Type(made.name, made), span)
        inside: dict[str, Captured] = {}
        for name, (source, by_reference) in captures.items():
            member = ir.Place(place.root, (*place.path, f".{name}"))
            own = ir.Place(THIS, ("*", f".{name}"))
            if name == "this":
                self.assign(member, ir.Read(self.this_place), span)
                inside[name] = Captured(own, None)
                continue
            expression = parse_expression(source, self.facts.grammar)
            if expression is None:
                continue
            with self.positions.fixed_at(span):
                kind = self.type_of(self.bare(expression))
                if by_reference:
                    self.assign(member, self.address_of(self.place(expression)), span)
                    own = ir.Place(THIS, ("*", f".{name}", "*"))
                elif self._ends_by_itself(kind):
                    self._hand_over_capture(member, expression, kind, span)
                else:
                    self.assign(member, ir.Read(self.place(expression)), span)
            inside[name] = Captured(own, kind.by("&") if kind else None)
        method = made.declared.methods[0]
        self._ask_lambda(node, made, method, inside)
        return place

    def _ends_by_itself(self, kind: Type | None) -> TypeGuard[Type]:
        """Whether an object of a type has a destructor that does something."""
        if kind is None or kind.instance is None or kind.stars:
            return False
        return self.lookup.has_destructor(kind.instance)

    def _hand_over_capture(
        self, member: ir.Place, expression: Node, kind: Type, span: Span
    ) -> None:
        """`[key = std::move(key)]`: an owner goes into the closure, which ends it where it dies
        itself; that is not followed."""
        source = self.object_place(expression)
        self.graph.emit(ir.Escape((self.address_of(source),), span))
        if kind.reference == "&&":
            self.assign(source, ir.Unknown(), span)
        self.assign(member, ir.Unknown(), span)

    def _ask_lambda(
        self, node: Node, made: Instance, method: Signature, inside: dict[str, Captured]
    ) -> str:
        name = self.lookup.signature_key(method, {}, made)
        closure = Closure(
            made, node, name, inside, self.scope, self.bindings, self.this, self.positions
        )
        if name.count("lambda#") <= _DEEPEST:
            self.unit.ask(name, lambda: Task(name, method, self.bindings, made, closure=closure))
        return name

    def function_of_lambda(self, node: Node) -> ir.Value:
        """The function pointer that a lambda without captures turns into."""
        made, _ = self._closure_instance(node)
        method = made.declared.methods[0]._replace(name="invoke", static=True)
        return ir.FunctionReference(self._ask_lambda(node, made, method, {}))


def prefix_of(declarator: Node | None) -> str:
    """The stars and references in front of a declared name."""
    marks = ""
    node = declarator
    while node is not None and "declarator" in node.type:
        if node.type in ("reference_declarator", "abstract_reference_declarator"):
            marks = ("&&" if text_of(node).startswith("&&") else "&") + marks
        elif node.type in ("pointer_declarator", "abstract_pointer_declarator"):
            marks = "*" + marks
        node = node.child_by_field_name("declarator") or next(
            (each for each in node.named_children if "declarator" in each.type), None
        )
    return marks
