"""C++ exceptions, and the ways out of functions that return objects."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from tree_sitter import Node

from capilint import ir
from capilint.finding import Span
from capilint.frontends.c.facts.declarators import declared_by
from capilint.frontends.c.lowering.scopes import Block, Cleanup, Frame, Try, between
from capilint.frontends.c.parsing.syntax import field, operands, text_of
from capilint.frontends.cpp.facts.model import Instance, Type
from capilint.frontends.cpp.lowering.declarations import DeclarationLowering
from capilint.frontends.cpp.lowering.naming import LITERALS

Statements = Iterator[Node]
ANY = "..."


class ExceptionLowering(DeclarationLowering):
    """`throw`, `try`, `return`."""

    def return_statement(self, node: Node) -> Statements:
        """`return value;`: objects are made right where the caller wants them."""
        parts = operands(node)
        kind = self.returns
        outer = self.names.frame
        if not parts or kind is None:
            yield from self._return_plainly(node)
            return
        span = self.span(node)
        if kind.is_object and kind.instance is not None and self.is_handed_over(kind):
            named = self._named_result(kind, parts[0])
            if named is not None:
                self._hand_over(named, self.result_place(), span)
                yield from self._leave_function(span, None)
            else:
                self._return_object(kind, kind.instance, parts[0], span)
                yield from self._leave_function(span, None)
                self._finish_temporaries(outer, span)
        elif kind.reference:
            yield from self._leave_function(span, self.reference_to(parts[0], kind))
            self._finish_temporaries(outer, span)
        elif kind.is_object and kind.instance is not None:
            place = self._object_returned(kind, kind.instance, parts[0], span)
            yield from self._leave_function(span, ir.Read(place))
            self._finish_temporaries(outer, span)
        elif self.is_opaque(kind) and self._is_object(parts[0]):
            place = self.object_place(parts[0])  # what it holds moves out, or is copied
            self.graph.emit(ir.Escape((ir.AddressOf(place),), span))
            self.assign(place, ir.Unknown(), span)
            yield from self._leave_function(span, None)
            self._finish_temporaries(outer, span)
        else:
            yield from self._return_plainly(node)
        self.names.frame = outer

    def _is_object(self, node: Node) -> bool:
        found = self.type_of(self.bare(node))
        return found is not None and found.instance is not None and not found.stars

    def _return_plainly(self, node: Node) -> Statements:
        outer = self.names.frame
        yield from super().return_statement(node)
        self._finish_temporaries(outer, self.span(node))

    def _finish_temporaries(self, outer: Frame, span: Span) -> None:
        """Behind the end of a way: temporaries end on the way of an exception, too."""
        for frame in between(self.names.frame, outer):
            if isinstance(frame, Cleanup):
                self.finish_pad(frame, span)

    def _named_result(self, kind: Type, node: Node) -> ir.Variable | None:
        """The variable that is itself the object which `return` gives."""
        node = self.bare(node)
        variable = self.is_local(text_of(node)) if node.type == "identifier" else None
        own = self.static_types.get(variable) if variable is not None else None
        same = own is not None and kind.instance is not None and self._is_same(own, kind.instance)
        return variable if same else None

    def _object_returned(self, kind: Type, made: Instance, node: Node, span: Span) -> ir.Place:
        """Where the object is, of a class without a destructor, whose content is returned."""
        node = self.bare(node)
        found = self.type_of(node)
        if found is not None and found.instance == made and node.type != "call_expression":
            return self.object_place(node)
        place = self.temporary_object(kind, span)
        arguments = operands(node) if node.type == "initializer_list" else [node]
        self._move_local(node)
        self.begin(place, kind, arguments, span)
        return place

    def _return_object(self, kind: Type, made: Instance, node: Node, span: Span) -> None:
        target = self.result_place()
        node = self.bare(node)
        if node.type == "initializer_list":
            self.construct(target, made, operands(node), span)
            return
        self._move_local(node)
        self.begin(target, kind, [node], span)

    def _move_local(self, node: Node) -> None:
        """`return key;` makes what is returned of a local object as if it was moved."""
        variable = self.is_local(text_of(node)) if node.type == "identifier" else None
        own = self.static_types.get(variable) if variable is not None else None
        if own is not None and (own.is_object or variable in self.by_value):
            self._types[node.id] = node, own.by("&&")

    def _is_same(self, own: Type, made: Instance) -> bool:
        if own.instance is None or not own.is_object:
            return False
        return own.instance == made or self.lookup.is_refined(own.instance, made)

    def _hand_over(self, variable: ir.Variable, target: ir.Place, span: Span) -> None:
        """`return key;`: the caller's object is the variable itself, which is not destroyed."""
        self.assign(target, ir.Read(ir.Place(variable)), span)
        self.names.frame = _without(self.names.frame, ir.AddressOf(ir.Place(variable)))

    def _leave_function(self, span: Span, value: ir.Value | None) -> Statements:
        if value is not None and not isinstance(value, ir.Constant):
            held = isinstance(value, ir.Read) and value.place.root.scope is ir.Scope.TEMPORARY
            value = value if held else ir.Read(self.held(value, span))
        here = self.names.frame
        for frame in between(here, None):
            if not isinstance(frame, Block):  # its variables end with the function
                yield from self._leave(frame, span)
        self.names.frame = here
        self.graph.end(ir.Return(value, span))

    # ------------------------------------------------------------ exceptions

    def throw(self, node: Node) -> None:
        """`throw E(..)`: what goes on at the handler."""
        called = node.child_by_field_name("arguments")
        parts = operands(called or node)
        span = self.span(node)
        if not parts:
            self.graph.end(ir.Raise(span, again=True))
            return
        kind = self.type_of(parts[0])
        outer = self.names.frame
        if kind is not None and kind.is_object and kind.instance is not None:
            pass  # the exception's own object concerns nobody
        elif parts[0].type == "call_expression":
            for each in operands(field(parts[0], "arguments")):
                if each.type not in LITERALS:
                    self.discard(each)
        else:
            self.discard(parts[0])
        self.end_temporaries(outer, span)
        name = self._exception(parts[0], kind)
        self.graph.end(ir.Raise(span, exception=name))

    def _exception(self, node: Node, kind: Type | None) -> str:
        if kind is not None:
            return kind.base + "*" * kind.stars
        if node.type == "call_expression":
            return "".join(text_of(field(node, "function")).split()).removeprefix("::")
        return ""

    def _throw_statement(self, node: Node) -> None:
        self.throw(node)

    def _try(self, node: Node) -> Statements:
        """`try { } catch (E& e) { }`"""
        body = field(node, "body")
        clauses = [each for each in operands(node) if each.type == "catch_clause"]
        yield from self.guarded([body], clauses, self.span(node), node == self.whole_try)

    def guarded(
        self, body: list[Node], clauses: list[Node], span: Span, rethrows: bool = False
    ) -> Statements:
        """Statements, and the clauses for what is thrown in them; where it `rethrows`, an exception
        goes on at the end of each clause."""
        outer = self.names.frame
        dispatch, end = self.graph.new_block(), self.graph.new_block()
        handlers = [self.graph.new_block() for _ in clauses]
        passing = self.graph.new_block()
        self.names.frame = Try(outer)
        with self.graph.handled_by(dispatch):
            yield from body
        self.names.frame = outer
        self.graph.jump(end)
        self.graph.start(dispatch)
        caught = tuple((self._caught(each),) for each in clauses)
        targets, catches = (*handlers, passing), (*caught, None)
        if (ANY,) in caught:
            known = caught.index((ANY,)) + 1
            targets, catches = targets[:known], catches[:known]
        places = tuple(_keyword(self.span(each)) for each in clauses)
        self.graph.end(ir.Choose(targets, span, catches, places))
        for handler, clause in zip(handlers, clauses, strict=True):
            self.graph.start(handler)
            block = self.names.open_block()
            self._declare_caught(clause)
            yield field(clause, "body")
            self.close_block(block, self.positions.end_of(clause))
            if rethrows:
                self.graph.end(ir.Raise(self.positions.end_of(clause), again=True))
            else:
                self.graph.jump(end)
        self.graph.start(passing)
        self.graph.end(ir.Raise(span, again=True))
        self.graph.start(end)

    def _caught(self, clause: Node) -> str:
        parameters = operands(field(clause, "parameters"))
        if not parameters or parameters[0].type != "parameter_declaration":
            return ANY
        text = text_of(field(parameters[0], "type"))
        kind = self.resolved(text)
        return kind.base + "*" * (kind.stars + text_of(parameters[0]).count("*"))

    def _declare_caught(self, clause: Node) -> None:
        for each in operands(field(clause, "parameters")):
            declarator = each.child_by_field_name("declarator")
            declared = declared_by(declarator) if declarator is not None else None
            if declared is not None:
                variable = self.names.declare(declared.name, ir.Scope.LOCAL)
                self.assign(ir.Place(variable), ir.Unknown(), self.span(each))


def _keyword(clause: Span) -> Span:
    """The `catch` of a clause."""
    return Span(clause.line, clause.column, clause.line, clause.column + len("catch"))


def _without(frame: Frame, object_: ir.Value) -> Frame:
    """The frames without the cleanup of one object; those outside of it are shared."""
    inner: list[Frame] = []
    here: Frame | None = frame
    while here is not None:
        call = here.call if isinstance(here, Cleanup) else None
        if call is not None and call.arguments[:1] == (object_,):
            break
        inner.append(here)
        here = here.outer
    if here is None or here.outer is None:
        return frame
    rebuilt = here.outer
    for each in reversed(inner):
        rebuilt = replace(each, outer=rebuilt)
    return rebuilt
