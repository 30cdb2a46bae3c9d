"""C++ statements: declarations of objects and references, exceptions, range-for, lambdas."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from contextlib import nullcontext
from dataclasses import replace

from tree_sitter import Node

from capilint import ir
from capilint.finding import Span
from capilint.frontends.c.facts.declarators import declared_by, type_of
from capilint.frontends.c.lowering.scopes import Cleanup, Frame, Try, between
from capilint.frontends.c.parsing.parse import parse_expression
from capilint.frontends.c.parsing.syntax import field, identifiers_in, operands, text_of
from capilint.frontends.cpp.facts.model import Class, Field, Instance, Parameter, Signature, Type
from capilint.frontends.cpp.lowering.calls import CallLowering
from capilint.frontends.cpp.lowering.objects import said
from capilint.frontends.cpp.lowering.typed import THIS
from capilint.frontends.cpp.lowering.unit import Captured, Closure, Task
from capilint.frontends.cpp.parsing.repairs import RUN_LATER

Statements = Iterator[Node]
ANY = "..."
UNSEEN_DESTRUCTOR = "(destructor of an unseen class)"
_STATIC = frozenset({"static", "thread_local", "extern"})
_CLASS_BODY = re.compile(r"(?:(?<!:):(?!:)[^{}]*)?\{.*\}")


class StatementLowering(CallLowering):
    """The statements of one C++ function."""

    def _statement(self, node: Node) -> Statements | None:
        method = _STATEMENTS.get(node.type)
        if method is None:
            return super()._statement(node)
        try:
            return method(self, node)
        except ValueError:  # a broken tree
            self.not_understood(node, "statement not understood")
            return None

    def _nested_function(self, node: Node) -> Statements:
        """`ON_SCOPE_EXIT(key) { .. }`: code that an unseen macro has run later."""
        body = field(node, "body")
        head = text_of(node)[: body.start_byte - node.start_byte]
        if RUN_LATER.search(head) is None:
            yield from super()._nested_function(node)
            return
        named = self.mentions(node)
        places = [ir.AddressOf(each.place) for each in named if isinstance(each, ir.Read)]
        self.graph.emit(ir.Escape((*named, *places), self.span(node)))

    def _expression(self, node: Node) -> None:
        with self.full_expression(self.span(node)):
            super()._expression(node)

    # ------------------------------------------------------------ declarations

    def declaration(self, node: Node) -> None:
        """Declare what one declaration names, each with its value if it has one."""
        self.enumerators(node)
        self._union(node)
        storage = {text_of(each) for each in node.children if "storage_class" in each.type}
        for declarator in node.children_by_field_name("declarator"):
            self._declare(node, declarator, storage)

    def _declare(self, node: Node, declarator: Node, storage: set[str]) -> None:
        binding = _structured_in(declarator)
        if binding is not None:
            self._structured(binding, declarator)
            return
        declared = declared_by(declarator)
        if declared is None:
            self.not_understood(declarator, "declaration not understood")
            return
        arguments = self._vexing(declarator) if declared.is_function else self._given_to(declarator)
        if declared.is_function and arguments is None:
            if _pointed(declarator):
                self._declare_plainly(node, declarator, declared.name, declared.dimensions)
            else:
                self._prototype(node, declarator)
            return
        if storage & _STATIC:
            self._declare_static(node, declarator, storage)
            return
        fixed = self.positions.fixed_at(self.span(declarator)) if declared.is_function else None
        with fixed or nullcontext():
            self._declare_variable(node, declarator, declared.name, declared.dimensions, arguments)

    def _declare_plainly(
        self, node: Node, declarator: Node, name: str, dimensions: int
    ) -> ir.Variable:
        variable = self.names.declare(name, ir.Scope.LOCAL, dimensions)
        self._begin(variable, declarator, said(node))
        return variable

    def _declare_static(self, node: Node, declarator: Node, storage: set[str]) -> None:
        declared = declared_by(declarator)
        assert declared is not None
        declare = self.names.declare_extern if "extern" in storage else self.names.declare_static
        variable = declare(declared.name, declared.dimensions)
        self.static_types[variable] = self._type_of_variable(node, declarator)

    def _type_of_variable(self, node: Node, declarator: Node) -> Type:
        declared = declared_by(declarator)
        assert declared is not None
        reference = (
            "&&" if "&&" in _prefix(declarator) else "&" if "&" in _prefix(declarator) else ""
        )
        text = type_of(node, replace(declared, dimensions=0)).replace("constexpr ", "")
        text = _CLASS_BODY.sub("", text)
        found = self.resolved(f"{text} {reference}".strip())
        value = _value_of(declarator)
        if found.base == "auto" and value is not None:
            known = self._deduced(value)
            if known is not None:
                stars = known.stars
                return replace(known, reference=reference, stars=stars)
        if found.instance is None and not (found.stars or reference):
            given = self._vexing(declarator) if declared.is_function else _given(value)
            types = [self.type_of(self.bare(each)) for each in given or ()]
            made = self.lookup.deduced_class(found.base, self.scope, types) if types else None
            if made is not None:
                return Type(made.name, made)
        return replace(found, dimensions=max(found.dimensions, declared.dimensions))

    def _deduced(self, value: Node) -> Type | None:
        value = self.bare(value)
        if value.type == "lambda_expression":
            return self.closure_type(value)
        parts = operands(value)
        if value.type in ("initializer_list", "argument_list") and len(parts) == 1:
            return self._deduced(parts[0])
        return self.type_of(value)

    def _declare_variable(
        self,
        node: Node,
        declarator: Node,
        name: str,
        dimensions: int,
        arguments: list[Node] | None,
    ) -> None:
        value = _value_of(declarator)
        kind = self._type_of_variable(node, declarator)
        if arguments or value is not None:
            kind = self.refined_type(kind, arguments or _given(value))
        span = self.span(declarator)
        unique = name + "&" if kind.reference else name
        if kind.is_object:
            self.names.forget(name)  # a macro that declares a guard may be used twice in a block
        variable = self.names.declare(name, ir.Scope.LOCAL, dimensions, unique=unique)
        declared = declared_by(declarator)
        if declared is not None and declared.single:
            self.names.single.add(variable)
        self.static_types[variable] = kind
        self.names.types[variable] = _written(kind)
        place = ir.Place(variable)
        if kind.reference and value is not None:
            with self.full_expression(span):
                self.bind_local(place, kind, value, span)
            if self.prolonged is not None:
                self.ends_later(*self.prolonged, span)
                self.prolonged = None
            return
        with self.full_expression(span):
            self._begin_variable(variable, declarator, kind, arguments)
        if self.is_opaque(kind):
            self.graph.emit(ir.Escape((ir.AddressOf(place),), span))
            ended = ir.Call(ir.Direct(UNSEEN_DESTRUCTOR), (ir.AddressOf(place),), None, span)
            self.enter_cleanup(ended, pad=False)
        self.ends_later(place, replace(kind, dimensions=0), span, kind.dimensions)

    def _begin_variable(
        self,
        variable: ir.Variable,
        declarator: Node,
        kind: Type,
        arguments: list[Node] | None,
    ) -> None:
        """Begin the life of a local variable that is no reference."""
        place, span, value = ir.Place(variable), self.span(declarator), _value_of(declarator)
        if kind.is_object:
            self.graph.emit(ir.Declare(variable, _written(kind), span))
            self._begin_object(place, kind, value, arguments, span)
        elif self.is_opaque(kind) and not kind.dimensions and (arguments or value is not None):
            self.begin_unknown(place, arguments or _given(value), span)
        elif arguments is not None and value is None:
            self.begin(place, kind, arguments, span)
        elif value is not None and value.type == "argument_list":
            self.begin(place, kind, operands(value), span)
        elif value is not None and value.type == "initializer_list" and not kind.dimensions:
            self._begin_braced(place, kind, value, span)
        elif value is not None:
            self.store(place, value, span)
        else:
            self._begin(variable, declarator, _written(kind))

    def _begin_braced(self, place: ir.Place, kind: Type, value: Node, span: Span) -> None:
        """`T x{...}` of a type that is no known class: a plain value, or a structure of C."""
        parts = operands(value)
        plain = len(parts) <= 1 and not any(each.type == "initializer_pair" for each in parts)
        if plain and parts:
            self.store(place, parts[0], span)
        else:
            self.initialise(place, value, span)

    def bind_local(self, place: ir.Place, kind: Type, value: Node, span: Span) -> None:
        """`T& x = value`: a temporary that it is bound to lives as long as it does."""
        inner = operands(value) if value.type in ("argument_list", "initializer_list") else [value]
        if len(inner) != 1:
            return
        self.bound = inner[0]
        self.bind(place, kind, inner[0], span)
        self.bound = None

    def _begin_object(
        self,
        place: ir.Place,
        kind: Type,
        value: Node | None,
        arguments: list[Node] | None,
        span: Span,
    ) -> None:
        if value is None:
            self.begin(place, kind, arguments, span)
        elif value.type == "argument_list":
            self.begin(place, kind, operands(value), span)
        else:
            self.begin(place, kind, [value], span)

    def _given_to(self, declarator: Node) -> list[Node] | None:
        value = _value_of(declarator)
        if value is not None and value.type == "argument_list":
            return operands(value)
        return None

    def _vexing(self, declarator: Node) -> list[Node] | None:
        """`Key key(handle, X);` and `Key key(std::move(other));` parse as functions; the arguments,
        where one of them is known to be made from a value."""
        if declarator.type != "function_declarator" or _pointed(declarator):
            return None
        parameters = field(declarator, "parameters")
        if not any(self._is_value(each) for each in identifiers_in(parameters)):
            return None
        call = parse_expression("f" + text_of(parameters), self.facts.grammar)
        return None if call is None else operands(field(self.bare(call), "arguments"))

    def _is_value(self, name: str) -> bool:
        if self.is_local(name) is not None or name in self.captured:
            return True
        return self.member(name) is not None or self.lookup.variable(name, self.scope) is not None

    def _structured(self, binding: Node, declarator: Node) -> None:
        """`auto [a, b] = value;`: the names of members of a value that is held."""
        value = _value_of(declarator)
        span = self.span(declarator)
        kind = self._deduced(value) if value is not None else None
        held = self.temporary()
        if value is not None:
            if "&" in _prefix(declarator) and kind is not None and kind.reference == "&":
                held = self.object_place(value)
            elif kind is not None and kind.is_object:
                held = self.temporary_object(kind, span)
                self.begin(held, replace(kind, reference=""), [value], span)
                self.ends_later(held, replace(kind, reference=""), span)
            else:
                self.store(held, value, span)
        members = []
        if kind is not None and kind.instance is not None:
            members = [each for each in self.lookup.fields(kind.instance) if not each.static]
        for index, each in enumerate(operands(binding)):
            name = text_of(each)
            variable = self.names.declare(name, ir.Scope.LOCAL, unique=name + "&")
            known = members[index] if index < len(members) else None
            accessor = f".{known.name}" if known is not None else f"[{index}]"
            if known is not None and kind is not None and kind.instance is not None:
                self.static_types[variable] = replace(
                    self.field_type(kind.instance, known), reference="&"
                )
            else:
                self.static_types[variable] = Type("auto", reference="&")
            part = ir.Place(held.root, (*held.path, accessor))
            self.assign(ir.Place(variable), self.address_of(part), span)

    def _using(self, node: Node) -> None:
        """`using ns::name;` and `using namespace ns;`, taken to hold for the whole function."""
        names = ["".join(text_of(each).split()) for each in operands(node)]
        if any(each.type == "namespace" for each in node.children):
            self.opened += names
        else:
            for name in names:
                self.usings.setdefault(name.rpartition("::")[2], []).append(name)

    # ------------------------------------------------------------ choices and loops

    def _if(self, node: Node) -> Statements:
        condition = field(node, "condition")
        if not any(each.type == "init_statement" for each in operands(condition)) and (
            condition.child_by_field_name("value") is None
            or field(condition, "value").type != "declaration"
        ):
            yield from super()._if(node)
            return
        block = self.names.open_block()
        yield from self._initial(condition)
        yield from super()._if(node)
        self.close_block(block, self.positions.end_of(node))

    def _initial(self, condition: Node) -> Statements:
        for each in operands(condition):
            if each.type == "init_statement":
                yield from operands(each)

    def condition(self, node: Node, if_true: int, if_false: int) -> None:
        """Evaluate an expression as a condition; ends the current block."""
        if node.type == "condition_clause":
            value = node.child_by_field_name("value")
            if value is None:
                parts = [each for each in operands(node) if each.type != "init_statement"]
                value = parts[-1] if parts else node
            if value.type == "declaration":
                self.declaration(value)
                declared = declared_by(field(value, "declarator"))
                name = declared.name if declared is not None else ""
                expression = parse_expression(name, self.facts.grammar)
                if expression is not None:
                    with self.positions.fixed_at(self.span(value)):
                        super().condition(expression, if_true, if_false)
                    return
            node = value
        super().condition(node, if_true, if_false)

    def value(self, node: Node) -> ir.Value:
        """Evaluate an expression for its value."""
        if node.type == "condition_clause":
            node = node.child_by_field_name("value") or operands(node)[-1]
        return super().value(node)

    def _range_for(self, node: Node) -> Statements:
        """`for (auto& key : keys) body`: of each round's element nothing is known, and
        what is done to it may be done to each."""
        block = self.names.open_block()
        for each in operands(node):
            if each.type == "init_statement":
                yield from operands(each)
        span = self.span(node)
        right = field(node, "right")
        container = self.value(right) if right.type != "initializer_list" else ir.Unknown()
        self.graph.emit(ir.Escape((container,), span))  # which elements are met is not followed
        head, body, end = (self.graph.new_block() for _ in range(3))
        self.graph.start(head)
        self.graph.end(ir.Choose((body, end), span))
        self.graph.start(body)
        inner = self.names.open_block()
        declared = declared_by(field(node, "declarator"))
        if declared is not None:
            variable = self.names.declare(declared.name, ir.Scope.LOCAL)
            self.static_types[variable] = replace(
                self.resolved(text_of(field(node, "type"))), stars=declared.stars
            )
            self.assign(ir.Place(variable), ir.Unknown((container,)), span)
        yield from self._looped(field(node, "body"), end, head)
        self.close_block(inner, self.positions.end_of(node))
        self.graph.jump(head)
        self.graph.start(end)
        self.close_block(block, self.positions.end_of(node))

    # ------------------------------------------------------------ leaving

    def return_statement(self, node: Node) -> Statements:
        """`return value;`: objects are made right where the caller wants them."""
        parts = operands(node)
        kind = self.returns
        outer = self.names.frame
        if not parts or kind is None:
            yield from self._return_plainly(node)
            return
        span = self.span(node)
        if kind.is_object and kind.instance is not None and self.is_handed_over(kind):
            named = self._named_result(kind, parts[0])
            if named is not None:
                self._hand_over(named, self.result_place(), span)
                yield from self._leave_function(span, None)
            else:
                self._return_object(kind, kind.instance, parts[0], span)
                yield from self._leave_function(span, None)
                self._finish_temporaries(outer, span)
        elif kind.reference:
            yield from self._leave_function(span, self.reference_to(parts[0], kind))
            self._finish_temporaries(outer, span)
        elif kind.is_object and kind.instance is not None:
            place = self._object_returned(kind, kind.instance, parts[0], span)
            yield from self._leave_function(span, ir.Read(place))
            self._finish_temporaries(outer, span)
        elif self.is_opaque(kind) and self._is_object(parts[0]):
            place = self.object_place(parts[0])  # what it holds moves out, or is copied
            self.graph.emit(ir.Escape((ir.AddressOf(place),), span))
            self.assign(place, ir.Unknown(), span)
            yield from self._leave_function(span, None)
            self._finish_temporaries(outer, span)
        else:
            yield from self._return_plainly(node)
        self.names.frame = outer

    def _is_object(self, node: Node) -> bool:
        found = self.type_of(self.bare(node))
        return found is not None and found.instance is not None and not found.stars

    def _return_plainly(self, node: Node) -> Statements:
        outer = self.names.frame
        yield from super().return_statement(node)
        self._finish_temporaries(outer, self.span(node))

    def _finish_temporaries(self, outer: Frame, span: Span) -> None:
        """Behind the end of a way: temporaries end on the way of an exception, too."""
        for frame in between(self.names.frame, outer):
            if isinstance(frame, Cleanup):
                self.finish_pad(frame, span)

    def _named_result(self, kind: Type, node: Node) -> ir.Variable | None:
        """The variable that is itself the object which `return` gives."""
        node = self.bare(node)
        variable = self.is_local(text_of(node)) if node.type == "identifier" else None
        own = self.static_types.get(variable) if variable is not None else None
        same = own is not None and kind.instance is not None and self._is_same(own, kind.instance)
        return variable if same else None

    def _object_returned(self, kind: Type, made: Instance, node: Node, span: Span) -> ir.Place:
        """Where the object is, of a class without a destructor, whose content is returned."""
        node = self.bare(node)
        found = self.type_of(node)
        if found is not None and found.instance == made and node.type != "call_expression":
            return self.object_place(node)
        place = self.temporary_object(kind, span)
        arguments = operands(node) if node.type == "initializer_list" else [node]
        self.begin(place, kind, arguments, span)
        return place

    def _return_object(self, kind: Type, made: Instance, node: Node, span: Span) -> None:
        target = self.result_place()
        node = self.bare(node)
        if node.type == "initializer_list":
            self.construct(target, made, operands(node), span)
            return
        self.begin(target, kind, [node], span)

    def _is_same(self, own: Type, made: Instance) -> bool:
        if own.instance is None or not own.is_object:
            return False
        return own.instance == made or self.lookup.is_refined(own.instance, made)

    def _hand_over(self, variable: ir.Variable, target: ir.Place, span: Span) -> None:
        """`return key;`: the caller's object is the variable itself, which is not destroyed."""
        self.assign(target, ir.Read(ir.Place(variable)), span)
        self.names.frame = _without(self.names.frame, ir.AddressOf(ir.Place(variable)))

    def _leave_function(self, span: Span, value: ir.Value | None) -> Statements:
        if value is not None and not isinstance(value, ir.Constant):
            held = isinstance(value, ir.Read) and value.place.root.scope is ir.Scope.TEMPORARY
            value = value if held else ir.Read(self.held(value, span))
        yield from self.leave_to(None, span)
        self.graph.end(ir.Return(value, span))

    # ------------------------------------------------------------ exceptions

    def throw(self, node: Node) -> None:
        """`throw E(..)`: what goes on at the handler."""
        called = node.child_by_field_name("arguments")
        parts = operands(called or node)
        span = self.span(node)
        if not parts:
            self.graph.end(ir.Raise(span, again=True))
            return
        kind = self.type_of(parts[0])
        with self.full_expression(span):
            if kind is not None and kind.is_object and kind.instance is not None:
                pass  # the exception's own object concerns nobody
            elif parts[0].type == "call_expression":
                for each in operands(field(parts[0], "arguments")):
                    self.discard(each)
            else:
                self.discard(parts[0])
        name = self._exception(parts[0], kind)
        self.graph.end(ir.Raise(span, exception=name))

    def _exception(self, node: Node, kind: Type | None) -> str:
        if kind is not None:
            return kind.base + "*" * kind.stars
        if node.type == "call_expression":
            return "".join(text_of(field(node, "function")).split()).removeprefix("::")
        return ""

    def _throw_statement(self, node: Node) -> None:
        self.throw(node)

    def _try(self, node: Node) -> Statements:
        """`try { } catch (E& e) { }`"""
        body = field(node, "body")
        clauses = [each for each in operands(node) if each.type == "catch_clause"]
        yield from self.guarded([body], clauses, self.span(node))

    def guarded(self, body: list[Node], clauses: list[Node], span: Span) -> Statements:
        """Statements, and the clauses for what is thrown in them."""
        outer = self.names.frame
        dispatch, end = self.graph.new_block(), self.graph.new_block()
        handlers = [self.graph.new_block() for _ in clauses]
        passing = self.graph.new_block()
        self.names.frame = Try(outer)
        with self.graph.handled_by(dispatch):
            yield from body
        self.names.frame = outer
        self.graph.jump(end)
        self.graph.start(dispatch)
        caught = tuple((self._caught(each),) for each in clauses)
        targets, catches = (*handlers, passing), (*caught, None)
        if (ANY,) in caught:
            known = caught.index((ANY,)) + 1
            targets, catches = targets[:known], catches[:known]
        self.graph.end(ir.Choose(targets, span, catches))
        for handler, clause in zip(handlers, clauses, strict=True):
            self.graph.start(handler)
            block = self.names.open_block()
            self._declare_caught(clause)
            yield field(clause, "body")
            self.close_block(block, self.positions.end_of(clause))
            self.graph.jump(end)
        self.graph.start(passing)
        self.graph.end(ir.Raise(span, again=True))
        self.graph.start(end)

    def _caught(self, clause: Node) -> str:
        parameters = operands(field(clause, "parameters"))
        if not parameters or parameters[0].type != "parameter_declaration":
            return ANY
        text = text_of(field(parameters[0], "type"))
        kind = self.resolved(text)
        return kind.base + "*" * (kind.stars + text_of(parameters[0]).count("*"))

    def _declare_caught(self, clause: Node) -> None:
        for each in operands(field(clause, "parameters")):
            declarator = each.child_by_field_name("declarator")
            declared = declared_by(declarator) if declarator is not None else None
            if declared is not None:
                variable = self.names.declare(declared.name, ir.Scope.LOCAL)
                self.assign(ir.Place(variable), ir.Unknown(), self.span(each))

    # ------------------------------------------------------------ lambdas

    def closure_type(self, node: Node) -> Type:
        """The class of a lambda's objects."""
        instance = self._closure_instance(node)[0]
        return Type(instance.name, instance)

    def _closure_instance(self, node: Node) -> tuple[Instance, dict[str, tuple[str, bool]]]:
        known = self.closures.get(node.id)
        if known is not None:
            return known
        name = self.unit.name_of_lambda(self.name)
        parameters = self._lambda_parameters(node)
        method = Signature("operator()", (name,), parameters, "auto", const=True, has_body=True)
        captures = self._captures(node)
        fields = tuple(Field(each, "void *") for each in captures)
        declared = Class(name, (), (), fields, (method,))
        self.lookup.declarations.classes[name] = [declared]
        made = Instance(name, declared, {})
        self.closures[node.id] = made, captures
        return made, captures

    def _lambda_parameters(self, node: Node) -> tuple[Parameter, ...]:
        declarator = node.child_by_field_name("declarator")
        listed = declarator.child_by_field_name("parameters") if declarator is not None else None
        found = []
        for each in operands(listed) if listed is not None else ():
            inner = each.child_by_field_name("declarator")
            declared = declared_by(inner) if inner is not None else None
            name = declared.name if declared is not None else ""
            marks = "".join(mark for mark in (_prefix(inner) if inner is not None else ""))
            found.append(Parameter(name, f"{text_of(field(each, 'type'))} {marks}".strip()))
        return tuple(found)

    def _captures(self, node: Node) -> dict[str, tuple[str, bool]]:
        """The captured names: what each is in the function around, and whether by reference."""
        specifier = field(node, "captures")
        words = [text_of(each).strip() for each in operands(specifier)]
        found: dict[str, tuple[str, bool]] = {}
        default = next((word for word in words if word in ("&", "=")), None)
        if default is not None or "this" in words:
            mentioned = identifiers_in(field(node, "body"))
            uses_this = self.this is not None or "this" in self.captured
            if uses_this:
                found["this"] = ("this", False)
            if default is not None:
                for name in mentioned:
                    if self.is_local(name) is not None or name in self.captured:
                        found[name] = (name, default == "&")
        text = text_of(specifier)[1:-1]
        for word in text.split(","):
            plain = word.strip()
            name = plain.removeprefix("&").partition("=")[0].strip()
            if name.isidentifier() and name != "this":
                source = plain.partition("=")[2].strip() or name
                found[name] = (source, plain.startswith("&"))
        return found

    def closure(self, node: Node, target: ir.Place | None = None) -> ir.Place:
        """The object that a lambda expression makes; its code is lowered later."""
        made, captures = self._closure_instance(node)
        span = self.span(node)
        place = target or self.temporary_object(Type(made.name, made), span)
        inside: dict[str, Captured] = {}
        for name, (source, by_reference) in captures.items():
            member = ir.Place(place.root, (*place.path, f".{name}"))
            own = ir.Place(THIS, ("*", f".{name}"))
            if name == "this":
                self.assign(member, ir.Read(self.this_place), span)
                inside[name] = Captured(own, None)
                continue
            expression = parse_expression(source, self.facts.grammar)
            if expression is None:
                continue
            with self.positions.fixed_at(span):
                kind = self.type_of(self.bare(expression))
                if by_reference:
                    self.assign(member, self.address_of(self.place(expression)), span)
                    own = ir.Place(THIS, ("*", f".{name}", "*"))
                else:
                    self.assign(member, ir.Read(self.place(expression)), span)
            inside[name] = Captured(own, replace(kind, reference="&") if kind else None)
        method = made.declared.methods[0]
        self._ask_lambda(node, made, method, inside)
        return place

    def _ask_lambda(
        self, node: Node, made: Instance, method: Signature, inside: dict[str, Captured]
    ) -> str:
        name = self.lookup.signature_key(method, {}, made)
        closure = Closure(
            made, node, name, inside, self.scope, self.bindings, self.this, self.positions
        )
        self.unit.ask(name, lambda: Task(name, method, self.bindings, made, closure=closure))
        return name

    def function_of_lambda(self, node: Node) -> ir.Value:
        """The function pointer that a lambda without captures turns into."""
        made, _ = self._closure_instance(node)
        method = replace(made.declared.methods[0], name="invoke", static=True)
        return ir.FunctionReference(self._ask_lambda(node, made, method, {}))


def _prefix(declarator: Node | None) -> str:
    """The stars and references in front of a declared name."""
    marks = ""
    node = declarator
    while node is not None and "declarator" in node.type:
        if node.type in ("reference_declarator", "abstract_reference_declarator"):
            marks = ("&&" if text_of(node).startswith("&&") else "&") + marks
        elif node.type in ("pointer_declarator", "abstract_pointer_declarator"):
            marks = "*" + marks
        node = node.child_by_field_name("declarator") or next(
            (each for each in node.named_children if "declarator" in each.type), None
        )
    return marks


def _value_of(declarator: Node) -> Node | None:
    """What a variable is initialised with; in `if (T x = value)` the declaration has it."""
    around = declarator.parent
    found = declarator.child_by_field_name("value")
    if found is None and around is not None and around.type == "declaration":
        found = around.child_by_field_name("value")
    return found


def _given(value: Node | None) -> list[Node]:
    """The arguments that an initialiser gives to a constructor."""
    if value is None:
        return []
    return operands(value) if value.type in ("argument_list", "initializer_list") else [value]


def _structured_in(declarator: Node) -> Node | None:
    """The names of `auto& [a, b] = value`."""
    node: Node | None = declarator
    while node is not None and node.type != "structured_binding_declarator":
        node = node.child_by_field_name("declarator") or next(
            (each for each in node.named_children if "declarator" in each.type), None
        )
        if node is not None and node.type == "function_declarator":
            return None
    return node


def _pointed(declarator: Node) -> bool:
    """Whether a function declarator declares a pointer to a function."""
    inner = declarator.child_by_field_name("declarator")
    while inner is not None:
        if inner.type == "parenthesized_declarator":
            return True
        inner = inner.child_by_field_name("declarator")
    return False


def _written(kind: Type) -> str:
    stars = kind.stars + (1 if kind.reference else 0)
    return kind.base + (" " + "*" * stars if stars else "")


def _without(frame: Frame, object_: ir.Value) -> Frame:
    """The frames without the cleanup of one object; those outside of it are shared."""
    inner: list[Frame] = []
    here: Frame | None = frame
    while here is not None:
        call = here.call if isinstance(here, Cleanup) else None
        if call is not None and call.arguments[:1] == (object_,):
            break
        inner.append(here)
        here = here.outer
    if here is None or here.outer is None:
        return frame
    rebuilt = here.outer
    for each in reversed(inner):
        rebuilt = replace(each, outer=rebuilt)
    return rebuilt


_STATEMENTS: dict[str, Callable[[StatementLowering, Node], Statements | None]] = {
    "declaration": StatementLowering.declaration,
    "using_declaration": StatementLowering._using,
    "function_definition": StatementLowering._nested_function,
    "expression_statement": StatementLowering._expression,
    "if_statement": StatementLowering._if,
    "for_range_loop": StatementLowering._range_for,
    "return_statement": StatementLowering.return_statement,
    "try_statement": StatementLowering._try,
    "throw_statement": StatementLowering._throw_statement,
}
