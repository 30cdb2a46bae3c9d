"""`with`: what the name gets, and what runs at the exit.

Known managers are `closing`, `suppress` and the like, `ExitStack`, classes of the file with
`__enter__` and `__exit__`, and generators of the file (see `generators`). What an object of another
module does is for the engine to find out: its methods are called by their names. Any other manager
is unknown: its object escapes.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial

import libcst as cst

from capilint import ir
from capilint.frontends.python.lowering.generators import Generators
from capilint.frontends.python.naming.standard_names import (
    BUILTINS,
    CLOSING,
    EXIT_STACKS,
    SWALLOWING_MANAGERS,
    SWALLOWING_METHODS,
)
from capilint.frontends.python.parsing.tree import descendants, statements

_STACK_METHODS = {"callback", "enter_context", "enter_async_context"}
_NO_EXCEPTION = (ir.Constant(None),) * 3
_Body = Callable[[], None]


class Managers(Generators):
    """Lowers `with` and `async with`."""

    def statement_with(self, node: cst.With) -> None:
        stack = self._exit_stack(node)
        if stack is not None:
            self._deferring(list(statements(node.body)), stack)
            return
        self._items(node.items, lambda: self.block(node.body))

    def _items(self, items: Sequence[cst.WithItem], body: _Body) -> None:
        if not items:
            body()
            return
        target = items[0].asname.name if items[0].asname is not None else None
        self._manage(items[0].item, target, lambda: self._items(items[1:], body))

    def _manage(
        self, manager: cst.BaseExpression, target: cst.BaseExpression | None, body: _Body
    ) -> None:
        """`with manager as target: body`."""
        if isinstance(manager, cst.Call):
            name = self.names.canonical(manager.func, self.scope)
            if name in CLOSING and len(manager.args) == 1:
                self._closing(manager.args[0].value, target, body)
                return
            if self._swallows(manager, name):
                self._swallowing(manager, body)
                return
            if self.inlined(manager, target, body):
                return
        owner = self.names.class_of(manager, self.scope)
        enter, leave = self._own_method(owner, "__enter__"), self._own_method(owner, "__exit__")
        if enter is not None and leave is not None:
            self._own_manager(manager, (enter, leave), target, body)
            return
        if owner is not None or self._may_be_of_the_program(manager):
            self._foreign_manager(manager, target, body)
            return
        value = self.value(manager)
        self.escape((value,), manager)
        self.bind_managed(target, value)
        body()

    def _may_be_of_the_program(self, manager: cst.BaseExpression) -> bool:
        """Whether a manager may be an object of a class of another module."""
        match manager:
            case cst.Call(func=func):
                name = self.names.canonical(func, self.scope)
                return name is not None and name not in BUILTINS
            case cst.Name():
                return True
        return False

    def _closing(
        self, closed: cst.BaseExpression, target: cst.BaseExpression | None, body: _Body
    ) -> None:
        span = self.span(closed)
        managed = ir.Read(self.held(self.value(closed), span))
        self.bind_managed(target, managed)
        owned = self._own_method(self.names.class_of(closed, self.scope), "close")
        callee = ir.Method(managed, "close") if owned is None else ir.Direct(owned)
        close = ir.Call(callee, () if owned is None else (managed,), None, span)
        self.protected(body, lambda: self.emit(close), span)

    def _own_manager(
        self,
        manager: cst.BaseExpression,
        methods: tuple[str, str],
        target: cst.BaseExpression | None,
        body: _Body,
    ) -> None:
        """An object of a class of this file: its `__enter__` and `__exit__` are called."""
        span = self.span(manager)
        managed = ir.Read(self.held(self.value(manager), span))
        enter = ir.Call(ir.Direct(methods[0]), (managed,), self.temporary(), span)
        leave = ir.Call(ir.Direct(methods[1]), (managed, *_NO_EXCEPTION), None, span)
        self._between(enter, leave, target, body)

    def _foreign_manager(
        self, manager: cst.BaseExpression, target: cst.BaseExpression | None, body: _Body
    ) -> None:
        """An object of a class that is not known here."""
        span = self.span(manager)
        place = self.temporary()
        self.assign(place, self.value(manager), span)
        managed = ir.Read(place)
        enter = ir.Call(ir.Method(managed, "__enter__"), (), self.temporary(), span)
        leave = ir.Call(ir.Method(managed, "__exit__"), _NO_EXCEPTION, None, span)
        self._between(enter, leave, target, body)

    def _between(
        self, enter: ir.Call, leave: ir.Call, target: cst.BaseExpression | None, body: _Body
    ) -> None:
        self.emit(enter)
        if enter.result is not None:
            self.bind_managed(target, ir.Read(enter.result))
        self.protected(body, lambda: self.emit(leave), leave.span)

    # ------------------------------------------------------------ managers that swallow

    def _swallows(self, manager: cst.Call, name: str | None) -> bool:
        called = manager.func
        method = called.attr.value if isinstance(called, cst.Attribute) else None
        return name in SWALLOWING_MANAGERS or method in SWALLOWING_METHODS

    def _swallowing(self, manager: cst.Call, body: _Body) -> None:
        """`with suppress(Error):` is `try: ... except Error: pass`."""
        types = tuple(
            self.names.canonical(argument.value, self.scope) or "" for argument in manager.args
        )
        dispatch, after = self.graph.new_block(), self.graph.new_block()
        with self.graph.handled_by(dispatch):
            body()
        self.graph.jump(after)
        span = self.span(manager)
        self._dispatch([(types, after)], dispatch, span, (span,))
        self.graph.start(after)

    # ------------------------------------------------------------ ExitStack

    def _exit_stack(self, node: cst.With) -> str | None:
        """The name of the `ExitStack` of a `with`, if all that is done to it is understood."""
        item = node.items[0]
        if len(node.items) != 1 or item.asname is None or not isinstance(item.item, cst.Call):
            return None
        if self.names.canonical(item.item.func, self.scope) not in EXIT_STACKS:
            return None
        name = item.asname.name
        if not isinstance(name, cst.Name):
            return None
        known = uses = 0
        for inner in descendants([node.body]):
            uses += isinstance(inner, cst.Name) and inner.value == name.value
            known += _stack_call(inner, name.value) is not None
        return name.value if uses == known else None

    def _deferring(self, body: list[cst.BaseStatement], stack: str) -> None:
        """The body of a `with ExitStack()`: what follows a `callback` is protected by it."""
        for index, statement in enumerate(body):
            call, target = _registration(statement, stack)
            rest = partial(self._deferring, body[index + 1 :], stack)
            if call is None:
                if not self.graph.reachable:
                    return
                self.run([statement])
            elif _is_callback(call):
                deferred = self._deferred(call)
                self.protected(rest, deferred, self.span(call))
                return
            else:
                self._manage(call.args[0].value, target, rest)
                return

    def _deferred(self, registration: cst.Call) -> _Body:
        """What a `stack.callback(function, *arguments)` runs later, with arguments of now."""
        function, span = registration.args[0].value, self.span(registration)
        if isinstance(function, cst.Lambda) and len(registration.args) == 1:
            return lambda: self.discard(function.body)
        call = self.prepared_call(function, registration.args[1:], None, span)
        return lambda: self.emit(call)


def _stack_call(node: cst.CSTNode, stack: str) -> cst.Call | None:
    """`stack.callback(..)` or `stack.enter_context(..)`."""
    match node:
        case cst.Call(func=cst.Attribute(value=cst.Name(value=name), attr=attr), args=[_, *_]):
            return node if name == stack and attr.value in _STACK_METHODS else None
    return None


def _is_callback(call: cst.Call) -> bool:
    return isinstance(call.func, cst.Attribute) and call.func.attr.value == "callback"


def _registration(
    statement: cst.BaseStatement, stack: str
) -> tuple[cst.Call | None, cst.BaseExpression | None]:
    """The call on the stack that a statement of the body is, and what gets its result."""
    match statement:
        case cst.SimpleStatementLine(body=[cst.Expr(value=value)]):
            return _stack_call(_awaited(value), stack), None
        case cst.SimpleStatementLine(body=[cst.Assign(targets=[target], value=value)]):
            return _stack_call(_awaited(value), stack), target.target
    return None, None


def _awaited(node: cst.BaseExpression) -> cst.BaseExpression:
    return node.expression if isinstance(node, cst.Await) else node
