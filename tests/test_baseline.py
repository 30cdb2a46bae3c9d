"""Baselines: written down once, later runs report only what is new, wherever its lines are."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import pytest

from capilint.findings.baseline_file import BaselineError, read
from tests.command_line import Cli
from tests.reports import SESSION

NAME = "capilint-baseline.json"
OTHER = """
BOOL decrypt(HCRYPTPROV hProv)
{
    HCRYPTKEY hOther;
    return CryptGenKey(hProv, CALG_RC4, 0, &hOther);
}
"""
TWICE = """
void twice(HCRYPTPROV hProv)
{
    HCRYPTKEY hKey;
    CryptGenKey(hProv, CALG_RC4, 0, &hKey);
}
"""
HEAD = '{"version": 1, "findings": [\n'
ENTRY = (
    '{"path": "PATH", "code": "", "function": "", "resource": "", "handle": "", "text": "\\"{", '
    '"places": 1, "count": 1}'
)


@pytest.fixture(autouse=True)
def in_scratch_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    Path("src").mkdir()
    write("src/leak.c", SESSION)


@pytest.fixture
def cli(capsys: pytest.CaptureFixture[str]) -> Cli:
    return Cli(capsys)


def write(path: str, text: str) -> None:
    Path(path).write_text(text, encoding="utf-8")


def entries(path: str = NAME) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = json.loads(Path(path).read_text(encoding="ascii"))["findings"]
    return found


def named() -> None:
    write("capilint.toml", f"baseline = '{NAME}'\n")


# ---------------------------------------------------------------- old and new


def test_what_is_written_down_is_reported_no_more(cli: Cli) -> None:
    assert cli("check") == 1
    assert cli("baseline") == 0
    assert cli.out.startswith(f"{NAME}: 1 finding (1 new, 0 dropped)\nfor `check` to use it")
    (entry,) = entries()
    assert entry == {
        "path": "src/leak.c",
        "code": "CAP101",
        "function": "encrypt",
        "resource": "key",
        "handle": "hKey",
        "text": "if (!CryptGenKey(hProv, CALG_RC4, CRYPT_EXPORTABLE, &hKey))",
        "places": 1,
        "count": 1,
    }
    assert cli("check") == 1, "a baseline that nobody names does not hold"
    assert cli("check", "--baseline", NAME) == 0
    assert cli.out == f"No new findings in 1 file. 1 known finding not shown ({NAME}).\n"
    named()
    assert cli("check") == 0
    assert cli("check", "--baseline", "") == 1
    assert cli("baseline") == 0
    assert cli.out == f"{NAME}: 1 finding (0 new, 0 dropped)\n"


def test_a_new_finding_is_reported_wherever_the_old_one_went(cli: Cli) -> None:
    cli("baseline")
    write(
        "src/leak.c", "// one line more\n" + SESSION.replace("    if (!CryptGen", "\tif (!CryptGen")
    )
    assert cli("check", "--baseline", NAME) == 0
    write("src/leak.c", OTHER + SESSION)
    assert cli("check", "--baseline", NAME) == 1
    assert "hOther" in cli.out and "hKey` from" not in cli.out
    assert f"Found 1 finding (1 error) in 1 file. 1 known finding not shown ({NAME})." in cli.out


def test_equal_findings_are_counted(cli: Cli) -> None:
    write("src/leak.c", "\n".join([TWICE, *["#ifdef A", TWICE, "#endif"]]).replace("twice", "f"))
    twice = TWICE.replace("}", "    CryptGenKey(hProv, CALG_RC4, 0, &hKey);\n}")
    write("src/leak.c", twice)
    cli("baseline", "--select", "CAP1")
    before = sum(entry["count"] for entry in entries())
    assert [entry["count"] for entry in entries() if entry["code"] == "CAP103"] == [1]
    more = twice.replace("}", "    CryptGenKey(hProv, CALG_RC4, 0, &hKey);\n}")
    write("src/leak.c", more)
    new = cli.json("--select", "CAP1", "--baseline", NAME, "src")
    assert [each["code"] for each in new["findings"]] == ["CAP103"]
    assert len(new["baseline"]["unchanged"]) == before


def test_a_handle_that_leaves_alive_at_one_more_place_is_new(cli: Cli) -> None:
    named()
    first, second = (
        "    if (len > 1)\n        return FALSE;\n",
        "    if (len > 2)\n        return TRUE;\n",
    )
    begin = "    if (!CryptEncrypt"
    write("src/leak.c", SESSION.replace(begin, first + begin))
    cli("baseline")
    assert [entry["places"] for entry in entries()] == [2]
    write("src/leak.c", SESSION.replace(begin, first + second + begin))
    assert cli("check") == 1 and "hKey" in cli.out and "gone" not in cli.out
    assert cli("baseline", "--update") == 0
    assert [entry["places"] for entry in entries()] == [2], "the old one is still there"
    write("src/leak.c", SESSION)
    assert cli("check") == 0 and "gone" not in cli.out
    cli("baseline", "--update")
    assert [entry["places"] for entry in entries()] == [1], "less is known from now on"
    write("src/leak.c", SESSION.replace(begin, first + begin))
    assert cli("check") == 1
    cli("baseline")
    assert [(entry["places"], entry["count"]) for entry in entries()] == [(2, 1)]


def test_a_file_that_is_moved_takes_its_entries_along(cli: Cli) -> None:
    cli("baseline")
    Path("src/leak.c").rename("src/moved.c")
    assert cli("check", "--baseline", NAME) == 0
    write("src/leak.c", SESSION)
    assert cli("check", "--baseline", NAME) == 1, "it was copied: that is one more"
    Path("src/leak.c").unlink()
    assert cli("baseline", "--update") == 0
    assert [entry["path"] for entry in entries()] == ["src/moved.c"]


def test_paths_are_those_of_the_baselines_folder(cli: Cli, monkeypatch: pytest.MonkeyPatch) -> None:
    named()
    cli("baseline")
    monkeypatch.chdir("src")
    assert cli("check") == 0
    assert cli("baseline", "--update") == 0
    assert cli.out.endswith(f"/{NAME}: 0 findings dropped, 1 left\n")
    write("leak.c", "")
    for path in (".", "../src", os.path.abspath(".")):  # noqa: PTH100
        assert cli("check", path) == 0 and "1 finding is gone" in cli.out
    write("leak.c", SESSION)
    monkeypatch.chdir("..")
    assert cli("check") == 0


def test_files_with_configurations_of_their_own_have_their_own_baselines(cli: Cli) -> None:
    for folder in ("one", "two"):
        Path(folder).mkdir()
        write(f"{folder}/a.c", SESSION)
        write(f"{folder}/capilint.toml", "baseline = 'old.json'\n")
    assert cli("baseline") == 0
    assert [entries(f"{folder}/old.json")[0]["path"] for folder in ("one", "two")] == ["a.c"] * 2
    assert entries()[0]["path"] == "src/leak.c"
    report = cli.json("one", "two", "src")
    assert [each["path"] for each in report["findings"]] == ["src/leak.c"]
    assert report["baseline"]["files"] == ["one/old.json", "two/old.json"]


def test_what_is_not_shown_is_not_written_down(cli: Cli) -> None:
    write("src/leak.c", "int main() {\n" + TWICE.partition("{\n")[2].replace("hProv", "0"))
    assert cli("check") == 0
    cli("baseline")
    assert entries() == []
    cli("baseline", "--fail-on", "note")
    assert [entry["code"] for entry in entries()] == ["CAP101"]


# ---------------------------------------------------------------- what is gone


def test_what_is_gone_is_said_and_dropped_on_request(cli: Cli) -> None:
    write("src/leak.c", OTHER + SESSION)
    named()
    cli("baseline")
    write("src/leak.c", SESSION + TWICE)
    assert cli("check", "--fail-on", "error", "--ignore", "CAP4") == 1
    assert cli.out.endswith(
        f"note: 1 finding is gone that {NAME} still has; "
        "`capilint baseline --update` drops what is gone\n"
    )
    cli("check", "--verbose")
    assert "gone: src/leak.c: CAP101 hOther in decrypt: return CryptGenKey(" in cli.out
    report = cli.json()
    assert [each["handle"] for each in report["baseline"]["absent"]] == ["hOther"]
    assert cli("baseline", "--update") == 0
    assert cli.out == f"{NAME}: 1 finding dropped, 1 left; 1 new finding not added\n"
    assert [entry["function"] for entry in entries()] == ["encrypt"]
    assert cli("check") == 1 and "note:" not in cli.out


def test_what_is_not_looked_for_is_not_gone(cli: Cli) -> None:
    write("src/other.c", OTHER)
    named()
    cli("baseline")
    assert cli("check", "--select", "CAP3") == 0 and "gone" not in cli.out
    assert cli("check", "--resources", "hash") == 0 and "gone" not in cli.out
    write("src/other.c", "")
    write("src/leak.c", "")
    assert cli("check", "src/leak.c") == 0 and "gone" not in cli.out, "it is seen alone"
    assert cli("baseline", "--update", "src/leak.c") == 0
    assert len(entries()) == 2
    cli("baseline", "src/leak.c")
    assert [entry["path"] for entry in entries()] == ["src/other.c"]
    Path("src/other.c").unlink()
    assert cli("check", "src/leak.c") == 0 and "1 finding is gone" in cli.out


def test_an_unreadable_file_keeps_its_entries(cli: Cli) -> None:
    named()
    cli("baseline")
    Path("src/leak.c").write_bytes(b"CryptGenKey\0")
    assert cli("check") == 2 and "gone" not in cli.out
    assert cli("baseline", "--update") == 2
    assert "binary" in cli.err and len(entries()) == 1
    assert cli("baseline") == 2
    assert len(entries()) == 1


def test_a_suppressed_finding_is_none_of_the_baselines(cli: Cli) -> None:
    named()
    cli("baseline")
    write(
        "src/leak.c",
        SESSION.replace("&hKey))\n        return", "&hKey)) // NOLINT(CAP101)\n  return"),
    )
    assert cli("check") == 0 and "1 finding is gone" in cli.out


# ---------------------------------------------------------------- reports


def test_sarif_says_how_each_result_stands_to_the_baseline(cli: Cli) -> None:
    write("src/leak.c", OTHER + SESSION)
    named()
    cli("baseline")
    write("src/leak.c", SESSION + TWICE)
    cli("check", "--format", "sarif", "--select", "CAP1")
    results = json.loads(cli.out)["runs"][0]["results"]
    told = {
        each["locations"][0]["logicalLocations"][0]["fullyQualifiedName"]: each for each in results
    }
    states = {function: result["baselineState"] for function, result in told.items()}
    assert states == {"encrypt": "unchanged", "twice": "new", "decrypt": "absent"}
    assert told["decrypt"]["message"]["text"].startswith("gone: `hOther` in `decrypt`: return")
    assert "region" not in told["decrypt"]["locations"][0]["physicalLocation"]
    cli("check", "--format", "sarif", "--baseline", "")
    assert "baselineState" not in cli.out


def test_a_fingerprint_does_not_hang_on_the_baseline(cli: Cli) -> None:
    plain = [each["fingerprint"] for each in cli.json()["findings"]]
    cli("baseline")
    known = cli.json("--baseline", NAME)["baseline"]["unchanged"]
    assert [each["fingerprint"] for each in known] == plain


def test_edits_mend_what_is_new_only(cli: Cli) -> None:
    cli("baseline")
    write("src/leak.c", SESSION + TWICE)
    cli("check", "--baseline", NAME, "--diff", "src")
    assert cli.out.count("+    CryptDestroyKey(hKey);") == 1
    assert "1 finding would be fixed, 0 would remain" in cli.err


# ---------------------------------------------------------------- what is wrong


@pytest.mark.parametrize(
    ("text", "line", "words"),
    [
        ("{\n  'version': 1}", 2, "not valid JSON"),
        ("", 1, "not valid JSON"),
        ("[" * 5000, 1, "not valid JSON"),
        ('{"version": ' + "9" * 5000 + "}", 1, "not valid JSON"),
        ("[]", 1, "no baseline of capilint"),
        ('{"version": 1}', 1, "no baseline of capilint"),
        ('{\n"findings": [],\n"version": 7}', 3, "has the version 7, and this capilint reads 1"),
        ('{"findings": []}', 1, "has the version None"),
        ('{"version": 1,\n"findings": [\n\n3]}', 1, "an entry must be an object"),
        (
            HEAD + ENTRY.replace("PATH", "}{") + ',\n{"path": 3}]}',
            3,
            "an entry's `path` must be a text",
        ),
        (HEAD + ENTRY.replace("1}", "0}") + "]}", 2, "an entry's `count` must be a number from 1"),
        ('{"version": 1,\n<<<<<<< ours\n"findings": []}', 2, "a merge left its marks"),
    ],
)
def test_a_baseline_that_is_wrong_is_an_error_with_its_line(
    cli: Cli, text: str, line: int, words: str
) -> None:
    write(NAME, text)
    assert cli("check", "--baseline", NAME) == 2
    assert cli.err.startswith(f"capilint: error: {NAME}:{line}: ") and words in cli.err
    assert "`capilint baseline" in cli.err and not cli.out
    assert cli("baseline", "--update") == 2
    assert Path(NAME).read_text(encoding="utf-8") == text
    assert cli("baseline") == 0
    assert cli.out.startswith("what was there is lost: ") and len(entries()) == 1


def test_a_missing_baseline_is_an_error_that_says_who_names_it(cli: Cli) -> None:
    write("capilint.toml", "\nbaseline = 'gone.json'\n")
    assert cli("check") == 2
    assert "gone.json: the baseline cannot be read: No such file" in cli.err
    assert "(named by capilint.toml:2); `capilint baseline` writes it" in cli.err
    assert cli("baseline", "--update") == 2 and not Path("gone.json").exists()
    assert cli("baseline") == 0 and len(entries("gone.json")) == 1
    assert cli("baseline", "--baseline", "no/folder.json") == 2
    assert "no/folder.json: cannot be written: No such file" in cli.err


def test_a_baseline_that_is_no_text_has_its_line_told() -> None:
    Path(NAME).write_bytes(b'{\n"\xff"}')
    with pytest.raises(BaselineError, match=rf"{NAME}:2: the baseline is not UTF-8"):
        read(NAME)
