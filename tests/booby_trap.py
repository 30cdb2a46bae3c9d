"""A tree in which everything that is run, imported or written leaves a mark."""

from __future__ import annotations

import json
from pathlib import Path

from tests.doors import C_LEAK, PYTHON_LEAK
from tests.tools import run

MARK = "trapped"
MODULES = (
    *("conftest", "setup", "sitecustomize", "usercustomize", "noxfile", "__init__", "__main__"),
    *("capilint", "libcst", "tree_sitter", "tree_sitter_c", "tree_sitter_cpp", "tomllib", "json"),
    *("argparse", "re", "typing", "rich", "flake8", "leak_plugin", "tests", "mypy_plugin"),
)
PYPROJECT = """\
[build-system]
requires = []
build-backend = "setup"
backend-path = ["."]
[project]
name = "trap"
version = "1"
[project.entry-points."flake8.extension"]
CAP = "leak_plugin:Plugin"
[tool.pytest.ini_options]
addopts = "-p leak_plugin"
[tool.capilint]
exclude = ["third_party/"]
"""
MAKEFILE = "all:\n\ttouch {0}\n$(shell touch {0})\n"


def lay(folder: Path, secret: Path) -> Path:
    """A repository in `folder` that leads to `secret` where it can; the path of the mark."""
    folder.mkdir()
    mark = folder.parent / MARK
    script = f"#!/bin/sh\ntouch '{mark}'\n"
    for name in MODULES:
        text = f"import pathlib\npathlib.Path({str(mark)!r}).touch()\n"
        (folder / f"{name}.py").write_text(text, encoding="utf-8")
    (folder / "trap.pth").write_text(
        f"import pathlib; pathlib.Path({str(mark)!r}).touch()\n", encoding="utf-8"
    )
    (folder / "pyproject.toml").write_text(PYPROJECT, encoding="utf-8")
    for name in ("Makefile", "GNUmakefile"):
        (folder / name).write_text(MAKEFILE.format(mark), encoding="utf-8")
    for name in ("git", "cc", "clang", "python", "python3", "sh", "configure", "capilint"):
        program(folder / name, script)
    (folder / "leak.py").write_text(PYTHON_LEAK, encoding="utf-8")
    (folder / "leak.c").write_text(
        f'#include "{secret}"\n#include "../{secret.name}"\n#include "link.h"\n'
        f'#include <{secret.name}>\n#include "{secret.parent.name}/{secret.name}"\n{C_LEAK}',
        encoding="utf-8",
    )
    (folder / "leak.cpp").write_text(
        (folder / "leak.c").read_text(encoding="utf-8").replace("encrypt(", "encrypt_too("),
        encoding="utf-8",
    )
    command = f"touch {mark}; cc -I{secret.parent} `touch {mark}` $(touch {mark}) -c leak.c"
    (folder / "compile_commands.json").write_text(
        json.dumps(
            [
                {"directory": str(secret.parent), "file": str(folder / name), "command": command}
                for name in ("leak.c", "leak.cpp")
            ]
        ),
        encoding="utf-8",
    )
    for name in ("link.h", "link.c", "link.py"):
        (folder / name).symlink_to(secret)
    (folder / "linked").symlink_to(secret.parent, target_is_directory=True)
    return mark


def arm_git(folder: Path, mark: Path) -> None:
    """Make the tree a repository whose configuration and attributes name programs to run."""
    run(["git", "init", "--quiet", "--initial-branch", "main"], folder)
    run(["git", "add", "--all"], folder)
    author = ["-c", "user.name=test", "-c", "user.email=test@example.invalid"]
    run(["git", *author, "commit", "--quiet", "--message", "first"], folder)
    trap = folder.parent / "trap.sh"
    program(trap, f"#!/bin/sh\ntouch '{mark}'\ncat\n")
    settings = {
        "core.fsmonitor": trap,
        "core.hooksPath": folder / "hooks",
        "core.pager": trap,
        "core.editor": trap,
        "core.sshCommand": trap,
        "core.askPass": trap,
        "core.gitProxy": trap,
        "diff.external": trap,
        "diff.trap.command": trap,
        "diff.trap.textconv": trap,
        "filter.trap.clean": trap,
        "filter.trap.smudge": trap,
        "filter.trap.process": trap,
        "filter.trap.required": "true",
        "interactive.diffFilter": trap,
        "pager.diff": trap,
        "alias.diff": f"!{trap}",
        "alias.ls-files": f"!{trap}",
        "gpg.program": trap,
        "log.showSignature": "true",
    }
    for key, value in settings.items():
        run(["git", "config", key, value], folder)
    (folder / ".gitattributes").write_text("* diff=trap filter=trap\n", encoding="utf-8")
    (folder / "hooks").mkdir()
    for place in (folder / "hooks", folder / ".git" / "hooks"):
        for name in ("post-index-change", "pre-commit", "post-checkout", "fsmonitor-watchman"):
            program(place / name, f"#!/bin/sh\ntouch '{mark}'\n")


def program(path: Path, text: str) -> None:
    """A file that can be run."""
    path.write_text(text, encoding="utf-8")
    path.chmod(0o755)
