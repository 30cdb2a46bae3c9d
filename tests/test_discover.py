"""Walking folders: what is found, in which order, and what is passed by."""

from __future__ import annotations

import os
import subprocess
import warnings
from pathlib import Path

import pytest

from capilint.files.discover import discover
from capilint.language import Language


@pytest.fixture(autouse=True)
def in_scratch_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def make(*paths: str, text: str = "") -> None:
    for path in paths:
        Path(path).parent.mkdir(parents=True, exist_ok=True)
        Path(path).write_text(text, encoding="utf-8")


def found(*paths: str, language: Language | None = None) -> list[str]:
    discovery = discover(paths or (".",), language)
    assert discovery.unreadable == ()
    return [item.path for item in discovery.inputs]


def test_folders_are_walked_for_known_suffixes_in_sorted_order() -> None:
    make("b.c", "a/z.h", "a/b/c.py", "a/stub.pyi", "readme.md", "a.c", "B.C")
    assert found() == ["B.C", "a/b/c.py", "a/stub.pyi", "a/z.h", "a.c", "b.c"]
    assert found("a", "a.c") == ["a/b/c.py", "a/stub.pyi", "a/z.h", "a.c"]


def test_the_language_comes_with_the_file() -> None:
    make("a.c", "b.h", "c.py", "d.cpp", "e.pyi")
    languages = {item.path: item.language for item in discover(["."]).inputs}
    assert languages == {
        "a.c": Language.C,
        "b.h": Language.C,
        "c.py": Language.PYTHON,
        "d.cpp": Language.CPP,
        "e.pyi": Language.PYTHON,
    }


def test_paths_are_as_given_or_relative(tmp_path: Path) -> None:
    make("src/a.c")
    assert found("./src//a.c") == ["src/a.c"]
    assert found("src/") == ["src/a.c"]
    assert found(str(tmp_path / "src")) == [(tmp_path / "src" / "a.c").as_posix()]
    os.chdir("src")
    assert found("..") == ["../src/a.c"]


def test_each_file_comes_once() -> None:
    make("src/a.c")
    assert found("src/a.c", ".", "src") == ["src/a.c"]


def test_folders_that_hold_no_sources_of_the_project_are_skipped() -> None:
    make(".git/a.c", "node_modules/x/a.c", ".venv/a.py", "pkg/__pycache__/a.py", "src/a.c")
    make("other-env/pyvenv.cfg", "other-env/lib/a.py")
    assert found() == ["src/a.c"]
    assert found("node_modules") == ["node_modules/x/a.c"]  # named: walked


def test_gitignore_rules_nested_and_negated() -> None:
    make(".gitignore", text="build/\n*.gen.c\n/top.c\n# comment\nlogs\n")
    make("build/a.c", "src/build/a.c", "src/a.gen.c", "top.c", "src/top.c", "logs/a.c")
    make("src/.gitignore", text="!keep.gen.c\n*.h\n")
    make("src/keep.gen.c", "src/a.h", "a.h", "src/deep/b.h")
    assert found() == ["a.h", "src/keep.gen.c", "src/top.c"]


def test_rules_of_the_repository_hold_below_it() -> None:
    make(".git/HEAD", "src/deep/a.c", "src/deep/out/a.c", "src/gen.c")
    make(".gitignore", text="out/\n/src/gen.c\n")
    assert found("src") == ["src/deep/a.c"]
    os.chdir("src/deep")
    assert found() == ["a.c"]


def test_what_is_named_is_taken_though_ignored() -> None:
    make(".git/HEAD", "build/a.c", "build/b.tmp.c", "x.c")
    make(".gitignore", text="build/\nx.c\n")
    make("build/.gitignore", text="*.tmp.c\n")
    assert found("x.c") == ["x.c"]
    assert found("build") == ["build/a.c"]


def test_git_agrees(tmp_path: Path) -> None:
    """The same tree, asked of git itself."""
    rules = "*.c\n!keep.c\nlib/**/x.h\nd?r/\n/only/top.h\n\\!odd.h\nspace.h \n"
    rules += "class[12].h\nall/**\n!/all/kept.h\n*.?pp\nempty*/\n  lead.h\nweird\\*.h\n"
    make(".gitignore", text=rules)
    make("a.c", "keep.c", "lib/x.h", "lib/a/b/x.h", "dir/a.h", "dxr/keep.c", "only/top.h")
    make("sub/only/top.h", "!odd.h", "space.h", "sub/keep.c", "sub/y.h")
    make("sub/.gitignore", text="y.h\n!/a.c\n")
    make("class1.h", "class3.h", "all/x.h", "all/kept.h", "x.hpp", "x.h", "emptyish/x.h")
    make("  lead.h", "weird1.h", "lead.h")
    make("sub/a.c", "sub/deep/a.c", "sub/deep/y.h")
    assert sorted(found()) == listed_by_git()


def test_git_agrees_about_patterns_with_folders(tmp_path: Path) -> None:
    rules = "misc/*\n!misc/kept.c\n/src/*.gen.c\na/*/x.h\n**/generated/*.c\ndeep/**/leaf/*.c\n"
    rules += "one*/two/z.c\n/*.h\n!/kept.h\npre*fix.c\n*.so.*\n?/q.c\n[st]/r.c\n/t/r?.c\n"
    make(".gitignore", text=rules)
    make("misc/a.c", "misc/kept.c", "misc/sub/a.c", "sub/misc/a.c", "src/a.gen.c", "src/b/a.gen.c")
    make("a/x.h", "a/b/x.h", "a/b/c/x.h", "sub/a/b/x.h", "generated/a.c", "sub/generated/a.c")
    make("generated/sub/a.c", "deep/leaf/a.c", "deep/x/y/leaf/a.c", "deep/x/a.c", "leaf/a.c")
    make("ones/two/z.c", "ones/two/y.c", "ones/z.c", "top.h", "kept.h", "sub/top.h", "prefix.c")
    make("pre-and-fix.c", "sub/prefix.c", "pre.c", "lib.so.c", "p/q.c", "pp/q.c", "sub/p/q.c")
    make("s/r.c", "t/r.c", "t/r1.c", "sub/t/r1.c")
    make("sub/.gitignore", text="/deep/*\n!*/\nx/**/y/*.c\n*\n!*.c\n")
    make("sub/deep/a.c", "sub/deep/b/a.c", "sub/x/y/a.c", "sub/x/z/y/a.c", "sub/y/a.c", "sub/a.h")
    assert sorted(found()) == listed_by_git()


def test_no_pattern_makes_python_say_anything() -> None:
    make("a.c", "b/a.c", "b/x.c")
    make(".gitignore", text="[[a]\n[a--b]x\n[x&&z]\nb/[[:alpha:]x]*.h\n")
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert found() == ["a.c", "b/a.c", "b/x.c"]


def listed_by_git() -> list[str]:
    """The files that git does not ignore."""
    try:
        subprocess.run(["git", "init", "-q"], check=True)
        git = ["git", "ls-files", "--others", "--exclude-standard", "-z", "*.c", "*.h", "*.hpp"]
        listed = subprocess.run(git, check=True, capture_output=True, text=True).stdout
    except OSError:
        pytest.skip("git is not installed")
    return sorted(name for name in listed.split("\0") if name)


def test_links_are_not_followed_in_a_walk(tmp_path: Path) -> None:
    make("outside/secret.c", "tree/a.c")
    try:
        Path("tree/out").symlink_to(tmp_path / "outside", target_is_directory=True)
        Path("tree/circle").symlink_to(tmp_path / "tree", target_is_directory=True)
        Path("tree/link.c").symlink_to(tmp_path / "outside" / "secret.c")
        Path("tree/broken.c").symlink_to(tmp_path / "gone.c")
    except OSError:
        pytest.skip("no symbolic links here")
    assert found("tree") == ["tree/a.c"]
    assert found("tree/link.c", "tree/out") == ["tree/link.c", "tree/out/secret.c"]


def test_what_is_missing_or_unknown_is_reported_and_the_rest_is_found() -> None:
    make("notes.txt", "script", "a.c")
    discovery = discover(["gone.c", "nowhere", "notes.txt", "script", "a.c"])
    assert [item.path for item in discovery.inputs] == ["a.c"]
    reasons = {item.path: item.reason for item in discovery.unreadable}
    assert reasons["gone.c"] == reasons["nowhere"] == "no such file or folder"
    assert "'.txt'" in reasons["notes.txt"] and "--lang" in reasons["notes.txt"]
    assert "no suffix" in reasons["script"]


def test_a_python_script_without_suffix_is_known_by_its_first_line() -> None:
    make("tool", text="#!/usr/bin/env python3\n")
    make("other", text="#!/bin/sh\n")
    discovery = discover(["tool", "other"])
    assert [(item.path, item.language) for item in discovery.inputs] == [("tool", Language.PYTHON)]
    assert [item.path for item in discovery.unreadable] == ["other"]


def test_a_forced_language_reads_any_named_file_and_walks_for_its_own() -> None:
    make("notes.txt", "src/a.c", "src/b.py", "src/c.cpp", "src/d.txt")
    discovery = discover(["notes.txt", "src"], Language.C)
    assert [(item.path, item.language) for item in discovery.inputs] == [
        ("notes.txt", Language.C),
        ("src/a.c", Language.C),
        ("src/c.cpp", Language.C),
    ]
    assert [item.path for item in discover(["src"], Language.PYTHON).inputs] == ["src/b.py"]


@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() == 0, reason="root reads it all")
def test_a_folder_without_permission_is_reported() -> None:
    make("closed/a.c", "open/a.c")
    Path("closed").chmod(0)
    try:
        discovery = discover(["."])
    finally:
        Path("closed").chmod(0o755)
    assert [item.path for item in discovery.inputs] == ["open/a.c"]
    assert [item.path for item in discovery.unreadable] == ["closed"]


def test_a_folder_that_vanishes_during_the_walk_is_reported(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    make("a/x.c", "b/y.c")
    scandir = os.scandir

    def vanishing(path: str) -> object:
        if path.rstrip("/") == "a":
            raise FileNotFoundError(2, "No such file or directory")
        return scandir(path)

    monkeypatch.setattr(os, "scandir", vanishing)
    discovery = discover(["."])
    assert [item.path for item in discovery.inputs] == ["b/y.c"]
    assert [item.path for item in discovery.unreadable] == ["a"]


def test_excluded_paths_are_asked_about_before_they_are_entered() -> None:
    make("third/party/a.c", "src/a.c", "src/b.c")
    asked: list[str] = []

    def excluded(path: str) -> bool:
        asked.append(path)
        return path in ("third/", "src/b.c")

    discovery = discover([".", "src/b.c"], exclusion=lambda folder: excluded)
    assert [item.path for item in discovery.inputs] == ["src/a.c"]
    assert "third/party/" not in asked


def test_a_very_deep_tree_is_walked() -> None:
    deep = "/".join(["d"] * 400)
    make(f"{deep}/a.c")
    assert found() == [f"{deep}/a.c"]
