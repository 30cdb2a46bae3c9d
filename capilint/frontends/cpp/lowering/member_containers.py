"""The containers that an object has: `keys_.push_back(key)` in a method of its class.

    keys_.push_back(key);      add this*.keys_[+](key)
    keys_.clear();             this*.keys_ = ()
    keys_.size()               looks at no element

Who ends the elements is for the whole class to say. Anything else that is done to such a container
may be that.
"""

from __future__ import annotations

from tree_sitter import Node

from capilint import ir
from capilint.frontends.c.parsing.syntax import field, operands, operator_of, text_of
from capilint.frontends.cpp.lowering.containers import empties, value_added
from capilint.frontends.cpp.lowering.followed import Container
from capilint.frontends.cpp.lowering.sized import SizedLowering

_LOOKING = frozenset({"size", "empty", "capacity", "max_size", "reserve", "shrink_to_fit"})


class MemberContainerLowering(SizedLowering):
    """Calls and assignments that put plain values into members which are containers."""

    def _member_container(self, node: Node) -> Container | None:
        """The container of the object itself that an expression names."""
        node = self.bare(node)
        if self.this is None or node.type not in ("identifier", "field_expression"):
            return None
        kind = self.type_of(node)
        found = None if kind is None else self._followed(kind.by(""))
        if found is None or found.destructor is not None:
            return None
        place = self.named_place(node)
        is_own = place is not None and place.root == self.this_place.root
        if place is None or not is_own or place.path[:1] != ("*",) or len(place.path) != 2:
            return None
        return found._replace(place=place)

    def method_call(self, node: Node, result: ir.Place | None) -> bool:
        """Lower the call of a method of such a container, or of another. Whether it is one that is
        followed."""
        function = self.bare(field(node, "function"))
        found = None
        if operator_of(function) == ".":
            found = self._member_container(field(function, "argument"))
        if found is None:
            return super().method_call(node, result)
        name, given = text_of(field(function, "field")), operands(field(node, "arguments"))
        added, span = value_added(found, name, given), self.span(node)
        if added is not None and result is None:
            self._add(found, added, span)
        elif empties(name, given) and result is None:
            self.assign(found.place, ir.TupleOf(()), span)
        elif name in _LOOKING:
            for each in given:
                self.discard(each)
            if result is not None:
                self.assign(result, ir.Unknown(), span)
        else:
            return super().method_call(node, result)
        return True

    def _assignment(self, node: Node) -> ir.Value:
        """`keys_[name] = key`"""
        left = self.bare(field(node, "left"))
        if operator_of(node) == "=" and left.type == "subscript_expression":
            found = self._member_container(field(left, "argument"))
            if found is not None and found.is_map:
                self.discard(self.index(left))
                return self._add(found, field(node, "right"), self.span(node))
        return super()._assignment(node)
