"""C++ files at the doors of `check`: suffixes, --lang, compile commands, comments, SARIF."""

from __future__ import annotations

import io
import json
import sys
from pathlib import Path

import pytest

from capilint.cli import main

LEAK = """\
#include <windows.h>
#include <wincrypt.h>
class Session {
public:
    BOOL run(HCRYPTPROV hProv);
};
inline BOOL Session::run(HCRYPTPROV hProv)
{
    HCRYPTKEY hKey;
    if (!CryptGenKey(hProv, CALG_RC4, 0, &hKey))
        return FALSE;
#ifdef CLOSES
    CryptDestroyKey(hKey);
#endif
    return TRUE;
}
"""
TEMPLATE = """\
#include <windows.h>
#include <wincrypt.h>
template <class Use> BOOL with_key(HCRYPTPROV hProv, const Use &use)
{
    HCRYPTKEY hKey;
    if (!CryptGenKey(hProv, CALG_RC4, 0, &hKey))
        return FALSE;
    return use.wanted;
}
"""
USER = """\
#include "template.hpp"
struct Wanted { BOOL wanted; };
BOOL run(HCRYPTPROV hProv) { return with_key(hProv, Wanted()); }
"""
SUFFIXES = ("cpp", "cc", "cxx", "c++", "hpp", "hh", "hxx", "inl", "ipp", "tpp", "h")


@pytest.fixture(autouse=True)
def in_scratch_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def found(capsys: pytest.CaptureFixture[str], *arguments: str) -> list[tuple[str, int, str]]:
    """File, line and code of what a check reports."""
    main(["check", "--isolated", "--format", "json", *arguments])
    report = json.loads(capsys.readouterr().out)
    assert not report["files"]["unreadable"]
    return [(each["path"], each["line"], each["code"]) for each in report["findings"]]


@pytest.mark.parametrize("suffix", SUFFIXES)
def test_files_of_all_suffixes_are_read(capsys: pytest.CaptureFixture[str], suffix: str) -> None:
    Path(f"a.{suffix}").write_text(LEAK, encoding="utf-8")
    assert found(capsys, ".") == found(capsys, f"a.{suffix}") == [(f"a.{suffix}", 10, "CAP101")]


@pytest.mark.parametrize("name", ["a.inc", "a.c", "a.h"])
def test_any_file_can_be_told_to_be_cpp(capsys: pytest.CaptureFixture[str], name: str) -> None:
    Path(name).write_text(LEAK, encoding="utf-8")
    assert found(capsys, "--lang", "c++", name) == [(name, 10, "CAP101")]


def test_an_editor_can_send_cpp(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("session.cpp", "session.h"):
        monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(LEAK.encode())))
        assert found(capsys, "-", "--stdin-filename", name) == [(name, 10, "CAP101")]


@pytest.mark.parametrize("command", ["c++ -std=c++17 -DCLOSES -c a.cpp", "cl /DCLOSES /TP a.cpp"])
def test_macros_come_from_the_compile_commands(
    capsys: pytest.CaptureFixture[str], command: str
) -> None:
    Path("a.cpp").write_text(LEAK, encoding="utf-8")
    entry = {"directory": Path.cwd().as_posix(), "file": "a.cpp", "command": command}
    Path("compile_commands.json").write_text(json.dumps([entry]), encoding="utf-8")
    main(["check", "a.cpp"])
    assert "No findings" in capsys.readouterr().out
    assert found(capsys, "-U", "CLOSES", "a.cpp") == [("a.cpp", 10, "CAP101")]


@pytest.mark.parametrize(
    "comment", ["// NOLINT", "// capilint: ignore[CAP101] tested", "/* NOLINT(CAP101) */"]
)
def test_a_comment_suppresses(capsys: pytest.CaptureFixture[str], comment: str) -> None:
    before = 'static const char *text = R"x(// NOLINT" )x";\n'
    Path("a.cpp").write_text(before + LEAK.replace("&hKey))", f"&hKey)) {comment}"), "utf-8")
    assert found(capsys, "a.cpp") == []


def test_what_is_wrong_in_a_template_of_a_header_is_told_there_and_once(
    capsys: pytest.CaptureFixture[str],
) -> None:
    Path("template.hpp").write_text(TEMPLATE, encoding="utf-8")
    for name in ("a.cpp", "b.cpp"):
        Path(name).write_text(USER, encoding="utf-8")
    assert found(capsys, ".") == [("template.hpp", 6, "CAP101")]
    assert not found(capsys, "a.cpp", "b.cpp")  # nobody asked for the header


def test_sarif_names_the_method(capsys: pytest.CaptureFixture[str]) -> None:
    Path("a.cpp").write_text(LEAK, encoding="utf-8")
    main(["check", "--isolated", "--format", "sarif", "a.cpp"])
    (result,) = json.loads(capsys.readouterr().out)["runs"][0]["results"]
    (location,) = result["locations"]
    assert location["physicalLocation"]["artifactLocation"]["uri"] == "a.cpp"
    assert location["logicalLocations"][0]["fullyQualifiedName"] == "Session::run"
