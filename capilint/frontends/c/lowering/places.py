"""Lowers C lvalues: which storage an expression names, and what a pointer points to."""

from __future__ import annotations

from tree_sitter import Node

from capilint import ir
from capilint.frontends.c.lowering.base import Lowering
from capilint.frontends.c.parsing.syntax import field, is_constant_name, operator_of, text_of

_MOST_DIMENSIONS = 64  # of an array that are told apart; chains of subscripts may be any length


class PlaceLowering(Lowering):
    """Places of lvalues. Anything else is first held by a temporary."""

    def place(self, node: Node) -> ir.Place:
        """The storage that an expression names."""
        node = self.bare(node)
        if self.may_nest():
            self.depth += 1
            name = node.type == "identifier"
            found = self._variable(node) if name else self.named_place(node)
            self.depth -= 1
            if found is not None:
                return found
        if node.type == "identifier" and text_of(node) not in self.constants:
            return ir.Place(self.names.global_variable(text_of(node)))  # of a header
        value = self.value(node)
        return value.place if isinstance(value, ir.Read) else self.held(value, self.span(node))

    def named_place(self, node: Node) -> ir.Place | None:
        """The storage that an lvalue names, None for any other expression."""
        match node.type:
            case "identifier":
                return self._variable(node)
            case "field_expression":
                return self._member(node)
            case "subscript_expression":
                return self._element(node)
            case "pointer_expression" if operator_of(node) == "*":
                return self.pointee(field(node, "argument"))
            case "binary_expression" if self.cast_operator(node) == "*":
                return self.pointee(field(node, "right"))
        return None

    def pointee(self, node: Node) -> ir.Place:
        """The storage that a pointer expression points to."""
        node = self.bare(node)
        if node.type == "pointer_expression" and operator_of(node) == "&":
            return self.place(field(node, "argument"))
        if node.type == "binary_expression":
            if self.cast_operator(node) == "&":
                return self.place(field(node, "right"))
            if operator_of(node) in ("+", "-"):
                return self._at_offset(node)
        if self.dimensions(node):
            return _extended(self.place(node), "[0]")
        return _extended(self.place(node), "*")

    def address_of(self, place: ir.Place) -> ir.Value:
        """`&place`, where `&*p` is `p`."""
        if place.path and place.path[-1] == "*":
            return ir.Read(ir.Place(place.root, place.path[:-1]))
        return ir.AddressOf(place)

    def content(self, place: ir.Place, node: Node) -> ir.Value:
        """The value of an lvalue. An array's is its address, or that of its only element."""
        if not self.dimensions(node):
            return ir.Read(place)
        single = not place.path and place.root in self.names.single
        return ir.AddressOf(_extended(place, "[0]") if single else place)

    def dimensions(self, node: Node) -> int:
        """How many array dimensions a place has, 0 where it is no array that we know."""
        node = self.bare(node)
        indexed = 0
        while node.type == "subscript_expression" and indexed < _MOST_DIMENSIONS:
            indexed += 1
            node = self.bare(field(node, "argument"))
        declared = 0
        if node.type == "identifier":
            variable = self.names.find(text_of(node))
            declared = 0 if variable is None else self.names.dimensions.get(variable, 0)
        elif node.type == "field_expression":
            declared = self.facts.fields.get(text_of(field(node, "field")), 0)
        return max(declared - indexed, 0)

    def _variable(self, node: Node) -> ir.Place | None:
        name = text_of(node)
        if self.facts.macros.number(name) is not None:
            return None
        variable = self.names.find(name)
        if variable is not None:
            return ir.Place(variable)
        facts = self.facts
        if name in facts.functions or name in self.constants or name in facts.elsewhere:
            return None
        if name in self.expressions:
            return None
        if is_constant_name(name):
            return None
        return ir.Place(self.names.global_variable(name))

    def _member(self, node: Node) -> ir.Place:
        argument = field(node, "argument")
        follows = operator_of(node) == "->"
        base = self.pointee(argument) if follows else self.place(argument)
        name = text_of(field(node, "field"))
        return _extended(base, self.member_accessor(name))

    def _element(self, node: Node) -> ir.Place:
        argument = field(node, "argument")
        accessor = self.index_accessor(self.index(node))
        base = self.place(argument)
        if self.dimensions(argument):
            return _extended(base, accessor)
        if base.path and self._is_address(argument):
            return base
        return _extended(base, "*", accessor)

    def index(self, node: Node) -> Node:
        """What stands in the brackets of a subscript."""
        return field(node, "index")

    def index_accessor(self, node: Node) -> str:
        """How the element with an index is reached."""
        return _index_accessor(self.value(node))

    def _is_address(self, node: Node) -> bool:
        node = self.bare(node)
        return node.type == "pointer_expression" and operator_of(node) == "&"

    def _at_offset(self, node: Node) -> ir.Place:
        """`*(p + 1)`, the same storage as `p[1]`."""
        pointer, offset = field(node, "left"), self.value(field(node, "right"))
        accessor = _index_accessor(offset) if operator_of(node) == "+" else "[?]"
        base = self.place(pointer)
        return _extended(base, *(() if self.dimensions(pointer) else ("*",)), accessor)


def _extended(place: ir.Place, *accessors: str) -> ir.Place:
    return ir.Place(place.root, place.path + accessors)


def _index_accessor(index: ir.Value) -> str:
    match index:
        case ir.Constant(int(number)) | ir.Named(_, int(number)):
            return f"[{number}]"
    return "[?]"
