"""`for (auto &key : keys)` over a local array of few handles: lowered round by round.

for (HCRYPTKEY &key : keys)                 key& = &keys[0]; CryptGenKey(.., key&)
    CryptGenKey(.., &key);                  key& = &keys[1]; CryptGenKey(.., key&)
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from tree_sitter import Node

from capilint import ir
from capilint.frontends.c.facts.declarators import declared_by
from capilint.frontends.c.lowering.counted import HANDLE, MOST_ROUNDS, may_be_repeated
from capilint.frontends.c.parsing.parse import parse_expression
from capilint.frontends.c.parsing.syntax import field, operands, text_of
from capilint.frontends.cpp.facts.model import Type
from capilint.frontends.cpp.lowering.declarations import Declaring
from capilint.frontends.cpp.lowering.member_containers import MemberContainerLowering

Statements = Iterator[Node]
_LENGTH = re.compile(r"\barray\s*<[^<>]*,\s*(\w+)\s*>$")


class ArrayRoundLowering(MemberContainerLowering):
    """Loops over arrays whose length is known."""

    def declare_as(self, kind: Type, declaring: Declaring) -> None:
        """Declare a variable of a type, and begin its life."""
        super().declare_as(kind, declaring)
        variable = self.is_local(declaring.declared.name)
        length = self._length(declaring) if kind.dimensions == 1 else None
        if variable is not None and length is not None:
            self.lengths[variable] = length

    def _length(self, declaring: Declaring) -> int | None:
        """The number of an array's elements."""
        node: Node | None = declaring.declarator
        while node is not None and node.type != "array_declarator":
            node = node.child_by_field_name("declarator")
        size = node.child_by_field_name("size") if node is not None else None
        if size is None:
            written = declaring.declaration.child_by_field_name("type")
            found = _LENGTH.search(text_of(written)) if written is not None else None
            size = parse_expression(found.group(1), self.facts.grammar) if found else None
        return None if size is None else self.number(self.value(size))

    def holds_handles(self, variable: ir.Variable) -> bool:
        """Whether a local variable is an array of what is a handle by its name."""
        kind = self.static_types.get(variable)
        if kind is None or kind.dimensions != 1 or kind.stars:
            return False
        return HANDLE.fullmatch(kind.base) is not None

    def limit(self, node: Node) -> int | None:
        """The number that a loop begins or ends with, if that is known: `keys.size()`."""
        function = node.child_by_field_name("function") if node.type == "call_expression" else None
        if function is None or function.type != "field_expression":
            return super().limit(node)
        array = self.is_local(text_of(field(function, "argument")))
        is_size = text_of(field(function, "field")) == "size"
        return self.lengths.get(array) if array is not None and is_size else None

    def for_each(self, node: Node) -> Statements | None:
        """A loop over a container or an array, None where its elements are not followed."""
        found = super().for_each(node)
        right = self.bare(field(node, "right"))
        array = self.is_local(text_of(right)) if right.type == "identifier" else None
        declared = declared_by(field(node, "declarator"))
        if found is not None or array is None or declared is None:
            return found
        few = self.lengths.get(array, MOST_ROUNDS + 1) <= MOST_ROUNDS
        if few and self.holds_handles(array) and may_be_repeated(field(node, "body"), ""):
            return self._array_rounds(node, array, declared.name)
        return None

    def _array_rounds(self, node: Node, array: ir.Variable, name: str) -> Statements:
        block, end, span = self.names.open_block(), self.graph.new_block(), self.span(node)
        for each in operands(node):
            if each.type == "init_statement":
                yield from operands(each)
        is_reference = "reference" in field(node, "declarator").type
        element_type = self.static_types[array]._replace(dimensions=0, reference="")
        for number in range(self.lengths[array]):
            inner, following = self.names.open_block(), self.graph.new_block()
            unique = f"{name}&" if is_reference else None
            variable = self.names.declare(name, ir.Scope.LOCAL, unique=unique)
            self.static_types[variable] = element_type.by("&" if is_reference else "")
            element = ir.Place(array, (f"[{number}]",))
            value = self.address_of(element) if is_reference else ir.Read(element)
            self.assign(ir.Place(variable), value, span)
            yield from self._looped(field(node, "body"), end, following)
            self.close_block(inner, self.positions.end_of(node))
            self.graph.jump(following)
            self.graph.start(following)
        self.graph.jump(end)
        self.graph.start(end)
        self.close_block(block, self.positions.end_of(node))
