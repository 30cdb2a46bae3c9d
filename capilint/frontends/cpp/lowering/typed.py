"""The static types of C++ expressions, as far as the declarations tell: they choose overloads,
conversions, and what dies with its scope."""

from __future__ import annotations

from collections.abc import Callable, Sequence, Set
from itertools import islice

from tree_sitter import Node

from capilint.frontends.c.parsing.syntax import (
    chosen_first,
    field,
    operands,
    operator_of,
    text_of,
)
from capilint.frontends.cpp.facts.deduction import is_any_function
from capilint.frontends.cpp.facts.model import Instance, Signature, Type
from capilint.frontends.cpp.lowering.called import Callee, Cast
from capilint.frontends.cpp.lowering.naming import CASTS, MOVES, NUMBER, NamingLowering

_COMPARING = frozenset({"==", "!=", "<", ">", "<=", ">=", "&&", "||"})


class TypedLowering(NamingLowering):
    """Types of expressions, and what is called in them."""

    def type_of(self, node: Node) -> Type | None:
        """The static type of an expression; `&&` is the reference of what nothing else names."""
        known = self._types.get(node.id)
        if known is not None and known[0] == node:
            return known[1]
        if self.depth > 60:
            return None
        self.depth += 1
        try:
            found = self._type_of(node)
        except ValueError:  # a broken tree
            found = None
        finally:
            self.depth -= 1
        self._types[node.id] = node, found
        return found

    def _type_of(self, node: Node) -> Type | None:
        method = _TYPES.get(node.type)
        found = method(self, node) if method is not None else None
        return self.type_of_element(node) if found is None else found

    def type_of_element(self, node: Node) -> Type | None:
        """The type of what an expression names in a container of the function's own."""
        return None

    def class_of(self, node: Node) -> Instance | None:
        """The class of the object that an expression names or makes, None for anything else."""
        if node.type == "identifier":  # mostly a variable, and no reference is asked for
            found = self.name_type(text_of(node))
            if found is None and self.containers:
                found = self.type_of_element(node)
        else:
            found = self.type_of(node)
        if found is None or found.stars or found.dimensions:
            return None
        return found.instance

    def _name_type(self, node: Node) -> Type | None:
        return _lvalue(self.name_type(text_of(node)))

    def _qualified_type(self, node: Node) -> Type | None:
        found = self.lookup.variable(text_of(node), self.scope)
        return None if found is None else _lvalue(self.resolved(found[1]))

    def _this_type(self, _: Node) -> Type | None:
        return None if self.this is None else Type(self.this.name, self.this, 1)

    def _type_inside(self, node: Node) -> Type | None:
        parts = operands(node)
        return self.type_of(parts[0]) if len(parts) == 1 else None

    def _cast_type(self, node: Node) -> Type | None:
        return _rvalue(self.resolved(text_of(field(node, "type"))))

    def _new_type(self, node: Node) -> Type | None:
        made = self.resolved(text_of(field(node, "type")))
        return made._replace(stars=made.stars + 1, reference="&&")

    def _literal_type(self, node: Node) -> Type | None:
        made = self.resolved(text_of(field(node, "type")))
        return _rvalue(self.refined_type(made, operands(field(node, "value"))))

    def _lambda_type(self, node: Node) -> Type | None:
        return _rvalue(self.closure_type(node))

    def _subscript_type(self, node: Node) -> Type | None:
        return self._element_type(self.type_of(field(node, "argument")))

    def _operation_type(self, node: Node) -> Type | None:
        if operator_of(node) in _COMPARING or operator_of(node) == "!":
            return NUMBER
        is_binary = node.type == "binary_expression"
        first = field(node, "left" if is_binary else "argument")
        if self.class_of(self.bare(first)) is not None:
            found = self.class_operator(node)
            return None if found is None else found[0].returns
        plain = self.type_of(first)
        if is_binary:
            return plain if plain is not None and plain.stars else NUMBER
        return plain

    def _field_expression_type(self, node: Node) -> Type | None:
        owner = self.object_of(field(node, "argument"), follows=operator_of(node) == "->")
        found = None if owner is None else self.lookup.field(owner, text_of(field(node, "field")))
        return None if found is None else _lvalue(self.field_type(*found))

    def object_of(self, node: Node, *, follows: bool) -> Instance | None:
        """The class of the object whose member `node.x` or `node->x` is."""
        found = self.type_of(node)
        if found is None or found.instance is None or found.dimensions:
            return None
        if not follows:
            return found.instance if found.stars == 0 else None
        if found.stars:
            return found.instance if found.stars == 1 else None
        arrow = self.operator(found.instance, "->")
        if arrow is None or arrow.signature is None:
            return None
        pointed = arrow.returns
        return pointed.instance if pointed is not None and pointed.stars == 1 else None

    def operator(
        self, instance: Instance | None, operator: str, arguments: tuple[Type | None, ...] = ()
    ) -> Callee | None:
        """The operator that a class defines for its objects, if the call is clear."""
        if instance is None:
            return None
        if arguments:
            found = self.lookup.operator(instance, operator, arguments)
            return None if found is None else self.method(*found, arguments)
        key, known = (instance.name, operator), self.unit.operators
        if key not in known:
            found = self.lookup.operator(instance, operator, ())
            known[key] = None if found is None else self.method(*found)
        return known[key]

    def class_operator(self, node: Node) -> tuple[Callee, Node, tuple[Node, ...]] | None:
        """The operator that a class defines, its object, and the other operand."""
        others: tuple[Node, ...] = ()
        match node.type:
            case "binary_expression" | "assignment_expression":
                first, others = field(node, "left"), (field(node, "right"),)
            case "subscript_expression":
                first = field(node, "argument")
                indices = node.child_by_field_name("indices") or node.child_by_field_name("index")
                others = tuple(operands(indices)) if indices is not None else ()
            case "unary_expression" | "pointer_expression" | "update_expression":
                first = field(node, "argument")
            case _:
                return None
        made = self.class_of(self.bare(first))
        if made is None:
            return None
        operator = "[]" if node.type == "subscript_expression" else operator_of(node)
        types = tuple(self.type_of(each) for each in others)
        found = self.operator(made, operator, types)
        return None if found is None else (found, first, others)

    def method(
        self, owner: Instance, signature: Signature, types: Sequence[Type | None] = ()
    ) -> Callee:
        """A call of a method, its receiver still to be said. `types` are those of the arguments: a
        member template is what they make of it."""
        bound = self.lookup.member_bindings(owner, signature, types)
        made_of = "" if bound is owner.bindings else str(bound)
        key = id(signature), owner.name, made_of  # kept: no other has its id
        known = self.unit.methods.get(key)
        if known is None:
            returns = None
            if signature.returns:
                returns = self.lookup.type_of(signature.returns, owner.scope, bound)
            name = self.lookup.method_key(signature, owner, bound)
            known = Callee(name, signature, owner, bound, returns=returns)
            self.unit.methods[key] = known
        return known

    def _element_type(self, array: Type | None) -> Type | None:
        if array is None:
            return None
        if array.dimensions:
            return array._replace(dimensions=array.dimensions - 1, reference="&")
        if array.stars:
            return array._replace(stars=array.stars - 1, reference="&")
        found = self.operator(array.instance, "[]", (NUMBER,))
        return None if found is None else found.returns

    def _pointer_type(self, node: Node) -> Type | None:
        inner = self.type_of(field(node, "argument"))
        if inner is None:
            return None
        if operator_of(node) == "&":
            found = self.operator(inner.instance, "&") if not inner.stars else None
            if found is not None:
                return found.returns
            return inner._replace(stars=inner.stars + 1, reference="&&", dimensions=0)
        if inner.stars or inner.dimensions:
            return self._element_type(inner)
        found = self.operator(inner.instance, "*")
        return None if found is None else found.returns

    def _call_type(self, node: Node) -> Type | None:
        meaning = self.meaning_of(node)
        if meaning is None:
            return None
        if isinstance(meaning, Cast):
            if meaning.written is not None:
                return _rvalue(self.resolved(meaning.written))
            moved = None if meaning.operand is None else self.type_of(meaning.operand)
            return None if moved is None else moved.by("&&")
        if meaning.makes is not None:
            return Type(meaning.makes.name, meaning.makes, reference="&&")
        return None if meaning.returns is None else _rvalue(meaning.returns)

    def closure_type(self, node: Node) -> Type:
        """The class of a lambda's objects."""
        raise NotImplementedError

    def refined_type(self, kind: Type, arguments: Sequence[Node]) -> Type:
        """A class as the arguments of its constructor show it; see `Lookup.refined`."""
        made = kind.instance
        if made is None or not (kind.is_object and made.is_template and arguments):
            return kind
        if not any(is_any_function(bound) for bound in made.bindings.values()):
            return kind
        given = self.type_of(arguments[0]) if len(arguments) == 1 else None
        actual = given.instance if given is not None and not given.stars else None
        if given is not None and actual is not None and self.lookup.is_refined(actual, made):
            return kind._replace(base=given.base, instance=actual)
        names = [self._function_named(each) for each in arguments]
        found = self.lookup.refined(made, self.lookup.constructors(made), names)
        return kind._replace(base=found.name, instance=found)

    def argument_type(self, node: Node) -> Type | None:
        """The type of an argument; that of a function is its name."""
        found = self.type_of(node)
        name = self._function_named(node) if found is None else None
        return found if name is None else Type(name, reference="&&")

    def _function_named(self, node: Node) -> str | None:
        """The lambda's class, or the function, that an expression is."""
        if node.type == "pointer_expression" and operator_of(node) == "&":
            node = field(node, "argument")
        found = self.type_of(node)
        if found is not None:
            is_callable = found.instance is not None and not found.stars
            return found.base if is_callable and self.operator_named(found.instance) else None
        if node.type not in ("identifier", "qualified_identifier"):
            return None
        name = "".join(text_of(node).split()).removeprefix("::")
        named = self.lookup.functions(name, self.scope)
        if named:
            return named[0].whole_name if len(named) == 1 and not named[0].template else None
        return None if self._is_something(name) else name

    def _is_something(self, name: str) -> bool:
        """Whether a name means anything but a function that is declared elsewhere."""
        if self.is_local(name) is not None or name in self.captured or name in self.bindings:
            return True
        known = self.member(name) is not None or name in self.constants
        return known or self.lookup.variable(name, self.scope) is not None

    def operator_named(self, made: Instance | None) -> bool:
        """Whether objects of a class can be called."""
        return made is not None and bool(self.lookup.methods(made, "operator()"))

    def meaning_of(self, node: Node) -> Callee | Cast | None:
        """What a call expression is: a cast, or the call of something, None where that is not
        known."""
        known = self._meanings.get(node.id)
        if known is not None and known[0] == node:
            return known[1]
        function, arguments = field(node, "function"), operands(field(node, "arguments"))
        found = self._cast(function, arguments) or self.find_callee(function, arguments)
        self._meanings[node.id] = node, found
        return found

    def turns_into_a_value(self, node: Node, made: Instance) -> bool:
        """Whether an object is asked for its plain value where nobody knows what is wanted: it has
        such a conversion, and is not on its way into another object."""
        moved = self.meaning_of(node) if node.type == "call_expression" else None
        if isinstance(moved, Cast) and moved.written is None:
            return False
        return any(not signature.explicit for _, signature in self.lookup.conversions(made))

    def find_callee(self, function: Node, arguments: Sequence[Node]) -> Callee | None:
        """Look for what is called."""
        raise NotImplementedError

    def _cast(self, function: Node, arguments: Sequence[Node]) -> Cast | None:
        if len(arguments) > 1:
            return None
        operand = arguments[0] if arguments else None
        match function.type:
            case "primitive_type":
                return Cast(text_of(function), operand)
            case "identifier":
                name = text_of(function)
                if operand is not None and name in MOVES:
                    return Cast(None, operand) if self.is_local(name) is None else None
                return Cast(name, operand) if self.is_plain_type(name) else None
            case "template_function" | "qualified_identifier" if operand is not None:
                name, _, written = text_of(function).partition("<")
                name = name.strip().removeprefix("::")
                if name in CASTS:
                    return Cast(written.rpartition(">")[0], operand)
                if name.endswith("forward"):
                    given = written.rpartition(">")[0]
                    if self.resolved(given).reference == "&":
                        return Cast(given, operand)
                return Cast(None, operand) if name in MOVES else None
        return None

    def is_plain_type(self, name: str) -> bool:
        """Whether a name is that of a type that is no class: a template parameter stands for it, it
        is another name for one, or something here is declared with it."""
        if self.is_local(name) is not None or self.member(name) is not None:
            return False
        found = self.resolved(name)
        if found.instance is not None:
            return bool(found.stars)
        if name in self.bindings:
            return not self.lookup.functions(found.base, self.scope) and found.base in self._used
        return found.base != name or name in self._used

    @property
    def _used(self) -> Set[str]:
        """The types that something that is seen from here is declared with."""
        count, used = self._used_types
        if count < 0:
            owners = self.lookup.lineage(self.this) if self.this is not None else ()
            used = {
                self.field_type(each, one).base for each in owners for one in each.declared.fields
            }
        if count != len(self.static_types):
            new = islice(self.static_types.values(), max(count, 0), None)
            used.update(each.base for each in new)
            self._used_types = len(self.static_types), used
        return used


def _lvalue(found: Type | None) -> Type | None:
    return None if found is None else found.by("&")


def _rvalue(found: Type) -> Type:
    return found if found.reference else found.by("&&")


def _as(name: str) -> Callable[[TypedLowering, Node], Type | None]:
    """The type of an expression is that of a part of it."""
    return lambda lowering, node: lowering.type_of(field(node, name))


def _always(found: Type) -> Callable[[TypedLowering, Node], Type | None]:
    return lambda lowering, node: found


_number = _always(NUMBER)
_text = _always(Type("char", stars=1, reference="&&", is_const=True))
_TYPES: dict[str, Callable[[TypedLowering, Node], Type | None]] = {
    "identifier": TypedLowering._name_type,
    "qualified_identifier": TypedLowering._qualified_type,
    "this": TypedLowering._this_type,
    "parenthesized_expression": TypedLowering._type_inside,
    "cast_expression": TypedLowering._cast_type,
    "field_expression": TypedLowering._field_expression_type,
    "subscript_expression": TypedLowering._subscript_type,
    "pointer_expression": TypedLowering._pointer_type,
    "call_expression": TypedLowering._call_type,
    "new_expression": TypedLowering._new_type,
    "assignment_expression": _as("left"),
    "conditional_expression": lambda lowering, node: lowering.type_of(chosen_first(node)),
    "comma_expression": _as("right"),
    "compound_literal_expression": TypedLowering._literal_type,
    "lambda_expression": TypedLowering._lambda_type,
    "number_literal": _number,
    "char_literal": _number,
    "true": _number,
    "false": _number,
    "sizeof_expression": _number,
    "string_literal": _text,
    "concatenated_string": _text,
    "raw_string_literal": _text,
    "null": _always(Type("nullptr_t", reference="&&")),
    "unary_expression": TypedLowering._operation_type,
    "binary_expression": TypedLowering._operation_type,
    "update_expression": TypedLowering._operation_type,
}
