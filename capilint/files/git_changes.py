"""Which lines differ from a revision of git, committed or not.

    REV ── merge base with HEAD ── git diff ──────┐
                                   untracked files ┴─ Changes.of(path) ── Hunk*

git is the only program that `check` starts, and only where somebody asks for changes. It is told to
write and to fetch nothing, and to start no hook, external diff, text conversion or file monitor,
and no filter that the repository itself names; the user's own filters (git-lfs) are git's business.
"""

from __future__ import annotations

# Importing pathlib would cost a tenth of the time that `check` may take to start.
# ruff: noqa: PTH113, PTH117, PTH118
import os
import re
import subprocess
from collections.abc import Iterator, Mapping, Sequence
from typing import NamedTuple

_DIFF = (
    *("diff", "--unified=0", "--inter-hunk-context=0", "--find-renames", "--text", "--no-color"),
    *("--no-ext-diff", "--no-textconv", "--no-relative", "--ignore-submodules=all"),
    *("--src-prefix=a/", "--dst-prefix=b/"),
)
_UNTRACKED = ("ls-files", "--others", "--exclude-standard", "--full-name", "-z", "--", ":/")
_HUNK = re.compile(rb"@@ -\d+(?:,(\d+))? \+(\d+)(?:,(\d+))? @@")
_ESCAPE = re.compile(rb'\\(?:([0-7]{3})|([abtnvfr"\\]))')
_ESCAPES = dict(zip(b'abtnvfr"\\', b'\a\b\t\n\v\f\r"\\', strict=True))
_QUIETLY = (
    *("--no-optional-locks", "-c", "diff.autoRefreshIndex=false"),  # the index is not written
    *("-c", "core.fsmonitor=false", "-c", f"core.hooksPath={os.devnull}"),
)
_DISTURBING = ("GIT_DIFF_OPTS", "GIT_EXTERNAL_DIFF")  # they win over the options
_NO_FETCHING = {"GIT_NO_LAZY_FETCH": "1", "GIT_ALLOW_PROTOCOL": "none"}
_OF_THE_TREE = (b"local", b"worktree")  # scopes of git's configuration
_NO_FILTER = {"clean": "", "smudge": "", "process": "", "required": "false"}
_NO_DIFF = "git diff failed; in a partial clone, `git diff` with the revision fetches what it lacks"
_SHALLOW = "a shallow clone lacks it: fetch the whole history (`fetch-depth: 0` in CI)"


class GitError(Exception):
    """The changes are not known; the text says why, and the way out."""


class Hunk(NamedTuple):
    """Lines of the present text that differ: `lines` of them from `line` on; none where lines are
    only missing, right after `line`. `removed` is set where the old text had other lines here."""

    line: int
    lines: int
    removed: bool


_WHOLE = (Hunk(1, 1 << 60, False),)


class Changes:
    """The changed lines of a repository's files.

    `hunks` has them by the path from the top of the repository, `prefix` is the working directory's
    own path from there. What lies in a folder of `new` is new, and so is all outside the
    repository, of which nobody knows.
    """

    def __init__(
        self, hunks: Mapping[str, Sequence[Hunk]], new: Sequence[str] = (), prefix: str = ""
    ) -> None:
        self._hunks = {os.path.normcase(path): tuple(found) for path, found in hunks.items()}
        self._new = tuple(map(os.path.normcase, new))
        self._prefix = prefix

    def of(self, path: str) -> tuple[Hunk, ...]:
        """The changed lines of a file, whose path is from the working directory or absolute."""
        try:
            relative = _from_here(path) if os.path.isabs(path) else path
        except ValueError:  # on another drive of Windows
            return _WHOLE
        whole = os.path.normcase(os.path.normpath(os.path.join(self._prefix, relative)))
        if whole.startswith(".."):
            return _WHOLE
        return self._hunks.get(whole, _WHOLE if whole.startswith(self._new) else ())


def _from_here(path: str) -> str:
    """An absolute path from the working directory, whose name may be that of a link."""
    return os.path.relpath(os.path.realpath(path), os.path.realpath("."))


def changes_since(revision: str) -> Changes:
    """What differs from a revision, in the repository of the working directory.

    Where history branched since then, it is compared with the common ancestor, so that what others
    changed is no change of ours. Raises GitError.
    """
    if revision.startswith("-") or not revision:
        raise GitError(f"`{revision}` is no revision of git")
    prefix = _git("rev-parse", "--show-prefix", trouble="here is no git repository").rstrip(b"\n")
    unknown = f"git knows no revision `{revision}`; fetch it first, or {_SHALLOW}"
    commit = _git("rev-parse", "--verify", "--quiet", f"{revision}^{{commit}}", trouble=unknown)
    apart = f"`{revision}` and HEAD have no common ancestor; {_SHALLOW}"
    base = _git("merge-base", commit.decode().strip(), "HEAD", trouble=apart)
    unfiltered = _without_filters()
    diff = _git(*_DIFF, base.decode().strip(), "--", trouble=_NO_DIFF, environment=unfiltered)
    others = _git(*_UNTRACKED, trouble="git ls-files failed").split(b"\0")
    hunks: dict[str, Sequence[Hunk]] = dict(_hunks(diff))
    names = [os.fsdecode(name) for name in others if name]
    hunks |= dict.fromkeys(names, _WHOLE)
    folders = [os.path.normpath(name) + os.sep for name in names if name.endswith("/")]
    return Changes({os.path.normpath(k): v for k, v in hunks.items()}, folders, os.fsdecode(prefix))


def _without_filters() -> dict[str, str]:
    """The environment in which git runs no filter that the repository's own configuration names."""
    listed = _git("config", "--list", "--show-scope", "-z", trouble="git config failed")
    parts = listed.split(b"\0")
    drivers = {
        os.fsdecode(entry.partition(b"\n")[0].rpartition(b".")[0])
        for scope, entry in zip(parts[::2], parts[1::2], strict=False)
        if scope in _OF_THE_TREE and entry.startswith(b"filter.")
    }
    given = os.environ.get("GIT_CONFIG_COUNT", "")
    start = int(given) if given.isdecimal() else 0
    settings = [(f"{each}.{key}", value) for each in drivers for key, value in _NO_FILTER.items()]
    environment = {"GIT_CONFIG_COUNT": str(start + len(settings))}
    for number, (key, value) in enumerate(settings, start=start):
        environment[f"GIT_CONFIG_KEY_{number}"] = key
        environment[f"GIT_CONFIG_VALUE_{number}"] = value
    return environment


def _git(*arguments: str, trouble: str, environment: Mapping[str, str] | None = None) -> bytes:
    """What git prints. Raises GitError, with `trouble` and what git says, where it fails."""
    done = subprocess.run(
        [_program(), *_QUIETLY, *arguments],
        stdin=subprocess.DEVNULL,
        env={
            **{name: value for name, value in os.environ.items() if name not in _DISTURBING},
            **_NO_FETCHING,
            **(environment or {}),
        },
        capture_output=True,
        check=False,
    )
    if done.returncode != 0:
        said = done.stderr.decode(errors="replace").strip().partition("\n")[0]
        raise GitError(f"{trouble} (git: {said.removeprefix('fatal: ')})" if said else trouble)
    return done.stdout


def _program() -> str:
    """git, from the PATH only: Windows would take one from the folder that is checked."""
    name = "git.exe" if os.name == "nt" else "git"
    for folder in os.get_exec_path():
        path = os.path.join(folder, name)
        if os.path.isabs(folder) and os.path.isfile(path) and os.access(path, os.X_OK):
            return path
    raise GitError("git is not installed, or not on the PATH")


def _hunks(diff: bytes) -> Iterator[tuple[str, list[Hunk]]]:
    """The hunks of each file that a diff says something of."""
    lines = iter(diff.split(b"\n"))
    name, found = "", list[Hunk]()
    for line in lines:
        if line.startswith(b"+++ "):
            if name:
                yield name, found
            name, found = _name(line[4:]), []
            continue
        header = _HUNK.match(line)
        if header:
            removed, start, added = (int(text or b"1") for text in header.groups())
            found.append(Hunk(start, added, removed > 0))
            left = removed + added
            while left > 0:  # the text of a file may look like a header
                left -= not next(lines, b"").startswith(b"\\")
    if name:
        yield name, found


def _name(text: bytes) -> str:
    """The path behind `+++`; empty where the file is no more."""
    text = text.removesuffix(b"\t").removesuffix(b"\r")
    if text.startswith(b'"'):
        text = _ESCAPE.sub(_unescaped, text[1:-1])
    return os.fsdecode(text.removeprefix(b"b/")) if text != b"/dev/null" else ""


def _unescaped(match: re.Match[bytes]) -> bytes:
    return bytes([int(match[1], 8) if match[1] else _ESCAPES[match[2][0]]])
