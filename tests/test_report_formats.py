"""The formats of servers and review tools: whole documents, and text that means to break them."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import jsonschema
import pytest

from capilint.checking import Report
from capilint.files.source import Unreadable
from capilint.finding import Change, Finding, Fix, Severity, Span
from capilint.report import FORMATS, Style, render
from tests.reports import finding, leak, report, source, span

MESSAGE = "key `hKey` from CryptGenKey is not destroyed when `encrypt` returns at line 9"
HELP = "call CryptDestroyKey(hKey) before line 9"
UNREADABLE = Unreadable("x.c", "binary data")
GIVEN = report(leak(), unreadable=(UNREADABLE,))
NASTY = finding(
    "CAP201",
    1,
    path='a;b]"<&>\x1b\n##vso[x]\udce9.c',
    message="]]> 100%\r\n##vso[task.x]<!-- %0A \x00\ud800é",
    help="<b>&amp;",
)


# ---------------------------------------------------------------- whole documents


def test_gitlab() -> None:
    leaked, unread = json.loads(render("gitlab", GIVEN, Style()))
    assert re.fullmatch(r"[0-9a-f]{32}", leaked.pop("fingerprint"))
    assert leaked == {
        "description": f"{MESSAGE}; {HELP}",
        "check_name": "CAP101",
        "severity": "major",
        "location": {"path": "src/session.c", "lines": {"begin": 6, "end": 6}},
    }
    assert re.fullmatch(r"[0-9a-f]{32}", unread.pop("fingerprint"))
    assert unread == {
        "description": "not analysed: binary data",
        "check_name": "could-not-read",
        "severity": "major",
        "location": {"path": "x.c", "lines": {"begin": 1, "end": 1}},
    }
    assert json.loads(render("gitlab", report(), Style())) == []


def test_gitlab_has_paths_from_the_working_directory(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    (issue,) = json.loads(render("gitlab", report(leak((tmp_path / "a.c").as_posix())), Style()))
    assert issue["location"]["path"] == "a.c"


def test_gitlab_gets_each_fingerprint_once_and_the_one_of_the_json_report() -> None:
    given = report(leak(), replace(leak(), span=span(7, 1)), leak(), suppressed=())
    prints = [issue["fingerprint"] for issue in json.loads(render("gitlab", given, Style()))]
    told = json.loads(render("json", given, Style()))["findings"]
    assert len(set(prints)) == 3 and set(prints) >= {each["fingerprint"] for each in told}


def test_checkstyle() -> None:
    assert (
        render("checkstyle", GIVEN, Style())
        == f"""\
<?xml version="1.0" encoding="UTF-8"?>
<checkstyle version="10.0">
  <file name="src/session.c">
    <error line="6" column="10" severity="error" message="{MESSAGE}; {HELP}" \
source="capilint.CAP101" />
  </file>
  <file name="x.c">
    <error line="1" severity="error" message="not analysed: binary data" source="capilint" />
  </file>
</checkstyle>
"""
    )


def test_junit() -> None:
    assert (
        render("junit", GIVEN, Style())
        == f"""\
<?xml version="1.0" encoding="UTF-8"?>
<testsuites name="capilint" tests="2" failures="2" errors="0">
  <testsuite name="src/session.c" tests="1" failures="1" errors="0">
    <testcase name="CAP101 handle-leaked at line 6, column 10" classname="src/session.c">
      <failure type="CAP101" message="{MESSAGE}">src/session.c:6:10: error
1. line 6: hKey is created here
2. line 8: CryptEncrypt fails
3. line 9: leaves with hKey alive
help: {HELP}</failure>
    </testcase>
  </testsuite>
  <testsuite name="x.c" tests="1" failures="1" errors="0">
    <testcase name="can be read" classname="x.c">
      <failure type="unreadable" message="not analysed: binary data" />
    </testcase>
  </testsuite>
</testsuites>
"""
    )


def test_junit_without_findings_is_a_test_that_passed() -> None:
    assert (
        render("junit", report(), Style())
        == """\
<?xml version="1.0" encoding="UTF-8"?>
<testsuites name="capilint" tests="1" failures="0" errors="0">
  <testsuite name="capilint" tests="1" failures="0" errors="0">
    <testcase name="no findings" classname="capilint" />
  </testsuite>
</testsuites>
"""
    )


def test_azure() -> None:
    steps = "%0A".join(
        [
            "1. line 6: hKey is created here",
            "2. line 8: CryptEncrypt fails",
            "3. line 9: leaves with hKey alive",
        ]
    )
    place = "sourcepath=src/session.c;linenumber=6;columnnumber=10;code=CAP101;"
    assert render("azure", GIVEN, Style()).splitlines() == [
        f"##vso[task.logissue type=error;{place}]{MESSAGE}%0A{steps}%0Ahelp: {HELP}",
        "##vso[task.logissue type=error;sourcepath=x.c;]not analysed: binary data",
    ]
    mild = report(finding("CAP402", 1, severity=Severity.WARNING))
    assert "type=warning;" in render("azure", mild, Style())


def test_jsonl_has_the_objects_of_the_json_report() -> None:
    leaked, unread = map(json.loads, render("jsonl", GIVEN, Style()).splitlines())
    (whole,) = json.loads(render("json", GIVEN, Style()))["findings"]
    assert leaked == {"kind": "finding", **whole}
    assert unread == {"kind": "unreadable", "path": "x.c", "reason": "binary data"}
    assert render("jsonl", report(), Style()) == ""


# ---------------------------------------------------------------- reviewdog

# What https://github.com/reviewdog/reviewdog/tree/master/proto/rdf/jsonschema asks for, and that
# nothing else is there.
POSITION = {"line": {"type": "integer", "minimum": 1}, "column": {"type": "integer", "minimum": 1}}


def closed(**properties: object) -> dict[str, object]:
    return {"type": "object", "properties": properties, "additionalProperties": False}


RANGE = closed(start=closed(**POSITION), end=closed(**POSITION))
LOCATION = closed(path={"type": "string"}, range=RANGE)
TEXT = {"type": "string"}
SEVERITY = {"enum": ["ERROR", "WARNING", "INFO"]}
RDJSON = closed(
    source=closed(name=TEXT, url=TEXT),
    severity=SEVERITY,
    diagnostics={
        "type": "array",
        "items": closed(
            message=TEXT,
            location=LOCATION,
            severity=SEVERITY,
            code=closed(value=TEXT, url=TEXT),
            suggestions={"type": "array", "items": closed(range=RANGE, text=TEXT)},
            related_locations={"type": "array", "items": closed(message=TEXT, location=LOCATION)},
        ),
    },
)


def diagnostics(given: Report) -> list[dict[str, Any]]:
    document = json.loads(render("rdjson", given, Style()))
    jsonschema.validate(document, RDJSON, jsonschema.Draft4Validator)
    assert document["source"] == {"name": "capilint"}
    found: list[dict[str, Any]] = document["diagnostics"]
    return found


def place(line: int, start: int, end: int) -> Mapping[str, object]:
    positions = ({"line": line, "column": column} for column in (start, end))
    return {"path": "src/session.c", "range": dict(zip(("start", "end"), positions, strict=True))}


def test_rdjson() -> None:
    leaked, unread = diagnostics(GIVEN)
    assert leaked == {
        "message": f"{MESSAGE}\n{HELP}",
        "location": place(6, 10, 64),
        "severity": "ERROR",
        "code": {"value": "CAP101", "url": "https://cwe.mitre.org/data/definitions/772.html"},
        "related_locations": [
            {"message": "hKey is created here", "location": place(6, 10, 64)},
            {"message": "CryptEncrypt fails", "location": place(8, 10, 57)},
            {"message": "leaves with hKey alive", "location": place(9, 9, 22)},
        ],
    }
    assert unread == {
        "message": "not analysed: binary data",
        "location": {"path": "x.c"},
        "severity": "ERROR",
    }


def test_columns_of_rdjson_are_bytes() -> None:
    text = 'é = "\U00010400"; f();\n'
    given = report(finding("CAP201", 1, span=Span(1, 10, 1, 13)), sources={"a.c": source(text)})
    (found,) = diagnostics(given)
    assert found["location"]["range"]["start"]["column"] == 14
    (beyond,) = diagnostics(report(finding("CAP201", 9, span=Span(9, 3, 9, 5))))
    assert beyond["location"]["range"]["start"] == {"line": 9, "column": 3}


def test_edits_of_one_file_are_suggestions() -> None:
    change = Change("src/session.c", 9, 10, "    goto done;\n")
    (found,) = diagnostics(report(replace(leak(), fix=Fix("title", (change,)))))
    start, end = {"line": 9, "column": 1}, {"line": 10, "column": 1}
    assert found["suggestions"] == [{"range": {"start": start, "end": end}, "text": change.text}]
    two = Fix("title", (change, replace(change, path="other.c")))
    (found,) = diagnostics(report(replace(leak(), fix=two)))
    assert "suggestions" not in found


# ---------------------------------------------------------------- all of them


@pytest.mark.parametrize("name", ["gitlab", "checkstyle", "junit", "azure", "rdjson"])
def test_notes_are_left_out_unless_they_are_asked_for_or_fail(name: str) -> None:
    note = finding("CAP902", 2, severity=Severity.NOTE, message="a mild one")
    assert "a mild one" not in render(name, report(note), Style())
    assert "a mild one" in render(name, report(note), Style(verbose=True))
    assert "a mild one" in render(name, report(note, failing=frozenset([note])), Style())


@pytest.mark.parametrize("name", sorted({*FORMATS} - {"sarif", "html"}))
def test_what_is_known_or_unchanged_is_no_finding(name: str) -> None:
    given = report(known=(leak(),), unchanged=(finding("CAP201", 3, message="an old one"),))
    assert MESSAGE not in render(name, given, Style())
    assert "an old one" not in render(name, given, Style(verbose=True))


@pytest.mark.parametrize("name", ["checkstyle", "junit"])
def test_xml_stays_xml(name: str) -> None:
    text = render(name, report(NASTY, unreadable=(Unreadable("<\x07>", "&\ud800"),)), Style())
    assert text.isascii()
    root = ElementTree.fromstring(text)
    names = [each.get("name" if name == "checkstyle" else "classname") for each in root.iter()]
    assert 'a;b]"<&>\\x1b\\n##vso[x]\\udce9.c' in names
    messages = [str(each.get("message")) for each in root.iter() if each.get("message")]
    assert messages[0].startswith("]]> 100%\\r\\n##vso[task.x]<!-- %0A \\x00\\ud800é")
    assert messages[1] == "not analysed: &\\ud800"


@pytest.mark.parametrize("name", ["gitlab", "jsonl", "rdjson"])
def test_json_stays_json(name: str) -> None:
    text = render(name, report(NASTY, unreadable=(Unreadable("\udcff", "\x00"),)), Style())
    assert text.isascii()
    parts = text.splitlines() if name == "jsonl" else [text]
    assert len(list(map(json.loads, parts))) == (2 if name == "jsonl" else 1)


def test_text_cannot_begin_a_command_of_azure() -> None:
    (line,) = render("azure", report(NASTY), Style()).splitlines()
    begin = r'##vso[task.logissue type=error;sourcepath=a%3Bb%5D"<&>\x1b\n##vso[x%5D\udce9.c;'
    assert line.startswith(begin)
    command, _, data = line.partition(";]")
    assert "]" not in command and data.startswith(r"]]> 100%AZP25\r%0A##vso[task.x]<!-- %AZP250A")


def test_findings_of_one_file_stand_together() -> None:
    both: list[Finding] = [leak(), replace(leak(), span=span(7, 1)), finding("CAP201", 1)]
    root = ElementTree.fromstring(render("checkstyle", report(*both), Style()))
    assert [(each.get("name"), len(each)) for each in root] == [("src/session.c", 2), ("a.c", 1)]
    root = ElementTree.fromstring(render("junit", report(*both), Style()))
    assert [(each.get("tests"), len(each)) for each in root] == [("2", 2), ("1", 1)]
