"""Checkstyle's XML, which most servers and review tools read.

    <checkstyle><file name="a.c"><error line column severity message source="capilint.CAP101"/>

The format is that of its `XMLLogger`: https://checkstyle.org/apidocs/com/puppycrawl/tools/checkstyle/XMLLogger.html
"""

from __future__ import annotations

from itertools import groupby
from operator import attrgetter
from xml.etree.ElementTree import Element

from capilint.checking import Report
from capilint.finding import Finding, Severity
from capilint.report import Style
from capilint.report.xml_text import document, element

_SEVERITIES = {Severity.ERROR: "error", Severity.WARNING: "warning", Severity.NOTE: "info"}


def render(report: Report, style: Style) -> str:
    """What people are shown, by file, then the files that could not be analysed."""
    root = Element("checkstyle", version="10.0")
    for path, findings in groupby(report.shown(style.verbose), key=attrgetter("path")):
        file = element(root, "file", name=path)
        for finding in findings:
            _add(file, finding)
    for item in report.unreadable:
        file = element(root, "file", name=item.path)
        message = f"not analysed: {item.reason}"
        element(file, "error", line="1", severity="error", message=message, source="capilint")
    return document(root)


def _add(file: Element, finding: Finding) -> None:
    element(
        file,
        "error",
        line=str(finding.span.line),
        column=str(finding.span.column),
        severity=_SEVERITIES[finding.severity],
        message=finding.message + (f"; {finding.help}" if finding.help else ""),
        source=f"capilint.{finding.code}",
    )
