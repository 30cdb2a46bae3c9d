"""`--jobs`: the same bytes from several processes, whatever becomes of these."""

from __future__ import annotations

import concurrent.futures
import multiprocessing
import os
import shutil
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import NoReturn

import pytest

import capilint.checking
from capilint.parallel import processes, task, workers
from capilint.parallel.workers import Workers
from tests.chain_of_calls import MANY, lay
from tests.command_line import Cli

FIXTURES = Path(__file__).parent.parent / "fixtures"
FORMATS = ("text", "gitlab", "html")  # none that has edits, which one process makes


@pytest.fixture
def cli(capsys: pytest.CaptureFixture[str]) -> Cli:
    return Cli(capsys)


@pytest.fixture(autouse=True)
def _little_is_enough(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(capilint.checking, "_ENOUGH", 1)
    monkeypatch.setattr(workers, "ENOUGH", 1)


@pytest.fixture(scope="module")
def tree(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return lay(tmp_path_factory.mktemp("jobs") / "tree")


_found_alone: dict[Path, tuple[int, str]] = {}


@pytest.fixture
def alone(cli: Cli, tree: Path) -> tuple[int, str]:
    """What one job says of the tree; asked once."""
    if tree not in _found_alone:
        _found_alone[tree] = _outcome(cli, 1, str(tree))
    return _found_alone[tree]


def _outcome(cli: Cli, jobs: int, *arguments: str) -> tuple[int, str]:
    status = cli("check", "--isolated", "--no-cache", "--jobs", str(jobs), *arguments)
    return status, cli.out


def _reports(cli: Cli, jobs: int, folder: Path, *arguments: str) -> dict[str, bytes]:
    """What each format makes of one run."""
    outputs = {name: folder / f"{jobs}-{name}" for name in FORMATS}
    wanted = [f"--output={name}:{path}" for name, path in outputs.items()]
    assert _outcome(cli, jobs, *wanted, "--statistics", *arguments)[0] == 1
    assert ("jobs at a time" in cli.err) == (jobs > 1)
    return {name: path.read_bytes() for name, path in outputs.items()}


def test_several_jobs_say_the_same_of_programs(cli: Cli, tmp_path: Path) -> None:
    paths = [
        *map(str, sorted((FIXTURES / "python" / "programs").glob("[h-m]*"))),
        *map(str, sorted((FIXTURES / "c" / "loops").glob("*.c"))[::4]),
        *map(str, sorted((FIXTURES / "c" / "struct_members").glob("*.c"))[::4]),
        *map(str, sorted((FIXTURES / "cpp").glob("*.cpp"))[::90]),
    ]
    alone = _reports(cli, 1, tmp_path, *paths)
    assert _reports(cli, 3, tmp_path, *paths) == alone


def test_what_workers_find_out_is_kept_for_later_runs(
    cli: Cli, tree: Path, alone: tuple[int, str], tmp_path: Path
) -> None:
    own = Path(shutil.copytree(tree, tmp_path / "tree"))
    given = ("check", "--isolated", "--cache-dir", str(tmp_path / "cache"), "--jobs", "2")
    status = cli(*given, str(own))
    assert (status, cli.out.replace(str(own), str(tree))) == alone
    (own / "part_0.c").write_text("\n" + (own / "part_0.c").read_text())
    cli(*given, "--statistics", str(own))
    followed = next(line for line in cli.err.splitlines() if "followed" in line)
    assert int(followed.split()[1]) < MANY
    assert cli.out == _outcome(cli, 1, str(own))[1]


def die(given: task.Work, functions: Sequence[int]) -> NoReturn:
    """What a worker does that is killed."""
    os._exit(9)


def test_what_a_killed_worker_was_at_is_done_again(
    cli: Cli, tree: Path, alone: tuple[int, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(processes, "work", die)
    assert _outcome(cli, 3, "--statistics", str(tree)) == alone
    assert "a process was lost" in cli.err


def fail(given: task.Work, functions: Sequence[int]) -> NoReturn:
    """What a worker does that has a bug."""
    raise RecursionError


def test_what_fails_in_a_worker_is_done_again(
    cli: Cli, tree: Path, alone: tuple[int, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(processes, "work", fail)
    assert _outcome(cli, 2, str(tree)) == alone


def test_one_job_where_no_process_can_be_started(
    cli: Cli, tree: Path, alone: tuple[int, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: object) -> NoReturn:
        raise PermissionError("no semaphores here")

    monkeypatch.setattr(concurrent.futures, "ProcessPoolExecutor", refuse)
    assert _outcome(cli, 2, "--statistics", str(tree)) == alone
    assert "no processes can be started" in cli.err


def test_an_interrupted_run_reports_and_leaves_no_process(
    cli: Cli, tree: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    reach, turns = Workers.reach, iter(range(3 * MANY))

    def interrupted(self: Workers, number: int) -> None:
        if next(turns) == 3 * MANY - 5:
            raise KeyboardInterrupt
        reach(self, number)

    monkeypatch.setattr(Workers, "reach", interrupted)
    before = set(multiprocessing.active_children())
    status, found = _outcome(cli, 2, str(tree))
    assert status == 130
    assert "CAP101" in found
    assert "interrupted" in cli.err
    for process in set(multiprocessing.active_children()) - before:
        process.join(30)
        assert not process.is_alive()


@pytest.mark.parametrize("wrong", ["0", "-1", "two"])
def test_a_number_of_jobs_is_one_from_1(cli: Cli, wrong: str) -> None:
    assert cli("check", f"--jobs={wrong}", ".") == 2
    assert "no number from 1" in cli.err


def test_little_work_imports_nothing_that_starts_processes(tree: Path) -> None:
    program = (
        "import sys; from capilint.cli import main; main(sys.argv[1:]);"
        "print([n for n in sys.modules if n in ('multiprocessing', 'concurrent.futures')])"
    )
    command = [sys.executable, "-c", program, "check", "--no-cache", "-j2", str(tree / "part_1.c")]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    assert done.stdout.endswith("[]\n")
