"""Sequences whose length is set when they are made: what an array is to its elements.

    std::array<HCRYPTKEY, 2> keys{};     HCRYPTKEY keys[2] = {};
    std::vector<HCRYPTKEY> keys(n);      keys[0], keys.at(0), keys.front(), keys.data()

A vector is taken for one where its function does nothing to it but that. As with arrays, an element
is known where its index is a constant.
"""

from __future__ import annotations

import re

from tree_sitter import Node

from capilint import ir
from capilint.frontends.c.parsing.syntax import field, operands, operator_of, text_of
from capilint.frontends.cpp.facts.model import Type
from capilint.frontends.cpp.lowering.containers import NUMERIC
from capilint.frontends.cpp.lowering.declarations import Declaring
from capilint.frontends.cpp.lowering.owned import OwnedElementLowering

_NUMBER = re.compile(rf"{NUMERIC.pattern}|DWORD\w*|U?INT\w*|U?LONG\w*|SIZE_T|WORD|U?SHORT|BYTE")
_ZERO = frozenset({"0", "NULL", "nullptr"})
_COUNTING = frozenset({"size", "empty", "max_size"})
_METHODS = _COUNTING | {"at", "front", "data"}
_RESIZE = "resize"
_WITH_ONE = frozenset({"at", _RESIZE})


class SizedLowering(OwnedElementLowering):
    """Declarations and methods of sequences that are arrays."""

    def _declare_variable(self, declaring: Declaring) -> None:
        if "<" not in declaring.kind.base:  # no container
            self.declare_as(declaring.kind, declaring)
            return
        element = self._element_of_sized(declaring)
        if element is None:
            super()._declare_variable(declaring)
            return
        for each in declaring.arguments or ():
            self.discard(each)
        given = declaring.value
        if given is not None and given.type != "initializer_list":
            given = None  # it is the length
        made = declaring._replace(value=given, arguments=None if given is not None else [])
        self.declare_as(element._replace(dimensions=1), made)

    def _element_of_sized(self, declaring: Declaring) -> Type | None:
        """The type of the elements of a vector that is no more than an array."""
        given = declaring.arguments or (operands(declaring.value) if declaring.value else [])
        if not given:
            return self._element_of_resized(declaring)
        if declaring.value is not None and declaring.value.type == "call_expression":
            return None
        known = self._followed(declaring.kind)
        if known is None or known.is_map or not self._is_length(known.destructor, declaring, given):
            return None
        return known.element if _is_indexed_only(declaring) else None

    def _element_of_resized(self, declaring: Declaring) -> Type | None:
        """The same of one that is empty at first, and gets its length once."""
        known = self._followed(declaring.kind)
        if known is None or known.is_map or known.destructor is not None:
            return None
        return known.element if _is_indexed_only(declaring, resized=True) else None

    def _is_length(self, destructor: str | None, declaring: Declaring, given: list[Node]) -> bool:
        """Whether a vector is made from its length, or from a list of plain values."""
        if declaring.value is not None and declaring.value.type == "initializer_list":
            return destructor is None
        if (len(given) == 2 and text_of(given[1]) not in _ZERO) or len(given) > 2:
            return False
        found = self.type_of(given[0])
        is_value = found is not None and not (found.stars or found.dimensions)
        return is_value and found is not None and _NUMBER.fullmatch(found.base) is not None

    # ------------------------------------------------------------ methods

    def _of_array(self, node: Node) -> tuple[Node, str, list[Node]] | None:
        """The array, the method's name and the arguments of `keys.at(0)`."""
        function = field(node, "function")
        if function.type != "field_expression" or operator_of(function) == "->":
            return None
        name = text_of(field(function, "field"))
        if name not in _METHODS and name != _RESIZE:
            return None
        array, given = field(function, "argument"), operands(field(node, "arguments"))
        found = self.type_of(array) if len(given) == int(name in _WITH_ONE) else None
        return (array, name, given) if found is not None and found.dimensions else None

    def type_of_element(self, node: Node) -> Type | None:
        """The type of an expression that names an element of a container, or leads to it."""
        method = self._of_array(node) if node.type == "call_expression" else None
        if method is None or method[1] not in ("at", "front"):
            return super().type_of_element(node)
        return self._element_type(self.type_of(method[0]))

    def named_place(self, node: Node) -> ir.Place | None:
        """The storage that an lvalue names, None for any other expression."""
        method = self._of_array(node) if node.type == "call_expression" else None
        if method is None or method[1] not in ("at", "front"):
            return super().named_place(node)
        array, _, given = method
        accessor = self.index_accessor(given[0]) if given else "[0]"
        whole = self.place(array)
        return ir.Place(whole.root, (*whole.path, accessor))

    def method_call(self, node: Node, result: ir.Place | None) -> bool:
        """Lower the call of a method of a sequence, or of a container. Whether it is one."""
        method = self._of_array(node)
        if method is None:
            return super().method_call(node, result)
        array, name, given = method
        if name == _RESIZE:
            self.discard(given[0])  # the elements are those of the declaration
        elif result is not None:
            if name in _COUNTING:
                value: ir.Value = ir.Unknown()
            elif name == "data":
                value = self.value(array)
            else:
                value = ir.Read(self.place(node))
            self.assign(result, value, self.span(node))
        return True


def _is_indexed_only(declaring: Declaring, resized: bool = False) -> bool:
    """Whether a function does nothing to a vector but reach for its elements; with `resized`, once
    it has set its length."""
    name, root = declaring.declared.name, declaring.declaration
    while root.parent is not None:
        root = root.parent
    begin, end = declaring.declarator.start_byte, declaring.declarator.end_byte
    offset = root.start_byte
    text = root.text or b""
    use = re.compile(rb"\b%b\b\s*(?:(\[)|\.\s*(\w+))?" % re.escape(name.encode()))
    is_set = not resized
    for found in use.finditer(text):
        if begin <= found.start() + offset < end or found.group(1):
            continue
        method = (found.group(2) or b"").decode(errors="replace")
        if method not in _METHODS and not (resized and method == _RESIZE):
            return False
        resized = resized and method != _RESIZE
        is_set = is_set or method == _RESIZE
    return is_set
