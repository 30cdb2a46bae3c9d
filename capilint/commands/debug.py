"""`capilint debug`: the IR of a file as text, and its control-flow graphs as Graphviz dot."""

from __future__ import annotations

import argparse
import sys

from capilint import ir
from capilint.check import lower
from capilint.commands import CommandError
from capilint.files.discover import discover
from capilint.files.source import Input, UnreadableError, load, read_bytes
from capilint.ir import text as ir_text
from capilint.language import Language
from capilint.rulebook.tomlfile import nearest


def arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments."""
    views = parser.add_subparsers(required=True, metavar="VIEW", dest="view")
    dump = views.add_parser("ir", help="the IR as text")
    graph = views.add_parser("cfg", help="the control-flow graphs as Graphviz dot")
    graph.add_argument("--function", metavar="NAME", help="of this function only")
    for view in (dump, graph):
        view.add_argument("file", metavar="FILE")
        view.add_argument("--lang", type=Language, metavar="LANG", help="c or python")


def run(options: argparse.Namespace) -> int:
    """Print the view."""
    module = _module(options.file, options.lang)
    if options.view == "ir":
        sys.stdout.write(ir_text.module_text(module))
    else:
        for function in _functions(module, options.function):
            sys.stdout.write(ir_text.function_dot(function))
    return 0


def _module(path: str, language: Language | None) -> ir.Module:
    try:
        item = _input(path, language)
        return lower(load(item.path, read_bytes(item.path), item.language))
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
