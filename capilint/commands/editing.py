"""The edits of `capilint check`: as a unified diff (`--diff`), or written (`--fix`)."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from difflib import unified_diff

from capilint.checking import Report
from capilint.commands import CommandError
from capilint.commands.streams import say, write_out
from capilint.config.settings import Settings
from capilint.edits.session import Rewritten, Session
from capilint.files.rewriting import WriteError, write
from capilint.files.source import Input, decode, is_notebook
from capilint.interruption import signal_of
from capilint.language import Language
from capilint.report.printable import plural


def edited(
    report: Report,
    inputs: Sequence[Input],
    settings_of: Callable[[str], Settings],
    fix: bool,
    again: Callable[[], Report],
) -> Report:
    """Print the edits for a report's findings or, with `fix`, write them. The result is what is to
    be reported: with `fix` what `again` finds. Raises CommandError where a file is not written."""
    if fix and any(item.data is not None for item in inputs):
        raise CommandError("--fix cannot write to the standard input; use --diff")
    try:
        outcome = Session(inputs, settings_of, report).mended()
    except KeyboardInterrupt as stop:  # nothing is written yet
        return report._replace(interrupted=signal_of(stop))
    for trouble in outcome.troubles:
        say(f"capilint: warning: {trouble}")
    in_notebooks = sum(is_notebook(finding.path) for finding in report.findings)
    if in_notebooks:
        say(f"capilint: notebooks are not edited; {plural(in_notebooks, 'finding')} in them")
    total = sum(bool(finding.resource) for finding in report.findings)
    remaining = total - outcome.fixed
    if not fix:
        write_out("".join(_diff(outcome.files, report)))
        say(
            f"capilint: {plural(outcome.fixed, 'finding')} would be fixed, {remaining} would remain"
        )
        return report
    _write(outcome.files)
    say(f"capilint: {plural(outcome.fixed, 'finding')} fixed, {remaining} remaining")
    return again() if outcome.files else report


def _write(files: Sequence[Rewritten]) -> None:
    """Write every file that can be written, and complain of the others in the end."""
    troubles = []
    for each in files:
        try:
            write(each.path, each.old, each.new)
        except WriteError as error:
            troubles.append(str(error))
    if troubles:
        raise CommandError("\n".join(troubles))


def _diff(files: Sequence[Rewritten], report: Report) -> Iterator[str]:
    """The files' changes as `diff -u` tells them."""
    for each in files:
        language = report.sources[each.path].language
        old, new = (_lines(data, language) for data in (each.old, each.new))
        for line in unified_diff(old, new, each.path, each.path):
            yield line if line.endswith("\n") else f"{line}\n\\ No newline at end of file\n"


def _lines(data: bytes, language: Language) -> list[str]:
    """A file's lines, with the line ends that it has."""
    *whole, last = decode(data, language).split("\n")
    return [*(f"{line}\n" for line in whole), *([last] if last else [])]
