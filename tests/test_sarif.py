"""SARIF: Microsoft's validator accepts it, and code scanning finds in it what it needs."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from capilint import __version__
from capilint.checking import Report, check
from capilint.config.loading import Configuration
from capilint.files.discover import discover
from capilint.files.source import Unreadable
from capilint.finding import Finding, Severity, Step
from capilint.findings.baseline import Gone
from capilint.findings.baseline_file import Entry
from capilint.findings.triage import Suppressed
from capilint.report import Style, render
from capilint.rulebook.codes import load as load_codes
from tests.reports import SESSION, finding, leak, report, source, span
from tests.sarif_validator import NOTES, validated

LEAK = """\
#include <wincrypt.h>
BOOL make(HCRYPTPROV hProv)
{
    HCRYPTKEY hKey;
    return CryptGenKey(hProv, CALG_RC4, 0, &hKey);
}
"""


def sarif(given: Report) -> dict[str, Any]:
    """The one run of a rendered report."""
    document = json.loads(render("sarif", given, Style()))
    assert document["version"] == "2.1.0"
    (only,) = document["runs"]
    assert isinstance(only, dict)
    return only


def fingerprint(given: Report, index: int = 0) -> str:
    return str(sarif(given)["results"][index]["partialFingerprints"]["capilintHandle/v1"])


def in_session(text: str, line: int) -> Report:
    """The leak, found at a line of a changed SESSION."""
    moved = replace(leak(), span=replace(leak().span, line=line, end_line=line))
    return report(moved, sources={"src/session.c": source(text, "src/session.c")})


# ---------------------------------------------------------------- Microsoft's validator


@pytest.mark.xdist_group("npm")
def test_microsofts_validator_finds_nothing_that_has_no_reason(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    project = tmp_path / "project"
    project.mkdir()
    (project / "nämes with #1 space%.c").write_text(LEAK, encoding="utf-8")
    silenced = LEAK.replace("&hKey);", "&hKey); // NOLINT(CAP101) it ends with the process")
    (project / "silenced.c").write_text(silenced, encoding="utf-8")
    (project / "binary.c").write_bytes(b"CryptGenKey\0")
    (project / "session.c").write_text(SESSION, encoding="utf-8")
    (tmp_path / "beside.c").write_text(LEAK, encoding="utf-8")
    monkeypatch.chdir(project)
    found = discover([".", "../beside.c", "missing.c"])
    given = check(found.inputs, Configuration(isolated=True).settings_of, found.unreadable)
    assert (len(given.findings), len(given.suppressed), len(given.unreadable)) == (3, 1, 2)
    given = given._replace(notes=("1 C++ file not analysed",))

    problems = validated(tmp_path, render("sarif", given, Style()))
    assert [each for each in problems if each.partition(":")[0] not in NOTES] == []
    old = given._replace(
        findings=given.findings[:1],
        known=given.findings[1:],
        gone=(Gone(Entry("a.c", "CAP101", "f", "key", "h", "g();"), 2, "a.c", "old.json"),),
        baselines=("old.json",),
    )
    problems = validated(tmp_path, render("sarif", old, Style()))
    (problem,) = [each for each in problems if each.partition(":")[0] not in NOTES]
    assert "results[4]" in problem and "MissingRegion" in problem, "what is gone is on no line"


@pytest.mark.xdist_group("npm")
def test_the_validator_would_find_a_mistake(tmp_path: Path) -> None:
    broken = render("sarif", report(leak()), Style()).replace('"startLine": 6', '"startLine": 0')
    assert any(each.startswith("JSON") for each in validated(tmp_path, broken))


# ---------------------------------------------------------------- what stands in it


def test_each_code_is_a_rule_with_its_help_and_its_weakness() -> None:
    rules = sarif(report())["tool"]["driver"]["rules"]
    for rule, code in zip(rules, load_codes().values(), strict=True):
        assert (rule["id"], rule["name"]) == (code.code, code.name)
        assert "## How to suppress" in rule["help"]["markdown"]
        cwe = [tag for tag in rule["properties"]["tags"] if tag.startswith("external/cwe/")]
        assert cwe == ([f"external/cwe/cwe-{code.cwe}"] if code.cwe else [])
    by_id = {rule["id"]: rule["defaultConfiguration"] for rule in rules}
    assert by_id["CAP101"] == {"enabled": True, "level": "error"}
    scores = {rule["id"]: rule["properties"].get("security-severity") for rule in rules}
    assert (scores["CAP101"], scores["CAP901"]) == ("5.5", None)
    assert all(score is None or 0 < float(score) <= 10 for score in scores.values())
    assert by_id["CAP401"] == {"enabled": False, "level": "warning"}


def test_a_run_says_what_it_is_a_run_of() -> None:
    run = sarif(report())
    assert run["automationDetails"] == {"id": "capilint/"}
    assert run["tool"]["driver"]["fullName"] == f"capilint {__version__}"


def test_a_result_points_at_its_rule_and_place() -> None:
    (result,) = sarif(report(leak()))["results"]
    rules = sarif(report())["tool"]["driver"]["rules"]
    assert rules[result["ruleIndex"]]["id"] == result["ruleId"] == "CAP101"
    assert result["level"] == "error"
    (location,) = result["locations"]
    region = {"startLine": 6, "startColumn": 10, "endLine": 6, "endColumn": 64}
    assert location["physicalLocation"]["region"] == region
    assert location["logicalLocations"] == [{"fullyQualifiedName": "encrypt", "kind": "function"}]
    told = {"resource": "key", "handle": "hKey", "confirmed": True, "help": leak().help}
    assert result["properties"] == told


def test_the_witness_is_a_code_flow_and_its_other_places_are_related() -> None:
    (result,) = sarif(report(leak()))["results"]
    flow = result["codeFlows"][0]["threadFlows"][0]["locations"]
    told = [
        (each["kinds"], each["location"]["physicalLocation"]["region"]["startLine"])
        for each in flow
    ]
    assert told == [(["create"], 6), (["fail"], 8), (["leave"], 9)]
    assert flow[2]["location"]["message"]["text"] == "leaves with hKey alive"
    related = result["relatedLocations"]
    assert [each["physicalLocation"]["region"]["startLine"] for each in related] == [8, 9]
    assert len({each["id"] for each in related}) == 2


def test_where_the_handle_leaves_elsewhere_is_related() -> None:
    elsewhere = Step("leave", "src/session.c", span(7, 9, 13), "also leaves with hKey alive")
    (result,) = sarif(report(replace(leak(), also=(elsewhere,))))["results"]
    *_, last = result["relatedLocations"]
    assert last["physicalLocation"]["region"]["startLine"] == 7
    assert last["message"]["text"] == "also leaves with hKey alive"
    assert len(result["codeFlows"][0]["threadFlows"][0]["locations"]) == 3


def test_a_finding_without_steps_has_no_code_flow() -> None:
    (result,) = sarif(report(finding("CAP902", 1, severity=Severity.NOTE)))["results"]
    assert "codeFlows" not in result
    assert result["level"] == "note"


def test_text_like_a_link_stays_text() -> None:
    (result,) = sarif(report(replace(leak(), message="`keys[0](1)` and `keys[1]`")))["results"]
    assert result["message"]["text"] == "`keys[0\\](1)` and `keys[1]`"


def test_paths_are_relative_uris(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)

    def place(path: str) -> object:
        (result,) = sarif(report(leak(path)))["results"]
        return result["locations"][0]["physicalLocation"]["artifactLocation"]

    below = {"uri": "src/a%20%23%25.c", "uriBaseId": "%SRCROOT%"}
    assert place("src/a #%.c") == below
    assert place((tmp_path / "src" / "a #%.c").as_posix()) == below
    assert place("../a.c") == {"uri": (tmp_path.parent / "a.c").as_uri()}
    assert "%SRCROOT%" in sarif(report())["originalUriBaseIds"]


# ---------------------------------------------------------------- fingerprints


def test_a_fingerprint_survives_moved_and_indented_lines() -> None:
    before = fingerprint(in_session(SESSION, 6))
    moved = "// a new comment\n\n" + SESSION.replace("    if (!CryptGenKey", "\tif (!CryptGenKey")
    assert fingerprint(in_session(moved, 8)) == before


@pytest.mark.parametrize(
    "other",
    [
        replace(leak(), code="CAP103"),
        replace(leak(), function="decrypt"),
        replace(leak(), handle="hOther"),
        replace(leak(), path="src/other.c"),
        replace(leak(), span=replace(leak().span, line=8)),
    ],
    ids=["code", "function", "handle", "path", "text"],
)
def test_another_defect_has_another_fingerprint(other: Finding) -> None:
    assert fingerprint(report(other)) != fingerprint(report(leak()))


def test_equal_findings_are_numbered_whether_suppressed_or_not() -> None:
    later = replace(leak(), span=replace(leak().span, line=16, end_line=16))
    text = SESSION + "\n" * 4 + SESSION.split("\n")[5]
    sources = {"src/session.c": source(text, "src/session.c")}
    both = report(leak(), later, sources=sources)
    assert fingerprint(both, 0) != fingerprint(both, 1)
    silenced = Suppressed(leak(), "src/session.c", 6, "")
    one = report(later, suppressed=(silenced,), sources=sources)
    assert [fingerprint(one, 0), fingerprint(one, 1)] == [
        fingerprint(both, 0),
        fingerprint(both, 1),
    ]


# ---------------------------------------------------------------- suppressions, invocations


def test_what_a_comment_silences_is_a_suppressed_result() -> None:
    silenced = Suppressed(finding("CAP202", 3), "a.c", 4, "a test of the error")
    kept, suppressed = sorted(
        sarif(report(leak(), suppressed=(silenced,)))["results"], key=lambda each: each["ruleId"]
    )
    assert kept["suppressions"] == []
    (comment,) = suppressed["suppressions"]
    assert (comment["kind"], comment["justification"]) == ("inSource", "a test of the error")
    assert comment["location"]["physicalLocation"]["region"] == {"startLine": 4}


def test_what_could_not_be_read_is_told_of_the_run() -> None:
    given = report(unreadable=(Unreadable("x.c", "binary data"),), notes=("1 C++ file",))
    (invocation,) = sarif(given)["invocations"]
    assert invocation["executionSuccessful"] is False
    error, note = invocation["toolExecutionNotifications"]
    assert (error["level"], error["message"]["text"]) == ("error", "not analysed: binary data")
    assert error["locations"][0]["physicalLocation"]["artifactLocation"]["uri"] == "x.c"
    assert (note["level"], note["message"]["text"]) == ("note", "1 C++ file")
    (calm,) = sarif(report())["invocations"]
    assert calm == {"executionSuccessful": True, "toolExecutionNotifications": []}


def test_the_same_input_gives_the_same_bytes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    texts = []
    for name in ("here", "there"):
        (tmp_path / name).mkdir()
        monkeypatch.chdir(tmp_path / name)
        Path("a.c").write_text(LEAK, encoding="utf-8")
        found = discover(["."])
        texts.append(
            render("sarif", check(found.inputs, Configuration(isolated=True).settings_of), Style())
        )
    assert texts[0] == texts[1]
    assert "CAP101" in texts[0]
