"""`capilint validate`: the runnable functions of the fixtures agree, and what differs is told."""

from __future__ import annotations

from pathlib import Path

import pytest

from capilint.cli import main
from capilint.engine import analyse
from capilint.execution.validate.explore import Verdict, validate
from capilint.files import includes
from capilint.files.discover import language_of
from capilint.files.source import Input, load, read_bytes
from capilint.frontends import c, cpp
from capilint.language import Language
from capilint.lowering import lower
from capilint.rulebook.book import load as load_rules
from tests.fixture_format import FIXTURES, fixture_programs

PROGRAMS = [
    program[0]
    for language in ("c", "cpp", "python")
    for program in fixture_programs(FIXTURES / language)
    if len(program) == 1
]
KEY_LEAKS = """\
#include <windows.h>
#include <wincrypt.h>
BOOL leaks(HCRYPTPROV hProv, BYTE *data, DWORD size)
{
    HCRYPTKEY hKey;
    if (!CryptImportKey(hProv, data, size, 0, 0, &hKey))
        return FALSE;
    if (!CryptSetKeyParam(hKey, KP_IV, data, 0))
        return FALSE;
    CryptDestroyKey(hKey);
    return TRUE;
}
"""


def _validated(path: Path, silent: bool = False) -> list[Verdict]:
    language = language_of(path.name)
    assert language is not None
    name = path.as_posix()
    find = includes.Headers([Input(name, language)]).find
    headers = {Language.C: c.Headers(find), Language.CPP: cpp.Headers(find)}.get(language)
    module = lower(load(name, read_bytes(name), language), headers=headers)
    book = load_rules()
    return validate(module, [] if silent else analyse([module], book), book)


@pytest.mark.parametrize("path", PROGRAMS, ids=lambda path: path.relative_to(FIXTURES).as_posix())
def test_runnable_functions_of_a_fixture_agree(path: Path) -> None:
    has_known_gap = "expect-missing:" in path.read_text(encoding="utf-8")
    for verdict in _validated(path):
        assert not verdict.linter_only
        assert has_known_gap or not verdict.model_only


@pytest.mark.parametrize("suffix", [".c", ".cpp"])
def test_most_fixtures_have_a_function_that_runs(suffix: str) -> None:
    """Those apart that are about functions which the model does not have, such as CNG's. Every
    fifth is asked: all of them take as long as the test above."""
    some = [path for path in PROGRAMS if path.suffix == suffix][::5]
    reasons = [[verdict.reason for verdict in _validated(path, silent=True)] for path in some]
    modelled = [each for each in reasons if not any(r.startswith("the model has no") for r in each)]
    runnable = [each for each in modelled if not all(each)]
    assert len(runnable) > len(modelled) * 0.75


def test_linter_that_misses_a_leak_is_told_with_the_path(tmp_path: Path) -> None:
    path = tmp_path / "a.c"
    path.write_text(KEY_LEAKS, encoding="utf-8")
    (verdict,) = _validated(path, silent=True)
    (mistake,) = verdict.model_only
    assert (mistake.code, mistake.line, mistake.resource) == ("CAP101", 6, "key")
    assert mistake.witness[-1].startswith("8: CryptSetKeyParam(")
    assert mistake.witness[-1].endswith("fails")


def test_finding_that_no_path_shows_is_told(tmp_path: Path) -> None:
    path = tmp_path / "a.c"
    path.write_text(KEY_LEAKS, encoding="utf-8")
    book = load_rules()
    module = lower(load(str(path), KEY_LEAKS.encode(), Language.C))
    findings = analyse([module], book)
    text = KEY_LEAKS.replace("0))\n        return FALSE;\n    Crypt", "0))\n        ;\n    Crypt")
    mended = lower(load(str(path), text.encode(), Language.C))
    (verdict,) = validate(mended, findings, book)
    assert [finding.code for finding in verdict.linter_only] == ["CAP101"]


def test_unknown_constant_is_itself(tmp_path: Path) -> None:
    path = tmp_path / "a.c"
    path.write_text(
        KEY_LEAKS.replace("return TRUE", "return status == DONE").replace(
            "    if (!CryptSetKeyParam(hKey, KP_IV, data, 0))\n        return FALSE;\n",
            "    LONG status = DONE;\n    if (status != DONE)\n        return FALSE;\n",
        ),
        encoding="utf-8",
    )
    (verdict,) = _validated(path)
    assert not verdict.reason
    assert not verdict.linter_only
    assert not verdict.model_only


def test_function_that_needs_unknown_code_is_not_run(tmp_path: Path) -> None:
    path = tmp_path / "a.c"
    path.write_text(KEY_LEAKS.replace("CryptDestroyKey(hKey)", "bury(hKey)"), encoding="utf-8")
    (verdict,) = _validated(path)
    assert verdict.reason == "bury is not known"


CPP = """\
#include <windows.h>
#include <wincrypt.h>
#include <stdexcept>
namespace ns {
struct Failed : std::runtime_error { Failed() : std::runtime_error("") {} };
struct Key {
    HCRYPTKEY handle = 0;
    explicit Key(HCRYPTPROV prov)
    {
        if (!CryptGenKey(prov, CALG_RC4, 0, &handle))
            throw Failed();
    }
    ~Key() { if (handle) CryptDestroyKey(handle); }
    void end() { CryptDestroyKey(handle); }
    void end(BOOL clear) { CryptDestroyKey(handle); if (clear) handle = 0; }
};
}
"""


def _in_cpp(folder: Path, text: str, function: str = "subject") -> Verdict:
    path = folder / "a.cpp"
    path.write_text(CPP + text, encoding="utf-8")
    (verdict,) = (each for each in _validated(path, silent=True) if each.function.name == function)
    return verdict


@pytest.mark.parametrize(
    ("body", "codes"),
    [
        ("ns::Key key(prov); return 0;", []),
        ("ns::Key *key = new ns::Key(prov); delete key; return 0;", []),
        ("ns::Key *key = new ns::Key(prov); return key != nullptr;", ["CAP101"]),
        ("ns::Key key(prov); key.end(); return 0;", ["CAP202"]),
        ("ns::Key key(prov); key.end(TRUE); return 0;", []),
        ("ns::Key key(prov); key.end(FALSE); return 0;", ["CAP202"]),
        ("ns::Key key(prov); ns::Key copy = key; return 0;", ["CAP202"]),
        ("ns::Key key(prov); const ns::Key &same = key; return 0;", []),
        ("ns::Key key(prov); CryptReleaseContext(prov, 0); return 0;", ["CAP301"]),
        (("HCRYPTKEY raw; CryptGenKey(prov, 1, 0, &raw); ns::Key key(prov);"
         " CryptDestroyKey(raw); return 0;"), ["CAP102"]),
        (("HCRYPTKEY raw; CryptGenKey(prov, 1, 0, &raw); try { ns::Key key(prov); }"
         " catch (const std::exception &) {} CryptDestroyKey(raw); return 0;"), []),
        (("HCRYPTKEY raw; CryptGenKey(prov, 1, 0, &raw); try { ns::Key key(prov); }"
         " catch (const std::logic_error &) {} CryptDestroyKey(raw); return 0;"), ["CAP102"]),
        (("HCRYPTKEY raw; CryptGenKey(prov, 1, 0, &raw); try { ns::Key key(prov); }"
         " catch (...) { CryptDestroyKey(raw); throw; } CryptDestroyKey(raw); return 0;"), []),
    ],
)  # fmt: skip
def test_objects_live_and_die_on_the_model(tmp_path: Path, body: str, codes: list[str]) -> None:
    verdict = _in_cpp(tmp_path, f"int subject(HCRYPTPROV prov)\n{{\n    {body}\n}}\n")
    assert not verdict.reason
    assert [mistake.code for mistake in verdict.model_only] == codes


def test_an_exception_that_leaves_a_noexcept_function_ends_the_process(tmp_path: Path) -> None:
    text = "int subject(HCRYPTPROV prov) noexcept\n{\n    HCRYPTKEY raw;\n"
    text += "    CryptGenKey(prov, 1, 0, &raw);\n    ns::Key key(prov);\n"
    verdict = _in_cpp(tmp_path, text + "    CryptDestroyKey(raw);\n    return 0;\n}\n")
    assert (verdict.reason, verdict.model_only) == ("", ())


def test_a_constructor_that_raises_loses_what_its_object_held(tmp_path: Path) -> None:
    text = "struct Two {\n    HCRYPTKEY first, second;\n    Two(HCRYPTPROV prov)\n    {\n"
    text += "        if (!CryptGenKey(prov, 1, 0, &first))\n            throw 1;\n"
    text += "        if (!CryptGenKey(prov, 1, 0, &second))\n            throw 2;\n    }\n};\n"
    text += "void subject(HCRYPTPROV prov) { try { Two two(prov); CryptDestroyKey(two.first);\n"
    text += "CryptDestroyKey(two.second); } catch (...) {} }\n"
    (mistake,) = _in_cpp(tmp_path, text, "Two::Two").model_only
    assert (mistake.code, mistake.line) == ("CAP102", 22)
    assert not _in_cpp(tmp_path, text).model_only  # that is said of the constructor only


def test_finding_in_one_overload_is_not_said_of_the_other(tmp_path: Path) -> None:
    path = tmp_path / "a.cpp"
    path.write_text(
        CPP.replace("end(BOOL clear) {", "end(BOOL clear) { HCRYPTKEY lost;\nHCRYPTPROV prov = 1;\n"
        "if (!CryptGenKey(prov, 1, 0, &lost)) return;\n"),
        encoding="utf-8",
    )  # fmt: skip
    verdicts = [each for each in _validated(path) if each.function.name == "Key::end"]
    assert [len(each.agree) for each in verdicts] == [0, 1]
    assert not any(each.linter_only or each.model_only for each in verdicts)


def test_finding_in_one_instance_of_a_template_is_not_missed_in_another(tmp_path: Path) -> None:
    path = tmp_path / "a.cpp"
    path.write_text(
        CPP + "struct Good { static void end(HCRYPTKEY key) { CryptDestroyKey(key); } };\n"
        "struct Bad { static void end(HCRYPTKEY key) {} };\n"
        "template <class T> struct Job { void run(HCRYPTPROV prov)\n{\n    HCRYPTKEY key;\n"
        "    if (!CryptGenKey(prov, 1, 0, &key))\n        return;\n    T::end(key);\n} };\n"
        "void subject(HCRYPTPROV prov) { Job<Bad>().run(prov); Job<Good>().run(prov); }\n",
        encoding="utf-8",
    )
    verdicts = [each for each in _validated(path) if each.function.name.endswith("::run")]
    assert sorted(len(each.agree) for each in verdicts) == [0, 1]
    assert not any(each.linter_only or each.model_only for each in verdicts)


def test_command_says_what_agrees(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "a.c"
    path.write_text(KEY_LEAKS, encoding="utf-8")
    assert main(["validate", "--verbose", str(path)]) == 0
    out = capsys.readouterr().out
    assert "agree: CAP101" in out
    assert "linter  9: leaves with hKey alive" in out
    assert "model  6: CryptImportKey(" in out
    assert out.endswith(
        "1 functions run, 0 not runnable: 1 findings agree, 0 linter only, 0 model only\n"
    )


def test_unreadable_file_is_an_error(tmp_path: Path) -> None:
    assert main(["validate", str(tmp_path / "missing.c")]) == 2
