"""Workflow commands and step summary for GitHub Actions, with everything escaped."""

from __future__ import annotations

from dataclasses import replace

from capilint.checking import Report
from capilint.files.source import Unreadable
from capilint.finding import Severity, Span
from capilint.findings.baseline import Gone
from capilint.findings.baseline_file import Entry
from capilint.report import Style, render
from capilint.report.github import summary
from tests.reports import finding, leak, report


def commands(given: Report, verbose: bool = False) -> list[str]:
    return render("github", given, Style(verbose=verbose)).splitlines()


def test_a_finding_is_one_command_with_its_steps() -> None:
    (line,) = commands(report(leak()))
    assert line == (
        "::error file=src/session.c,line=6,endLine=6,col=10,endColumn=64,"
        "title=CAP101 handle-leaked::key `hKey` from CryptGenKey is not destroyed when "
        "`encrypt` returns at line 9%0A1. line 6: hKey is created here"
        "%0A2. line 8: CryptEncrypt fails%0A3. line 9: leaves with hKey alive"
        "%0Ahelp: call CryptDestroyKey(hKey) before line 9"
    )


def test_severities_have_their_commands() -> None:
    given = report(
        finding("CAP402", 1, severity=Severity.WARNING),
        finding("CAP902", 2, severity=Severity.NOTE),
    )
    assert [line.split(" ")[0] for line in commands(given)] == ["::warning"]
    assert [line.split(" ")[0] for line in commands(given, verbose=True)] == [
        "::warning",
        "::notice",
    ]


def test_text_cannot_start_a_command_or_end_a_property() -> None:
    nasty = finding("CAP201", 1, path="a,b:c%/x\n::set-env.c", message="100%\r\n::error::pwned")
    (line,) = commands(report(nasty))
    assert line.startswith("::error file=a%2Cb%3Ac%25/x%0A%3A%3Aset-env.c,line=1,")
    assert line.endswith("::100%25\\r%0A::error::pwned")


def test_a_span_of_several_lines_has_no_columns() -> None:
    (line,) = commands(report(replace(leak(), span=Span(6, 10, 8, 3), steps=())))
    assert "line=6,endLine=8,title=" in line


def test_what_could_not_be_analysed_is_an_error_too() -> None:
    assert commands(report(unreadable=(Unreadable("x.c", "binary data"),))) == [
        "::error file=x.c,title=capilint::not analysed: binary data"
    ]


def test_nothing_found_is_nothing_said() -> None:
    assert render("github", report(), Style()) == ""


def test_the_summary_is_a_table() -> None:
    lines = summary(report(leak())).splitlines()
    assert lines[0] == "### capilint: 1 finding in 2 files"
    assert lines[4].startswith("| src/session.c:6 | CAP101 | error | key ")


def test_the_summary_shows_text_as_it_is() -> None:
    nasty = finding("CAP201", 1, path="a|b.c", message="<script>`x` *y* [z](http://e) &lt; @me\n")
    row = summary(report(nasty, unreadable=(Unreadable("<b>.c", "|"),)))
    for raw in ("a|b", "<script>", "`", "*y*", "[z]", "&lt;", "@me", "<b>"):
        assert raw not in row
    assert "a&#124;b.c:1" in row and "&#92;n" in row


def test_the_summary_tells_of_old_findings() -> None:
    entry = Entry("a.c", "CAP101", "f", "key", "h", "g();")
    given = report(
        known=(leak(),),
        unchanged=(finding("CAP201", 1),),
        gone=(Gone(entry, 2, "a.c", "old.json"),),
        baselines=("old.json",),
    )
    known, unchanged, stale = summary(given).splitlines()[2:]
    assert known == "- 1 known finding not shown (old.json)."
    assert unchanged == "- 1 finding on unchanged lines not shown."
    assert stale.startswith("- 2 findings are gone that old.json still has; &#96;capilint baseline")


def test_a_summary_has_a_bound() -> None:
    many = [finding("CAP201", line) for line in range(1, 2_001)]
    text = summary(report(*many))
    assert text.count("\n") < 520 and "1500 more" in text
