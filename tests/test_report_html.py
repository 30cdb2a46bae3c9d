"""The page of `--format html` as bytes: what is in it, and that nothing breaks out of it.

What it does in a browser is asserted in test_report_html_browser.py.
"""

from __future__ import annotations

import base64
import hashlib
import json
import re
from dataclasses import replace
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest

from capilint import check, check_text
from capilint.checking import Report
from capilint.files.source import Unreadable
from capilint.finding import Change, Fix
from capilint.findings.triage import Suppressed
from capilint.language import Language
from capilint.report import Style, render
from capilint.report.html.excerpts import extent, passed_lines, shown
from tests.fixture_format import FIXTURES
from tests.reports import SESSION, finding, leak, report, source

HOSTILE = "</script><img src=x onerror=alert(1)>\u202e\u2066\x00\x1b]0;\udc80&quot;<!--script-->"
IN_TWO_FILES = FIXTURES / "cpp" / "members" / "struct_filled_by_another_file"


class Elements(HTMLParser):
    """The elements of a page, and the texts of its scripts and style sheets."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.texts: dict[str, str] = {}
        self._open = ""
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))
        kind = str(dict(attrs).get("type"))
        self._open = f"{tag} {kind}" if tag in ("script", "style") else ""

    def handle_data(self, data: str) -> None:
        if self._open:
            self.texts[self._open] = self.texts.get(self._open, "") + data

    def handle_endtag(self, tag: str) -> None:
        self._open = ""


def page_of(given: Report) -> tuple[Elements, dict[str, Any]]:
    """A page, and the data in it."""
    page = render("html", given, Style())
    assert page.isascii() and page.endswith("</html>\n")
    elements = Elements(page)
    return elements, json.loads(elements.texts["script application/json"])


def test_it_needs_nothing_else_and_may_do_nothing_else() -> None:
    elements, _ = page_of(report(leak()))
    asking = [
        tag for tag, attributes in elements.tags if {"src", "srcset", "action"} & {*attributes}
    ]
    links = [attributes["href"] for _, attributes in elements.tags if "href" in attributes]
    assert (asking, links) == ([], ["#detail"])
    assert not re.search(r"url\(|@import|https?:", elements.texts["style None"])
    assert not re.search(r"https?:|innerHTML|eval|fetch\(", elements.texts["script None"])
    policy = next(
        str(attributes["content"])
        for tag, attributes in elements.tags
        if attributes.get("http-equiv") == "Content-Security-Policy"
    )
    told = dict(part.split(" ", 1) for part in policy.split("; "))
    assert told == {
        "default-src": "'none'",
        "script-src": _hash(elements.texts["script None"]),
        "style-src": _hash(elements.texts["style None"]),
        "base-uri": "'none'",
        "form-action": "'none'",
    }


def _hash(text: str) -> str:
    digest = base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()
    return f"'sha256-{digest}'"


def test_text_from_files_is_no_markup() -> None:
    text = SESSION.replace("return FALSE;", f"return FALSE; // {HOSTILE}")
    path = f"src/{HOSTILE}.c"
    nasty = replace(
        leak(path),
        message=HOSTILE,
        help=HOSTILE,
        function=HOSTILE,
        handle=HOSTILE,
        steps=tuple(replace(each, path=path, message=HOSTILE) for each in leak(path).steps),
        fix=Fix("t", (Change(path, 8, 9, f"{HOSTILE}\n"),)),
    )
    given = report(
        nasty,
        sources={path: source(text, path)},
        suppressed=(Suppressed(nasty, path, 1, HOSTILE),),
        unreadable=(Unreadable(HOSTILE, HOSTILE),),
        notes=(HOSTILE,),
    )
    elements, data = page_of(given)
    plain, _ = page_of(report(leak()))
    assert [tag for tag, _ in elements.tags] == [tag for tag, _ in plain.tags]
    everything = json.dumps(data, ensure_ascii=False)
    assert "onerror=alert(1)>\\\\u202e\\\\u2066\\\\x00\\\\x1b" in everything
    assert not re.search(r"[\x00-\x1f\u202e\u2066\udc80]", everything)


def test_a_file_in_no_encoding_is_shown_as_it_was_read() -> None:
    comment = b"return FALSE; // </script>\xff\x81 \xe2\x80\xae\x07"
    given = check_text(SESSION.encode().replace(b"return FALSE;", comment), "a.c", isolated=True)
    _, data = page_of(given)
    shown = data["files"][0]["pieces"][0][1][4]
    assert shown == "        return FALSE; // </script>\xff\\x81 \xe2\\x80\xae\\x07"


def test_the_same_report_is_the_same_bytes_and_tells_nothing_of_the_machine(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("SECRET_TOKEN", "abracadabra")
    Path("a.c").write_text(SESSION, encoding="utf-8")
    pages = {render("html", check("a.c", isolated=True), Style()) for _ in range(2)}
    (page,) = pages
    assert str(tmp_path) not in page and "abracadabra" not in page


def test_a_finding_has_its_function_the_states_and_the_branches() -> None:
    given = check_text(SESSION, "a.c", isolated=True)
    _, data = page_of(given)
    (found,) = data["findings"]
    (frame,) = found["frames"]
    assert (found["set"], found["code"], found["confirmed"]) == ("reported", "CAP101", True)
    assert (frame["name"], frame["show"], frame["steps"]) == ("encrypt", [[3, 11]], [0, 1, 2])
    assert frame["passed"] == [[5, 5, ""], [6, 6, "live"], [8, 8, "live"], [9, 9, "live"]] or (
        frame["passed"] == [[5, 5, ""], [6, 6, "live"], [8, 9, "live"]]
    )
    assert [(line, outcome) for line, _, _, outcome, _ in frame["marks"]] == [
        (6, "true"),
        (8, "false"),
    ]
    line, begin, end = frame["marks"][1][:3]
    assert SESSION.splitlines()[line - 1][begin:end].startswith("CryptEncrypt(hKey")
    assert data["files"][found["file"]]["pieces"] == [[3, SESSION.splitlines()[2:11]]]


def test_a_callee_in_another_file_stands_in_its_place() -> None:
    _, data = page_of(check(IN_TWO_FILES, isolated=True))
    found = next(each for each in data["findings"] if each["code"] == "CAP201")
    (frame,) = found["frames"]
    calls = [(each["line"], each["open"], each["frame"]) for each in frame["calls"]]
    assert [(line, is_open, inner["name"]) for line, is_open, inner in calls] == [
        (18, True, "Session::open"),
        (21, True, "Session::close"),
    ]
    for _, _, inner in calls:
        assert data["files"][inner["file"]]["path"].endswith("session.cpp")
        assert not inner["whole"]
    states = {
        line: state for first, last, state in frame["passed"] for line in range(first, last + 1)
    }
    assert (states[18], states[21], states[22]) == ("live", "destroyed", "destroyed")


def test_the_function_that_ends_an_object_is_a_frame_of_its_own() -> None:
    folder = FIXTURES / "c" / "programs" / "closer_in_another_file"
    _, data = page_of(check(folder, isolated=True))
    (found,) = data["findings"]
    assert [(each["name"], each["steps"]) for each in found["frames"]] == [
        ("reader_open", [0, 1]),
        ("reader_close", [2, 3]),
    ]


def test_suppressed_and_known_findings_stand_apart() -> None:
    given = report(
        leak(),
        known=(finding("CAP201", 3),),
        suppressed=(Suppressed(finding("CAP202", 4), "a.c", 4, "it is so"),),
        sources={"a.c": source("1\n2\n3\n4\n5\n")},
        unreadable=(Unreadable("x.c", "binary data"),),
    )
    elements, data = page_of(given)
    assert [each["set"] for each in data["findings"]] == ["reported", "known", "suppressed"]
    assert data["findings"][2]["suppression"] == {"path": "a.c", "line": 4, "reason": "it is so"}
    assert data["unreadable"] == [{"path": "x.c", "reason": "binary data"}]
    assert set(data["codes"]) == {"CAP101", "CAP201", "CAP202"}
    assert sum(tag == "li" for tag, _ in elements.tags) == 1, "without scripts: what is reported"


def test_an_edit_is_a_diff() -> None:
    changes = (
        Change("src/session.c", 8, 9, "    new(1);\n    new(2);\n"),
        Change("b.c", 1, 1, "x\n"),
    )
    _, data = page_of(report(replace(leak(), fix=Fix("do it", changes))))
    first, second = data["findings"][0]["diff"]
    lines = SESSION.splitlines()
    assert first["rows"] == [
        [" ", 6, lines[5]],
        [" ", 7, lines[6]],
        ["-", 8, lines[7]],
        ["+", 0, "    new(1);"],
        ["+", 0, "    new(2);"],
        [" ", 9, lines[8]],
        [" ", 10, lines[9]],
    ]
    assert second == {"path": "b.c", "rows": [["+", 0, "x"]]}


def test_a_report_without_findings_or_sources() -> None:
    _, data = page_of(Report(seen=3))
    assert (data["seen"], data["findings"], data["files"]) == (3, [], [])
    _, data = page_of(Report(findings=(leak(), finding("CAP901", 1))))
    assert [each["frames"][0].get("show") for each in data["findings"]] == [None, None]


def test_what_was_decided_is_marked_behind_an_emoji() -> None:
    """The page's script counts the units of UTF-16."""
    text = SESSION.replace("if (!", "/* \U0001f600 */ if (!", 1)
    _, data = page_of(check_text(text.encode(), "a.c", isolated=True))
    (frame,) = data["findings"][0]["frames"]
    line, begin, end = frame["marks"][0][:3]
    (shown,) = [each for each in text.split("\n") if "\U0001f600" in each]
    assert text.split("\n")[line - 1] == shown
    units = shown.encode("utf-16-le")[2 * begin : 2 * end].decode("utf-16-le")
    assert units.startswith("CryptGenKey(") and units.endswith(")")


# ---------------------------------------------------------------- what is shown of a file


def test_a_function_is_found_by_its_layout() -> None:
    text = """\
int helper(int x);

static BOOL
encrypt(HCRYPTPROV p,
        int n)
{
    if (n)
        encrypt(p, 0);
#if WIN
    out();
#endif
done:
    return 1;
}

int after;
"""
    given = source(text)
    assert extent(given.lines, given.language, "encrypt", {8, 10}) == (3, 14)
    assert extent(given.lines, given.language, "made_by_a_macro", {8, 10}) == (4, 14)
    python = source("class A:\n    def f(self):\n        x\n\n        y\n\n    z = 1\n")
    assert extent(python.lines, Language.PYTHON, "A.f", {3}) == (2, 5)


def test_a_call_of_itself_is_no_head_of_a_function() -> None:
    lines = ("int f(int k)", "{", "    if (k)", "    return f(k,", "        1);", "}")
    assert extent(lines, Language.C, "f", {4}) == (1, 6)
    assert extent((" " * 100_000 + "x = 1;",), Language.C, "f", {1}) == (1, 1), "in linear time"


def test_of_a_long_function_only_what_is_of_note_is_shown() -> None:
    assert shown(1, 100, {50}) == [(1, 100)]
    assert shown(1, 1000, {50, 56, 700}) == [(1, 1), (46, 60), (696, 704)]


def test_lines_between_are_passed_where_they_are_as_deep() -> None:
    lines = source(
        """\
make();
if (!ok)
    return;
log();
if (quiet) {
    hush();
} else {
    say();
}
if (bad)
    goto out;
use();
out:
leave();
"""
    ).lines
    order = [(1, "live"), (2, "live"), (5, "live"), (10, "live"), (14, "live")]
    passed = passed_lines(lines, order, whole=True)
    assert passed == [(1, 2, "live"), (4, 5, "live"), (9, 11, "live"), (14, 14, "live")]
    assert passed_lines(lines, order, whole=False) == [
        (1, 2, "live"),
        *((line, line, "live") for line in (5, 10, 14)),
    ]


def test_a_line_that_a_loop_comes_back_to_has_the_states_of_all_rounds() -> None:
    order = [(1, ""), (2, "maybe"), (2, "live"), (3, "live"), (1, "live"), (2, "lost")]
    passed = passed_lines(["a", "b", "c"], order, whole=True)
    assert passed == [(1, 1, "live"), (2, 2, "live lost"), (3, 3, "live")]
