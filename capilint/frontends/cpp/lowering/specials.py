"""The special members of C++ classes: what begins, copies, moves and ends their objects, written by
people or made by the compiler."""

from __future__ import annotations

from tree_sitter import Node

from capilint import ir
from capilint.finding import Span
from capilint.frontends.c.parsing.syntax import field
from capilint.frontends.cpp.facts.model import Bindings, Instance, Parameter, Signature, Type
from capilint.frontends.cpp.facts.special import Special
from capilint.frontends.cpp.lowering.typed import TypedLowering
from capilint.frontends.cpp.lowering.unit import Task

_KINDS = {
    "default": ("{name}", ()),
    "copy": ("{name}", ("const {name} &",)),
    "move": ("{name}", ("{name} &&",)),
    "copy-assignment": ("operator=", ("const {name} &",)),
    "move-assignment": ("operator=", ("{name} &&",)),
    "destructor": ("~{name}", ()),
}


def implicit_signature(instance: Instance, kind: str) -> Signature:
    """The signature of a member that the compiler makes."""
    name, parameters = _KINDS[kind]
    plain = instance.declared.name.partition("<")[0]
    taken = tuple(Parameter("other", each.format(name=plain)) for each in parameters)
    returns = f"{plain} &" if "assignment" in kind else ""
    return Signature(name.format(name=plain), instance.scope, taken, returns)


class SpecialMemberLowering(TypedLowering):
    """Names of special members; what has to be lowered for them is asked for."""

    def implicit(self, instance: Instance, kind: str) -> str | None:
        """The name of a member that the compiler makes; None where it does nothing."""
        if not self._does_anything(instance, kind, 0):
            return None
        signature = implicit_signature(instance, kind)
        name = self.lookup.signature_key(signature, instance.bindings, instance)
        self.unit.ask(name, lambda: Task(name, signature, instance.bindings, instance, kind))
        return name

    def _does_anything(self, instance: Instance, kind: str, depth: int) -> bool:
        """Whether a member that the compiler makes calls or sets anything."""
        if depth > 10:
            return False
        for base in self.lookup.bases(instance):
            if base is None and kind == "default":
                return True  # nobody knows what
            if base is not None and self._part_acts(base, kind, depth):
                return True
        for member in self.lookup.fields(instance):
            if member.static:
                continue
            if kind == "default" and member.default:
                return True
            part = self.field_type(instance, member)
            made = part.instance if part.is_object else None
            if made is not None and self._part_acts(made, kind, depth):
                return True
        return False

    def _part_acts(self, part: Instance, kind: str, depth: int) -> bool:
        special = self.lookup.special(part, kind)
        if special in (Special.USER, Special.DELETED):
            return True
        if special is Special.NONE and kind.startswith("move"):
            return self._part_acts(part, kind.replace("move", "copy"), depth)
        return self._does_anything(part, kind, depth + 1)

    def destructor_of(self, instance: Instance) -> str | None:
        """The name of the destructor of a class, None where it does nothing."""
        declared = self.lookup.destructor(instance)
        if declared is not None and not declared.defaulted:
            return self.ask_method(instance, declared)
        return self.implicit(instance, "destructor")

    def ends_on_exception(self, place: ir.Place, made: Instance, span: Span) -> None:
        """From here to the end of the scope, an exception ends an object that has begun."""
        name = self.destructor_of(made)
        if name is not None:
            ended = (self.address_of(place),)
            call = ir.Call(ir.Direct(name), ended, None, span, noexcept=True)
            self.enter_cleanup(call, pad=True, only_on_exception=True)

    def _is_of_elsewhere(self, node: Node) -> bool:
        """Whether a function that nobody declares makes a value: one of C, which makes no object
        of a class."""
        if node.type != "call_expression" or field(node, "function").type != "identifier":
            return False
        return self.type_of(node) is None and self.meaning_of(node) is None

    def emit_call(
        self, name: str, arguments: tuple[ir.Value, ...], result: ir.Place | None, span: Span
    ) -> None:
        """Call a function by its name."""
        self.graph.emit(ir.Call(ir.Direct(name), arguments, result, span))

    def ask_method(
        self, owner: Instance, signature: Signature, bindings: Bindings | None = None
    ) -> str:
        """The name of a method; that of a template is lowered for it."""
        bound = owner.bindings if bindings is None else bindings
        name = self.lookup.method_key(signature, owner, bound)
        if name in self.unit.settled:
            return name
        self.unit.settled.add(name)
        whole = "::".join(owner.declared.inside)  # a specialisation has methods of its own
        if owner.is_template or self.unit.is_of_library(f"{whole}::{signature.name}"):

            def task() -> Task | None:
                body = self.unit.body_of(whole, signature, name)
                if body is None:
                    return None
                return Task(name, signature, bound, owner, body=body)

            self.unit.ask(name, task)
        return name

    def copying(self, made: Instance, kinds: tuple[str, ...]) -> str | None:
        """The name of the constructor or operator that copies or moves; None: bit by bit."""
        for kind in kinds:
            special = self.lookup.special(made, kind)
            if special is Special.USER:
                declared = self.lookup.declared_special(made, kind)
                if declared is not None:
                    return self.ask_method(made, declared)
            if special is Special.IMPLICIT:
                return self.implicit(made, kind)
        return None

    def whose_constructor(self, made: Instance, types: tuple[Type | None, ...]) -> Instance | None:
        """The base whose constructor, taken over by a class, is all that makes an object of it."""
        if any(
            each.default or self.field_type(made, each).is_object
            for each in self.lookup.fields(made)
            if not each.static
        ):
            return None
        for base in self.lookup.inherited_constructors(made):
            if self.lookup.constructor(base, types)[0] is not None:
                return base
            if self.whose_constructor(base, types) is not None:
                return base
        return None

    def is_aggregate(self, made: Instance) -> bool:
        """Whether arguments are for an object's members, one by one; those of bases are unclear."""
        return not (self.lookup.constructors(made) or self.lookup.bases(made))
