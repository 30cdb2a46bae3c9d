"""The plugin in the real flake8, of both versions that it is for."""

from __future__ import annotations

import ast
import sys
from collections.abc import Callable
from importlib.metadata import version
from pathlib import Path

import pytest
from flake8.exceptions import ExecutionError

from capilint import lowering
from capilint.config.loading import Configuration
from capilint.flake8_plugin import Plugin
from tests.command_line import Cli
from tests.tools import python_environment, run

LEAK = """\
import ctypes
from ctypes import byref, wintypes

advapi32 = ctypes.WinDLL("advapi32", use_last_error=True)


def make(provider):
    key = wintypes.HANDLE()
    return advapi32.CryptGenKey(provider, 0x6610, 0, byref(key))
"""
UNCHECKED = """

def digest(provider):
    hash = wintypes.HANDLE()
    advapi32.CryptCreateHash(provider, 0x8004, 0, 0, byref(hash))
    advapi32.CryptDestroyHash(hash)
"""
UNCHECKED_ONLY = LEAK.partition("\n\n\ndef")[0] + "\n" + UNCHECKED
MESSAGE = "CAP101 key `key` from CryptGenKey is not destroyed when `make` returns at line 9"

Flake8 = Callable[..., list[str]]


@pytest.fixture(params=[6, 7], ids=lambda major: f"flake8-{major}", scope="module")
def scripts(request: pytest.FixtureRequest) -> Path:
    """The folder of an environment with that flake8, capilint beside it."""
    if version("flake8").startswith(f"{request.param}."):
        return Path(sys.executable).parent
    return python_environment(
        f"flake8-{request.param}", f"flake8>={request.param},<{request.param + 1}"
    )


@pytest.fixture
def flake8(scripts: Path, tmp_path: Path) -> Flake8:
    """Runs flake8 in a folder that holds `leak.py`; the lines that it prints."""
    (tmp_path / "leak.py").write_text(LEAK, encoding="utf-8")

    def flake8(*arguments: str, status: int | None = None, stdin: str = "") -> list[str]:
        return run([scripts / "flake8", *arguments], tmp_path, status, stdin=stdin).splitlines()

    return flake8


# Each version takes its own worker, so that an environment is made once.
pytestmark = pytest.mark.xdist_group("flake8")


def test_flake8_knows_the_plugin(flake8: Flake8) -> None:
    assert "capilint: " in " ".join(flake8("--version", status=0))


def test_a_finding_is_one_line_that_names_where_the_handle_leaves(flake8: Flake8) -> None:
    assert flake8("leak.py", status=1) == [f"leak.py:9:12: {MESSAGE}"]


def test_a_message_without_that_line_gets_it(flake8: Flake8, tmp_path: Path) -> None:
    (tmp_path / "early.py").write_text(
        LEAK.replace(
            "    return advapi32.CryptGenKey(provider, 0x6610, 0, byref(key))\n",
            "    if advapi32.CryptGenKey(provider, 0x6610, 0, byref(key)):\n"
            "        advapi32.CryptReleaseContext(provider, 0)\n"
            "        advapi32.CryptDestroyKey(key)\n",
        ),
        encoding="utf-8",
    )
    (line,) = flake8("early.py", status=1)
    assert line.startswith("early.py:10:9: CAP301 ")
    assert "(line 11: " in line


@pytest.mark.parametrize(
    ("arguments", "shown"),
    [
        (["--select", "C"], True),
        (["--select", "E,F"], False),
        (["--select", "E,F", "--extend-select", "CAP1"], True),
        (["--ignore", "C"], False),
        (["--extend-ignore", "CAP102", "--per-file-ignores", "other.py:CAP1"], True),
        (["--per-file-ignores", "leak.py:CAP1"], False),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, list) else "",
)
def test_codes_are_selected_as_flake8s_own(
    flake8: Flake8, arguments: list[str], shown: bool
) -> None:
    assert bool(flake8(*arguments, "leak.py", status=int(shown))) is shown


def test_comments_silence(flake8: Flake8, tmp_path: Path) -> None:
    comments = {
        "bare": "# noqa",
        "code": "# noqa: CAP101",
        "another": "# noqa: CAP102,E501",
        "own": "# capilint: ignore[CAP101] the process ends",
        "own_another": "# capilint: ignore[CAP102]",
    }
    for name, comment in comments.items():
        text = LEAK.replace("byref(key))\n", f"byref(key))  {comment}\n")
        (tmp_path / f"{name}.py").write_text(text, encoding="utf-8")
    (tmp_path / "leak.py").unlink()

    def shown(*arguments: str) -> list[str]:
        lines = flake8("--select", "CAP", *arguments, ".", status=1)
        return sorted(line.partition(".py:")[0].removeprefix("./") for line in lines)

    assert shown() == ["another", "own_another"]
    assert shown("--disable-noqa") == ["another", "bare", "code", "own_another"]


@pytest.mark.parametrize("name", ["setup.cfg", "tox.ini", ".flake8"])
def test_options_stand_in_configuration_files(flake8: Flake8, tmp_path: Path, name: str) -> None:
    (tmp_path / "conf").mkdir()
    (tmp_path / "conf" / "c.toml").write_text('extend-select = ["CAP4"]\n', encoding="utf-8")
    options = "capilint-resources = hash,\n    context\ncapilint-config = conf/c.toml\n"
    (tmp_path / name).write_text(f"[flake8]\n{options}", encoding="utf-8")
    (tmp_path / "leak.py").write_text(LEAK + UNCHECKED, encoding="utf-8")
    (line,) = flake8("leak.py", status=1)  # not the key's leak
    assert line.startswith("leak.py:14:5: CAP401 the result of CryptCreateHash")


def test_capilints_own_configuration_holds(flake8: Flake8, tmp_path: Path) -> None:
    configurations = [
        'ignore = ["CAP1"]',
        'exclude = ["leak.py"]',
        'severity = {CAP101 = "off"}',
        'resources = ["hash"]',
        'per-file-ignores = {"*.py" = ["CAP101"]}',
        'per-file-ignores = {"other.py" = ["CAP101"]}',
    ]
    for number, text in enumerate(configurations):
        folder = tmp_path / f"folder{number}"
        folder.mkdir()
        (folder / "capilint.toml").write_text(text + "\n", encoding="utf-8")
        (folder / "leak.py").write_text(LEAK, encoding="utf-8")
    (tmp_path / "leak.py").unlink()
    assert flake8(".", status=1) == [f"./folder5/leak.py:9:12: {MESSAGE}"]


def test_a_code_that_is_off_comes_with_its_prefix(flake8: Flake8, tmp_path: Path) -> None:
    (tmp_path / "leak.py").write_text(UNCHECKED_ONLY, encoding="utf-8")
    assert flake8("--extend-select", "CAP", "leak.py", status=0) == []
    (line,) = flake8("--extend-select", "CAP4", "leak.py", status=1)
    assert " CAP401 " in line


@pytest.mark.parametrize(
    ("arguments", "complaint"),
    [
        (["--capilint-resources", "kye"], "unknown resource `kye`"),
        (["--capilint-config", "wrong.toml"], "wrong.toml:2: unknown key `ignroe`"),
    ],
    ids=lambda value: value[-1] if isinstance(value, list) else "",
)
def test_wrong_options_end_with_a_plain_word(
    flake8: Flake8, tmp_path: Path, arguments: list[str], complaint: str
) -> None:
    (tmp_path / "wrong.toml").write_text('\nignroe = ["CAP1"]\n', encoding="utf-8")
    told = "\n".join(flake8(*arguments, "leak.py", status=1))
    assert complaint in told
    assert "Traceback" not in told


def test_modules_beside_a_file_are_read_and_not_reported(flake8: Flake8, tmp_path: Path) -> None:
    library = LEAK.replace(
        "def make", "def close(key):\n    advapi32.CryptDestroyKey(key)\n\n\ndef make"
    )
    (tmp_path / "library.py").write_text(library, encoding="utf-8")
    (tmp_path / "user.py").write_text(
        "from library import close\n\n\ndef end(key):\n    close(key)\n    close(key)\n",
        encoding="utf-8",
    )
    (told,) = flake8("user.py", status=1)
    assert told.startswith("user.py:6:5: CAP202")


def test_jobs_share_the_options(flake8: Flake8, tmp_path: Path) -> None:
    for number in range(8):
        (tmp_path / f"copy{number}.py").write_text(LEAK, encoding="utf-8")
    assert len(flake8("--jobs", "2", ".", status=1)) == 9
    assert flake8("--jobs", "2", "--capilint-resources", "hash", ".", status=0) == []


def test_standard_input_has_its_display_name(flake8: Flake8, tmp_path: Path) -> None:
    arguments = ["--stdin-display-name", "generated/given.py", "-"]
    assert flake8(*arguments, status=1, stdin=LEAK) == [f"generated/given.py:9:12: {MESSAGE}"]
    (tmp_path / "capilint.toml").write_text('exclude = ["generated/"]\n', encoding="utf-8")
    assert flake8(*arguments, status=0, stdin=LEAK) == []


@pytest.mark.parametrize(
    ("text", "encoding"),
    [
        (LEAK.replace("import ctypes\n", "# coding: latin-1\nimport ctypes  # ä\n"), "latin-1"),
        (LEAK.replace("import ctypes\n", "# ü\nimport ctypes\n"), "utf-8-sig"),
        (LEAK.replace("import ctypes\n", "import ctypes\n\n").replace("\n", "\r\n"), "utf-8"),
    ],
    ids=["coding line", "byte order mark", "Windows line ends"],
)
def test_a_place_is_the_one_in_the_file(
    flake8: Flake8, tmp_path: Path, text: str, encoding: str
) -> None:
    (tmp_path / "leak.py").write_bytes(text.encode(encoding))
    assert [line.split(" ")[0] for line in flake8("--select", "CAP", "leak.py", status=1)] == [
        "leak.py:10:12:"
    ]


# ---------------------------------------------------------------- the class by itself


def found(text: str) -> list[str]:
    lines = text.splitlines(keepends=True)
    return [each[2] for each in Plugin(ast.parse(text), lines, "x.py").run()]


def test_a_file_without_known_names_is_never_parsed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lowering, "lower", None)
    assert found("def destroy(key):\n    return Crypt(key).DestroyKey()\n") == []


def test_a_crash_is_no_clean_file(monkeypatch: pytest.MonkeyPatch) -> None:
    def crash(*_: object) -> None:
        raise ValueError("broken")

    monkeypatch.setattr(lowering, "lower", crash)
    (told,) = found(LEAK)
    assert told.startswith(
        "CAP901 not analysed: this file was left out: internal error (ValueError: broken"
    )
    assert "\n" not in told


def test_what_a_baseline_has_is_not_shown(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("capilint.toml").write_text("baseline = 'old.json'\n", encoding="utf-8")
    Path("x.py").write_text(LEAK, encoding="utf-8")
    monkeypatch.setattr(Plugin, "_configuration", Configuration())
    with pytest.raises(ExecutionError, match=r"old\.json: the baseline cannot be read"):
        found(LEAK)
    assert Cli(capsys)("baseline", ".") == 0
    assert found(f"# moved\n{LEAK}") == []
    (new,) = found(LEAK + LEAK.partition("\n\n\n")[2].replace("make", "again"))
    assert "`again`" in new


def test_the_adapter_is_thin() -> None:
    tree = ast.parse(Path(sys.modules[Plugin.__module__].__file__ or "").read_text("utf-8"))
    (plugin,) = [node for node in tree.body if isinstance(node, ast.ClassDef)]
    assert (plugin.end_lineno or 0) - plugin.lineno < 80
