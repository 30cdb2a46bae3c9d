"""Shards: what all of them find together is what one run finds, byte for byte."""

from __future__ import annotations

import json
import random
import shutil
from pathlib import Path
from typing import Any

import pytest

from capilint.sharding.shard import Shard
from tests.command_line import Cli
from tests.fixture_format import FIXTURES
from tests.reports import SESSION

FORMATS = ("text", "json", "sarif", "html", "jsonl", "github", "junit")
CLEAN = """
BOOL clean(HCRYPTPROV hProv)
{
    HCRYPTKEY hMine;
    if (!CryptGenKey(hProv, CALG_RC4, 0, &hMine))
        return FALSE;
    return CryptDestroyKey(hMine);
}
"""


@pytest.fixture(autouse=True)
def in_scratch_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


@pytest.fixture
def cli(capsys: pytest.CaptureFixture[str]) -> Cli:
    return Cli(capsys)


def shards(cli: Cli, count: int, *arguments: str) -> list[str]:
    """The parts of so many shards, as files."""
    names = [f"part-{number}.json" for number in range(1, count + 1)]
    for number, name in enumerate(names, 1):
        given = ("--no-cache", "--shard", f"{number}/{count}", "-o", name)
        assert cli("check", *given, *arguments) == 0, cli.err
    return names


def reports(prefix: str) -> list[str]:
    return [word for name in FORMATS for word in ("-o", f"{name}:{prefix}.{name}")]


def assert_same(cli: Cli, count: int, *arguments: str) -> None:
    """One run and the shards merged: the reports, what is said, the status."""
    one = cli("check", "--no-cache", *reports("one"), *arguments)
    said = cli.err
    assert cli("merge", *shards(cli, count, *arguments), *reports("all")) == one
    assert cli.err == said
    for name in FORMATS:
        assert Path(f"all.{name}").read_bytes() == Path(f"one.{name}").read_bytes(), name


def programs(language: str) -> list[Path]:
    return sorted(each for each in (FIXTURES / language / "programs").iterdir() if each.is_dir())


@pytest.mark.parametrize(("language", "seed"), [("c", 1), ("c", 2), ("python", 3)])
def test_shards_of_programs_find_what_one_run_finds(cli: Cli, language: str, seed: int) -> None:
    chance = random.Random(seed)
    for folder in chance.sample(programs(language), 9):
        shutil.copytree(folder, Path("tree") / folder.name)
    assert_same(cli, chance.randint(2, 5), "tree")


def test_half_a_surrogate_pair_goes_into_a_part_and_out_again(cli: Cli) -> None:
    Path("tree").mkdir()
    Path("tree/half.py").write_bytes(
        b"# coding: unicode_escape\nimport ctypes\ndef f(prov):\n    key = ctypes.c_void_p()\n"
        b"    '\\ud800'; ctypes.windll.advapi32.CryptGenKey(prov, 1, 0, ctypes.byref(key))\n"
    )
    assert_same(cli, 2, "tree")


def test_files_of_single_mistakes_share_their_names(cli: Cli) -> None:
    for folder in ("c/openers", "cpp/owners"):
        for path in sorted((FIXTURES / folder).iterdir())[:9]:
            if path.is_file():
                shutil.copy(path, path.name)
    assert_same(cli, 3, ".")


def _write_two_programs() -> None:
    """A leak that a caller in another file shows, and a clean file beside them."""
    Path("a").mkdir()
    Path("a/lib.c").write_text(
        "BOOL make(HCRYPTPROV hProv, HCRYPTKEY *phKey)\n"
        "{\n    return CryptGenKey(hProv, CALG_RC4, 0, phKey);\n}\n",
        encoding="utf-8",
    )
    Path("a/app.c").write_text(
        "int app(HCRYPTPROV hProv)\n{\n    HCRYPTKEY hKey;\n"
        "    return make(hProv, &hKey) ? 0 : -1;\n}\n",
        encoding="utf-8",
    )
    Path("b.c").write_text(CLEAN, encoding="utf-8")


def test_a_caller_in_a_file_that_names_no_function_of_the_api(cli: Cli) -> None:
    _write_two_programs()
    assert_same(cli, 4, ".")
    assert "app.c" in Path("all.text").read_text(encoding="utf-8")


def test_settings_suppressions_and_unreadable_files_count_as_in_one_run(cli: Cli) -> None:
    _write_two_programs()
    leak = SESSION.replace("encrypt", "other")
    Path("c.c").write_text(leak, encoding="utf-8")
    Path("bad.c").write_bytes(b"\xff\xfe\x00CryptGenKey\x00" * 3)
    Path("idle.c").write_text("int i; // capilint: ignore[CAP101]\n", encoding="utf-8")
    Path("capilint.toml").write_text(
        'fail-on = "note"\nextend-select = ["CAP4"]\n', encoding="utf-8"
    )
    assert_same(cli, 3, ".")
    assert_same(cli, 3, ".", "--select", "CAP1", "--fail-on", "error")


def test_merging_leaves_findings_the_status_0_where_that_is_asked_for(cli: Cli) -> None:
    Path("a.c").write_text(SESSION, encoding="utf-8")
    parts = shards(cli, 2, ".")
    assert cli("merge", *parts) == 1
    assert cli("merge", "--exit-zero", *parts) == 0


def test_parts_that_are_not_those_of_one_run_are_refused(cli: Cli) -> None:
    _write_two_programs()
    first, second, third = shards(cli, 3, ".")
    assert cli("merge", first, third) == 2 and "1 of 3 shards are not given: 2/3" in cli.err
    shutil.copy(first, "again.json")
    assert cli("merge", first, second, "again.json") == 2 and "1/3 is given twice" in cli.err
    assert cli("check", "--shard", "3/4", "-o", "four.json", ".") == 0
    assert cli("merge", first, "four.json") == 2 and "of different runs" in cli.err
    assert cli("check", "--shard", "2/3", "--ignore", "CAP1", "-o", "other.json", ".") == 0
    assert cli("merge", first, "other.json") == 2 and "--ignore" in cli.err
    assert cli("merge", first, "none.json") == 2 and "none.json" in cli.err
    assert not cli.out


@pytest.mark.parametrize("text", ["", "[]", "{}", '{"findings": []}', "\x00", "[" * 100_000])
def test_what_is_no_part_is_refused(cli: Cli, text: str) -> None:
    Path("x.json").write_text(text, encoding="utf-8")
    assert cli("merge", "x.json") == 2
    assert "x.json" in cli.err and "bug" not in cli.err


def _change(path: str, change: dict[str, Any]) -> None:
    part = json.loads(Path(path).read_text(encoding="utf-8"))
    Path(path).write_text(json.dumps(part | change), encoding="utf-8")


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"capilint": "0.0.1"}, "written by capilint 0.0.1"),
        ({"text": "0"}, "other code or rules"),
        ({"shard": [5, 2]}, "part-2.json"),
        ({"given": {}}, "of different runs"),
        ({"programs": []}, "part-2.json"),
        ({"programs": [1]}, "part-2.json"),
        ({"programs": [{"files": 1, "joined": 2, "asked": 3, "failed": 4, "found": 5}]}, "part-2"),
    ],
)
def test_a_part_that_was_changed_is_refused(cli: Cli, change: dict[str, Any], said: str) -> None:
    _write_two_programs()
    parts = shards(cli, 2, ".")
    _change("part-2.json", change)
    assert cli("merge", *parts) == 2
    assert said in cli.err and "bug" not in cli.err


@pytest.mark.parametrize("path", ["a/lib.c", "a/app.c", "new.c"])
def test_parts_of_other_files_are_refused(cli: Cli, path: str) -> None:
    _write_two_programs()
    parts = shards(cli, 2, ".")
    Path(path).write_text(CLEAN, encoding="utf-8")
    assert cli("merge", *parts) == 2
    assert "another tree" in cli.err


@pytest.mark.parametrize("shard", ["0/2", "3/2", "1", "a/b", "-1/2", "1/0"])
def test_what_is_no_shard_is_refused(cli: Cli, shard: str) -> None:
    assert cli("check", f"--shard={shard}", ".") == 2
    assert "shard" in cli.err


@pytest.mark.parametrize("option", ["--fix", "--diff", "--watch", "--format=json", "-"])
def test_what_shards_cannot_do_is_said(cli: Cli, option: str) -> None:
    assert cli("check", "--shard", "1/2", option) == 2
    assert "--shard" in cli.err


def test_a_group_has_its_shard_whatever_else_there_is() -> None:
    names = [f"src/{number}.c" for number in range(1000)]
    for count in (1, 3, 8):
        sizes = [
            sum(Shard(number, count).has(each) for each in names) for number in range(1, count + 1)
        ]
        assert sum(sizes) == 1000 and min(sizes) > 700 / count
