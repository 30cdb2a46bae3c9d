"""Suppression comments: where they are seen, what they name, and what is none."""

from __future__ import annotations

import pytest

from capilint.findings.suppress import Directive, directives, matching
from capilint.language import Language


def only(text: str, language: Language = Language.C) -> Directive:
    found = directives(text, language)
    assert len(found) == 1, found
    return found[0]


@pytest.mark.parametrize(
    ("comment", "codes", "reason"),
    [
        ("// capilint: ignore[CAP101] the caller frees it", ("CAP101",), "the caller frees it"),
        ("/* capilint: ignore[CAP101, CAP2] - why */", ("CAP101", "CAP2"), "why"),
        ("//capilint:ignore", None, ""),
        ("// capilint: ignore: by design", None, "by design"),
        ("// checked // capilint: ignore[cap101]", ("CAP101",), ""),
        ("// NOLINT", None, ""),
        ("// NOLINT(CAP101): tested", ("CAP101",), "tested"),
        ("// NOLINT(bugprone-x, CAP1*)", ("BUGPRONE-X", "CAP1"), ""),
        ("// NOLINT(*)", None, ""),
        ("// NOLINT()", (), ""),
        ("// capilint: ignore (see the manual)", None, "(see the manual)"),
        ("// capilint: ignore[handle-leaked] why", ("CAP101",), "why"),
    ],
)
def test_c_comments(comment: str, codes: tuple[str, ...] | None, reason: str) -> None:
    found = only(f"int a;\nf(&h); {comment}\n")
    assert (found.line, found.lines, found.codes) == (2, range(2, 3), codes)
    assert (found.reason, found.problem) == (reason, "")


@pytest.mark.parametrize(
    ("comment", "codes", "problem"),
    [
        ("// capilint: ignore[]", (), "names no code"),
        ("// capilint: ignore[CAP101, CAP107] why", ("CAP101",), "no code CAP107; did you mean"),
        ("// capilint: ignore[handle-leakd]", (), "did you mean `handle-leaked`?"),
        ("// capilint: ignore[E501]", (), "no code E501"),
        ("// capilint: ignore(CAP501)", (), "brackets: ignore[CAP101]"),
        ("// capilint: ignore CAP501 old", (), "brackets"),
        ("// capilint: ignore: cap501", (), "brackets"),
        ("// capilint: ignore=CAP501", (), "brackets"),
        ("// capilint: ignore[CAP501", (), "brackets"),
        ("// capilint: ignore-file CAP501", (), "brackets"),
        ("// capilint: ingore[CAP501] old", (), "`ingore` is no such word"),
        ("// capilint: ignore-fil[CAP501]", (), "`ignore-fil` is no such word"),
        ("// capilint ignore[CAP501]", (), "a colon is missing"),
        ("// NOLINT(CAP107, bugprone-x)", ("BUGPRONE-X",), "no code CAP107"),
        ("// NOLINTEND(CAP101)", (), "no NOLINTBEGIN"),
        ("// NOLINTBEGIN(CAP101)", (), "no NOLINTEND"),
    ],
)
def test_what_is_wrong_suppresses_nothing_and_says_so(
    comment: str, codes: tuple[str, ...], problem: str
) -> None:
    found = only(f"f(&h); {comment}\n")
    assert found.codes == codes
    assert problem in found.problem


def test_an_unknown_code_of_ours_is_wrong_in_a_noqa_too() -> None:
    found = only("x = 1  # noqa: E501, CAP107\n", Language.PYTHON)
    assert found.codes == ("E501",)
    assert "no code CAP107" in found.problem


@pytest.mark.parametrize(
    ("comment", "codes"),
    [
        ("# capilint: ignore[CAP201] reason", ("CAP201",)),
        ("# noqa", None),
        ("# noqa: CAP101", ("CAP101",)),
        ("#noqa:E501,CAP101", ("E501", "CAP101")),
        ("# NoQA : E501 CAP2", ("E501", "CAP2")),
        ("# noqa: it is fine", None),  # as flake8 reads it
        ("# type: ignore  # noqa: CAP101", ("CAP101",)),
    ],
)
def test_python_comments(comment: str, codes: tuple[str, ...] | None) -> None:
    found = only(f"x = 1\ny = 2  {comment}\n", Language.PYTHON)
    assert (found.line, found.column >= 8, found.codes) == (2, True, codes)


@pytest.mark.parametrize(
    ("text", "language"),
    [
        ('puts("// NOLINT");', Language.C),
        ('puts("\\"// capilint: ignore");', Language.C),
        ('char c = \'"\'; char d[] = "// NOLINT";', Language.C),
        ('auto s = R"x(\n// NOLINT )"\n)x";', Language.CPP),
        ("// NOLINTBEGIN: nobody ends it", Language.C),
        ("// see `capilint: ignore` in the manual", Language.C),
        ("// capilint: ignored", Language.C),
        ("x = '# noqa'", Language.PYTHON),
        ("x = '''\n# noqa\n'''", Language.PYTHON),
        ('x = "a\\\n# noqa"', Language.PYTHON),
        ("x = f\"{d['# noqa']}\"", Language.PYTHON),
        ("# flake8: noqa", Language.PYTHON),
        ("x = 1  # noqal", Language.PYTHON),
        ("noqa = capilint; ignore = 1", Language.PYTHON),
    ],
)
def test_what_is_no_suppression(text: str, language: Language) -> None:
    assert directives(text, language) == ()


@pytest.mark.parametrize(
    "before",
    [
        "int n = 1'000;",
        "#error don't",
        'puts("ends here\\\\");',
        "char c = '\\'';",
        'puts("unterminated\n);',
        "int a = b / c; /* one */ ",
        "// continued \\\n and over\n",
    ],
)
def test_the_tokenizer_finds_its_way_past(before: str) -> None:
    assert only(before + "\nf(); // NOLINT(CAP101)").codes == ("CAP101",)
    assert only(before + " f();\n// NOLINT(CAP101)").codes == ("CAP101",)


def test_digit_separators_open_no_string_on_the_same_line() -> None:
    assert only("f(1'000); // NOLINT").codes is None


@pytest.mark.parametrize("before", ['x = "unterminated\n', "x = (\n", "def\n", "x = r'\\'\n'\n"])
def test_broken_python_still_has_comments(before: str) -> None:
    assert only(before + "f()  # noqa: CAP1", Language.PYTHON).codes == ("CAP1",)


def test_next_line_and_file() -> None:
    next_line, whole = directives(
        "// NOLINTNEXTLINE(CAP101)\n/*\n * capilint: ignore-file[CAP3] generated\n */", Language.C
    )
    assert (next_line.line, next_line.lines) == (1, range(2, 3))
    assert (whole.line, whole.lines, whole.codes) == (3, None, ("CAP3",))
    assert whole.reason == "generated"


def test_a_block_covers_its_lines_and_is_ended_by_its_own_codes() -> None:
    outer, inner = directives(
        "// NOLINTBEGIN(CAP101)\n// NOLINTBEGIN: all\na\n// NOLINTEND\nb\n"
        "// NOLINTEND(CAP101)\nc\n",
        Language.CPP,
    )
    assert (outer.lines, outer.codes) == (range(1, 7), ("CAP101",))
    assert (inner.lines, inner.codes) == (range(2, 5), None)
    assert matching((outer, inner), "CAP101", frozenset({5})) == (outer,)
    assert matching((outer, inner), "CAP202", frozenset({5})) == ()
    assert matching((outer, inner), "CAP202", frozenset({3})) == (inner,)


def test_a_directive_covers_its_line_and_its_codes_only() -> None:
    known = directives("a\nb // capilint: ignore[CAP1]\nc // NOLINT\n", Language.C)
    first, second = known
    assert matching(known, "CAP101", frozenset({2})) == (first,)
    assert matching(known, "CAP201", frozenset({2})) == ()
    assert matching(known, "CAP201", frozenset({1, 3})) == (second,)
    assert matching(known, "CAP101", frozenset({1})) == ()


def test_the_place_of_a_directive_is_its_text() -> None:
    found = only("f(); // why // capilint: ignore[CAP101] x  \n")
    assert (found.line, found.column, found.own) == (1, 13, True)
    assert found.text == "// capilint: ignore[CAP101] x"


def test_long_broken_input_is_read_in_linear_time() -> None:
    """Each of these is quadratic or worse in a careless tokenizer; the test would not end."""
    for piece in ('"', "'", "/*", 'R"(', "\\", "\\'", "1'", "//\\\n"):
        directives("// NOLINT\n" + piece * 200_000, Language.C)
    for piece in ('"', "'''", "#", "\\", 'f"{'):
        directives("# noqa\n" + piece * 200_000, Language.PYTHON)
