"""Lowers what C evaluates lazily, and what it evaluates for its effects.

Conditions become branches, `&&` and `||` in them become blocks. As a value, a lazy expression
without effects stays a value; one with effects is control flow that sets a place.
"""

from __future__ import annotations

from functools import cached_property

from tree_sitter import Node

from capilint import ir
from capilint.finding import Span
from capilint.frontends.c.lowering.calls import CallLowering
from capilint.frontends.c.lowering.values import folded
from capilint.frontends.c.parsing.syntax import (
    Effects,
    commas,
    field,
    has_effects,
    is_elvis,
    operands,
    operator_of,
    spine,
)

_LONGEST_CHAIN = 30
_COMPARISONS = frozenset({"<", "<=", ">", ">=", "==", "!="})


class ConditionLowering(CallLowering):
    """Conditions, lazy operators, assignments, and expressions whose value nobody wants."""

    def condition(self, node: Node, if_true: int, if_false: int) -> None:
        """Evaluate an expression as a condition; ends the current block."""
        while True:
            node = self.bare(node)
            hinted = self.transparent_argument(node)
            if hinted is not None:
                node = hinted
            elif node.type == "unary_expression" and operator_of(node) == "!":
                node, if_true, if_false = field(node, "argument"), if_false, if_true
            elif node.type == "binary_expression" and operator_of(node) in ("&&", "||"):
                node = self._first_operands(node, if_true, if_false)
            elif node.type == "comma_expression":
                *first, node = commas(node)
                for part in first:
                    self.discard(part)
            else:
                break
        self._simple_condition(node, if_true, if_false)

    def _first_operands(self, node: Node, if_true: int, if_false: int) -> Node:
        """Branch on all operands of a chain but the last, which is returned."""
        operator = operator_of(node)
        *first, last = spine(node, operator)
        for part in first:
            following = self.graph.new_block()
            if operator == "&&":
                self._nested_condition(part, following, if_false)
            else:
                self._nested_condition(part, if_true, following)
            self.graph.start(following)
        return last

    def _nested_condition(self, node: Node, if_true: int, if_false: int) -> None:
        if not self.may_nest():
            self._branch(self.value(node), if_true, if_false, self.span(node))
            return
        self.depth += 1
        try:
            self.condition(node, if_true, if_false)
        finally:
            self.depth -= 1

    def _simple_condition(self, node: Node, if_true: int, if_false: int) -> None:
        if is_elvis(node):
            other = self.graph.new_block()
            self._nested_condition(field(node, "condition"), if_true, other)
            self.graph.start(other)
            self._nested_condition(field(node, "alternative"), if_true, if_false)
        elif node.type == "conditional_expression":
            _, other = self._ways(node)
            self._nested_condition(field(node, "consequence"), if_true, if_false)
            self.graph.start(other)
            self._nested_condition(field(node, "alternative"), if_true, if_false)
        elif (step := _step_after(node)) is not None and not self.class_steps(step):
            self._step_on_both_ways(node, step, if_true, if_false)
        else:
            self._branch(self.value(node), if_true, if_false, self.span(node))

    def _step_on_both_ways(self, node: Node, step: Node, if_true: int, if_false: int) -> None:
        """`n-- > 0` asks for `n > 0`, and steps then: what the answer says of `n` stays known."""
        place = self.place(field(step, "argument"))
        value: ir.Value = ir.Read(place)
        if node.type == "binary_expression":
            sides = (self.bare(field(node, "left")), self.bare(field(node, "right")))
            left, right = (value if side == step else self.value(side) for side in sides)
            value = folded(operator_of(node), left, right)
        ways = self.graph.new_block(), self.graph.new_block()
        self._branch(value, *ways, self.span(node))
        for way, following in zip(ways, (if_true, if_false), strict=True):
            self.graph.start(way)
            self._step(place, step)
            self.graph.jump(following)

    def class_steps(self, step: Node) -> bool:
        """Whether `++` or `--` is an operator that a class defines."""
        return False

    def _branch(self, value: ir.Value, if_true: int, if_false: int, span: Span) -> None:
        if isinstance(value, ir.Constant):
            self.graph.jump(if_true if value.value else if_false)
        else:
            self.graph.branch(value, if_true, if_false, span, self.question)

    # ------------------------------------------------------------ values

    def other_value(self, node: Node) -> ir.Value:
        """The value of an expression with effects or laziness."""
        match node.type:
            case "call_expression":
                return self.call_value(node)
            case "assignment_expression":
                return self._assignment(node)
            case "update_expression":
                return self._update(node)
            case "conditional_expression":
                return self._choice(node)
            case "parenthesized_expression":
                return self._statement_expression(node)
        mentions = self.mentions(node)
        if mentions:  # inline assembly, compound literals and the like
            self.graph.emit(ir.Escape(mentions, self.span(node)))
        return ir.Unknown(mentions)

    def logical_value(self, node: Node) -> ir.Value:
        """The value of `&&` or `||`: a value where nothing acts, else a place set to 0 or 1."""
        if self.acts(node):
            return self._via_temporary(node)
        operator = operator_of(node)
        chain = spine(node, operator)
        values = [self.value(part) for part in chain]
        if len(values) > _LONGEST_CHAIN:
            return ir.Unknown(tuple(dict.fromkeys(values)))
        value = values[0]
        for right in values[1:]:
            value = ir.Operation(operator, (value, right))
        return value

    def bare_argument(self, node: Node) -> ir.Value:
        """The value of a call's argument: in `check(!ok && GetLastError() == e)` the tests stay
        visible, so that the analysis sees what `check` is told."""
        operator = operator_of(node) if node.type == "binary_expression" else ""
        if operator not in ("&&", "||") or not self.acts(node):
            return self.bare_value(node)
        first, *others = spine(node, operator)
        if len(others) > _LONGEST_CHAIN:
            return self.value(node)
        value = self.value(first)
        for other in others:
            right = self._only_if(value, operator, other) if self.acts(other) else None
            value = ir.Operation(operator, (value, right or self.value(other)))
        return value

    def _only_if(self, left: ir.Value, operator: str, node: Node) -> ir.Value:
        """The right operand's value, evaluated only where the left one asks for it."""
        result = self.temporary()
        evaluate, end = self.graph.new_block(), self.graph.new_block()
        ways = (evaluate, end) if operator == "&&" else (end, evaluate)
        self._branch(left, *ways, self.span(node))
        self.graph.start(evaluate)
        self.store(result, node, self.span(node))
        self.graph.start(end)
        return ir.Read(result)

    def _choice(self, node: Node) -> ir.Value:
        if self.acts(node):
            return self._via_temporary(node)
        condition = self.value(field(node, "condition"))
        first = condition if is_elvis(node) else self.value(field(node, "consequence"))
        return ir.Operation("?:", (condition, first, self.value(field(node, "alternative"))))

    def _via_temporary(self, node: Node) -> ir.Value:
        result = self.temporary()
        self.store(result, node, self.span(node))
        return ir.Read(result)

    def _statement_expression(self, node: Node) -> ir.Value:
        """`({ statements; value; })`."""
        body = next((part for part in operands(node) if part.type == "compound_statement"), None)
        if body is None:
            self.not_understood(node, "expression not understood")
            return ir.Unknown(self.mentions(node))
        *statements, last = operands(body) or [body]
        self.run(statements)
        if last.type == "expression_statement" and operands(last):
            return self.value(operands(last)[0])
        self.run([last])
        return ir.Unknown()

    def acts(self, node: Node) -> bool:
        """Whether evaluating an expression calls or changes anything."""
        return self._effects.of(node)

    @cached_property
    def _effects(self) -> Effects:
        return Effects()

    # ------------------------------------------------------------ into a place

    def store(self, target: ir.Place, node: Node, span: Span) -> None:
        """Evaluate an expression into a place."""
        node = self.bare(node)
        match node.type:
            case "call_expression" if self.transparent_argument(node) is None:
                self.call(node, target)
                return
            case "initializer_list":
                self.initialise(target, node, span)
                return
            case "compound_literal_expression":
                self.initialise(target, field(node, "value"), span)
                return
            case "conditional_expression" if self.acts(node) and self.may_nest():
                self._store_choice(target, node, span)
                return
            case "binary_expression" if operator_of(node) in ("&&", "||") and self.acts(node):
                self._store_truth(target, node, span)
                return
        self.assign(target, self.value(node), span)

    def initialise(self, target: ir.Place, node: Node, span: Span) -> None:
        """`target = {...}`."""
        raise NotImplementedError

    def _store_choice(self, target: ir.Place, node: Node, span: Span) -> None:
        self.depth += 1
        if is_elvis(node):  # its condition is evaluated once
            first, other, end = (self.graph.new_block() for _ in range(3))
            condition = self._via_temporary(field(node, "condition"))
            self._branch(condition, first, other, span)
            self.graph.start(first)
            self.assign(target, condition, span)
        else:
            end, other = self._ways(node)
            self.store(target, field(node, "consequence"), span)
        self.graph.jump(end)
        self.graph.start(other)
        self.store(target, field(node, "alternative"), span)
        self.depth -= 1
        self.graph.start(end)

    def _ways(self, node: Node) -> tuple[int, int]:
        """Evaluate the condition of `?:` and go to its first way; the end and the other way."""
        first, other, end = (self.graph.new_block() for _ in range(3))
        self._nested_condition(field(node, "condition"), first, other)
        self.graph.start(first)
        return end, other

    def _store_truth(self, target: ir.Place, node: Node, span: Span) -> None:
        true, false, end = (self.graph.new_block() for _ in range(3))
        self._nested_condition(node, true, false)
        for block, truth in ((true, 1), (false, 0)):
            self.graph.start(block)
            self.assign(target, ir.Constant(truth), span)
            self.graph.jump(end)
        self.graph.start(end)

    def _assignment(self, node: Node) -> ir.Value:
        """`target = value` and `target |= value`; its value is the target's."""
        left, right, operator = field(node, "left"), field(node, "right"), operator_of(node)
        target = self.place(left)
        if self.is_elsewhere(target):
            value = self.value(right)
            self.graph.emit(ir.Escape((value,), self.span(node)))
            return value
        if operator == "=":
            self.store(target, right, self.span(node))
        else:
            value = self.value(right)
            self.assign(target, folded(operator[:-1], ir.Read(target), value), self.span(node))
        return ir.Read(target)

    def _update(self, node: Node) -> ir.Value:
        """`x++` and `--x`."""
        argument = field(node, "argument")
        target, span = self.place(argument), self.span(node)
        postfix = node.children[0].id == argument.id
        old = ir.Read(self.held(ir.Read(target), span)) if postfix else None
        self._step(target, node)
        return old or ir.Read(target)

    def _step(self, target: ir.Place, node: Node) -> None:
        value = ir.Operation(operator_of(node)[0], (ir.Read(target), ir.Constant(1)))
        self.assign(target, value, self.span(node))

    # ------------------------------------------------------------ for its effects

    def discard(self, node: Node) -> None:
        """Evaluate an expression for its effects."""
        for part in commas(self.bare(node)):
            self._discard(self.bare(part))

    def _discard(self, node: Node) -> None:
        match node.type:
            case "call_expression" if self.transparent_argument(node) is None:
                self.call(node, None)
            case "update_expression":
                self._step(self.place(field(node, "argument")), node)
            case "conditional_expression" if self.acts(node) and self.may_nest():
                self._discard_choice(node)
            case "binary_expression" if operator_of(node) in ("&&", "||") and self.acts(node):
                self._discard_chain(node)
            case "comma_expression":
                self.discard(node)
            case _:
                self.value(node)

    def _discard_choice(self, node: Node) -> None:
        end, other = self._ways(node)
        self.depth += 1
        if not is_elvis(node):
            self.discard(field(node, "consequence"))
        self.graph.jump(end)
        self.graph.start(other)
        self.discard(field(node, "alternative"))
        self.depth -= 1
        self.graph.start(end)

    def _discard_chain(self, node: Node) -> None:
        """`ready && act();` runs its last operand only where the others let it."""
        end = self.graph.new_block()
        self.discard(self._first_operands(node, end, end))
        self.graph.end_branch()
        self.graph.start(end)


def _step_after(node: Node) -> Node | None:
    """The `n--` of a condition `n--` or `n-- > limit` whose answer is that before the step."""
    step = node
    if node.type == "binary_expression" and operator_of(node) in _COMPARISONS:
        step, limit = field(node, "left"), field(node, "right")
        if limit.type == "update_expression":
            step, limit = limit, step
        if step.type != "update_expression" or has_effects(limit):
            return None
    if step.type != "update_expression" or step.children[0] != field(step, "argument"):
        return None
    return step if field(step, "argument").type == "identifier" else None
