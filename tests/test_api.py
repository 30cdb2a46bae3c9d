"""The Python API: what docs/python.md shows, what a typed user writes, what a mistake raises."""

from __future__ import annotations

import contextlib
import io
import re
import shutil
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

import capilint
from capilint import SettingsError, api, check, check_text, render
from tests.documents import ROOT
from tests.reports import SESSION
from tests.tools import run
from tests.user.uses_the_api import main

PAGE = (ROOT / "docs" / "python.md").read_text(encoding="utf-8")
EXAMPLES = re.findall(
    r"^```python\n(.*?)^```$.*?^```text\n(.*?)^```$", PAGE, re.MULTILINE | re.DOTALL
)
UNSET = """\
#include <windows.h>
#include <wincrypt.h>
void f(HCRYPTPROV p)
{
    HCRYPTKEY k;
#ifdef X
    CryptDestroyKey(k);
#endif
}
"""


@pytest.fixture(autouse=True)
def in_scratch_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    Path("src").mkdir()
    shutil.copy(ROOT / "fixtures" / "demo" / "encrypt.c", "src")
    Path("leak.c").write_text(SESSION, encoding="utf-8")


# ---------------------------------------------------------------- as it is described


@pytest.mark.parametrize(("program", "printed"), EXAMPLES)
def test_an_example_prints_what_the_page_shows(program: str, printed: str) -> None:
    out = io.StringIO()
    with contextlib.redirect_stdout(out):
        exec(compile(program, "docs/python.md", "exec"), {})
    assert out.getvalue() == printed


def test_the_page_names_what_there_is() -> None:
    assert len(EXAMPLES) == 2
    first_column = "".join(re.findall(r"^\| (`[^|]*`) \|", PAGE, re.MULTILINE))
    named = set(re.findall(r"`(\w+)", first_column)) | {"FORMATS", "__version__"}
    assert named == set(capilint.__all__) == {*api.__all__, "__version__"}
    assert set(dir(capilint)) >= named
    listed = PAGE.partition("configuration's keys:")[2].partition("Configuration files")[0]
    assert set(re.findall(r"`(\w+)`", listed)) == set(capilint.Options.__annotations__)


def test_a_typed_program_works(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(Path.cwd()) == 1
    shown = capsys.readouterr().out.splitlines()
    assert shown[0].endswith("leak.c:6: CAP101 hKey") and len(shown) == 4
    assert shown[2] == "leaves with hKey alive"
    assert shown[3] == f"3 True {capilint.__version__}"


def test_importing_capilint_loads_nothing() -> None:
    program = "import sys, capilint; print([n for n in sys.modules if n.startswith('capilint.')])"
    assert run([sys.executable, "-c", program], ROOT) == "[]\n"


def test_the_function_stays_one_whatever_is_imported() -> None:
    import capilint.checking
    import capilint.cli
    import capilint.commands.check

    assert capilint.check is api.check and callable(capilint.render)
    with pytest.raises(AttributeError, match="has no attribute 'nonsense'"):
        capilint.nonsense  # type: ignore[attr-defined]  # noqa: B018


# ---------------------------------------------------------------- checks


def test_options_are_those_of_the_command() -> None:
    assert [each.handle for each in check("leak.c").findings] == ["hKey"]
    assert check("leak.c", ignore=["handle-leaked"]).findings == ()
    assert check("leak.c", resources=["hash"]).findings == ()
    Path("told.c").write_text(UNSET, encoding="utf-8")
    (warning,) = check("told.c", define=["X=1"]).findings
    assert check("told.c", define=["X=1"]).failing == {warning}
    assert not check("told.c", define=["X=1"], fail_on="error").failing
    assert check(Path("told.c"), language="c++", undefine=["X"]).findings == ()
    Path("told.c").unlink()
    Path("capilint.toml").write_text("ignore = ['CAP1']\n", encoding="utf-8")
    assert check(".").findings == ()
    assert len(check(".", isolated=True).findings) == 2
    assert len(check(".", ignore=[]).findings) == 2
    Path("other.toml").write_text("exclude = ['src/']\n", encoding="utf-8")
    assert check(".", config="other.toml").seen == 1


def test_what_cannot_be_read_is_reported() -> None:
    (gone,) = check("gone.c").unreadable
    assert (gone.path, gone.reason) == ("gone.c", "no such file or folder")


def test_a_text_is_checked_as_that_file() -> None:
    assert check_text(SESSION, "a/b.c").findings[0].path == "a/b.c"
    assert check_text(SESSION.encode("utf-16"), "b.c").findings
    assert check_text(SESSION, "b", language="c").findings
    python = "# coding: latin-1\nimport nothing  # \u20ac\n"
    assert check_text(python, "a.py").unreadable == ()


def test_checks_of_several_threads_do_not_mix() -> None:
    texts = [SESSION.replace("hKey", f"hKey{number}") for number in range(6)]
    with ThreadPoolExecutor(3) as pool:
        reports = list(pool.map(lambda text: check_text(text, "a.c"), texts))
    assert [report.findings[0].handle for report in reports] == [f"hKey{n}" for n in range(6)]


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"select": ["CAP107"]}, "there is no code CAP107"),
        ({"resources": ["kye"]}, "did you mean `key`?"),
        ({"fail_on": "fatal"}, "'fatal' is not a valid Severity"),
        ({"language": "rust"}, "`language` is c, c++ or python"),
        ({"define": ["1=2"]}, "-D1=2: '1' is no name of a macro"),
        ({"compile_commands": "nowhere"}, "nowhere: no such file"),
        ({"config": "nowhere.toml"}, "nowhere.toml: cannot be read"),
        ({"baseline": "nowhere.json"}, "nowhere.json: the baseline cannot be read"),
        ({"selekt": ["CAP1"]}, "unknown option `selekt`"),
    ],
)
def test_a_mistake_is_one_kind_of_error(options: Any, words: str) -> None:
    with pytest.raises(SettingsError, match=re.escape(words)):
        check("leak.c", **options)


def test_other_mistakes() -> None:
    with pytest.raises(SettingsError, match="README: what language is it"):
        check_text("", "README")
    with pytest.raises(ValueError, match="unknown format 'pdf'; known are text"):
        render(check("leak.c"), "pdf")
