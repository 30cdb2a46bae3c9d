"""Which function a C++ call means: overloads, methods, templates, constructors."""

from __future__ import annotations

from collections.abc import Sequence

from tree_sitter import Node

from capilint.frontends.c.parsing.syntax import field, operator_of, text_of
from capilint.frontends.cpp.facts.deduction import is_any_function
from capilint.frontends.cpp.facts.model import Instance, Signature, Type
from capilint.frontends.cpp.facts.typetext import type_text
from capilint.frontends.cpp.lowering.called import Callee, Cast
from capilint.frontends.cpp.lowering.places import NameLowering
from capilint.frontends.cpp.lowering.unit import Task
from capilint.frontends.cpp.parsing.packs import MOST_ELEMENTS, packs_of, without_pack
from capilint.frontends.cpp.parsing.spellings import one_word

_NAMES = frozenset({"identifier", "qualified_identifier"})


class CalleeLowering(NameLowering):
    """Looks for what is called."""

    def find_callee(self, function: Node, arguments: Sequence[Node]) -> Callee | None:
        """Look for what is called."""
        if function.type not in _NAMES:
            function = self._forwarded(self.bare(function))
        if self._is_undeclared(function):
            return None
        types = [self.argument_type(each) for each in arguments]
        found = self._found_callee(function, types)
        if found is None or found.makes is None:
            return found
        refined = self.refined_type(Type(found.makes.name, found.makes), arguments)
        return found._replace(makes=refined.instance)

    def _forwarded(self, function: Node) -> Node:
        """What is called in `std::forward<F>(f)(..)`."""
        meaning = self.meaning_of(function) if function.type == "call_expression" else None
        if isinstance(meaning, Cast) and meaning.written is None and meaning.operand is not None:
            return self.bare(meaning.operand)
        return function

    def _is_undeclared(self, function: Node) -> bool:
        """Whether a name is that of a function which nothing here declares: the API's."""
        name = text_of(function)
        if function.type == "qualified_identifier":
            return "<" not in name and not self.lookup.may_call(name.rpartition("::")[2].strip())
        if function.type != "identifier" or self.lookup.may_call(name) or name in self.bindings:
            return False
        return self.name_type(name) is None

    def _found_callee(self, function: Node, types: list[Type | None]) -> Callee | None:
        match function.type:
            case "identifier":
                return self._named_callee(text_of(function), types)
            case "qualified_identifier" | "template_function" | "template_type":
                return self._qualified_callee("".join(text_of(function).split()), types)
            case "field_expression":
                return self._method_callee(function, types)
        made = self.type_of(function)
        if made is not None and made.instance is not None and not made.stars:
            found = self.operator(made.instance, "()", tuple(types))
            return None if found is None else found._replace(receiver=function)
        return None

    def _named_callee(self, name: str, types: list[Type | None]) -> Callee | None:
        kind = self.name_type(name)
        if kind is not None:
            if kind.instance is None or kind.stars:
                return None if kind.stars else self._bound_function(kind.base)
            return self.operator(kind.instance, "()", tuple(types))
        if name in self.bindings:
            bound = self.bindings[name]
            return self._free_callee(bound, types) or Callee(bound)
        if self.this is not None:
            methods = self.lookup.methods(self.this, name)
            if methods and methods[0][0].declared.name != name:  # `Key(h)` makes another one
                found = self._chosen_method(methods, types)
                if (
                    found is None
                    or self.begins_or_ends
                    or not self._is_overridden(self.this, found)
                ):
                    return found and found._replace(implicit_this=True)
                return found._replace(implicit_this=True, name=f"virtual {found.name}")
        return self._free_callee(name, types)

    def _bound_function(self, name: str) -> Callee | None:
        """The function that a template parameter, the type of what is called, is bound to."""
        if name not in self.bindings.values() or is_any_function(name):
            return None
        named = self.lookup.functions(name, ())
        if not named:
            return Callee(name)
        if len(named) != 1 or named[0].template:
            return None
        return Callee(self.lookup.signature_key(named[0], {}), named[0])

    def _free_callee(self, name: str, types: list[Type | None]) -> Callee | None:
        made = self.lookup.class_named(name, self.scope, self.bindings)
        made = made or self.lookup.deduced_class(name, self.scope, types)
        if made is not None:
            return Callee(makes=made)
        near = {each.instance.declared.scope for each in types if each and each.instance}
        candidates = self.lookup.functions(name, self.scope, near)
        for whole in (*self.usings.get(name, ()), *(f"{each}::{name}" for each in self.opened)):
            candidates += self.lookup.functions(whole, self.scope)
        primary = [each for each in candidates if not each.arguments]
        chosen = self.lookup.overload(primary, types, self.scope, self.bindings)
        if chosen is None:
            return None
        if chosen.template or self.unit.is_of_library(chosen.whole_name):
            return self._instantiated(chosen, types, type_text(name).parts[-1].arguments or ())
        returns = self.lookup.type_of(chosen.returns, chosen.scope, {}) if chosen.returns else None
        return Callee(self.lookup.signature_key(chosen, {}), chosen, returns=returns)

    def _instantiated(
        self, chosen: Signature, types: list[Type | None], explicit: tuple[str, ...]
    ) -> Callee:
        """A function template, with what its parameters are seen to stand for."""
        declared, packs = chosen, packs_of(chosen)
        size = max(len(types) - len(chosen.parameters) + 1, 0) if packs else 0
        if size > MOST_ELEMENTS:
            size = 0
        if size:
            chosen = without_pack(chosen, packs, size)
        bindings = {each.name: each.name for each in chosen.template}
        bindings.update(self.lookup.deduced(chosen, types))
        for parameter, argument in zip(chosen.template, explicit, strict=False):
            bindings[parameter.name] = self.lookup.canonical(argument, self.scope, self.bindings)
        arguments = ",".join(bindings[each.name] for each in chosen.template)
        instance = f"<{arguments}>" if chosen.template else ""
        name = f"{chosen.whole_name}{instance}" + self.lookup.signature_key(
            chosen, bindings
        ).removeprefix(chosen.whole_name)

        def task() -> Task | None:
            if name in self._specialisations(chosen.whole_name):
                return None
            body = self.unit.body_of("::".join(declared.scope), declared, name)
            if body is None:
                return None
            return Task(name, chosen, bindings, body=body, packs=packs, pack_size=size)

        self.unit.ask(name, task)
        returns = None
        if chosen.returns:
            returns = self.lookup.type_of(chosen.returns, chosen.scope, bindings)
        return Callee(name, chosen, bindings=bindings, returns=returns)

    def _specialisations(self, whole_name: str) -> set[str]:
        """The names of the explicit specialisations of a function template that are defined."""
        signatures = (each.signature for each in self.unit.bodies.get(whole_name, ()))
        return {
            self.lookup.instance_key(each, each.arguments, {})
            for each in signatures
            if each.arguments
        }

    def _qualified_callee(self, text: str, types: list[Type | None]) -> Callee | None:
        text = text.removeprefix("::")
        made = self.lookup.class_named(text, self.scope, self.bindings)
        if made is not None:
            return Callee(makes=made)
        scope, _, name = text.rpartition("::")
        owner = self.lookup.class_named(scope, self.scope, self.bindings) if scope else None
        if owner is not None:
            methods = self.lookup.methods(owner, name)
            found = self._chosen_method(methods, types)
            if found is None or found.signature is None or found.signature.static:
                return found
            return found._replace(implicit_this=True)
        return self._free_callee(text, types)

    def _chosen_method(
        self, methods: list[tuple[Instance, Signature]], types: list[Type | None]
    ) -> Callee | None:
        if not methods:
            return None
        owner = methods[0][0]
        candidates = [each for _, each in methods]
        chosen = self.lookup.overload(candidates, types, owner.scope, owner.bindings)
        return None if chosen is None else self.method(owner, chosen, types)

    def _method_callee(self, function: Node, types: list[Type | None]) -> Callee | None:
        argument, name = field(function, "argument"), field(function, "field")
        follows = operator_of(function) == "->"
        owner = self.object_of(argument, follows=follows)
        if owner is None:
            return None
        if name.type == "destructor_name":
            ending = self.destructor_of(owner)
            return Callee(ending or "", owner=owner, receiver=argument, follows=follows)
        plain = text_of(name).partition("<")[0].rpartition("::")[2]
        named = [each for each in self.lookup.conversions(owner) if _is_called(each[1], plain)]
        found = self._chosen_method(named or self.lookup.methods(owner, plain), types)
        if found is None or found.signature is None:
            return None
        dynamic = follows or self._is_reference(argument)
        if found.signature.pure or (dynamic and self._is_overridden(owner, found)):
            return None
        return found._replace(receiver=argument, follows=follows)

    def _is_reference(self, node: Node) -> bool:
        """Whether a name is a reference, so that the object may be one of a derived class."""
        variable = self.is_local(text_of(node)) if node.type == "identifier" else None
        by_address = variable is not None and variable.name.endswith("&")
        return by_address and variable not in self.by_value

    def _is_overridden(self, owner: Instance, found: Callee) -> bool:
        """Whether the object's class may have another method of that name."""
        signature = found.signature
        if signature is None or not self.unit.overrides(owner, signature.name):
            return False
        return signature.virtual or any(
            each.virtual
            for base in self.lookup.ancestors(owner)
            for each in base.declared.methods
            if each.name == signature.name
        )


def _is_called(conversion: Signature, name: str) -> bool:
    """Whether a word stands for a conversion: `operator_HCRYPTKEY`."""
    return name.startswith("operator_") and one_word(conversion.name) == name
