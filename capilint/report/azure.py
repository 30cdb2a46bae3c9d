"""Azure Pipelines: findings as logging commands, which its summary page shows.

The format: https://learn.microsoft.com/azure/devops/pipelines/scripts/logging-commands
"""

from __future__ import annotations

from capilint.checking import Report
from capilint.finding import Finding, Severity
from capilint.report import Style
from capilint.report.printable import printable, step_lines


def render(report: Report, style: Style) -> str:
    """One command for each finding that people are shown, and for each file not analysed.

    Azure knows errors and warnings only; what is shown of notes are warnings.
    """
    lines = [_issue(finding) for finding in report.shown(style.verbose)]
    lines += [
        _command({"type": "error", "sourcepath": item.path}, f"not analysed: {item.reason}")
        for item in report.unreadable
    ]
    return "".join(f"{line}\n" for line in lines)


def _issue(finding: Finding) -> str:
    properties = {
        "type": "error" if finding.severity is Severity.ERROR else "warning",
        "sourcepath": finding.path,
        "linenumber": str(finding.span.line),
        "columnnumber": str(finding.span.column),
        "code": finding.code,
    }
    help_line = [f"help: {finding.help}"] if finding.help else []
    return _command(properties, "\n".join([finding.message, *step_lines(finding), *help_line]))


def _command(properties: dict[str, str], message: str) -> str:
    listed = "".join(f"{key}={_property(value)};" for key, value in properties.items())
    lines = [printable(line) for line in message.split("\n")]
    return f"##vso[task.logissue {listed}]{_data(chr(10).join(lines))}"


def _data(text: str) -> str:
    """A text whose `%` the agent does not take for one of ours, and whose lines end no command."""
    return text.replace("%", "%AZP25").replace("\r", "%0D").replace("\n", "%0A")


def _property(text: str) -> str:
    return _data(printable(text)).replace("]", "%5D").replace(";", "%3B")
