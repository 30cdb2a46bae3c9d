"""The hook in the real pre-commit: on a scratch repository, from an empty cache."""

from __future__ import annotations

import re
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
import yaml
from identify import extensions

from capilint.files.discover import language_of
from tests.checkout import commit_all, copy_of_checkout, redirected
from tests.doors import C_LEAK, C_MENDED, PYTHON_LEAK, recipe
from tests.tools import ROOT, run

HELPER = "void look(HCRYPTKEY hKey)\n{\n    CryptSetKeyParam(hKey, 1, 0, 0);\n}\n"
PRE_COMMIT = [sys.executable, "-m", "pre_commit"]
(HOOK,) = yaml.safe_load((ROOT / ".pre-commit-hooks.yaml").read_text(encoding="utf-8"))

# One worker runs the whole module, so that pre-commit installs the hook once.
pytestmark = [
    pytest.mark.xdist_group("pre-commit"),
    pytest.mark.skipif(not (ROOT / ".git").exists(), reason="the checkout's files are git's"),
]


@pytest.fixture(scope="module")
def checkout(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return copy_of_checkout(tmp_path_factory.mktemp("checkout"))


@pytest.fixture(scope="module")
def cache(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """pre-commit's cache, empty at first."""
    return tmp_path_factory.mktemp("cache")


@pytest.fixture
def pre_commit(checkout: Path, cache: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., str]:
    for name, value in {**redirected(checkout), "PRE_COMMIT_HOME": str(cache)}.items():
        monkeypatch.setenv(name, value)

    def pre_commit(folder: Path, *arguments: str, status: int = 0) -> str:
        return run([*PRE_COMMIT, *arguments], folder, status)

    return pre_commit


@pytest.fixture
def scratch(tmp_path: Path) -> Path:
    """A repository with nothing in it."""
    run(["git", "init", "--quiet"], tmp_path)
    return tmp_path


def test_a_commit_is_blocked_mended_and_accepted(
    pre_commit: Callable[..., str], scratch: Path
) -> None:
    (scratch / ".pre-commit-config.yaml").write_text(recipe(".pre-commit-config.yaml"))
    (scratch / "README.txt").write_text("CryptGenKey\n", encoding="utf-8")
    commit_all(scratch, "before the hook")
    pre_commit(scratch, "install")
    (scratch / "session.c").write_text(C_LEAK, encoding="utf-8")
    blocked = commit_all(scratch, "blocked", status=1)
    assert re.search(r"^capilint\.+Failed$", blocked, re.MULTILINE)
    assert "session.c:6:10: error: CAP101 key `hKey`" in blocked
    (scratch / "session.c").write_text(C_MENDED, encoding="utf-8")
    commit_all(scratch, "accepted")
    assert run(["git", "log", "--format=%s"], scratch).splitlines() == [
        "accepted",
        "before the hook",
    ]


def test_the_headers_of_a_changed_file_are_read(
    pre_commit: Callable[..., str], scratch: Path
) -> None:
    (scratch / ".pre-commit-config.yaml").write_text(recipe(".pre-commit-config.yaml"))
    header = "#define make(prov, key) CryptGenKey(prov, CALG_RC4, 0, key)\n"
    (scratch / "keys.h").write_text(header, encoding="utf-8")
    commit_all(scratch, "before the hook")
    pre_commit(scratch, "install")
    text = (
        '#include "keys.h"\nBOOL f(HCRYPTPROV p)\n{\n    HCRYPTKEY k;\n    return make(p, &k);\n}\n'
    )
    (scratch / "user.c").write_text(text, encoding="utf-8")
    assert "user.c:5:12: error: CAP101 key `k`" in commit_all(scratch, "blocked", status=1)


def test_try_repo_shows_the_findings(
    pre_commit: Callable[..., str], scratch: Path, checkout: Path
) -> None:
    (scratch / "session.c").write_text(C_LEAK, encoding="utf-8")
    (scratch / "client.py").write_text(PYTHON_LEAK, encoding="utf-8")
    run(["git", "add", "--all"], scratch)
    told = pre_commit(scratch, "try-repo", str(checkout), "capilint", "--all-files", status=1)
    assert "session.c:6:10: error: CAP101" in told
    assert "client.py:9:12: error: CAP101" in told


def test_other_files_of_these_languages_do_not_block_a_commit(
    pre_commit: Callable[..., str], scratch: Path
) -> None:
    """All that pre-commit takes for ours passes where it holds nothing of the kind."""
    (scratch / ".pre-commit-config.yaml").write_text(recipe(".pre-commit-config.yaml"))
    kinds = {**extensions.EXTENSIONS, **extensions.NAMES}
    for kind in [name for name, tags in kinds.items() if tags & set(HOOK["types_or"])]:
        name = kind if kind in extensions.NAMES else f"file.{kind}"
        (scratch / name).write_text("", encoding="utf-8")
    (scratch / "script.cgi").write_text("#!/usr/bin/env python3\n", encoding="utf-8")
    (scratch / "script.cgi").chmod(0o755)
    run(["git", "add", "--all"], scratch)
    pre_commit(scratch, "run", "--all-files", "--verbose")


def test_a_leak_in_cpp_blocks_a_commit(pre_commit: Callable[..., str], scratch: Path) -> None:
    (scratch / ".pre-commit-config.yaml").write_text(recipe(".pre-commit-config.yaml"))
    (scratch / "leak.cpp").write_text(C_LEAK, encoding="utf-8")
    run(["git", "add", "--all"], scratch)
    told = pre_commit(scratch, "run", "--all-files", status=1)
    assert "leak.cpp:6:10: error: CAP101" in told


def test_the_hook_takes_only_files_whose_language_is_known() -> None:
    taken = [
        suffix
        for suffix, tags in extensions.EXTENSIONS.items()
        if tags & set(HOOK["types_or"]) and not re.search(HOOK["exclude"], f"file.{suffix}")
    ]
    assert {"c", "h", "cpp", "py"} <= set(taken)
    assert [suffix for suffix in taken if language_of(f"file.{suffix}") is None] == []


def test_all_files_are_checked_in_one_run(pre_commit: Callable[..., str], scratch: Path) -> None:
    """As `require_serial` asks: a helper in one of many files is known to all others."""
    (scratch / ".pre-commit-config.yaml").write_text(recipe(".pre-commit-config.yaml"))
    (scratch / "helper.c").write_text(HELPER, encoding="utf-8")
    text = C_MENDED.replace("CryptDestroyKey(hKey)", "look(hKey)")
    for number in range(40):
        named = text.replace("encrypt(", f"encrypt{number}(")
        (scratch / f"user{number:02}.c").write_text(named, encoding="utf-8")
    run(["git", "add", "--all"], scratch)
    told = pre_commit(scratch, "run", "--all-files", status=1)
    assert len(re.findall(r"^user\d\d\.c:6:10: error: CAP101", told, re.MULTILINE)) == 40
