"""The life of C++ objects: constructors, destructors at the end of scopes, copies, temporaries.

Key key(h);          Declare key; call ns::Key::Key(HCRYPTKEY)(&key, h)
...                  every way out, and the landing pad of exceptions:
}                    call ns::Key::~Key()(&key)
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager

from tree_sitter import Node

from capilint import ir
from capilint.finding import Span
from capilint.frontends.c.lowering.scopes import Frame
from capilint.frontends.c.parsing.parse import parse_expression
from capilint.frontends.c.parsing.syntax import chosen_first, field, operands, text_of
from capilint.frontends.cpp.facts.deduction import ANY_FUNCTION
from capilint.frontends.cpp.facts.model import Instance, Parameter, Scope, Type
from capilint.frontends.cpp.lowering.called import Callee, Cast
from capilint.frontends.cpp.lowering.specials import SpecialMemberLowering

BY_EXCEPTION, WITHOUT_EXCEPTION = "ends_by_exception_only", "ends_without_exception_only"
"""Member types that say, in the library headers of ours, when the destructor does anything."""
_MOST_ELEMENTS = 8  # of an array of objects, told apart

_WAYS = ("consequence", "alternative")


class ObjectLowering(SpecialMemberLowering):
    """Objects begin and end."""

    # ------------------------------------------------------------ beginning

    def construct(
        self,
        target: ir.Place,
        made: Instance,
        given: Sequence[Node] | None,
        span: Span,
        is_base: bool = False,
    ) -> None:
        """Begin the life of an object in a place, from arguments; None: none are written.

        A base is a part of the object in the place.
        """
        arguments = given or ()
        if len(arguments) == 1 and self._is_of(arguments[0], made):
            self.copy(target, made, arguments[0], span)
            return
        types = tuple(self.type_of(each) for each in arguments)
        chosen, has_constructors = self.lookup.constructor(made, types)
        if chosen is None and len(arguments) == 1 and self._is_of_elsewhere(arguments[0]):
            chosen = self.lookup.constructor_of_value(made)
        if chosen is not None and not chosen.defaulted:
            callee = self.method(made, chosen, types)
            name = self.ask_method(made, chosen, callee.bindings)
            values = self.arguments(callee, arguments)
            self.emit_call(name, (self.address_of(target), *values), None, span)
        elif arguments and (base := self.whose_constructor(made, types)) is not None:
            self.construct(target, base, given, span, is_base)
        elif not arguments or chosen is not None or self.is_aggregate(made):
            if given is not None and not arguments:  # `T()` clears what no constructor sets
                self._clear(target, made, span, is_base)
            self._construct_plainly(target, made, arguments, span, has_constructors)
        else:
            values = tuple(self.unknown_argument(each) for each in arguments)
            plain = made.declared.name.partition("<")[0]
            self.emit_call(f"{made.name}::{plain}", (self.address_of(target), *values), None, span)

    def _clear(self, target: ir.Place, made: Instance, span: Span, is_base: bool) -> None:
        places = [target]
        if is_base:
            parts = (made, *self.lookup.ancestors(made))
            members = [each for part in parts for each in self.lookup.fields(part)]
            named = [f".{each.name}" for each in members if not each.static]
            places = [ir.Place(target.root, (*target.path, name)) for name in named]
        for each in places:
            self.graph.emit(ir.Assign(each, ir.Constant(0), span, zeroes=True))

    def _construct_plainly(
        self,
        target: ir.Place,
        made: Instance,
        arguments: Sequence[Node],
        span: Span,
        has_constructors: bool,
    ) -> None:
        """By the compiler's own constructor, or member by member: an aggregate."""
        name = self.implicit(made, "default")
        if name is not None:
            self.emit_call(name, (self.address_of(target),), None, span)
        if has_constructors or not arguments:
            return
        members = [each for each in self.lookup.fields(made) if not each.static]
        outer = self.names.frame
        for index, member in enumerate(members):
            place = ir.Place(target.root, (*target.path, f".{member.name}"))
            kind = self.field_type(made, member)
            if index < len(arguments):
                self.begin(place, kind, [arguments[index]], span)
            elif not member.default:
                self.begin(place, kind, (), span)
            if kind.is_object and kind.instance is not None and index + 1 < len(members):
                self.ends_on_exception(place, kind.instance, span)  # where a later one throws
        self.end_temporaries(outer, span)

    def _is_of(self, node: Node, made: Instance) -> bool:
        found = self.type_of(node)
        if found is None or found.instance is None or found.stars:
            return False
        if found.instance == made or made in self.lookup.ancestors(found.instance):
            return True
        return self.lookup.is_refined(found.instance, made)

    def copy(self, target: ir.Place, made: Instance, node: Node, span: Span) -> None:
        """Begin an object from another one of its class: the other itself where that has no name,
        else a copy, or a move."""
        node = self.bare(node)
        if node.type == "conditional_expression":
            self._copy_choice(target, made, node, span)
            return
        if self.elided(target, made, node, span):
            return
        found = self.type_of(node)
        moved = found is not None and found.reference == "&&"
        self.copy_object(target, self.object_place(node), made, span, moved=moved)

    def copy_object(
        self, target: ir.Place, source: ir.Place, made: Instance, span: Span, *, moved: bool
    ) -> None:
        """Begin an object by a copy of another one, or by a move."""
        name = self.copying(made, ("move", "copy") if moved else ("copy",))
        if name is None:
            self.assign(target, ir.Read(source), span)
        else:
            self.emit_call(name, (self.address_of(target), self.address_of(source)), None, span)

    def _copy_choice(self, target: ir.Place, made: Instance, node: Node, span: Span) -> None:
        """`c ? Key(a) : Key(b)`"""
        end, other = self._ways(node)
        self.depth += 1
        ways = ((chosen_first(node), other), (field(node, "alternative"), end))
        for chosen, following in ways:
            with self.full_expression(span):
                part = self.bare(chosen)
                if part.type == "throw_expression":
                    self.discard(part)
                else:
                    self.construct(target, made, [part], span)
            self.graph.jump(end)
            self.graph.start(following)
        self.depth -= 1

    def elided(self, target: ir.Place, made: Instance, node: Node, span: Span) -> bool:
        """Whether an expression makes its object right in a place: `Key(h)`, `open_key()`."""
        match node.type:
            case "compound_literal_expression":
                self.construct(target, made, operands(field(node, "value")), span)
                return True
            case "lambda_expression":
                self.closure(node, target)
                return True
            case "call_expression":
                callee = self.meaning_of(node)
                if callee is None or isinstance(callee, Cast):
                    return False
                if callee.makes is not None:
                    made = callee.makes
                    self.construct(target, made, operands(field(node, "arguments")), span)
                    return True
                if callee.returns is not None and callee.returns.is_object:
                    self.call(node, target)
                    return True
        return False

    def begin(
        self, target: ir.Place, kind: Type, arguments: Sequence[Node] | None, span: Span
    ) -> None:
        """Begin the life of a variable or member of a type; no arguments: as its default is."""
        if kind.is_object and kind.instance is not None:
            if kind.dimensions:
                for index in range(_MOST_ELEMENTS if not arguments else 0):
                    element = ir.Place(target.root, (*target.path, f"[{index}]"))
                    self.construct(element, kind.instance, arguments, span)
            elif arguments and len(arguments) == 1 and arguments[0].type == "initializer_list":
                self.construct(target, kind.instance, operands(arguments[0]), span)
            else:
                self.construct(target, kind.instance, arguments, span)
        elif arguments is not None and not arguments:
            self.graph.emit(ir.Assign(target, ir.Constant(0), span, zeroes=True))
        elif arguments and len(arguments) == 1:
            if kind.reference:
                self.bind(target, kind, arguments[0], span)
            elif arguments[0].type == "initializer_list" and not kind.dimensions:
                inner = operands(arguments[0])
                self.begin(target, kind, inner, span)
            else:
                self.store(target, arguments[0], span)
                if self.is_opaque(kind):  # it may own what it is begun with
                    self.graph.emit(ir.Escape((ir.Read(target),), span))
        elif arguments and not kind.dimensions:
            self.begin_unknown(target, arguments, span)

    def begin_unknown(self, place: ir.Place, arguments: Sequence[Node], span: Span) -> None:
        """An object of unknown class: what it is made of is let go of."""
        given = tuple(self.unknown_argument(each) for each in arguments)
        self.graph.emit(ir.Escape(given, span))
        self.assign(place, ir.Unknown(), span)

    def bind(self, target: ir.Place, kind: Type, node: Node, span: Span) -> None:
        """Let a reference refer to what an expression names."""
        self.assign(target, self.reference_to(node, kind), span)

    # ------------------------------------------------------------ ending

    def ends_later(self, place: ir.Place, kind: Type, span: Span, dimensions: int = 0) -> None:
        """Have the object in a place destroyed when the present scope is left."""
        if not kind.is_object or kind.instance is None:
            return
        name = self.destructor_of(kind.instance)
        if name is None:
            return
        places = [place]
        if dimensions:
            places = [
                ir.Place(place.root, (*place.path, f"[{index}]")) for index in range(_MOST_ELEMENTS)
            ]
        alone = kind.instance.declared.whole_name
        said = self.lookup.declarations.aliases
        normal_only = f"{alone}::{WITHOUT_EXCEPTION}" in said
        for each in places:
            ended = (self.address_of(each),)
            call = ir.Call(ir.Direct(name), ended, None, span, noexcept=True)
            only_on_exception = f"{alone}::{BY_EXCEPTION}" in said
            self.enter_cleanup(call, pad=not normal_only, only_on_exception=only_on_exception)

    @contextmanager
    def full_expression(self, span: Span) -> Iterator[None]:
        """Temporaries that are made within the `with` end with it."""
        outer = self.names.frame
        yield
        self.end_temporaries(outer, span)

    def end_temporaries(self, outer: Frame, span: Span) -> None:
        """A full expression that began in a frame is over."""
        if self.names.frame is not outer:
            self.end_scope(outer, span)

    def temporary_object(self, kind: Type, span: Span) -> ir.Place:
        """A place for an object without a name, not begun yet."""
        place = self.temporary()
        self.static_types[place.root] = kind.by("")
        self.graph.emit(ir.Declare(place.root, kind.base, span))
        return place

    def object_place(self, node: Node) -> ir.Place:
        """Where the object is that an expression of class type gives."""
        node = self.bare(node)
        found = self.type_of(node) if node.type in MAKING else None
        is_made_here = found is not None and not found.stars and found.reference == "&&"
        made = found.instance if found is not None and is_made_here else None
        if made is not None:
            place = self.temporary_object(Type(made.name, made), self.span(node))
            chosen = node.type == "conditional_expression"
            if chosen:
                self._copy_choice(place, made, node, self.span(node))
            if chosen or self.elided(place, made, node, self.span(node)):
                self.ends_as_temporary(place, Type(made.name, made), node)
                return place
        return self.place(node)

    def ends_as_temporary(self, place: ir.Place, kind: Type, node: Node) -> None:
        """Have a temporary end with its full expression, or with the reference bound to it."""
        if self.bound is not None and self.bare(self.bound) == node:
            self.prolonged = place, kind
        else:
            self.ends_later(place, kind, self.span(node))

    # ------------------------------------------------------------ given to functions

    def reference_to(self, node: Node, kind: Type) -> ir.Value:
        """The address that a reference of some type gets; a temporary's, where nothing else is."""
        node = self.bare(node)
        found = self.type_of(node)
        converts = found is not None and found.instance is not None and not found.stars
        if kind.instance is None and converts:
            return ir.AddressOf(self.held(self.value(node), self.span(node)))
        made = kind.instance if not kind.stars and not converts else None
        if made is not None and found is not None and self._is_converted(found, made):
            place = self.temporary_object(kind, self.span(node))
            self.construct(place, made, [node], self.span(node))
            self.ends_as_temporary(place, kind.by(""), node)
            return ir.AddressOf(place)
        is_named = kind.reference == "&" and not kind.is_const  # it needs something with a place
        if is_named and node.type == "conditional_expression" and not self.acts(node):
            ways = (self.reference_to(field(node, way), kind) for way in _WAYS)
            return ir.Operation("?:", (self.value(field(node, "condition")), *ways))
        if converts:
            return self.address_of(self.object_place(node))
        named = self.named_place(node)
        if named is not None:
            return self.address_of(named)
        value = self.value(node)
        if node.type == "call_expression" and is_named:
            return value  # what is called gives a reference itself
        if isinstance(value, ir.Read) and node.type != "call_expression":
            return self.address_of(value.place)
        return ir.AddressOf(self.held(value, self.span(node)))

    def _is_converted(self, found: Type, made: Instance) -> bool:
        """Whether a constructor of a class makes an object of something else, or nobody knows: one
        that copies or moves would need such an object itself."""
        known = [each for each in self.lookup.constructors(made) if not each.deleted]
        chosen = self.lookup.overload(known, [found], made.scope, made.bindings)
        specials = [self.lookup.declared_special(made, kind) for kind in ("copy", "move")]
        return chosen is None or chosen not in specials

    def arguments(self, callee: Callee, nodes: Sequence[Node]) -> tuple[ir.Value, ...]:
        """What the parameters of a known function get."""
        signature = callee.signature
        if signature is None:
            return tuple(self.unknown_argument(each) for each in nodes)
        if not (nodes or signature.parameters):
            return ()
        given: list[ir.Value] = []
        parameters = [each for each in signature.parameters if not each.variadic]
        for node, parameter in zip(nodes, parameters, strict=False):
            given.append(self._given(parameter, node, callee))
        given += map(self.unknown_argument, nodes[len(parameters) :])
        for parameter in parameters[len(nodes) :]:
            given.append(self._default(parameter, callee))
        return tuple(given)

    def _given(self, parameter: Parameter, node: Node, callee: Callee) -> ir.Value:
        kind = self.lookup.type_of(parameter.type_name, callee.scope, callee.bindings)
        if kind.reference:
            return self.reference_to(node, kind)
        if kind.is_object and kind.instance is not None:
            place = self.temporary_object(kind, self.span(node))
            self.begin(place, kind, [node], self.span(node))
            self.ends_later(place, kind, self.span(node))
            return ir.AddressOf(place)
        node = self.bare(node)
        if node.type == "lambda_expression" and "(" in kind.base:
            return self.function_of_lambda(node)
        value = self.argument(node)
        if kind.base == ANY_FUNCTION:  # when it is called, and what it then does, nobody knows
            self.graph.emit(ir.Escape((value,), self.span(node)))
        return value

    def function_of_lambda(self, node: Node) -> ir.Value:
        """The function pointer that a lambda without captures turns into."""
        raise NotImplementedError

    def closure(self, node: Node, target: ir.Place | None = None) -> ir.Place:
        """The object that a lambda expression makes; its code is lowered later."""
        raise NotImplementedError

    def _default(self, parameter: Parameter, callee: Callee) -> ir.Value:
        node = (
            parse_expression(parameter.default, self.facts.grammar) if parameter.default else None
        )
        if node is None:
            return ir.Unknown()
        with self.seen_from(callee.scope):
            return self._given(parameter, node, callee)

    @contextmanager
    def seen_from(self, scope: Scope) -> Iterator[None]:
        """Within the `with`, names are those of another scope."""
        outer, self.scope = self.scope, scope
        try:
            yield
        finally:
            self.scope = outer

    def unknown_argument(self, node: Node) -> ir.Value:
        """What an argument of a function that the file does not declare gives away."""
        node = self.bare(node)
        found = self.type_of(node)
        if found is None or found.instance is None or found.stars:
            return self.argument(node)
        if self.turns_into_a_value(node, found.instance):
            return self.argument(node)
        return self.address_of(self.object_place(node))


MAKING = frozenset(
    {"call_expression", "compound_literal_expression", "lambda_expression"}
    | {"conditional_expression"}
)


def said(node: Node) -> str:
    """The text of a node, blanks made single."""
    return " ".join(text_of(node).split())
