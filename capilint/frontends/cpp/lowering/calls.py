"""C++ calls: what is given, what comes back, and the objects that are made for both."""

from __future__ import annotations

import re

from tree_sitter import Node

from capilint import ir
from capilint.frontends.c.parsing.given import RUN_LATER
from capilint.frontends.c.parsing.syntax import field, operands, operator_of, text_of
from capilint.frontends.cpp.facts.model import Instance, Type
from capilint.frontends.cpp.lowering.called import Callee, Cast
from capilint.frontends.cpp.lowering.callees import CalleeLowering
from capilint.frontends.cpp.parsing.repairs import THROW

_THROWS = re.compile(
    r"(?:^|_|(?<=[a-z]))(?P<no>(?:[Nn]o|NO|[Ss]et|[Gg]et|[Cc]an|[Mm]ay|[Ww]ill|[Dd]ont)_?)?"
    r"(?:throw|Throw|THROW)(?P<perhaps>_?(?:[Ii]f|IF)(?![a-z]))?(?![a-z]|On|_on_|_ON_)"
)

_RAISES = re.compile(r"(?:^|_|(?<=[a-z]))(?:raise|Raise|RAISE)(?![a-z])")
_NO_EXCEPTION = re.compile(r"[Ff]atal|[Ff]ast|FA")  # `RaiseFailFastException` ends the process

_ASKING = frozenset({"!", "==", "!=", "<", "<=", ">", ">=", "&&", "||"})

_ADDRESS_OF = "__builtin_addressof"
_ALLOCATOR = re.compile("operator_?(new|delete)")


class CallLowering(CalleeLowering):
    """Calls of functions that are known, and of those that are not."""

    def call(self, node: Node, result: ir.Place | None) -> None:
        """Call a function, its result into a place, or nowhere."""
        function = self.bare(field(node, "function"))
        if function.type == "field_expression" and self.method_call(node, result):
            return
        meaning = self.meaning_of(node)
        if meaning is None:
            self._call_unknown(function, node, result)
        elif isinstance(meaning, Cast):
            self._cast_into(meaning, node, result)
        elif meaning.makes is not None:
            self._make(node, meaning.makes, result)
        elif meaning.name:
            nodes = operands(field(node, "arguments"))
            self._call_known(meaning, function, nodes, node, result)

    def method_call(self, node: Node, result: ir.Place | None) -> bool:
        """Lower the call of a method of something that is not an object of a known class. Whether
        it is one."""
        return False

    def _cast_into(self, cast: Cast, node: Node, result: ir.Place | None) -> None:
        if result is None:
            if cast.operand is not None:
                self.discard(cast.operand)
        elif cast.operand is None:
            self.assign(result, ir.Constant(0), self.span(node))
        else:
            self.store(result, cast.operand, self.span(node))

    def _make(self, node: Node, made: Instance, result: ir.Place | None) -> None:
        place = result
        if place is None:
            place = self.temporary_object(Type(made.name, made), self.span(node))
        self.construct(place, made, operands(field(node, "arguments")), self.span(node))
        if result is None or self.is_nameless(result):
            self.ends_later(place, Type(made.name, made), self.span(node))

    def _call_known(
        self,
        callee: Callee,
        function: Node,
        nodes: list[Node],
        node: Node,
        result: ir.Place | None,
    ) -> None:
        before: list[ir.Value] = []
        signature, returns = callee.signature, callee.returns
        nameless: ir.Place | None = None
        if returns is not None and returns.is_object and self.is_handed_over(returns):
            place = result
            if place is None or self.is_nameless(place):
                place = nameless = place or self.temporary_object(returns, self.span(node))
            before.append(self.address_of(place))
            result = None
        if callee.owner is not None:
            if signature is None or not signature.static:
                before.append(self._receiver(callee, function))
            if signature is not None:
                self.ask_method(callee.owner, signature, callee.bindings)
        given = self.arguments(callee, nodes)
        self.emit_call(callee.name, (*before, *given), result, self.span(node))
        if nameless is not None and returns is not None:
            self.ends_later(nameless, returns, self.span(node))
        says_so = signature is not None and signature.never_returns
        unseen = signature is not None and signature.whole_name not in self.unit.bodies
        if says_so or callee.name.partition("(")[0] in self.facts.noreturn:
            self.never_returns(signature.name if signature and unseen else "", node)
        elif result is None and signature and unseen:
            self._throw_by_name(signature.name, node)

    def never_returns(self, name: str, node: Node) -> None:
        """What nobody sees the text of throws if its name says so; others end the program, or
        have thrown in their text."""
        last = name.rpartition("::")[2]
        thrown, raised = _THROWS.search(last), _RAISES.search(last)
        if raised is not None and _NO_EXCEPTION.search(last, raised.end()):
            raised = None
        if (thrown and not thrown.group("no")) or raised:
            self.graph.end(ir.Raise(self.span(node)))
        else:
            super().never_returns(name, node)

    def _throw_by_name(self, name: str, node: Node) -> None:
        """What nobody sees the text of, and is called for its effects, throws if its name says so:
        `ThrowLastError(..)` always, `THROW_IF_FAILED(..)` and `check_throw(x < 0)` perhaps."""
        said = _THROWS.search(name) if "throw" in name.lower() else None
        if said is None or said.group("no"):
            return
        given = map(self.bare, operands(field(node, "arguments")))
        if said.group("perhaps") or any(operator_of(each) in _ASKING for each in given):
            self.graph.may_raise()
        else:
            self.graph.end(ir.Raise(self.span(node)))

    def is_nameless(self, place: ir.Place) -> bool:
        """Whether a place is for a plain value, so that nobody ends an object in it yet."""
        temporary = place.root.scope is ir.Scope.TEMPORARY and not place.path
        return temporary and place.root not in self.static_types

    def is_handed_over(self, returns: Type) -> bool:
        """Whether a function that returns such an object is given the place for it."""
        return returns.instance is not None and self.lookup.has_destructor(returns.instance)

    def _receiver(self, callee: Callee, function: Node) -> ir.Value:
        if callee.implicit_this:
            return ir.Read(self.this_place)
        if callee.receiver is None:
            return self.address_of(self.object_place(function))
        if not callee.follows:
            return self.address_of(self.object_place(callee.receiver))
        return self.address_of(self.pointee(callee.receiver))

    def _call_unknown(self, function: Node, node: Node, result: ir.Place | None) -> None:
        if function.type == "field_expression" and not self._is_pointer_member(function):
            self._call_method(function, node, result)
            return
        name = self.called_name(function)
        if name == THROW:
            self.throw(node)
            return
        if name == _ADDRESS_OF:
            self._address_of_object(node, result)
            return
        if result is None and self._is_run_later(name, node):
            return
        self.call_named(name, node, result)
        last = name.rpartition("::")[2] if result is None else ""
        if last and last not in self.facts.functions:
            self._throw_by_name(last, node)

    def is_plain_call(self, node: Node) -> bool:
        """Whether a call is for certain that of a function which nothing here declares: it gives
        no object."""
        if node.has_error or self.meaning_of(node) is not None:
            return False
        return field(node, "function").type in ("identifier", "qualified_identifier")

    def _address_of_object(self, node: Node, result: ir.Place | None) -> None:
        """The address of an object whose class may have an operator for that."""
        given = operands(field(node, "arguments"))
        if result is not None and len(given) == 1:
            self.assign(result, self.address_of(self.object_place(given[0])), self.span(node))

    def _is_run_later(self, name: str, node: Node) -> bool:
        """`ON_SCOPE_EXIT(CryptDestroyKey(key));`: what such a macro has run later is let go of."""
        arguments = field(node, "arguments")
        parts = operands(arguments)
        calls = [each for each in parts if each.is_error or each.type == "call_expression"]
        if not calls or RUN_LATER.search(name) is None or name in self.facts.functions:
            return False
        named = self.mentions(arguments)
        places = [ir.AddressOf(each.place) for each in named if isinstance(each, ir.Read)]
        self.graph.emit(ir.Escape((*named, *places), self.span(node)))
        return True

    def _call_method(self, function: Node, node: Node, result: ir.Place | None) -> None:
        """`object.method(..)` of a class that nobody shows."""
        receiver = field(function, "argument")
        found = self.type_of(receiver)
        holder: ir.Value
        follows = operator_of(function) == "->"
        if follows and found is not None and found.instance is not None and not found.stars:
            holder = self.address_of(self.pointee(receiver))
        elif follows or found is None or found.stars:
            holder = self.value(receiver)
        else:
            holder = self.address_of(self.object_place(receiver))
        given = tuple(self.unknown_argument(each) for each in operands(field(node, "arguments")))
        name = text_of(field(function, "field"))
        self.graph.emit(ir.Call(ir.Method(holder, name), given, result, self.span(node)))
        # `env->ThrowNew(..)` throws for another language, and comes back
        if result is None and (receiver.type == "this" or name == "rethrow"):
            self._throw_by_name(name, node)

    def _is_pointer_member(self, function: Node) -> bool:
        """Whether what is called is a data member: a function pointer. A C structure's is."""
        if operator_of(function) == ".*":
            return False  # a method, that the pointer behind it tells
        owner = self.object_of(field(function, "argument"), follows=operator_of(function) == "->")
        if owner is None:
            return False
        return self.lookup.field(owner, text_of(field(function, "field"))) is not None

    def called_name(self, function: Node) -> str:
        """The name of what is called, empty for a call through a pointer."""
        kind = function.type
        name = text_of(function)
        if kind != "identifier":
            name = "".join(name.split()).removeprefix("::")
        if name.startswith("operator") and (allocator := _ALLOCATOR.fullmatch(name)) is not None:
            return f"operator {allocator.group(1)}"
        if kind in ("qualified_identifier", "template_function"):
            is_variable = kind == "qualified_identifier" and self.named_place(function) is not None
            return "" if is_variable else name
        if kind != "identifier":
            return ""
        is_pointer = name in self.captured or self.member(name) or self.names.find(name)
        return "" if is_pointer else name

    def throw(self, node: Node) -> None:
        """`throw E(..)`: what goes on at the handler."""
        raise NotImplementedError
