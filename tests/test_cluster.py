"""`--executor dask:...`: the same bytes by way of a real cluster, whatever becomes of that."""

from __future__ import annotations

import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future
from pathlib import Path

import pytest

import capilint.checking
from capilint.parallel import apart, cluster, workers
from capilint.parallel.cluster import Cluster
from capilint.parallel.workers import Counts
from tests.chain_of_calls import CHAIN, MANY, lay
from tests.command_line import Cli
from tests.dask_cluster import DaskCluster, dask_cluster
from tests.documents import ROOT

pytest.importorskip("distributed", reason="the extra `dask` is not installed")

FIXTURES = ROOT / "fixtures"
FORMATS = ("text", "json", "sarif")
NOBODY = "tcp://127.0.0.1:9"


@pytest.fixture
def cli(capsys: pytest.CaptureFixture[str]) -> Cli:
    return Cli(capsys)


@pytest.fixture(autouse=True)
def _little_is_enough(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(capilint.checking, "_ENOUGH", 1)
    monkeypatch.setattr(workers, "ENOUGH", 1)
    monkeypatch.setattr(workers, "TOGETHER", 1)


@pytest.fixture(scope="module")
def two(tmp_path_factory: pytest.TempPathFactory) -> Iterator[DaskCluster]:
    """A cluster of two workers that stays whole."""
    with dask_cluster(tmp_path_factory.mktemp("cluster")) as there:
        yield there


@pytest.fixture
def doomed(tmp_path: Path) -> Iterator[DaskCluster]:
    """A cluster of two workers of which parts are killed."""
    folder = tmp_path / "cluster"
    folder.mkdir()
    with dask_cluster(folder) as there:
        yield there


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    return lay(tmp_path / "tree")


def _outcome(cli: Cli, *arguments: str) -> tuple[int, str]:
    status = cli("check", "--isolated", "--no-cache", *arguments)
    return status, cli.out


def _after(monkeypatch: pytest.MonkeyPatch, number: int, happen: Callable[[], None]) -> None:
    """Have something happen when so many tasks were given."""
    give, given = Cluster.give, 0

    def counted(self: Cluster, functions: Sequence[int]) -> Future[Counts]:
        nonlocal given
        given += 1
        future = give(self, functions)
        if given == number:
            happen()
        return future

    monkeypatch.setattr(Cluster, "give", counted)


def test_a_cluster_says_the_same_of_programs(cli: Cli, two: DaskCluster, tmp_path: Path) -> None:
    paths = [
        *map(str, sorted((FIXTURES / "python" / "programs").glob("[h-k]*"))),
        *map(str, sorted((FIXTURES / "c" / "struct_members").glob("*.c"))[::6]),
        *map(str, sorted((FIXTURES / "cpp").glob("*.cpp"))[::120]),
    ]
    reports = []
    for how in ("--jobs=1", f"--executor={two.executor}"):
        outputs = {name: tmp_path / f"{len(reports)}-{name}" for name in FORMATS}
        wanted = [f"--output={name}:{path}" for name, path in outputs.items()]
        assert _outcome(cli, how, *wanted, "--statistics", *paths)[0] == 1
        reports.append({name: path.read_bytes() for name, path in outputs.items()})
    assert "3 jobs at a time" in cli.err and "warning" not in cli.err
    assert reports[0] == reports[1]


def test_the_user_s_own_functions_are_known_there(
    cli: Cli, two: DaskCluster, tree: Path, tmp_path: Path
) -> None:
    (tree / "part_0.c").write_text(CHAIN.format(n=0, m=1).replace("CryptDestroyKey", "OwnEnd"))
    config = tmp_path / "own.toml"
    config.write_text(
        '[functions.OwnEnd]\nparams = ["hKey"]\nreleases = { hKey = "key" }\n', encoding="utf-8"
    )
    given = ("check", "--no-cache", f"--config={config}", str(tree))
    alone = cli(*given, "--jobs=1"), cli.out
    assert (cli(*given, f"--executor={two.executor}"), cli.out) == alone


def test_what_a_cluster_finds_out_is_kept_for_later_runs(
    cli: Cli, two: DaskCluster, tree: Path, tmp_path: Path
) -> None:
    given = ("check", "--isolated", f"--cache-dir={tmp_path / 'cache'}", "--statistics", str(tree))
    alone = _outcome(cli, "--jobs=1", str(tree))
    assert (cli(*given, f"--executor={two.executor}"), cli.out) == alone
    (tree / "part_0.c").write_text("\n" + (tree / "part_0.c").read_text())
    cli(*given, "--jobs=1")
    followed = next(line for line in cli.err.splitlines() if "followed" in line)
    assert int(followed.split()[1]) < MANY
    cli(*given, f"--executor={two.executor}")
    assert cli.out == _outcome(cli, "--jobs=1", str(tree))[1]


def test_a_worker_that_is_killed_loses_nothing(
    cli: Cli, doomed: DaskCluster, tree: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    alone = _outcome(cli, "--jobs=1", str(tree))
    _after(monkeypatch, 3, doomed.workers[0].kill)
    assert _outcome(cli, f"--executor={doomed.executor}", str(tree)) == alone
    assert "warning" not in cli.err, cli.err
    assert doomed.workers[0].wait() and doomed.workers[1].poll() is None


def test_where_all_workers_are_killed_the_run_goes_on_alone(
    cli: Cli, doomed: DaskCluster, tree: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    alone = _outcome(cli, "--jobs=1", str(tree))

    def kill() -> None:
        for each in doomed.workers:
            each.kill()

    _after(monkeypatch, 3, kill)
    monkeypatch.setattr(cluster, "_PAUSE", 0.1)
    assert _outcome(cli, f"--executor={doomed.executor}", str(tree)) == alone
    assert f"warning: the Dask cluster at {doomed.address} has no workers" in cli.err


def test_where_the_scheduler_is_killed_the_run_goes_on_alone(
    cli: Cli, doomed: DaskCluster, tree: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    alone = _outcome(cli, "--jobs=1", str(tree))
    _after(monkeypatch, 3, doomed.scheduler.kill)
    assert _outcome(cli, f"--executor={doomed.executor}", str(tree)) == alone
    said = f"warning: the Dask cluster at {doomed.address} is not there any more; this run did"
    assert said in cli.err
    assert len(cli.err.splitlines()) == 1


def test_a_scheduler_that_does_not_answer_is_named(
    cli: Cli, tree: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(cluster, "_PATIENCE", 1)
    assert _outcome(cli, f"--executor=dask:{NOBODY}", str(tree)) == (2, "")
    assert cli.err == f"capilint: error: no Dask scheduler answers at {NOBODY}\n"


@pytest.fixture(scope="module")
def strange(tmp_path_factory: pytest.TempPathFactory) -> Iterator[DaskCluster]:
    """A cluster with a worker whose capilint was changed."""
    other = tmp_path_factory.mktemp("other")
    for name in ("capilint", "rules"):
        left_out = shutil.ignore_patterns("__pycache__")
        shutil.copytree(ROOT / name, other / name, ignore=left_out)
    with (other / "rules" / "families" / "capi.toml").open("a", encoding="utf-8") as rules:
        rules.write("# another rule\n")
    with dask_cluster(tmp_path_factory.mktemp("strange"), 1, other) as there:
        yield there


def test_a_worker_of_another_version_is_refused(cli: Cli, strange: DaskCluster, tree: Path) -> None:
    assert _outcome(cli, f"--executor={strange.executor}", str(tree)) == (2, "")
    assert f"error: {strange.address}: its worker tcp://" in cli.err
    assert f"; here is {apart.identity()}, and both have to be the same" in cli.err


def test_a_worker_of_another_version_that_comes_later_is_refused(
    cli: Cli, strange: DaskCluster, tree: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    alone = _outcome(cli, "--jobs=1", str(tree))
    monkeypatch.setattr(Cluster, "_refuse_strangers", lambda self: None)
    assert _outcome(cli, f"--executor={strange.executor}", str(tree)) == alone
    said = f"warning: the Dask cluster at {strange.address} has a worker with capilint"
    assert said in cli.err and f"; here is {apart.identity()}" in cli.err


def test_an_interrupted_run_reports_and_ends_its_connection(
    cli: Cli, two: DaskCluster, tree: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def interrupt() -> None:
        raise KeyboardInterrupt

    _after(monkeypatch, 2, interrupt)
    assert _outcome(cli, f"--executor={two.executor}", str(tree))[0] == 130
    assert "interrupted" in cli.err
    monkeypatch.undo()
    assert _outcome(cli, f"--executor={two.executor}", str(tree))[0] == 1


def test_without_dask_the_extra_is_named(
    cli: Cli, tree: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "distributed", None)
    assert _outcome(cli, f"--executor=dask:{NOBODY}", str(tree)) == (2, "")
    assert f"needs distributed: {sys.executable} -m pip install 'capilint[dask]'" in cli.err


@pytest.mark.parametrize("wrong", ["dask", "dask:", "dask:host:8786", "spark://host:1", "dask:x"])
def test_an_executor_is_the_address_of_a_scheduler(cli: Cli, wrong: str) -> None:
    assert cli("check", f"--executor={wrong}", ".") == 2
    assert "dask:tcp://host:8786 is one" in cli.err


def test_a_cluster_and_processes_exclude_each_other(cli: Cli) -> None:
    assert cli("check", f"--executor=dask:{NOBODY}", "--jobs=2", ".") == 2
    assert "not allowed with argument" in cli.err


def test_nothing_of_dask_is_imported_unless_it_is_asked_for(tree: Path) -> None:
    program = (
        "import sys; import capilint.checking; from capilint.parallel import workers\n"
        "capilint.checking._ENOUGH = workers.ENOUGH = 1\n"
        "from capilint.cli import main\n"
        "if __name__ == '__main__':\n"
        "    main(sys.argv[1:])\n"
        "    print([n for n in sys.modules if n.partition('.')[0] in ('dask', 'distributed')])"
    )
    script = tree / "run.pyw"
    script.write_text(program, encoding="utf-8")
    command = [sys.executable, str(script), "check", "--no-cache", "-j2", str(tree)]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    assert done.stdout.endswith("[]\n")
