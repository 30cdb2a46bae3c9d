"""Lowers a whole C file: finds its functions, and lowers those that matter."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import replace

from capilint import internal_error, ir
from capilint.files.compile_options import CompileOptions
from capilint.finding import Span
from capilint.frontends.c.facts.declarators import meanings, parameters_of
from capilint.frontends.c.facts.gather import Facts, facts_of
from capilint.frontends.c.facts.headers import Headers
from capilint.frontends.c.facts.regions import Region, in_text, regions
from capilint.frontends.c.facts.selection import selected
from capilint.frontends.c.lowering.exits import TooLarge
from capilint.frontends.c.lowering.statements import SWITCH, FunctionLowering, switch
from capilint.frontends.c.parsing.conditionals import ON_WINDOWS, Guard, guards_around
from capilint.frontends.c.parsing.outline import Definition, without_bodies
from capilint.frontends.c.parsing.positions import MOST_COLUMNS, TOO_FAR, LineTable, Positions
from capilint.frontends.c.preprocessing.bodies import parse_expanded
from capilint.frontends.c.preprocessing.expansion import Find, expanded

_NO_OPTIONS = CompileOptions()


def lower(
    text: str,
    path: str,
    relevant: Callable[[str], bool] | None = None,
    headers: Headers | None = None,
    options: CompileOptions = _NO_OPTIONS,
) -> ir.Module:
    """The IR of a C file.

    `relevant` tells from a function's text whether it matters; functions that matter to such a
    one, because they call it or it calls them, are lowered too, and all others are left out.
    `headers` finds the headers of the file, and remembers them for others; without it, all are
    unseen. `options` say where to look for them, and what is defined from outside.
    Raises nothing: what cannot be read becomes a Problem.
    """
    text = text.replace("\r\n", "\n")  # what a line continuation looks like
    headers = headers or Headers(lambda *_: None)
    unit = headers.unit(path, text, options)
    text = unit.text.text
    found = regions(unit)
    outside = without_bodies(text, in_text(found))
    chosen = found if relevant is None else selected(found, outside, unit.macros, relevant)
    functions: list[ir.Function] = []
    problems: list[ir.Problem] = []
    facts = Facts(unit.macros)
    if chosen:
        included = headers.facts(unit, options.folders)
        facts = facts_of(outside, unit.macros, included)
        facts.functions.update(region.definition.name for region in found)
        functions = list(_lowered(text, chosen, facts, problems))
    return ir.Module(
        path=path,
        name=module_name(path),
        language=ir.Language.C,
        functions=tuple(functions),
        problems=tuple(problems),
        includes=tuple(header.path for header in unit.closure.headers),
        missing_headers=unit.closure.missing,
        typedefs=dict(typedefs_of(functions, facts)),
        structures=facts.structures,
        own_structures=frozenset(facts.own_structures),
        fillings=tuple(facts.fillings),
        own_variables=frozenset(facts.own_variables),
        macros=dict(unit.text.changes.mentions()),
    )


def _lowered(
    text: str, chosen: list[Region], facts: Facts, problems: list[ir.Problem]
) -> Iterator[ir.Function]:
    lines = LineTable(text)
    guards = guards_around(text, [region.offset for region in chosen])
    for region in chosen:
        try:
            function = _lower_function(region, facts, lines, problems)
        except Exception as error:
            span, name = _span(region, lines), region.definition.name
            problems.append(ir.Problem(span, internal_error.reason(error), name))
            continue
        if function is not None:
            yield guarded(function, guards[region.offset], region.whole)


def typedefs_of(
    functions: list[ir.Function], facts: Facts
) -> Iterator[tuple[str, tuple[str, ...]]]:
    """What the types of the functions' variables are called, too."""
    if not facts.typedefs:
        return
    names = {each.type_name for function in functions for each in function.parameters}
    names.update(name for function in functions for name in function.types.values())
    names.update(
        instruction.type_name
        for function in functions
        for block in function.blocks
        for instruction in block.instructions
        if isinstance(instruction, ir.Declare)
    )
    for name in sorted(names):
        found = meanings(name, facts.typedefs)
        if found:
            yield name, found


def guarded(function: ir.Function, around: tuple[Guard, ...], text: str) -> ir.Function:
    """A function of a text with the conditions of the `#if`s around it; those inside of it that
    ask for the system are answered for Windows, where nothing around says another."""
    if not around and "#" not in text:
        return function
    said = {text for text, _ in around}
    asked = {
        place.root.name.removeprefix(SWITCH)
        for block in function.blocks
        if isinstance(block.terminator, ir.Branch)
        for place in ir.places_in(block.terminator.condition)
        if place.root.name.startswith(SWITCH)
    }
    if not (said & ON_WINDOWS.keys()):
        around += tuple((text, ON_WINDOWS[text]) for text in sorted(asked & ON_WINDOWS.keys()))
    return replace(function, guards=tuple((switch(text), truth) for text, truth in around))


def module_name(path: str) -> str:
    """What the module of a file is called."""
    return re.split(r"[\\/]", path)[-1].rpartition(".")[0] or path


def _span(region: Region, lines: LineTable) -> Span:
    """Where a function's name is; where a macro makes it, the use of that."""
    definition = region.definition
    return lines.span(*(region.used_at or (definition.name_at, definition.declarator_end)))


def _lower_function(
    region: Region, facts: Facts, lines: LineTable, problems: list[ir.Problem]
) -> ir.Function | None:
    definition, span = region.definition, _span(region, lines)
    made = span if region.used_at is not None else None
    text = region.text[definition.body : definition.end]
    if made is None:
        column = definition.body - lines.line_start(definition.body)
        if column > MOST_COLUMNS:
            problems.append(ir.Problem(span, TOO_FAR, definition.name))
            return None
        text = " " * column + text
    find = facts.macros.at(region.offset)
    body, columns, unexpanded = parse_expanded(text, find, facts.grammar)
    clear = definition.complete and body.structure_is_clear()
    if body.statement is None or not clear:
        problems.append(ir.Problem(span, "function body not understood", definition.name))
        return None
    first_line = lines.line(definition.body) - 1 if made is None else made.line - 1
    respelt = text if body.is_respelt else None
    positions = Positions(first_line, body.parsed, columns, made, respelt=respelt)
    lowering = FunctionLowering(definition.name, facts, positions, unexpanded)
    parameters = _declare_parameters(definition, lowering, find)
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
        types=lowering.names.types,
    )


def _declare_parameters(
    definition: Definition, lowering: FunctionLowering, find: Find
) -> tuple[ir.Parameter, ...]:
    parameters = []
    said = expanded(definition.parameters, find).text
    declarations = expanded(definition.declarations, find).text
    for index, each in enumerate(parameters_of(said, declarations)):
        variable = lowering.names.declare(each.name or f"#{index + 1}", ir.Scope.PARAMETER)
        parameters.append(ir.Parameter(variable, each.type_name, variadic=each.variadic))
    return tuple(parameters)
