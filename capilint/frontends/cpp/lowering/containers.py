"""The containers of the standard library that a function has to itself: `std::vector<HCRYPTKEY>`.

    std::vector<HCRYPTKEY> keys;          keys = ()
    keys.push_back(key);                  add keys[+](key)
    for (HCRYPTKEY each : keys)           %c = 0; loop: %e = next keys(&%c); each = %e*

Its elements are followed where they are plain values, as long as nothing is done to the container
but what stands here; with any other use it escapes as a whole, as containers do that are not
followed. What the methods do: the C++ standard, [sequence.reqmts], [associative.reqmts].
"""

from __future__ import annotations

import re

from tree_sitter import Node

from capilint import ir
from capilint.finding import Span
from capilint.frontends.c.parsing.syntax import field, operands, operator_of, text_of
from capilint.frontends.cpp.facts.model import Type
from capilint.frontends.cpp.facts.typetext import type_text
from capilint.frontends.cpp.lowering.declarations import Declaring
from capilint.frontends.cpp.lowering.exceptions import ExceptionLowering
from capilint.frontends.cpp.lowering.followed import Container, Cursor
from capilint.frontends.cpp.lowering.naming import LITERALS

Operation = ir.ElementOperation

SEQUENCES = frozenset(
    {"vector", "list", "deque", "forward_list", "stack", "queue"}
    | {"set", "multiset", "unordered_set", "unordered_multiset"}
)
_MAPS = frozenset({"map", "unordered_map", "multimap", "unordered_multimap"})
ADDING = frozenset({"push_back", "emplace_back", "push_front", "emplace_front", "push"})
KEYED = frozenset({"emplace", "insert_or_assign", "try_emplace"})
TAKING = frozenset({"pop_back", "pop_front", "pop"})
PICKING = frozenset({"at", "front", "back", "top"})
_NO_MATTER = frozenset({"reserve", "shrink_to_fit", "capacity", "max_size"})
NUMERIC = re.compile(
    r"(?:\b(?:unsigned|signed|long|short|int|char|float|double|bool|wchar_t)\b\s*)+|(?:std::)?\w+_t"
)
_PAIR = re.compile(r"(?:std::)?(?:make_pair|pair\s*<.*>|\w+(?:<.*>)?::value_type)$", re.DOTALL)


class ContainerLowering(ExceptionLowering):
    """Declarations, elements and methods of containers."""

    def container(self, node: Node) -> Container | None:
        """The container that an expression names."""
        if not self.containers:
            return None
        node = self.bare(node)
        if node.type != "identifier":
            return None
        variable = self.is_local(text_of(node))
        return None if variable is None else self.containers.get(variable)

    # ------------------------------------------------------------ declarations, other uses

    def _declare_variable(self, declaring: Declaring) -> None:
        kind = declaring.kind
        followed = self._followed(kind)
        if followed is None or not _is_empty(declaring):
            super()._declare_variable(declaring)
            return
        name, span = declaring.declared.name, self.span(declaring.declarator)
        variable = self.names.declare(name, ir.Scope.LOCAL)
        self.static_types[variable] = kind
        self.names.types[variable] = kind.base
        place = ir.Place(variable)
        self.containers[variable] = followed._replace(place=place)
        self.graph.emit(ir.Declare(variable, kind.base, span))
        self.assign(place, ir.TupleOf(()), span)
        if followed.destructor is not None:
            ended = ir.Call(ir.Direct(followed.destructor), (ir.AddressOf(place),), None, span)
            self.enter_cleanup(ended, pad=True)

    def _followed(self, kind: Type) -> Container | None:
        """What is known of a container by its type, if its elements are to be followed."""
        if kind.instance is not None or kind.stars or kind.reference or kind.dimensions:
            return None
        parts = type_text(kind.base).parts
        names = [each.name for each in parts]
        arguments = parts[-1].arguments if parts else None
        if names[:-1] not in ([], ["std"]) or not arguments:
            return None
        is_map = names[-1] in _MAPS
        if not (is_map or names[-1] in SEQUENCES) or len(arguments) < 1 + is_map:
            return None
        element = self.resolved(arguments[is_map])
        place = ir.Place(ir.Variable("", ir.Scope.LOCAL))
        if not self._is_followed(element):
            return None
        made = element.instance
        ending = None if made is None else self.destructor_of(made)
        return Container(place, element, is_map, "multi" not in names[-1], ending)

    def _is_followed(self, element: Type) -> bool:
        """Whether elements are values of which a copy is as good as the first, such as handles, or
        objects whose classes say what copying, moving and ending them does."""
        if element.stars or element.reference or element.dimensions:
            return False
        if "(" in element.base:  # a function object: it may hold what it acts on
            return False
        if element.instance is not None:
            return self.lookup.is_complete(element.instance)
        if element.base in self.bindings:  # any type, a class with a destructor as well
            return False
        return not (NUMERIC.fullmatch(element.base) or self.is_opaque(element))

    def let_go(self, node: Node) -> None:
        """A container is used in a way that is not followed."""
        found = self.container(node) if self.containers else None
        if found is not None:
            self.graph.emit(ir.Escape((ir.AddressOf(found.place),), self.span(node)))

    def _variable(self, node: Node) -> ir.Place | None:
        self.let_go(node)
        return super()._variable(node)

    def mentions(self, node: Node) -> tuple[ir.Value, ...]:
        """The variables that a piece of text names; what is in a container may be meant."""
        found = super().mentions(node)
        places = (each.place for each in found if isinstance(each, ir.Read))
        inside = (ir.AddressOf(each) for each in places if each.root in self.containers)
        return (*found, *inside)

    # ------------------------------------------------------------ elements

    def named_place(self, node: Node) -> ir.Place | None:
        """The storage that an lvalue names, None for any other expression."""
        element = self._element_named(node)
        return element if element is not None else super().named_place(node)

    def _element_named(self, node: Node) -> ir.Place | None:
        """The element of a container that an expression names, where it may be known which."""
        if not self.containers:
            return None
        key: Node | None
        match node.type:
            case "subscript_expression":
                found, key = self.container(field(node, "argument")), self.index(node)
            case "call_expression" if (method := self.method_of(node)) is not None:
                found, name, arguments = method
                if name not in PICKING or len(arguments) != int(name == "at"):
                    return None
                key = arguments[0] if arguments else None
            case "pointer_expression" if operator_of(node) == "*":
                return self.at_iterator(field(node, "argument"))
            case _:
                return None
        if found is None:
            return None
        cursor = None if key is None else self.cursor(key, found)
        return cursor.present if cursor is not None else self._picked(found, key, self.span(node))

    def cursor(self, node: Node, container: Container | None = None) -> Cursor | None:
        """The loop around whose iterator an expression is, or whose index in a container."""
        name = text_of(node)
        return next(
            (
                each
                for each in reversed(self.cursors)
                if each.name == name
                and each.is_index == (container is not None)
                and container in (None, each.container)
                and each.variable == self.is_local(name)
            ),
            None,
        )

    def at_iterator(self, node: Node) -> ir.Place | None:
        """The element that the iterator of a loop around is at."""
        cursor = self.cursor(node)
        return None if cursor is None else cursor.present

    def pointee(self, node: Node) -> ir.Place:
        """The storage that a pointer expression points to."""
        element = self.at_iterator(self.bare(node))
        return element if element is not None else super().pointee(node)

    def _picked(self, found: Container, key: Node | None, span: Span) -> ir.Place | None:
        path: tuple[str, ...] = ()
        if key is not None:
            accessor = self._key_accessor(key)
            if accessor is None or not (found.is_map or accessor == "[0]"):
                return None
            path = (accessor,) if found.is_map else ()
        return self.pick(found, path, span)

    def pick(self, found: Container, path: tuple[str, ...], span: Span) -> ir.Place:
        """What was put into a container at a key, or as its only element."""
        picked, scratch = self.temporary(), self.temporary()
        self.emit_on(Operation.PICK, found, span, ir.AddressOf(scratch), path, picked)
        return ir.Place(picked.root, ("*", *found.value_path))

    def _key_accessor(self, key: Node) -> str | None:
        """The accessor of the element with a key, where that is a literal."""
        key = self.bare(key)
        if key.type not in LITERALS:
            return None
        value = self.value(key)
        if not isinstance(value, ir.Constant) or value.value is None:
            return None
        return f"[{value.value}]" if isinstance(value.value, int) else f'["{value.value}"]'

    def emit_on(
        self,
        operation: Operation,
        container: Container,
        span: Span,
        operand: ir.Value | None = None,
        path: tuple[str, ...] = (),
        result: ir.Place | None = None,
    ) -> None:
        self.graph.emit(ir.Elements(operation, container.place, span, operand, path, result))

    def _add(self, found: Container, value: Node, span: Span, key: str | None = None) -> ir.Value:
        """Put a value into a container, and give it."""
        made = self.class_of(self.bare(value))
        given = self.value(value) if made is None else ir.Read(self.object_place(value))
        path = (key or ir.NEW_ELEMENT, *found.value_path)
        self.emit_on(Operation.ADD, found, span, given, path)
        return given

    def _assignment(self, node: Node) -> ir.Value:
        """`keys[i] = key`"""
        if not self.containers:
            return super()._assignment(node)
        left, right = self.bare(field(node, "left")), field(node, "right")
        if operator_of(node) != "=" or left.type != "subscript_expression":
            return super()._assignment(node)
        found = self.container(field(left, "argument"))
        if found is None or not found.is_map or self.cursor(self.index(left), found):
            return super()._assignment(node)
        key = self._key_accessor(self.index(left)) if found.has_unique_keys else None
        if key is None:
            self.discard(self.index(left))
        return self._add(found, right, self.span(node), key)

    # ------------------------------------------------------------ methods

    def method_of(self, node: Node) -> tuple[Container, str, list[Node]] | None:
        """The container, the method's name and the arguments of `keys.push_back(key)`."""
        if not self.containers:
            return None
        function = self.bare(field(node, "function"))
        if function.type != "field_expression" or operator_of(function) == "->":
            return None
        found = self.container(field(function, "argument"))
        if found is None:
            return None
        return found, text_of(field(function, "field")), operands(field(node, "arguments"))

    def method_call(self, node: Node, result: ir.Place | None) -> bool:
        """Lower the call of a container's method. Whether it is one that is followed."""
        method = self.method_of(node)
        return method is not None and self._called(*method, node, result)

    def _called(
        self, found: Container, name: str, given: list[Node], node: Node, result: ir.Place | None
    ) -> bool:
        """Lower the call of a container's method. Whether it is one that is followed."""
        span = self.span(node)
        added = value_added(found, name, given)
        if added is not None:
            if result is not None:
                return False  # whether anything was put in, and where
            self._add(found, added, span)
        elif name in ("size", "empty") and not given:
            count = self.temporary()
            self.emit_on(Operation.COUNT, found, span, result=count)
            value: ir.Value = ir.Read(count)
            if result is not None:
                said = value if name == "size" else ir.Operation("!", (value,))
                self.assign(result, said, span)
            return True
        elif name in _NO_MATTER:
            for each in given:
                self.discard(each)
        elif empties(name, given):
            self.assign(found.place, ir.TupleOf(()), span)
        elif name in TAKING and not given:
            self.emit_on(Operation.TAKE, found, span)
        elif name == "erase" and len(given) == 1 and found.is_map and found.has_unique_keys:
            key = self._key_accessor(given[0])
            if key is None:
                return False
            self.emit_on(Operation.TAKE, found, span, path=(key,))
        else:
            element = self._element_named(node)
            if element is None:
                return False
            if result is not None:
                self.assign(result, ir.Read(element), span)
            return True
        if result is not None:
            self.assign(result, ir.Unknown(), span)
        return True


def _is_empty(declaring: Declaring) -> bool:
    """Whether a container is declared without elements."""
    value, arguments = declaring.value, declaring.arguments
    if value is None:
        return not arguments
    return value.type in ("initializer_list", "argument_list") and not operands(value)


def empties(name: str, given: list[Node]) -> bool:
    """Whether a method's call leaves nothing in a container: `clear()`, `resize(0)`."""
    if name == "resize":
        return len(given) == 1 and text_of(given[0]) == "0"
    return name == "clear" and not given


def value_added(found: Container, name: str, given: list[Node]) -> Node | None:
    """What a method's call puts into a container."""
    if found.is_map:
        return given[1] if name in KEYED and len(given) == 2 else _inserted(name, given)
    if name in ADDING or (name in ("insert", "emplace") and len(given) == 1):
        return given[0] if len(given) == 1 and given[0].type != "initializer_list" else None
    return None


def _inserted(name: str, given: list[Node]) -> Node | None:
    """The value of the pair that is put into a map: `{k, v}`, `std::make_pair(k, v)`."""
    if name not in ("insert", "emplace") or len(given) != 1:
        return None
    node, parts = given[0], []
    if node.type == "initializer_list":
        parts = operands(node)
    elif node.type == "call_expression":
        called = text_of(field(node, "function"))
        if _PAIR.match(called) is not None:
            parts = operands(field(node, "arguments"))
    return parts[1] if len(parts) == 2 else None
