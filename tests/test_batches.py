"""`--jobs` on files that do not concern each other: the same bytes from batches of them."""

from __future__ import annotations

import multiprocessing
import os
import random
import shutil
from collections.abc import Callable
from concurrent.futures import Future
from pathlib import Path
from typing import Any, NoReturn

import pytest

import capilint.checking
from capilint.batches import dealing, together
from capilint.batches.search import Outcome, Search
from capilint.parallel.processes import Processes
from tests.command_line import Cli
from tests.fixture_format import FIXTURES

FORMATS = ("text", "html", "junit")
LEAKING = """
int use_{name}(HCRYPTPROV prov) {{
    HCRYPTKEY key;
    if (!CryptGenKey(prov, CALG_RC4, 0, &key)) return 0;
    if (prov == 1) return 1;
    return CryptDestroyKey(key);
}}
"""
NAMES = ("one", "two", "three", "four")


@pytest.fixture(autouse=True)
def in_scratch_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "tree").mkdir()
    monkeypatch.chdir(tmp_path / "tree")
    monkeypatch.setattr(capilint.checking, "_ENOUGH", 1)
    monkeypatch.setattr(dealing, "ENOUGH", 1)
    monkeypatch.setattr(dealing, "_LARGEST", 0.99)
    monkeypatch.setattr(dealing, "_PARTS", 50)


@pytest.fixture
def cli(capsys: pytest.CaptureFixture[str]) -> Cli:
    return Cli(capsys)


@pytest.fixture
def none_started(monkeypatch: pytest.MonkeyPatch) -> None:
    """Others' work is done here, when it is handed out."""

    def submit(self: Processes, call: Callable[..., Outcome], *given: Any) -> Future[Outcome]:
        done: Future[Outcome] = Future()
        done.set_result(call(*given))
        return done

    monkeypatch.setattr(Processes, "start", lambda self, worth: worth)
    monkeypatch.setattr(Processes, "submit", submit)


def lay() -> None:
    """Files that do not concern each other."""
    for name in NAMES:
        Path(f"{name}.c").write_text(LEAKING.format(name=name), encoding="utf-8")


def run(cli: Cli, jobs: int, *arguments: str) -> tuple[int, dict[str, bytes]]:
    """The status, and the reports."""
    wanted = [f"--output={name}:../{jobs}.{name}" for name in FORMATS]
    given = ("check", "--no-cache", "--statistics", f"--jobs={jobs}")
    status = cli(*given, *wanted, *arguments)
    return status, {name: Path(f"../{jobs}.{name}").read_bytes() for name in FORMATS}


def assert_same(cli: Cli, *arguments: str) -> None:
    """One job and two say the same; the latter last."""
    alone = run(cli, 1, *arguments)
    assert run(cli, 2, *arguments) == alone
    assert "jobs at a time" in cli.err and "s  batches" in cli.err


def test_processes_find_in_batches_what_one_finds(cli: Cli) -> None:
    lay()
    Path("kept.py").write_text(
        "import win32crypt\n\ndef use(prov):\n    key = prov.CryptGenKey(1)\n"
        "    key.CryptDestroyKey()\n    key.CryptEncrypt(1, b'')\n",
        encoding="utf-8",
    )
    assert_same(cli, ".")
    assert "again" not in cli.err


@pytest.mark.usefixtures("none_started")
@pytest.mark.parametrize(("language", "seed"), [("c", 1), ("cpp", 2), ("python", 4)])
def test_programs_beside_each_other(cli: Cli, language: str, seed: int) -> None:
    folder = FIXTURES / language / "programs"
    chance = random.Random(seed)
    if folder.is_dir():
        for each in chance.sample(sorted(each for each in folder.iterdir() if each.is_dir()), 5):
            shutil.copytree(each, each.name)
    singles = sorted(FIXTURES.glob(f"{language}/*/*.c*")) or sorted(
        FIXTURES.glob(f"{language}/*.c*")
    )
    for each in chance.sample(singles, min(len(singles), 6)):
        shutil.copy(each, each.name)
    assert_same(cli, ".")


HOLDER = """
class Entropy {
public:
    bool fill(void *out, DWORD size) {
        if (!prov_ && !CryptAcquireContextA(&prov_, NULL, NULL, PROV_RSA_FULL, 0)) return false;
        return CryptGenRandom(prov_, size, static_cast<BYTE *>(out)) != 0;
    }
private:
    HCRYPTPROV prov_ = 0;
};
"""
TAKER = """
int taken(struct unseen *it) { return it->ready && keep(it->prov_); }
int made(HCRYPTPROV given) { return CryptReleaseContext(given, 0); }
"""
FILLER = """
void load(struct table *api, HMODULE dll) {
    api->begin = (BEGIN)GetProcAddress(dll, "CryptGenKey");
}
"""
CALLER = """
int called(struct table *api, HCRYPTPROV prov) {
    HCRYPTKEY key;
    if (!api->begin(prov, CALG_RC4, 0, &key)) return 0;
    if (prov == 1) return 1;
    return CryptDestroyKey(key);
}
"""


@pytest.mark.usefixtures("none_started")
@pytest.mark.parametrize(
    ("suffix", "one", "other"), [("cpp", HOLDER, TAKER), ("c", FILLER, CALLER)]
)
def test_files_that_only_members_lead_from_one_to_another(
    cli: Cli, monkeypatch: pytest.MonkeyPatch, suffix: str, one: str, other: str
) -> None:
    lay()
    Path(f"a.{suffix}").write_text(one, encoding="utf-8")
    Path(f"b.{suffix}").write_text(other, encoding="utf-8")
    alone = run(cli, 1, ".")
    assert run(cli, 2, ".") == alone
    assert "2 batches were done again" in cli.err
    monkeypatch.setattr(together, "_concerned", lambda done: set())
    assert run(cli, 2, ".") != alone


def test_what_a_killed_process_was_at_is_done_here(
    cli: Cli, monkeypatch: pytest.MonkeyPatch
) -> None:
    lay()
    alone = run(cli, 1, ".")
    monkeypatch.setattr(together, "search", die)
    assert run(cli, 3, ".") == alone
    assert "a process was lost" in cli.err


def die(*_: object) -> NoReturn:
    """What a process does that is killed."""
    os._exit(9)


def test_one_job_where_no_process_can_be_started(cli: Cli, monkeypatch: pytest.MonkeyPatch) -> None:
    lay()
    alone = run(cli, 1, ".")
    monkeypatch.setattr(Processes, "start", lambda self, worth: 0)
    assert run(cli, 2, ".") == alone
    assert "no processes can be started" in cli.err


def test_an_interrupted_run_reports_what_was_found_and_leaves_no_process(
    cli: Cli, monkeypatch: pytest.MonkeyPatch
) -> None:
    lay()
    turns = iter([True, False])
    outcome: Callable[[Search], Outcome] = Search.outcome

    def interrupted(self: Search) -> Outcome:
        if not next(turns):
            raise KeyboardInterrupt
        return outcome(self)

    monkeypatch.setattr(Search, "outcome", interrupted)
    monkeypatch.setattr(together, "search", wait)
    before = set(multiprocessing.active_children())
    assert cli("check", "--no-cache", "--jobs=2", ".") == 130
    assert cli.out.count("CAP101") == 1 and "interrupted" in cli.err
    for process in set(multiprocessing.active_children()) - before:
        process.join(30)
        assert not process.is_alive()


def wait(*_: object) -> NoReturn:
    """What a process does that is at work for long."""
    import time

    time.sleep(600)
    raise AssertionError


@pytest.mark.usefixtures("none_started")
def test_the_cache_has_what_batches_came_to(cli: Cli) -> None:
    lay()
    given = ("check", "--cache-dir=../cache", "--jobs=2", "--statistics")
    status = cli(*given, ".")
    found = cli.out
    assert "s  batches" in cli.err
    assert cli(*given, ".") == status and cli.out == found
    assert "1 program recalled" in cli.err
    Path("one.c").write_text("\n" + LEAKING.format(name="one"), encoding="utf-8")
    cli(*given, ".")
    assert "1 function followed" in cli.err and "3 functions recalled" in cli.err


@pytest.mark.usefixtures("none_started")
def test_compile_options_hold_in_batches_and_notes_are_told_in_their_order(cli: Cli) -> None:
    lay()
    Path("headers").mkdir()
    Path("headers/own.h").write_text("#define END(key) CryptDestroyKey(key)\n", encoding="utf-8")
    ending = '#include "own.h"\n' + LEAKING.format(name="five").replace(
        "return 1", "return END(key)"
    )
    Path("five.c").write_text(ending, encoding="utf-8")
    notes = []
    for jobs in ("1", "2"):
        given = ("--include=headers", "--include=none", "--include=never", ".")
        cli("check", "--no-cache", f"--jobs={jobs}", *given)
        assert "five" not in cli.out
        notes.append(cli.err)
    assert notes[0] == notes[1] and "none" in notes[0]


def test_what_is_little_or_hangs_together_is_no_work_for_several(
    cli: Cli, monkeypatch: pytest.MonkeyPatch
) -> None:
    lay()
    monkeypatch.setattr(dealing, "ENOUGH", 100_000)
    cli("check", "--no-cache", "--jobs=2", "--statistics", ".")
    assert "jobs" not in cli.err
    monkeypatch.setattr(dealing, "ENOUGH", 1)
    for name in NAMES:
        Path(f"{name}.c").write_text(LEAKING.format(name=name) + "struct same { int n; };\n")
    cli("check", "--no-cache", "--jobs=2", "--statistics", ".")
    assert "jobs" not in cli.err
