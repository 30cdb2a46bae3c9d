"""Truth: branches, short circuit, comparisons, conditional expressions."""

from __future__ import annotations

from collections.abc import Sequence

import libcst as cst

from capilint import ir
from capilint.frontends.python.lowering.calls import Calls
from capilint.frontends.python.naming.constants import members
from capilint.frontends.python.parsing.tree import is_pure
from capilint.ir.arithmetic import number_of

_COMPARISONS: dict[type[cst.BaseCompOp], str] = {
    cst.Equal: "==",
    cst.NotEqual: "!=",
    cst.Is: "==",
    cst.IsNot: "!=",
    cst.LessThan: "<",
    cst.LessThanEqual: "<=",
    cst.GreaterThan: ">",
    cst.GreaterThanEqual: ">=",
    cst.In: "in",
    cst.NotIn: "not-in",
}
_MAX_ELEMENTS = 8


class Conditions(Calls):
    """Lowers conditions to branches, and truth values to control flow where operands act."""

    def condition(self, node: cst.BaseExpression, if_true: int, if_false: int) -> None:
        match node:
            case cst.UnaryOperation(operator=cst.Not(), expression=inner):
                self.condition(inner, if_false, if_true)
            case cst.BooleanOperation(left=left, operator=operator, right=right):
                middle = self.graph.new_block()
                if isinstance(operator, cst.And):
                    self.condition(left, middle, if_false)
                else:
                    self.condition(left, if_true, middle)
                self.graph.start(middle)
                self.condition(right, if_true, if_false)
            case _:
                self.branch(self.value(node), if_true, if_false, node)

    def branch(
        self,
        value: ir.Value,
        if_true: int,
        if_false: int,
        node: cst.CSTNode,
        question: ir.Question = ir.Question.CONDITION,
    ) -> None:
        """End the block by a branch on a value, or by a jump where the value is constant."""
        if isinstance(value, ir.Constant):
            self.graph.jump(if_true if value.value else if_false)
        else:
            self.graph.branch(value, if_true, if_false, self.span(node), question)

    def value_comparison(self, node: cst.Comparison) -> ir.Value:
        left = self.value(node.left)
        first = node.comparisons[0]
        if len(node.comparisons) == 1 and isinstance(first.operator, (cst.In, cst.NotIn)):
            test = self._membership(left, first.comparator)
            return test if isinstance(first.operator, cst.In) else ir.Operation("!", (test,))
        tests: list[ir.Value] = []
        for target in node.comparisons:
            right = self.value(target.comparator)
            tests.append(ir.Operation(_COMPARISONS[type(target.operator)], (left, right)))
            left = right
        all_hold = tests[0]
        for further in tests[1:]:
            all_hold = ir.Operation("&&", (all_hold, further))
        return all_hold

    def _membership(self, left: ir.Value, node: cst.BaseExpression) -> ir.Value:
        """`status in (0, 3)` is `status == 0 or status == 3`; so it is where a name of the module
        stands for a container of constants. Many are not told apart, but 0 is if it is not there.
        """
        if isinstance(node, cst.Tuple | cst.List | cst.Set):
            shown = members(node)
            if shown is not None and len(shown) <= _MAX_ELEMENTS:
                return _is_one_of(left, self.values(shown))
        constants = self._constants_in(node)
        if 0 < len(constants) <= _MAX_ELEMENTS:
            return _is_one_of(left, constants)
        test = ir.Operation("in", (left, self.value(node)))
        numbers = [number_of(each, lambda _: None) for each in constants]
        return ir.Operation("&&", (left, test)) if numbers and all(numbers) else test

    def _constants_in(self, node: cst.BaseExpression) -> Sequence[ir.Value]:
        """What is in the container that a constant of the module stands for, if that is known."""
        site = self.kept_site(node) if isinstance(node, cst.Name) else None
        shown = members(site.expression) if site is not None else None
        if site is None or shown is None:
            return []
        found = [self.constant_at(each, site) for each in shown]
        return [] if None in found else [each for each in found if each is not None]

    def value_booleanoperation(self, node: cst.BooleanOperation) -> ir.Value:
        is_and = isinstance(node.operator, cst.And)
        if _is_truth(node) and is_pure(node):
            return ir.Operation("&&" if is_and else "||", self.values((node.left, node.right)))
        result, span = self.temporary(), self.span(node)
        right, end = self.graph.new_block(), self.graph.new_block()
        self.assign(result, self.value(node.left), span)
        if_true, if_false = (right, end) if is_and else (end, right)
        self.branch(ir.Read(result), if_true, if_false, node.left)
        self.graph.start(right)
        self.assign(result, self.value(node.right), span)
        self.graph.start(end)
        return ir.Read(result)

    def value_ifexp(self, node: cst.IfExp) -> ir.Value:
        result, span = self.temporary(), self.span(node)
        body, orelse, end = (self.graph.new_block() for _ in range(3))
        self.condition(node.test, body, orelse)
        for block, branch in ((body, node.body), (orelse, node.orelse)):
            self.graph.start(block)
            self.assign(result, self.value(branch), span)
            self.graph.jump(end)
        self.graph.start(end)
        return ir.Read(result)

    def discard(self, node: cst.BaseExpression) -> None:
        """Evaluate an expression for what it does."""
        match node:
            case cst.Call():
                self.call(node, None)
            case cst.Await(expression=inner):
                self.discard(inner)
            case cst.Yield():
                self.hand_out(node, None)
            case cst.BooleanOperation(left=left, operator=operator, right=right):
                then, end = self.graph.new_block(), self.graph.new_block()
                targets = (then, end) if isinstance(operator, cst.And) else (end, then)
                self.condition(left, *targets)
                self.graph.start(then)
                self.discard(right)
                self.graph.start(end)
            case cst.IfExp(test=test, body=body, orelse=orelse):
                then, other, end = (self.graph.new_block() for _ in range(3))
                self.condition(test, then, other)
                for block, branch in ((then, body), (other, orelse)):
                    self.graph.start(block)
                    self.discard(branch)
                    self.graph.jump(end)
                self.graph.start(end)
            case _:
                self.value(node)


def _is_one_of(left: ir.Value, elements: Sequence[ir.Value]) -> ir.Value:
    test: ir.Value = ir.Constant(0)
    for index, each in enumerate(elements):
        equal = ir.Operation("==", (left, each))
        test = equal if index == 0 else ir.Operation("||", (test, equal))
    return test


def _is_truth(node: cst.BaseExpression) -> bool:
    """Whether the expression gives True or False, not one of its operands."""
    match node:
        case cst.Comparison() | cst.UnaryOperation(operator=cst.Not()):
            return True
        case cst.BooleanOperation(left=left, right=right):
            return _is_truth(left) and _is_truth(right)
    return False
