"""Where the rules are, and the texts of their files; apart, for every run needs these at once."""

from __future__ import annotations

# Importing pathlib would cost a tenth of the time that `check` may take to start.
# ruff: noqa: PTH100, PTH112, PTH118, PTH119, PTH120, PTH123, PTH208
import os
from collections.abc import Iterator

from capilint.mistake import Mistake


class RuleError(Mistake):
    """A rule file is wrong. The text names the file, the line and what would be right."""

    def __init__(self, path: str, line: int, message: str) -> None:
        super().__init__(f"{path}:{line}: {message}")
        self.path = path
        self.line = line
        self.message = message


def rule_folder() -> str:
    """`rules/`: inside the installed package, or beside the package in a checkout.

    Raises RuleError where neither exists: the installation is broken.
    """
    package = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
    for parent in (package, os.path.dirname(package)):
        folder = os.path.join(parent, "rules")
        if os.path.isdir(folder):
            return folder
    raise RuleError(os.path.join(package, "rules"), 1, "no rules found; install capilint again")


def texts_in(folder: str, suffix: str) -> Iterator[tuple[str, str]]:
    """The path, for people, and the text of each file with that suffix in a folder of rules."""
    for name in sorted(os.listdir(folder)):
        if name.endswith(suffix):
            with open(os.path.join(folder, name), encoding="utf-8") as stream:
                yield f"rules/{os.path.basename(folder)}/{name}", stream.read()


def library_headers(root: str = "") -> Iterator[tuple[str, str]]:
    """The path, for people, and the text of each header that says what a C++ library's holders
    do. `root` is the folder of the rules, if not the package's own; it may have none."""
    folder = os.path.join(root or rule_folder(), "bindings", "cpp")
    for path, text in texts_in(folder, ".hpp") if os.path.isdir(folder) else ():
        yield path.replace("rules/", "rules/bindings/"), text
