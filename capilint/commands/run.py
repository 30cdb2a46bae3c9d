"""`capilint run`: run a program on the model of CryptoAPI, and report what went wrong."""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory

from capilint.checking import Report
from capilint.commands import CommandError
from capilint.commands.statuses import FINDINGS, TROUBLE
from capilint.config.loading import ConfigError, Configuration
from capilint.execution.run.findings import findings_of
from capilint.execution.run.launch import Outcome, Program, RunError, remarks, runs
from capilint.execution.run.source_places import refined
from capilint.files.source import Source, Unreadable, UnreadableError, load, read_bytes
from capilint.finding import Finding
from capilint.findings.triage import Triager
from capilint.language import Language
from capilint.report import Style, render
from capilint.rulebook.codes import load as load_codes

_LANGUAGES = {
    **dict.fromkeys((".py", ".pyw"), Language.PYTHON),
    ".c": Language.C,
    **dict.fromkeys((".cpp", ".cc", ".cxx", ".c++"), Language.CPP),
}
_EPILOG = """\
This is the one command that runs the code it is given: with your rights, in a child process. It
runs a Python script, or a C or C++ file that the system's `cc` or `c++` compiles, on Linux or
macOS, on Windows all but C++. Its CryptoAPI calls go to a model of CryptoAPI, and no key of this
machine is touched.

The program's output is its own; with --format json it goes to the standard error. Runs that
--fail each adds are silent and get no input. A handle that lives when the program comes to its
end is a leak (CAP101; CAP102 where an exception left its function). It is none where the program
ends by exit() or by an exception that nobody catches in C++, or where one of a Python program's
global variables still holds it. Static objects of C++ are destroyed before.

exit status: 0 the monitor saw nothing; 1 it saw something; 2 the program could not be run, needs
more of Windows than the model has, or crashed. The program's own exit status is printed only.
"""


def arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments."""
    parser.epilog = _EPILOG
    add = parser.add_argument
    add("file", metavar="FILE", help="a Python script (.py), a C file (.c) or a C++ file")
    given = add("arguments", nargs=argparse.REMAINDER, metavar="ARGS", help="for the program")
    given.required = False  # argparse would name it among what is missing
    add(
        "--fail",
        type=_fail,
        default=0,
        metavar="N|each",
        help="make the Nth call that can fail do so; each: run again for every such call",
    )
    add("--seed", type=int, metavar="N", help="make the same keys and random bytes in every run")
    add("--format", choices=("text", "json"), default="text", help="how to report (text)")
    add("--color", choices=("auto", "always", "never"), default="auto", help="colours (auto)")


def run(options: argparse.Namespace) -> int:
    """Run the program, report, and say by the exit status how it went."""
    path = Path(options.file)
    language = _LANGUAGES.get(path.suffix.lower())
    if language is None:
        raise CommandError(f"{path}: not a Python script (.py), a C file (.c) or C++ (.cpp)")
    try:
        read_bytes(str(path))
        with _program(path, language, options) as program:
            outcomes = list(runs(program, options.fail, options.format == "text"))
    except (RunError, UnreadableError) as error:
        raise CommandError(f"{path}: {error}") from error
    sys.stderr.flush()
    report = _report(program, outcomes, language)
    wanted = sys.stdout.isatty() and not os.environ.get("NO_COLOR")
    colour = options.color == "always" or (options.color == "auto" and wanted)
    sys.stdout.write(render(options.format, report, Style(colour=colour)))
    for remark in remarks(program, outcomes):
        print(f"capilint: {remark}", file=sys.stderr)
    for item in report.unreadable:
        print(f"capilint: error: {item.path}: {item.reason}", file=sys.stderr)
    if report.unreadable or any(outcome.ended == "crashed" for outcome in outcomes):
        return TROUBLE
    return FINDINGS if report.failing else 0


def _fail(text: str) -> int | None:
    """The number of the call to fail; None for each."""
    if text == "each":
        return None
    if not text.isdecimal() or int(text) < 1:
        raise argparse.ArgumentTypeError(f"`{text}` is neither a number from 1 nor `each`")
    return int(text)


@contextmanager
def _program(path: Path, language: Language, options: argparse.Namespace) -> Iterator[Program]:
    program = Program(path, language, tuple(options.arguments), seed=options.seed)
    if language is Language.PYTHON:
        yield program
        return
    from capilint.execution.run.compile import compiled

    with TemporaryDirectory(prefix="capilint-cc-", ignore_cleanup_errors=True) as folder:
        yield replace(program, library=compiled(path, language, Path(folder)))


def _report(program: Program, outcomes: list[Outcome], language: Language) -> Report:
    sources: dict[str, Source] = {}

    def source_of(path: str) -> Source | None:
        if path not in sources:
            try:
                sources[path] = load(path, read_bytes(path), language)
            except UnreadableError:
                return None
        return sources[path]

    found = findings_of(outcomes, lambda place, name: refined(place, name, source_of(place.path)))
    for finding in found:
        for step in finding.steps:
            source_of(step.path)
    kept = _kept(found, sources)
    troubles = sorted({outcome.trouble for outcome in outcomes if outcome.trouble})
    unrun = tuple(Unreadable(program.path.as_posix(), trouble) for trouble in troubles)
    analysed = 0 if unrun else 1
    return Report(
        kept, (), 1, analysed, unrun, failing=frozenset(kept), sources=sources, unread=1 - analysed
    )


def _kept(found: list[Finding], sources: dict[str, Source]) -> tuple[Finding, ...]:
    """The findings that no comment suppresses, as the configuration grades them."""
    try:
        triager = Triager(sources, Configuration({}, None, False).settings_of, load_codes())
        return triager.triage(found).findings
    except ConfigError as error:
        raise CommandError(str(error)) from error
