"""`capilint check`: find handle bugs in files and folders."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from typing import TYPE_CHECKING

from capilint.checking import Interrupted, Report, check
from capilint.commands import CommandError
from capilint.commands.caching import cache_arguments, cache_folder
from capilint.commands.inputs import (
    configuration,
    discovery,
    input_arguments,
    path_arguments,
    selection_arguments,
)
from capilint.commands.options import shard
from capilint.commands.outputs import (
    STDOUT,
    complain,
    doubts,
    outputs,
    refuse_inputs,
    report_arguments,
    write_all,
)
from capilint.commands.processes import jobs, jobs_arguments
from capilint.commands.progress_bar import progress_shown
from capilint.commands.statuses import FINDINGS, SIGNALLED, TROUBLE
from capilint.commands.streams import say
from capilint.config.loading import Configuration
from capilint.files.discover import Discovery
from capilint.interruption import signal_of
from capilint.progress import Progress

if TYPE_CHECKING:
    from capilint.files.git_changes import Changes
    from capilint.sharding.parts import Sharing

WITH_ROUTES = ("html",)
WITH_EDITS = ("json", "jsonl", "sarif", "rdjson")
MOST_WORK = 100_000  # for edits which nobody asked for: about a second
_EPILOG = """\
exit status: 0 nothing found; 1 a finding at or above --fail-on; 2 a wrong use or configuration,
an input that could not be read (the findings of the others are reported nevertheless) or a report
that could not be written (the others are); 130 if interrupted, 143 if told to end (what was found
so far is reported)
"""


def arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments."""
    parser.epilog = _EPILOG
    path_arguments(parser)
    input_arguments(parser.add_argument_group("what is read"))
    selection = parser.add_argument_group("what is reported")
    selection_arguments(selection)
    selection.add_argument(
        "--baseline", metavar="FILE", help="report only what this baseline does not have"
    )
    selection.add_argument(
        "--diff-base",
        metavar="REV",
        help="report only what concerns lines that changed since this revision of git",
    )
    _output_arguments(parser.add_argument_group("how it is reported"))
    work = parser.add_argument_group("how it is done")
    jobs_arguments(work)
    cache_arguments(work)
    work.add_argument(
        "--shard",
        type=shard,
        metavar="K/N",
        help="analyse the K-th of N parts of the tree, and write what `capilint merge` reads",
    )
    _edit_arguments(parser.add_argument_group("how it is mended"))


def _output_arguments(group: argparse._ArgumentGroup) -> None:
    report_arguments(group)
    add = group.add_argument
    add(
        "--explain-silence",
        action="store_true",
        help="say, too, why nothing is reported of the other handles (text, json)",
    )
    add(
        "--show-settings",
        action="store_true",
        help="print the settings that hold for the paths and check nothing",
    )
    add("--watch", action="store_true", help="check again whenever a file changes, until Ctrl-C")


def _edit_arguments(group: argparse._ArgumentGroup) -> None:
    either = group.add_mutually_exclusive_group()
    either.add_argument(
        "--diff", action="store_true", help="print the edits that mend findings; change nothing"
    )
    either.add_argument(
        "--fix", action="store_true", help="make these edits, and report the findings that remain"
    )
    either.add_argument(
        "--suggest-fixes",
        action="store_true",
        help="look for the edits of all findings, for html, too (json, jsonl, sarif, rdjson have "
        "those of small programs anyway); takes long",
    )


def run(options: argparse.Namespace) -> int:
    """Check, report, and say by the exit status how it went."""
    if options.shard is not None:
        from capilint.commands.sharding import deal

        return deal(options)
    if not options.watch:
        return once(options)
    if options.fix or options.diff or "-" in options.paths:
        raise CommandError("--watch goes with files and folders, and neither with --fix nor --diff")
    from capilint.commands.watching import watch

    named = [each for each in (options.config, options.baseline) if each is not None]
    headers: set[str] = set()
    return watch(options.paths, named, headers, lambda: once(options, headers))


def once(
    options: argparse.Namespace, headers: set[str] | None = None, sharing: Sharing | None = None
) -> int:
    """Check and report; `headers` gets the paths of those that were read. With `sharing` what is
    found comes from the parts of shards."""
    wanted = outputs(options)
    settings = configuration(options)
    if options.show_settings:
        from capilint.commands.config import print_settings

        print_settings(settings, options.paths)
        return 0
    with progress_shown(options.quiet) as progress:
        with progress.phase("discovery"):
            found = discovery(options, settings)
        refuse_inputs(wanted, found.inputs)
        report = _checked(options, settings, found, wanted, progress, sharing)
    report, left = _mended(options, settings, found, report, wanted, progress)
    if headers is not None:
        headers.update(report.headers)
    with progress.phase("report"):
        written = write_all(report, left, options)
    complain(report, options.paths, options.verbose, options.quiet)
    if not options.quiet:
        for doubt in doubts(wanted):
            say(f"capilint: {doubt}")
    if options.statistics:
        from capilint.commands.statistics import print_statistics

        print_statistics(progress, report)
    return _status(report, options) if written else TROUBLE


def _mended(
    options: argparse.Namespace,
    settings: Configuration,
    found: Discovery,
    report: Report,
    wanted: Sequence[tuple[str, str]],
    progress: Progress,
) -> tuple[Report, Sequence[tuple[str, str]]]:
    """The report with the edits that were asked for, or of what they leave; where it is wanted."""
    if (options.diff or options.fix) and not report.interrupted:
        from capilint.commands.editing import edited

        with progress.phase("edits"):
            report = edited(
                report,
                found.inputs,
                settings.settings_of,
                options.fix,
                lambda: _checked(options, settings, found, wanted, Progress()),
            )
        return report, wanted if options.fix else [each for each in wanted if each[1] != STDOUT]
    if report.findings and not report.interrupted and _edits_asked_for(options, wanted):
        with progress.phase("edits"):
            most_work = None if options.suggest_fixes else MOST_WORK
            report = _with_fixes(report, settings, found, most_work)
    return report, wanted


def _edits_asked_for(options: argparse.Namespace, wanted: Sequence[tuple[str, str]]) -> bool:
    return options.suggest_fixes or any(name in WITH_EDITS for name, _ in wanted)


def _with_fixes(
    report: Report, settings: Configuration, found: Discovery, most_work: int | None
) -> Report:
    """The report with its edits, or without where somebody did not want to wait."""
    from capilint.edits.session import Session

    try:
        return Session(found.inputs, settings.settings_of, report, most_work).with_fixes()
    except KeyboardInterrupt as stop:
        return report._replace(interrupted=signal_of(stop))


def _status(report: Report, options: argparse.Namespace) -> int:
    if report.interrupted:
        return SIGNALLED + report.interrupted
    if report.unreadable:
        return TROUBLE
    return FINDINGS if report.failing and not options.exit_zero else 0


def _checked(
    options: argparse.Namespace,
    settings: Configuration,
    found: Discovery,
    wanted: Sequence[tuple[str, str]],
    progress: Progress,
    sharing: Sharing | None = None,
) -> Report:
    changes = None if options.diff_base is None else _changes(options.diff_base, found)
    try:
        report = check(
            found.inputs,
            settings.settings_of,
            found.unreadable,
            options.explain_silence,
            progress=progress,
            cache=cache_folder(options),
            jobs=jobs(options),
            executor=options.executor,
            routes=any(name in WITH_ROUTES for name, _ in wanted),
            sharing=sharing,
        )
    except Interrupted as stop:
        report = stop.report
    return report if changes is None else _changed(report, changes)


def _changes(revision: str, found: Discovery) -> Changes:
    """The lines that changed. Raises CommandError where they are not known."""
    from capilint.files.git_changes import GitError, changes_since

    if any(item.data is not None for item in found.inputs):
        raise CommandError("--diff-base compares files; git does not know the standard input")
    try:
        return changes_since(revision)
    except GitError as error:
        raise CommandError(f"--diff-base {revision}: {error}") from None


def _changed(report: Report, changes: Changes) -> Report:
    """The report with the findings apart that no change concerns."""
    from capilint.findings.changed import concerns, in_file

    told = frozenset(
        each for each in report.findings if concerns(in_file(each, report.sources), changes)
    )
    return report._replace(
        findings=tuple(each for each in report.findings if each in told),
        unchanged=tuple(each for each in report.findings if each not in told),
        failing=report.failing & told,
    )
