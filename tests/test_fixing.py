"""`check --diff` and `--fix`: what is printed, what is written, and what is left alone."""

from __future__ import annotations

import io
import json
import stat
import sys
from pathlib import Path

import pytest

from capilint.cli import main
from capilint.files.rewriting import Original, WriteError, write
from capilint.language import Language
from tests.doors import PYTHON_LEAK
from tests.notebooks import notebook

LEAK = """\
#include <wincrypt.h>
BOOL f(HCRYPTPROV p, BYTE *b, DWORD *n)
{
    HCRYPTKEY k;
    if (!CryptGenKey(p, CALG_RC4, 0, &k)) return FALSE;
    if (!CryptEncrypt(k, 0, TRUE, 0, b, n, 64)) return FALSE; // caf\u00e9
    CryptDestroyKey(k);
    return TRUE;
}
"""
MENDED = LEAK.replace("64)) return FALSE;", "64)) { CryptDestroyKey(k); return FALSE; }")
OPEN = """\
#include <wincrypt.h>
void g(HCRYPTPROV p, HCRYPTKEY *out)
{
    HCRYPTKEY k;
    if (!CryptGenKey(p, CALG_RC4, 0, &k)) return;
    if (out) *out = k;
}
"""


@pytest.fixture(autouse=True)
def in_scratch_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def test_diff_shows_the_edit_and_changes_nothing(capsys: pytest.CaptureFixture[str]) -> None:
    Path("a.c").write_text(LEAK, encoding="utf-8", newline="")
    assert main(["check", "--diff", "a.c"]) == 1
    out, err = capsys.readouterr()
    assert out.splitlines()[:2] == ["--- a.c", "+++ a.c"]
    changed = [line for line in out.splitlines()[3:] if line[0] in "+-"]
    assert [line[0] for line in changed] == ["-", "+"]
    assert "{ CryptDestroyKey(k); return FALSE; }" in changed[1]
    assert err == "capilint: 1 finding would be fixed, 0 would remain\n"
    assert Path("a.c").read_text(encoding="utf-8") == LEAK


def test_notebooks_that_are_not_edited_are_told(capsys: pytest.CaptureFixture[str]) -> None:
    Path("a.ipynb").write_text(notebook(PYTHON_LEAK), encoding="utf-8")
    assert main(["check", "--diff", "."]) == 1
    told = [
        "capilint: notebooks are not edited; 1 finding in them",
        "capilint: 0 findings would be fixed, 1 would remain",
    ]
    assert capsys.readouterr() == ("", "\n".join([*told, ""]))


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "cp1252"])
def test_fix_changes_nothing_but_the_edit(
    capsys: pytest.CaptureFixture[str], encoding: str, end: str
) -> None:
    file = Path("a.c")
    file.write_bytes(LEAK.replace("\n", end).encode(encoding))
    assert main(["check", "--fix", "a.c"]) == 0
    assert file.read_bytes() == MENDED.replace("\n", end).encode(encoding)
    out, err = capsys.readouterr()
    assert (out, err) == ("No findings in 1 file.\n", "capilint: 1 finding fixed, 0 remaining\n")
    assert main(["check", "--fix", "a.c"]) == 0
    assert file.read_bytes() == MENDED.replace("\n", end).encode(encoding)


def test_fix_reports_what_remains(capsys: pytest.CaptureFixture[str]) -> None:
    Path("a.c").write_text(LEAK, encoding="utf-8")
    Path("b.c").write_text(OPEN, encoding="utf-8")
    assert main(["check", "--fix", "--format", "json", "."]) == 1
    out, err = capsys.readouterr()
    assert [each["path"] for each in json.loads(out)["findings"]] == ["b.c"]
    assert err == "capilint: 1 finding fixed, 1 remaining\n"
    assert Path("b.c").read_text(encoding="utf-8") == OPEN


def test_a_suppressed_or_unselected_finding_is_not_mended() -> None:
    text = LEAK.replace("// caf", "// capilint: ignore[CAP101] caf")
    Path("a.c").write_text(text, encoding="utf-8")
    Path("b.c").write_text(LEAK, encoding="utf-8")
    main(["check", "--fix", "a.c"])
    main(["check", "--fix", "--select", "CAP3", "b.c"])
    assert Path("b.c").read_text(encoding="utf-8") == LEAK


def test_the_standard_input_cannot_be_fixed(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(LEAK.encode())))
    assert main(["check", "--fix", "--stdin-filename", "x.c", "-"]) == 2
    assert "--diff" in capsys.readouterr().err


def test_json_and_sarif_have_the_edit(capsys: pytest.CaptureFixture[str]) -> None:
    Path("a.c").write_text(LEAK, encoding="utf-8")
    main(["check", "--format", "json", "a.c"])
    (finding,) = json.loads(capsys.readouterr().out)["findings"]
    (change,) = finding["fix"]["changes"]
    assert finding["help"] == finding["fix"]["title"]
    assert finding["help"] == "call CryptDestroyKey(k) before `return FALSE` in line 6"
    assert (change["path"], change["line"], change["end_line"]) == ("a.c", 6, 7)
    assert change["text"] == MENDED.splitlines(keepends=True)[5]
    main(["check", "--suggest-fixes", "--format", "sarif", "a.c"])
    (result,) = json.loads(capsys.readouterr().out)["runs"][0]["results"]
    (fix,) = result["fixes"]
    (replacement,) = fix["artifactChanges"][0]["replacements"]
    assert replacement["insertedContent"]["text"] == change["text"]
    assert replacement["deletedRegion"]["startLine"] == 6


def test_edits_that_take_long_are_only_looked_for_if_asked(
    capsys: pytest.CaptureFixture[str],
) -> None:
    long = LEAK + "\n// " + "filler " * 20_000 + "\n"
    Path("a.c").write_text(long, encoding="utf-8")
    main(["check", "--format", "json", "a.c"])
    assert json.loads(capsys.readouterr().out)["findings"][0]["fix"] is None
    main(["check", "--suggest-fixes", "--format", "json", "a.c"])
    assert json.loads(capsys.readouterr().out)["findings"][0]["fix"] is not None


def test_the_wrapper_that_the_configuration_names_ends_the_handle(
    capsys: pytest.CaptureFixture[str],
) -> None:
    Path("capilint.toml").write_text(
        '[functions.ks_open]\nparams = ["k"]\ncreates = { into = "k", resource = "key" }\n'
        '[functions.ks_close]\nparams = ["k"]\nreleases = { k = "key" }\n',
        encoding="utf-8",
    )
    body = "    HCRYPTKEY k;\n    if (!ks_open(&k))\n        return 1;\n    return 0;\n"
    text = f"int f(void)\n{{\n{body}}}\n"
    Path("a.c").write_text(text, encoding="utf-8")
    main(["check", "a.c"])
    assert "help: give k to ks_close" in capsys.readouterr().out
    assert main(["check", "--fix", "a.c"]) == 0
    expected = text.replace("    return 0", "    ks_close(k);\n    return 0")
    assert Path("a.c").read_text(encoding="utf-8") == expected


# ---------------------------------------------------------------- writing


def test_a_file_that_changed_since_is_not_written() -> None:
    Path("a.c").write_bytes(b"new")
    with pytest.raises(WriteError, match="changed while it was checked"):
        write("a.c", b"old", b"mended")
    assert Path("a.c").read_bytes() == b"new"
    assert [each.name for each in Path().iterdir()] == ["a.c"]


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no such modes")
def test_a_written_file_keeps_its_mode_and_a_link_stays_one() -> None:
    Path("a.c").write_bytes(b"old")
    Path("a.c").chmod(0o640)
    Path("link.c").symlink_to("a.c")
    write("link.c", b"old", b"new")
    assert Path("link.c").is_symlink()
    assert Path("a.c").read_bytes() == b"new"
    assert stat.S_IMODE(Path("a.c").stat().st_mode) == 0o640


@pytest.mark.parametrize(
    ("data", "text", "expected"),
    [
        (b"a\r\nb", "a\nx\nb", b"a\r\nx\r\nb"),
        (b"a\r\nb\nc\n", "a\nx\nb\nc\n", b"a\r\nx\r\nb\nc\n"),
        (b"a\nb", "a\nb\nc", b"a\nb\nc"),
        (b"a\xe9\nb\n", "a\xe9\nc\n", b"a\xe9\nc\n"),
    ],
)
def test_lines_keep_their_ends(data: bytes, text: str, expected: bytes) -> None:
    assert Original(data, Language.C).with_text(text) == expected


def test_what_the_encoding_cannot_say_is_not_written() -> None:
    assert Original(b"a\xe9\n", Language.C).with_text("\u4e00\n") is None
