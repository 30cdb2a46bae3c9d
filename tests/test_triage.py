"""Which findings are reported: suppression comments, selection, severities."""

from __future__ import annotations

from capilint.config.settings import Settings
from capilint.files.source import Source
from capilint.finding import Finding, Severity, Span, Step
from capilint.findings.triage import Triage, Triager
from capilint.language import Language
from capilint.rulebook.codes import load
from tests.reports import finding, source, span


def triage(
    text: str, *findings: Finding, settings: Settings | None = None, other: Source | None = None
) -> Triage:
    sources = {"a.c": source(text)} | ({other.path: other} if other else {})
    chosen = settings or Settings()
    return Triager(sources, lambda path: chosen, load()).triage(findings)


def reported(given: Triage) -> list[tuple[str, int]]:
    return [(item.code, item.span.line) for item in given.findings]


def test_a_comment_silences_its_line_and_code() -> None:
    given = triage(
        "a();\nb(); // capilint: ignore[CAP101] why not\nc();\n",
        finding("CAP101", 2),
        finding("CAP201", 2),
        finding("CAP101", 3),
    )
    assert reported(given) == [("CAP201", 2), ("CAP101", 3)]
    (silent,) = given.suppressed
    assert (silent.finding.span.line, silent.path, silent.line) == (2, "a.c", 2)
    assert silent.reason == "why not"


def test_a_comment_on_the_creation_silences_too_but_not_on_other_steps() -> None:
    text = "make(); // NOLINT(CAP3)\nuse();  // NOLINT(CAP3)\nrelease();\n"
    steps = (Step("create", "a.c", span(1, 1, 4), "made"), Step("use", "a.c", span(2, 1, 3), ""))
    assert triage(text, finding("CAP301", 3, steps=steps)).findings == ()
    assert reported(triage(text, finding("CAP301", 3, steps=steps[1:]))) == [("CAP301", 3)]


def test_the_creation_may_stand_in_another_file() -> None:
    other = source("# noqa: CAP2\n", "b.py", Language.PYTHON)
    steps = (Step("create", "b.py", span(1, 1, 4), "made"),)
    given = triage("x\n", finding("CAP201", 1, steps=steps), other=other)
    assert given.findings == () and given.suppressed[0].path == "b.py"


def test_a_call_of_several_lines_takes_a_comment_on_its_first_or_last() -> None:
    text = "f(a,{0}\n  b,{1}\n  c);{2}\n"
    for where, silent in ((0, True), (1, False), (2, True)):
        comments = ["", "", ""]
        comments[where] = " // NOLINT"
        given = triage(text.format(*comments), finding("CAP101", 1, span=Span(1, 1, 3, 5)))
        assert (given.findings == ()) is silent


def test_a_whole_file_may_be_silenced() -> None:
    text = "/* capilint: ignore-file[CAP1] generated */\nf();\n"
    given = triage(text, finding("CAP103", 2), finding("CAP201", 2))
    assert reported(given) == [("CAP201", 2)]


def test_codes_that_are_off_must_be_selected() -> None:
    found = [finding("CAP401", 1), finding("CAP101", 1)]
    assert reported(triage("x", *found)) == [("CAP101", 1)]
    given = triage("x", *found, settings=Settings(extend_select=("CAP401",)))
    assert reported(given) == [("CAP101", 1), ("CAP401", 1)]
    assert [item.severity for item in given.findings] == [Severity.ERROR, Severity.WARNING]


def test_resources_select_handles_but_never_hide_notes() -> None:
    found = [
        finding("CAP101", 1, resource="key"),
        finding("CAP101", 2, resource="hash"),
        finding("CAP902", 3, resource="", severity=Severity.NOTE),
    ]
    given = triage("x", *found, settings=Settings(resources=("key",)))
    assert reported(given) == [("CAP101", 1), ("CAP902", 3)]


def test_codes_may_be_ignored_per_file() -> None:
    settings = Settings(per_file_ignores=(("*.c", ("CAP1",)),))
    found = [finding("CAP101", 1), finding("CAP201", 1), finding("CAP101", 1, path="b.h")]
    assert [(item.code, item.path) for item in triage("x", *found, settings=settings).findings] == [
        ("CAP201", "a.c"),
        ("CAP101", "b.h"),
    ]


def test_findings_are_sorted_by_place() -> None:
    found = [finding("CAP201", 2), finding("CAP101", 2), finding("CAP101", 1)]
    found.append(finding("CAP101", 9, path="A.c"))
    given = triage("x", *found)
    assert [(item.path, item.span.line, item.code) for item in given.findings] == [
        ("A.c", 9, "CAP101"),
        ("a.c", 1, "CAP101"),
        ("a.c", 2, "CAP101"),
        ("a.c", 2, "CAP201"),
    ]


UNUSED = Settings(extend_select=("CAP903",))


def test_an_unused_comment_is_reported_where_that_is_selected() -> None:
    text = "f(); // capilint: ignore[CAP101]\ng(); // NOLINT\nh(); // capilint: ignore\n"
    assert triage(text).findings == ()
    given = triage(text, finding("CAP101", 1), settings=UNUSED)
    assert reported(given) == [("CAP903", 3)]
    assert given.findings[0].span.column == 6
    assert given.findings[0].severity is Severity.WARNING


def test_each_code_of_a_comment_must_be_of_use() -> None:
    text = "f(); // capilint: ignore[CAP101, CAP202, CAP3]\n"
    (unused,) = triage(text, finding("CAP101", 1), settings=UNUSED).findings
    assert "CAP202, CAP3" in unused.message and "CAP101" not in unused.message


def test_a_comment_for_a_code_that_is_not_selected_is_of_use() -> None:
    text = "f(); // capilint: ignore[CAP401]\n"
    assert triage(text, finding("CAP401", 1), settings=UNUSED).findings == ()


def test_an_idle_comment_for_a_file_is_unused_as_well() -> None:
    text = "// capilint: ignore-file\nf();\n"
    assert reported(triage(text, settings=UNUSED)) == [("CAP903", 1)]
    assert triage(text, finding("CAP101", 2), settings=UNUSED).findings == ()


def test_a_comment_that_is_wrong_is_reported_and_hides_nothing() -> None:
    text = "f(); // capilint: ignore(CAP101)\ng(); // capilint: ignore[CAP107]\n"
    given = triage(text, finding("CAP101", 1), finding("CAP101", 2))
    assert reported(given) == [("CAP101", 1), ("CAP904", 1), ("CAP101", 2), ("CAP904", 2)]
    assert "codes stand in brackets" in given.findings[1].message
    assert reported(triage(text, settings=UNUSED)) == [("CAP904", 1), ("CAP904", 2)]
