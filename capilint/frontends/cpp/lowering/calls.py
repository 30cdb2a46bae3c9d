"""C++ calls: methods, overloads, constructors, operators, conversions, lambdas."""

from __future__ import annotations

import re
from collections.abc import Callable
from contextlib import nullcontext

from tree_sitter import Node

from capilint import ir
from capilint.finding import Span
from capilint.frontends.c.parsing.syntax import field, operands, operator_of, text_of
from capilint.frontends.cpp.facts.deduction import is_any_function
from capilint.frontends.cpp.facts.model import Instance, Signature, Type
from capilint.frontends.cpp.facts.typetext import type_text
from capilint.frontends.cpp.lowering.places import NameLowering
from capilint.frontends.cpp.lowering.typed import RESULT, Callee
from capilint.frontends.cpp.lowering.unit import Task
from capilint.frontends.cpp.parsing.repairs import THROW

NEW, DELETE = "operator new", "operator delete"
NEW_OR_NULL = "malloc"  # the operator with std::nothrow


class CallLowering(NameLowering):
    """What calls run, and what objects turn into where a plain value is asked for."""

    # ------------------------------------------------------------ which function

    def find_callee(self, node: Node) -> Callee | None:
        """Look for what a call expression calls."""
        found = self._found_callee(node)
        if found is None or found.makes is None:
            return found
        kind = Type(found.makes.name, found.makes)
        refined = self.refined_type(kind, operands(field(node, "arguments")))
        return found._replace(makes=refined.instance)

    def _found_callee(self, node: Node) -> Callee | None:
        function = self.bare(field(node, "function"))
        types = [self.argument_type(each) for each in operands(field(node, "arguments"))]
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
            if methods:
                found = self._chosen_method(methods, types)
                return found and found._replace(implicit_this=True)
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
            body = self.unit.body_of("::".join(chosen.scope), chosen, name)
            return None if body is None else Task(name, chosen, bindings, body=body)

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
        return None if chosen is None else self.method(owner, chosen)

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
        found = self._chosen_method(self.lookup.methods(owner, plain), types)
        if found is None or found.signature is None:
            return None
        if found.signature.pure or (
            found.signature.virtual and follows and self.unit.overrides(owner, plain)
        ):
            return None
        return found._replace(receiver=argument, follows=follows)

    # ------------------------------------------------------------ calling it

    def call(self, node: Node, result: ir.Place | None) -> None:
        """Call a function, its result into a place, or nowhere."""
        if text_of(field(node, "function")) == THROW:
            self.throw(node)
            return
        if self.is_zero(node):
            if result is not None:
                self.assign(result, ir.Constant(0), self.span(node))
            return
        cast = self.cast_argument(node)
        if cast is not None:
            if result is None:
                self.discard(cast[1])
            else:
                self.store(result, cast[1], self.span(node))
            return
        callee = self.callee_of(node)
        if callee is None:
            self._call_unknown(node, result)
        elif callee.makes is not None:
            self._make(node, callee.makes, result)
        elif callee.name:
            nodes = operands(field(node, "arguments"))
            self._call_known(callee, self.bare(field(node, "function")), nodes, node, result)

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
        if returns is not None and returns.is_object and self.is_handed_over(returns):
            place = result
            if place is None or self.is_nameless(place):
                place = place or self.temporary_object(returns, self.span(node))
                self.ends_later(place, returns, self.span(node))
            before.append(self.address_of(place))
            result = None
        if callee.owner is not None:
            if signature is None or not signature.static:
                before.append(self._receiver(callee, function))
            if signature is not None:
                self.ask_method(callee.owner, signature)
        given = self.arguments(callee, nodes)
        self.emit_call(callee.name, (*before, *given), result, self.span(node))
        if callee.name.partition("(")[0] in self.facts.noreturn:
            self.graph.end(ir.Stop(self.span(node)))
        elif signature is not None and signature.whole_name not in self.unit.bodies:
            self._throw_by_name(signature.name, result, self.span(node))

    def _throw_by_name(self, name: str, result: ir.Place | None, span: Span) -> None:
        """What nobody sees the text of, and is called for its effects, throws if its name says so:
        `ThrowLastError(..)` always, `THROW_IF_FAILED(..)` perhaps."""
        said = _THROWS.search(name)
        if result is not None or said is None or said.group("no"):
            return
        if said.group("perhaps"):
            throws, end = self.graph.new_block(), self.graph.new_block()
            self.graph.end(ir.Choose((throws, end), span))
            self.graph.start(throws)
            self.graph.end(ir.Raise(span))
            self.graph.start(end)
        else:
            self.graph.end(ir.Raise(span))

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

    def _call_unknown(self, node: Node, result: ir.Place | None) -> None:
        function = self.bare(field(node, "function"))
        if function.type == "field_expression" and not self._is_pointer_member(function):
            receiver = field(function, "argument")
            found = self.type_of(receiver)
            holder: ir.Value
            if operator_of(function) == "->" or found is None or found.stars:
                holder = self.value(receiver)
            else:
                holder = self.address_of(self.object_place(receiver))
            given = tuple(
                self.unknown_argument(each) for each in operands(field(node, "arguments"))
            )
            name = text_of(field(function, "field"))
            self.graph.emit(ir.Call(ir.Method(holder, name), given, result, self.span(node)))
            self._throw_by_name(name, result, self.span(node))
            return
        super().call(node, result)
        name = self._called_name(node).rpartition("::")[2]
        if name and name not in self.facts.functions:
            self._throw_by_name(name, result, self.span(node))

    def _is_pointer_member(self, function: Node) -> bool:
        """Whether what is called is a data member: a function pointer. A C structure's is."""
        owner = self.object_of(field(function, "argument"), follows=operator_of(function) == "->")
        if owner is None:
            return False
        return self.lookup.field(owner, text_of(field(function, "field"))) is not None

    def argument(self, node: Node) -> ir.Value:
        """The value of a call's argument; an object without conversions is given by its address."""
        found = self.type_of(self.bare(node))
        made = None if found is None or found.stars or found.dimensions else found.instance
        if made is None or self.lookup.conversions(made):
            return super().argument(node)
        return self.address_of(self.object_place(node))

    def _called_name(self, node: Node) -> str:
        function = self.bare(field(node, "function"))
        if function.type in ("qualified_identifier", "template_function"):
            return "".join(text_of(function).split()).removeprefix("::")
        if function.type == "identifier" and (
            self.member(text_of(function)) or text_of(function) in self.captured
        ):
            return ""
        return super()._called_name(node)

    # ------------------------------------------------------------ operators

    def call_operator(
        self, callee: Callee, receiver: Node, arguments: tuple[Node, ...]
    ) -> ir.Value:
        """The value of an operator that a class defines."""
        assert callee.owner is not None and callee.signature is not None
        name = self.ask_method(callee.owner, callee.signature)
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

    def _operator_of(self, node: Node) -> tuple[Callee, Node, tuple[Node, ...]] | None:
        """The operator that a class defines, its object, and the other operand."""
        others: tuple[Node, ...] = ()
        match node.type:
            case "binary_expression" | "assignment_expression":
                first, others = field(node, "left"), (field(node, "right"),)
            case "subscript_expression":
                first = field(node, "argument")
                indices = node.child_by_field_name("indices") or node.child_by_field_name("index")
                others = tuple(operands(indices)) if indices is not None else ()
            case "unary_expression" | "pointer_expression" | "update_expression":
                first = field(node, "argument")
            case _:
                return None
        kind = self.type_of(self.bare(first))
        if kind is None or kind.instance is None or kind.stars or kind.dimensions:
            return None
        operator = "[]" if node.type == "subscript_expression" else operator_of(node)
        types = tuple(self.type_of(each) for each in others)
        found = self.operator(kind.instance, operator, types)
        return None if found is None else (found, first, others)

    def _value(self, node: Node) -> ir.Value:
        method = _VALUES.get(node.type)
        if method is not None:
            return method(self, node)
        if node.type in _OVERLOADED:
            found = self._operator_of(node)
            if found is not None:
                value = self.call_operator(*found)
                returns = found[0].returns
                if returns is not None and returns.reference and isinstance(value, ir.Read):
                    return ir.Read(ir.Place(value.place.root, (*value.place.path, "*")))
                return value
        if node.type in _MAYBE_OBJECTS:
            converted = self._converted(node)
            if converted is not None:
                return converted
        return super()._value(node)

    def _converted(self, node: Node, truth: bool = False) -> ir.Value | None:
        """The plain value that an object turns into."""
        kind = self.type_of(node)
        if kind is None or kind.instance is None or kind.stars or kind.dimensions:
            return None
        conversions = self.lookup.conversions(kind.instance)
        wanted = [each for each in conversions if each[1].name == "operator bool"] if truth else []
        chosen = wanted or [each for each in conversions if each[1].name != "operator bool"]
        chosen = chosen or list(conversions)
        if not chosen:
            return None
        same = {each[1].returns for each in chosen}
        if len(same) > 1 and len({each.replace("const", "").strip() for each in same}) > 1:
            return ir.Unknown(self.mentions(node))
        return self.call_operator(self.method(*chosen[0]), node, ())

    def _simple_condition(self, node: Node, if_true: int, if_false: int) -> None:
        outer = self.names.frame
        value = None
        if node.type in _MAYBE_OBJECTS:
            value = self._converted(node, truth=True)
        if value is None:
            if node.type == "conditional_expression":
                super()._simple_condition(node, if_true, if_false)
                return
            value = self.value(node)
        if self.names.frame is not outer:
            value = ir.Read(self.held(value, self.span(node)))
            self.end_scope(outer, self.span(node))
        self._branch(value, if_true, if_false, self.span(node))

    def store(self, target: ir.Place, node: Node, span: Span) -> None:
        """Evaluate an expression into a place."""
        node = self.bare(node)
        if node.type == "call_expression" and self.cast_argument(node) is None:
            callee = self.callee_of(node)
            kind = None if callee is None else callee.returns
            if callee is not None and callee.makes is not None:
                kind = Type(callee.makes.name, callee.makes)
            if kind is not None and (kind.reference or self._turns(node, kind)):
                self.assign(target, self.value(node), span)
                return
        super().store(target, node, span)

    def _turns(self, node: Node, kind: Type) -> bool:
        return (
            kind.is_object
            and kind.instance is not None
            and bool(self.lookup.conversions(kind.instance))
        )

    def other_value(self, node: Node) -> ir.Value:
        """The value of an expression with effects or laziness."""
        if node.type == "call_expression":
            if self.is_zero(node):
                return ir.Constant(0)
            cast = self.cast_argument(node)
            if cast is not None:
                return self.value(cast[1])
            callee = self.callee_of(node)
            if callee is not None and callee.returns is not None and callee.returns.reference:
                result = super().other_value(node)
                if isinstance(result, ir.Read):
                    return ir.Read(ir.Place(result.place.root, (*result.place.path, "*")))
                return result
        return super().other_value(node)

    def _assignment(self, node: Node) -> ir.Value:
        left, right = self.bare(field(node, "left")), field(node, "right")
        kind = self.type_of(left)
        if kind is None or kind.instance is None or kind.stars or kind.dimensions:
            return super()._assignment(node)
        if operator_of(node) != "=":
            found = self._operator_of(node)
            return self.call_operator(*found) if found is not None else super()._assignment(node)
        self._assign_object(kind.instance, left, right, node)
        return ir.Read(self.place(left))

    def _assign_object(self, made: Instance, left: Node, right: Node, node: Node) -> None:
        """`object = value`: by its operator, or by what the compiler makes of it."""
        found = self._operator_of(node)
        target = self.object_place(left)
        signature = found[0].signature if found is not None else None
        if found is not None and signature is not None and not signature.defaulted:
            self.call_operator(*found)
            return
        other = self.type_of(right)
        if other is None or other.instance != made or other.stars:
            value = self.value(right)
            self.graph.emit(ir.Escape((value, self.address_of(target)), self.span(node)))
            return
        source = self.object_place(right)
        kinds = ("move-assignment", "copy-assignment")
        moved = other.reference == "&&"
        name = self._copying(made, kinds if moved else kinds[1:])
        if name is None:
            self.assign(target, ir.Read(source), self.span(node))
        else:
            given = (self.address_of(target), self.address_of(source))
            self.emit_call(name, given, None, self.span(node))

    # ------------------------------------------------------------ values of C++'s own

    def _this(self, node: Node) -> ir.Value:
        return ir.Read(self.this_place)

    def _raw_string(self, node: Node) -> ir.Value:
        parts = [text_of(part) for part in node.named_children if "content" in part.type]
        return ir.Constant("".join(parts))

    def _bound_name(self, node: Node) -> ir.Value:
        """A name that may be a template parameter's, or that of a function."""
        name = "".join(text_of(node).split()).removeprefix("::")
        if node.type == "identifier" and name not in self.bindings:
            converted = self._converted(node)
            return converted if converted is not None else super()._value(node)
        if name in self.bindings:
            bound = self.bindings[name]
            number = int(bound) if bound.lstrip("-").isdigit() else None
            return ir.FunctionReference(bound) if number is None else ir.Constant(number)
        place = self.named_place(node)
        if place is not None:
            converted = self._converted(node)
            return converted if converted is not None else self.content(place, node)
        found = self.lookup.functions(name, self.scope)
        if len(found) == 1:
            return ir.FunctionReference(self.lookup.signature_key(found[0], {}))
        last = name.rpartition("::")[2]
        return ir.Constant(self.constants[last]) if last in self.constants else ir.Named(name)

    def _new(self, node: Node) -> ir.Value:
        """`new T(arguments)`"""
        span = self.span(node)
        made = self.resolved(text_of(field(node, "type")))
        pointer = self.temporary()
        arguments = node.child_by_field_name("arguments")
        given = operands(arguments) if arguments is not None else []
        placement = node.child_by_field_name("placement")
        fails = placement is not None and "nothrow" in text_of(placement)
        if placement is not None and not fails:
            self.graph.emit(ir.Call(ir.Direct("new"), (), pointer, span))
            for each in given:
                self.graph.emit(ir.Escape((self.value(each),), span))
            return ir.Read(pointer)
        made_here, end = self.graph.new_block(), self.graph.new_block()
        self.emit_call(NEW_OR_NULL if fails else NEW, (), pointer, span)
        if fails:
            self.graph.branch(ir.Read(pointer), made_here, end, span)
        self.graph.start(made_here)
        if "[" not in text_of(node).partition("(")[0]:
            place = ir.Place(pointer.root, ("*",))
            with self.full_expression(span) if fails else nullcontext():
                if given and made.instance is None and self.is_opaque(made):
                    self.begin_unknown(place, given, span)
                else:
                    self.begin(place, made, given if arguments is not None else None, span)
        self.graph.start(end)
        return ir.Read(pointer)

    def _delete(self, node: Node) -> ir.Value:
        """`delete p`"""
        span = self.span(node)
        argument = operands(node)[-1]
        kind = self.type_of(argument)
        pointer = self.value(argument)
        if not isinstance(pointer, ir.Read):
            pointer = ir.Read(self.held(pointer, span))
        made = kind.instance if kind is not None and kind.stars == 1 else None
        deletes, end = self.graph.new_block(), self.graph.new_block()
        self.graph.branch(pointer, deletes, end, span)
        self.graph.start(deletes)
        virtual = made is not None and self.unit.overrides(made, f"~{made.declared.name}")
        if made is None or "[" in text_of(node).partition("]")[0] or virtual:
            self.graph.emit(ir.Escape((pointer,), span))
        else:
            name = self.destructor_of(made)
            if name is not None:
                self.emit_call(name, (pointer,), None, span)
            self.emit_call(DELETE, (pointer,), None, span)
        self.graph.start(end)
        return ir.Unknown()

    def _literal_object(self, node: Node) -> ir.Value:
        """`Key{h}` where its value is asked for."""
        kind = self.type_of(node)
        if kind is None or kind.instance is None:
            return super()._value(node)
        place = self.object_place(node)
        converted = self._converted(node)
        return converted if converted is not None else ir.Read(place)

    def _throw(self, node: Node) -> ir.Value:
        self.throw(node)
        return ir.Unknown()

    def throw(self, node: Node) -> None:
        """`throw E(..)`: what goes on at the handler."""
        raise NotImplementedError

    def _lambda(self, node: Node) -> ir.Value:
        return ir.AddressOf(self.closure(node))

    def result_place(self) -> ir.Place:
        """Where the object goes that the function returns."""
        return ir.Place(RESULT, ("*",))


_THROWS = re.compile(
    r"(?:^|_|(?<=[a-z]))(?P<no>(?:[Nn]o|NO|[Ss]et|[Gg]et|[Cc]an|[Mm]ay|[Ww]ill|[Dd]ont)_?)?"
    r"(?:throw|Throw|THROW)(?P<perhaps>_?(?:[Ii]f|IF)(?![a-z]))?(?![a-z]|On|_on_|_ON_)"
)
_OVERLOADED = frozenset(
    {"binary_expression", "unary_expression", "pointer_expression", "subscript_expression"}
    | {"update_expression"}
)
_MAYBE_OBJECTS = frozenset(
    {"field_expression", "call_expression", "pointer_expression", "subscript_expression"}
    | {"identifier", "qualified_identifier"}
)
_VALUES: dict[str, Callable[[CallLowering, Node], ir.Value]] = {
    "this": CallLowering._this,
    "raw_string_literal": CallLowering._raw_string,
    "identifier": CallLowering._bound_name,
    "qualified_identifier": CallLowering._bound_name,
    "template_function": CallLowering._bound_name,
    "new_expression": CallLowering._new,
    "delete_expression": CallLowering._delete,
    "compound_literal_expression": CallLowering._literal_object,
    "throw_expression": CallLowering._throw,
    "throw_statement": CallLowering._throw,
    "lambda_expression": CallLowering._lambda,
}
