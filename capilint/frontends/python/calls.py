"""Calls: who is called, with what; and what looks like one: await, yield, lambda."""

from __future__ import annotations

import libcst as cst

from capilint import ir
from capilint.frontends.python.scopes import Kind
from capilint.frontends.python.tree import descendants
from capilint.frontends.python.values import Values


class Calls(Values):
    """Lowers calls and functions used as values."""

    def value_call(self, node: cst.Call) -> ir.Value:
        if self.is_alias(node):
            return self._named(self.names.canonical(node, self.scope) or "")
        result = self.temporary()
        self.call(node, result)
        return ir.Read(result)

    def is_alias(self, node: cst.Call) -> bool:
        """Whether a call is another way to write a name: `getattr(library, "CryptGenKey")`."""
        canonical = self.names.canonical(node, self.scope)
        return canonical is not None and not canonical.endswith(")")

    def call(self, node: cst.Call, result: ir.Place | None) -> None:
        callee, receiver = self._callee(node.func)
        arguments, keywords, spread = self._arguments(node)
        self.emit(
            ir.Call(callee, (*receiver, *arguments), result, self.span(node), keywords, spread)
        )

    def _callee(self, func: cst.BaseExpression) -> tuple[ir.Callee, tuple[ir.Value, ...]]:
        """The callee, and the object that a method of this file gets as its first argument."""
        canonical = self.names.canonical(func, self.scope)
        if canonical is not None:
            return ir.Direct(canonical), ()
        if isinstance(func, cst.Attribute):
            name = func.attr.value
            own = self._own_method(func.value, name)
            if own is not None:
                static = self.module.decorated(own, "staticmethod")
                return ir.Direct(own), () if static else (self.value(func.value),)
            return ir.Method(self.value(func.value), name), ()
        return ir.Indirect(self.value(func)), ()

    def _own_method(self, receiver: cst.BaseExpression, name: str) -> str | None:
        """The qualified name of a method of the receiver's class, if the file defines it."""
        owner = self.names.classes.of_receiver(receiver, self.scope)
        method = self.names.classes.method(owner, name) if owner is not None else None
        if method is None or self.module.decorated(method[0], "property"):
            return None
        return method[0]

    def _arguments(
        self, node: cst.Call
    ) -> tuple[tuple[ir.Value, ...], tuple[tuple[str, ir.Value], ...], bool]:
        positional: list[ir.Value] = []
        keywords: list[tuple[str, ir.Value]] = []
        for argument in node.args:
            value = self.value(argument.value)
            if argument.keyword is not None:
                keywords.append((argument.keyword.value, value))
            else:
                positional.append(value)
        return tuple(positional), tuple(keywords), any(argument.star for argument in node.args)

    def value_await(self, node: cst.Await) -> ir.Value:
        return self.value(node.expression)

    def value_yield(self, node: cst.Yield) -> ir.Value:
        result = self.temporary()
        self.hand_out(node, result)
        return ir.Read(result)

    def hand_out(self, node: cst.Yield, result: ir.Place | None) -> None:
        """Emit a `yield` that receives into `result`."""
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
        places: dict[ir.Place, None] = {}
        own: set[str] = set()
        if isinstance(node, (cst.FunctionDef, cst.Lambda)):
            inner = self.module.scope_of(node, self.scope)
            own = set(inner.bindings) - inner.nonlocal_names
        for name in descendants([node]):
            if isinstance(name, cst.Name) and name.value not in own:
                owner = self.scope.owner(name.value)
                if owner is not None and owner.kind in (Kind.FUNCTION, Kind.COMPREHENSION):
                    places[self.place_in(owner, name.value)] = None
        return tuple(places)
