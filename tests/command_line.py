"""Runs command lines in the process of the tests."""

from __future__ import annotations

import json
from typing import Any

import pytest

from capilint.cli import main


class Cli:
    """`capilint` with the words given; `out` and `err` are what the last one printed."""

    def __init__(self, capsys: pytest.CaptureFixture[str]) -> None:
        self._capsys = capsys
        self.out = self.err = ""

    def __call__(self, *arguments: str) -> int:
        try:
            status = main(arguments)
        except SystemExit as exit_:  # argparse's own way out
            assert isinstance(exit_.code, int)
            status = exit_.code
        self.out, self.err = self._capsys.readouterr()
        return status

    def json(self, *arguments: str) -> dict[str, Any]:
        """The JSON report of a check."""
        self("check", "--format", "json", *arguments)
        loaded: dict[str, Any] = json.loads(self.out)
        return loaded

    def codes(self, *arguments: str) -> list[tuple[str, str]]:
        """The codes and severities that a check reports."""
        return [(item["code"], item["severity"]) for item in self.json(*arguments)["findings"]]
