"""The report for people: its look, and that source text cannot break it."""

from __future__ import annotations

import re
from dataclasses import replace

from capilint.checking import Report
from capilint.files.source import Unreadable
from capilint.finding import Severity, Step
from capilint.findings.triage import Suppressed
from capilint.report import Style, render
from tests.reports import finding, leak, report, source, span

SEQUENCE = re.compile(r"\x1b\[[0-9]*m")


def text(given: Report, **style: bool) -> str:
    return render("text", given, Style(**style))


def test_a_finding_shows_its_witness_between_source_lines() -> None:
    assert (
        text(report(leak()))
        == """\
src/session.c:6:10: error: CAP101 key `hKey` from CryptGenKey is not destroyed when `encrypt` \
returns at line 9
    6 |     if (!CryptGenKey(hProv, CALG_RC4, CRYPT_EXPORTABLE, &hKey))
      |          ^^^^^^^^^^^ 1. hKey is created here
    8 |     if (!CryptEncrypt(hKey, 0, TRUE, 0, buf, &len, cap))
      |          ^^^^^^^^^^^^ 2. CryptEncrypt fails
    9 |         return FALSE;
      |         ^^^^^^ 3. leaves with hKey alive
    = help: call CryptDestroyKey(hKey) before line 9

Found 1 finding (1 error) in 2 files.
"""
    )


def test_colours_change_nothing_but_colours() -> None:
    plain = text(report(leak()))
    coloured = text(report(leak()), colour=True)
    assert SEQUENCE.sub("", coloured) == plain
    assert "\x1b[31m" in coloured and coloured.count("\x1b[") % 2 == 0


def test_steps_on_one_line_share_it() -> None:
    text_ = "a(h); b(h);\n"
    steps = (
        Step("create", "a.c", span(1, 1, 4), "one"),
        Step("release", "a.c", span(1, 7, 4), "two"),
    )
    shown = text(report(finding("CAP201", 1, steps=steps), sources={"a.c": source(text_)}))
    assert shown.splitlines()[1:4] == [
        "    1 | a(h); b(h);",
        "      | ^ 1. one",
        "      |       ^ 2. two",
    ]


def test_a_step_in_another_file_names_it_and_the_way_back() -> None:
    steps = (
        Step("create", "src/session.c", span(6, 10, 11), "one"),
        Step("call", "lib.c", span(1, 1, 5), "two"),
        Step("leave", "src/session.c", span(9, 9, 6), "three"),
    )
    given = report(replace(leak(), steps=steps), sources={"lib.c": source("close(h);", "lib.c")})
    shown = text(given).splitlines()
    assert shown[3:6] == ["      --> lib.c", "    1 | close(h);", "      | ^^^^^ 2. two"]
    assert shown[6] == "      --> src/session.c"


def test_without_steps_the_place_itself_is_shown() -> None:
    shown = text(report(finding("CAP501", 1), sources={"a.c": source("hello(x);")}))
    assert shown.splitlines()[1:3] == ["    1 | hello(x);", "      | ^^^^^"]


def test_a_line_that_is_not_there_is_no_crash() -> None:
    shown = text(report(finding("CAP501", 77), finding("CAP501", 1, path="gone.c")))
    assert "   77 |" in shown and "gone.c:1:1" in shown


def test_what_was_not_confirmed_says_so() -> None:
    assert "not confirmed" in text(report(leak(confirmed=False)))
    assert "confirmed" not in text(report(leak(confirmed=None)))


def test_the_other_places_are_counted_where_they_are_many() -> None:
    also = tuple(
        Step("leave", "src/session.c", span(line, 1, 3), "also leaves with hKey alive")
        for line in range(20, 32)
    )
    shown = text(report(replace(leak(), also=also)))
    assert "note: also leaves at lines 20, 21, 22, 23, 24, 25, 26, 27 and 4 more\n" in shown
    lost = replace(also[0], kind="lose")
    assert "note: also lost at line 20\n" in text(report(replace(leak(), also=(lost,))))


def test_carets_stand_under_what_the_terminal_shows() -> None:
    line = '\tf("\u4e2d\u6587", e\u0301, \x1b[2J); use(h);'
    column = line.index("use") + 1
    steps = (Step("use", "a.c", span(1, column, 6), "here"),)
    given = report(finding("CAP201", 1, steps=steps), sources={"a.c": source(line)})
    shown, carets = text(given).splitlines()[1:3]
    assert shown == '    1 |     f("\u4e2d\u6587", e\u0301, \\x1b[2J); use(h);'
    # Each of the two Chinese characters takes two columns, the accent none.
    assert carets.index("^") == shown.index("use") + 2 - 1


def test_nothing_from_a_source_file_reaches_the_terminal_raw() -> None:
    nasty = "a\x1b]0;x\x07\u202e\x9b31m\rb"
    given = finding(
        "CAP201",
        1,
        message=f"key `{nasty}`",
        help=nasty,
        path=f"{nasty}.c",
        steps=(Step("use", f"{nasty}.c", span(1, 1, 3), nasty),),
    )
    shown = text(report(given, sources={f"{nasty}.c": source(nasty)}))
    assert not set("\x1b\x07\u202e\x9b\r") & set(shown)
    assert "\\x1b]0;x\\x07\\u202e\\x9b31m" in shown


def test_a_very_long_line_is_cut_around_the_step() -> None:
    line = "x" * 5_000 + " CryptDestroyKey(h);" + "y" * 5_000
    steps = (Step("use", "a.c", span(1, 5_002, 15), "here"),)
    shown = text(report(finding("CAP201", 1, steps=steps), sources={"a.c": source(line)}))
    first, second = shown.splitlines()[1:3]
    assert len(first) < 200 and len(second) < 200
    assert first.index("CryptDestroyKey") == second.index("^")
    assert second.count("^") == len("CryptDestroyKey")


def test_the_last_line_counts() -> None:
    assert text(report(seen=1)) == "No findings in 1 file.\n"
    many = report(
        leak(),
        leak(),
        finding("CAP402", 1, severity=Severity.WARNING),
        unreadable=(Unreadable("x.c", "binary"),),
    )
    assert text(many).splitlines()[-1] == (
        "Found 3 findings (2 errors, 1 warning) in 2 files. 1 file could not be analysed."
    )


def test_what_is_left_out_is_counted_and_what_makes_a_run_fail_is_shown() -> None:
    notes = [finding(code, 3, severity=Severity.NOTE) for code in ("CAP901", "CAP101")]
    assert text(report(*notes)).splitlines()[-1] == (
        "No findings in 2 files. 1 place not understood (--verbose shows where). "
        "1 note not shown (--verbose shows them)."
    )
    failing = report(*notes, failing=frozenset(notes))
    assert text(failing).splitlines()[-1] == "Found 2 findings (2 notes) in 2 files."


def test_notes_and_suppressed_findings_are_for_verbose() -> None:
    note = finding("CAP902", 3, severity=Severity.NOTE)
    given = report(note, suppressed=(Suppressed(leak(), "src/session.c", 6, "why"),))
    assert text(given) == (
        "No findings in 2 files. 1 place not understood (--verbose shows where).\n"
    )
    verbose = text(given, verbose=True)
    assert "a.c:3:1: note: CAP902" in verbose
    assert "suppressed: src/session.c:6:10: CAP101" in verbose
    assert verbose.endswith("2 files seen, 1 analysed, 1 finding suppressed.\n")
