"""Notebooks: what is read of them, and where findings are said to be."""

from __future__ import annotations

import json
from pathlib import Path

import jsonschema
import pytest

from capilint.files.notebook import Notebook
from capilint.finding import Span
from tests.command_line import Cli
from tests.notebooks import SETUP, USE, notebook
from tests.tools import ROOT

LINE = "    return advapi32.CryptGenKey(provider, 0x6610, 0, byref(key)) != 0"
TITLE = "#md How it works: CryptGenKey\n"


@pytest.fixture(autouse=True)
def in_scratch_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


@pytest.fixture
def cli(capsys: pytest.CaptureFixture[str]) -> Cli:
    return Cli(capsys)


def written(text: str, name: str = "nb.ipynb") -> str:
    Path(name).write_text(text, encoding="utf-8")
    return text


def is_valid(text: str) -> bool:
    schema = json.loads((ROOT / "capilint/report/schema.json").read_text(encoding="utf-8"))
    jsonschema.validate(json.loads(text), schema)
    return True


def module(*cells: str) -> str:
    return Notebook("nb.ipynb", notebook(*cells)).text


# ---------------------------------------------------------------- what is read


def test_code_cells_are_one_module_in_their_order() -> None:
    assert module("a = 1\nb = 2\n", TITLE, "c = 3", "") == "a = 1\nb = 2\n\nc = 3\n"


@pytest.mark.parametrize(
    ("cell", "python"),
    [
        ("%matplotlib inline\na = 1", "\na = 1"),
        ("!ls\\\n -l\na = 1", "\n\na = 1"),
        ("if x:\n    !ls\n", "if x:\n    pass\n"),
        ("files = !ls\nf(files)", "files = None\nf(files)"),
        ("%%bash\nls\necho", "\n\n"),
        ("%%time\na = 1", "\na = 1"),
        ("f?\na = 1", "\na = 1"),
        ("a = (7\n% 3)", "a = (7\n% 3)"),  # Python, not magic
        ("a = 'no!'", "a = 'no!'"),
    ],
)
def test_what_ipython_adds_is_blanked_and_all_else_keeps_its_place(cell: str, python: str) -> None:
    assert module(cell) == python


@pytest.mark.parametrize("indent", [None, 1])
def test_places_in_the_json(indent: int | None) -> None:
    file = notebook('a = "\u00e4\\n\\\\"\n', TITLE, "b\n\tc d\n", indent=indent)
    book = Notebook("nb.ipynb", file)
    (row,) = [number for number, line in enumerate(book.lines, 1) if "c d" in line]
    assert book.cell(row) == (3, 2)
    span = book.in_file(Span(row, 4, row, 5))
    line = file.split("\n")[span.line - 1]
    assert line[span.column - 1 : span.end_column - 1] == "d"
    end = book.in_file(Span(1, 12, 1, 12))  # behind the escapes of the first line
    assert file.split("\n")[end.line - 1][end.column - 1 :].startswith('\\n"')
    assert book.as_file().line_of(span) == "\tc d"


def test_places_behind_a_character_of_two_escapes() -> None:
    file = json.dumps({"cells": [{"cell_type": "code", "source": "s = '\U0001f600'; a\nb\n"}]})
    book = Notebook("nb.ipynb", file)
    for span, text in ((Span(1, 10, 1, 11), "a"), (Span(2, 1, 2, 2), "b")):
        place = book.in_file(span)
        assert file[place.column - 1 : place.end_column - 1] == text


def test_half_a_character_costs_no_report(cli: Cli) -> None:
    written(notebook(SETUP, USE.replace("!= 0", "!= 0  # \ud83d")))
    assert cli("check", "--format=json", ".") == 1
    assert Notebook("nb.ipynb", notebook("s = '\ud83d'")).text == "s = '\ufffd'"


def test_a_line_may_end_as_on_old_systems() -> None:
    book = Notebook("nb.ipynb", notebook("a\rb\nc\r\nd"))
    assert [line.rstrip() for line in book.lines] == ["a", "b", "c", "d"]
    assert book.cell(4) == (1, 4)


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("{", "no JSON"),
        ("[]", "no JSON: Expecting '{'"),
        ('{"cells": [{"source": 1}]}', "Expecting a string"),
        ('{"worksheets": []}', "not a notebook of nbformat 4"),
        ('{"cells": []} x', "Extra data"),
        ('{"cells": [{"cell_type": "code", "source": ["x\n', "in line 1"),
        ('{"a": ' + "[" * 100_000, "nested too deeply"),
    ],
)
def test_what_is_no_notebook_has_no_code_and_says_why(text: str, reason: str) -> None:
    book = Notebook("nb.ipynb", text)
    assert book.text == ""
    assert reason in (book.problem or "")


def test_other_languages_are_passed_over(cli: Cli) -> None:
    written(notebook(SETUP, USE, language="R"))
    assert cli("check", "-v", ".") == 0
    assert "No findings in 1 file." in cli.out


# ---------------------------------------------------------------- findings


def test_a_finding_names_the_cell_and_the_line_in_it(cli: Cli) -> None:
    written(notebook(SETUP, TITLE, USE))
    assert cli("check", ".") == 1
    first, shown, *_ = cli.out.split("\n")
    assert first.startswith("nb.ipynb:cell 3:5:12: error: CAP101 key `key`")
    assert first.endswith("returns at line 5 of cell 3")
    assert shown == f"    5 | {LINE}"


def test_a_path_through_several_cells(cli: Cli) -> None:
    made = "key = wintypes.HANDLE()\nadvapi32.CryptGenKey(provider, 1, 0, byref(key))\n"
    written(notebook(SETUP, f"{made}\nadvapi32.CryptDestroyKey(key)\n", LAST))
    assert cli("check", ".") == 1
    assert cli.out.startswith("nb.ipynb:cell 3:1:1: error: CAP202")
    assert "--> nb.ipynb:cell 2\n    2 | advapi32.CryptGenKey" in cli.out


LAST = "advapi32.CryptDestroyKey(key)\n"


def test_reports_for_programs(cli: Cli) -> None:
    lines = written(notebook(SETUP, TITLE, USE)).split("\n")
    (found,) = cli.json(".")["findings"]
    assert is_valid(cli.out)
    assert (found["cell"], found["line"], found["column"]) == (3, 5, 12)
    assert [(step["cell"], step["line"]) for step in found["steps"]] == [(3, 5), (3, 5)]
    cli("check", "--format", "sarif", ".")
    (run,) = json.loads(cli.out)["runs"]
    (result,) = run["results"]
    region = result["locations"][0]["physicalLocation"]["region"]
    line = lines[region["startLine"] - 1]
    assert line[region["startColumn"] - 1 : region["endColumn"] - 1].endswith("byref(key))")
    assert line[region["startColumn"] - 1 :].startswith("advapi32.CryptGenKey")
    assert result["partialFingerprints"]["capilintHandle/v1"] == found["fingerprint"]
    cli("check", "--format", "html", ".")
    assert "returns at line 9" in cli.out  # of all cells' code, as it is shown there
    cli("check", "--format", "github", ".")
    assert f"file=nb.ipynb,line={region['startLine']}," in cli.out


def test_a_comment_in_a_cell_suppresses(cli: Cli) -> None:
    written(notebook(SETUP, USE.replace("!= 0", "!= 0  # capilint: ignore[CAP101] a demo")))
    report = cli.json(".")
    assert is_valid(cli.out)
    assert report["findings"] == []
    (item,) = report["suppressed"]
    assert item["suppression"] == {"path": "nb.ipynb", "cell": 2, "line": 5, "reason": "a demo"}


def test_a_broken_notebook_is_a_note_and_costs_no_other_file(cli: Cli) -> None:
    written(notebook(SETUP, USE)[:-60], "broken.ipynb")
    written(notebook(SETUP, USE))
    assert cli.codes(".") == [("CAP901", "note"), ("CAP101", "error")]
    assert cli("check", "broken.ipynb") == 0


def test_a_notebook_imports_what_stands_beside_it(cli: Cli) -> None:
    Path("keys.py").write_text(
        SETUP + "def make(provider, key):\n"
        "    return advapi32.CryptGenKey(provider, 1, 0, byref(key))\n",
        encoding="utf-8",
    )
    cell = "from ctypes import wintypes\nimport keys\ndef f(provider):\n"
    written(notebook(f"{cell}    key = wintypes.HANDLE()\n    keys.make(provider, key)\n"))
    assert cli.codes("nb.ipynb") == [("CAP101", "error")]


def test_edits_leave_notebooks_alone(cli: Cli) -> None:
    before = written(notebook(SETUP, USE))
    assert cli("check", "--fix", ".") == 1
    assert Path("nb.ipynb").read_text(encoding="utf-8") == before


def test_checkpoints_of_jupyter_are_passed_over(cli: Cli) -> None:
    Path(".ipynb_checkpoints").mkdir()
    written(notebook(SETUP, USE), ".ipynb_checkpoints/nb-checkpoint.ipynb")
    written("a = 1\n", "a.py")
    assert cli("check", ".") == 0
    assert "in 1 file." in cli.out
