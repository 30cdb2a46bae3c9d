"""Configuration: which file holds where, what it may say, and what a mistake is answered with."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from capilint.config.loading import ConfigError, Configuration, effective
from capilint.config.settings import Settings
from capilint.finding import Severity


@pytest.fixture(autouse=True)
def in_scratch_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def write(path: str, text: str) -> None:
    Path(path).parent.mkdir(parents=True, exist_ok=True)
    Path(path).write_text(text, encoding="utf-8")


def settings(text: str) -> Settings:
    write("capilint.toml", text)
    return Configuration().settings_of("a.c")


def test_without_a_file_the_defaults_hold() -> None:
    found = Configuration().settings_of("a.c")
    assert (found.select, found.fail_on, found.origins) == (None, Severity.WARNING, {})


def test_every_key_is_read_with_where_it_came_from() -> None:
    found = settings("""\
select = ["CAP1", "cap201"]
extend-select = ["CAP401"]
ignore = ["CAP102"]
exclude = ["third_party/"]
resources = ["key"]
fail-on = "error"
noreturn = ["Die"]
include = ["include"]
define = ["UNICODE", "WINVER=0x0601", "EMPTY="]
compile-commands = ""
baseline = "old.json"

[per-file-ignores]
"tests/**" = ["CAP101"]

[severity]
CAP2 = "note"

[functions.MyGenKey]
params = ["out"]
creates = { into = "out", resource = "key" }
""")
    assert found.select == ("CAP1", "CAP201")
    assert found.per_file_ignores == (("tests/**", ("CAP101",)),)
    assert (found.fail_on, found.severity) == (Severity.ERROR, (("CAP2", "note"),))
    assert (found.noreturn, found.functions) == (("Die",), ("MyGenKey",))
    assert found.rules is not None and set(found.rules.tables) == {"functions", "noreturn"}
    assert found.include == ("include",)
    assert found.define == (("UNICODE", "1"), ("WINVER", "0x0601"), ("EMPTY", ""))
    assert (found.compile_commands, found.baseline) == ("", "old.json")
    lines = {key: origin for key, _, origin in effective(found)}
    assert lines == {
        "select": "capilint.toml:1",
        "extend-select": "capilint.toml:2",
        "ignore": "capilint.toml:3",
        "per-file-ignores": "capilint.toml:13",
        "exclude": "capilint.toml:4",
        "resources": "capilint.toml:5",
        "severity": "capilint.toml:16",
        "fail-on": "capilint.toml:6",
        "noreturn": "capilint.toml:7",
        "functions": "capilint.toml:19",
        "include": "capilint.toml:8",
        "define": "capilint.toml:9",
        "compile-commands": "capilint.toml:10",
        "baseline": "capilint.toml:11",
    }


def test_the_nearest_file_upward_holds_alone() -> None:
    write("pyproject.toml", "[tool.capilint]\nignore = ['CAP1']\nfail-on = 'error'\n")
    write("src/deep/pyproject.toml", "[tool.other]\nselect = 1 # capilint has no table here\n")
    write("src/legacy/.capilint.toml", "ignore = ['CAP3']\n")
    configuration = Configuration()
    assert configuration.settings_of("src/deep/a.c").ignore == ("CAP1",)
    assert configuration.settings_of("src/legacy/x/a.c").ignore == ("CAP3",)
    assert configuration.settings_of("src/legacy/").ignore == ("CAP3",)
    assert configuration.settings_of("src/legacy/a.c").fail_on is Severity.WARNING


def test_in_one_folder_the_own_file_wins_over_pyproject() -> None:
    write("pyproject.toml", "[tool.capilint]\nignore = ['CAP1']\n")
    write("capilint.toml", "ignore = ['CAP2']\n")
    assert Configuration().settings_of("a.c").ignore == ("CAP2",)


def test_the_command_line_wins_over_the_file() -> None:
    write("capilint.toml", "ignore = ['CAP1']\nresources = ['key']\n")
    found = Configuration({"ignore": ("CAP2",)}).settings_of("a.c")
    assert (found.ignore, found.resources) == (("CAP2",), ("key",))
    assert found.origins["ignore"] == "the command line"


def test_include_folders_and_defines_of_the_command_line_are_added() -> None:
    write("capilint.toml", "define = ['A', 'B']\ninclude = ['inc']\n")
    given = {"include": ("own",), "define": (("A", None), ("C", "2"))}
    found = Configuration(given).settings_of("a.c")
    assert found.include == ("own", "inc")
    assert dict(found.define) == {"A": None, "B": "1", "C": "2"}
    assert found.origins["include"] == "the command line, then capilint.toml:2"
    write("capilint.toml", "")
    assert Configuration(given).settings_of("a.c").origins["define"] == "the command line"


def test_folders_are_relative_to_the_file_that_names_them(tmp_path: Path) -> None:
    write(
        "sub/capilint.toml", "include = ['inc\\\\win', '../own', '/sdk']\ncompile-commands = 'out'"
    )
    write("sub/out/compile_commands.json", "[]")
    found = Configuration().settings_of("sub/a.c")
    assert found.include[:2] == ("sub/inc/win", "own")
    assert found.include[2].endswith("/sdk")
    assert found.compile_commands == "sub/out/compile_commands.json"
    (tmp_path / "elsewhere").mkdir()
    os.chdir("elsewhere")
    found = Configuration().settings_of("../sub/a.c")
    assert found.include[1] == (tmp_path / "own").as_posix()
    assert found.compile_commands == (tmp_path / "sub/out/compile_commands.json").as_posix()


def test_a_named_file_or_none_at_all() -> None:
    write("capilint.toml", "ignore = ['CAP1']\n")
    write("other/ci.toml", "ignore = ['CAP2']\nexclude = ['/gen.c']\n")
    named = Configuration(file="other/ci.toml")
    assert named.settings_of("a.c").ignore == ("CAP2",)
    assert named.excluded("other/gen.c") and not named.excluded("gen.c")
    assert Configuration(isolated=True).settings_of("a.c").ignore == ()


@pytest.mark.parametrize(
    ("text", "line", "words"),
    [
        ("\nselct = ['CAP1']\n", 2, ["unknown key `selct`", "did you mean `select`?"]),
        ("select = 'CAP1'\n[severty]\nCAP1 = 'off'\n", 2, ["`severty`", "`severity`"]),
        ("select = [1]\n", 1, ["`select` must be a list"]),
        ("\n\nignore = ['leaks!']\n", 3, ["'leaks!' is no code"]),
        ("fail-on = 'fatal'\n", 1, ["`fail-on` must be one of error, warning, note"]),
        ("[severity]\nCAP1 = 'error'\nCAP2 = 'loud'\n", 3, ["error, warning, note, off"]),
        ("[severity]\n'x y' = 'error'\n", 2, ["'x y' is no code"]),
        ("\nresources = ['key', 'hsh']\n", 2, ["unknown resource `hsh`", "`hash`"]),
        ("select = ['handle-leekd']\n", 1, ["did you mean `handle-leaked`?"]),
        ("[per-file-ignores]\n'*.c' = 'CAP1'\n'*.h' = 3\n", 3, ["`*.h` must be a list"]),
        ("per-file-ignores = ['*.c']\n", 1, ["`per-file-ignores` must be a table"]),
        ("define = ['A', 'B C=1']\n", 1, ["'B C' is no name of a macro"]),
        ("define = [\n'A',\n'F(x)=x']\n", 3, ["'F(x)' is no name of a macro"]),
        ("include = [1]\n", 1, ["`include` must be a list of texts"]),
        ("\ncompile-commands = 'build'\n", 2, ["build: no such file", "CMake makes one"]),
        ("compile-commands = '.'\n", 1, ["has no compile_commands.json", "CMake makes one"]),
        ("compile-commands = ['a']\n", 1, ["`compile-commands` must be a text"]),
        ("functions = 3\n", 1, ["`functions` must be a table"]),
        ("a = 1\nb = \n", 2, ["not valid TOML"]),
        ("\nfail-on = " + "9" * 5000, 2, ["too many digits"]),
        ("fail-on = " + "[" * 5000, 1, ["not valid TOML"]),
        ("fail-on = 0x" + "F" * 5000, 1, ["`fail-on` must be one of"]),
    ],
)
def test_a_mistake_names_file_line_and_what_would_be_right(
    text: str, line: int, words: list[str]
) -> None:
    write("capilint.toml", text)
    with pytest.raises(ConfigError) as caught:
        Configuration().settings_of("a.c")
    assert str(caught.value).startswith(f"capilint.toml:{line}: ")
    assert [word for word in words if word not in str(caught.value)] == []


def test_a_mistake_in_pyproject_has_its_own_line() -> None:
    write(
        "pyproject.toml",
        "[project]\nselct = 1\n[tool.ruff]\nselct = 1\n[tool.capilint]\nselct = ['CAP1']\n",
    )
    with pytest.raises(ConfigError, match=r"^pyproject.toml:6: unknown key `selct`"):
        Configuration().settings_of("a.c")


def test_a_named_file_must_be_there_and_be_meant() -> None:
    with pytest.raises(ConfigError, match=r"gone\.toml: cannot be read"):
        Configuration(file="gone.toml")
    write("pyproject.toml", "[project]\n")
    with pytest.raises(ConfigError, match=r"has no table \[tool.capilint\]"):
        Configuration(file="pyproject.toml")
    Path("latin.toml").write_bytes(b"exclude = ['\xe9']\n")
    with pytest.raises(ConfigError, match="not UTF-8"):
        Configuration(file="latin.toml")


def test_excluded_paths_are_relative_to_the_file() -> None:
    write("sub/capilint.toml", "exclude = ['third_party/', '*.gen.c', '!keep.gen.c']\n")
    configuration = Configuration()
    assert configuration.excluded("sub/third_party/")
    assert configuration.excluded("sub/x/a.gen.c")
    assert not configuration.excluded("sub/keep.gen.c")
    assert not configuration.excluded("third_party/")
    assert not configuration.excluded("sub/")


def test_per_file_ignores_add_up() -> None:
    found = settings("[per-file-ignores]\n'tests/' = ['CAP1']\n'*_gen.c' = ['CAP2', 'CAP3']\n")
    assert found.ignores_in("tests/a_gen.c") == ("CAP1", "CAP2", "CAP3")
    assert found.ignores_in("src/a.c") == ()
    assert found.ignores_in("../tests/a.c") == ()


@pytest.mark.parametrize(
    ("given", "selected"),
    [
        (Settings(), {"CAP101", "CAP201"}),
        (Settings(ignore=("CAP1",)), {"CAP201"}),
        (Settings(select=("CAP1",)), {"CAP101"}),
        (Settings(select=("CAP",)), {"CAP101", "CAP201", "CAP401"}),
        (Settings(select=("CAP1", "CAP4"), ignore=("CAP101",)), {"CAP401"}),
        (Settings(ignore=("CAP",), extend_select=("CAP101",)), {"CAP101"}),
        (Settings(extend_select=("CAP401",)), {"CAP101", "CAP201", "CAP401"}),
        (Settings(select=()), set()),
        (Settings(select=("CAP101",), ignore=("CAP101",)), set()),
        (Settings(severity=(("CAP1", "off"),)), {"CAP201"}),
        (Settings(severity=(("CAP4", "error"),)), {"CAP101", "CAP201"}),
    ],
)
def test_the_longest_prefix_decides_what_is_reported(given: Settings, selected: set[str]) -> None:
    defaults = {"CAP101": "error", "CAP201": "error", "CAP401": "off"}
    assert {code for code in defaults if given.selects(code, defaults[code])} == selected


def test_severities_may_be_changed() -> None:
    given = Settings(severity=(("CAP1", "note"), ("CAP101", "warning")))
    assert given.severity_of("CAP101", "error") is Severity.WARNING
    assert given.severity_of("CAP102", "error") is Severity.NOTE
    assert given.severity_of("CAP401", "off") is Severity.WARNING
    assert Settings(fail_on=Severity.NOTE).fails(Severity.NOTE)
    assert not Settings(fail_on=Severity.ERROR).fails(Severity.WARNING)
