"""Lowers C statements to blocks.

A handler that has statements inside is a generator: it yields each of them, and goes on when
that is lowered. So statements may be nested to any depth without recursion.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator

from tree_sitter import Node

from capilint import ir
from capilint.finding import Span
from capilint.frontends.c.lowering.counted import CountedLowering, Rounds
from capilint.frontends.c.lowering.scopes import Block, Case, Frame, Loop, Switch, enclosing
from capilint.frontends.c.parsing.conditionals import (
    Guard,
    conjuncts,
    decided,
    guard_of,
    guarded_statements,
    is_refused,
)
from capilint.frontends.c.parsing.parse import parse_expression
from capilint.frontends.c.parsing.syntax import field, operands, text_of

Statements = Iterator[Node]

SWITCH = "#if "  # how the variables begin that stand for conditions of the preprocessor


class FunctionLowering(CountedLowering):
    """The statements of one function."""

    def run(self, statements: Iterable[Node]) -> None:
        """Lower statements one after the other."""
        stack: list[tuple[Statements, Node | None, Frame]] = []
        stack.append((iter(statements), None, self.names.frame))
        while stack:
            inside, whole, frame = stack[-1]
            try:
                statement = next(inside, None)
            except ValueError:  # a broken tree
                statement, self.names.frame = None, frame
                if whole is not None:
                    self.stop(whole, "statement not understood")
            if statement is None:
                stack.pop()
                continue
            inner = self._statement(statement)
            if inner is not None:
                stack.append((inner, statement, self.names.frame))

    def body(self, body: Node, whole: Frame | None = None) -> None:
        """Lower a function's body up to its closing brace; `whole` is the frame that encloses all
        that ends with the function, if that is not the present one."""
        whole = whole or self.names.frame
        is_block = body.type == "compound_statement"  # and not a try with its handlers
        self.run(self._sequence(operands(body) if is_block else [body]))
        span = self.positions.end_of(body)
        self.end_scope(whole, span)
        self.graph.end(ir.Return(None, span, implicit=True))
        self.run(self.finish_gotos())

    def _statement(self, node: Node) -> Statements | None:
        method = _STATEMENTS.get(node.type)
        try:
            if node.has_error and node.type not in _CONTAINERS:
                self.note_errors_below(node)
            if method is not None:
                return method(self, node)
            self._other(node)
        except ValueError:  # a broken tree
            self.not_understood(node, "statement not understood")
        return None

    def _other(self, node: Node) -> None:
        if node.is_error or node.type == "type_identifier":
            self.not_understood(node, "statement not understood")
        elif node.type.endswith("expression") or node.type == "identifier":
            self.discard(node)

    # ------------------------------------------------------------ blocks and declarations

    def _compound(self, node: Node) -> Statements:
        block = self.names.open_block()
        yield from self._sequence(operands(node))
        self.close_block(block, self.positions.end_of(node))

    def close_block(self, block: Block, span: Span) -> None:
        """Control comes to the end of a block, or none does."""
        self.end_scope(block, span)
        if self.graph.reachable:
            self.end_variables(block, span)
        assert block.outer is not None
        self.names.frame = block.outer

    def _sequence(self, statements: list[Node]) -> Statements:
        """Statements in order, where a macro of a header may control the block behind it."""
        controlled = False
        for index, statement in enumerate(statements):
            if controlled:
                controlled = False
            elif (
                index + 1 < len(statements)
                and statement.type == "expression_statement"
                and _controls(statement, statements[index + 1])
            ):
                controlled = True
                yield statement
                yield from self._controlled(text_of(statement), statement, statements[index + 1])
            else:
                yield statement

    def _controlled(self, macro: str, node: Node, body: Node) -> Statements:
        """`FOR_EACH(key, keys) { ... }` runs its block any number of times, `GUARDED(x)` once."""
        head, inside, end = (self.graph.new_block() for _ in range(3))
        self.graph.start(head)
        loops = _LOOP_NAME.search(macro) is not None
        if loops:
            rounds = ir.Question.ROUND
            self.graph.end(ir.Choose((inside, end), self.span(node), question=rounds))
        self.graph.start(inside)
        if loops:
            self._renew(macro, node)
        yield from self._looped(body, end, head if loops else end)
        self.graph.jump(head if loops else end)
        self.graph.start(end)

    def _renew(self, macro: str, node: Node) -> None:
        """In each round a macro that loops may give the variables that it is told new values."""
        call = parse_expression(macro, self.facts.grammar)
        arguments = call and self.bare(call).child_by_field_name("arguments")
        for part in operands(arguments) if arguments else ():
            variable = self.names.find(text_of(part)) if part.type == "identifier" else None
            if variable is not None:
                place, span = ir.Place(variable), self.span(node)
                self.graph.emit(ir.Escape((ir.Read(place),), span))
                self.assign(place, ir.Unknown(), span)

    def _nested_function(self, node: Node) -> Statements:
        """What parses as a function in a function is a macro of a header before a block."""
        body = field(node, "body")
        head = text_of(node)[: body.start_byte - node.start_byte]
        macro = parse_expression(head, self.facts.grammar)
        if macro is None or self.bare(macro).type != "call_expression":
            self.stop(node, "statement not understood")
            return
        with self.positions.fixed_at(self.span(node)):
            self.discard(macro)
        yield from self._controlled(head, node, body)

    def _children(self, node: Node) -> Statements:
        return iter(operands(node))

    def _expression(self, node: Node) -> None:
        for part in operands(node):
            if not self.function_pointer(part):
                self.discard(part)

    # ------------------------------------------------------------ choices

    def _if(self, node: Node) -> Statements:
        then, end = self.graph.new_block(), self.graph.new_block()
        alternative = node.child_by_field_name("alternative")
        other = end if alternative is None else self.graph.new_block()
        condition = field(node, "condition")
        if self.positions.in_macros and self.span(node) == self.span(condition):
            self.question = ir.Question.MACRO
        self.condition(condition, then, other)
        self.question = ir.Question.CONDITION
        self.graph.start(then)
        yield field(node, "consequence")
        self.graph.end_branch()
        if alternative is not None:
            self.graph.jump(end)
            self.graph.start(other)
            yield from operands(alternative)
            self.graph.end_branch()
        self.graph.start(end)

    def _switch(self, node: Node) -> Statements:
        condition = field(node, "condition")
        value = self.value(condition)
        if not isinstance(value, ir.Read | ir.Constant):
            value = ir.Read(self.held(value, self.span(condition)))
        dispatch, end = self.graph.new_block(), self.graph.new_block()
        self.graph.jump(dispatch)
        frame = Switch(self.names.frame, break_to=end)
        self.names.frame = frame
        yield field(node, "body")
        self.names.frame = frame.outer or frame
        self.graph.jump(end)
        self.graph.start(dispatch)
        self._dispatch(value, frame.cases, end)
        self.graph.start(end)

    def _dispatch(self, value: ir.Value, cases: list[Case], end: int) -> None:
        for case in cases:
            if case.values is None:
                continue
            low, high = case.values
            condition = ir.Operation("==", (value, low))
            if low != high:
                above, below = ir.Operation(">=", (value, low)), ir.Operation("<=", (value, high))
                condition = ir.Operation("&&", (above, below))
            following = self.graph.new_block()
            self.graph.branch(condition, case.block, following, case.span, ir.Question.CASE)
            self.graph.start(following)
        default = next((case.block for case in cases if case.values is None), end)
        self.graph.jump(default)

    def _case(self, node: Node) -> Statements:
        switch = enclosing(self.names.frame, Switch)
        label = node.child_by_field_name("value")
        block = self.graph.new_block()
        if isinstance(switch, Switch):
            value = None if label is None else self.value(label)
            values = None if value is None else (value, value)
            switch.cases.append(Case(values, block, self.span(label or node)))
        self.graph.start(block)
        yield from self._sequence(
            [part for part in operands(node) if label is None or part.id != label.id]
        )

    # ------------------------------------------------------------ loops

    def _while(self, node: Node) -> Statements:
        self.let_go_of_elements(node)
        head, body, end = (self.graph.new_block() for _ in range(3))
        self.graph.start(head)
        self.condition(field(node, "condition"), body, end)
        self.graph.start(body)
        yield from self._looped(field(node, "body"), end, head)
        self.graph.jump(head)
        self.graph.start(end)

    def _do(self, node: Node) -> Statements:
        self.let_go_of_elements(node)
        body, test, end = (self.graph.new_block() for _ in range(3))
        self.graph.start(body)
        yield from self._looped(field(node, "body"), end, test)
        self.graph.start(test)
        self.condition(field(node, "condition"), body, end)
        self.graph.start(end)

    def _for(self, node: Node) -> Statements:
        block = self.names.open_block()
        initializer = node.child_by_field_name("initializer")
        rounds = self.rounds_of(node)
        if initializer is not None:
            yield initializer
        if rounds is not None:
            yield from self._round_by_round(node, rounds)
            self.close_block(block, self.positions.end_of(node))
            return
        self.let_go_of_elements(node)
        head, body, update, end = (self.graph.new_block() for _ in range(4))
        self.graph.start(head)
        condition = node.child_by_field_name("condition")
        if condition is not None:
            self.condition(condition, body, end)
        self.graph.start(body)
        yield from self._looped(field(node, "body"), end, update)
        self.graph.start(update)
        step = node.child_by_field_name("update")
        if step is not None:
            self.discard(step)
        self.graph.jump(head)
        self.graph.start(end)
        self.close_block(block, self.positions.end_of(node))

    def _round_by_round(self, node: Node, rounds: Rounds) -> Statements:
        variable, span = self.names.find(rounds.name), self.span(field(node, "update"))
        end, outer = self.graph.new_block(), self.counted
        for number in rounds.values if variable is not None else ():
            assert variable is not None
            following = self.graph.new_block()
            self.counted = {**outer, variable: number}
            yield from self._looped(field(node, "body"), end, following)
            self.counted = outer
            self.graph.start(following)
            later = rounds.values[rounds.values.index(number) + 1 :]
            self.assign(ir.Place(variable), ir.Constant([*later, rounds.last][0]), span)
        self.graph.jump(end)
        self.graph.start(end)

    def _looped(self, body: Node, break_to: int, continue_to: int) -> Statements:
        outer = self.names.frame
        self.names.frame = Loop(outer, break_to=break_to, continue_to=continue_to)
        yield body
        self.names.frame = outer

    # ------------------------------------------------------------ conditional compilation

    def _conditional(self, node: Node) -> Statements:
        """`#if`: a branch on the condition's text. Equal texts decide alike."""
        end = self.graph.new_block()
        here: Node | None = node
        while here is not None and here.type != "preproc_else":
            text, wanted = guard_of(here)
            verdict = decided(text)
            then, other = self.graph.new_block(), self.graph.new_block()
            first, second = (then, other) if wanted else (other, then)
            if verdict is None:
                self._branch_on(conjuncts(text), first, second, self.span(here))
            else:
                self.graph.jump(first if verdict else second)
            self.graph.start(then)
            if verdict is None or verdict == wanted:
                yield from self._guarded(here)
            self.graph.jump(end)
            self.graph.start(other)
            here = here.child_by_field_name("alternative")
        if here is not None:
            yield from self._guarded(here)
        self.graph.start(end)

    def _guarded(self, node: Node) -> Statements:
        """What an `#if` guards; with an `#error` in it, it is never compiled."""
        if is_refused(node):
            self.graph.end(ir.Stop(self.span(node)))
        yield from self._sequence(guarded_statements(node))

    def _branch_on(self, guards: list[Guard], holds: int, fails: int, span: Span) -> None:
        """Branch on conditions of the preprocessor that hold all together, or not."""
        for index, (text, wanted) in enumerate(guards):
            last = index + 1 == len(guards)
            following = holds if last else self.graph.new_block()
            ways = (following, fails) if wanted else (fails, following)
            self.graph.branch(ir.Read(switch(text)), *ways, span)
            if not last:
                self.graph.start(following)


def switch(condition: str) -> ir.Place:
    """The place that stands for a condition of the preprocessor, in normal form."""
    return ir.Place(ir.Variable(f"{SWITCH}{condition}", ir.Scope.GLOBAL))


_LOOP_NAME = re.compile(r"^\w*(?:for|each|loop|iter|while)\w*", re.IGNORECASE)
_CONTAINERS = frozenset(
    {"compound_statement", "case_statement", "labeled_statement", "else_clause"}
    | {"preproc_if", "preproc_ifdef", "preproc_elif", "preproc_else", "ERROR"}
)


def _controls(statement: Node, following: Node) -> bool:
    """Whether a call without a semicolon stands before a block."""
    if following.type != "compound_statement":
        return False
    parts = statement.children
    return parts[0].type == "call_expression" and parts[-1].is_missing


_STATEMENTS: dict[str, Callable[[FunctionLowering, Node], Statements | None]] = {
    "compound_statement": FunctionLowering._compound,
    "expression_statement": FunctionLowering._expression,
    "declaration": FunctionLowering.declaration,
    "enum_specifier": FunctionLowering.enumerators,
    "if_statement": FunctionLowering._if,
    "else_clause": FunctionLowering._children,
    "function_definition": FunctionLowering._nested_function,
    "attributed_statement": FunctionLowering._children,
    "switch_statement": FunctionLowering._switch,
    "case_statement": FunctionLowering._case,
    "while_statement": FunctionLowering._while,
    "do_statement": FunctionLowering._do,
    "for_statement": FunctionLowering._for,
    "return_statement": FunctionLowering.return_statement,
    "break_statement": FunctionLowering.break_statement,
    "continue_statement": FunctionLowering.continue_statement,
    "goto_statement": FunctionLowering.goto_statement,
    "labeled_statement": FunctionLowering.labeled_statement,
    "seh_try_statement": FunctionLowering.seh_try_statement,
    "seh_leave_statement": FunctionLowering.leave_statement,
    "preproc_if": FunctionLowering._conditional,
    "preproc_ifdef": FunctionLowering._conditional,
    "preproc_elif": FunctionLowering._conditional,
}
