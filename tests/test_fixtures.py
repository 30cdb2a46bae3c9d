"""Every fixture's findings are exactly those that its comments name (see fixture_format.py).

Only `// select: CODE` on a file's first line turns on a code that is off by default.
"""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import pytest

from capilint.finding import Finding, Severity, Span
from tests.fixture_format import (
    FIXTURES,
    Expectation,
    Fixture,
    MalformedExpectation,
    analyse,
    differences,
    fixture_programs,
    read_fixture,
)

MARKED = ("c", "cpp", "python", "run")
PROGRAMS = [program for name in MARKED for program in fixture_programs(FIXTURES / name)]


def _name(program: tuple[Path, ...]) -> str:
    return "/".join(program[0].relative_to(FIXTURES).parts[:3])


@pytest.mark.parametrize("program", PROGRAMS, ids=_name)
def test_findings_are_the_expected_ones(program: tuple[Path, ...]) -> None:
    fixture = read_fixture(program)
    difference = differences(fixture, analyse(program, fixture.selected))
    assert not difference, f"{_name(program)}\n{difference}"


def test_only_the_tour_has_no_marks() -> None:
    assert {path.name for path in FIXTURES.iterdir()} == {*MARKED, "demo"}


@pytest.mark.parametrize("language", ["c", "cpp", "python"])
def test_at_least_half_of_the_fixtures_are_clean(language: str) -> None:
    fixtures = [read_fixture(program) for program in fixture_programs(FIXTURES / language)]
    clean = [fixture for fixture in fixtures if not fixture.expected and not fixture.missing]
    assert fixtures
    assert 2 * len(clean) >= len(fixtures), f"{len(clean)} of {len(fixtures)} are clean"


# ---------------------------------------------------------------- the runner's own strictness


def _read(tmp_path: Path, text: str, name: str = "a.c") -> Fixture:
    path = tmp_path / name
    path.write_text(text, encoding="utf-8")
    return read_fixture([path])


def _finding(line: int, code: str, handle: str, severity: Severity = Severity.ERROR) -> Finding:
    span = Span(line, 1, line, 2)
    return Finding(code, "", severity, "src/a.c", span, "f", "key", handle, "")


@pytest.mark.parametrize(
    "comment",
    [
        "// expect CAP101 hKey",
        "// expects: CAP101 hKey",
        "// Expect: CAP101 hKey",
        "// expect:CAP101 hKey",
        "// expect: CAP101",
        "// expect: CAP101 hKey hOther",
        "// expect: CAP101 hKey,",
        "// expect: CAP101 hKey CAP301 hKey",
        "// expect: CAP1010 hKey",
        "// expect: cap101 hKey",
        "// expect: CAP901 hKey",
        "// expect-missin: CAP101 hKey",
        "// expect: CAP101 hKey // expect:",
        "// CAP101 hKey",
        "/* expect: */",
        "// select: CAP4",
        "\n// select: CAP401",
    ],
)
def test_malformed_expectation_is_refused(tmp_path: Path, comment: str) -> None:
    with pytest.raises(MalformedExpectation):
        _read(tmp_path, f"int x; {comment}\n")


def test_expectations_are_read_with_their_lines(tmp_path: Path) -> None:
    fixture = _read(
        tmp_path,
        '// select: CAP401\nchar *s = "// expect: nonsense";\n'
        "f(); // expect: CAP101 hKey, CAP103 ctx->hKey // expect: CAP101 hKey\n"
        "#define F(x) g(x) /* expect: CAP901 */ \\\n"
        "    h(x)\n"
        "k(); // why // expect-missing: CAP201 *phKey\n",
    )
    assert fixture.expected == Counter(
        {
            Expectation("a.c", 3, "CAP101", "hKey"): 2,
            Expectation("a.c", 3, "CAP103", "ctx->hKey"): 1,
            Expectation("a.c", 4, "CAP901", ""): 1,
        }
    )
    assert fixture.missing == Counter({Expectation("a.c", 6, "CAP201", "*phKey"): 1})
    assert fixture.selected == ("CAP401",)


def test_python_comments_are_read_and_strings_are_not(tmp_path: Path) -> None:
    text = '"""Docs: # expect nothing"""\nx = "# expect: y"\nf(k)  # expect: CAP201 self.key\n'
    fixture = _read(tmp_path, text, "a.py")
    assert fixture.expected == Counter({Expectation("a.py", 3, "CAP201", "self.key"): 1})


def test_suppression_comments_are_no_expectations(tmp_path: Path) -> None:
    fixture = _read(tmp_path, "f(); // capilint: ignore[CAP101] why\ng(); // NOLINT(CAP101)\n")
    assert not fixture.expected


def test_exact_match_has_no_difference(tmp_path: Path) -> None:
    fixture = _read(tmp_path, "f(); // expect: CAP101 hKey // expect: CAP101 hKey\n")
    assert not differences(fixture, [_finding(1, "CAP101", "hKey")] * 2)


@pytest.mark.parametrize(
    "finding",
    [_finding(2, "CAP101", "hKey"), _finding(1, "CAP103", "hKey"), _finding(1, "CAP101", "h")],
)
def test_other_line_code_or_handle_is_a_difference(tmp_path: Path, finding: Finding) -> None:
    fixture = _read(tmp_path, "f(); // expect: CAP101 hKey\n")
    lines = differences(fixture, [finding]).splitlines()
    assert sorted(line[0] for line in lines) == ["+", "-"]


def test_reporting_twice_what_is_expected_once_is_a_difference(tmp_path: Path) -> None:
    fixture = _read(tmp_path, "f(); // expect: CAP101 hKey\n")
    assert differences(fixture, [_finding(1, "CAP101", "hKey")] * 2).startswith("+")


def test_known_gap_is_silent_while_open_and_fails_once_closed(tmp_path: Path) -> None:
    fixture = _read(tmp_path, "f(); // expect-missing: CAP101 hKey\n")
    assert not differences(fixture, [])
    assert differences(fixture, [_finding(1, "CAP101", "hKey")]).startswith("!")


def test_notes_count_only_where_the_fixture_speaks_of_them(tmp_path: Path) -> None:
    note = _finding(1, "CAP901", "", Severity.NOTE)
    assert not differences(_read(tmp_path, "f();\n"), [note])
    assert not differences(_read(tmp_path, "f(); // expect: CAP901\n"), [note])
    assert differences(_read(tmp_path, "f(); // expect: CAP901\n"), [])
