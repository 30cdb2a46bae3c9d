"""Where reports go: files, the standard output, the summary page of a step in GitHub Actions."""

from __future__ import annotations

# Importing pathlib would cost a tenth of the time that `check` may take to start.
# ruff: noqa: PTH112, PTH120, PTH123
import argparse
import os
import sys
from collections.abc import Sequence

from capilint.checking import Report
from capilint.commands import CommandError
from capilint.report import FORMATS, Style

STDOUT = "-"


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
        if any(path == other for _, other in found):
            raise CommandError(f"--output {text}: {path} is written to already")
        found.append((name, path))
    return found


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


def write(text: str, path: str, mode: str = "w") -> None:
    """Write a report. Raises CommandError where a file cannot be written."""
    if path == STDOUT:
        sys.stdout.write(text)
        return
    try:
        with open(path, mode, encoding="utf-8", errors="backslashreplace", newline="\n") as stream:
            stream.write(text)
    except OSError as error:
        raise CommandError(f"{path}: cannot be written: {error.strerror}") from error


def write_step_summary(report: Report) -> None:
    """Append to the summary page of a GitHub Actions step, where we run in one."""
    path = os.environ.get("GITHUB_STEP_SUMMARY")
    if path:
        from capilint.report.github import summary

        write(summary(report), path, "a")


def complain(
    report: Report, paths: Sequence[str], verbose: bool = False, quiet: bool = False
) -> None:
    """Say on the standard error what was not analysed; if `quiet`, no more than errors."""
    sys.stdout.flush()
    for item in report.unreadable:
        print(f"capilint: {item.path}: {item.reason}", file=sys.stderr)
        if verbose and item.detail:
            print(item.detail, file=sys.stderr)
    if report.interrupted:
        print("capilint: interrupted; this is what was found so far", file=sys.stderr)
    if quiet:
        return
    if not report.seen:
        print(
            f"capilint: warning: no C, C++ or Python files in {', '.join(paths)}",
            file=sys.stderr,
        )
    for note in report.notes:
        print(f"capilint: {note}", file=sys.stderr)
