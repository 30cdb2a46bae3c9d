"""`with` on a `@contextmanager` of the file: its generator is inlined around the body.

with opened(name) as ctx:     name = ..; code before the yield; ctx = what is yielded
    body                      body, where exceptions go to the handlers around the yield
                              code after the yield; then the exit that the body made, if any
"""

from __future__ import annotations

from collections.abc import Callable

import libcst as cst

from capilint import ir
from capilint.frontends.python.lowering.context import Frame
from capilint.frontends.python.lowering.loops import Loops
from capilint.frontends.python.naming.scopes import Scope, all_parameters
from capilint.frontends.python.naming.standard_names import CONTEXT_MANAGER_DECORATORS
from capilint.frontends.python.parsing.tree import descendants, is_pure, statements

_MAX_INLINING = 4


class Generators(Loops):
    """Inlines generators that are context managers."""

    _inlining = 0

    def bind_managed(self, target: cst.BaseExpression | None, value: ir.Value) -> None:
        """Give the name after `as` its value."""
        if target is not None:
            self.store(target, value, self.span(target))

    def inlined(
        self, manager: cst.Call, target: cst.BaseExpression | None, body: Callable[[], None]
    ) -> bool:
        """Inline a generator of this file around `body`; False where that cannot be done."""
        found = self._generator(manager)
        if found is None or self._inlining >= _MAX_INLINING:
            return False
        definition, parent = found
        scope = self.module.scope_of(definition, parent)
        if scope in self._activations:  # a recursive manager
            return False
        span = self.span(manager)
        call = self.prepared_call(manager.func, manager.args, None, span)
        self._inlining += 1
        caller_scope = self.scope
        with self.inside(scope):
            for name, value in self._bound(definition.params, call, parent).items():
                self.assign(self.place_in(scope, name), value, span)
            exits = self._around(definition, caller_scope, target, body)
        self._inlining -= 1
        for number, (selector, again) in enumerate(exits, 1):
            this, others = self.graph.new_block(), self.graph.new_block()
            test = ir.Operation("==", (ir.Read(selector), ir.Constant(number)))
            self.graph.branch(test, this, others, span)
            self.graph.start(this)
            again()
            self.graph.start(others)
        return True

    def _generator(self, manager: cst.Call) -> tuple[cst.FunctionDef, Scope] | None:
        """The generator function of this file that a `with` calls, if it has one plain yield."""
        name = self.names.canonical(manager.func, self.scope)
        if name is None and isinstance(manager.func, cst.Attribute):
            owner = self.names.class_of(manager.func.value, self.scope)
            name = self._own_method(owner, manager.func.attr.value)
        found = self.module.definition(name) if name is not None else None
        if name is None or found is None or any(argument.star for argument in manager.args):
            return None
        is_manager = self.module.decorated(name, *CONTEXT_MANAGER_DECORATORS)
        return found if is_manager and _has_plain_yield(found[0]) else None

    def _bound(self, declared: cst.Parameters, call: ir.Call, parent: Scope) -> dict[str, ir.Value]:
        """What each parameter gets: an argument, its default, or something unknown."""
        positional = [*declared.posonly_params, *declared.params]
        bound: dict[str, ir.Value] = dict.fromkeys(
            (parameter.name.value for parameter in all_parameters(declared)), ir.Unknown()
        )
        for parameter in (*positional, *declared.kwonly_params):
            if parameter.default is not None and is_pure(parameter.default):
                bound[parameter.name.value] = self.value_in(parent, parameter.default)
        given = {
            parameter.name.value: value
            for parameter, value in zip(positional, call.arguments, strict=False)
        }
        given.update(call.keywords)
        surplus = [value for name, value in given.items() if name not in bound]
        surplus.extend(call.arguments[len(positional) :])
        if surplus:
            self.emit(ir.Escape(tuple(surplus), call.span))
        bound.update((name, value) for name, value in given.items() if name in bound)
        return bound

    def _around(
        self,
        definition: cst.FunctionDef,
        caller_scope: Scope,
        target: cst.BaseExpression | None,
        body: Callable[[], None],
    ) -> list[tuple[ir.Place, Callable[[], None]]]:
        """Lower the generator with `body` in the place of its yield.

        Gives the exits that the body made, to perform where the selector has their number.
        """
        caller = caller_scope, self.frames, self.resume_body
        inner_scope = self.scope
        selector, resumed, end = self.temporary(), self.graph.new_block(), self.graph.new_block()
        exits: list[tuple[ir.Place, Callable[[], None]]] = []

        def leave_body(again: Callable[[], None]) -> None:
            exits.append((selector, again))
            self.assign(selector, ir.Constant(len(exits)), self.span(definition.name))
            self.graph.jump(resumed)

        def leave_generator(_: Callable[[], None]) -> None:
            if self.resume_body is None:
                self.graph.jump(end)
            else:  # it never yielded: RuntimeError
                self.graph.end(ir.Raise(self.span(definition.name)))

        def resume(value: ir.Value) -> None:
            frames = self.frames
            self.scope, _, self.resume_body = caller
            self.frames = [Frame(intercept=leave_body)]
            self.assign(selector, ir.Constant(0), self.span(definition.name))
            self.bind_managed(target, value)
            body()
            self.graph.start(resumed)
            self.scope, self.frames, self.resume_body = inner_scope, frames, None

        self.frames, self.resume_body = [Frame(intercept=leave_generator)], resume
        self.run(statements(definition.body))
        self.graph.start(end)
        _, self.frames, self.resume_body = caller
        return exits


def _has_plain_yield(definition: cst.FunctionDef) -> bool:
    """Whether there is one yield, and every way through the function passes it once."""
    nodes = descendants([definition.body], into_scopes=False)
    if sum(isinstance(node, cst.Yield) for node in nodes) != 1:
        return False
    pending = list(statements(definition.body))
    while pending:
        match pending.pop():
            case cst.SimpleStatementLine(body=body):
                if any(isinstance(getattr(small, "value", None), cst.Yield) for small in body):
                    return not any(isinstance(small, cst.Return) for small in body)
            case cst.Try(body=body) | cst.TryStar(body=body) | cst.With(body=body):
                pending.extend(statements(body))
    return False
