"""The JSON report, held to the schema that ships with the package."""

from __future__ import annotations

import json
from dataclasses import replace
from importlib.resources import files
from typing import Any
from unittest.mock import ANY

import jsonschema
import pytest

from capilint import __version__
from capilint.checking import Report
from capilint.files.source import Unreadable
from capilint.finding import Change, Fix, Severity, Step
from capilint.findings.triage import Suppressed
from capilint.report import Style, render
from capilint.silence import Account, Creation, Kind, Reason, Silence
from tests.reports import finding, leak, report, span

SCHEMA = json.loads(files("capilint.report").joinpath("schema.json").read_text(encoding="utf-8"))


def document(given: Report) -> Any:
    loaded = json.loads(render("json", given, Style()))
    jsonschema.validate(loaded, SCHEMA, jsonschema.Draft202012Validator)
    return loaded


def test_the_schema_is_one() -> None:
    jsonschema.Draft202012Validator.check_schema(SCHEMA)


def test_everything_of_a_finding_is_there() -> None:
    elsewhere = Step("leave", "src/session.c", span(7, 9, 13), "also leaves with hKey alive")
    assert document(report(replace(leak(), also=(elsewhere,))))["findings"] == [
        {
            "code": "CAP101",
            "name": "handle-leaked",
            "cwe": 772,
            "severity": "error",
            "path": "src/session.c",
            "line": 6,
            "column": 10,
            "end_line": 6,
            "end_column": 64,
            "function": "encrypt",
            "resource": "key",
            "handle": "hKey",
            "message": leak().message,
            "help": leak().help,
            "fix": None,
            "confirmed": True,
            "fingerprint": ANY,
            "steps": [
                {
                    "kind": kind,
                    "path": "src/session.c",
                    "line": line,
                    "column": column,
                    "message": message,
                }
                for kind, line, column, message in (
                    ("create", 6, 10, "hKey is created here"),
                    ("fail", 8, 10, "CryptEncrypt fails"),
                    ("leave", 9, 9, "leaves with hKey alive"),
                )
            ],
            "also": [
                {
                    "kind": "leave",
                    "path": "src/session.c",
                    "line": 7,
                    "column": 9,
                    "message": "also leaves with hKey alive",
                }
            ],
        }
    ]


def test_a_suppressed_finding_and_its_comment_are_there() -> None:
    given = report(suppressed=(Suppressed(leak(), "src/session.c", 6, "why"),))
    (item,) = document(given)["suppressed"]
    (open_,) = document(report(leak()))["findings"]
    assert item.pop("suppression") == {"path": "src/session.c", "line": 6, "reason": "why"}
    assert item == open_


def test_a_fingerprint_stays_where_lines_move_and_tells_equals_apart() -> None:
    def prints(given: Report) -> list[str]:
        return [item["fingerprint"] for item in document(given)["findings"]]

    first, second = finding("CAP101", 3), finding("CAP101", 9)
    moved = finding("CAP101", 4)
    assert prints(report(first, second))[0] == prints(report(moved))[0]
    assert len(set(prints(report(first, second)))) == 2
    assert prints(report(first)) != prints(report(finding("CAP103", 3)))


def test_the_tool_is_named() -> None:
    assert document(report())["tool"] == {"name": "capilint", "version": __version__}


def test_the_files_are_counted_and_the_unreadable_named() -> None:
    given = report(seen=10, analysed=2, unreadable=(Unreadable("x.c", "binary", "secret"),))
    assert document(given)["files"] == {
        "seen": 10,
        "analysed": 2,
        "unreadable": [{"path": "x.c", "reason": "binary"}],
    }


def test_what_is_not_reported_is_there_on_request() -> None:
    assert "silences" not in document(report())
    made = Creation("a.c", span(31, 10, 5), "f", "key", "h", "CryptGenKey")
    given = Reason(Kind.UNKNOWN_FUNCTION, "queue_push", path="a.c", line=35)
    unclear = Silence(Creation("b.c", span(2, 1), "g"), Reason(Kind.NOT_UNDERSTOOD, detail=": no"))
    account = Account(2, 5, (Silence(made, given), unclear), (("in C++", 3),))
    shown = document(report(account=account))
    assert shown["silences"] == [
        {
            "path": "a.c",
            "line": 31,
            "column": 10,
            "function": "f",
            "resource": "key",
            "handle": "h",
            "kind": "unknown-function",
            "reason": "given to `queue_push`, which no file of the run defines",
            "at": {"path": "a.c", "line": 35},
        },
        {
            "path": "b.c",
            "line": 2,
            "column": 1,
            "function": "g",
            "resource": "",
            "handle": "",
            "kind": "not-understood",
            "reason": "not understood (CAP901): no",
            "at": None,
        },
    ]
    assert shown["creations"] == {"reported": 2, "followed": 5, "silent": 1}
    assert shown["passed_over"] == [{"reason": "in C++", "files": 3}]


def test_notes_and_findings_about_no_handle_are_there() -> None:
    note = finding("CAP902", 1, severity=Severity.NOTE, resource="", handle="")
    assert [item["severity"] for item in document(report(note))["findings"]] == ["note"]


def test_names_that_are_no_unicode_survive() -> None:
    odd = "dir/\udcff\u00e9\U0001f511.c"
    text = render("json", report(leak(odd)), Style())
    assert text.isascii()
    assert json.loads(text)["findings"][0]["path"] == odd


@pytest.mark.parametrize(
    ("key", "value"),
    [("line", 0), ("severity", "off"), ("code", "CAP1"), ("confirmed", "yes"), ("path", "")],
)
def test_the_schema_refuses_what_is_wrong(key: str, value: object) -> None:
    loaded = document(report(leak()))
    loaded["findings"][0][key] = value
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate(loaded, SCHEMA, jsonschema.Draft202012Validator)


def test_a_fix_is_lines_that_come_in_the_place_of_others() -> None:
    change = Change("src/session.c", 9, 9, "    CryptDestroyKey(hKey);\n")
    fixed = replace(leak(), fix=Fix("call CryptDestroyKey(hKey) before line 9", (change,)))
    assert document(report(fixed))["findings"][0]["fix"] == {
        "title": "call CryptDestroyKey(hKey) before line 9",
        "changes": [
            {
                "path": "src/session.c",
                "line": 9,
                "end_line": 9,
                "text": "    CryptDestroyKey(hKey);\n",
            }
        ],
    }
