"""The cache: the same bytes with and without it, and never what is no longer right."""

from __future__ import annotations

import errno
import json
import os
import shutil
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import capilint.remembering.programs
from capilint.cache import place, store
from capilint.cache.records import RecordError, Records
from capilint.checking import check
from capilint.config.loading import Configuration
from capilint.effects import Effects
from capilint.files.discover import discover
from capilint.files.source import read_bytes
from capilint.finding import Span, Step
from capilint.ir import Language, Scope
from capilint.progress import Progress
from capilint.report import FORMATS
from capilint.report.printable import plural
from tests.command_line import Cli

HEADER = "#define DROP(key) CryptDestroyKey(key)\n"
IDLE_HEADER = "#define DROP(key) do_nothing()\n"
USER = """\
#include "keys.h"
int use(HCRYPTPROV prov, HCRYPTKEY other) {
    HCRYPTKEY key;
    if (!CryptGenKey(prov, CALG_RC4, 0, &key))
        return 0;
    finish(key);
    DROP(key);
    return 1;
}
"""
FINISH = '#include "keys.h"\nvoid finish(HCRYPTKEY key) { log_it(1); }\n'
FINISH_ENDS = '#include "keys.h"\nvoid finish(HCRYPTKEY key) { CryptDestroyKey(key); }\n'
FIXTURES = Path(__file__).parent.parent / "fixtures"


@pytest.fixture
def cli(capsys: pytest.CaptureFixture[str]) -> Cli:
    return Cli(capsys)


@pytest.fixture
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folder of the cache; the working directory is one beside it."""
    (tmp_path / "work").mkdir()
    monkeypatch.chdir(tmp_path / "work")
    monkeypatch.setenv(place.VARIABLE, str(tmp_path / "cache"))
    return tmp_path / "cache"


def write(**files: str) -> None:
    for name, text in files.items():
        path = Path(name.replace("__", "/").replace("_dot_", "."))
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)


def program() -> None:
    write(keys_dot_h=HEADER, use_dot_c=USER, finish_dot_c=FINISH, idle_dot_c="int idle;\n")


def run(cli: Cli, *options: str) -> tuple[str, bool]:
    """The report of a run, which is the one without a cache, and whether it was recalled."""
    cli("check", "--format=json", "--statistics", *options)
    report, told = cli.out, cli.err
    cli("check", "--format=json", "--no-cache", *options)
    assert report == cli.out
    return report, "program recalled" in told


def codes(report: str) -> list[str]:
    return [each["code"] for each in json.loads(report)["findings"]]


def test_a_second_run_is_recalled(cache: Path, cli: Cli) -> None:
    program()
    first, recalled = run(cli)
    assert not recalled and codes(first) == []
    assert run(cli) == (first, True)
    assert cache.stat().st_mode & 0o777 == 0o700 or os.name == "nt"
    assert run(cli, "--select=CAP5")[1], "what is selected is no part of what was found"
    assert not run(cli, "--explain-silence")[1]


def test_half_a_surrogate_pair_is_recalled_in_each_format(cache: Path, cli: Cli) -> None:
    Path("half.py").write_bytes(
        b"# coding: unicode_escape\nimport ctypes\ndef f(prov):\n    key = ctypes.c_void_p()\n"
        b"    '\\ud800'; ctypes.windll.advapi32.CryptGenKey(prov, 1, 0, ctypes.byref(key))\n"
    )
    first, _ = run(cli)
    assert codes(first) == ["CAP101"] and run(cli) == (first, True)
    assert cli("baseline", ".", "--baseline", "known.json") == 0, cli.err
    assert cli("check", "--baseline", "known.json") == 0
    for name in FORMATS:
        reports = set()
        for option in ("--no-cache", "--statistics", "--jobs=1"):
            assert cli("check", "--format", name, option) == 1, cli.err
            reports.add(cli.out)
        assert len(reports) == 1, name


def test_a_picture_of_the_path_is_no_poorer_for_a_run_without_one(cache: Path, cli: Cli) -> None:
    program()
    write(use_dot_c=USER.replace("DROP(key);", ""))
    assert codes(run(cli)[0]) == ["CAP101"]
    pages = []
    for options in (), (), ("--no-cache",):
        cli("check", "--output=html:-", "--statistics", *options)
        pages.append((cli.out, "program recalled" in cli.err))
    page = pages[2][0]
    assert pages == [(page, False), (page, True), (page, False)] and ',"live"]' in page


CHANGES: dict[str, Callable[[], object]] = {
    "a header": lambda: write(keys_dot_h=IDLE_HEADER),
    "a file": lambda: write(use_dot_c=USER.replace("DROP(key);", "")),
    "a callee": lambda: write(finish_dot_c=FINISH_ENDS),
    "a header that is nearer": lambda: write(src__use_dot_c=USER, src__keys_dot_h=IDLE_HEADER),
    "a header that goes": lambda: Path("keys.h").unlink(),
    "a file of one's own that ends handles": lambda: write(idle_dot_c=FINISH_ENDS),
    "a file that is new": lambda: write(more_dot_c=FINISH_ENDS),
    "a configuration": lambda: write(
        pyproject_dot_toml="[tool.capilint.functions.log_it]\nparams = ['code']\n"
    ),
    "a name that never returns": lambda: write(
        pyproject_dot_toml="[tool.capilint]\nnoreturn = ['finish']\n"
    ),
    "macros": lambda: write(pyproject_dot_toml="[tool.capilint]\ndefine = ['NDEBUG=1']\n"),
    "a compilation database": lambda: write(
        compile_commands_dot_json=json.dumps(
            [{"directory": ".", "file": "use.c", "command": "cc -DX -Iother -c use.c"}]
        )
    ),
}


@pytest.mark.parametrize("what", CHANGES)
def test_what_changes_is_found_out_anew(what: str, cache: Path, cli: Cli) -> None:
    program()
    run(cli)
    assert run(cli)[1]
    CHANGES[what]()
    assert not run(cli)[1]
    assert run(cli)[1]


def test_a_missing_header_that_comes(cache: Path, cli: Cli) -> None:
    write(use_dot_c=USER.replace("finish(key);", ""))
    run(cli)
    assert run(cli)[1]
    write(keys_dot_h=HEADER)
    report, recalled = run(cli)
    assert not recalled and codes(report) == []


def test_a_file_that_changes_during_a_run(
    cache: Path, cli: Cli, monkeypatch: pytest.MonkeyPatch
) -> None:
    program()
    versions = [FINISH]

    def read(path: str) -> bytes:
        if path == "finish.c":
            return (versions.pop() if versions else FINISH_ENDS).encode()
        return read_bytes(path)

    with monkeypatch.context() as patch:
        patch.setattr("capilint.reading.read_bytes", read)
        cli("check", "--format=json")
        assert codes(cli.out) == ["CAP202"]
    assert codes(run(cli)[0]) == []


def test_what_is_wrong_with_a_notebook_changes(cache: Path, cli: Cli) -> None:
    """Its module is empty before and after."""
    write(a_dot_ipynb='{"about": "CryptGenKey of advapi32"}')
    assert "no `cells`" in run(cli)[0]
    write(a_dot_ipynb='{"about": "CryptGenKey of advapi32"')
    assert "no JSON" in run(cli)[0]


TWO = """\
static int make(HCRYPTPROV prov, HCRYPTKEY *key) { return CryptGenKey(prov, CALG_RC4, 0, key); }
static void drop(HCRYPTKEY key) { CryptDestroyKey(key); }
int use(HCRYPTPROV prov) {
    HCRYPTKEY key;
    if (!make(prov, &key))
        return 0;
    drop(key);
    return 1;
}
int other(HCRYPTPROV prov) {
    HCRYPTKEY key;
    return CryptGenKey(prov, CALG_RC4, 0, &key);
}
"""


@pytest.mark.parametrize(
    ("old", "new", "followed", "found"),
    (
        ("return 1;", "return 2;", 1, 1),
        ("CALG_RC4, 0, &key", "CALG_RC4, 1, &key", 1, 1),
        ("CryptDestroyKey(key)", "(void)key         ", 2, 2),
        ("0, key", "1, key", 1, 1),
    ),
)
def test_one_function_changes(
    old: str, new: str, followed: int, found: int, cache: Path, cli: Cli
) -> None:
    """Only it is analysed, and those that it means something else for."""
    write(two_dot_c=TWO)
    run(cli)
    write(two_dot_c=TWO.replace(old, new))
    cli("check", "--statistics")
    assert f"{plural(followed, 'function')} followed" in cli.err
    report, _ = run(cli)
    assert len(codes(report)) == found


MEMBERS = """\
struct session { HCRYPTPROV prov; HCRYPTKEY key; };
int session_open(struct session *s, HCRYPTPROV other) {
    if (!CryptAcquireContextW(&s->prov, 0, 0, 1, 0))
        return 0;
    return CryptGenKey(s->prov, 1, 0, &s->key);
}
void session_close(struct session *s) {
    CryptReleaseContext(s->prov, 0);
    CryptDestroyKey(s->key);
}
"""


def test_what_others_show_of_members_changes(cache: Path, cli: Cli) -> None:
    write(session_dot_c=MEMBERS)
    assert "CAP301" in codes(run(cli)[0])
    write(session_dot_c=MEMBERS.replace("CryptGenKey(s->prov", "CryptGenKey(other  "))
    assert "CAP301" not in codes(run(cli)[0])
    write(session_dot_c=MEMBERS)
    assert "CAP301" in codes(run(cli)[0])


def test_a_function_that_is_nested_too_deeply_is_analysed(cache: Path, cli: Cli) -> None:
    deep = "return x" + " + (x" * 300 + ")" * 300
    write(two_dot_c=TWO.replace("return 1", deep.replace("x", "(int)prov")))
    report, _ = run(cli)
    assert "CAP101" in codes(report)


def test_another_version_knows_nothing(
    cache: Path, cli: Cli, monkeypatch: pytest.MonkeyPatch
) -> None:
    program()
    run(cli)
    monkeypatch.setattr(capilint.remembering.programs, "version", lambda rules: "another")
    assert not run(cli)[1]


def test_what_failed_is_not_kept(cache: Path, cli: Cli, monkeypatch: pytest.MonkeyPatch) -> None:
    program()
    with monkeypatch.context() as patch:
        patch.setattr("capilint.engine.analysis.Analysis.function", _fail)
        cli("check")
        assert "not understood" in cli.out
    assert not run(cli)[1]


def _fail(*_: object) -> None:
    raise MemoryError


def _entries(cache: Path) -> list[Path]:
    return [path for path in cache.rglob("*/*") if path.is_file() and not path.name.startswith(".")]


SPOILT: dict[str, Callable[[Path], object]] = {
    "cut short": lambda entry: entry.write_bytes(entry.read_bytes()[:-9]),
    "empty": lambda entry: entry.write_bytes(b""),
    "changed": lambda entry: entry.write_bytes(entry.read_bytes()[:-1] + b"?"),
    "a folder": lambda entry: (entry.unlink(), entry.mkdir()),
    "a link": lambda entry: (entry.rename(entry.with_name("x")), entry.symlink_to("x")),
    "for all to write": lambda entry: entry.chmod(0o666),
}


@pytest.mark.skipif(os.name == "nt", reason="modes and links are Unix's")
@pytest.mark.parametrize("how", SPOILT)
def test_a_spoilt_entry_is_none(how: str, cache: Path, cli: Cli) -> None:
    program()
    run(cli)
    for entry in _entries(cache):
        SPOILT[how](entry)
    cli("check", "--statistics")
    assert "recalled" not in cli.err
    run(cli)


@pytest.mark.skipif(os.name == "nt", reason="modes are Unix's")
def test_a_folder_that_cannot_be_ours_is_left_alone(cache: Path, cli: Cli) -> None:
    program()
    cache.mkdir()
    cache.chmod(0o777)
    run(cli)
    assert not run(cli)[1] and not _entries(cache)
    shutil.rmtree(cache)
    cache.write_text("a file")
    run(cli)
    assert not run(cli)[1] and cache.read_text() == "a file"


def test_a_full_disk_costs_nothing(cache: Path, cli: Cli, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    program()
    monkeypatch.setattr(store.os, "replace", full)
    run(cli)
    assert not run(cli)[1] and not _entries(cache)


def test_an_entry_that_is_interrupted_leaves_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def interrupted(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(store.os, "replace", interrupted)
    with pytest.raises(KeyboardInterrupt):
        store.Store(str(tmp_path)).put("ab" + "0" * 62, b"entry")
    assert not _entries(tmp_path)


def test_files_that_do_not_concern_it_write_no_cache(cache: Path, cli: Cli) -> None:
    write(idle_dot_c="int idle;\n")
    run(cli)
    assert not cache.exists()


def test_the_oldest_entries_go(tmp_path: Path) -> None:
    assert store.opened(str(tmp_path / "c")) is not None
    entries = store.Store(str(tmp_path / "c"), most_bytes=20_000)
    for number in range(8):
        key = f"{number:064x}"
        entries.put(key, os.urandom(4_000))
        os.utime(_path(tmp_path, key), (number, number))
    entries.trim()
    kept = [number for number in range(8) if entries.get(f"{number:064x}") is not None]
    assert kept == [5, 6, 7]


def test_what_others_keep_in_the_folder_stays(tmp_path: Path) -> None:
    """It may be any: a project, a home."""
    mine = (tmp_path / "mine.c", tmp_path / "ab" / "mine.c", tmp_path / "src" / ("0" * 62))
    for path in mine:
        path.parent.mkdir(exist_ok=True)
        path.write_text("int mine;\n")
    assert store.opened(str(tmp_path)) is not None
    names = sorted(path.name for path in tmp_path.iterdir())
    assert names == ["ab", "mine.c", "src"], "a folder with files is not marked as a cache"
    entries = store.Store(str(tmp_path), most_bytes=10)
    entries.put("ab" + "0" * 62, b"entry")
    entries.trim()
    assert entries.get("ab" + "0" * 62) is None
    assert all(path.exists() for path in mine)


def _path(tmp_path: Path, key: str) -> Path:
    return tmp_path / "c" / key[:2] / key[2:]


def test_records_come_back_as_they_were() -> None:
    records = Records((Span, Step, Language, Scope))
    span = Span(1, 2, 3, 4)
    value = ((Step("use", "ä\udc80.c", span, "x"), span), {"a": (True, 1, None)}, Scope.LOCAL)
    read = records.loads(records.dumps(value))
    assert read == value and read[0][0].span is read[0][1] and type(read[1]["a"][0]) is bool


@pytest.mark.parametrize(
    "data", (b"", b"[]", b"{}", b'[["os.system"],"id",[0,0]]', b"[[],[-1,7]]", b"[[],[4,0]]")
)
def test_other_bytes_are_no_records(data: bytes) -> None:
    with pytest.raises(RecordError):
        Records((Span,)).loads(data)
    with pytest.raises(RecordError):
        Records((Span,)).dumps(Scope.LOCAL)


SCRIPT = """\
import ctypes
from helper import done

api = ctypes.WinDLL("advapi32")

def use(prov):
    key = ctypes.c_void_p()
    if api.CryptGenKey(prov, 1, 0, ctypes.byref(key)):
        done(key)

def other(prov):
    key = ctypes.c_void_p()
    if api.CryptGenKey(prov, 1, 0, ctypes.byref(key)):
        api.CryptDestroyKey(key)
"""
HELPER = "def done(key):\n    print(1)\n"
HELPER_ENDS = """\
import ctypes
def done(key):
    ctypes.WinDLL("advapi32").CryptDestroyKey(key)
"""

FILES = {
    "script.py": (SCRIPT, SCRIPT.replace("        api.CryptDestroyKey(key)", "        pass"), None),
    "helper.py": (HELPER, HELPER_ENDS, None),
    "keys.h": (HEADER, IDLE_HEADER, None),
    "use.c": (USER, USER.replace("finish(key);", ""), USER.replace("DROP(key);", "\n")),
    "finish.c": (FINISH, FINISH_ENDS, None),
    "lib/keys.h": (HEADER, None),
    ".capilint.toml": (None, "noreturn = ['finish']\n", "include = ['lib']\n"),
}


@given(st.lists(st.tuples(st.sampled_from(sorted(FILES)), st.integers(0, 2)), max_size=6))
@settings(max_examples=14)
def test_any_edits(edits: list[tuple[str, int]]) -> None:
    """After each of some edits a run with a cache says what one without says."""
    from tempfile import TemporaryDirectory

    with TemporaryDirectory() as scratch:
        folder, kept = Path(scratch, "work"), os.fspath(Path(scratch, "cache"))
        (folder / "lib").mkdir(parents=True)
        program_in(folder)
        for name, version in [("use.c", 0), *edits]:
            text = FILES[name][version % len(FILES[name])]
            if text is None:
                (folder / name).unlink(missing_ok=True)
            else:
                (folder / name).write_text(text)
            assert checked(folder, kept) == checked(folder, None)


def program_in(folder: Path) -> None:
    for name, versions in FILES.items():
        if versions[0] is not None:
            (folder / name).write_text(versions[0])


def checked(folder: Path, cache: str | None) -> tuple[object, ...]:
    configuration = Configuration()
    found = discover([str(folder)], exclusion=configuration.exclusion)
    report = check(found.inputs, configuration.settings_of, found.unreadable, cache=cache)
    return report.findings, report.analysed, report.notes, report.unreadable


def test_the_effects_of_functions_are_recalled(cache: Path) -> None:
    program()
    without, recalled = effects(cache, wanted=False)
    assert (without, recalled) == ((), False)
    first, recalled = effects(cache, wanted=True)
    assert {each.name for each in first} == {"use", "finish"}
    assert not recalled  # the first run did not look for them
    assert effects(cache, wanted=True) == (first, True)
    assert effects(cache, wanted=False)[1]


def effects(cache: Path, wanted: bool) -> tuple[tuple[Effects, ...], bool]:
    """What a check tells of functions, and whether the program was recalled."""
    progress = Progress()
    found = discover(["."])
    report = check(
        found.inputs,
        Configuration().settings_of,
        effects=wanted,
        progress=progress,
        cache=str(cache),
    )
    return report.effects, bool(progress.counts["recalled programs"])


SAMPLE = sorted(FIXTURES.glob("*/[a-e]*/*.c*"))[::12] + sorted(FIXTURES.glob("python/*/*.py"))[::16]


def test_fixtures_say_the_same(cache: Path, cli: Cli) -> None:
    for path in SAMPLE:
        cli("check", "--isolated", "--format=json", str(path))
        first = cli.out
        cli("check", "--isolated", "--format=json", "--statistics", str(path))
        assert first == cli.out
        assert "program recalled" in cli.err or " 0 of them analysed" in cli.err


@dataclass(frozen=True)
class Strict:
    number: int
    text: str | None = None
    pairs: tuple[tuple[int, str], ...] = ()
    inner: Strict | None = None
    word: Literal["one", "two"] = "one"


@pytest.mark.parametrize(
    "parts",
    [
        ("1",),
        (True,),
        (1, 2),
        (1, "\ud800"),
        (1, None, ((1,),)),
        (1, None, ((1, 2),)),
        (1, None, [(1, "x")]),
        (1, None, (), "inner"),
        (1, None, (), None, "three"),
    ],
)
def test_strict_records_are_what_they_say(parts: tuple[Any, ...]) -> None:
    records = Records((Strict,), strict=(Strict,))
    whole = Strict(1, "x", ((1, "x"), (2, "y")), Strict(2, word="two"))
    assert records.loads(records.dumps(whole)) == whole
    with pytest.raises(RecordError):
        records.loads(records.dumps(Strict(*parts)))


def test_an_entry_is_that_of_its_key_only(tmp_path: Path) -> None:
    entries = store.opened(str(tmp_path / "c"))
    assert entries is not None
    one, other = "0" * 64, "1" * 64
    entries.put(one, b"one")
    entries.put(other, b"other")
    (tmp_path / "c" / one[:2] / one[2:]).replace(tmp_path / "c" / other[:2] / other[2:])
    assert entries.get(other) is None


def test_a_crash_on_what_the_cache_says_is_a_run_without_it(
    cache: Path, cli: Cli, monkeypatch: pytest.MonkeyPatch
) -> None:
    program()
    write(use_dot_c=USER.replace("DROP(key);", ""))
    first, _ = run(cli)

    def crashing(*_: object) -> None:
        raise ZeroDivisionError

    monkeypatch.setattr(capilint.remembering.programs.Memory, "recall", crashing)
    assert run(cli) == (first, False) and codes(first) == ["CAP101"]
