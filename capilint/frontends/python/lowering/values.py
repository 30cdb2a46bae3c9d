"""Expressions without calls: names, attributes, subscripts, operators, displays, literals."""

from __future__ import annotations

from collections.abc import Iterable

import libcst as cst

from capilint import ir
from capilint.frontends.python.lowering.context import Context
from capilint.frontends.python.naming.constants import CONTENT, wrapped
from capilint.frontends.python.naming.libraries import is_in_library
from capilint.frontends.python.naming.scopes import Kind, Scope, Site
from capilint.frontends.python.parsing.tree import literal_content, text_literal
from capilint.ir.arithmetic import held, number_of

_BINARY = {
    cst.Add: "+",
    cst.Subtract: "-",
    cst.Multiply: "*",
    cst.Divide: "/",
    cst.FloorDivide: "//",
    cst.Modulo: "%",
    cst.Power: "**",
    cst.MatrixMultiply: "@",
    cst.LeftShift: "<<",
    cst.RightShift: ">>",
    cst.BitAnd: "&",
    cst.BitOr: "|",
    cst.BitXor: "^",
}
_UNARY = {cst.Minus: "-", cst.BitInvert: "~", cst.Not: "!", cst.Plus: "+"}
_CONSTANT_NAMES = {"None": None, "True": 1, "False": 0}
_MAX_ALIAS_DEPTH = 8
_MAX_VALUE_DEPTH = 30
_MOST_DIGITS = 100  # Python refuses to read some thousands


class Values(Context):
    """Lowers expressions; `value_<kind>` is for the libcst class of that name in lower case."""

    _alias_depth = 0
    _depth = 0

    def value(self, node: cst.CSTNode) -> ir.Value:
        lowered = getattr(self, f"value_{type(node).__name__.lower()}", None)
        if lowered is None:
            return ir.Unknown()
        self._depth += 1
        value: ir.Value = lowered(node)
        self._depth -= 1
        return value if self._depth < _MAX_VALUE_DEPTH else _flat(value)

    def values(self, nodes: Iterable[cst.CSTNode]) -> tuple[ir.Value, ...]:
        """Several expressions in evaluation order."""
        return tuple(self.value(node) for node in nodes)

    # ------------------------------------------------------------ names

    def value_name(self, node: cst.Name) -> ir.Value:
        name = node.value
        if name in _CONSTANT_NAMES:
            return ir.Constant(_CONSTANT_NAMES[name])
        owner = self.scope.owner(name)
        if owner is None or owner.kind is Kind.MODULE:
            sites = owner.sites(name) if owner is not None else []
            constant = self._constant(name, sites)
            if constant is not None:
                return constant
            canonical = self.names.canonical(node, self.scope)
            if canonical is not None:
                return self._named(canonical)
            if owner is None:
                return ir.Named(name)
        return ir.Read(self.place_in(owner, name))

    def _named(self, canonical: str) -> ir.Value:
        """A name that stands for something outside of the function."""
        if self.module.is_function(canonical) or is_in_library(canonical):
            return ir.FunctionReference(canonical)
        last = canonical.rpartition(".")[2]
        return ir.Named(last, None, canonical) if last.isupper() else ir.Named(canonical)

    def constants(self) -> dict[str, ir.Value]:
        """The constants of the module, whose scope this is the lowering of."""
        found = {
            name: self._constant(name, sites)
            for name, sites in list(self.scope.bindings.items())
            if name.isupper()
        }
        return {name: value for name, value in found.items() if value is not None}

    def _constant(self, name: str, sites: list[Site]) -> ir.Value | None:
        """The value of a constant that the file defines once; flags keep their names.

        `CRYPT_DELETEKEYSET = 16` is a name that rules know; `NULL = 0` and `TRUE = 1` are values.
        """
        if len(sites) != 1 or sites[0].expression is None:
            return None
        node = sites[0].expression
        if isinstance(node, cst.Integer):
            value = _integer(node)
            if value is None:
                return None
            is_plain = value == 0 or (value == 1 and name.upper() == "TRUE")
            return ir.Constant(value) if is_plain else ir.Named(name, value)
        if isinstance(node, cst.Name) and node.value in _CONSTANT_NAMES:
            return ir.Constant(_CONSTANT_NAMES[node.value])
        if name.isupper() and isinstance(node, (cst.BinaryOperation, cst.UnaryOperation)):
            return self.constant_at(node, sites[0])
        if name.isupper() and text_literal(node) is not None:
            return ir.Constant(text_literal(node))
        if name.isupper() and isinstance(node, cst.Attribute) and node.attr.value == CONTENT:
            return self._in_box(name, node.value, sites[0])
        return None

    def constant_at(self, node: cst.BaseExpression, site: Site) -> ir.Value | None:
        """The value of an expression of constants that stands where a name is bound."""
        if not _is_constant_expression(node) or self._alias_depth >= _MAX_ALIAS_DEPTH:
            return None
        self._alias_depth += 1
        value = self.value_in(site.scope, node)
        self._alias_depth -= 1
        return value

    def _content(self, node: cst.Attribute) -> ir.Value | None:
        """What `NAME.value` is where the name stands for a box with a constant in it."""
        if node.attr.value != CONTENT or not isinstance(node.value, cst.Name):
            return None
        site = self.kept_site(node.value)
        return None if site is None else self._in_box(node.value.value, site.expression, site)

    def kept_site(self, node: cst.Name) -> Site | None:
        """Where a constant of the module is given the one thing that it goes on holding."""
        sites = self.names.sites_of(node.value, self.scope)
        if not node.value.isupper() or len(sites) != 1 or sites[0].scope.kind is not Kind.MODULE:
            return None
        changes = sites[0].expression is not None and self.names.contents.may_change(node.value)
        return None if changes else sites[0]

    def _in_box(self, name: str, made: cst.BaseExpression | None, site: Site) -> ir.Value | None:
        """The number in a new box: a constant, which keeps the name."""
        if not isinstance(made, cst.Call) or len(made.args) > 1:
            return None
        type_name = self.names.canonical(made.func, site.scope)
        given = [self.constant_at(each.value, site) for each in made.args]
        number = number_of(given[0], lambda _: None) if given and given[0] is not None else 0
        if type_name is None or number is None or None in given:
            return None
        kept = wrapped(type_name, number)
        if kept is None:
            return None
        return ir.Named(name, kept) if kept else ir.Constant(0)

    def value_in(self, scope: Scope, node: cst.BaseExpression) -> ir.Value:
        """The value of an expression that stands in another scope."""
        outer, self.scope = self.scope, scope
        value = self.value(node)
        self.scope = outer
        return value

    # ------------------------------------------------------------ parts of objects

    def value_attribute(self, node: cst.Attribute) -> ir.Value:
        owner = self.names.class_of(node.value, self.scope)
        if owner is not None and not self.names.classes.is_open(owner, node.attr.value):
            accessor = self.names.classes.method(owner, node.attr.value)
            if accessor is not None and self.module.decorated(accessor[0], "property"):
                return self._call_property(node, accessor[0])
        canonical = self.names.canonical(node, self.scope)
        if canonical is not None:
            constant = self._class_constant(*canonical.rpartition(".")[::2])
            return constant if constant is not None else self._named(canonical)
        constant = None
        if node.attr.value.isupper():
            constant = self._class_constant(owner, node.attr.value)
        if constant is None:
            constant = self._content(node)
        return constant if constant is not None else ir.Read(self.attribute_place(node))

    def _call_property(self, node: cst.Attribute, qualified_name: str) -> ir.Value:
        result = self.temporary()
        receiver = self.value(node.value)
        span = self.span(node)
        self.emit(ir.Call(ir.Direct(qualified_name), (receiver,), result, span))
        return ir.Read(result)

    def _class_constant(self, owner: str | None, name: str) -> ir.Value | None:
        if owner is None or owner not in self.names.classes:
            return None
        return self._constant(name, self.names.classes.attribute_sites(owner, name))

    def attribute_place(self, node: cst.Attribute) -> ir.Place:
        """The place of `object.name`."""
        return self.member_place(node.value, node.attr.value)

    def member_place(self, node: cst.BaseExpression, name: str) -> ir.Place:
        """The place of an object's attribute."""
        base = self.held(self.value(node), self.span(node))
        return ir.Place(base.root, (*base.path, "*", f".{name}"))

    def value_subscript(self, node: cst.Subscript) -> ir.Value:
        canonical = self.names.canonical(node, self.scope)
        if canonical is not None:
            return self._named(canonical)
        place, _ = self.subscript_place(node)
        return ir.Unknown((ir.Read(place),)) if is_slice(node) else ir.Read(place)

    def subscript_place(self, node: cst.Subscript) -> tuple[ir.Place, list[ir.Value]]:
        """The place of `object[index]`, of the object itself for a slice; and the indexes."""
        base = self.held(self.value(node.value), self.span(node.value))
        indexes = [element.slice for element in node.slice]
        keys = [self.value(index.value) for index in indexes if isinstance(index, cst.Index)]
        if is_slice(node):
            return base, keys
        accessor = "[?]"
        if len(keys) == 1 and isinstance(keys[0], ir.Constant):
            key = keys[0].value
            if isinstance(key, str):
                accessor = f'["{key}"]'
            elif key is not None and key >= 0:
                accessor = f"[{key}]"
        return ir.Place(base.root, (*base.path, accessor)), keys

    # ------------------------------------------------------------ literals and displays

    def value_integer(self, node: cst.Integer) -> ir.Value:
        value = _integer(node)
        return ir.Unknown() if value is None else ir.Constant(value)

    def value_simplestring(self, node: cst.SimpleString) -> ir.Value:
        content = literal_content(node)
        text = content.decode("latin-1") if isinstance(content, bytes) else content
        return ir.Unknown() if text is None else ir.Constant(text)

    def value_concatenatedstring(self, node: cst.ConcatenatedString) -> ir.Value:
        text = text_literal(node)
        if text is not None:
            return ir.Constant(text)
        return ir.Unknown(self.values((node.left, node.right)))

    def value_formattedstring(self, node: cst.FormattedString) -> ir.Value:
        parts = [part for part in node.parts if isinstance(part, cst.FormattedStringExpression)]
        return ir.Unknown(self.values(part.expression for part in parts))

    def value_tuple(self, node: cst.Tuple) -> ir.Value:
        values = self.values(element.value for element in node.elements)
        if any(isinstance(element, cst.StarredElement) for element in node.elements):
            return self._kept(values, node)
        return ir.TupleOf(values)

    def value_list(self, node: cst.List | cst.Set) -> ir.Value:
        return self._kept(self.values(element.value for element in node.elements), node)

    value_set = value_list

    def value_dict(self, node: cst.Dict) -> ir.Value:
        values: list[ir.Value] = []
        for element in node.elements:
            if isinstance(element, cst.DictElement):
                values.append(self.value(element.key))
            values.append(self.value(element.value))
        return self._kept(tuple(values), node)

    def _kept(self, values: tuple[ir.Value, ...], node: cst.BaseExpression) -> ir.Value:
        """A container: what is put into it goes where the analysis cannot follow."""
        self.escape(values, node)
        return ir.Unknown(values)

    def escape(self, values: tuple[ir.Value, ...], node: cst.CSTNode) -> None:
        """Emit an escape of those values that have places in them."""
        held = tuple(value for value in values if any(ir.places_in(value)))
        if held:
            self.emit(ir.Escape(held, self.span(node)))

    # ------------------------------------------------------------ operators

    def value_unaryoperation(self, node: cst.UnaryOperation) -> ir.Value:
        return ir.Operation(_UNARY[type(node.operator)], (self.value(node.expression),))

    def value_binaryoperation(self, node: cst.BinaryOperation) -> ir.Value:
        return ir.Operation(binary_symbol(node.operator), self.values((node.left, node.right)))


def binary_symbol(operator: cst.CSTNode) -> str:
    """The symbol of a binary operator, also of an augmented assignment's (`+=` gives `+`)."""
    for kind, symbol in _BINARY.items():
        if type(operator).__name__ in (kind.__name__, f"{kind.__name__}Assign"):
            return symbol
    return "?"


def is_slice(node: cst.Subscript) -> bool:
    """Whether a subscript selects several elements."""
    return any(isinstance(element.slice, cst.Slice) for element in node.slice)


def _flat(value: ir.Value) -> ir.Value:
    """A value deep inside an expression without its structure, so that trees stay shallow."""
    if isinstance(value, (ir.Operation, ir.TupleOf, ir.Unknown)):
        return ir.Unknown(tuple(map(ir.Read, dict.fromkeys(ir.places_in(value)))))
    return value


def _integer(node: cst.Integer) -> int | None:
    """The value of a literal, None where it is too large."""
    digits = node.value.replace("_", "")
    return held(int(digits, 0)) if len(digits) <= _MOST_DIGITS else None


def _is_constant_expression(node: cst.BaseExpression) -> bool:
    match node:
        case cst.BinaryOperation(left=left, right=right):
            return _is_constant_expression(left) and _is_constant_expression(right)
        case cst.UnaryOperation(expression=inner):
            return _is_constant_expression(inner)
        case cst.Attribute() | cst.Name() | cst.Integer():
            return True
    return False
