"""Lowers a whole C file: finds its functions, and lowers those that matter."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace

from capilint import ir
from capilint.frontends.c.facts.declarators import parameters_of
from capilint.frontends.c.facts.gather import Facts, facts_of
from capilint.frontends.c.facts.macros import Macros
from capilint.frontends.c.facts.selection import selected
from capilint.frontends.c.lowering.exits import TooLarge
from capilint.frontends.c.lowering.statements import FunctionLowering
from capilint.frontends.c.parsing.conditionals import Guard, guards_around
from capilint.frontends.c.parsing.outline import Definition, definitions, without_bodies
from capilint.frontends.c.parsing.parse import parse_body
from capilint.frontends.c.parsing.positions import LineTable, Positions


def lower(text: str, path: str, relevant: Callable[[str], bool] | None = None) -> ir.Module:
    """The IR of a C file.

    `relevant` tells from a function's text whether it matters; functions that matter to such a
    one, because they call it or it calls them, are lowered too, and all others are left out.
    Raises nothing: what cannot be read becomes a Problem.
    """
    text = text.replace("\r\n", "\n")  # what a line continuation looks like
    found = definitions(text)
    macros = Macros(text)
    chosen = found if relevant is None else selected(text, found, macros, relevant)
    facts = facts_of(without_bodies(text, found), macros) if chosen else Facts(macros)
    facts.functions.update(definition.name for definition in found)
    lines = LineTable(text)
    functions: list[ir.Function] = []
    problems: list[ir.Problem] = []
    guards = guards_around(text, [definition.start for definition in chosen])
    for definition in chosen:
        function = _lower_function(text, definition, facts, lines, problems)
        if function is not None:
            functions.append(replace(function, guards=_places(guards[definition.start])))
    return ir.Module(
        path=path,
        name=_module_name(path),
        language=ir.Language.C,
        functions=tuple(functions),
        problems=tuple(problems),
    )


def _places(guards: tuple[Guard, ...]) -> tuple[tuple[ir.Place, bool], ...]:
    return tuple(
        (ir.Place(ir.Variable(f"#if {text}", ir.Scope.GLOBAL)), truth) for text, truth in guards
    )


def _module_name(path: str) -> str:
    return re.split(r"[\\/]", path)[-1].rpartition(".")[0] or path


def _lower_function(
    text: str,
    definition: Definition,
    facts: Facts,
    lines: LineTable,
    problems: list[ir.Problem],
) -> ir.Function | None:
    span = lines.span(definition.name_at, definition.declarator_end)
    start = lines.line_start(definition.body)
    indent = " " * (definition.body - start)
    body = parse_body(indent + text[definition.body : definition.end])
    clear = definition.complete and body.structure_is_clear()
    if body.statement is None or not clear:
        problems.append(ir.Problem(span, "function body not understood", definition.name))
        return None
    positions = Positions(lines.line(definition.body) - 1, body.parsed)
    lowering = FunctionLowering(definition.name, facts, positions)
    parameters = _declare_parameters(definition, lowering)
    try:
        lowering.body(body.statement)
        blocks = lowering.graph.finish()
    except (TooLarge, RecursionError):
        problems.append(ir.Problem(span, "function too large", definition.name))
        return None
    problems += lowering.problems
    return ir.Function(
        name=definition.name,
        qualified_name=definition.name,
        language=ir.Language.C,
        parameters=parameters,
        blocks=blocks,
        span=span,
        internal=definition.internal,
    )


def _declare_parameters(
    definition: Definition, lowering: FunctionLowering
) -> tuple[ir.Parameter, ...]:
    parameters = []
    for index, each in enumerate(parameters_of(definition.parameters, definition.declarations)):
        variable = lowering.names.declare(each.name or f"#{index + 1}", ir.Scope.PARAMETER)
        parameters.append(ir.Parameter(variable, each.type_name, variadic=each.variadic))
    return tuple(parameters)
