"""The flake8 plugin: what `capilint check` says of one Python file, as flake8 wants it.

flake8 ── lines of a file ── check ── findings ── (line, column from 0, text, type)
   └─ options ── Configuration ──┘

flake8 shows a plugin one file at a time, so a helper in another file is an unknown function.
It has no notes and no severities: notes are left out, all else is reported.
"""

from __future__ import annotations

import argparse
import ast
import re
from collections.abc import Iterator, Sequence

from flake8.exceptions import ExecutionError
from flake8.options.manager import OptionManager

from capilint import __version__
from capilint.checking import Report, check
from capilint.config.loading import Configuration
from capilint.config.settings import Settings
from capilint.files.source import Input
from capilint.finding import Finding, Severity, Step
from capilint.language import Language
from capilint.mistake import Mistake
from capilint.report.printable import other_places, printable

_STDIN = "-"
_DECIDING = ("branch", "call", "fail", "raise")  # kinds of steps


class Plugin:
    """One file. flake8 fills the parameters by their names; for `tree` it calls us at all."""

    name = "capilint"
    version = __version__
    _configuration = Configuration()
    _chosen: tuple[str, ...] = ()  # codes that flake8's options name, be they off by default
    _stdin_name = _STDIN
    _noqa = True

    def __init__(self, tree: ast.AST, lines: Sequence[str], filename: str) -> None:
        self._path = self._stdin_name if filename == _STDIN else filename
        # The mark outweighs a coding line, which no longer holds for the decoded text.
        self._data = "".join(lines).encode("utf-8-sig", errors="replace")

    @classmethod
    def add_options(cls, manager: OptionManager) -> None:
        """Declare the options; each may also stand in flake8's configuration file."""
        add = manager.add_option
        add("--capilint-resources", metavar="KINDS", default="", parse_from_config=True,
            comma_separated_list=True, help="kinds of handles: key,hash,context")  # fmt: skip
        add("--capilint-config", metavar="FILE", parse_from_config=True, normalize_paths=True,
            help="take capilint's configuration from this file only")  # fmt: skip

    @classmethod
    def parse_options(cls, options: argparse.Namespace) -> None:
        """Remember what was asked for. Raises ExecutionError where it is wrong."""
        kinds = tuple(options.capilint_resources)
        named = [*(options.select or ()), *(options.extend_select or ())]
        cls._chosen = tuple(code for code in named if code.startswith("CAP") and code != "CAP")
        cls._stdin_name = options.stdin_display_name
        cls._noqa = not options.disable_noqa
        try:
            overrides = {"resources": kinds} if kinds else {}
            cls._configuration = Configuration(overrides, options.capilint_config)
        except Mistake as error:
            raise ExecutionError(f"capilint: {error}") from error

    def run(self) -> Iterator[tuple[int, int, str, type[Plugin]]]:
        """The findings. Raises ExecutionError where the configuration is wrong."""
        try:
            if self._configuration.excluded(self._path):
                return
            source = Input(self._path, Language.PYTHON, self._data, named=True)
            report = check([source], self._settings_of)
        except Mistake as error:
            raise ExecutionError(f"capilint: {error}") from error
        for finding in self._shown(report):
            yield finding.span.line, finding.span.column - 1, _text(finding), Plugin
        for item in report.unreadable:
            yield 1, 0, printable(f"CAP901 not analysed: {item.reason}"), Plugin

    def _settings_of(self, path: str) -> Settings:
        settings = self._configuration.settings_of(path)
        if not self._chosen:
            return settings
        return settings._replace(extend_select=(*settings.extend_select, *self._chosen))

    def _shown(self, report: Report) -> Iterator[Finding]:
        """What was found; with --disable-noqa also what a `noqa` suppresses."""
        noqa = [item.finding for item in report.suppressed if not (self._noqa or item.own)]
        shown = sorted([*report.findings, *noqa], key=lambda finding: finding.span)
        return (finding for finding in shown if finding.severity != Severity.NOTE)


def _text(finding: Finding) -> str:
    """Code and message on one line, with what decides the path and the other end of the story."""
    text = f"{finding.code} {finding.message}"
    said = [_said(step, finding) for step in finding.steps[:-1] if step.kind in _DECIDING]
    for last in finding.steps[-1:]:
        told = last.span.line == finding.span.line
        told = told or re.search(rf"\bline {last.span.line}\b", text) is not None
        if last.path != finding.path or not told:
            said.append(_said(last, finding))
    said += [other_places(finding)] if finding.also else []
    return printable(f"{text} ({'; '.join(said)})" if said else text)


def _said(step: Step, finding: Finding) -> str:
    path = "" if step.path == finding.path else f"{step.path}, "
    return f"{path}line {step.span.line}: {step.message}"
