"""GitHub Actions: findings as workflow commands, and a step summary in Markdown.

The format: https://docs.github.com/actions/reference/workflows-and-actions/workflow-commands
"""

from __future__ import annotations

from capilint.checking import Report
from capilint.files.source import is_notebook
from capilint.finding import Finding, Severity
from capilint.report import Style
from capilint.report.notebooks import told
from capilint.report.old_findings import gone, not_shown
from capilint.report.places import section
from capilint.report.printable import plural, printable, step_lines

_COMMANDS = {Severity.ERROR: "error", Severity.WARNING: "warning", Severity.NOTE: "notice"}
_MARKDOWN = {ord(character): f"&#{ord(character)};" for character in "\\`*_{}[]<>|#~&@"}
_MOST_ROWS = 500  # GitHub refuses a summary of more than 1 MiB


def render(report: Report, style: Style) -> str:
    """One workflow command per finding and per file that could not be analysed.

    Notes only where `verbose` is set or they make the run fail: GitHub shows ten of a kind, which
    are to be the ones that matter.
    """
    lines = [_annotation(finding) for finding in report.shown(style.verbose)]
    lines += [
        _command("error", {"file": item.path, "title": "capilint"}, f"not analysed: {item.reason}")
        for item in report.unreadable
    ]
    return "".join(f"{line}\n" for line in lines)


def summary(report: Report) -> str:
    """The step summary: a table of the findings, in Markdown."""
    found = plural(len(report.findings), "finding") if report.findings else "no findings"
    files = plural(report.seen - report.unread, "file")
    if any(map(is_notebook, report.sources)):
        report = told(report, in_files=False)
    lines = [f"### capilint: {found} in {files}", ""]
    if report.findings:
        lines += ["| where | code | severity | what |", "| --- | --- | --- | --- |"]
        lines += [_row(finding, report) for finding in report.findings[:_MOST_ROWS]]
        if len(report.findings) > _MOST_ROWS:
            lines += ["", f"{len(report.findings) - _MOST_ROWS} more are in the log."]
        lines.append("")
    lines += [
        f"- not analysed: {_cell(f'{item.path}: {item.reason}')}" for item in report.unreadable
    ]
    lines += [f"- {_cell(each)}" for each in (*not_shown(report), *gone(report))]
    return "\n".join(lines) + "\n"


def _annotation(finding: Finding) -> str:
    span = finding.span
    properties = {"file": finding.path, "line": str(span.line), "endLine": str(span.end_line)}
    if span.end_line == span.line:  # GitHub takes columns within one line only
        properties |= {"col": str(span.column), "endColumn": str(span.end_column)}
    properties["title"] = f"{finding.code} {finding.name}"
    help_line = [f"help: {finding.help}"] if finding.help else []
    message = "\n".join([finding.message, *step_lines(finding), *help_line])
    return _command(_COMMANDS[finding.severity], properties, message)


def _command(name: str, properties: dict[str, str], message: str) -> str:
    listed = ",".join(f"{key}={_property(value)}" for key, value in properties.items())
    lines = [printable(line) for line in message.split("\n")]
    return f"::{name} {listed}::{_data(chr(10).join(lines))}"


def _data(text: str) -> str:
    return text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def _property(text: str) -> str:
    return _data(text).replace(":", "%3A").replace(",", "%2C")


def _row(finding: Finding, report: Report) -> str:
    file, line = section(finding.path, finding.span.line, report.sources)
    where = f"{file}:{line}"
    cells = [where, finding.code, finding.severity.value, finding.message]
    return f"| {' | '.join(map(_cell, cells))} |"


def _cell(text: str) -> str:
    """Text that Markdown shows as it is, in a table or elsewhere."""
    return printable(text).translate(_MARKDOWN)
