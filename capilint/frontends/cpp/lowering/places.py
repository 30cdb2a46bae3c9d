"""Where C++ names live: members of `this`, captured names, references, static members."""

from __future__ import annotations

from tree_sitter import Node

from capilint import ir
from capilint.frontends.c.parsing.syntax import (
    field,
    is_constant_name,
    operands,
    operator_of,
    text_of,
)
from capilint.frontends.cpp.facts.model import Instance, Scope, Type
from capilint.frontends.cpp.lowering.called import Callee, Cast
from capilint.frontends.cpp.lowering.objects import ObjectLowering


class NameLowering(ObjectLowering):
    """Places of C++ lvalues."""

    def _variable(self, node: Node) -> ir.Place | None:
        name = text_of(node)
        variable = self.is_local(name)
        if variable is not None:
            return seen(ir.Place(variable), self.static_types.get(variable))
        if name in self.captured:
            return self.captured[name].place
        if name in self.bindings:
            return None
        member = self.member(name)
        if member is not None and self.this is not None:
            owner, declared = member
            if declared.static:
                return self._static(owner, name)
            base = ir.Place(self.this_place.root, (*self.this_place.path, "*"))
            return self._member_of(base, owner, name)
        if self.this is not None and self._may_inherit(self.this, name):
            return ir.Place(self.this_place.root, (*self.this_place.path, "*", f".{name}"))
        return super()._variable(node)

    def _may_inherit(self, this: Instance, name: str) -> bool:
        """Whether a name that nothing declares may be a member of a base that nobody has seen."""
        if is_constant_name(name) or self.lookup.is_complete(this):
            return False
        if name in self.facts.variables or self.lookup.variable(name, self.scope) is not None:
            return False
        facts = self.facts
        known = name in facts.functions or name in self.constants or name in facts.elsewhere
        known = known or name in self.expressions or facts.macros.find(name) is not None
        return not (known or self.lookup.functions(name, self.scope))

    def _static(self, owner: Instance, name: str) -> ir.Place:
        return ir.Place(self.names.global_variable(f"{owner.name}::{name}"))

    def _member_of(self, base: ir.Place, owner: Instance | None, name: str) -> ir.Place:
        found = None if owner is None else self.lookup.field(owner, name)
        if found is not None and found[1].static:
            return self._static(found[0], name)
        place = ir.Place(base.root, (*base.path, self.member_accessor(name)))
        return seen(place, None if found is None else self.field_type(*found))

    def named_place(self, node: Node) -> ir.Place | None:
        """The storage that an lvalue names, None for any other expression."""
        match node.type:
            case "qualified_identifier":
                return self._qualified(node)
            case "call_expression":
                meaning = self.meaning_of(node)
                if isinstance(meaning, Cast):
                    inner = meaning.operand
                    return None if inner is None else self.named_place(self.bare(inner))
                return None if meaning is None else self._referred(node, meaning)
            case "subscript_expression" | "pointer_expression" if self._overloaded(node):
                return None
        return super().named_place(node)

    def index(self, node: Node) -> Node:
        """What stands in the brackets of a subscript, the last of several."""
        indices = operands(field(node, "indices"))
        if not indices:
            raise ValueError("nothing in the brackets")
        return indices[-1]

    def _overloaded(self, node: Node) -> Callee | None:
        """The operator that a class defines for `a[i]`, `*a` or `&a`."""
        made = self.class_of(field(node, "argument"))
        if made is None:
            return None
        if node.type == "subscript_expression":
            return self.operator(made, "[]", (None,))
        return self.operator(made, operator_of(node))

    def plain_variable(self, name: str, node: Node) -> ir.Value | None:
        """The value of a variable or member that is no object; None for whatever else a name
        means."""
        variable = self.is_local(name)
        if variable is None:
            return self._plain_member(name) if self.this is not None else None
        kind = self.static_types.get(variable)
        if kind is None or kind.instance is not None:
            return None
        if kind.dimensions:
            return self.content(seen(ir.Place(variable), kind), node)
        known = self._reads.get(variable)
        if known is None or known[0] is not kind:
            known = self._reads[variable] = kind, ir.Read(seen(ir.Place(variable), kind))
        return known[1]

    def _plain_member(self, name: str) -> ir.Read | None:
        """The same of a member of `this`, where its name means nothing else."""
        known = self._member_reads.get(name)
        if known is None and name not in self._member_reads:
            known = self._member_reads[name] = self._read_of_member(name)
        return known

    def _read_of_member(self, name: str) -> ir.Read | None:
        member = self.member(name)
        if member is None or member[1].static or name in self.captured or name in self.bindings:
            return None
        kind = self.field_type(*member)
        if kind.instance or kind.dimensions or self.facts.macros.number(name) is not None:
            return None
        path = (*self.this_place.path, "*", self.member_accessor(name))
        return ir.Read(seen(ir.Place(self.this_place.root, path), kind))

    def undeclared(self, name: str) -> ir.Value | None:
        """What a name stands for that nothing declares here, such as a constant of an unseen
        header; None where that was not asked yet."""
        value = self.unit.undeclared.get(self._as_seen_here(name))
        if value is None or self.has_constants or self.names.find(name) is not None:
            return None
        own = name in self.captured or name in self.bindings or name in self.unexpanded
        return None if own else value

    def note_undeclared(self, name: str, value: ir.Named) -> None:
        """Keep what a name stands for, if nothing here declares it."""
        if self.name_type(name) is None:
            self.unit.undeclared[self._as_seen_here(name)] = value

    def _as_seen_here(self, name: str) -> tuple[str, str, Scope]:
        return name, self.this.name if self.this is not None else "", self.scope

    def is_plain_address(self, node: Node) -> bool:
        """Whether `&x` is the address of what is no object, which has no operator of its own."""
        if operator_of(node) != "&" or node.has_error:
            return False
        return self.class_of(self.bare(field(node, "argument"))) is None

    def _qualified(self, node: Node) -> ir.Place | None:
        text = "".join(text_of(node).split()).removeprefix("::")
        found = self.lookup.variable(text, self.scope)
        if found is not None:
            return ir.Place(self.names.global_variable(found[0]))
        scope, _, name = text.rpartition("::")
        owner = self.lookup.class_named(scope, self.scope, self.bindings) if scope else None
        member = None if owner is None else self.lookup.field(owner, name)
        if member is not None and owner is not None:
            if member[1].static or self.this is None:
                return self._static(member[0], name)
            base = ir.Place(self.this_place.root, (*self.this_place.path, "*"))
            return self._member_of(base, owner, name)
        return None

    def _referred(self, node: Node, callee: Callee) -> ir.Place | None:
        """What a call gives a reference to."""
        if callee.returns is None or not callee.returns.reference:
            return None
        value = self.call_value(node)
        return (
            ir.Place(value.place.root, (*value.place.path, "*"))
            if isinstance(value, ir.Read)
            else None
        )

    def _member(self, node: Node) -> ir.Place:
        argument, name = field(node, "argument"), field(node, "field")
        between = (node.text or b"")[argument.end_byte - node.start_byte :]
        operator = between[: name.start_byte - argument.end_byte]
        follows = b"->" in operator
        base = self.pointee(argument) if follows else self.object_place(argument)
        if b"*" in operator:  # a pointer to a member: nobody knows which
            return ir.Place(base.root, (*base.path, "[?]"))
        owner = self.object_of(argument, follows=follows)
        return self._member_of(base, owner, text_of(name))

    def pointee(self, node: Node) -> ir.Place:
        """The storage that a pointer expression points to."""
        node = self.bare(node)
        found = self.type_of(node)
        if found is not None and found.instance is not None and not found.stars:
            arrow = self.operator(found.instance, "->") or self.operator(found.instance, "*")
            if arrow is not None:
                value = self.call_operator(arrow, node, ())
                if isinstance(value, ir.Read):
                    return ir.Place(value.place.root, (*value.place.path, "*"))
        if node.type == "this":
            return ir.Place(self.this_place.root, (*self.this_place.path, "*"))
        if node.type == "pointer_expression" and self._overloaded(node):
            address = self.place(node)  # `*&holder` is what its `operator&` points to
            return ir.Place(address.root, (*address.path, "*"))
        return super().pointee(node)

    def call_operator(
        self, callee: Callee, receiver: Node, arguments: tuple[Node, ...]
    ) -> ir.Value:
        """The value of an operator that a class defines."""
        raise NotImplementedError

    def dimensions(self, node: Node) -> int:
        """How many array dimensions a place has, 0 where it is no array that we know."""
        found = self.type_of(self.bare(node))
        if found is not None:
            return found.dimensions
        return super().dimensions(node)


def seen(place: ir.Place, kind: Type | None) -> ir.Place:
    """The place that the name of a variable or member means: what a reference refers to."""
    is_reference = kind is not None and kind.reference
    return ir.Place(place.root, (*place.path, "*")) if is_reference else place
