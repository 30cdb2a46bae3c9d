"""What objects turn into where a plain value is asked for: `operator HCRYPTKEY`."""

from __future__ import annotations

from collections.abc import Callable

from tree_sitter import Node

from capilint import ir
from capilint.frontends.c.lowering.base import DEEPEST
from capilint.frontends.c.parsing.syntax import text_of
from capilint.frontends.cpp.facts.model import Instance, Type
from capilint.frontends.cpp.lowering.called import Callee
from capilint.frontends.cpp.lowering.naming import PLAIN
from capilint.frontends.cpp.lowering.unseen_operators import UnseenOperatorLowering


class ConversionLowering(UnseenOperatorLowering):
    """Operators that classes define are called, conversions among them."""

    def call_operator(
        self, callee: Callee, receiver: Node, arguments: tuple[Node, ...]
    ) -> ir.Value:
        """The value of an operator that a class defines."""
        assert callee.owner is not None and callee.signature is not None
        name = callee.name
        if name not in self.unit.settled:
            self.ask_method(callee.owner, callee.signature, callee.bindings)
        own = self.address_of(self.object_place(receiver))
        given = self.arguments(callee, arguments)
        span = self.span(receiver)
        returns = callee.returns
        if returns is not None and returns.is_object and self.is_handed_over(returns):
            place = self.temporary_object(returns, span)
            self.emit_call(name, (self.address_of(place), own, *given), None, span)
            self.ends_later(place, returns, span)
            return ir.Read(place)
        result = self.temporary()
        self.emit_call(name, (own, *given), result, span)
        return ir.Read(result)

    def converted(self, node: Node, truth: bool = False) -> ir.Value | None:
        """The plain value that an object turns into."""
        made = self.class_of(node)
        if made is None or not self.lookup.conversions(made):
            return None
        return self._converted(node, made, truth)

    def _converted(self, node: Node, made: Instance, truth: bool) -> ir.Value:
        """The same of an object of a class that has conversions."""
        key, known = (made.name, truth), self.unit.conversions
        if key not in known:
            known[key] = self._conversion(made, truth)
        chosen = known[key]
        if chosen is None:
            return ir.Unknown(self.mentions(node))
        return self.call_operator(chosen, node, ())

    def _conversion(self, made: Instance, truth: bool) -> Callee | None:
        """The conversion that makes a plain value of an object; None where several may."""
        conversions = self.lookup.conversions(made)
        wanted = [each for each in conversions if each[1].name == "operator bool"] if truth else []
        chosen = wanted or [each for each in conversions if each[1].name != "operator bool"]
        chosen = chosen or list(conversions)
        same = {each[1].returns for each in chosen}
        if len(same) > 1 and len({each.replace("const", "").strip() for each in same}) > 1:
            return None
        return self.method(*chosen[0])

    def turns(self, kind: Type) -> bool:
        return (
            kind.is_object
            and kind.instance is not None
            and bool(self.lookup.conversions(kind.instance))
        )

    def bare_argument(self, node: Node) -> ir.Value:
        """The value of a call's argument; an object without conversions is given by its address."""
        kind = node.type
        if self.depth >= DEEPEST:
            return super().bare_argument(node)
        name = ""
        if kind == "identifier" and not self.containers:
            name = text_of(node)
            plain = self.plain_variable(name, node) or self.undeclared(name)
            if plain is not None:
                return plain
        elif kind in _LITERALS and not node.has_error:
            return _LITERALS[kind](self, node)
        elif kind == "pointer_expression":
            if self.is_plain_address(node):
                return self._pointer(node)
            found = self.class_operator(node)
            returns = None if found is None else found[0].returns
            if found and returns and returns.stars and not returns.reference:
                return self.call_operator(*found)
        if kind in PLAIN:
            return super().bare_argument(node)
        made = self.class_of(node)
        if made is None:
            return super().bare_argument(node)
        if self.turns_into_a_value(node, made):
            if name and name not in self.bindings:
                return self._converted(node, made, truth=False)
            return super().bare_argument(node)
        return self.address_of(self.object_place(node))


_LITERALS: dict[str, Callable[[ConversionLowering, Node], ir.Value]] = {
    "number_literal": ConversionLowering._number,
    "char_literal": ConversionLowering._character,
    "string_literal": ConversionLowering._string,
    "true": ConversionLowering._true,
    "false": ConversionLowering._false,
    "null": ConversionLowering._null,
}
