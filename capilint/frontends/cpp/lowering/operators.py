"""Operators that classes define, and the values of C++'s own: `new`, `delete`, lambdas."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import nullcontext

from tree_sitter import Node

from capilint import ir
from capilint.finding import Span
from capilint.frontends.c.lowering.counted import HANDLE
from capilint.frontends.c.parsing.syntax import field, operands, operator_of, text_of
from capilint.frontends.cpp.facts.model import Instance, Type
from capilint.frontends.cpp.lowering.called import Callee, Cast
from capilint.frontends.cpp.lowering.conversions import ConversionLowering
from capilint.frontends.cpp.lowering.naming import RESULT

NEW, DELETE, DELETE_ARRAY = "operator new", "operator delete", "operator delete[]"
NEW_OR_NULL = "malloc"  # the operator with std::nothrow


class OperatorLowering(ConversionLowering):
    """Operators that classes define, and values of C++'s own."""

    def _value(self, node: Node) -> ir.Value:
        kind = node.type
        method = _VALUES.get(kind)
        if method is not None:
            return method(self, node)
        if kind == "call_expression" and self.is_plain_call(node):
            return self.call_value(node)
        if kind == "pointer_expression" and self.is_plain_address(node):
            return super()._value(node)
        if kind in _OVERLOADED:
            found = self.class_operator(node)
            if found is not None:
                returns = found[0].returns
                if returns is None or not returns.reference:
                    return self.call_operator(*found)
                converted = self.converted(node)
                return converted if converted is not None else ir.Read(self._referred_by(*found))
            unseen = self.unseen_operator(node) if kind == "binary_expression" else None
            if unseen is not None:
                return unseen
        if kind in _MAYBE_OBJECTS:
            converted = self.converted(node)
            if converted is not None:
                return converted
        return super()._value(node)

    def class_steps(self, step: Node) -> bool:
        """Whether `++` or `--` is an operator that a class defines."""
        return self.class_operator(step) is not None

    def _referred_by(self, callee: Callee, receiver: Node, arguments: tuple[Node, ...]) -> ir.Place:
        """What an operator that gives a reference refers to: `*pointer`, `list[i]`."""
        value = self.call_operator(callee, receiver, arguments)
        place = value.place if isinstance(value, ir.Read) else self.held(value, self.span(receiver))
        return ir.Place(place.root, (*place.path, "*"))

    def named_place(self, node: Node) -> ir.Place | None:
        """The storage that an lvalue names, None for any other expression."""
        found = self.class_operator(node) if node.type in _REFERRING else None
        returns = found[0].returns if found is not None else None
        if found is None or returns is None or not returns.reference:
            return super().named_place(node)
        return self._referred_by(*found)

    def _simple_condition(self, node: Node, if_true: int, if_false: int) -> None:
        outer = self.names.frame
        value, kind = None, node.type
        if kind == "call_expression" and self.is_plain_call(node):
            value = self.call_value(node)
        elif kind in _MAYBE_OBJECTS:
            value = self.converted(node, truth=True)
        if value is None:
            if kind == "conditional_expression":
                super()._simple_condition(node, if_true, if_false)
                return
            value = self.value(node)
        if self.names.frame is not outer:
            value = ir.Read(self.held(value, self.span(node)))
            self.end_scope(outer, self.span(node))
        self._branch(value, if_true, if_false, self.span(node))

    def store(self, target: ir.Place, node: Node, span: Span) -> None:
        """Evaluate an expression into a place."""
        node = self.bare(node)
        if node.type == "call_expression":
            callee = self.meaning_of(node)
            if isinstance(callee, Callee):
                kind = callee.returns
                if callee.makes is not None:
                    kind = Type(callee.makes.name, callee.makes)
                if kind is not None and (kind.reference or self.turns(kind)):
                    self.assign(target, self.value(node), span)
                    return
        super().store(target, node, span)

    def other_value(self, node: Node) -> ir.Value:
        """The value of an expression with effects or laziness."""
        if node.type == "call_expression":
            meaning = self.meaning_of(node)
            if isinstance(meaning, Cast):
                return ir.Constant(0) if meaning.operand is None else self.value(meaning.operand)
            if meaning is not None and meaning.returns is not None and meaning.returns.reference:
                result = super().other_value(node)
                if isinstance(result, ir.Read):
                    return ir.Read(ir.Place(result.place.root, (*result.place.path, "*")))
                return result
        return super().other_value(node)

    def _assignment(self, node: Node) -> ir.Value:
        left, right = self.bare(field(node, "left")), field(node, "right")
        made = self.class_of(left)
        if operator_of(node) != "=":
            found = self.class_operator(node)
            if found is not None:
                return self.call_operator(*found)
            unseen = self.unseen_operator(node)
            return unseen if unseen is not None else super()._assignment(node)
        if made is None:
            given = self._into_unknown(left, right, node)
            if given is None:
                given = super()._assignment(node)
                if self._in_unseen_object(left):  # it may own what is put into it
                    self.graph.emit(ir.Escape((given,), self.span(node)))
            return given
        self._assign_object(made, left, right, node)
        return ir.Unknown() if self.acts(left) else ir.Read(self.place(left))

    def _into_unknown(self, left: Node, right: Node, node: Node) -> ir.Value | None:
        """`keys_[name] = std::move(key)`: an object goes into something of which nothing is known;
        None for all else."""
        right = self.bare(right)
        made = self.class_of(right)
        if made is None or self.turns_into_a_value(right, made):
            return None
        into = self.type_of(left)
        if into is not None and into.base != "auto" and not self.is_opaque(into.by("")):
            return None
        self.discard(left)
        self._give_object(right, None, node)
        return ir.Unknown()

    def _give_object(self, right: Node, into: ir.Value | None, node: Node) -> None:
        """An object goes into something, in a way that nobody shows."""
        source, span = self.object_place(right), self.span(node)
        given = (self.address_of(source),) if into is None else (self.address_of(source), into)
        self.graph.emit(ir.Escape(given, span))
        found = self.type_of(right)
        if found is not None and found.reference == "&&":
            self.assign(source, ir.Unknown(), span)

    def _in_unseen_object(self, left: Node) -> bool:
        """Whether a place is an object, or a part of one, of a class that nobody sees."""
        while True:
            kind = self.type_of(left)
            if kind is not None:
                return self.is_opaque(kind.by("") if kind.reference else kind)
            if left.type != "field_expression" or operator_of(left) == "->":
                return False
            left = self.bare(field(left, "argument"))

    def _assign_object(self, made: Instance, left: Node, right: Node, node: Node) -> None:
        """`object = value`: by its operator, or by what the compiler makes of it."""
        found = self.class_operator(node)
        signature = found[0].signature if found is not None else None
        if found is not None and signature is not None and not signature.defaulted:
            self.call_operator(*found)
            return
        target = self.object_place(left)
        other = self.type_of(right)
        if other is None or other.instance != made or other.stars:
            bare = self.bare(right)
            its = self.class_of(bare)
            if its is not None and not self.turns_into_a_value(bare, its):
                self._give_object(bare, self.address_of(target), node)
                return
            value = self.value(right)
            self.graph.emit(ir.Escape((value, self.address_of(target)), self.span(node)))
            return
        source = self.object_place(right)
        kinds = ("move-assignment", "copy-assignment")
        moved = other.reference == "&&"
        name = self.copying(made, kinds if moved else kinds[1:])
        if name is None:
            self.assign(target, ir.Read(source), self.span(node))
        else:
            given = (self.address_of(target), self.address_of(source))
            self.emit_call(name, given, None, self.span(node))

    # ------------------------------------------------------------ values of C++'s own

    def _this(self, node: Node) -> ir.Value:
        return ir.Read(self.this_place)

    def _raw_string(self, node: Node) -> ir.Value:
        parts = [text_of(part) for part in node.named_children if "content" in part.type]
        return ir.Constant("".join(parts))

    def _name(self, node: Node) -> ir.Value:
        """A plain name: mostly that of a variable."""
        if self.containers:
            self.let_go(node)
        name = text_of(node)
        if name in self.bindings:
            return _bound(self.bindings[name])
        plain = self.plain_variable(name, node) or self.undeclared(name)
        if plain is not None:
            return plain
        converted = self.converted(node)
        if converted is not None:
            return converted
        value = self._identifier(node)
        if isinstance(value, ir.Named):
            self.note_undeclared(name, value)
        return value

    def let_go(self, node: Node) -> None:
        """A container is used in a way that is not followed."""
        raise NotImplementedError

    def _qualified_name(self, node: Node) -> ir.Value:
        """A name that may be a template parameter's, or that of a function."""
        name = "".join(text_of(node).split()).removeprefix("::")
        if name in self.bindings:
            return _bound(self.bindings[name])
        place = self.named_place(node)
        if place is not None:
            converted = self.converted(node)
            return converted if converted is not None else self.content(place, node)
        found = self.lookup.functions(name, self.scope)
        if len(found) == 1:
            return ir.FunctionReference(self.lookup.signature_key(found[0], {}))
        last = name.rpartition("::")[2]
        return ir.Constant(self.constants[last]) if last in self.constants else ir.Named(name)

    def _new(self, node: Node) -> ir.Value:
        """`new T(arguments)`"""
        span = self.span(node)
        made = self.resolved(text_of(field(node, "type")))
        pointer = self.temporary()
        arguments = node.child_by_field_name("arguments")
        given = operands(arguments) if arguments is not None else []
        placement = node.child_by_field_name("placement")
        fails = placement is not None and "nothrow" in text_of(placement)
        if placement is not None and not fails:
            self.graph.emit(ir.Call(ir.Direct("new"), (), pointer, span))
            for each in given:
                self.graph.emit(ir.Escape((self.value(each),), span))
            return ir.Read(pointer)
        made_here, end = self.graph.new_block(), self.graph.new_block()
        self.emit_call(NEW_OR_NULL if fails else NEW, (), pointer, span)
        if fails:
            self.graph.branch(ir.Read(pointer), made_here, end, span)
        self.graph.start(made_here)
        if "[" not in text_of(node).partition("(")[0]:
            if made.is_object:
                self.names.types[pointer.root] = f"{made.base} *"
            place = ir.Place(pointer.root, ("*",))
            with self.full_expression(span) if fails else nullcontext():
                if given and made.instance is None and self.is_opaque(made):
                    self.begin_unknown(place, given, span)
                else:
                    self.begin(place, made, given if arguments is not None else None, span)
        self.graph.start(end)
        return ir.Read(pointer)

    def _delete(self, node: Node) -> ir.Value:
        """`delete p`"""
        span = self.span(node)
        argument = operands(node)[-1]
        kind = self.type_of(argument)
        pointer = self.value(argument)
        if not isinstance(pointer, ir.Read):
            pointer = ir.Read(self.held(pointer, span))
        made = kind.instance if kind is not None and kind.stars == 1 else None
        deletes, end = self.graph.new_block(), self.graph.new_block()
        self.graph.branch(pointer, deletes, end, self.span(argument))
        self.graph.start(deletes)
        virtual = made is not None and self.unit.ends_as_derived(made)
        several = "[" in text_of(node).partition("]")[0]
        name = None if made is None else self.destructor_of(made)
        known = not (several or virtual) if made is not None else _is_of_handles(kind)
        if not known:
            self.graph.emit(ir.Escape((pointer,), span))
        elif name is not None:
            self.emit_call(name, (pointer,), None, span)
        if known or several:
            self.emit_call(DELETE_ARRAY if several else DELETE, (pointer,), None, span)
        self.graph.start(end)
        return ir.Unknown()

    def _literal_object(self, node: Node) -> ir.Value:
        """`Key{h}` where its value is asked for."""
        kind = self.type_of(node)
        if kind is None or kind.instance is None:
            return super()._value(node)
        place = self.object_place(node)
        converted = self.converted(node)
        return converted if converted is not None else ir.Read(place)

    def _throw(self, node: Node) -> ir.Value:
        self.throw(node)
        return ir.Unknown()

    def _lambda(self, node: Node) -> ir.Value:
        return ir.AddressOf(self.closure(node))

    def result_place(self) -> ir.Place:
        """Where the object goes that the function returns."""
        return ir.Place(RESULT, ("*",))


def _is_of_handles(kind: Type | None) -> bool:
    """Whether a pointer is by the name of its type one to handles, so that no destructor runs."""
    if kind is None or kind.stars == 0 or kind.instance is not None:
        return False
    return HANDLE.fullmatch(kind.base) is not None


def _bound(meaning: str) -> ir.Value:
    """The value of a template parameter that stands for something."""
    is_number = meaning.lstrip("-").isdigit()
    return ir.Constant(int(meaning)) if is_number else ir.FunctionReference(meaning)


_OVERLOADED = frozenset(
    {"binary_expression", "unary_expression", "pointer_expression", "subscript_expression"}
    | {"update_expression"}
)
_REFERRING = frozenset({"pointer_expression", "subscript_expression"})
_MAYBE_OBJECTS = frozenset(
    {"field_expression", "call_expression", "pointer_expression", "subscript_expression"}
    | {"identifier", "qualified_identifier"}
)
_VALUES: dict[str, Callable[[OperatorLowering, Node], ir.Value]] = {
    "this": OperatorLowering._this,
    "raw_string_literal": OperatorLowering._raw_string,
    "identifier": OperatorLowering._name,
    "qualified_identifier": OperatorLowering._qualified_name,
    "template_function": OperatorLowering._qualified_name,
    "new_expression": OperatorLowering._new,
    "delete_expression": OperatorLowering._delete,
    "compound_literal_expression": OperatorLowering._literal_object,
    "throw_expression": OperatorLowering._throw,
    "throw_statement": OperatorLowering._throw,
    "lambda_expression": OperatorLowering._lambda,
}
