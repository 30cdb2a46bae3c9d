"""The glue: what is read, what is analysed together, and that trouble in one file stays there."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import pytest

import capilint.lowering
from capilint import ir
from capilint.checking import Report, check
from capilint.config.loading import ConfigError, Configuration
from capilint.engine import Analysis
from capilint.files.discover import discover
from capilint.files.source import Input, Source, Unreadable
from capilint.language import Language
from capilint.report import Style
from capilint.report.text import render
from capilint.rulebook.tomlfile import RuleError
from capilint.severity import Severity
from tests.reports import SESSION

CLEAN = """\
BOOL drop(HCRYPTKEY hKey)
{
    return CryptDestroyKey(hKey);
}
"""


@pytest.fixture(autouse=True)
def in_scratch_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def write(path: str, text: str) -> None:
    Path(path).parent.mkdir(parents=True, exist_ok=True)
    Path(path).write_text(text, encoding="utf-8")


def checked(*paths: str) -> Report:
    configuration = Configuration()
    found = discover(paths or (".",), exclusion=configuration.exclusion)
    return check(found.inputs, configuration.settings_of, found.unreadable)


def places(report: Report) -> list[tuple[str, str, int]]:
    return [(item.code, item.path, item.span.line) for item in report.findings]


def test_a_leak_is_found_and_the_files_are_counted() -> None:
    write("src/a.c", SESSION)
    write("src/b.c", "int nothing_of_ours;\n")
    write("src/c.py", "print('hello')\n")
    report = checked()
    assert places(report) == [("CAP101", "src/a.c", 6)]
    assert (report.seen, report.analysed, bool(report.failing)) == (3, 1, True)


def test_files_without_known_names_are_never_parsed(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(source: Source, relevant: object) -> ir.Module:
        raise AssertionError(f"{source.path} was parsed")

    monkeypatch.setattr(capilint.lowering, "lower", refuse)
    write("a.c", "int Crypt, GenKey; void CryptSomethingElse(void);\n")
    write("b.py", "import ctypes\n")
    report = checked()
    assert (report.seen, report.analysed, report.unreadable) == (2, 0, ())


def test_functions_that_touch_no_handle_are_not_lowered(monkeypatch: pytest.MonkeyPatch) -> None:
    lowered: list[str] = []
    lower = capilint.lowering.lower

    def watching(source: Source, relevant: Callable[[str], bool] | None, *more: Any) -> ir.Module:
        module = lower(source, relevant, *more)
        lowered.extend(function.name for function in module.functions)
        return module

    monkeypatch.setattr(capilint.lowering, "lower", watching)
    write("a.c", SESSION + "int add(int a, int b) { return a + b; }\n")
    assert places(checked()) == [("CAP101", "a.c", 6)]
    assert lowered == ["encrypt"]


def test_text_in_memory_needs_no_file() -> None:
    data = SESSION.encode("utf-16")
    report = check([Input("x.c", Language.C, data)], Configuration().settings_of)
    assert places(report) == [("CAP101", "x.c", 6)]


def test_unreadable_inputs_are_listed_and_the_others_analysed() -> None:
    write("a.c", SESSION)
    Path("b.c").write_bytes(b"CryptGenKey\0\0")
    report = checked("gone.c", "b.c", "a.c")
    assert places(report) == [("CAP101", "a.c", 6)]
    assert {item.path for item in report.unreadable} == {"gone.c", "b.c"}
    assert report.seen == 3


def test_a_crash_in_one_file_costs_no_other(monkeypatch: pytest.MonkeyPatch) -> None:
    lower = capilint.lowering.lower

    def crashing(source: Source, relevant: Callable[[str], bool] | None, *more: Any) -> ir.Module:
        if source.path == "b.c":
            raise ValueError("broken")
        return lower(source, relevant, *more)

    monkeypatch.setattr(capilint.lowering, "lower", crashing)
    write("a.c", SESSION)
    write("b.c", SESSION)
    report = checked()
    assert places(report) == [("CAP101", "a.c", 6)]
    (crash,) = report.unreadable
    assert crash.path == "b.c" and "ValueError: broken" in crash.reason
    assert "Traceback" in crash.detail


def test_a_crash_of_the_engine_costs_only_the_file_that_causes_it(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    add = Analysis.add

    def crashing(analysis: Analysis, modules: Sequence[ir.Module]) -> None:
        if any(module.path == "b.c" for module in modules):
            raise KeyError("hKey")
        add(analysis, modules)

    monkeypatch.setattr(Analysis, "add", crashing)
    for name in ("a.c", "b.c", "c.c"):
        write(name, SESSION)
    report = checked()
    assert [path for _, path, _ in places(report)] == ["a.c", "c.c"]
    assert [item.path for item in report.unreadable] == ["b.c"]


def test_fail_on_is_that_of_the_file() -> None:
    write("lax/a.c", SESSION)
    write("lax/capilint.toml", "[severity]\nCAP1 = 'note'\n")
    assert not checked().failing
    write("strict/a.c", SESSION)
    write("strict/capilint.toml", "fail-on = 'note'\n[severity]\nCAP1 = 'note'\n")
    assert checked().failing


def test_a_part_that_was_not_understood_is_a_note() -> None:
    write("a.c", SESSION + "\nvoid g(void) { int x = ]]] ((; CryptDestroyKey( }\n")
    report = checked()
    assert ("CAP101", "a.c", 6) in places(report)
    assert {item.code for item in report.findings if item.severity == "note"} <= {"CAP901"}


def test_wrappers_of_the_user_are_known_in_their_files_only() -> None:
    leak = """\
int f(HCRYPTPROV hProv)
{
    HCRYPTKEY hKey;
    if (!OpenSessionKey(hProv, &hKey))
        return 0;
    return 1;
}
"""
    write("ours/a.c", leak)
    write("theirs/a.c", leak)
    write(
        "ours/capilint.toml",
        """\
[functions.OpenSessionKey]
params  = ["hProv", "phKey"]
creates = { into = "phKey", resource = "key", owner = "hProv" }
uses    = { hProv = "context" }
""",
    )
    assert places(checked()) == [("CAP101", "ours/a.c", 4)]


def test_functions_that_never_come_back_end_a_path() -> None:
    write(
        "a.c",
        """\
void f(HCRYPTPROV hProv)
{
    HCRYPTKEY hKey;
    if (!CryptGenKey(hProv, 1, 0, &hKey))
        Die("no key");
    CryptDestroyKey(hKey);
    if (!CryptGenKey(hProv, 1, 0, &hKey))
        return;
    Die("with a key alive");
}
""",
    )
    assert [code for code, _, _ in places(checked())] != []
    write("capilint.toml", "noreturn = ['Die']\n")
    assert places(checked()) == []


def test_wrong_wrappers_are_an_error_with_file_and_line() -> None:
    write("a.c", "int x;\n")
    write("capilint.toml", "\n[functions.F]\nparams = ['a']\nuses = { b = 'key' }\n")
    with pytest.raises(RuleError, match=r"^capilint\.toml:4: "):
        checked()


def test_the_configuration_of_folders_without_sources_is_not_read() -> None:
    write("a.c", SESSION)
    write("data/capilint.toml", "wrong\n")
    assert checked().failing
    write("data/a.c", "int x;\n")
    with pytest.raises(ConfigError, match="not valid TOML"):
        checked()


def test_an_unknown_resource_is_an_error_with_a_hint() -> None:
    write("capilint.toml", "resources = ['kye']\n")
    write("a.c", "int x;\n")
    with pytest.raises(ConfigError, match=r"capilint.toml:1: .*`kye`; did you mean `key`"):
        checked()


def test_unused_suppressions_are_found_in_files_of_no_concern() -> None:
    write("a.c", "int x; // capilint: ignore[CAP101]\n")
    assert places(checked()) == []
    write("capilint.toml", "extend-select = ['CAP903']\n")
    report = checked()
    assert places(report) == [("CAP903", "a.c", 1)]
    assert report.analysed == 0


def test_a_wrong_suppression_is_found_in_files_of_no_concern() -> None:
    write("a.c", "int x; // capilint: ignore CAP101\n")
    assert places(checked()) == [("CAP904", "a.c", 1)]


def test_given_unreadable_things_come_through() -> None:
    report = check([], Configuration().settings_of, [Unreadable("x", "gone")])
    assert (report.seen, report.unreadable) == (1, (Unreadable("x", "gone"),))


def test_a_header_that_cannot_be_read_is_no_file_of_the_run() -> None:
    write("a.c", '#include "nul.h"\n' + SESSION)
    write("nul.h", "\0")
    report = checked("a.c")
    assert (report.seen, report.analysed, report.unread) == (1, 1, 0)
    assert [item.path for item in report.unreadable] == ["nul.h"]
    text = render(report._replace(findings=()), Style())
    assert text == "No findings in 1 file. 1 file could not be analysed.\n"


@pytest.mark.parametrize(
    ("path", "head", "severity"),
    [
        ("a.c", "int main(void)", Severity.NOTE),
        ("a.c", "int wmain(int argc, wchar_t **argv)", Severity.NOTE),
        ("a.cpp", "int main()", Severity.NOTE),
        ("a.c", "int run(void)", Severity.ERROR),
        ("a.c", "static int main(void)", Severity.ERROR),
        ("a.cpp", "int Program::main()", Severity.ERROR),
    ],
)
def test_what_lives_when_the_process_ends_is_a_note(path: str, head: str, severity: str) -> None:
    classes = "class Program { int main(); };\n" if path == "a.cpp" else ""
    body = "{ HCRYPTKEY key; if (!CryptGenKey(0, 1, 0, &key)) return 1; return 0; }\n"
    write(path, classes + head + "\n" + body)
    (found,) = checked().findings
    assert (found.code, found.severity) == ("CAP101", severity)
    assert found.message.endswith("; the process ends here") == (severity is Severity.NOTE)


def test_the_configuration_may_make_more_of_what_lives_when_the_process_ends() -> None:
    write("pyproject.toml", '[tool.capilint.severity]\nCAP101 = "error"\n')
    write("a.c", "int main(void) { HCRYPTKEY k; return CryptGenKey(0, 1, 0, &k); }\n")
    (found,) = checked().findings
    assert found.severity is Severity.ERROR


def test_one_program_spans_the_files() -> None:
    """A helper in another file destroys the key: no leak, and a second destroy is one too many."""
    write("drop.c", CLEAN)
    write(
        "use.c",
        """\
BOOL drop(HCRYPTKEY hKey);
int f(HCRYPTPROV hProv)
{
    HCRYPTKEY hKey;
    if (!CryptGenKey(hProv, 1, 0, &hKey))
        return 0;
    drop(hKey);
    CryptDestroyKey(hKey);
    return 1;
}
""",
    )
    assert [(code, path, line) for code, path, line in places(checked())] == [
        ("CAP202", "use.c", 8)
    ]
