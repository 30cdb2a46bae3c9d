"""Reports: from a Report value to text, one module per format.

Each module has `render(report, style) -> str` and does no IO. To add a format, add its module
and its name here.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, NamedTuple

from capilint.files.source import is_notebook

if TYPE_CHECKING:
    from capilint.checking import Report

_MODULES = {
    "text": "capilint.report.text",
    "json": "capilint.report.json_report",
    "github": "capilint.report.github",
    "sarif": "capilint.report.sarif",
    "jsonl": "capilint.report.jsonl",
    "gitlab": "capilint.report.gitlab",
    "azure": "capilint.report.azure",
    "junit": "capilint.report.junit",
    "checkstyle": "capilint.report.checkstyle",
    "rdjson": "capilint.report.rdjson",
    "html": "capilint.report.html",
}
FORMATS = tuple(_MODULES)
# Read by programs that show files as they are, notebooks among them.
_OF_FILES = ("github", "sarif", "gitlab", "azure", "junit", "checkstyle", "rdjson")
_OF_MODULES = ("html",)  # shows all of a notebook's code, and counts lines through it


class Style(NamedTuple):
    """How people want it: `colour` for terminals, `verbose` with notes and counts, `quiet` with
    findings only."""

    colour: bool = False
    verbose: bool = False
    quiet: bool = False


def render(name: str, report: Report, style: Style) -> str:
    """The report in one of FORMATS, with a final line end unless it is empty."""
    from importlib import import_module

    if name not in _OF_MODULES and any(map(is_notebook, report.sources)):
        from capilint.report.notebooks import told

        report = told(report, name in _OF_FILES)
    function: Callable[[Report, Style], str] = import_module(_MODULES[name]).render
    return function(report, style)
