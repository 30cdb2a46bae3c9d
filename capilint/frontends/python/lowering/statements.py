"""Statements: the dispatch, and those that are no more than that."""

from __future__ import annotations

from collections.abc import Iterable

import libcst as cst

from capilint import ir
from capilint.frontends.python.lowering.context import MAX_BLOCKS, TooLarge
from capilint.frontends.python.lowering.patterns import Patterns
from capilint.frontends.python.naming.scopes import Kind
from capilint.frontends.python.parsing.decided import truth
from capilint.frontends.python.parsing.tree import statements


class Statements(Patterns):
    """Lowers blocks; `statement_<kind>` is for the libcst class of that name in lower case."""

    def block(self, suite: cst.BaseSuite | cst.Module) -> None:
        self.run(statements(suite))

    def run(self, body: Iterable[cst.BaseStatement]) -> None:
        for statement in body:
            if not self.graph.reachable:
                return
            self.statement(statement)

    def statement(self, node: cst.CSTNode) -> None:
        """Lower one statement; those without effect on handles (import, pass) vanish.

        TooLarge is raised when the function has grown past its bound: copies of `finally` blocks
        inside one another, or of unrolled loops, grow exponentially.
        """
        if len(self.graph) > MAX_BLOCKS:
            raise TooLarge
        lowered = getattr(self, f"statement_{type(node).__name__.lower()}", None)
        if lowered is not None:
            lowered(node)

    def statement_simplestatementline(self, node: cst.SimpleStatementLine) -> None:
        for small in node.body:
            self.statement(small)

    def statement_expr(self, node: cst.Expr) -> None:
        self.discard(node.value)

    def statement_if(self, node: cst.If) -> None:
        after = self.graph.new_block()
        branch: cst.If | cst.Else | None = node
        while isinstance(branch, cst.If):
            then, orelse = self.graph.new_block(), self.graph.new_block()
            decided = truth(branch.test)
            if decided is None:
                self.condition(branch.test, then, orelse)
            else:
                self.graph.jump(then if decided else orelse)
            self.graph.start(then)
            if decided is not False:
                self.block(branch.body)
            self.graph.jump(after)
            self.graph.start(orelse)
            branch = None if decided else branch.orelse
        if branch is not None:
            self.block(branch.body)
        self.graph.start(after)

    def statement_functiondef(self, node: cst.FunctionDef) -> None:
        self._evaluate_signature(node)
        reference = self.function_reference(node)
        if self.scope.kind in (Kind.FUNCTION, Kind.COMPREHENSION):
            self.store(node.name, reference, self.module.positions.head(node))

    def _evaluate_signature(self, node: cst.FunctionDef) -> None:
        parameters = (*node.params.posonly_params, *node.params.params, *node.params.kwonly_params)
        for decorator in node.decorators:
            self.value(decorator.decorator)
        for parameter in parameters:
            if parameter.default is not None:
                self.value(parameter.default)

    def statement_classdef(self, node: cst.ClassDef) -> None:
        for base in (*node.bases, *node.keywords):
            self.value(base.value)
        scope = self.module.scope_of(node, self.scope)
        inside_function = self.scope.kind is Kind.FUNCTION
        with self.inside(scope):
            self.block(node.body)
        if inside_function:
            reference = ir.FunctionReference(scope.name, self.captures(node))
            self.store(node.name, reference, self.module.positions.head(node))
