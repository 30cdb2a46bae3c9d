"""`capilint check --shard`: analyse one shard, and write its part for `capilint merge`."""

from __future__ import annotations

import argparse
import json
from collections.abc import Mapping, Sequence
from typing import Any

from capilint.checking import Interrupted, check
from capilint.commands import CommandError
from capilint.commands.caching import cache_folder
from capilint.commands.inputs import configuration, discovery
from capilint.commands.outputs import STDOUT, refuse_inputs, write
from capilint.commands.processes import jobs
from capilint.commands.progress_bar import progress_shown
from capilint.commands.statuses import SIGNALLED
from capilint.commands.streams import say
from capilint.language import Language
from capilint.report.printable import printable
from capilint.sharding.parts import Dealing

# What a run does besides finding is done by whoever merges; these would do it here, or in vain.
_NOT_WITH_IT = ("watch", "fix", "diff", "explain_silence", "show_settings")
_OF_INPUTS = (
    *("paths", "stdin_filename", "lang", "include", "define", "compile_commands", "config"),
    *("isolated", "select", "extend_select", "ignore", "resources", "fail_on", "baseline"),
    *("diff_base", "suggest_fixes"),
)
_LISTS = ("paths", "include", "define")  # what argparse collects; others of several are tuples


def deal(options: argparse.Namespace) -> int:
    """Analyse a shard and write its part; findings are for whoever merges to judge, so that the
    exit status is 0 where the part was written."""
    target = _target(options)
    settings = configuration(options)
    dealing = Dealing(options.shard, given_by(options))
    with progress_shown(options.quiet) as progress:
        with progress.phase("discovery"):
            found = discovery(options, settings)
        refuse_inputs([("json", target)], found.inputs)
        try:
            report = check(
                found.inputs,
                settings.settings_of,
                found.unreadable,
                progress=progress,
                cache=cache_folder(options),
                routes=True,  # the formats are not known yet
                jobs=jobs(options),
                executor=options.executor,
                sharing=dealing,
            )
        except Interrupted as stop:
            say("capilint: interrupted; no part was written")
            return SIGNALLED + stop.report.interrupted
    write(dealing.text(), target)
    if not options.quiet:
        for trouble in report.troubles:
            say(f"capilint: warning: {printable(trouble)}")
        shown = f"{dealing.own} of {dealing.all} files that name the API were analysed"
        say(f"capilint: shard {options.shard}: {shown}")
    return 0


def given_by(options: argparse.Namespace) -> dict[str, Any]:
    """What a command line says of the files and of what is selected."""
    said = {name: getattr(options, name) for name in _OF_INPUTS}
    given: dict[str, Any] = json.loads(json.dumps(said))  # as it is when it is read again
    return given


def options_given(given: Mapping[str, Any], options: argparse.Namespace) -> None:
    """Let the options of `check` say that. Raises CommandError where they cannot."""
    if given.keys() != set(_OF_INPUTS):
        raise CommandError("the parts are damaged: they do not say what was checked")
    for name, value in given.items():
        several = isinstance(value, list) and name not in _LISTS
        setattr(options, name, tuple(value) if several else value)
    options.lang = None if options.lang is None else Language(options.lang)


def _target(options: argparse.Namespace) -> str:
    """Where the part is written. Raises CommandError where something else was asked for."""
    for name in _NOT_WITH_IT:
        if getattr(options, name):
            raise CommandError(f"--shard does not go with --{name.replace('_', '-')}")
    if STDOUT in options.paths:
        raise CommandError("--shard goes with files and folders")
    targets: Sequence[str] = options.output or [STDOUT]
    if options.format != "text" or len(targets) > 1:
        raise CommandError(
            "--shard writes one part, to -o FILE; give --format and -o for reports to "
            "`capilint merge`"
        )
    return targets[0]
