"""Lowers a whole C++ file: finds its functions and classes, and lowers what matters.

text ─▶ outline ─▶ regions ─▶ chosen ─┐
  └──▶ declarations (and headers') ───┴─▶ lowering ─▶ Functions, and those that they ask for:
                                                      templates, implicit members, lambdas
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Set
from dataclasses import replace
from functools import partial

from tree_sitter import Node

from capilint import internal_error, ir
from capilint.files.compile_options import CompileOptions
from capilint.finding import Span
from capilint.frontends.c.lowering.exits import TooLarge
from capilint.frontends.c.module import guarded, module_name, typedefs_of
from capilint.frontends.c.parsing.conditionals import guards_around
from capilint.frontends.c.parsing.positions import MOST_COLUMNS, TOO_FAR, LineTable, Positions
from capilint.frontends.c.parsing.syntax import operands
from capilint.frontends.c.preprocessing.bodies import parse_expanded
from capilint.frontends.c.preprocessing.includes import Unit
from capilint.frontends.cpp.facts import merge
from capilint.frontends.cpp.facts.classtexts import classes_of, structures_of, texts_of
from capilint.frontends.cpp.facts.lookup import Lookup
from capilint.frontends.cpp.facts.model import Class, Declarations, Instance, Scope, Signature
from capilint.frontends.cpp.library import LibraryHeader, without_known
from capilint.frontends.cpp.lowering.functions import FunctionLowering
from capilint.frontends.cpp.lowering.unit import Body, Task
from capilint.frontends.cpp.lowering.unit import Unit as LoweredUnit
from capilint.frontends.cpp.parsing.grammar import CPP
from capilint.frontends.cpp.parsing.packs import written_out
from capilint.frontends.cpp.reading import Headers, read

_NO_OPTIONS = CompileOptions()
UNSEEN = "(unseen)"
# An exception that leaves one of these ends the process, as one does that leaves a destructor.
_LAST = frozenset({"main", "wmain", "_tmain", "WinMain", "wWinMain", "_tWinMain", "DllMain"})


def lower(
    text: str,
    path: str,
    relevant: Callable[[str], bool] | None = None,
    headers: Headers | None = None,
    options: CompileOptions = _NO_OPTIONS,
) -> ir.Module:
    """The IR of a C++ file; see the front end of C."""
    text = text.replace("\r\n", "\n")
    headers = headers or Headers(lambda *_: None)
    unit = headers.unit(path, text, options)
    inherited, declarations, included = headers.declared(unit, options.folders)
    functions: list[ir.Function] = []
    problems: list[ir.Problem] = []
    lookup = Lookup(declarations)
    facts, own, bodies = read(unit, inherited)
    texts = (unit.text.text, *(each.whole for each in bodies))
    if relevant is None or any(map(relevant, texts)):
        known = merge.merged([declarations, own])
        free, library = _of_libraries(known, unit, headers, options)
        lookup = Lookup(merge.merged([known, free]) if free is not None else known)
        templates = _by_name((*included, *bodies, *library))
        lowered = LoweredUnit(lookup, facts, templates)
        lowering = _FileLowering(unit, lowered, problems)
        functions = list(lowering.functions(bodies))
    return ir.Module(
        path=path,
        name=module_name(path),
        language=ir.Language.CPP,
        functions=tuple(functions),
        problems=tuple(problems),
        classes=classes_of(lookup),
        includes=tuple(
            header.path for header in unit.closure.headers if not isinstance(header, LibraryHeader)
        ),
        missing_headers=unit.closure.missing,
        typedefs=dict(typedefs_of(functions, facts)),
        structures={**facts.structures, **structures_of(lookup)},
        own_structures=frozenset((*facts.own_structures, *own.classes)),
        class_texts=texts_of(lookup, {each.owner_class or "" for each in functions}),
        macros=dict(unit.text.changes.mentions()),
        fillings=tuple(facts.fillings),
        own_variables=frozenset(facts.own_variables),
    )


def _of_libraries(
    known: Declarations, unit: Unit, headers: Headers, options: CompileOptions
) -> tuple[Declarations | None, list[Body]]:
    """What the library headers that a file calls for declare, and their bodies, but for what is
    known without them; None where it calls for none."""
    if not any(isinstance(each, LibraryHeader) for each in unit.closure.headers):
        return None, []
    return without_known(known, *headers.libraries(unit, options.folders))


def _by_name(bodies: Iterable[Body]) -> dict[str, list[Body]]:
    table: dict[str, list[Body]] = {}
    for each in bodies:
        table.setdefault(each.signature.whole_name, []).append(each)
    return table


class _FileLowering:
    """The functions of one file, one after the other."""

    def __init__(self, unit: Unit, lowered: LoweredUnit, problems: list[ir.Problem]) -> None:
        self._unit = unit
        self._lowered = lowered
        self._problems = problems
        self._lines: dict[int, LineTable] = {}
        self._text = unit.text.text
        self._instantiated: set[int] = set()
        self._owners: dict[Scope, Instance | None] = {}
        self._statics: dict[int, tuple[tuple[Signature, ...], set[tuple[str, int]]]] = {}

    def functions(self, bodies: list[Body]) -> Iterator[ir.Function]:
        """The functions of the file, then what these ask for, then the templates that nothing
        asked for: with types unknown."""
        self._declare_unseen(bodies)
        guards = guards_around(self._unit.text.text, [each.offset for each in bodies])
        for body in bodies:
            if self._is_template(body):
                continue
            function = self._guarded(partial(self._function, body), partial(self._told, body))
            if function is not None:
                yield guarded(function, guards[body.offset], body.whole)
        for task in self._lowered.tasks():
            if task.body is not None:
                self._instantiated.add(id(task.body.definition))
            made = self._guarded(partial(self._asked, task), partial(_told_of, task))
            if made is not None:
                yield made
        for body in bodies:
            if id(body.definition) not in self._instantiated and self._is_template(body):
                function = self._guarded(partial(self._function, body), partial(self._told, body))
                if function is not None:
                    yield function

    def _guarded(
        self, lower: Callable[[], ir.Function | None], told: Callable[[], tuple[str, Span, str]]
    ) -> ir.Function | None:
        """A lowered function, or None and a problem where that fails."""
        try:
            return lower()
        except Exception as error:
            name, at, path = told()
            self._problems.append(ir.Problem(at, internal_error.reason(error), name, path))
            return None

    def _told(self, body: Body) -> tuple[str, Span, str]:
        """What a function of the text is called, and where that stands."""
        return ("::".join((*body.signature.scope[-1:], body.signature.name)), *self._place(body))

    def _place(self, body: Body) -> tuple[Span, str]:
        """Where a function is defined; one that is not the user's is where it is asked for."""
        if body.of_library:
            return self._lowered.at, self._lowered.at_path
        path = body.path if body.path != self._unit.text.path else ""
        definition = body.definition
        name = self._line_table(body).span(definition.name_at, definition.declarator_end)
        return body.used_at or name, path

    def _line_table(self, body: Body) -> LineTable:
        table = self._lines.get(id(body.text))
        if table is None:
            table = self._lines[id(body.text)] = LineTable(body.text)
        return table

    def _is_template(self, body: Body) -> bool:
        definition = body.definition
        if definition.template or definition.class_template:
            return True
        owner = self._owner(body)
        return owner is not None and owner.is_template

    def _declare_unseen(self, bodies: list[Body]) -> None:
        """Classes of headers that are not there, as far as the methods show them that are here."""
        lookup = self._lowered.lookup
        methods: dict[Scope, list[Signature]] = {}
        for each in bodies:
            scope = each.signature.scope
            known = not scope or "::".join(scope) in lookup.declarations.namespaces
            if not known and self._owner(each) is None:
                methods.setdefault(scope, []).append(each.signature)
        for scope, found in methods.items():
            lookup.add_class(Class(scope[-1], scope[:-1], (UNSEEN,), methods=tuple(found)))
        if methods:
            self._owners.clear()

    def _owner(self, body: Body) -> Instance | None:
        """The class that a function belongs to; a template stands for itself, its parameters for
        whatever they may be."""
        scope = body.signature.scope
        if scope not in self._owners:
            named = "::".join(scope)
            self._owners[scope] = self._lowered.lookup.class_named(named, ()) if scope else None
        return self._owners[scope]

    def _function(self, body: Body) -> ir.Function | None:
        owner = self._owner(body)
        signature = body.signature
        called = signature.name, len(signature.parameters)
        if owner is not None and called in self._static_methods(owner):
            signature = signature._replace(static=True)
        bindings = {each.name: each.name for each in signature.template}
        if owner is not None:
            bindings.update(owner.bindings)
        name = self._lowered.lookup.signature_key(signature, bindings, owner)
        if signature.arguments and owner is None:
            name = self._lowered.lookup.instance_key(signature, signature.arguments, bindings)
        return self._lower(Task(name, signature, bindings, owner, body=body), internal=False)

    def _static_methods(self, owner: Instance) -> Set[tuple[str, int]]:
        """The names of a class's static methods, each with the number of its parameters."""
        methods = owner.declared.methods
        known = self._statics.get(id(methods))
        if known is None:
            found = {(each.name, len(each.parameters)) for each in methods if each.static}
            known = self._statics[id(methods)] = methods, found  # kept: no other has its id
        return known[1]

    def _asked(self, task: Task) -> ir.Function | None:
        at = self._lowered.at = task.asked_at
        self._lowered.at_path = task.asked_path
        if task.body is not None:
            return self._lower(task, internal=True)
        closure = task.closure
        if closure is not None:
            lowering = self._begun(task, closure.positions)
            signature = task.signature
            lowering.declare_parameters(signature.parameters, "", has_this=not signature.static)
            return self._finished(
                task, lowering, lambda: lowering.lambda_body(closure), at, internal=True
            )
        lowering = self._begun(task, Positions(1, b"", fixed=at, path=task.asked_path))
        parameters = task.signature.parameters
        lowering.declare_parameters(parameters, "", has_this=True)
        return self._finished(
            task,
            lowering,
            lambda: lowering.implicit_member(task.kind, at),
            at,
            internal=True,
        )

    def _begun(
        self, task: Task, positions: Positions, unexpanded: frozenset[str] = frozenset()
    ) -> FunctionLowering:
        scope = task.closure.scope if task.closure is not None else task.signature.scope
        if task.instance is not None and task.closure is None:
            scope = task.instance.scope
        inside = (*scope, task.signature.name)
        if "::".join(inside) in self._lowered.lookup.declarations.namespaces:
            scope = inside  # its own classes are in it
        return FunctionLowering(
            _shown(task),
            self._lowered,
            positions,
            unexpanded,
            scope=scope,
            bindings=task.bindings,
            this=task.instance if task.closure is None else None,
        )

    def _lower(self, task: Task, *, internal: bool) -> ir.Function | None:
        body = task.body
        assert body is not None
        definition = body.definition
        lines, at = self._line_table(body), self._lowered.at
        span, path = self._place(body)
        self._lowered.at, self._lowered.at_path = span, path
        text = body.text[definition.cut : definition.handlers_end]
        if task.pack_size:
            text = written_out(text, task.packs, task.pack_size)
        column = definition.cut - lines.line_start(definition.cut)
        if column > MOST_COLUMNS:
            self._problems.append(ir.Problem(span, TOO_FAR, _shown(task), path))
            return None
        text = " " * column + text
        find = self._lowered.facts.macros.at(body.offset)
        parsed, columns, unexpanded = parse_expanded(text, find, CPP)
        clear = definition.complete and parsed.structure_is_clear()
        if parsed.statement is None or not clear:
            reason = "function body not understood"
            self._problems.append(ir.Problem(span, reason, _shown(task), path))
            return None
        fixed = at if body.of_library else span if task.pack_size else body.used_at
        first_line = lines.line(definition.cut) - 1
        respelt = text if parsed.is_respelt else None
        positions = Positions(first_line, parsed.parsed, columns, fixed, path, respelt)
        lowering = self._begun(task, positions, unexpanded)
        has_this = task.instance is not None and not task.signature.static
        lowering.declare_parameters(
            task.signature.parameters, task.signature.returns, has_this=has_this
        )
        statement = parsed.statement
        plain = task.instance.declared.name.partition("<")[0] if task.instance else ""

        def run() -> None:
            if has_this and task.signature.name == plain:
                lowering.constructor(statement, _initialisers(statement), span)
            elif has_this and task.signature.name == f"~{plain}":
                lowering.destructor(statement, span)
            else:
                lowering.body(statement)

        return self._finished(task, lowering, run, span, internal=internal or definition.internal)

    def _finished(
        self,
        task: Task,
        lowering: FunctionLowering,
        run: Callable[[], None],
        span: Span,
        *,
        internal: bool,
    ) -> ir.Function | None:
        try:
            run()
            blocks = lowering.graph.finish()
        except (TooLarge, RecursionError):
            path = lowering.positions.path
            self._problems.append(ir.Problem(span, "function too large", _shown(task), path))
            return None
        self._problems += (
            replace(each, path=lowering.positions.path) for each in lowering.problems
        )
        owner = task.instance
        if owner is not None:
            lowering.destructor_of(owner)  # how its objects end, wherever they do
        name = task.signature.name
        return ir.Function(
            name=_shown(task),
            qualified_name=task.name,
            language=ir.Language.CPP,
            parameters=lowering.parameters,
            blocks=blocks,
            span=span,
            internal=internal,
            owner_class=owner.name if owner is not None else None,
            noexcept=task.signature.noexcept or name[:1] == "~" or name in _LAST,
            implicit=bool(task.kind),
            descriptor="staticmethod" if owner is not None and task.signature.static else "",
            types=lowering.names.types,
            path=lowering.positions.path,
        )


def _initialisers(body: Node) -> Node | None:
    """What a constructor begins its members with: in front of its body, or of its try block."""
    beside = operands(body.parent) if body.parent is not None else []
    return next(
        (each for each in (*beside, *operands(body)) if each.type == "field_initializer_list"), None
    )


def _told_of(task: Task) -> tuple[str, Span, str]:
    """What a function that is asked for is called, and where it is."""
    return _shown(task), task.asked_at, task.asked_path


def _shown(task: Task) -> str:
    """What the report calls a function: with its class, without namespaces."""
    if task.closure is not None:
        return task.closure.name
    if task.instance is not None:
        return f"{task.instance.last_name}::{task.signature.name}"
    return task.signature.name
