"""An internal error in one function costs that function, and no other finding of the file."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

import capilint.frontends.c.module
import capilint.frontends.cpp.module
from capilint.checking import check
from capilint.config.settings import Settings
from capilint.engine.analysis import Analysis
from capilint.engine.checks.openers import Openers
from capilint.engine.fixpoint import Fixpoint
from capilint.execution import replay
from capilint.files.source import Input
from capilint.finding import Finding
from capilint.frontends.python.lowering.statements import Statements
from capilint.language import Language

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
    report = check([Input(f"a.{language}", LANGUAGES[language], data)], lambda _: Settings())
    assert not report.unreadable
    return list(report.findings)


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


@pytest.mark.parametrize("name", ["__init__", "add", "lacking"])
def test_before_any_function_is_analysed(monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    """No function is to blame: a file is analysed on its own, or named; none is called clean."""

    def failing(*arguments: object, **more: object) -> None:
        raise KeyError("hKey")

    monkeypatch.setattr(Analysis, name, failing)
    inputs = [Input(f"{each}.c", Language.C, TEXTS["c"].encode()) for each in ("a", "b")]
    report = check(inputs, lambda _: Settings())
    named = {each.path for each in report.unreadable if "KeyError: 'hKey'" in each.reason}
    analysed = {each.path for each in report.findings}
    both = {"a.c", "b.c"}
    assert (named, analysed) == ((set(), both) if name == "lacking" else (both, set()))


def test_a_lone_quote_in_a_parameter_costs_no_other_finding() -> None:
    for quoted in ("HC'R#include <x.h>\nYPTPROV prov", "int a, HC'R b\nc", 'HC"R b\nc, int d'):
        text = f"HCRYPTKEY broken({quoted})\n{{\n    return 0;\n}}\n" + C % "after"
        for language in ("c", "cpp"):
            assert ("CAP101", "after") in [
                (each.code, each.function) for each in found_in(language, text)
            ]
