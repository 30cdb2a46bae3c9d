"""`capilint validate`: the runnable functions of the fixtures agree, and what differs is told."""

from __future__ import annotations

from pathlib import Path

import pytest

from capilint.cli import main
from capilint.engine import analyse
from capilint.execution.validate.explore import Verdict, validate
from capilint.files import includes
from capilint.files.source import load, read_bytes
from capilint.frontends.c import Headers
from capilint.language import Language
from capilint.lowering import lower
from capilint.rulebook.book import load as load_rules
from tests.fixture_format import FIXTURES, fixture_programs

PROGRAMS = [
    program[0]
    for language in ("c", "python")
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
    language = Language.PYTHON if path.suffix == ".py" else Language.C
    name = path.as_posix()
    headers = Headers(includes.Headers([name]).find)
    module = lower(load(name, read_bytes(name), language), headers=headers)
    book = load_rules()
    return validate(module, [] if silent else analyse([module], book), book)


@pytest.mark.parametrize("path", PROGRAMS, ids=lambda path: path.relative_to(FIXTURES).as_posix())
def test_runnable_functions_of_a_fixture_agree(path: Path) -> None:
    has_known_gap = "expect-missing:" in path.read_text(encoding="utf-8")
    for verdict in _validated(path):
        assert not verdict.linter_only
        assert has_known_gap or not verdict.model_only


def test_most_fixtures_have_a_function_that_runs() -> None:
    c_programs = [path for path in PROGRAMS if path.suffix == ".c"]
    runnable = [path for path in c_programs if any(not v.reason for v in _validated(path))]
    assert len(runnable) > len(c_programs) * 0.8


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
