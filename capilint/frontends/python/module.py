"""One file: parse it, find out its names, lower its functions."""

from __future__ import annotations

import re
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from functools import cached_property, partial

import libcst as cst

from capilint import internal_error, ir
from capilint.files.modules import module_of
from capilint.finding import Span
from capilint.frontends.python.lowering.context import MAX_BLOCKS, TooLarge
from capilint.frontends.python.lowering.data_classes import constructor, is_data_class
from capilint.frontends.python.lowering.statements import Statements
from capilint.frontends.python.naming.classes import Classes
from capilint.frontends.python.naming.names import Names
from capilint.frontends.python.naming.relevance import Wanted, wanted_units
from capilint.frontends.python.naming.scopes import (
    Scope,
    class_scope,
    decorators,
    function_scope,
    module_scope,
)
from capilint.frontends.python.naming.standard_names import (
    CONTEXT_MANAGER_DECORATORS,
    DESCRIPTORS,
    TRANSPARENT_DECORATORS,
)
from capilint.frontends.python.naming.variants import variants
from capilint.frontends.python.parsing.nesting import with_deep_stack
from capilint.frontends.python.parsing.parse import parse
from capilint.frontends.python.parsing.positions import Positions
from capilint.frontends.python.parsing.repairs import Broken
from capilint.frontends.python.parsing.tree import children, descendants, of_kind, opens_scope

_APART = re.compile(r"@[0-9:]+")  # what tells a lambda, or one of several definitions, apart
_Definition = cst.FunctionDef | cst.Lambda


def lower_module(text: str, path: str, relevant: Callable[[str], bool] | None = None) -> ir.Module:
    """See `capilint.frontends.python.lower`."""
    text = text.removeprefix("\ufeff")
    try:
        found = with_deep_stack(lambda: _parse_and_lower(text, path, relevant))
    except RecursionError:
        found = Broken(1, 1, "the code is nested too deeply")
    if isinstance(found, ir.Module):
        return found
    name = module_of(path)[0]
    return ir.Module(path, name, ir.Language.PYTHON, (), problems=(_problem(found),))


def _parse_and_lower(
    text: str, path: str, relevant: Callable[[str], bool] | None
) -> ir.Module | Broken:
    parsed = parse(text)
    if isinstance(parsed, Broken):
        return parsed
    tree, positions, broken = parsed
    wanted = None if relevant is None else wanted_units(tree, positions.text, relevant)
    lowering = _ModuleLowering(tree, positions, wanted, *module_of(path))
    return lowering.lower(path, map(_problem, broken))


def _problem(broken: Broken) -> ir.Problem:
    return ir.Problem(Span(broken.line, broken.column, broken.line, broken.column), broken.reason)


class _ModuleLowering:
    """The lowering of one file; the `ModuleContext` of its functions."""

    def __init__(
        self,
        tree: cst.Module,
        positions: Positions,
        wanted: Wanted | None,
        name: str,
        is_package: bool,
    ) -> None:
        self.positions = positions
        self._wanted = None if wanted is None else wanted.nodes
        self._left_out = frozenset[str]() if wanted is None else wanted.left_out
        self.attribute_stores: set[str] = set()
        self._tree = tree
        self._scopes: dict[cst.CSTNode, Scope] = {}
        self._variants: dict[Scope, dict[cst.FunctionDef | cst.ClassDef, int]] = {}
        self._definitions: dict[str, tuple[cst.FunctionDef, Scope]] = {}
        self._pending: deque[tuple[_Definition, Scope]] = deque()
        self._required: set[_Definition] = set()
        self._problems: list[ir.Problem] = []
        self._data_classes: list[tuple[cst.ClassDef, Scope]] = []
        self._defined: dict[str, tuple[int, bool]] = {}  # by name: so many sites of it looked at
        self._module = module_scope(tree, name, is_package)
        self.names = Names(tree, self._module, Classes(self.scope_of))
        self._register(self._module)

    def lower(self, path: str, problems: Iterable[ir.Problem]) -> ir.Module:
        """Lower the module's own code, then every function that it leads to."""
        self._problems += problems
        functions = [self._guarded(self._lower_top_level, self._tree, "<module>")]
        if self._wanted is not None and self._tree not in self._wanted:
            functions = []
        while self._pending:
            node, parent = self._pending.popleft()
            lower = partial(self._lower_function, node, parent)
            functions.append(self._guarded(lower, node, self._qualified(node, parent)))
        functions += self._constructors()
        return ir.Module(
            path,
            self._module.name,
            ir.Language.PYTHON,
            tuple(function for function in functions if function is not None),
            self.names.aliases(),
            self.names.classes.bases(),
            frozenset(self.attribute_stores),
            tuple(self._problems),
            constants=Statements(self, self._module).constants(),
            rebound=self.names.rebound(self._tree),
            members=self.names.classes.members(),
            own_variables=frozenset(self._own_variables()),
            left_out=self._left_out,
        )

    def _constructors(self) -> Iterator[ir.Function]:
        """Those that nobody has written: of data classes."""
        for node, scope in self._data_classes:
            default = partial(_default, Statements(self, scope))
            span = self.positions.head(node)
            yield constructor(scope.name, self._shown(scope.name), node, span, default)

    def _own_variables(self) -> Iterator[str]:
        """The variables that are the file's own by their names, and that hold only what it
        assigns to them."""
        for name, sites in self._module.bindings.items():
            assigned = not any(site.imported or site.definition is not None for site in sites)
            if name.startswith("_") and not name.startswith("__") and assigned:
                yield name

    def _guarded(
        self, lower: Callable[[], ir.Function], node: cst.CSTNode, name: str
    ) -> ir.Function | None:
        """A lowered function, or None and a problem where that fails."""
        try:
            return lower()
        except TooLarge:
            reason = f"the control-flow graph needs more than {MAX_BLOCKS} blocks"
        except Exception as error:
            reason = internal_error.reason(error)
        self._problems.append(ir.Problem(self.positions.head(node), reason, self._shown(name)))
        return None

    # ------------------------------------------------------------ definitions

    def scope_of(self, node: _Definition | cst.ClassDef, parent: Scope) -> Scope:
        if node not in self._scopes:
            if isinstance(node, cst.ClassDef):
                name = self._qualified(node, parent)
                scope = self._scopes[node] = class_scope(node, parent, name)
                self._register(scope)
                bases = tuple(self.names.canonical(base.value, parent) or "" for base in node.bases)
                if is_data_class(node, lambda name: self.names.canonical(name, parent)):
                    self._data_classes.append((node, scope))
                elif node.decorators or node.keywords:
                    bases = ("", *bases)  # what it is made of then is not known
                self.names.classes.add(node, scope, bases)
            else:
                self._scopes[node] = function_scope(node, parent, self._qualified(node, parent))
                self._register(self._scopes[node])
        return self._scopes[node]

    def _register(self, scope: Scope) -> None:
        """Make the classes and functions that a scope defines known."""
        for sites in list(scope.bindings.values()):
            for site in sites:
                if isinstance(site.definition, cst.FunctionDef):
                    qualified = self._qualified(site.definition, scope)
                    self._definitions[qualified] = site.definition, scope
                elif site.definition is not None:
                    self.scope_of(site.definition, scope)

    def _qualified(self, node: _Definition | cst.ClassDef, parent: Scope) -> str:
        if not isinstance(node, cst.Lambda):
            if parent not in self._variants:
                roots = [self._tree] if parent.node is None else list(children(parent.node))
                self._variants[parent] = variants(parent, roots)
            number = self._variants[parent].get(node)
            return f"{parent.name}.{node.name.value}" + (f"@{number}" if number else "")
        span = self.positions.span(node)
        return f"{parent.name}.<lambda>@{span.line}:{span.column}"

    def require(self, node: _Definition, parent: Scope) -> str:
        if node not in self._required and self._is_wanted(node, parent):
            self._required.add(node)
            self._pending.append((node, parent))
        return self._qualified(node, parent)

    def _is_wanted(self, node: _Definition, parent: Scope) -> bool:
        """Whether a definition is wanted, or stands in one that is."""
        if self._wanted is None or node in self._wanted:
            return True
        scope: Scope | None = parent
        while scope is not None:
            if scope.node in self._wanted:
                return True
            scope = scope.parent
        return False

    def definition(self, qualified_name: str) -> tuple[cst.FunctionDef, Scope] | None:
        return self._definitions.get(qualified_name)

    def is_function(self, qualified_name: str) -> bool:
        return qualified_name in self._definitions

    def decorated(self, qualified_name: str, *names: str) -> bool:
        if qualified_name not in self._definitions:
            return False
        return not set(names).isdisjoint(self._decorators(*self._definitions[qualified_name]))

    def is_scripts_own(self, name: str) -> bool:
        sites = self._module.sites(name)
        seen, defined = self._defined.get(name, (0, False))
        defined = defined or any(site.definition is not None for site in sites[seen:])
        self._defined[name] = len(sites), defined
        return not defined and name not in self._names_in_functions

    @cached_property
    def _names_in_functions(self) -> set[str]:
        """The module's names that its functions and classes mean."""
        found: set[str] = set()
        pending = [(node, self._module) for node in self._opening(self._tree)]
        while pending:
            node, parent = pending.pop()
            scope = self.scope_of(node, parent)
            names = descendants(children(node), into_scopes=False)
            for name in {each.value for each in of_kind(names, cst.Name)}:
                owner = scope.owner(name)
                if owner is None or owner.parent is None:
                    found.add(name)
            pending += [(inner, scope) for inner in self._opening(node)]
        return found

    def _opening(self, node: cst.CSTNode) -> Iterator[_Definition | cst.ClassDef]:
        """The functions and classes right inside of a node."""
        for inner in descendants(children(node), into_scopes=False):
            if opens_scope(inner):
                assert isinstance(inner, _Definition | cst.ClassDef)
                yield inner

    # ------------------------------------------------------------ functions

    def _lower_top_level(self) -> ir.Function:
        lowering = Statements(self, self._module)
        lowering.block(self._tree)
        span = self.positions.end(self._tree)
        lowering.graph.end(ir.Return(None, span, implicit=True))
        return ir.Function(
            "<module>",
            f"{self._module.name}.<module>",
            ir.Language.PYTHON,
            (),
            lowering.graph.finish(),
            self.positions.span(self._tree),
        )

    def _lower_function(self, node: _Definition, parent: Scope) -> ir.Function:
        scope = self.scope_of(node, parent)
        lowering = Statements(self, scope)
        parameters = self._parameters(lowering, node.params)
        names = self._decorators(node, parent) if isinstance(node, cst.FunctionDef) else []
        lowering.may_raise_at_yield = any(name in CONTEXT_MANAGER_DECORATORS for name in names)
        if isinstance(node, cst.FunctionDef):
            lowering.block(node.body)
            span = self.positions.end(node)
            lowering.graph.end(ir.Return(None, span, implicit=True))
        else:
            span = self.positions.span(node.body)
            lowering.graph.end(ir.Return(lowering.value(node.body), span))
        return ir.Function(
            self._shown(scope.name),
            scope.name,
            ir.Language.PYTHON,
            parameters,
            lowering.graph.finish(),
            self.positions.span(node),
            generator=scope.yields
            or (isinstance(node, cst.FunctionDef) and node.asynchronous is not None),
            decorated=tuple(name for name in names if name not in TRANSPARENT_DECORATORS),
            owner_class=scope.owner_class,
            descriptor=next((name for name in names if name in DESCRIPTORS), ""),
        )

    def _shown(self, qualified_name: str) -> str:
        """The name for reports: without the module, positions of lambdas and numbers."""
        return _APART.sub("", qualified_name.removeprefix(f"{self._module.name}."))

    def _decorators(self, node: cst.FunctionDef, parent: Scope) -> list[str]:
        found: list[str] = []
        for decorator in node.decorators:
            called = decorator.decorator
            if isinstance(called, cst.Call):
                called = called.func
            found.append(self.names.canonical(called, parent) or decorators(node)[len(found)])
        return found

    def _parameters(
        self, lowering: Statements, declared: cst.Parameters
    ) -> tuple[ir.Parameter, ...]:
        found: list[ir.Parameter] = []

        def add(parameter: cst.Param, keyword_only: bool = False, variadic: bool = False) -> None:
            place = lowering.place_in(lowering.scope, parameter.name.value)
            default = None if parameter.default is None else _default(lowering, parameter.default)
            found.append(ir.Parameter(place.root, "", default, keyword_only, variadic))

        for parameter in (*declared.posonly_params, *declared.params):
            add(parameter)
        if isinstance(declared.star_arg, cst.Param):
            add(declared.star_arg, variadic=True)
        for parameter in declared.kwonly_params:
            add(parameter, keyword_only=True)
        if declared.star_kwarg is not None:
            add(declared.star_kwarg, keyword_only=True, variadic=True)
        return tuple(found)


def _default(lowering: Statements, node: cst.BaseExpression) -> ir.Value:
    """What an omitted argument is: a literal, or something that the definition computed."""
    if isinstance(node, cst.Integer | cst.SimpleString | cst.Name) and lowering.scope.parent:
        value = lowering.value_in(lowering.scope.parent, node)
        if isinstance(value, ir.Constant):
            return value
    return ir.Unknown()
