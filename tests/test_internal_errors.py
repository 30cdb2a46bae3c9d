"""An internal error in one function costs that function, and no other finding of the file."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

import capilint.frontends.c.module
import capilint.frontends.cpp.module
from capilint import reading, report
from capilint.checking import Report, check
from capilint.commands import outputs
from capilint.config.settings import Settings
from capilint.edits.mending import Mender
from capilint.edits.session import Session
from capilint.engine.analysis import Analysis
from capilint.engine.checks.openers import Openers
from capilint.engine.fixpoint import Fixpoint
from capilint.execution import replay
from capilint.files.source import Input
from capilint.finding import Finding
from capilint.findings import triage
from capilint.frontends.python.lowering.statements import Statements
from capilint.language import Language
from capilint.report import FORMATS, partly, sarif
from tests.command_line import Cli

C = """
BOOL %s(HCRYPTPROV hProv)
{
    HCRYPTKEY hKey;
    return CryptGenKey(hProv, CALG_RC4, 0, &hKey);
}
"""
PYTHON = """
def %s(prov):
    key = ctypes.c_void_p()
    ctypes.windll.advapi32.CryptGenKey(prov, 1, 0, ctypes.byref(key))
"""
LANGUAGES = {"c": Language.C, "cpp": Language.CPP, "py": Language.PYTHON}
TEXTS = {
    "c": "".join(C % name for name in ("before", "broken", "after")),
    "cpp": "".join(C % name for name in ("before", "broken", "after")),
    "py": "import ctypes\n" + "".join(PYTHON % name for name in ("before", "broken", "after")),
}


def found_in(language: str, text: str = "") -> list[Finding]:
    data = (text or TEXTS[language]).encode()
    found = check([Input(f"a.{language}", LANGUAGES[language], data)], lambda _: Settings())
    assert not found.unreadable
    return list(found.findings)


def raises_for_broken(
    monkeypatch: pytest.MonkeyPatch, owner: object, name: str, names: Callable[..., bool]
) -> None:
    """Have a function of capilint fail where its arguments name the function `broken`."""
    real = getattr(owner, name)

    def failing(*arguments: Any, **more: Any) -> Any:
        if names(*arguments):
            raise KeyError("hKey")
        return real(*arguments, **more)

    monkeypatch.setattr(owner, name, failing)


def costs_that_function_only(findings: list[Finding]) -> None:
    assert [(each.code, each.function) for each in findings] == [
        ("CAP101", "before"),
        ("CAP901", "broken"),
        ("CAP101", "after"),
    ]
    note = findings[1]
    assert "internal error (KeyError: 'hKey'" in note.message and "report" in note.message


@pytest.mark.parametrize("language", TEXTS)
def test_in_a_front_end(monkeypatch: pytest.MonkeyPatch, language: str) -> None:
    match language:
        case "py":
            raises_for_broken(
                monkeypatch,
                Statements,
                "block",
                lambda statements, *_: statements.scope.name.endswith(".broken"),
            )
        case _:
            front_end = getattr(capilint.frontends, language).module
            raises_for_broken(
                monkeypatch,
                front_end.FunctionLowering,
                "__init__",
                lambda _, name, *more: name == "broken",
            )
    costs_that_function_only(found_in(language))


@pytest.mark.parametrize("language", TEXTS)
def test_in_the_engine(monkeypatch: pytest.MonkeyPatch, language: str) -> None:
    raises_for_broken(
        monkeypatch,
        Fixpoint,
        "solve",
        lambda fixpoint: fixpoint.interpreter.function.name == "broken",
    )
    costs_that_function_only(found_in(language))


def test_in_a_helper_that_touches_no_handle(monkeypatch: pytest.MonkeyPatch) -> None:
    raises_for_broken(
        monkeypatch,
        Fixpoint,
        "solve",
        lambda fixpoint: fixpoint.interpreter.function.name == "broken",
    )
    text = "int broken(int n) { return n; }" + (C % "f").replace("return C", "if (broken(1)) C")
    findings = found_in("c", text)
    assert [(each.code, each.function) for each in findings] == [
        ("CAP901", "broken"),
        ("CAP101", "f"),
    ]


def test_in_what_is_asked_of_whole_structures(monkeypatch: pytest.MonkeyPatch) -> None:
    text = """
struct box { HCRYPTPROV prov; HCRYPTKEY key; };
BOOL %s(struct box *box) { return CryptGenKey(box->prov, 1, 0, &box->key); }
void close_it(struct box *box) { CryptReleaseContext(box->prov, 0); }
"""
    assert [each.function for each in found_in("c", text % "broken")] == ["broken"]
    raises_for_broken(
        monkeypatch, Openers, "forgotten", lambda _, which, *more: which.function.name == "broken"
    )
    (note,) = found_in("c", text % "broken")
    assert (note.code, note.function) == ("CAP901", "broken")


def test_in_the_model(monkeypatch: pytest.MonkeyPatch) -> None:
    raises_for_broken(monkeypatch, replay, "_verdict", lambda each, *_: each.function == "broken")
    said = {each.function: each.confirmed for each in found_in("c")}
    assert said == {"before": True, "broken": None, "after": True}


def checked(folder: Path, capsys: pytest.CaptureFixture[str], *options: str) -> Cli:
    """A check of three functions in each of two files, and one whose leak a comment suppresses."""
    (folder / "a.c").write_text(TEXTS["c"], encoding="utf-8")
    quiet = "void f(HCRYPTPROV p) { HCRYPTKEY k; CryptGenKey(p, 1, 0, &k); } // NOLINT(CAP101)\n"
    (folder / "b.c").write_text(TEXTS["c"] + quiet, encoding="utf-8")
    cli = Cli(capsys)
    assert cli("check", "--no-cache", *options, str(folder)) in (1, 2)
    assert "Traceback" not in cli.err and "KeyError: 'hKey'" in cli.err, cli.err
    return cli


@pytest.mark.parametrize("name", FORMATS)
def test_in_the_report_of_one_finding(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str], name: str
) -> None:
    """One that the format fails for is named, and the others are in the report."""
    whole = report.render

    def failing(name: str, given: Report, style: report.Style) -> str:
        if any(each.function == "broken" and each.path.endswith("a.c") for each in given.findings):
            raise KeyError("hKey")
        return whole(name, given, style)

    monkeypatch.setattr(report, "render", failing)
    for module in (outputs, partly):
        monkeypatch.setattr(module, "render", failing)
    cli = checked(tmp_path, capsys, "--format", name)
    assert f"a.c:11:12: CAP101 is not in the {name} report: internal error (KeyError" in cli.err
    assert cli.out.count("`hKey`") >= 5 or name == "html"


def test_in_a_report_as_a_whole(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """The other reports are written."""

    def failing(*_: object) -> None:
        raise KeyError("hKey")

    monkeypatch.setattr(sarif, "render", failing)
    cli = checked(tmp_path, capsys, "-o", f"sarif:{tmp_path}/r.sarif", "-o", "text:-")
    assert "error: there is no sarif report: internal error (KeyError" in cli.err
    assert cli.out.count("CAP101 key `hKey`") == 6


@pytest.mark.parametrize("options", [("--suggest-fixes",), ("--diff", "-o", "text:-")])
def test_in_the_edit_of_one_finding(
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    options: tuple[str, ...],
) -> None:
    def names(_: object, finding: Finding, *more: object) -> bool:
        return finding.function == "broken" and finding.path.endswith("a.c")

    raises_for_broken(monkeypatch, Mender, "mend", names)
    cli = checked(tmp_path, capsys, *options)
    assert cli.err.count("a.c:11:12: no edit for CAP101: internal error (KeyError") == 1
    if "--diff" in options:
        assert "5 findings would be fixed, 1 would remain" in cli.err
    else:
        assert cli.out.count("CAP101 key `hKey`") == 6


def test_in_the_edits_as_a_whole(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    raises_for_broken(monkeypatch, Session, "_held", lambda *_: True)
    cli = checked(tmp_path, capsys, "--suggest-fixes")
    assert cli.out.count("CAP101 key `hKey`") == 6


def test_in_the_comments_of_one_file(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """They suppress nothing, rather than that anything is lost."""
    raises_for_broken(monkeypatch, triage, "directives", lambda text, _: "NOLINT" in text)
    cli = checked(tmp_path, capsys)
    assert "b.c: no comment suppresses anything: internal error (KeyError: 'hKey'" in cli.err
    assert cli.out.count("CAP101 key") == 7


def test_where_a_comment_is_looked_for(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    raises_for_broken(monkeypatch, triage, "_lines_of", lambda each: each.function == "f")
    cli = checked(tmp_path, capsys)
    assert "b.c:19:37: no comment suppresses it: internal error (KeyError: 'hKey'" in cli.err
    assert cli.out.count("CAP101 key") == 7


def test_where_a_file_is_read(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    raises_for_broken(monkeypatch, reading, "load_input", lambda item, _: item.path.endswith("a.c"))
    cli = checked(tmp_path, capsys)
    assert "a.c: this file was left out: internal error (KeyError: 'hKey'" in cli.err
    assert cli.out.count("CAP101 key") == 3


@pytest.mark.parametrize("name", ["__init__", "add", "lacking"])
def test_before_any_function_is_analysed(monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    """No function is to blame: a file is analysed on its own, or named; none is called clean."""

    def failing(*arguments: object, **more: object) -> None:
        raise KeyError("hKey")

    monkeypatch.setattr(Analysis, name, failing)
    inputs = [Input(f"{each}.c", Language.C, TEXTS["c"].encode()) for each in ("a", "b")]
    outcome = check(inputs, lambda _: Settings())
    named = {each.path for each in outcome.unreadable if "KeyError: 'hKey'" in each.reason}
    analysed = {each.path for each in outcome.findings}
    both = {"a.c", "b.c"}
    assert (named, analysed) == ((set(), both) if name == "lacking" else (both, set()))


def test_a_lone_quote_in_a_parameter_costs_no_other_finding() -> None:
    for quoted in ("HC'R#include <x.h>\nYPTPROV prov", "int a, HC'R b\nc", 'HC"R b\nc, int d'):
        text = f"HCRYPTKEY broken({quoted})\n{{\n    return 0;\n}}\n" + C % "after"
        for language in ("c", "cpp"):
            assert ("CAP101", "after") in [
                (each.code, each.function) for each in found_in(language, text)
            ]
