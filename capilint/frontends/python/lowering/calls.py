"""Calls: who is called, with what; and what looks like one: await, yield, lambda."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import libcst as cst

from capilint import ir
from capilint.finding import Span
from capilint.frontends.python.lowering.values import Values
from capilint.frontends.python.naming.libraries import is_in_library
from capilint.frontends.python.naming.scopes import Kind, Scope, all_parameters
from capilint.frontends.python.parsing.tree import descendants

_PASSED = "_as_parameter_"
_SETATTR = ir.Direct("setattr")


class Calls(Values):
    """Lowers calls and functions used as values."""

    def value_call(self, node: cst.Call) -> ir.Value:
        if self.is_alias(node):
            return self._named(self.names.canonical(node, self.scope) or "")
        attribute = self.names.attribute_asked_for(node, self.scope)
        if attribute is not None:
            return ir.Read(self.member_place(*attribute))
        result = self.temporary()
        self.call(node, result)
        return ir.Read(result)

    def is_alias(self, node: cst.Call) -> bool:
        """Whether a call is another way to write a name: `getattr(library, "CryptGenKey")`."""
        canonical = self.names.canonical(node, self.scope)
        if canonical is None or canonical.endswith(")"):
            return False
        called = self.names.canonical(node.func, self.scope)
        if called is None and isinstance(node.func, cst.Attribute):
            owner = self.names.class_of(node.func.value, self.scope)
            called = self._own_method(owner, node.func.attr.value)
        return not self.module.is_function(called or "")

    def call(self, node: cst.Call, result: ir.Place | None) -> None:
        self.emit(self.prepared_call(node.func, node.args, result, self.span(node)))

    def prepared_call(
        self,
        func: cst.BaseExpression,
        given: Sequence[cst.Arg],
        result: ir.Place | None,
        span: Span,
    ) -> ir.Call:
        """The call of a function with arguments, which are evaluated here."""
        callee, receiver = self._callee(func)
        if callee == _SETATTR:
            self._note_attribute(given)
        in_library = isinstance(callee, ir.Direct) and is_in_library(callee.name)
        arguments, keywords, spread = self._arguments(given, in_library)
        return ir.Call(callee, (*receiver, *arguments), result, span, keywords, spread)

    def _note_attribute(self, given: Sequence[cst.Arg]) -> None:
        """Of `setattr(module, "name", value)`, what is replaced."""
        if len(given) == 3:
            owner = self.names.canonical(given[0].value, self.scope)
            name = self.names.literal(given[1].value, self.scope)
            if owner is not None and name is not None:
                self.module.attribute_stores.add(f"{owner}.{name}")

    def _callee(self, func: cst.BaseExpression) -> tuple[ir.Callee, tuple[ir.Value, ...]]:
        """The callee, and the object that a method of this file gets as its first argument."""
        canonical = self.names.canonical(func, self.scope)
        if canonical is not None:
            return ir.Direct(canonical), ()
        if isinstance(func, cst.Attribute):
            if self._is_super(func.value):
                return self._base_method(func)
            name = func.attr.value
            own = self._own_method(self.names.class_of(func.value, self.scope), name)
            if own is not None:
                static = self.module.decorated(own, "staticmethod")
                return ir.Direct(own), () if static else (self.value(func.value),)
            return ir.Method(self.value(func.value), name), ()
        receiver = self.names.classes.of_receiver(func, self.scope)
        if receiver is not None:  # `cls(...)` in a class method
            return ir.Direct(receiver), ()
        if isinstance(func, cst.Call):
            asked = self.names.attribute_asked_for(func, self.scope)
            if asked is not None:
                return ir.Method(self.value(asked[0]), asked[1]), ()
        return ir.Indirect(self.value(func)), ()

    def _own_method(self, owner: str | None, name: str) -> str | None:
        """The qualified name of the one method that runs for `name` on an `owner`, if known."""
        if owner is None or self.names.classes.is_open(owner, name):
            return None
        return self._method_in(owner, name)

    def _method_in(self, owner: str, name: str) -> str | None:
        """The qualified name of a class's method, if the file defines it."""
        method = self.names.classes.method(owner, name)
        if method is None or self.module.decorated(method[0], "property"):
            return None
        return method[0]

    def _is_super(self, node: cst.BaseExpression) -> bool:
        if not isinstance(node, cst.Call):
            return False
        return self.names.canonical(node.func, self.scope) == "super"

    def _base_method(self, func: cst.Attribute) -> tuple[ir.Callee, tuple[ir.Value, ...]]:
        """`super().name`: the method of a base of this file, with the object that we are in."""
        method: Scope | None = self.scope
        while method is not None and method.owner_class is None:
            method = method.parent
        if method is None or not method.parameters or method.owner_class is None:
            return ir.Method(ir.Unknown(), func.attr.value), ()
        receiver = ir.Read(self.place_in(method, method.parameters[0]))
        for base in self.names.classes.bases().get(method.owner_class, ()):
            own = self._method_in(base, func.attr.value)
            if own is not None:
                return ir.Direct(own), (receiver,)
        return ir.Method(receiver, func.attr.value), ()

    def _arguments(
        self, given: Sequence[cst.Arg], in_library: bool
    ) -> tuple[tuple[ir.Value, ...], tuple[tuple[str, ir.Value], ...], bool]:
        positional: list[ir.Value] = []
        keywords: list[tuple[str, ir.Value]] = []
        spread = False
        for argument in given:
            value = self._passed(argument.value) if in_library else self.value(argument.value)
            if argument.keyword is not None:
                keywords.append((argument.keyword.value, value))
            elif not argument.star:
                positional.append(value)
            elif argument.star == "*" and isinstance(value, ir.TupleOf):
                positional.extend(value.values)
            else:
                positional.append(ir.Operation("elements", (value,)))
                spread = True
        return tuple(positional), tuple(keywords), spread

    def _passed(self, node: cst.BaseExpression) -> ir.Value:
        """What ctypes passes to a library: an object's `_as_parameter_`, where it has one."""
        owner = self.names.class_of(node, self.scope)
        if owner is None or not self.names.classes.attribute_sites(owner, _PASSED):
            return self.value(node)
        return ir.Read(self.member_place(node, _PASSED))

    def value_await(self, node: cst.Await) -> ir.Value:
        return self.value(node.expression)

    def value_yield(self, node: cst.Yield) -> ir.Value:
        result = self.temporary()
        self.hand_out(node, result)
        return ir.Read(result)

    def hand_out(self, node: cst.Yield, result: ir.Place | None) -> None:
        """Emit a `yield` that receives into `result`."""
        if self.resume_body is not None and not isinstance(node.value, cst.From):
            self.resume_body(ir.Constant(None) if node.value is None else self.value(node.value))
            if result is not None:
                self.assign(result, ir.Constant(None), self.span(node))
            return
        item = node.value.item if isinstance(node.value, cst.From) else node.value
        value = ir.Constant(None) if item is None else self.value(item)
        if isinstance(node.value, cst.From):
            value = ir.Unknown((value,))
        self.emit(ir.Yield(value, result, self.may_raise_at_yield, self.span(node)))

    def value_lambda(self, node: cst.Lambda) -> ir.Value:
        return self.function_reference(node)

    def function_reference(self, node: cst.FunctionDef | cst.Lambda) -> ir.FunctionReference:
        """A function of this file as a value; it will be lowered on its own."""
        name = self.module.require(node, self.scope)
        return ir.FunctionReference(name, self.captures(node))

    def captures(self, node: cst.CSTNode) -> tuple[ir.Place, ...]:
        """The places of this function's variables that code inside `node` can reach."""
        if self.scope.kind not in (Kind.FUNCTION, Kind.COMPREHENSION):
            return ()
        if not isinstance(node, (cst.FunctionDef, cst.Lambda)):
            return tuple(self._places_read([node], set()))
        inner = self.module.scope_of(node, self.scope)
        own = set(inner.bindings) - inner.nonlocal_names
        defaults = [each.default for each in all_parameters(node.params) if each.default]
        read = (*self._places_read(defaults, set()), *self._places_read([node.body], own))
        return tuple(dict.fromkeys(read))

    def _places_read(self, roots: Sequence[cst.CSTNode], own: set[str]) -> Iterator[ir.Place]:
        for node in descendants(roots):
            if isinstance(node, cst.Name) and node.value not in own:
                owner = self.scope.owner(node.value)
                if owner is not None and owner.kind in (Kind.FUNCTION, Kind.COMPREHENSION):
                    yield self.place_in(owner, node.value)
