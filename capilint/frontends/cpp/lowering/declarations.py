"""C++ declarations in functions: objects, references, structured bindings, what only looks like a
function."""

from __future__ import annotations

import re
from typing import NamedTuple

from tree_sitter import Node

from capilint import ir
from capilint.finding import Span
from capilint.frontends.c.facts.declarators import Declared, declared_by, type_of
from capilint.frontends.c.parsing.parse import parse_expression
from capilint.frontends.c.parsing.syntax import field, identifiers_in, operands, text_of
from capilint.frontends.cpp.facts.model import Type
from capilint.frontends.cpp.lowering.lambdas import LambdaLowering, prefix_of
from capilint.frontends.cpp.lowering.objects import said

UNSEEN_DESTRUCTOR = "(destructor of an unseen class)"
_STATIC = frozenset({"static", "thread_local", "extern"})
_COLON = re.compile(r"(?<!:):(?!:)")


class Declaring(NamedTuple):
    """A variable that a declaration names, with its type and its `value`; `arguments` are those
    in the parentheses of `Key key(h)`, None where it has none."""

    declaration: Node
    declarator: Node
    declared: Declared
    value: Node | None
    arguments: list[Node] | None
    kind: Type = Type("")


class DeclarationLowering(LambdaLowering):
    """Variables begin their life, and are destroyed when their scope is left."""

    def declaration(self, node: Node) -> None:
        """Declare what one declaration names, each with its value if it has one."""
        storage, _ = self.specifiers(node)
        for declarator in node.children_by_field_name("declarator"):
            self._declare(node, declarator, storage)

    def enumerators(self, specifier: Node) -> None:
        """Learn the constants of an `enum` that the function declares."""
        self.has_constants = True
        super().enumerators(specifier)

    def _declare(self, node: Node, declarator: Node, storage: set[str]) -> None:
        value = declarator.child_by_field_name("value")
        if value is None:  # in `if (T x = value)` the declaration has it
            value = node.child_by_field_name("value")
        binding = _structured_in(declarator)
        if binding is not None:
            self._structured(binding, declarator, value)
            return
        declared = declared_by(declarator)
        if declared is None:
            self.not_understood(declarator, "declaration not understood")
            return
        arguments = None
        if declared.is_function:
            arguments = self._vexing(declarator)
            if arguments is None:
                self._declare_function(node, declarator, declared)
                return
        elif value is not None and value.type == "argument_list":
            arguments = operands(value)
        declaring = Declaring(node, declarator, declared, value, arguments)
        if storage & _STATIC:
            self._declare_static(declaring, storage)
        elif declared.is_function:
            with self.positions.fixed_at(self.span(declarator)):
                self._declare_typed(declaring)
        else:
            self._declare_typed(declaring)

    def _declare_typed(self, declaring: Declaring) -> None:
        self._declare_variable(declaring._replace(kind=self._type_of_variable(declaring)))

    def _declare_function(self, node: Node, declarator: Node, declared: Declared) -> None:
        """A prototype, or a pointer to a function."""
        if _pointed(declarator):
            variable = self.names.declare(declared.name, ir.Scope.LOCAL, declared.dimensions)
            self._begin(variable, declarator, said(node))
        else:
            self._prototype(node, declarator)

    def _declare_static(self, declaring: Declaring, storage: set[str]) -> None:
        declared = declaring.declared
        declare = self.names.declare_extern if "extern" in storage else self.names.declare_static
        variable = declare(declared.name, declared.dimensions)
        self.static_types[variable] = self._type_of_variable(declaring)
        for each in declaring.arguments or _given(declaring.value):  # kept, for it begins but once
            if named := self.mentions(each):
                self.graph.emit(ir.Escape(named, self.span(declaring.declarator)))

    def _type_of_variable(self, declaring: Declaring) -> Type:
        declared, value = declaring.declared, declaring.value
        marks = prefix_of(declaring.declarator)
        reference = "&&" if "&&" in marks else "&" if "&" in marks else ""
        shown = declared._replace(dimensions=0) if declared.dimensions else declared
        text = _without_body(type_of(declaring.declaration, shown).replace("constexpr ", ""))
        found = self.resolved(f"{text} {reference}" if reference else text)
        if found.base == "auto" and value is not None:
            known = self._deduced(value)
            if known is not None:
                return known.by(reference)
        if found.instance is None and not (found.stars or reference):
            given = declaring.arguments if declared.is_function else _given(value)
            types = [self.type_of(self.bare(each)) for each in given or ()]
            made = self.lookup.deduced_class(found.base, self.scope, types) if types else None
            if made is not None:
                return Type(made.name, made)
        if found.dimensions >= declared.dimensions:
            return found
        return found._replace(dimensions=declared.dimensions)

    def _deduced(self, value: Node) -> Type | None:
        value = self.bare(value)
        if value.type == "lambda_expression":
            return self.closure_type(value)
        parts = operands(value)
        if value.type in ("initializer_list", "argument_list") and len(parts) == 1:
            return self._deduced(parts[0])
        return self.type_of(value)

    def _declare_variable(self, declaring: Declaring) -> None:
        self.declare_as(declaring.kind, declaring)

    def declare_as(self, kind: Type, declaring: Declaring) -> None:
        """Declare a variable of a type, and begin its life."""
        declared, value, name = declaring.declared, declaring.value, declaring.declared.name
        if kind.is_object:
            kind = self.refined_type(kind, declaring.arguments or _given(value))
            self.names.forget(name)  # a macro that declares a guard may be used twice in a block
        span = self.span(declaring.declarator)
        unique = name + "&" if kind.reference else name
        variable = self.names.declare(name, ir.Scope.LOCAL, declared.dimensions, unique=unique)
        if declared.single:
            self.names.single.add(variable)
        self.static_types[variable] = kind
        self.names.types[variable] = _written(kind)
        outer = self.names.frame
        if kind.reference and value is not None:
            self.bind_local(ir.Place(variable), kind, value, span)
            self.end_temporaries(outer, span)
            if self.prolonged is not None:
                self.ends_later(*self.prolonged, span)
                self.prolonged = None
            return
        self._begin_variable(variable, kind, declaring, span)
        self.end_temporaries(outer, span)
        self._ends_with_scope(ir.Place(variable), kind, span)

    def _ends_with_scope(self, place: ir.Place, kind: Type, span: Span) -> None:
        if self.is_opaque(kind):
            self.graph.emit(ir.Escape((ir.AddressOf(place),), span))
            unseen, given = ir.Direct(UNSEEN_DESTRUCTOR), (ir.AddressOf(place),)
            self.enter_cleanup(ir.Call(unseen, given, None, span, noexcept=True), pad=False)
        if kind.is_object:
            element = kind._replace(dimensions=0) if kind.dimensions else kind
            self.ends_later(place, element, span, kind.dimensions)

    def _begin_variable(
        self, variable: ir.Variable, kind: Type, declaring: Declaring, span: Span
    ) -> None:
        """Begin the life of a local variable that is no reference."""
        place, value, arguments = ir.Place(variable), declaring.value, declaring.arguments
        if kind.is_object:
            self.graph.emit(ir.Declare(variable, _written(kind), span))
            self._begin_object(place, kind, value, arguments, span)
        elif (arguments or value is not None) and not kind.dimensions and self.is_opaque(kind):
            self.begin_unknown(place, arguments or _given(value), span)
        elif arguments is not None:
            self.begin(place, kind, arguments, span)
        elif value is not None and value.type == "initializer_list" and not kind.dimensions:
            self._begin_braced(place, kind, value, span)
        elif value is not None:
            self.store(place, value, span)
        else:
            self._begin(variable, declaring.declarator, _written(kind))

    def _begin_braced(self, place: ir.Place, kind: Type, value: Node, span: Span) -> None:
        """`T x{...}` of a type that is no known class: a plain value, or a structure of C."""
        parts = operands(value)
        plain = len(parts) <= 1 and not any(each.type == "initializer_pair" for each in parts)
        if plain and parts:
            self.store(place, parts[0], span)
        else:
            self.initialise(place, value, span)

    def bind_local(self, place: ir.Place, kind: Type, value: Node, span: Span) -> None:
        """`T& x = value`: a temporary that it is bound to lives as long as it does."""
        inner = operands(value) if value.type in ("argument_list", "initializer_list") else [value]
        if len(inner) != 1:
            return
        self.bound = inner[0]
        self.bind(place, kind, inner[0], span)
        self.bound = None

    def _begin_object(
        self,
        place: ir.Place,
        kind: Type,
        value: Node | None,
        arguments: list[Node] | None,
        span: Span,
    ) -> None:
        if value is None:
            self.begin(place, kind, arguments, span)
        elif value.type == "argument_list":
            self.begin(place, kind, operands(value), span)
        else:
            self.begin(place, kind, [value], span)

    def _vexing(self, declarator: Node) -> list[Node] | None:
        """`Key key(handle, X);`, `Key key(std::move(other));` and `Key key(open());` parse as
        functions; the arguments, where one of them is known to be made from a value."""
        if declarator.type != "function_declarator" or _pointed(declarator):
            return None
        parameters = field(declarator, "parameters")
        if not any(self._is_value(each) for each in identifiers_in(parameters)):
            return None
        call = parse_expression("f" + text_of(parameters), self.facts.grammar)
        return None if call is None else operands(field(self.bare(call), "arguments"))

    def _is_value(self, name: str) -> bool:
        if self.is_local(name) is not None or name in self.captured:
            return True
        if self.member(name) is not None or self.lookup.variable(name, self.scope) is not None:
            return True
        is_class = self.lookup.class_named(name, self.scope, self.bindings) is not None
        return not is_class and bool(self.lookup.functions(name, self.scope))

    def _structured(self, binding: Node, declarator: Node, value: Node | None) -> None:
        """`auto [a, b] = value;`: the names of members of a value that is held."""
        span = self.span(declarator)
        kind = self._deduced(value) if value is not None else None
        held = self.temporary()
        if value is not None:
            if "&" in prefix_of(declarator) and kind is not None and kind.reference == "&":
                held = self.object_place(value)
            elif kind is not None and kind.is_object:
                held = self.temporary_object(kind, span)
                self.begin(held, kind.by(""), [value], span)
                self.ends_later(held, kind.by(""), span)
            else:
                self.store(held, value, span)
        members = []
        if kind is not None and kind.instance is not None:
            members = [each for each in self.lookup.fields(kind.instance) if not each.static]
        for index, each in enumerate(operands(binding)):
            name = text_of(each)
            variable = self.names.declare(name, ir.Scope.LOCAL, unique=name + "&")
            known = members[index] if index < len(members) else None
            accessor = f".{known.name}" if known is not None else f"[{index}]"
            if known is not None and kind is not None and kind.instance is not None:
                self.static_types[variable] = self.field_type(kind.instance, known).by("&")
            else:
                self.static_types[variable] = Type("auto", reference="&")
            part = ir.Place(held.root, (*held.path, accessor))
            self.assign(ir.Place(variable), self.address_of(part), span)

    def _using(self, node: Node) -> None:
        """`using ns::name;` and `using namespace ns;`, taken to hold for the whole function."""
        names = ["".join(text_of(each).split()) for each in operands(node)]
        if any(each.type == "namespace" for each in node.children):
            self.opened += names
        else:
            for name in names:
                self.usings.setdefault(name.rpartition("::")[2], []).append(name)


def _given(value: Node | None) -> list[Node]:
    """The arguments that an initialiser gives to a constructor."""
    if value is None:
        return []
    return operands(value) if value.type in ("argument_list", "initializer_list") else [value]


def _structured_in(declarator: Node) -> Node | None:
    """The names of `auto& [a, b] = value`."""
    node: Node | None = declarator
    while node is not None and node.type != "structured_binding_declarator":
        node = node.child_by_field_name("declarator") or next(
            (each for each in node.named_children if "declarator" in each.type), None
        )
        if node is not None and node.type == "function_declarator":
            return None
    return node


def _pointed(declarator: Node) -> bool:
    """Whether a function declarator declares a pointer to a function."""
    inner = declarator.child_by_field_name("declarator")
    while inner is not None:
        if inner.type == "parenthesized_declarator":
            return True
        inner = inner.child_by_field_name("declarator")
    return False


def _written(kind: Type) -> str:
    stars = kind.stars + (1 if kind.reference else 0)
    return kind.base + (" " + "*" * stars if stars else "")


def _without_body(text: str) -> str:
    """`struct pair` of `struct pair : base { ... }`."""
    opening, closing = text.find("{"), text.rfind("}")
    if not 0 <= opening < closing:
        return text
    colon = _COLON.search(text, 0, opening)
    return text[: colon.start() if colon else opening] + text[closing + 1 :]
