"""JUnit's XML: each finding a test that failed, for servers that show tests and nothing else.

    testsuites ── testsuite (a file) ── testcase (CAP101 ...) ── failure (its steps)

By the schema of Jenkins, which knows no files and lines of test cases:
https://github.com/jenkinsci/xunit-plugin/blob/master/src/main/resources/org/jenkinsci/plugins/xunit/types/model/xsd/junit-10.xsd
"""

from __future__ import annotations

from itertools import groupby
from operator import attrgetter
from xml.etree.ElementTree import Element

from capilint.checking import Report
from capilint.finding import Finding
from capilint.report import Style
from capilint.report.printable import step_lines
from capilint.report.xml_text import document, element


def render(report: Report, style: Style) -> str:
    """What people are shown, and the files that could not be analysed, as tests that failed.

    A run without any is one test that passed: an empty report is taken for a lost one.
    """
    shown = report.shown(style.verbose)
    total = len(shown) + len(report.unreadable)
    root = Element("testsuites", _counts("capilint", total))
    for path, found in groupby(shown, key=attrgetter("path")):
        findings = list(found)
        suite = element(root, "testsuite", **_counts(path, len(findings)))
        for finding in findings:
            _add(suite, finding)
    for item in report.unreadable:
        suite = element(root, "testsuite", **_counts(item.path, 1))
        case = element(suite, "testcase", name="can be read", classname=item.path)
        element(case, "failure", type="unreadable", message=f"not analysed: {item.reason}")
    if not total:
        suite = element(root, "testsuite", **_counts("capilint", 0))
        element(suite, "testcase", name="no findings", classname="capilint")
    return document(root)


def _counts(name: str, failures: int) -> dict[str, str]:
    """The attributes of a suite all of whose tests failed, or its only one passed."""
    tests = str(max(failures, 1))
    return {"name": name, "tests": tests, "failures": str(failures), "errors": "0"}


def _add(suite: Element, finding: Finding) -> None:
    place = f"line {finding.span.line}, column {finding.span.column}"
    name = f"{finding.code} {finding.name} at {place}"
    where = f"{finding.path}:{finding.span.line}:{finding.span.column}: {finding.severity.value}"
    help_line = [f"help: {finding.help}"] if finding.help else []
    case = element(suite, "testcase", name=name, classname=finding.path)
    text = "\n".join([where, *step_lines(finding), *help_line])
    element(case, "failure", text=text, type=finding.code, message=finding.message)
