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
        ("// capilint: ignore[]", (), ""),
    ],
)
def test_c_comments(comment: str, codes: tuple[str, ...] | None, reason: str) -> None:
    found = only(f"int a;\nf(&h); {comment}\n")
    assert (found.line, found.applies_to, found.codes, found.reason) == (2, 2, codes, reason)


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
        ("// NOLINTBEGIN", Language.C),
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
    assert (next_line.line, next_line.applies_to) == (1, 2)
    assert (whole.line, whole.applies_to, whole.codes) == (3, None, ("CAP3",))
    assert whole.reason == "generated"


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
