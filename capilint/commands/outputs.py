"""Where reports go: files, the standard output, the summary page of a step in GitHub Actions."""

from __future__ import annotations

# Importing pathlib would cost a tenth of the time that `check` may take to start.
# ruff: noqa: PTH110, PTH112, PTH113, PTH114, PTH116, PTH119, PTH120, PTH123
import argparse
import os
import sys
from collections.abc import Iterator, Sequence

from capilint.checking import Report
from capilint.commands import CommandError
from capilint.commands.streams import say, write_out
from capilint.config.loading import FILE_NAMES
from capilint.files import find_commands, gitignore
from capilint.files.discover import language_of
from capilint.files.source import Input
from capilint.files.whole import put
from capilint.report import FORMATS, Style, render
from capilint.report.printable import printable

STDOUT = "-"
_READ = (*FILE_NAMES, gitignore.FILE_NAME, find_commands.FILE_NAME)


def report_arguments(group: argparse._ArgumentGroup) -> None:
    """Declare where and how to report."""
    add = group.add_argument
    add("--format", choices=FORMATS, default="text", help="how to report (text)")
    add(
        *("--output", "-o"),
        action="append",
        metavar="[FORMAT:]FILE",
        help="where to report, in FORMAT or that of --format; may be repeated; - is stdout",
    )
    add("--color", choices=("auto", "always", "never"), default="auto", help="colours (auto)")
    volume = group.add_mutually_exclusive_group()
    volume.add_argument(
        *("--verbose", "-v"),
        action="store_true",
        help="report notes and suppressed findings, too",
    )
    volume.add_argument(
        *("--quiet", "-q"), action="store_true", help="print findings and errors, nothing else"
    )
    add(
        "--exit-zero",
        action="store_true",
        help="let findings leave the exit status 0; errors still make it 2",
    )
    add(
        "--statistics",
        action="store_true",
        help="say on the standard error what was done, and how long each phase took",
    )


def outputs(options: argparse.Namespace) -> list[tuple[str, str]]:
    """The formats and files asked for. Raises CommandError where one cannot be written."""
    found: list[tuple[str, str]] = []
    for text in options.output or [STDOUT]:
        name, colon, path = text.partition(":")
        if not colon or len(name) == 1 or "/" in name:  # C:\report.json has a colon, too
            name, path = options.format, text
        elif name not in FORMATS:
            raise CommandError(f"--output {text}: {_no_format(name, text)}")
        folder = os.path.dirname(path) or "."
        if not path or os.path.isdir(path) or not os.path.isdir(folder):
            raise CommandError(f"--output {text}: not a file in a folder that exists")
        if os.path.islink(path) and not _is_device(path):
            raise CommandError(f"--output {text}: a link to {os.path.realpath(path)}; name that")
        if any(path == other for _, other in found):
            raise CommandError(f"--output {text}: {path} is written to already")
        found.append((name, path))
    return found


def doubts(wanted: Sequence[tuple[str, str]]) -> Iterator[str]:
    """What people may not have meant: a text in a file whose ending names another format."""
    for name, path in wanted:
        ending = path.rpartition(".")[2].lower()
        if name == "text" and ending in FORMATS and ending != "text":
            yield f"{path} gets the text report; `--output {ending}:{path}` writes {ending}"


def _is_device(path: str) -> bool:
    """Whether a link leads to what is there and no regular file, as /dev/stdout does."""
    return os.path.exists(path) and not os.path.isfile(path)


def _no_format(name: str, text: str) -> str:
    from capilint.rulebook.tomlfile import nearest

    hint = nearest(name, FORMATS) or f"; known are {', '.join(FORMATS)}"
    return f"unknown format `{name}`{hint} (a file of that name is ./{text})"


def style(options: argparse.Namespace, path: str) -> Style:
    """Colours for a terminal, unless the user or https://no-color.org says otherwise."""
    if options.color == "auto":
        wanted = path == STDOUT and sys.stdout.isatty() and os.environ.get("TERM") != "dumb"
        colour = bool(os.environ.get("FORCE_COLOR")) or wanted
        colour = colour and path == STDOUT and not os.environ.get("NO_COLOR")
    else:
        colour = options.color == "always"
    return Style(colour=colour, verbose=options.verbose, quiet=options.quiet)


def write(text: str, path: str) -> None:
    """Write a report, all of it or nothing. Raises CommandError where it cannot be written."""
    if path == STDOUT:
        write_out(text)
        return
    try:
        put(path, text.encode("utf-8", errors="backslashreplace"))
    except OSError as error:
        raise CommandError(f"{path}: cannot be written: {error.strerror}") from error


def write_all(
    report: Report, wanted: Sequence[tuple[str, str]], options: argparse.Namespace
) -> bool:
    """Write the reports that can be written, and complain of the others; whether all were."""
    written = True
    for name, path in wanted:
        try:
            text, whole = _rendered(name, report, style(options, path))
            write(text, path)
            written &= whole
        except CommandError as error:
            say(f"capilint: error: {error}")
            written = False
    summary = os.environ.get("GITHUB_STEP_SUMMARY")
    if summary and any(name == "github" for name, _ in wanted):
        written &= _appended(report, summary)
    return written


def _rendered(name: str, report: Report, wanted: Style) -> tuple[str, bool]:
    """A report, and whether it is whole: what a mistake of ours costs of it is said. Raises
    CommandError where that is all of it."""
    try:
        return render(name, report, wanted), True
    except MemoryError:
        raise
    except Exception:
        from capilint.internal_error import reason
        from capilint.report.partly import without_what_fails

        try:
            text, left_out = without_what_fails(name, report, wanted)
        except Exception as error:
            raise CommandError(f"there is no {name} report: {reason(error)}") from error
    for finding, why in left_out:
        place = f"{printable(finding.path)}:{finding.span.line}:{finding.span.column}"
        say(f"capilint: error: {place}: {finding.code} is not in the {name} report: {why}")
    return text, not left_out


def _appended(report: Report, path: str) -> bool:
    """Append to the summary page of a GitHub Actions step."""
    from capilint.report.github import summary

    try:
        with open(path, "ab") as stream:
            stream.write(summary(report).encode("utf-8", errors="backslashreplace"))
    except OSError as error:
        say(f"capilint: error: {path}: cannot be written: {error.strerror}")
        return False
    return True


def refuse_inputs(wanted: Sequence[tuple[str, str]], inputs: Sequence[Input]) -> None:
    """Refuse to write a report over what the run reads. Raises CommandError."""
    for _, path in wanted:
        try:
            there = os.stat(path)
        except OSError:
            continue  # nothing there, or the standard output
        if (
            language_of(path) is not None
            or os.path.basename(path) in _READ
            or any(_is_same(item.path, there) for item in inputs if item.data is None)
        ):
            raise CommandError(f"--output {path}: that is read, and would be lost; name another")


def _is_same(path: str, there: os.stat_result) -> bool:
    try:
        return os.path.samestat(os.stat(path), there)
    except OSError:
        return False


def complain(
    report: Report, paths: Sequence[str], verbose: bool = False, quiet: bool = False
) -> None:
    """Say on the standard error what was not analysed; if `quiet`, no more than errors."""
    for item in report.unreadable:
        say(f"capilint: {printable(item.path)}: {item.reason}")
        if verbose and item.detail:
            say(item.detail)
    if report.interrupted:
        say("capilint: interrupted; this is what was found so far")
    if quiet:
        return
    for trouble in report.troubles:
        say(f"capilint: warning: {printable(trouble)}")
    if not report.seen:
        say(f"capilint: warning: no C, C++ or Python files in {', '.join(paths)}")
    for note in report.notes:
        say(f"capilint: {note}")
