"""`capilint check`: find handle bugs in files and folders."""

from __future__ import annotations

# Importing pathlib would cost a tenth of the time that `check` may take to start.
# ruff: noqa: PTH112, PTH120, PTH123
import argparse
import os
import sys
from collections.abc import Sequence
from typing import TYPE_CHECKING

from capilint.check import Report, check
from capilint.commands import CommandError
from capilint.commands.options import codes, language, resources
from capilint.config.loading import SEVERITIES, Configuration, compile_commands
from capilint.files.discover import Discovery, discover, language_of
from capilint.files.source import Input
from capilint.report import FORMATS, Style, render
from capilint.severity import Severity

if TYPE_CHECKING:
    from capilint.files.compile_options import Define

FINDINGS, TROUBLE = 1, 2
_STDIN = "-"
_STDOUT = "-"
_EPILOG = """\
exit status: 0 nothing found; 1 a finding at or above --fail-on; 2 a wrong use or configuration,
or an input that could not be read (the findings of the others are reported nevertheless)
"""


def arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments."""
    parser.epilog = _EPILOG
    parser.add_argument(
        "paths", nargs="*", default=["."], metavar="PATH", help="files, folders, - for stdin; ."
    )
    _input_arguments(parser.add_argument_group("what is read"))
    _selection_arguments(parser.add_argument_group("what is reported"))
    _output_arguments(parser.add_argument_group("how it is reported"))
    _edit_arguments(parser.add_argument_group("how it is mended"))


def _input_arguments(group: argparse._ArgumentGroup) -> None:
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


def _selection_arguments(group: argparse._ArgumentGroup) -> None:
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
    add("--fail-on", choices=SEVERITIES, help="the severity that makes the exit status 1 (warning)")


def _output_arguments(group: argparse._ArgumentGroup) -> None:
    add = group.add_argument
    add("--format", choices=FORMATS, default="text", help="how to report (text)")
    add(
        *("--output", "-o"),
        action="append",
        metavar="[FORMAT:]FILE",
        help="where to report; may be repeated; - is the standard output",
    )
    add("--color", choices=("auto", "always", "never"), default="auto", help="colours (auto)")
    add(
        "--explain-silence",
        action="store_true",
        help="say, too, why nothing is reported of the other handles (text, json)",
    )
    add("--verbose", "-v", action="store_true", help="report notes and suppressed findings, too")


def _edit_arguments(group: argparse._ArgumentGroup) -> None:
    either = group.add_mutually_exclusive_group()
    either.add_argument(
        "--diff", action="store_true", help="print the edits that mend findings; change nothing"
    )
    either.add_argument(
        "--fix", action="store_true", help="make these edits, and report the findings that remain"
    )
    group.add_argument(
        "--suggest-fixes",
        action="store_true",
        help="try these edits, and put those that hold into the report (json, sarif); takes long",
    )


def run(options: argparse.Namespace) -> int:
    """Check, report, and say by the exit status how it went."""
    outputs = _outputs(options)
    configuration = _configuration(options)
    discovery = _discovery(options, configuration)
    report = _checked(options, configuration, discovery)
    if options.diff or options.fix:
        from capilint.commands.editing import edited

        report = edited(
            report,
            discovery.inputs,
            configuration.settings_of,
            options.fix,
            lambda: _checked(options, configuration, discovery),
        )
        outputs = outputs if options.fix else [each for each in outputs if each[1] != _STDOUT]
    elif options.suggest_fixes and report.findings:
        from capilint.edits.session import Session

        report = Session(discovery.inputs, configuration.settings_of, report).with_fixes()
    for name, path in outputs:
        _write(render(name, report, _style(options, path)), path)
    if any(name == "github" for name, _ in outputs):
        _write_step_summary(report)
    _complain(report, options)
    return TROUBLE if report.unreadable else FINDINGS if report.failing else 0


def _checked(
    options: argparse.Namespace, configuration: Configuration, discovery: Discovery
) -> Report:
    return check(
        discovery.inputs,
        configuration.settings_of,
        discovery.unreadable,
        options.explain_silence,
    )


def _macros(words: Sequence[str]) -> tuple[Define, ...]:
    """What words such as -DNAME=VALUE and -UNAME say. Raises CommandError where one is wrong."""
    from capilint.files.compile_options import macro

    macros = []
    for word in words:
        try:
            macros.append(macro(word[:2], word[2:]))
        except ValueError as error:
            raise CommandError(f"{word}: {error}") from None
    return tuple(macros)


def _configuration(options: argparse.Namespace) -> Configuration:
    overrides: dict[str, object] = {
        name: getattr(options, name)
        for name in ("select", "extend_select", "ignore", "resources")
        if getattr(options, name) is not None
    }
    if options.include is not None:
        overrides["include"] = tuple(folder.replace("\\", "/") for folder in options.include)
    if options.define is not None:
        overrides["define"] = _macros(options.define)
    if options.compile_commands is not None:
        path = options.compile_commands
        overrides["compile_commands"] = compile_commands(path) if path else path
    if options.fail_on is not None:
        overrides["fail_on"] = Severity(options.fail_on)
    return Configuration(overrides, options.config, options.isolated)


def _discovery(options: argparse.Namespace, configuration: Configuration) -> Discovery:
    paths = [path for path in options.paths if path != _STDIN]
    found = discover(paths, options.lang, configuration.exclusion)
    if _STDIN not in options.paths:
        return found
    name = options.stdin_filename or "<stdin>"
    language = options.lang or language_of(name)
    if language is None:
        raise CommandError("what language is the standard input? give --stdin-filename or --lang")
    path, told = name.replace(os.sep, "/"), options.lang is not None
    stdin = Input(path, language, sys.stdin.buffer.read(), named=True, told=told)
    inputs = () if configuration.excluded(name) else (stdin,)
    return Discovery((*found.inputs, *inputs), found.unreadable)


def _outputs(options: argparse.Namespace) -> list[tuple[str, str]]:
    """The formats and files asked for. Raises CommandError where one cannot be written."""
    outputs: list[tuple[str, str]] = []
    for text in options.output or [_STDOUT]:
        name, colon, path = text.partition(":")
        if not colon or len(name) == 1 or "/" in name:  # C:\report.json has a colon, too
            name, path = options.format, text
        elif name not in FORMATS:
            raise CommandError(f"--output {text}: {_no_format(name, text)}")
        folder = os.path.dirname(path) or "."
        if not path or os.path.isdir(path) or not os.path.isdir(folder):
            raise CommandError(f"--output {text}: not a file in a folder that exists")
        if any(path == other for _, other in outputs):
            raise CommandError(f"--output {text}: {path} is written to already")
        outputs.append((name, path))
    return outputs


def _no_format(name: str, text: str) -> str:
    from capilint.rulebook.tomlfile import nearest

    hint = nearest(name, FORMATS) or f"; known are {', '.join(FORMATS)}"
    return f"unknown format `{name}`{hint} (a file of that name is ./{text})"


def _style(options: argparse.Namespace, path: str) -> Style:
    """Colours for a terminal, unless the user or https://no-color.org says otherwise."""
    if options.color == "auto":
        wanted = path == _STDOUT and sys.stdout.isatty() and os.environ.get("TERM") != "dumb"
        colour = bool(os.environ.get("FORCE_COLOR")) or wanted
        colour = colour and path == _STDOUT and not os.environ.get("NO_COLOR")
    else:
        colour = options.color == "always"
    return Style(colour=colour, verbose=options.verbose)


def _write(text: str, path: str, mode: str = "w") -> None:
    if path == _STDOUT:
        sys.stdout.write(text)
        return
    try:
        with open(path, mode, encoding="utf-8", errors="backslashreplace", newline="\n") as stream:
            stream.write(text)
    except OSError as error:
        raise CommandError(f"{path}: cannot be written: {error.strerror}") from error


def _write_step_summary(report: Report) -> None:
    """Append to the summary page of a GitHub Actions step, where we run in one."""
    path = os.environ.get("GITHUB_STEP_SUMMARY")
    if path:
        from capilint.report.github import summary

        _write(summary(report), path, "a")


def _complain(report: Report, options: argparse.Namespace) -> None:
    """Say on the standard error what was not analysed."""
    sys.stdout.flush()
    for item in report.unreadable:
        print(f"capilint: {item.path}: {item.reason}", file=sys.stderr)
        if options.verbose and item.detail:
            print(item.detail, file=sys.stderr)
    if not report.seen:
        print(
            f"capilint: warning: no C, C++ or Python files in {', '.join(options.paths)}",
            file=sys.stderr,
        )
    for note in report.notes:
        print(f"capilint: {note}", file=sys.stderr)
