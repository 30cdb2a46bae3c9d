"""One function while it is being lowered: its graph, its names' places, its temporaries."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Protocol

import libcst as cst

from capilint import ir
from capilint.finding import Span
from capilint.frontends.graph import GraphBuilder
from capilint.frontends.python.naming.names import Names
from capilint.frontends.python.naming.scopes import Kind, Scope
from capilint.frontends.python.parsing.positions import Positions

MAX_BLOCKS = 20_000


class TooLarge(Exception):
    """The function needs more blocks than `MAX_BLOCKS`."""


class ModuleContext(Protocol):
    """What a function's lowering needs of its module's."""

    names: Names
    positions: Positions
    attribute_stores: set[str]

    def scope_of(self, node: cst.FunctionDef | cst.Lambda | cst.ClassDef, parent: Scope) -> Scope:
        """The scope of a definition, the same one each time."""

    def require(self, node: cst.FunctionDef | cst.Lambda, parent: Scope) -> str:
        """Have a function lowered too; its qualified name."""

    def definition(self, qualified_name: str) -> tuple[cst.FunctionDef, Scope] | None:
        """The function of the file of that name, and the scope that it is defined in."""

    def is_function(self, qualified_name: str) -> bool:
        """Whether the file defines a function of that name."""

    def decorated(self, qualified_name: str, *names: str) -> bool:
        """Whether the file defines such a function with one of these decorators."""

    def is_scripts_own(self, name: str) -> bool:
        """Whether no function of the file mentions a variable of the module's level."""


@dataclass(slots=True)
class Activation:
    """The variables of one scope that is live in this function."""

    scope: Scope
    variables: dict[str, ir.Variable] = field(default_factory=dict)


@dataclass(slots=True)
class Frame:
    """What leaving a statement by return, break or continue has to do on the way.

    A loop has targets. A cleanup (`finally`, the end of a `with`) has code to run, with the
    exception handler in force outside of it. An interception takes over, whatever the exit is; it
    gets what would perform the exit further out.
    """

    break_target: int | None = None
    continue_target: int | None = None
    cleanup: Callable[[], None] | None = None
    handler: int | None = None
    intercept: Callable[[Callable[[], None]], None] | None = None


class Context:
    """The state of one function's lowering; the later stages add what to do with each syntax."""

    def __init__(self, module: ModuleContext, scope: Scope) -> None:
        self.module = module
        self.names = module.names
        self.scope = scope
        self.graph = GraphBuilder()
        self.frames: list[Frame] = []
        self.may_raise_at_yield = False
        self.resume_body: Callable[[ir.Value], None] | None = None
        self.followed_lists: dict[tuple[Scope, str], bool] = {}
        self._root = scope
        self._activations: dict[Scope, Activation] = {}
        self._uses: dict[str, int] = {}
        self._temporaries = 0
        self._activate(scope)

    # ------------------------------------------------------------ what later stages provide

    def value(self, node: cst.BaseExpression) -> ir.Value:
        """Emit the calls of an expression and give its value."""
        raise NotImplementedError

    def call(self, node: cst.Call, result: ir.Place | None) -> None:
        """Emit a call with its arguments."""
        raise NotImplementedError

    def condition(self, node: cst.BaseExpression, if_true: int, if_false: int) -> None:
        """End the block by going one way where the expression is true, else the other."""
        raise NotImplementedError

    def store(self, target: cst.CSTNode, value: ir.Value, span: Span) -> None:
        """Assign a value to any kind of target."""
        raise NotImplementedError

    def block(self, suite: cst.BaseSuite) -> None:
        """Lower the statements of a block."""
        raise NotImplementedError

    def run(self, body: Iterable[cst.BaseStatement]) -> None:
        """Lower statements in sequence, as far as control comes."""
        raise NotImplementedError

    # ------------------------------------------------------------ places

    def span(self, node: cst.CSTNode) -> Span:
        """Where a node stands."""
        return self.module.positions.span(node)

    def emit(self, instruction: ir.Instruction) -> None:
        """Add an instruction."""
        self.graph.emit(instruction)

    def assign(self, target: ir.Place, value: ir.Value, span: Span) -> None:
        """Emit `target = value`."""
        self.emit(ir.Assign(target, value, span))

    def temporary(self) -> ir.Place:
        """A fresh place for a value that has no name in the source."""
        self._temporaries += 1
        return ir.Place(ir.Variable(f"%{self._temporaries}", ir.Scope.TEMPORARY))

    def held(self, value: ir.Value, span: Span) -> ir.Place:
        """A place that holds a value: its own, or a temporary."""
        if isinstance(value, ir.Read):
            return value.place
        place = self.temporary()
        self.assign(place, value, span)
        return place

    def place_of(self, name: str) -> ir.Place | None:
        """The place of a variable; None for a name that nothing in the file binds."""
        owner = self.scope.owner(name)
        return None if owner is None else self.place_in(owner, name)

    def place_in(self, owner: Scope, name: str) -> ir.Place:
        """The place of a name that `owner` binds."""
        if owner.kind is Kind.MODULE:
            own = owner is self._root and self.module.is_scripts_own(name)
            return ir.Place(ir.Variable(name, ir.Scope.LOCAL if own else ir.Scope.GLOBAL))
        if owner.kind is Kind.CLASS and owner.parent is not None:
            home = self.place_in(owner.parent, owner.name.rpartition(".")[2])
            return ir.Place(home.root, (*home.path, "*", f".{name}"))
        activation = self._activations.get(owner)
        if activation is None or name in owner.rebound:
            return ir.Place(ir.Variable(f"{name}#{owner.name}", ir.Scope.GLOBAL))
        if name not in activation.variables:
            activation.variables[name] = self._new_variable(name, owner)
        return ir.Place(activation.variables[name])

    def _new_variable(self, name: str, owner: Scope) -> ir.Variable:
        is_parameter = owner is self._root and name in owner.parameters
        kind = ir.Scope.PARAMETER if is_parameter else ir.Scope.LOCAL
        uses = self._uses[name] = self._uses.get(name, 0) + 1
        return ir.Variable(name if uses == 1 else f"{name}#{uses}", kind)

    def _activate(self, scope: Scope) -> None:
        self._activations[scope] = Activation(scope)

    @contextmanager
    def inside(self, scope: Scope) -> Iterator[None]:
        """Within the `with`, names are read in an inner scope with variables of its own."""
        outer, hidden = self.scope, self._activations.get(scope)
        self.scope = scope
        self._activate(scope)
        try:
            yield
        finally:
            self.scope = outer
            del self._activations[scope]
            if hidden is not None:
                self._activations[scope] = hidden
