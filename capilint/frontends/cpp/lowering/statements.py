"""C++ statements: choices, loops, and where temporaries end."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from tree_sitter import Node

from capilint import ir
from capilint.frontends.c.facts.declarators import declared_by
from capilint.frontends.c.parsing.given import RUN_LATER
from capilint.frontends.c.parsing.parse import parse_expression
from capilint.frontends.c.parsing.syntax import field, operands, text_of
from capilint.frontends.cpp.lowering.array_rounds import ArrayRoundLowering
from capilint.frontends.cpp.lowering.rounds import names_bound

Statements = Iterator[Node]


class StatementLowering(ArrayRoundLowering):
    """The statements of one C++ function."""

    def _statement(self, node: Node) -> Statements | None:
        method = _STATEMENTS.get(node.type)
        if method is None:
            return super()._statement(node)
        try:
            return method(self, node)
        except ValueError:  # a broken tree
            self.not_understood(node, "statement not understood")
            return None

    def _nested_function(self, node: Node) -> Statements:
        """`ON_SCOPE_EXIT(key) { .. }`: code that an unseen macro has run later."""
        body = field(node, "body")
        head = text_of(node)[: body.start_byte - node.start_byte]
        if RUN_LATER.search(head) is None:
            yield from super()._nested_function(node)
            return
        named = self.mentions(node)
        places = [ir.AddressOf(each.place) for each in named if isinstance(each, ir.Read)]
        self.graph.emit(ir.Escape((*named, *places), self.span(node)))

    def _expression(self, node: Node) -> None:
        outer = self.names.frame
        super()._expression(node)
        if self.names.frame is not outer:  # temporaries end
            self.end_scope(outer, self.span(node))

    # ------------------------------------------------------------ choices and loops

    def _if(self, node: Node) -> Statements:
        parts = field(node, "condition").named_children
        for each in parts:
            if each.type in ("init_statement", "declaration"):
                return self._declared_in(node, super()._if)
        return super()._if(node)

    def _switch(self, node: Node) -> Statements:
        parts = field(node, "condition").named_children
        declares = any(each.type == "init_statement" for each in parts)
        return self._declared_in(node, super()._switch) if declares else super()._switch(node)

    def _declared_in(self, node: Node, lower: Callable[[Node], Statements]) -> Statements:
        """`if (Key key = f(); key)`"""
        block = self.names.open_block()
        for each in field(node, "condition").named_children:
            if each.type == "init_statement":
                yield from operands(each)
        yield from lower(node)
        self.close_block(block, self.positions.end_of(node))

    def condition(self, node: Node, if_true: int, if_false: int) -> None:
        """Evaluate an expression as a condition; ends the current block."""
        if node.type == "condition_clause":
            value = node.child_by_field_name("value")
            if value is None:
                parts = [each for each in operands(node) if each.type != "init_statement"]
                value = parts[-1] if parts else node
            if value.type == "declaration":
                self.declaration(value)
                declared = declared_by(field(value, "declarator"))
                name = declared.name if declared is not None else ""
                expression = parse_expression(name, self.facts.grammar)
                if expression is not None:
                    with self.positions.fixed_at(self.span(value)):
                        super().condition(expression, if_true, if_false)
                    return
            node = value
        super().condition(node, if_true, if_false)

    def _range_for(self, node: Node) -> Statements:
        """`for (auto& key : keys) body`: of each round's element nothing is known, and
        what is done to it may be done to each."""
        followed = self.for_each(node)
        if followed is not None:
            yield from followed
            return
        block = self.names.open_block()
        for each in operands(node):
            if each.type == "init_statement":
                yield from operands(each)
        span = self.span(node)
        right = field(node, "right")
        listed = operands(right) if right.type == "initializer_list" else ()
        container = ir.Unknown(tuple(map(self.value, listed))) if listed else self.value(right)
        self.graph.emit(ir.Escape((container,), span))  # which elements are met is not followed
        head, body, end = (self.graph.new_block() for _ in range(3))
        self.graph.start(head)
        self.graph.end(ir.Choose((body, end), span, question=ir.Question.ROUND))
        self.graph.start(body)
        inner = self.names.open_block()
        declarator = field(node, "declarator")
        declared = declared_by(declarator)
        if declared is not None:
            kind = self.resolved(text_of(field(node, "type")))._replace(stars=declared.stars)
            refers = "reference" in declarator.type and not kind.is_const and not listed
            unique = declared.name + "&" if refers else None
            variable = self.names.declare(declared.name, ir.Scope.LOCAL, unique=unique)
            self.static_types[variable] = kind.by("&") if refers else kind
            self.assign(ir.Place(variable), ir.Unknown((container,)), span)
        for name in names_bound(declarator) or ():
            variable = self.names.declare(text_of(name), ir.Scope.LOCAL)
            self.assign(ir.Place(variable), ir.Unknown((container,)), span)
        yield from self._looped(field(node, "body"), end, head)
        self.close_block(inner, self.positions.end_of(node))
        self.graph.jump(head)
        self.graph.start(end)
        self.close_block(block, self.positions.end_of(node))


_STATEMENTS: dict[str, Callable[[StatementLowering, Node], Statements | None]] = {
    "declaration": StatementLowering.declaration,
    "using_declaration": StatementLowering._using,
    "function_definition": StatementLowering._nested_function,
    "expression_statement": StatementLowering._expression,
    "if_statement": StatementLowering._if,
    "switch_statement": StatementLowering._switch,
    "for_statement": StatementLowering._for,
    "for_range_loop": StatementLowering._range_for,
    "return_statement": StatementLowering.return_statement,
    "try_statement": StatementLowering._try,
    "throw_statement": StatementLowering._throw_statement,
}
