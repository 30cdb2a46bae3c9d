"""Whole C++ functions: what constructors and destructors do beside their text, the members that
the compiler makes, lambdas."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from tree_sitter import Node

from capilint import ir
from capilint.finding import Span
from capilint.frontends.c.parsing.parse import parse_expression
from capilint.frontends.c.parsing.syntax import field, operands, text_of
from capilint.frontends.cpp.facts.model import Field, Instance, Parameter, Type
from capilint.frontends.cpp.lowering.naming import RESULT, THIS
from capilint.frontends.cpp.lowering.statements import StatementLowering
from capilint.frontends.cpp.lowering.unit import Closure

UNSEEN_BASE = "(constructor of an unseen base)"


class FunctionLowering(StatementLowering):
    """One C++ function from its parameters to its last way out."""

    parameters: tuple[ir.Parameter, ...] = ()

    def declare_parameters(
        self, parameters: Sequence[Parameter], returns: str, *, has_this: bool
    ) -> None:
        """Declare what callers give: where the result goes, `this`, and the rest."""
        declared: list[ir.Parameter] = []
        if returns and returns != "auto":
            self.returns = self.resolved(returns)
            if self.returns.is_object and self.is_handed_over(self.returns):
                declared.append(ir.Parameter(RESULT, f"{self.returns.base} *"))
        if has_this:
            name = self.this.name if self.this is not None else "void"
            declared.append(ir.Parameter(THIS, f"{name} *"))
        for index, each in enumerate(parameters):
            kind = self.resolved(each.type_name)
            by_address = bool(kind.reference) or kind.is_object
            name = each.name or f"#{index + 1}"
            unique = f"{name}&" if by_address else None
            variable = self.names.declare(name, ir.Scope.PARAMETER, unique=unique)
            self.static_types[variable] = kind.by("&") if by_address else kind
            if kind.is_object:
                self.by_value.add(variable)
            stars = kind.stars + by_address + kind.dimensions
            written = kind.base + (" " + "*" * stars if stars else "")
            declared.append(ir.Parameter(variable, written, variadic=each.variadic))
        self.parameters = tuple(declared)

    # ------------------------------------------------------------ constructors, destructors

    def constructor(self, body: Node, initialisers: Node | None, span: Span) -> None:
        """A constructor: its bases and members begin, then its body runs."""
        self.begins_or_ends = True
        given = dict(self._initialisers(initialisers))
        assert self.this is not None
        whole = self.names.frame
        own = self.this.declared.name.partition("<")[0]
        delegated = given.get(own)
        if delegated is not None:
            self.construct(ir.Place(THIS, ("*",)), self.this, delegated[1], span)
            self.ends_on_exception(ir.Place(THIS, ("*",)), self.this, span)
        else:
            self._begin_parts(self.this, given, span)
        self.whole_try = body
        self.body(body, whole)

    def _initialisers(self, node: Node | None) -> Iterator[tuple[str, tuple[Node, list[Node]]]]:
        """The member or base that each initialiser names, and what it gives."""
        for each in operands(node) if node is not None else ():
            parts = operands(each)
            if each.type != "field_initializer" or len(parts) < 2:
                continue
            name = text_of(parts[0]).partition("<")[0].rpartition("::")[2].strip()
            yield name, (each, operands(parts[-1]))

    def _begin_parts(
        self, this: Instance, given: dict[str, tuple[Node, list[Node]]], span: Span
    ) -> None:
        """Bases, then members in the order of their declaration; each ends where a later one, or
        the body, throws."""
        whole = ir.Place(THIS, ("*",))
        unseen = dict(given)
        for base in self.lookup.bases(this):
            if base is not None:
                unseen.pop(base.declared.name.partition("<")[0], None)
                node, arguments = given.get(base.declared.name.partition("<")[0], (None, None))
                where = self.span(node) if node is not None else span
                with self.full_expression(where):
                    self.construct(whole, base, arguments, where, is_base=True)
                self.ends_on_exception(whole, base, where)
            else:
                self.emit_call(UNSEEN_BASE, (), None, span)
                self.assign(whole, ir.Unknown(), span)  # it knows its own part
        for member in self.lookup.fields(this):
            unseen.pop(member.name, None)
        self._begin_unseen(this, unseen)
        for member in self.lookup.fields(this):
            if member.static:
                continue
            place = ir.Place(THIS, ("*", f".{member.name}"))
            kind = self.field_type(this, member)
            self._begin_member(place, kind, member, given, span)
            if kind.is_object and kind.instance is not None:
                self.ends_on_exception(place, kind.instance, span)

    def _begin_unseen(self, this: Instance, given: dict[str, tuple[Node, list[Node]]]) -> None:
        """Bases and members of which nobody sees the class: they may own what they begin with."""
        bases = [each.partition("<")[0].rpartition("::")[2] for each in this.declared.bases]
        for name, (node, arguments) in given.items():
            span = self.span(node)
            with self.full_expression(span):
                values = tuple(self.unknown_argument(each) for each in arguments)
                self.graph.emit(ir.Escape(values, span))
                if len(values) == 1 and name not in bases:
                    self.assign(ir.Place(THIS, ("*", f".{name}")), values[0], span)

    def _begin_member(
        self,
        place: ir.Place,
        kind: Type,
        member: Field,
        given: dict[str, tuple[Node, list[Node]]],
        span: Span,
    ) -> None:
        if member.name in given:
            node, arguments = given[member.name]
            with self.full_expression(self.span(node)):
                self.begin(place, kind, arguments, self.span(node))
        elif member.default:
            value = parse_expression(member.default, self.facts.grammar)
            if member.default.startswith("{"):
                value = parse_expression(f"T{member.default}", self.facts.grammar)
                value = field(self.bare(value), "value") if value is not None else None
            if value is not None:
                with self.positions.fixed_at(span), self.full_expression(span):
                    arguments = operands(value) if value.type == "initializer_list" else [value]
                    self.begin(place, kind, arguments, span)
        elif kind.is_object:
            self.begin(place, kind, None, span)

    def destructor(self, body: Node | None, span: Span) -> None:
        """A destructor: its body runs, then members end in reverse order, then bases."""
        self.begins_or_ends = True
        assert self.this is not None
        whole = self.names.frame
        for place, made in self._parts(self.this):
            name = self.destructor_of(made)
            if name is not None:
                ended = (self.address_of(place),)
                call = ir.Call(ir.Direct(name), ended, None, span, noexcept=True)
                self.enter_cleanup(call, pad=True)
        if body is not None:
            self.body(body, whole)
        else:
            self.end_scope(whole, span)
            self.graph.end(ir.Return(None, span, implicit=True))

    def _parts(self, this: Instance) -> Iterator[tuple[ir.Place, Instance]]:
        """The bases and members that are objects, in the order in which they begin."""
        for base in self.lookup.bases(this):
            if base is not None:
                yield ir.Place(THIS, ("*",)), base
        for member in self.lookup.fields(this):
            kind = self.field_type(this, member)
            whole = kind.is_object and not (member.static or kind.dimensions)
            if whole and kind.instance is not None:
                yield ir.Place(THIS, ("*", f".{member.name}")), kind.instance

    # ------------------------------------------------------------ what the compiler makes

    def implicit_member(self, kind: str, span: Span) -> None:
        """The body of an implicit constructor, destructor or assignment."""
        assert self.this is not None
        if kind == "destructor":
            self.destructor(None, span)
            return
        if kind == "default":
            whole = self.names.frame
            self._begin_parts(self.this, {}, span)
            self.end_scope(whole, span)
        else:
            self._copy_parts(self.this, kind, span)
        self.graph.end(ir.Return(None, span, implicit=True))

    def _copy_parts(self, this: Instance, kind: str, span: Span) -> None:
        other = ir.Variable("other&", ir.Scope.PARAMETER)
        kinds = (kind, kind.replace("move", "copy"))
        for base in self.lookup.bases(this):
            if base is not None:
                name = self.copying(base, kinds)
                if name is not None:
                    self.emit_call(
                        name, (ir.Read(ir.Place(THIS)), ir.Read(ir.Place(other))), None, span
                    )
        for member in self.lookup.fields(this):
            if member.static:
                continue
            path = ("*", f".{member.name}")
            target, source = ir.Place(THIS, path), ir.Place(other, path)
            part = self.field_type(this, member)
            name = None
            if part.is_object and part.instance is not None and not part.dimensions:
                name = self.copying(part.instance, kinds)
            if name is not None:
                given = (self.address_of(target), self.address_of(source))
                self.emit_call(name, given, None, span)
            elif not part.dimensions:
                self.assign(target, ir.Read(source), span)

    # ------------------------------------------------------------ lambdas

    def lambda_body(self, closure: Closure) -> None:
        """The code of a lambda, which sees what it captured through its own object."""
        self.captured = dict(closure.captured)
        held = self.captured.pop("this", None)
        if held is not None:
            self.this = closure.this
            self.this_place = held.place
        self.body(field(closure.node, "body"))
