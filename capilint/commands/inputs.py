"""What `check` and `baseline` read and look for: their options, settings and files."""

from __future__ import annotations

import argparse
import os

from capilint.commands import CommandError
from capilint.commands.options import codes, language, resources
from capilint.commands.streams import read_in
from capilint.config.loading import SEVERITIES, Configuration
from capilint.config.overrides import macros, overrides
from capilint.files.discover import Discovery, discover, language_of
from capilint.files.source import Input
from capilint.severity import Severity

_STDIN = "-"


def path_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the files and folders."""
    parser.add_argument(
        "paths", nargs="*", default=["."], metavar="PATH", help="files, folders, - for stdin (.)"
    )


def input_arguments(group: argparse._ArgumentGroup) -> None:
    """Declare how the files are read."""
    add = group.add_argument
    add("--stdin-filename", metavar="NAME", help="the name that stands for - in reports")
    add("--lang", type=language, metavar="LANG", help="c, c++ or python, whatever the suffix")
    add(
        *("--include", "-I"),
        action="append",
        metavar="DIR",
        help="look for headers there, too; may be repeated",
    )
    add(
        *("--define", "-D"),
        action="append",
        type="-D{}".format,
        metavar="NAME[=VALUE]",
        help="take the macro for defined; may be repeated",
    )
    add(
        *("--undefine", "-U"),
        dest="define",
        action="append",
        type="-U{}".format,
        metavar="NAME",
        help="take the macro for undefined; may be repeated",
    )
    add(
        *("--compile-commands", "-p"),
        metavar="PATH",
        help="the compile_commands.json, or its folder (the nearest)",
    )
    add("--config", metavar="FILE", help="take the configuration from this file only")
    add("--isolated", action="store_true", help="read no configuration file")


def selection_arguments(
    group: argparse._ArgumentGroup, fails: str = "the severity that makes the exit status 1"
) -> None:
    """Declare which findings count; `fails` says what becomes of those at or above --fail-on."""
    add = group.add_argument
    add(
        "--select",
        type=codes,
        metavar="CODES",
        help="report these only: codes (CAP101), their beginnings (CAP1) or names (handle-leaked)",
    )
    add("--extend-select", type=codes, metavar="CODES", help="report these codes, too")
    add("--ignore", type=codes, metavar="CODES", help="do not report these codes")
    add("--resources", type=resources, metavar="KINDS", help="kinds of handles: key,hash,context")
    add("--fail-on", choices=SEVERITIES, help=f"{fails} (warning)")


def configuration(options: argparse.Namespace) -> Configuration:
    """The settings of the files. Raises CommandError and ConfigError."""
    try:
        defines = None if options.define is None else macros(options.define)
    except ValueError as error:
        raise CommandError(str(error)) from None
    found = overrides(
        select=options.select,
        extend_select=options.extend_select,
        ignore=options.ignore,
        resources=options.resources,
        include=options.include,
        define=defines,
        compile_commands=options.compile_commands,
        baseline=options.baseline,
        fail_on=None if options.fail_on is None else Severity(options.fail_on),
    )
    return Configuration(found, options.config, options.isolated)


def discovery(options: argparse.Namespace, configuration: Configuration) -> Discovery:
    """The files that the paths stand for. Raises CommandError."""
    paths = [path for path in options.paths if path != _STDIN]
    found = discover(paths, options.lang, configuration.exclusion)
    if _STDIN not in options.paths:
        return found
    name = options.stdin_filename or "<stdin>"
    language = options.lang or language_of(name)
    if language is None:
        raise CommandError("what language is the standard input? give --stdin-filename or --lang")
    path, told = name.replace(os.sep, "/"), options.lang is not None
    stdin = Input(path, language, read_in(), named=True, told=told)
    inputs = () if configuration.excluded(name) else (stdin,)
    return Discovery((*found.inputs, *inputs), found.unreadable)
