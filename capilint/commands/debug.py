"""`capilint debug`: what each stage of the analysis makes of a file, in words and pictures.

docs/how-it-works.md follows one function through all of them.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import TYPE_CHECKING

from capilint import ir
from capilint.commands import CommandError
from capilint.commands.options import language
from capilint.files import includes
from capilint.files.discover import discover
from capilint.files.source import Input, UnreadableError, load_input, read_bytes
from capilint.frontends import c, cpp
from capilint.ir import picture
from capilint.ir import text as ir_text
from capilint.language import Language
from capilint.lowering import lower
from capilint.rulebook.tomlfile import nearest

if TYPE_CHECKING:
    from capilint.engine.inspection import Inspection

View = Callable[[ir.Module, Sequence[ir.Function]], Iterable[str]]


def arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments."""
    views = parser.add_subparsers(required=True, metavar="VIEW", dest="view")
    for name, (summary, _) in _VIEWS.items():
        view = views.add_parser(name, help=summary, description=f"{summary}.")
        view.add_argument("file", metavar="FILE")
        view.add_argument("function", nargs="?", metavar="FUNCTION", help="only this one")
        view.add_argument("--lang", type=language, metavar="LANG", help="c, c++ or python")


def run(options: argparse.Namespace) -> int:
    """Print the view: of each function a part, with an empty line between them."""
    module = _module(options.file, options.lang)
    functions = _functions(module, options.function)
    _, view = _VIEWS[options.view]
    sys.stdout.write("\n".join(view(module, functions)))
    return 0


def _ir(module: ir.Module, functions: Sequence[ir.Function]) -> Iterator[str]:
    if len(functions) == len(module.functions):
        yield ir_text.module_text(module)
    else:
        yield from map(ir_text.function_text, functions)


def _picture(_: ir.Module, functions: Sequence[ir.Function]) -> Iterator[str]:
    yield from map(picture.function_picture, functions)


def _dot(_: ir.Module, functions: Sequence[ir.Function]) -> Iterator[str]:
    yield from map(ir_text.function_dot, functions)


def _states(module: ir.Module, functions: Sequence[ir.Function]) -> Iterator[str]:
    from capilint.engine.reporting.text import states_text

    for each in _inspected(module, functions):
        text = states_text(each.graph, each.interpreter, each.names)
        bounded = "cut short: too many states (CAP902)\n" if each.bounded else ""
        yield f"states of {each.function.name}\n{text}{bounded}"


def _summary(module: ir.Module, functions: Sequence[ir.Function]) -> Iterator[str]:
    from capilint.engine.summaries.text import summary_text

    for each in _inspected(module, functions):
        if each.summary is None:
            yield f"no summary of {each.function.name}: to its callers it is unknown code\n"
        else:
            yield summary_text(each.summary, each.names)


def _defects(module: ir.Module, functions: Sequence[ir.Function]) -> Iterator[str]:
    from capilint.engine.reporting.text import witness_text

    for each in _inspected(module, functions):
        for witness in each.witnesses:
            yield f"in {each.function.name}: {witness_text(witness, each.names)}"


def _replay(module: ir.Module, functions: Sequence[ir.Function]) -> Iterator[str]:
    from capilint.engine import analyse
    from capilint.execution.replay import transcript
    from capilint.rulebook.book import load as load_rules

    book = load_rules()
    names = {function.name for function in functions}
    for finding in analyse([module], book):
        if finding.function in names and finding.trace:
            lines = [f"{finding.code} {finding.message}", *transcript(finding, book.resources)]
            yield "\n    ".join(lines) + "\n"


def _inspected(module: ir.Module, functions: Sequence[ir.Function]) -> Iterator[Inspection]:
    from capilint.engine.inspection import inspect
    from capilint.rulebook.book import load as load_rules

    chosen = set(map(id, functions))
    return (each for each in inspect([module], load_rules()) if id(each.function) in chosen)


_VIEWS: dict[str, tuple[str, View]] = {
    "ir": ("the functions as the engine gets them", _ir),
    "cfg": ("their control-flow graphs, drawn in ASCII", _picture),
    "dot": ("the same for Graphviz", _dot),
    "states": ("the abstract states at the head of each block, and at the ends", _states),
    "summary": ("what callers are told of each function", _summary),
    "defects": ("what is wrong, with the events on the shortest path", _defects),
    "replay": ("what the runtime model says to each finding's path", _replay),
}


def _module(path: str, language: Language | None) -> ir.Module:
    try:
        item = _input(path, language)
        source = load_input(item, read_bytes(item.path))
        front_end = cpp if source.language is Language.CPP else c
        headers = front_end.Headers(includes.Headers([item]).find)
        return lower(source, headers=headers)
    except UnreadableError as error:
        raise CommandError(f"{path}: {error}") from error


def _input(path: str, language: Language | None) -> Input:
    discovery = discover([path], language)
    for item in discovery.unreadable:
        raise UnreadableError(item.reason)
    if [item.path for item in discovery.inputs] != [path.removeprefix("./")]:
        raise UnreadableError("not a single file")
    return discovery.inputs[0]


def _functions(module: ir.Module, name: str | None) -> list[ir.Function]:
    chosen = [
        function
        for function in module.functions
        if name is None or name in (function.name, function.qualified_name)
    ]
    if not chosen and name is not None:
        hint = nearest(name, [function.name for function in module.functions])
        raise CommandError(f"{module.path}: no function `{name}`{hint}")
    return chosen
