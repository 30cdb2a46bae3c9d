"""`--diff-base REV`: only what concerns lines that changed since a revision of git."""

from __future__ import annotations

import os
import shlex
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from capilint.files.git_changes import Changes, Hunk, changes_since
from capilint.finding import Step
from capilint.findings.changed import concerns
from tests.checkout import commit_all
from tests.command_line import Cli
from tests.reports import SESSION, leak, span
from tests.test_baseline import OTHER
from tests.tools import ROOT, require, run

MENDED = SESSION.replace("cap))\n        return FALSE;", "cap))\n        len = 0;")


@pytest.fixture
def cli(capsys: pytest.CaptureFixture[str]) -> Cli:
    return Cli(capsys)


@pytest.fixture
def repository(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A repository with an old leak, and the working directory."""
    require("git")
    for name in [name for name in os.environ if name.startswith("GIT_")]:
        monkeypatch.delenv(name)
    monkeypatch.chdir(tmp_path)
    run(["git", "init", "--quiet", "--initial-branch", "main"], tmp_path)
    Path("src").mkdir()
    write("src/leak.c", SESSION)
    commit_all(tmp_path, "old")
    return tmp_path


def write(path: str, text: str) -> None:
    Path(path).write_text(text, encoding="utf-8", newline="\n")


def handles(cli: Cli, revision: str, *paths: str) -> list[str]:
    return [str(each["handle"]) for each in cli.json("--diff-base", revision, *paths)["findings"]]


# ---------------------------------------------------------------- with git


def test_only_what_changed_is_reported(cli: Cli, repository: Path) -> None:
    assert cli("check", "--diff-base", "HEAD") == 0
    assert cli.out == "No new findings in 1 file. 1 finding on unchanged lines not shown.\n"
    write("src/leak.c", OTHER + SESSION)
    assert cli("check", "--diff-base", "HEAD") == 1
    assert "hOther" in cli.out and "1 finding on unchanged lines not shown." in cli.out
    commit_all(repository, "new")
    assert handles(cli, "HEAD") == []
    assert handles(cli, "HEAD~1") == ["hOther"]


def test_a_release_that_was_taken_out_is_a_change(cli: Cli, repository: Path) -> None:
    released = "&hOther);\n    CryptDestroyKey(hOther);\n    CryptGenRandom(hProv, 0, 0);"
    write("src/leak.c", OTHER.replace("return Crypt", "Crypt").replace("&hOther);", released))
    commit_all(repository, "clean")
    text = Path("src/leak.c").read_text(encoding="utf-8")
    write("src/leak.c", text.replace("    CryptDestroyKey(hOther);\n", ""))
    assert handles(cli, "HEAD") == ["hOther"]


def test_new_and_moved_files(cli: Cli, repository: Path) -> None:
    write("src/new.c", OTHER)
    assert handles(cli, "HEAD") == ["hOther"]
    run(["git", "add", "--all"], repository)
    assert handles(cli, "HEAD") == ["hOther"]
    Path("src/leak.c").rename("moved here.c")
    run(["git", "add", "--all"], repository)
    assert handles(cli, "HEAD") == ["hOther"], "what is moved is not new"


def test_from_a_folder_below_and_beside(
    cli: Cli, repository: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    Path("docs").mkdir()
    write("src/new.c", OTHER)
    for folder in ("src", "../docs"):
        monkeypatch.chdir(folder)
        assert handles(cli, "HEAD", "../src") == ["hOther"]
        assert handles(cli, "HEAD", str(repository / "src")) == ["hOther"]


def test_what_others_changed_meanwhile_is_no_change(cli: Cli, repository: Path) -> None:
    run(["git", "checkout", "--quiet", "-b", "feature"], repository)
    write("src/new.c", OTHER)
    commit_all(repository, "ours")
    run(["git", "checkout", "--quiet", "main"], repository)
    write("src/leak.c", MENDED)
    commit_all(repository, "theirs")
    run(["git", "checkout", "--quiet", "feature"], repository)
    assert handles(cli, "main") == ["hOther"]


@pytest.mark.skipif(os.name == "nt", reason="Windows has no such names")
def test_names_and_texts_that_look_like_a_diff(cli: Cli, repository: Path) -> None:
    nasty = 'a\n+++ b"\\\té.c'
    write(nasty, OTHER)
    write("plain.c", "int a;\n")
    commit_all(repository, "nasty")
    write(nasty, OTHER + "\n" + OTHER.replace("decrypt", "again").replace("hOther", "hNew"))
    write("plain.c", "++ b/src/leak.c\n@@ -1 +6 @@\n-- x")
    assert handles(cli, "HEAD") == ["hNew"]


def test_settings_of_the_user_change_nothing(
    cli: Cli, repository: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for key, value in {
        "diff.external": "false",
        "diff.noprefix": "true",
        "diff.mnemonicPrefix": "true",
        "diff.relative": "true",
        "diff.context": "9",
        "diff.interHunkContext": "9",
        "diff.renames": "false",
        "color.ui": "always",
        "core.quotePath": "true",
        "core.fsmonitor": "false-monitor",
    }.items():
        run(["git", "config", key, value], repository)
    monkeypatch.setenv("GIT_DIFF_OPTS", "--unified=9")
    monkeypatch.setenv("GIT_EXTERNAL_DIFF", "false")
    write("src/leak.c", OTHER + SESSION)
    Path("src/leak.c").rename("src/é.c")
    assert handles(cli, "HEAD", "src") == ["hOther", "hKey"], "untracked: all of it is new"
    run(["git", "add", "--all"], repository)
    assert handles(cli, "HEAD", "src") == ["hOther"]


@pytest.mark.skipif(os.name == "nt", reason="the hook is a script for a shell")
def test_a_hook_sees_what_is_about_to_be_committed(repository: Path) -> None:
    hook = Path(".git/hooks/pre-commit")
    command = [sys.executable, "-m", "capilint", "check", "--diff-base", "HEAD", "--quiet"]
    script = f"#!/bin/sh\nPYTHONPATH={ROOT} exec {shlex.join(command)} src/leak.c\n"
    hook.write_text(script, encoding="utf-8")
    hook.chmod(0o755)
    write("src/leak.c", SESSION + "\n")
    commit_all(repository, "nothing new")
    write("src/leak.c", SESSION + OTHER)
    author = ["-c", "user.name=test", "-c", "user.email=test@example.invalid"]
    told = run(["git", *author, "commit", "--all", "--message", "new"], repository, 1)
    assert "hOther" in told and "hKey" not in told


@pytest.mark.skipif(os.name == "nt", reason="Windows lets administrators make links only")
def test_a_link_to_the_working_directory_is_no_other_place(
    cli: Cli, repository: Path, tmp_path_factory: pytest.TempPathFactory
) -> None:
    link = tmp_path_factory.mktemp("elsewhere") / "link"
    link.symlink_to(repository, target_is_directory=True)
    assert handles(cli, "HEAD", str(link / "src")) == []


def test_a_baseline_and_a_revision_together(cli: Cli, repository: Path) -> None:
    write("src/new.c", OTHER)
    cli("baseline", "src/new.c")
    assert cli("check", "--diff-base", "HEAD", "--baseline", "capilint-baseline.json") == 0
    assert "1 known finding not shown" in cli.out
    assert "1 finding on unchanged lines not shown." in cli.out


def test_edits_mend_what_changed_only(cli: Cli, repository: Path) -> None:
    write("src/new.c", OTHER)
    cli("check", "--diff-base", "HEAD", "--diff", ".")
    assert "+++ src/new.c" in cli.out and "+++ src/leak.c" not in cli.out


# ---------------------------------------------------------------- what is wrong


@pytest.mark.parametrize(
    ("revision", "words"),
    [
        ("nowhere", "git knows no revision `nowhere`; fetch it first, or a shallow clone lacks it"),
        ("", "`` is no revision of git"),
        ("-O/etc/passwd", "`-O/etc/passwd` is no revision of git"),
        ("HEAD:src", "git knows no revision `HEAD:src`"),
    ],
)
def test_a_revision_that_is_none(cli: Cli, repository: Path, revision: str, words: str) -> None:
    assert cli("check", f"--diff-base={revision}") == 2
    assert cli.err.startswith(f"capilint: error: --diff-base {revision}: ") and words in cli.err


def test_histories_apart(cli: Cli, repository: Path) -> None:
    run(["git", "checkout", "--quiet", "--orphan", "apart"], repository)
    commit_all(repository, "apart")
    assert cli("check", "--diff-base", "main") == 2
    assert "`main` and HEAD have no common ancestor; a shallow clone lacks it" in cli.err


def test_no_repository_and_no_git(
    cli: Cli, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("GIT_CEILING_DIRECTORIES", str(tmp_path.parent))
    write("leak.c", SESSION)
    assert cli("check", "--diff-base", "main") == 2
    assert "--diff-base main: here is no git repository (git: not a git repo" in cli.err
    (tmp_path / "git").write_text("#!/bin/sh\n", encoding="utf-8")
    (tmp_path / "git").chmod(0o755)
    monkeypatch.setenv("PATH", os.pathsep.join([".", ""]))
    assert cli("check", "--diff-base", "main") == 2
    assert "--diff-base main: git is not installed, or not on the PATH" in cli.err


def test_the_standard_input_has_no_history(
    cli: Cli, repository: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    stdin = open("src/leak.c", encoding="utf-8")  # noqa: SIM115, PTH123
    monkeypatch.setattr("sys.stdin", stdin)
    assert cli("check", "-", "--stdin-filename", "a.c", "--diff-base", "HEAD") == 2
    assert "git does not know the standard input" in cli.err
    stdin.close()


def test_git_is_started_only_where_it_is_asked_for(
    cli: Cli, repository: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refused(*arguments: object, **options: object) -> None:
        raise AssertionError(arguments)

    monkeypatch.setattr(subprocess, "Popen", refused)
    assert cli("check") == 1
    assert cli("check", "--diff-base", "HEAD") == 2 and "AssertionError" in cli.err


# ---------------------------------------------------------------- which findings a change concerns

PATH = "src/session.c"


@pytest.mark.parametrize(
    ("hunk", "expected"),
    [
        (Hunk(6, 1, False), True),  # the creation
        (Hunk(1, 5, True), False),
        (Hunk(7, 1, False), False),  # something was added between the steps
        (Hunk(7, 1, True), True),  # something else stood there
        (Hunk(7, 0, True), True),  # lines are gone behind line 7
        (Hunk(5, 0, True), False),
        (Hunk(9, 0, True), False),
        (Hunk(9, 1, False), True),
        (Hunk(10, 3, True), False),
    ],
)
def test_a_change_concerns_a_path(hunk: Hunk, expected: bool) -> None:
    assert concerns(leak(), Changes({PATH: [hunk]})) is expected


def test_the_other_places_of_a_leak_and_other_files_count() -> None:
    elsewhere = Step("leave", PATH, span(20, 9, 6), "leaves with hKey alive")
    assert not concerns(leak(), Changes({PATH: [Hunk(15, 0, True)]}))
    assert concerns(replace(leak(), also=(elsewhere,)), Changes({PATH: [Hunk(15, 0, True)]}))
    helper = Step("call", "src/util.h", span(3, 1, 6), "in a helper")
    there = replace(leak(), steps=(*leak().steps, helper))
    assert concerns(there, Changes({"src/util.h": [Hunk(3, 1, True)]}))
    assert not concerns(there, Changes({"src/util.h": [Hunk(4, 1, True)]}))


def test_what_lies_outside_the_repository_is_new(repository: Path) -> None:
    changes = changes_since("HEAD")
    assert changes.of("src/leak.c") == ()
    assert changes.of("../beside.c") and changes.of("/elsewhere.c")
