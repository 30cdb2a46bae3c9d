"""Containers of objects that end with them: `std::vector<Key>`, `std::map<std::string, Key>`.

    std::vector<Key> keys;            keys = ()
    keys.emplace_back(handle);        ns::Key::Key(HCRYPTKEY)(&%1, handle); add keys[+](%1)
    }                                 %c = 0; loop: %e = next keys(&%c); ns::Key::~Key()(%e)

An element is made where nobody sees it and then put in as it is, so that its class's constructors
say what adding does. That a container moves its elements when it grows is left out.
"""

from __future__ import annotations

from collections.abc import Sequence

from tree_sitter import Node

from capilint import ir
from capilint.finding import Span
from capilint.frontends.c.parsing.syntax import field, operator_of, text_of
from capilint.frontends.cpp.facts.model import Type
from capilint.frontends.cpp.lowering.containers import (
    ADDING,
    KEYED,
    PICKING,
    TAKING,
    empties,
    value_added,
)
from capilint.frontends.cpp.lowering.followed import Container
from capilint.frontends.cpp.lowering.objects import MAKING
from capilint.frontends.cpp.lowering.rounds import RoundLowering

Operation = ir.ElementOperation
_MADE_IN_PLACE = frozenset({"emplace_back", "emplace_front"})


class OwnedElementLowering(RoundLowering):
    """Elements with destructors begin, and end."""

    # ------------------------------------------------------------ types

    def type_of_element(self, node: Node) -> Type | None:
        """The type of an expression that names an element of a container, or leads to it."""
        if not self.containers:
            return None
        match node.type:
            case "subscript_expression":
                found = self.container(field(node, "argument"))
            case "call_expression":
                method = self.method_of(node)
                is_element = method is not None and method[1] in PICKING | _MADE_IN_PLACE
                found = method[0] if method is not None and is_element else None
            case "pointer_expression" if operator_of(node) == "*":
                found = self._at_iterator_of(field(node, "argument"))
                found = None if found is None or found.is_map else found
            case "field_expression" if text_of(field(node, "field")) == "second":
                found = self._entry_of(field(node, "argument"))
            case "identifier":
                found = self._at_iterator_of(node)
                if found is None or found.is_map:
                    return None
                return found.element._replace(stars=1, reference="&")
            case _:
                return None
        return None if found is None else found.element.by("&")

    def _at_iterator_of(self, node: Node) -> Container | None:
        """The container of which an expression is the iterator of the loop around."""
        cursor = self.cursor(self.bare(node))
        return None if cursor is None else cursor.container

    def _entry_of(self, node: Node) -> Container | None:
        """The map of which an expression names an element, or the iterator at it."""
        node = self.bare(node)
        variable = self.is_local(text_of(node)) if node.type == "identifier" else None
        known = None if variable is None else self.entries.get(variable)
        if node.type == "pointer_expression" and operator_of(node) == "*":
            node = field(node, "argument")
        found = known or self._at_iterator_of(node)
        return found if found is not None and found.is_map else None

    # ------------------------------------------------------------ beginning

    def named_place(self, node: Node) -> ir.Place | None:
        """The storage that an lvalue names, None for any other expression."""
        element = self._made_in_place(node) if node.type == "call_expression" else None
        return element if element is not None else super().named_place(node)

    def _made_in_place(self, node: Node) -> ir.Place | None:
        """The element that a call makes and gives: `keys.emplace_back()`."""
        method = self.method_of(node)
        if method is None or method[1] not in _MADE_IN_PLACE:
            return None
        found, _, given = method
        added, span = self.temporary(), self.span(node)
        if found.destructor is not None:
            self._put_in(found, given, span, added)
        elif len(given) > 1:
            return None
        else:
            value = self.value(given[0]) if given else ir.Constant(0)
            self.emit_on(Operation.ADD, found, span, value, (ir.NEW_ELEMENT,), added)
        return ir.Place(added.root, ("*",))

    def _called(
        self, found: Container, name: str, given: list[Node], node: Node, result: ir.Place | None
    ) -> bool:
        if found.destructor is None:
            return super()._called(found, name, given, node, result)
        span = self.span(node)
        made = _made_of(found, name, given)
        if made is not None:
            if result is not None:
                return False
            self._put_in(found, made, span)
        elif name in TAKING and not given:
            self._end(found.destructor, self.pick(found, (), span), span)
            self.emit_on(Operation.TAKE, found, span)
        elif empties(name, given):
            self._end_all(found, found.destructor, span)
            self.assign(found.place, ir.TupleOf(()), span)
        elif name in ADDING or name in KEYED or name in ("insert", "erase") or name in PICKING:
            return False
        else:
            return super()._called(found, name, given, node, result)
        return True

    def _put_in(
        self,
        found: Container,
        arguments: Sequence[Node],
        span: Span,
        added: ir.Place | None = None,
    ) -> None:
        """Put in an object that is made of arguments; `added` gets its address."""
        place = self.temporary_object(found.element, span)
        if not self._moved_in(found, arguments, place, span):
            self.begin(place, found.element, arguments, span)
        with self.graph.handled_by(None):  # that there is no room for it is seen sooner
            path = (ir.NEW_ELEMENT, *found.value_path)
            self.emit_on(Operation.ADD, found, span, ir.Read(place), path, added)
            self.graph.emit(ir.EndScope((place.root,), span))

    def _moved_in(
        self, found: Container, arguments: Sequence[Node], target: ir.Place, span: Span
    ) -> bool:
        """Whether an object that is made here goes in by a move, or a copy: `add(Key(h))`."""
        made = found.element.instance
        node = self.bare(arguments[0]) if len(arguments) == 1 else None
        if node is None or made is None or node.type not in MAKING or self.class_of(node) != made:
            return False
        self.copy_object(target, self.object_place(node), made, span, moved=True)
        return True

    def _assignment(self, node: Node) -> ir.Value:
        """`keys[name] = std::move(key)`: as good as an element of its own, where there was one."""
        if not self.containers:
            return super()._assignment(node)
        left = self.bare(field(node, "left"))
        found = None
        if operator_of(node) == "=" and left.type == "subscript_expression":
            found = self.container(field(left, "argument"))
        is_new = found is not None and found.is_map and self.cursor(self.index(left), found) is None
        if found is None or found.destructor is None or not is_new:
            return super()._assignment(node)
        self.discard(self.index(left))
        self._put_in(found, [field(node, "right")], self.span(node))
        return ir.Unknown()

    # ------------------------------------------------------------ ending

    def end_by(self, call: ir.Call, span: Span) -> None:
        """Make the call of a cleanup, where a scope is left: for each element of a container."""
        found = None
        match call.arguments if self.containers else ():
            case (ir.AddressOf(ir.Place(root, ())),):
                found = self.containers.get(root)
        if found is None or found.destructor is None:
            super().end_by(call, span)
        else:
            self._end_all(found, found.destructor, span)

    def _end_all(self, found: Container, destructor: str, span: Span) -> None:
        element, head, end = self.rounds(found, span)
        self._end(destructor, ir.Place(element.root, ("*", *found.value_path)), span)
        self.graph.jump(head)
        self.graph.start(end)

    def _end(self, destructor: str, element: ir.Place, span: Span) -> None:
        self.emit_call(destructor, (self.address_of(element),), None, span)


def _made_of(found: Container, name: str, given: list[Node]) -> Sequence[Node] | None:
    """What an object is made of that a method's call puts into a container."""
    if found.is_map:
        if name in ("emplace", "try_emplace") and len(given) > 1:
            return given[1:]
    elif name in _MADE_IN_PLACE:
        return given
    added = value_added(found, name, given)
    return None if added is None else [added]
