"""Holds what `check` says of a program's texts against what the model says of the program."""

from __future__ import annotations

from functools import cache

from capilint.engine import analyse
from capilint.execution.replay import confirm
from capilint.finding import Finding
from capilint.frontends import c, cpp, python
from capilint.language import Language
from capilint.rulebook.book import RuleBook, load
from tests.fuzz.interpreter import mistakes_of
from tests.fuzz.printers import Text, text_of
from tests.fuzz.program import Program
from tests.fuzz.situation import LEAKS, Mistake, Unclear

LANGUAGES = (Language.C, Language.CPP, Language.PYTHON)
_SUFFIXES = {Language.C: ".c", Language.CPP: ".cpp", Language.PYTHON: ".py"}
_FRONT_ENDS = {Language.C: c.lower, Language.CPP: cpp.lower, Language.PYTHON: python.lower}


@cache
def rule_book() -> RuleBook:
    """The rules, read once."""
    return load()


def findings_of(text: Text) -> list[Finding]:
    """What the front end and the engine say of a text, replayed."""
    module = _FRONT_ENDS[text.language](str(text), f"fuzz{_SUFFIXES[text.language]}")
    assert not module.problems, module.problems
    book = rule_book()
    return confirm(analyse([module], book), book.resources)


class Disagreement(AssertionError):
    """The linter and the model differ; the text says how and on what."""

    def __init__(self, differences: list[str], text: Text) -> None:
        """`source` is the program's text, and `suffix` that of its language's files."""
        super().__init__("\n".join([*differences, "", str(text)]))
        self.source = str(text)
        self.suffix = _SUFFIXES[text.language]


def hold(program: Program) -> int:
    """How many mistakes both see in the program. Raises Disagreement, and Unclear."""
    expected = mistakes_of(program)
    for language in LANGUAGES:
        text = text_of(program, language)
        findings = findings_of(text)
        differences = _differences(text, expected, findings)
        if differences:
            raise Disagreement(differences, text)
        if _is_bounded(findings):
            raise Unclear("the linter says that it has not seen all paths")
    return len({(mistake.code, mistake.created) for mistake in expected})


def _differences(text: Text, expected: set[Mistake], findings: list[Finding]) -> list[str]:
    lines: list[str] = []
    told: dict[tuple[str, int], set[tuple[str, int]]] = {
        (mistake.code, mistake.created): set() for mistake in expected
    }
    for finding in sorted(findings, key=lambda each: each.code == "CAP102"):
        if finding.code in ("CAP401", "CAP501", "CAP902"):
            continue
        if finding.confirmed is False:
            lines.append(f"not confirmed: {_shown(finding)}")
        saying = (finding.code, finding.span.line if _is_repeated(finding, text) else 0)
        matches = [mistake for mistake in expected if _matches(finding, mistake, text)]
        keys = sorted({(mistake.code, mistake.created) for mistake in matches})
        new = [key for key in keys if saying not in told[key]]
        if not keys:
            lines.append(f"linter only: {_shown(finding)}")
        elif not new:
            lines.append(f"twice: {_shown(finding)}")
        elif finding.code in LEAKS or (finding.code == "CAP102" and text.throws):
            for key in keys:  # lost or left, by an exception or not: it is one mistake
                told[key].add(saying)
        else:
            told[min(new, key=lambda key: bool(told[key]))].add(saying)
    for mistake in () if _is_bounded(findings) else sorted(expected):
        if not told[mistake.code, mistake.created]:
            where = sorted(text.lines.get(mistake.number, ()))
            lines.append(f"model only: {where}: {mistake.code} {mistake.name} {mistake}")
    return lines


def _is_repeated(finding: Finding, text: Text) -> bool:
    """Whether the finding's line is one of several of the same statement."""
    return any(len(lines) > 1 and finding.span.line in lines for lines in text.lines.values())


def _is_bounded(findings: list[Finding]) -> bool:
    return any(finding.code == "CAP902" for finding in findings)


def _matches(finding: Finding, mistake: Mistake, text: Text) -> bool:
    instead = {step.span.line for step in finding.also if step.kind == "create"}
    created = {step.span.line for step in finding.steps if step.kind == "create"}
    thrown = text.throws and finding.code == "CAP102" and mistake.code in LEAKS
    left = finding.code in LEAKS and mistake.code in LEAKS
    names = text.names.get(mistake.name, {mistake.name})
    return (
        (finding.code == mistake.code or thrown or left)
        and (finding.handle in names or mistake.number in text.unseen)
        and not {finding.span.line, *instead}.isdisjoint(text.lines[mistake.number])
        and (not created or not (created | instead).isdisjoint(text.lines.get(mistake.created, ())))
    )


def _shown(finding: Finding) -> str:
    return f"{finding.path}:{finding.span.line}: {finding.code} {finding.handle}"
