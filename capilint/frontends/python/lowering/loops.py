"""Loops and comprehensions."""

from __future__ import annotations

from collections.abc import Callable

import libcst as cst

from capilint import ir
from capilint.frontends.python.lowering.context import Frame
from capilint.frontends.python.lowering.exits import Exits
from capilint.frontends.python.naming.scopes import comprehension_scope
from capilint.frontends.python.parsing.tree import descendants, is_pure

_MAX_UNROLLED = 8
ROUND = ir.Question.ROUND


class Loops(Exits):
    """Lowers `while`, `for` and the comprehensions, with their `else`."""

    def statement_while(self, node: cst.While) -> None:
        header, body, orelse, after = (self.graph.new_block() for _ in range(4))
        self.graph.start(header)
        self.condition(node.test, body, orelse)
        self.graph.start(body)
        self._looping(node.body, after, header)
        self._end_loop(node.orelse, orelse, after)

    def statement_for(self, node: cst.For) -> None:
        elements = _display_elements(node.iter)
        if elements is not None:
            self._unrolled(node, elements)
            return
        self.escape(self._indexed(node), node.iter)
        limit = self._limit(node.iter)
        followed = None if node.asynchronous else self.list_named(node.iter)
        if limit is not None:
            self._counted(node, limit)
            return
        if followed is not None:
            self._each(node, followed)
            return
        span = self.module.positions.head(node)
        iterated = self.held(self.value(node.iter), self.span(node.iter))
        self.escape((ir.Read(iterated),), node.iter)
        header, body, orelse, after = (self.graph.new_block() for _ in range(4))
        self.graph.start(header)
        self.graph.end(ir.Choose((body, orelse), span, question=ROUND))
        self.graph.start(body)
        self.store(node.target, _element_of(iterated), self.span(node.target))
        self._looping(node.body, after, header)
        self._end_loop(node.orelse, orelse, after)

    def _limit(self, iterated: cst.BaseExpression) -> cst.BaseExpression | None:
        """The `n` of `range(n)`."""
        match iterated:
            case cst.Call(func=func, args=[cst.Arg(value=limit, keyword=None, star="")]):
                return limit if self.names.canonical(func, self.scope) == "range" else None
        return None

    def _counted(self, node: cst.For, limit: cst.BaseExpression) -> None:
        """`for i in range(n):` counts from 0 while it is below n."""
        span = self.module.positions.head(node)
        end, counter = self._saved(self.value(limit), span), self.temporary()
        self.assign(counter, ir.Constant(0), span)
        header, body, step, orelse, after = (self.graph.new_block() for _ in range(5))
        self.graph.start(header)
        below = ir.Operation("<", (ir.Read(counter), end))
        self.graph.branch(below, body, orelse, span, ROUND)
        self.graph.start(body)
        self.store(node.target, ir.Read(counter), self.span(node.target))
        self._looping(node.body, after, step)
        self.graph.start(step)
        self.assign(counter, ir.Operation("+", (ir.Read(counter), ir.Constant(1))), span)
        self.graph.jump(header)
        self._end_loop(node.orelse, orelse, after)

    def _each(self, node: cst.For, followed: ir.Place) -> None:
        """`for key in keys:` meets each element of a list that the function has to itself."""
        span = self.module.positions.head(node)
        cursor, element = self.temporary(), self.temporary()
        self.assign(cursor, ir.Constant(0), span)
        header, body, orelse, after = (self.graph.new_block() for _ in range(4))
        self.graph.start(header)
        operand, following = ir.AddressOf(cursor), ir.ElementOperation.NEXT
        self.emit(ir.Elements(following, followed, span, operand, result=element))
        self.graph.branch(ir.Read(element), body, orelse, span, ROUND)
        self.graph.start(body)
        present = ir.Place(element.root, (*element.path, "*"))
        self.store(node.target, ir.Read(present), self.span(node.target))
        self._looping(node.body, after, header)
        self._end_loop(node.orelse, orelse, after)

    def _indexed(self, node: cst.For) -> tuple[ir.Value, ...]:
        """The containers that the loop visits by an index: `for i in range(2): use(keys[i])`."""
        if not isinstance(node.target, cst.Name):
            return ()
        subscripts = [
            each
            for each in descendants([node.body], into_scopes=False)
            if isinstance(each, cst.Subscript) and is_pure(each.value)
        ]
        by_counter = [each for each in subscripts if _is_index(node.target.value, each)]
        return self.values(each.value for each in by_counter)

    def _unrolled(self, node: cst.For, elements: list[cst.BaseExpression]) -> None:
        """`for key in (first, second):` visits known variables: one copy of the body for each."""
        after = self.graph.new_block()
        values = [self._saved(self.value(element), self.span(element)) for element in elements]
        for value in values:
            following = self.graph.new_block()
            self.store(node.target, value, self.span(node.target))
            self._looping(node.body, after, following)
            self.graph.start(following)
        self._end_loop(node.orelse, self.graph.new_block(), after)

    def _looping(self, suite: cst.BaseSuite, after: int, following: int) -> None:
        self.frames.append(Frame(break_target=after, continue_target=following))
        self.block(suite)
        self.frames.pop()
        self.graph.jump(following)

    def _end_loop(self, orelse: cst.Else | None, entry: int, after: int) -> None:
        self.graph.start(entry)
        if orelse is not None:
            self.block(orelse.body)
        self.graph.jump(after)
        self.graph.start(after)

    # ------------------------------------------------------------ comprehensions

    def value_listcomp(self, node: cst.ListComp | cst.SetComp | cst.GeneratorExp) -> ir.Value:
        return self._comprehension(node.for_in, lambda: (self.value(node.elt),), node)

    value_setcomp = value_listcomp
    value_generatorexp = value_listcomp

    def value_dictcomp(self, node: cst.DictComp) -> ir.Value:
        return self._comprehension(node.for_in, lambda: self.values((node.key, node.value)), node)

    def _comprehension(
        self,
        clause: cst.CompFor,
        element: Callable[[], tuple[ir.Value, ...]],
        node: cst.BaseExpression,
    ) -> ir.Value:
        first = self.held(self.value(clause.iter), self.span(clause.iter))
        with self.inside(comprehension_scope(clause, self.scope)):
            self._clause(clause, first, lambda: self.escape(element(), node))
        return ir.Unknown((ir.Read(first),))

    def _clause(self, clause: cst.CompFor, iterated: ir.Place, inner: Callable[[], None]) -> None:
        self.escape((ir.Read(iterated),), clause.iter)
        header, body, after = (self.graph.new_block() for _ in range(3))
        self.graph.start(header)
        self.graph.end(ir.Choose((body, after), self.span(clause), question=ROUND))
        self.graph.start(body)
        self.store(clause.target, _element_of(iterated), self.span(clause.target))
        for test in clause.ifs:
            passed = self.graph.new_block()
            self.condition(test.test, passed, header)
            self.graph.start(passed)
        if clause.inner_for_in is not None:
            further = clause.inner_for_in
            place = self.held(self.value(further.iter), self.span(further.iter))
            self._clause(further, place, inner)
        else:
            inner()
        self.graph.jump(header)
        self.graph.start(after)


def _display_elements(node: cst.BaseExpression) -> list[cst.BaseExpression] | None:
    """The elements of a short tuple or list written out as the thing to loop over."""
    if not isinstance(node, (cst.Tuple, cst.List)) or len(node.elements) > _MAX_UNROLLED:
        return None
    if any(isinstance(element, cst.StarredElement) for element in node.elements):
        return None
    return [element.value for element in node.elements]


def _is_index(name: str, subscript: cst.Subscript) -> bool:
    match subscript.slice:
        case [cst.SubscriptElement(slice=cst.Index(value=cst.Name(value=index)))]:
            return index == name
    return False


def _element_of(iterated: ir.Place) -> ir.Value:
    return ir.Read(ir.Place(iterated.root, (*iterated.path, "[?]")))
