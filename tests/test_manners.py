"""How a check behaves: quiet, lenient, open about its settings, and interrupted with good grace."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from capilint.engine import Analysis
from capilint.engine.program.linkage import Definition
from capilint.engine.reporting.duplicates import Candidate
from tests.command_line import Cli
from tests.reports import SESSION

SECOND = SESSION.replace("encrypt(", "again(").replace("hKey", "hSecond")


@pytest.fixture(autouse=True)
def in_scratch_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    Path("leak.c").write_text(SESSION + SECOND, encoding="utf-8")
    Path("clean.c").write_text("int CryptDestroyKey;\n", encoding="utf-8")


@pytest.fixture
def cli(capsys: pytest.CaptureFixture[str]) -> Cli:
    return Cli(capsys)


@pytest.fixture
def interrupted(monkeypatch: pytest.MonkeyPatch) -> None:
    """Ctrl-C while the second function is analysed."""
    whole = Analysis.function

    def function(self: Analysis, definition: Definition, recursive: bool) -> list[Candidate]:
        if definition.function.name == "again":
            raise KeyboardInterrupt
        return whole(self, definition, recursive)

    monkeypatch.setattr(Analysis, "function", function)


# ---------------------------------------------------------------- quiet, lenient


def test_quiet_prints_findings_and_nothing_else(cli: Cli) -> None:
    assert cli("check", "--quiet", "clean.c") == 0
    assert (cli.out, cli.err) == ("", "")
    assert cli("check", "-q", "leak.c") == 1
    assert cli.out.startswith("leak.c:6:10: error: CAP101") and "Found" not in cli.out
    Path("empty").mkdir()
    assert cli("check", "-q", "empty") == 0 and not cli.err
    assert cli("check", "-q", "gone.c") == 2 and "gone.c: no such file" in cli.err
    assert cli("check", "-q", "-v", "leak.c") == 2 and "not allowed with" in cli.err


def test_findings_may_leave_the_status_alone_but_errors_do_not(cli: Cli) -> None:
    assert cli("check", "--exit-zero", "leak.c") == 0 and "Found 2 findings" in cli.out
    assert cli("check", "--exit-zero", "leak.c", "gone.c") == 2
    Path("capilint.toml").write_text("nonsense = 1\n", encoding="utf-8")
    assert cli("check", "--exit-zero", "leak.c") == 2


# ---------------------------------------------------------------- settings


def test_settings_are_shown_as_they_hold_with_the_options_given(cli: Cli) -> None:
    Path("capilint.toml").write_text("resources = ['key']\nignore = ['CAP3']\n", encoding="utf-8")
    assert cli("check", "--show-settings", "--ignore", "CAP1", "leak.c", "clean.c") == 0
    assert 'ignore = ["CAP1"] # the command line\n' in cli.out
    assert 'resources = ["key"] # capilint.toml:1\n' in cli.out
    assert "CAP101" not in cli.out and not cli.out.startswith("# for")
    cli("check", "--show-settings", "--ignore", "CAP1", ".")
    as_check = cli.out
    Path("one").mkdir()
    Path("one/capilint.toml").write_text("fail-on = 'note'\n", encoding="utf-8")
    cli("check", "--show-settings", "one", "leak.c", "clean.c")
    first, second = cli.out.split("# for leak.c\n# for clean.c\n")
    assert first.startswith("# for one\n") and 'fail-on = "note" # one/capilint.toml:1' in first
    assert second == as_check.replace('["CAP1"] # the command line', '["CAP3"] # capilint.toml:2')


# ---------------------------------------------------------------- Ctrl-C


@pytest.mark.usefixtures("interrupted")
def test_an_interrupted_check_says_what_it_found_so_far(cli: Cli) -> None:
    assert cli("check", "leak.c") == 130
    assert "CAP101 key `hKey`" in cli.out and "hSecond" not in cli.out
    assert "capilint: interrupted; this is what was found so far" in cli.err


@pytest.mark.usefixtures("interrupted")
def test_reports_of_an_interrupted_check_say_so(cli: Cli) -> None:
    outputs = ["-o", "json:a.json", "-o", "sarif:a.sarif"]
    assert cli("check", "--exit-zero", *outputs, "--fix", "leak.c") == 130
    report = json.loads(Path("a.json").read_text(encoding="utf-8"))
    assert report["interrupted"] is True and len(report["findings"]) == 1
    log = json.loads(Path("a.sarif").read_text(encoding="utf-8"))
    (invocation,) = log["runs"][0]["invocations"]
    assert invocation["executionSuccessful"] is False
    assert invocation["toolExecutionNotifications"][-1]["message"] == {"text": "interrupted"}
    assert Path("leak.c").read_text(encoding="utf-8") == SESSION + SECOND


def test_an_interrupted_check_knows_nothing_of_what_is_gone(
    cli: Cli, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert cli("baseline", ".") == 0
    written = Path("capilint-baseline.json").read_text(encoding="utf-8")

    def stopped(*arguments: object) -> list[Candidate]:
        raise KeyboardInterrupt

    monkeypatch.setattr(Analysis, "function", stopped)
    assert cli("check", "--baseline", "capilint-baseline.json", ".") == 130
    assert "gone" not in cli.out
    for arguments in ([], ["--update"]):
        assert cli("baseline", *arguments, ".") == 130
    assert Path("capilint-baseline.json").read_text(encoding="utf-8") == written
