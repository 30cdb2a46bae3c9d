"""`capilint baseline`: write down the present findings, so that `check` reports only new ones.

check without a baseline ── findings ─┬─ all of them ──────────────────────── the file, anew
                                      └─ --update: entries that are gone ──── dropped
"""

from __future__ import annotations

import argparse
import os
from collections import Counter
from collections.abc import Callable

from capilint.checking import Report, check
from capilint.commands.inputs import (
    configuration,
    discovery,
    input_arguments,
    path_arguments,
    selection_arguments,
)
from capilint.commands.outputs import complain
from capilint.commands.statuses import TROUBLE
from capilint.config.loading import Configuration
from capilint.config.settings import Settings
from capilint.files.discover import Discovery
from capilint.finding import Finding
from capilint.findings.baseline import DEFAULT, Baseline, Compared, gone_in
from capilint.findings.baseline_file import BaselineError, Entry, read, write
from capilint.report.printable import plural

_EPILOG = """\
exit status: 0 written; 2 a wrong use or configuration, or an input that could not be read (what
the baseline has of it stays)
"""


def arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments."""
    parser.epilog = _EPILOG
    path_arguments(parser)
    input_arguments(parser.add_argument_group("what is read"))
    selection_arguments(
        parser.add_argument_group("what is written down"),
        "the severity that makes `check` fail: notes are written down where it is `note`",
    )
    group = parser.add_argument_group("where it is written down")
    group.add_argument(
        "--baseline",
        metavar="FILE",
        help=f"the file (the one that the configuration names, or {DEFAULT})",
    )
    group.add_argument(
        "--update", action="store_true", help="only drop what is gone; add nothing new"
    )


def run(options: argparse.Namespace) -> int:
    """Write the baselines of the files, mostly one, and say what changed."""
    settings = configuration(options)
    found = discovery(options, settings)
    report = check(found.inputs, _without_baseline(settings), found.unreadable)
    unread = {item.path for item in report.unreadable}
    # A file that is named itself is seen without its program: what is gone then may come back.
    looked_at = {item.path for item in found.inputs if not (options.update and item.named)} - unread
    is_gone = gone_in(settings.settings_of, looked_at)
    for path, findings in _by_baseline(settings, found, report).items():
        place, baseline = path or DEFAULT, Baseline(path or DEFAULT, report.sources)
        old = _old(place, options.update)
        compared = baseline.compare(findings, old, is_gone)
        kept = compared.kept
        if not options.update:
            elsewhere = baseline.compare((), old, is_gone).kept
            kept = elsewhere + Counter(map(baseline.entry_of, findings))
        write(place, kept)
        print(_summary(place, compared, kept.total(), options.update))
        if not path and not options.update:
            print("for `check` to use it, name it in capilint.toml, or in pyproject.toml under")
            print(f'[tool.capilint]: baseline = "{DEFAULT}"')
    complain(report, options.paths)
    return TROUBLE if report.unreadable else 0


def _without_baseline(settings: Configuration) -> Callable[[str], Settings]:
    return lambda path: settings.settings_of(path)._replace(baseline="")


def _by_baseline(
    settings: Configuration, found: Discovery, report: Report
) -> dict[str, list[Finding]]:
    """The findings that people are shown, by the baseline of their file."""
    groups: dict[str, list[Finding]] = {
        settings.settings_of(item.path).baseline: [] for item in found.inputs
    }
    for finding in report.shown(verbose=False):
        groups.setdefault(settings.settings_of(finding.path).baseline, []).append(finding)
    return groups


def _old(path: str, update: bool) -> Counter[Entry]:
    """The entries that there are; none where the file is to be written anew and has no sense."""
    if not update and not os.path.lexists(path):
        return Counter()
    try:
        return read(path)
    except BaselineError as error:
        if update:
            raise
        print(f"what was there is lost: {error.args[0].rpartition('; ')[0]}")
        return Counter()


def _summary(path: str, compared: Compared, left: int, update: bool) -> str:
    gone, new = sum(each.times for each in compared.gone), len(compared.new)
    if update:
        rest = f"; {plural(new, 'new finding')} not added" if new else ""
        return f"{path}: {plural(gone, 'finding')} dropped, {left} left{rest}"
    return f"{path}: {plural(left, 'finding')} ({new} new, {gone} dropped)"
