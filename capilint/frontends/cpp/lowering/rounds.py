"""Loops that meet each element of a container that the function has to itself.

    for (HCRYPTKEY key : keys)                            for (auto& [name, key] : keys)
    for (size_t i = 0; i < keys.size(); ++i)              keys[i], keys.at(i)
    for (auto it = keys.begin(); it != keys.end(); ++it)  *it, it->second

Loops that go through it in any other way let go of it.
"""

from __future__ import annotations

from collections.abc import Iterator

from tree_sitter import Node

from capilint import ir
from capilint.finding import Span
from capilint.frontends.c.facts.declarators import declared_by
from capilint.frontends.c.parsing.syntax import field, operands, operator_of, text_of, within
from capilint.frontends.cpp.facts.model import Type
from capilint.frontends.cpp.lowering.called import Cast
from capilint.frontends.cpp.lowering.containers import ContainerLowering
from capilint.frontends.cpp.lowering.followed import Container, Cursor

Statements = Iterator[Node]
_BEGINNING, _ENDING = frozenset({"begin", "cbegin"}), frozenset({"end", "cend"})


class RoundLowering(ContainerLowering):
    """Loops over containers."""

    def rounds(self, found: Container, span: Span) -> tuple[ir.Place, int, int]:
        """Begin the body of a loop over a container's elements: where the present one's address
        is, the blocks of the loop's head and of its end."""
        cursor, element = self.temporary(), self.temporary()
        self.assign(cursor, ir.Constant(0), span)
        head, body, end = (self.graph.new_block() for _ in range(3))
        self.graph.start(head)
        self.emit_on(ir.ElementOperation.NEXT, found, span, ir.AddressOf(cursor), result=element)
        self.graph.branch(ir.Read(element), body, end, span, ir.Question.ROUND)
        self.graph.start(body)
        return element, head, end

    def for_each(self, node: Node) -> Statements | None:
        """`for (auto& key : keys) body`, None where the container is not followed."""
        found = self.container(field(node, "right"))
        declarator = field(node, "declarator")
        binding = names_bound(declarator)
        if found is None or (binding is not None and not (found.is_map and len(binding) == 2)):
            return None
        if found.destructor is not None and "reference" not in declarator.type:
            return None  # copies, which end with each round
        return self._each(node, found, declarator, binding)

    def _each(
        self, node: Node, found: Container, declarator: Node, binding: list[Node] | None
    ) -> Statements:
        block = self.names.open_block()
        for each in operands(node):
            if each.type == "init_statement":
                yield from operands(each)
        span = self.span(node)
        element, head, end = self.rounds(found, span)
        inner = self.names.open_block()
        cursor = Cursor(found, element, "", is_index=False)
        if binding is not None:
            self._bind(cursor, binding, span)
        else:
            self._declare_element(cursor, node, declarator, span)
        yield from self._looped(field(node, "body"), end, head)
        self.close_block(inner, self.positions.end_of(node))
        self.graph.jump(head)
        self.graph.start(end)
        self.close_block(block, self.positions.end_of(node))

    def _bind(self, cursor: Cursor, names: list[Node], span: Span) -> None:
        """`auto& [name, key]`: the parts of a map's element."""
        for name, accessor in zip(names, (".first", ".second"), strict=True):
            variable = self.names.declare(text_of(name), ir.Scope.LOCAL, unique=text_of(name) + "&")
            known = cursor.container.element if accessor == ".second" else Type("auto")
            self.static_types[variable] = known.by("&")
            part = ir.Place(cursor.present.root, (*cursor.present.path, accessor))
            self.assign(ir.Place(variable), self.address_of(part), span)

    def _declare_element(self, cursor: Cursor, node: Node, declarator: Node, span: Span) -> None:
        declared = declared_by(declarator)
        if declared is None:
            return
        is_reference = "reference" in declarator.type
        known = Type("auto") if cursor.container.is_map else cursor.container.element
        unique = declared.name + "&" if is_reference else None
        variable = self.names.declare(declared.name, ir.Scope.LOCAL, unique=unique)
        self.static_types[variable] = known.by("&" if is_reference else "")
        if cursor.container.is_map:
            self.entries[variable] = cursor.container
        value = ir.Read(cursor.element if is_reference else cursor.present)
        self.assign(ir.Place(variable), value, span)

    def _for(self, node: Node) -> Statements:
        found = self._visited(node)
        return super()._for(node) if found is None else self._visit(node, *found)

    def _visit(self, node: Node, found: Container, name: str, is_index: bool) -> Statements:
        """A loop by an index or an iterator that goes through a container from end to end."""
        block = self.names.open_block()
        if is_index:
            yield field(node, "initializer")
        element, head, end = self.rounds(found, self.span(node))
        update = self.graph.new_block()
        outer, self.cursors = (
            self.cursors,
            (
                *self.cursors,
                Cursor(found, element, name, is_index, self.is_local(name)),
            ),
        )
        yield from self._looped(field(node, "body"), end, update)
        self.cursors = outer
        self.graph.start(update)
        if is_index:
            self.discard(field(node, "update"))
        self.graph.jump(head)
        self.graph.start(end)
        self.close_block(block, self.positions.end_of(node))

    def _visited(self, node: Node) -> tuple[Container, str, bool] | None:
        """The container that a `for` goes through, by what name, and whether that is an index."""
        parts = [node.child_by_field_name(each) for each in ("initializer", "condition", "update")]
        first, condition, update = parts
        if not self.containers or first is None or condition is None or update is None:
            return None
        start = _start(first)
        if start is None or condition.type != "binary_expression":
            return None
        name, value = start
        sides = [self._uncast(field(condition, side)) for side in ("left", "right")]
        limit = next((each for each in sides if text_of(each) != name), sides[0])
        method = self.method_of(limit) if limit.type == "call_expression" else None
        if method is None or not any(text_of(each) == name for each in sides):
            return None
        found, called, given = method
        body = field(node, "body")
        if given or not _steps(update, name):
            return None
        if called == "size" and text_of(self.bare(value)).rstrip("uUlLzZ") == "0":
            forward = ("<", "!=") if sides[0] is not limit else (">", "!=")
            is_fit = operator_of(condition) in forward and not _is_changed(body, name)
            return (found, name, True) if is_fit else None
        if first.type != "declaration":
            return None  # what the iterator is afterwards is asked for
        if called in _ENDING and operator_of(condition) in ("!=", "<"):
            begun = self.method_of(value) if value.type == "call_expression" else None
            from_start = begun is not None and begun[0] == found and begun[1] in _BEGINNING
            return (found, name, False) if from_start and _only_leads(body, name) else None
        return None

    def _uncast(self, node: Node) -> Node:
        node = self.bare(node)
        if node.type != "call_expression":
            return node
        meaning = self.meaning_of(node)
        if isinstance(meaning, Cast) and meaning.operand is not None:
            return self.bare(meaning.operand)
        return node


def names_bound(declarator: Node) -> list[Node] | None:
    """The names of `auto& [name, key]`."""
    for node in within(declarator):
        if node.type == "structured_binding_declarator":
            return operands(node)
    return None


def _start(node: Node) -> tuple[str, Node] | None:
    """The variable that the first part of a `for` sets, and to what."""
    if node.type == "declaration":
        declarators = node.children_by_field_name("declarator")
        declarator = declarators[0] if len(declarators) == 1 else None
        value = declarator.child_by_field_name("value") if declarator is not None else None
        declared = declared_by(declarator) if declarator is not None else None
        if value is None or declared is None:
            return None
        if value.type in ("argument_list", "initializer_list"):
            given = operands(value)
            return (declared.name, given[0]) if len(given) == 1 else None
        return declared.name, value
    if node.type == "assignment_expression" and operator_of(node) == "=":
        return text_of(field(node, "left")), field(node, "right")
    return None


def _begins_with(node: Node, name: str) -> bool:
    """Whether a loop has an iterator or index of its own that is called so."""
    first = node.child_by_field_name("initializer") if node.type == "for_statement" else None
    start = _start(first) if first is not None and first.type == "declaration" else None
    return start is not None and start[0] == name


def _steps(node: Node, name: str) -> bool:
    """Whether an expression is `++name`, or what comes to the same."""
    if node.type == "update_expression":
        return operator_of(node) == "++" and text_of(field(node, "argument")) == name
    if node.type == "assignment_expression" and operator_of(node) == "+=":
        return text_of(field(node, "left")) == name and text_of(field(node, "right")) == "1"
    return False


def _is_changed(body: Node, name: str) -> bool:
    """Whether a loop's body may change its index."""
    for node in within(body):
        target = None
        match node.type:
            case "update_expression" | "pointer_expression":
                target = node.child_by_field_name("argument")
            case "assignment_expression":
                target = node.child_by_field_name("left")
        if target is not None and text_of(target) == name:
            return True
    return False


def _only_leads(body: Node, name: str) -> bool:
    """Whether an iterator is used for nothing but its element: `*it`, `it->second`."""
    others = [each for each in within(body) if _begins_with(each, name)]
    for node in within(body):
        if node.type != "identifier" or text_of(node) != name:
            continue
        if any(each.start_byte <= node.start_byte < each.end_byte for each in others):
            continue
        user = node.parent
        if user is None or operator_of(user) not in ("*", "->") or user.type == "binary_expression":
            return False
        if user.parent is not None and names_bound(user.parent):
            return False
    return True
