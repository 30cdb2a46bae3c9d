"""The format of the fixtures: what a source file says that an analysis of it must find.

    if (!CryptGenKey(hProv, CALG_RC4, 0, &hKey)) // expect: CAP101 hKey
    # expect: CAP101 key, CAP301 key        several, separated by commas
    // expect: CAP101 a // expect: CAP101 b  or by comments
    // expect: CAP901                        a note about no handle has none
    // expect-missing: CAP101 hKey           a known gap: it fails once it works
    // select: CAP401                        (first line) this code is on, though off by default

The line is the one of the finding's primary location. A comment that speaks of expectations, or
names a code, in any other way is malformed: a typing mistake must not turn a test off.

The programs are what lies in `fixtures/c` and `fixtures/python`, and in `fixtures/run` those that
`capilint run` runs, too. `fixtures/demo` has no marks: the README shows all that is found there.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from capilint.checking import check
from capilint.config.settings import Settings
from capilint.files.source import Input
from capilint.finding import Finding, Severity
from capilint.language import Language

FIXTURES = Path(__file__).parent.parent / "fixtures"
SUFFIXES = (".c", ".h", ".py", ".pyi", ".cpp", ".hpp")

_C_TOKEN = re.compile(r'"(?:\\.|[^"\\\n])*"|\'(?:\\.|[^\'\\\n])*\'|//[^\n]*|/\*.*?\*/', re.DOTALL)
_PYTHON_TOKEN = re.compile(
    r'""".*?"""|\'\'\'.*?\'\'\'|"(?:\\.|[^"\\\n])*"|\'(?:\\.|[^\'\\\n])*\'|#[^\n]*', re.DOTALL
)
_PART = re.compile(r"(?://|#|/\*)((?:(?!//|#|/\*|\*/).)*)(?:\*/)?", re.DOTALL)
_MARK = re.compile(r"(expect|expect-missing|select):\s+(\S.*)", re.DOTALL)
_SUPPRESSION = re.compile(r"capilint:|NOLINT|noqa:", re.IGNORECASE)
_LOOKS_MEANT = re.compile(r"\bexpect|\bselect\s*:|\bCAP\d", re.IGNORECASE)
_HANDLE_CODE = re.compile(r"(CAP[1-5]\d\d)\s+(\S+)")
_NOTE_CODE = re.compile(r"(CAP9\d\d)")
_CODE = re.compile(r"CAP\d{3}")


class MalformedExpectation(ValueError):
    """A comment of a fixture that means to say what is found and doesn't."""


@dataclass(frozen=True, slots=True, order=True)
class Expectation:
    """One finding: `handle` is the source text of the place that held it, empty for CAP9xx."""

    file: str
    line: int
    code: str
    handle: str

    def __str__(self) -> str:
        return f"{self.file}:{self.line}: {self.code} {self.handle}".rstrip()


@dataclass(frozen=True, slots=True)
class Fixture:
    """What the files of one program say about it; they are analysed together."""

    paths: tuple[Path, ...]
    expected: Counter[Expectation] = field(default_factory=Counter)
    missing: Counter[Expectation] = field(default_factory=Counter)
    selected: tuple[str, ...] = ()


def read_fixture(paths: Sequence[Path]) -> Fixture:
    """Raise MalformedExpectation where a comment is not understood."""
    expected: Counter[Expectation] = Counter()
    missing: Counter[Expectation] = Counter()
    selected: list[str] = []
    for path in paths:
        for line, kind, items in marks(path.read_text(encoding="utf-8"), path):
            if kind == "select":
                selected += _selection(line, items, path)
                continue
            target = expected if kind == "expect" else missing
            target.update(_expectation(path, line, item) for item in items)
    return Fixture(tuple(paths), expected, missing, tuple(selected))


def marks(text: str, path: Path) -> Iterator[tuple[int, str, list[str]]]:
    """The marks in a text: line (from 1), kind, items."""
    token = _PYTHON_TOKEN if path.suffix.startswith(".py") else _C_TOKEN
    for found in token.finditer(text):
        if found[0][0] in "\"'":
            continue
        for part in _PART.finditer(found[0]):
            comment = part[1].strip()
            line = text.count("\n", 0, found.start() + part.start()) + 1
            mark = _MARK.fullmatch(comment)
            if mark:
                yield line, mark[1], [item.strip() for item in mark[2].split(",")]
            elif _LOOKS_MEANT.search(comment) and not _SUPPRESSION.search(comment):
                raise MalformedExpectation(f"{path.name}:{line}: not understood: {comment}")


def _expectation(path: Path, line: int, item: str) -> Expectation:
    match = _HANDLE_CODE.fullmatch(item) or _NOTE_CODE.fullmatch(item)
    if match is None:
        raise MalformedExpectation(
            f"{path.name}:{line}: `{item}` is no expectation (CODE HANDLE, or CAP9xx alone)"
        )
    handle = match[2] if match.re is _HANDLE_CODE else ""
    return Expectation(path.name, line, match[1], handle)


def _selection(line: int, items: list[str], path: Path) -> list[str]:
    if line != 1 or not all(_CODE.fullmatch(item) for item in items):
        raise MalformedExpectation(f"{path.name}:{line}: `select:` takes codes, on the first line")
    return items


def differences(fixture: Fixture, findings: Iterable[Finding]) -> str:
    """How the findings differ from the fixture, one difference a line; empty if not at all.

    Findings milder than a warning count only where the fixture speaks of them.
    """
    wanted, gaps = fixture.expected, fixture.missing
    actual: Counter[Expectation] = Counter()
    for finding in findings:
        seen = as_expectation(finding)
        if finding.severity is not Severity.NOTE or seen in wanted or seen in gaps:
            actual[seen] += 1
    closed = actual & gaps
    lines = [f"- {item}  (expected, not reported)" for item in (wanted - actual).elements()]
    lines += [f"+ {item}  (reported, not expected)" for item in (actual - wanted - gaps).elements()]
    lines += [f"! {item}  (reported: turn expect-missing into expect)" for item in closed]
    return "\n".join(sorted(lines, key=lambda text: text[2:]))


def as_expectation(finding: Finding) -> Expectation:
    """The finding as a fixture would write it."""
    handle = "" if finding.code.startswith("CAP9") else finding.handle
    return Expectation(Path(finding.path).name, finding.span.line, finding.code, handle)


def fixture_programs(folder: Path) -> list[tuple[Path, ...]]:
    """Every program of a language: `group/file`, or all that is below `group/program/`."""
    programs: dict[Path, list[Path]] = {}
    for path in sorted(folder.rglob("*")):
        if path.suffix not in SUFFIXES or not path.is_file():
            continue
        group, name = path.relative_to(folder).parts[:2]
        programs.setdefault(folder / group / name, []).append(path)
    return [tuple(paths) for paths in programs.values()]


def analyse(paths: Sequence[Path], selected: Sequence[str] = ()) -> list[Finding]:
    """The findings of one program with the default codes and the selected ones.

    A file that could not be analysed fails here: silence about it would look clean.
    """
    settings = Settings(extend_select=tuple(selected))
    inputs = [Input(path.as_posix(), _language(path)) for path in paths]
    report = check(inputs, lambda _: settings)
    problems = [f"{item.reason}\n{item.detail}" for item in report.unreadable]
    assert not problems, "\n".join(problems)
    return list(report.findings)


def _language(path: Path) -> Language:
    if path.suffix.startswith(".py"):
        return Language.PYTHON
    return Language.CPP if "cpp" in path.parts else Language.C
