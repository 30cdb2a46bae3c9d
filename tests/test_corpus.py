"""What `make corpus` extracts from an archive, and how `make corpus-score` judges."""

from __future__ import annotations

import io
import json
import tarfile
from pathlib import Path

import pytest

from tests.corpus import fetch, score
from tests.corpus.packages import read_sources


def _archive(path: Path, files: dict[str, bytes], link: str | None = None) -> Path:
    with tarfile.open(path, "w:gz") as tar:
        for name, content in files.items():
            member = tarfile.TarInfo(name)
            member.size = len(content)
            tar.addfile(member, io.BytesIO(content))
        if link:
            member = tarfile.TarInfo("top/link.c")
            member.type = tarfile.SYMTYPE
            member.linkname = link
            tar.addfile(member)
    return path


def test_only_sources_that_mention_the_api_are_extracted(tmp_path: Path) -> None:
    files = {
        "top/lib/uses.c": b"CryptGenKey(hProv, 0, 0, &hKey);",
        "top/lib/uses.cxx": b"CryptDestroyKey(hKey);",
        "top/lib/plain.c": b"int x;",
        "top/notes.txt": b"CryptGenKey",
        "top/../../outside.c": b"CryptGenKey",
        "top/module.py": b"import os",
    }
    archive = _archive(tmp_path / "a.tar.gz", files, link="/etc/passwd")
    found = {str(path) for path, _ in fetch.wanted_files(archive, every_module=False)}
    assert found == {"lib/uses.c", "lib/uses.cxx"}


def test_a_python_package_is_extracted_whole_so_that_imports_resolve(tmp_path: Path) -> None:
    archive = _archive(tmp_path / "a.tar.gz", {"top/pkg/errors.py": b"", "top/setup.cfg": b""})
    found = [str(path) for path, _ in fetch.wanted_files(archive, every_module=True)]
    assert found == ["pkg/errors.py"]


def test_every_source_has_a_checksum_and_an_archive_of_its_own() -> None:
    _, packages = read_sources()
    assert len({package.archive for package in packages}) == len(packages)
    assert all(len(bytes.fromhex(package.sha256)) == 32 for package in packages)


# ---------------------------------------------------------------- the score


def _label(**changes: object) -> score.Label:
    values: dict[str, object] = {
        "package": "p", "path": "a.c", "function": "f", "line": 1, "handle": "hKey",
        "verdict": "leak", "bug_line": 7, "decidable": "function",
    }  # fmt: skip
    return score.Label(**(values | changes))  # type: ignore[arg-type]


def _found(**changes: object) -> score.Found:
    values: dict[str, object] = {
        "package": "p", "path": "a.c", "line": 7, "code": "CAP101", "function": "f",
        "handle": "hKey", "message": "", "lines": frozenset({("a.c", 7), ("a.c", 9)}),
    }  # fmt: skip
    return score.Found(**(values | changes))  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("label", "found", "word"),
    [
        (_label(), _found(), "right"),
        (_label(bug_line=9), _found(), "right"),  # one of its steps is there
        (_label(handle="*hKey (generated)"), _found(), "right"),
        (_label(handle="ctx->hKey"), _found(handle="ctx.hKey"), "right"),
        (_label(handle="key"), _found(handle="key_pointer"), "right"),
        (_label(handle="holder"), _found(handle="holder.m_key"), "right"),
        (_label(handle="m_key"), _found(handle="holder.m_key"), "missed"),
        (_label(bug_line=8), _found(), "missed"),
        (_label(path="b.c"), _found(), "missed"),
        (_label(handle="hOther"), _found(), "missed"),
        (_label(package="q"), _found(), "missed"),
        (_label(verdict="double-destroy"), _found(), "other kind"),
        (_label(verdict="clean", bug_line=None), _found(), "false"),
        (_label(verdict="escapes", bug_line=None), _found(code="CAP301"), "false"),
        (_label(verdict="clean", bug_line=None, handle=""), _found(), "false"),
        (_label(verdict="clean", bug_line=None), _found(handle="hOther"), "right"),
        (_label(verdict="clean", bug_line=None), _found(function="g"), "right"),
        (_label(verdict="clean", bug_line=None), _found(code="CAP203"), "false"),
        (_label(verdict="clean", bug_line=None), _found(code="CAP402"), "right"),
        (_label(), _found(code="CAP401"), "missed"),
        (_label(verdict="unsure", bug_line=None), _found(), "unsure"),
    ],
)
def test_the_word_for_a_label(label: score.Label, found: score.Found, word: str) -> None:
    assert score.judge(label, [found])[0] == word


def test_a_bug_that_nothing_points_at_is_missed() -> None:
    assert score.judge(_label(), []) == ("missed", [])


def test_a_finding_on_another_handle_of_the_same_name_is_not_held_against_a_label() -> None:
    first = _label(verdict="clean", bug_line=None, line=3)
    second = _label(verdict="escapes", bug_line=None, line=7)
    labels, found = [first, second], _found(line=7)
    assert score.judge(first, [found], labels)[0] == "right"
    assert score.judge(second, [found], labels)[0] == "false"
    assert score.judge(first, [_found(line=5)], labels)[0] == "false"


def test_labels_speak_of_packages_and_of_repositories(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    fields = {
        "path": "a.c", "function": "f", "line": 1, "handle": "hKey", "verdict": "clean",
        "bug_line": None, "decidable": "function", "why": "...",
    }  # fmt: skip
    entries = [
        fields | {"source": "Debian curl 7.88"},
        fields | {"source": "owner+repository", "path": "a.cpp", "lives": "local"},
    ]
    (tmp_path / "x.jsonl").write_text("\n".join(map(json.dumps, entries)), encoding="utf-8")
    package, repository = score.read_labels(tmp_path)
    assert (package.package, repository.package) == ("curl", "owner+repository")
    monkeypatch.setattr(score, "CORPUS", tmp_path)
    (tmp_path / "owner+repository").mkdir()
    (tmp_path / "owner+repository" / "a.cpp").touch()
    assert (package.is_at_hand, repository.is_at_hand) == (False, True)
    run = score.Checked((), frozenset(), analysed=1)
    assert (run.was_analysed(package), run.was_analysed(repository)) == (True, True)
