"""What goes wrong around a run costs no finding of another file, and is said: docs/faults.md.

Each row of the page is a fault that is made here. `python -m tests.test_faults` writes it anew.
"""

from __future__ import annotations

import os
import sys
import tempfile
from pathlib import Path

import pytest

from capilint.cache.place import VARIABLE
from tests.documents import ROOT
from tests.faults.rows import FAULTS
from tests.faults.situation import Fault, scratch

PAGE = ROOT / "docs" / "faults.md"
BEGIN, END = "<!-- faults: begin -->\n", "<!-- faults: end -->\n"
HEAD = "| fault | exit status | what is said |\n| --- | --- | --- |\n"


def rows() -> dict[str, str]:
    """The rows of the page, by the fault."""
    table = PAGE.read_text(encoding="utf-8").partition(BEGIN)[2].partition(END)[0]
    lines = table.removeprefix(HEAD).splitlines()
    return {line.split(" | ")[0].removeprefix("| "): line for line in lines}


@pytest.mark.parametrize("fault", FAULTS, ids=lambda fault: fault.name)
def test_a_fault(fault: Fault, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with scratch(tmp_path, monkeypatch) as situation:
        outcome = fault.happen(situation)
        fault.hold(outcome)
    if sys.platform == "linux":  # elsewhere the system has other words
        assert rows()[fault.name] == fault.row(outcome)


def test_the_page_has_every_fault_in_order() -> None:
    assert list(rows()) == [fault.name for fault in FAULTS]


def written(fault: Fault) -> str:
    """The row of a fault; the one that stands there where it cannot be made here."""
    with tempfile.TemporaryDirectory() as folder, pytest.MonkeyPatch.context() as patch:
        patch.setenv(VARIABLE, f"{folder}/cache")  # the user's own knows the leaks
        (Path(folder) / "tree").mkdir()
        try:
            with scratch(Path(folder) / "tree", patch) as situation:
                outcome = fault.happen(situation)
            return fault.row(outcome)
        except pytest.skip.Exception:
            return rows()[fault.name]
        finally:
            os.chdir(ROOT)


if __name__ == "__main__":
    before, _, rest = PAGE.read_text(encoding="utf-8").partition(BEGIN)
    after = rest.partition(END)[2]
    table = HEAD + "".join(f"{written(fault)}\n" for fault in FAULTS)
    PAGE.write_text(before + BEGIN + table + END + after, encoding="utf-8")
