r"""Compilation databases: how commands are read, which file they are of, and what is wrong."""

from __future__ import annotations

import json
import shlex
import subprocess
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from capilint.config.compiling import Compiling
from capilint.config.loading import ConfigError, Configuration
from capilint.config.settings import Settings
from capilint.files.command_line import options_in, split
from capilint.files.compile_options import CompileOptions


@pytest.fixture(autouse=True)
def in_scratch_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def write(path: str, text: str) -> None:
    Path(path).parent.mkdir(parents=True, exist_ok=True)
    Path(path).write_text(text, encoding="utf-8")


def database(*entries: object, path: str = "compile_commands.json") -> None:
    write(path, json.dumps(entries, indent=1))


def entry(command: str | list[str], file: str = "a.c", directory: str | None = None) -> object:
    directory = directory if directory is not None else Path.cwd().as_posix()
    key = "command" if isinstance(command, str) else "arguments"
    return {"directory": directory, "file": file, key: command}


def options(path: str = "a.c", **settings: object) -> CompileOptions:
    """The options of a file, with the folders below the working directory relative to it."""
    compiling = Compiling(lambda _: Settings(**settings))  # type: ignore[arg-type]
    found = compiling.options_of(path)
    assert compiling.notes == []
    here = Path.cwd().as_posix() + "/"
    return found._replace(folders=tuple(each.removeprefix(here) for each in found.folders))


# ---------------------------------------------------------------- commands


@pytest.mark.parametrize(
    ("command", "folders", "defines"),
    [
        ("cc -Iinc -I more -c a.c", ("inc", "more"), {}),
        ("cc -isystem sys -isystemsys2 -Iinc", ("inc", "sys", "sys2"), {}),
        ("cc -idirafter last -iquote q -Iinc -Iinc", ("q", "inc", "last"), {}),
        ("cc '-Ia b' -I\"c d\" -Ie\\ f", ("a b", "c d", "e f"), {}),
        ("cc -DA -D B -DC=2 -D D= -UE -U F", (), {"A": "1", "B": "1", "C": "2", "D": "",
            "E": None, "F": None}),
        ("cc -DA=1 -DA=2 -DB -UB -UC -DC", (), {"A": "2", "B": None, "C": "1"}),
        (r'''cc -DA=\"str\" '-DB="s t"' "-DC=\"x\"" -DD='"C:\x"' ''', (),
            {"A": '"str"', "B": '"s t"', "C": '"x"', "D": '"C:\\x"'}),
        ("cc '-DF(x)=x' -DG -D 1 -D", (), {"G": "1"}),
        ("cc -include x.h -isysroot /s -MF -o.d @all.rsp -Wp,-Iy -I", (), {}),
        ("cc /Include/a.c /Users/x.c /Data.c", (), {}),
        ("cl /Iinc /I more /DA /D B=2 /DC#3 /UD -Iz", ("inc", "more", "z"),
            {"A": "1", "B": "2", "C": "3", "D": None}),
        ("clang-cl.exe /imsvc sys /external:I ext /external:W0 /Iinc", ("inc", "sys", "ext"), {}),
        ("sccache cl.exe /I /abs/inc /c a.c /link /DEBUG /INCREMENTAL", ("/abs/inc",), {}),
        (r"cl.exe /nologo /IC:\sdk\inc /DA=\"x\" C:\t\a.c", (r"C:\sdk\inc",), {"A": '"x"'}),
        (r'''C:\cl.exe "-IC:\Program Files\x" -I"C:\y z\\" -DA="b c"''',
            ("C:\\Program Files\\x", "C:\\y z\\"), {"A": "b c"}),
        (r'''C:\gcc.exe -I..\inc -DA=\\\"q\\\" -D"B=""c"""''', (r"..\inc",),
            {"A": '\\"q\\"', "B": '"c"'}),
    ],
)  # fmt: skip
def test_folders_and_macros_of_a_command(
    command: str, folders: tuple[str, ...], defines: dict[str, str | None]
) -> None:
    assert options_in(split(command, "/build")) == (folders, tuple(defines.items()))


def test_a_folder_with_a_drive_tells_that_the_command_is_one_of_windows() -> None:
    command = "gcc 'a b' -D'A'"
    assert split(command, "/b") == ["gcc", "a b", "-DA"]
    assert split(command, "C:/b") == split(command, r"\\server\b") == ["gcc", "'a", "b'", "-D'A'"]
    assert split(' gcc\t""  x ', "C:\\b") == ["gcc", "", "x"]


def test_an_open_quote_is_an_error() -> None:
    for directory in ("/b", "C:/b"):
        with pytest.raises(ValueError, match="quotation"):
            split('cc "-Ix', directory)


# ---------------------------------------------------------------- files


def test_folders_are_relative_to_the_directory() -> None:
    database(
        entry("cc -I../inc -I. -I/usr/x", file="../src/a.c", directory=str(Path.cwd() / "build")),
        entry(["cc", "-I", "a b"], file="b.c", directory="src"),
        {"file": "c.c", "command": r"cl /Iinc\win /IC:\sdk"},
    )
    assert options("src/a.c").folders == ("inc", "build", "/usr/x")
    assert options("src/b.c").folders == ("src/a b",)
    assert options("c.c").folders == ("inc/win", "C:/sdk")
    assert options("other.c") == CompileOptions()


def test_files_are_found_by_any_path_of_theirs(tmp_path: Path) -> None:
    database(entry("cc -DA", file="sub/../src/a.c"))
    for path in ("src/a.c", "./src/../src/a.c", str(tmp_path / "src" / "a.c")):
        assert options(path).defines == (("A", "1"),)
    (tmp_path / "src").mkdir()
    try:
        Path("link").symlink_to(tmp_path / "src", target_is_directory=True)
    except OSError:
        pytest.skip("no symbolic links here")
    assert options("link/a.c").defines == (("A", "1"),)


def test_of_a_file_with_several_commands_that_counts_in_which_all_agree() -> None:
    database(
        entry("cc -Ione -DA -DB=1 -UC -DD"),
        entry("cc -Itwo -Ione -DB=2 -UC -DD -DE"),
        entry("cc -DD -UC -DA"),
    )
    assert options() == (("one", "two"), (("C", None), ("D", "1")))


def test_the_settings_come_first() -> None:
    database(entry("cc -Isrc -DA -DB=2"))
    Path("own").mkdir()
    Path("inc").mkdir()
    found = options(include=("own", "inc"), define=(("B", None), ("C", "3"), ("C", "4")))
    assert found.folders == ("own", "inc", "src")
    assert dict(found.defines) == {"A": "1", "B": None, "C": "4"}


# ---------------------------------------------------------------- which database


def test_the_nearest_database_up_to_the_repository_is_found() -> None:
    database(entry("cc -DOUTSIDE", file="repo/src/a.c"))
    write("repo/.git/HEAD", "")
    assert options("repo/src/a.c").defines == ()
    here = Path.cwd().as_posix()
    database(
        entry("cc -DBUILD", file=f"{here}/repo/src/a.c"), path="repo/build/compile_commands.json"
    )
    assert options("repo/src/a.c").defines == (("BUILD", "1"),)
    database(entry("cc -DROOT", file="src/a.c", directory=""), path="repo/compile_commands.json")
    assert options("repo/src/a.c").defines == (("ROOT", "1"),)
    database(entry("cc -DNEAR", directory="."), path="repo/src/compile_commands.json")
    assert options("repo/src/a.c").defines == (("NEAR", "1"),)


def test_a_named_database_holds_and_none_can_be_asked_for() -> None:
    database(entry("cc -DFOUND"))
    database(entry("cc -DNAMED"), path="other/db.json")
    assert options(compile_commands="other/db.json").defines == (("NAMED", "1"),)
    assert options(compile_commands="").defines == ()


# ---------------------------------------------------------------- mistakes

WRONG = [
    ('[\n{"file": "b.c", "command": "cc"},\n{"file": }]', 3, "not valid JSON"),
    ("", 1, "not valid JSON"),
    ("[" * 100_000, 1, "not valid JSON"),
    ('[\n{"file": "b.c", "command": "cc",\n"n": ' + "9" * 5000 + "}]", 3, "too many digits"),
    ('{"file": "a.c"}', 1, "must be a list"),
    ('[\n {"file": "b.c", "command": "cc"},\n\n "a.c"]', 4, "must be an object"),
    ('[\n{"file": "b.c", "command": "],"},\n{"file": "a.c"}]', 3, "must have `file`, and"),
    ('[\n{"command": "cc"}]', 2, "must have `file`"),
    ('[\n{"file": 1, "command": "cc"}]', 2, "`file` must be a text"),
    ('[\n{"file": "a.c", "directory": [], "command": "cc"}]', 2, "`directory` must be a text"),
    ('[\n{"file": "a.c", "command": ["cc"]}]', 2, "`command` must be a text"),
    ('[\n{"file": "a.c", "arguments": ["cc", 1]}]', 2, "`arguments` must be a list of texts"),
    ('[\n{"file": "../a.c",\n "command": "cc \\"-I"}]', 2, "`command` is no command"),
]


@pytest.mark.parametrize(("text", "line", "words"), WRONG)
def test_a_named_database_that_is_wrong_is_an_error(text: str, line: int, words: str) -> None:
    write("build/compile_commands.json", text)
    with pytest.raises(ConfigError) as caught:
        options(compile_commands="build/compile_commands.json")
    message = str(caught.value)
    assert message.startswith(f"build/compile_commands.json:{line}: ") and words in message
    assert "CMAKE_EXPORT_COMPILE_COMMANDS" in message


@pytest.mark.parametrize(("text", "line", "words"), WRONG)
def test_a_found_database_that_is_wrong_is_noted_once_and_costs_nothing(
    text: str, line: int, words: str
) -> None:
    write("build/compile_commands.json", text)
    compiling = Compiling(lambda _: Settings(include=(".",)))
    for path in ("a.c", "b.c", "a.c"):
        assert compiling.options_of(path) == CompileOptions((".",))
    [note] = compiling.notes
    assert f"build/compile_commands.json:{line}: " in note and words in note


def test_a_command_that_is_wrong_costs_its_own_file_only() -> None:
    database(entry("cc -DA"), entry("cc '-DB", file="b.c"))
    compiling = Compiling(lambda _: Settings())
    assert compiling.options_of("b.c") == compiling.options_of("b.c") == CompileOptions()
    assert compiling.options_of("a.c").defines == (("A", "1"),)
    assert len(compiling.notes) == 1


def test_texts_that_are_no_paths_do_no_harm() -> None:
    database(entry("cc -Ix\0y -DA"), entry("cc", file="a\0.c"), entry("cc -I\udcff", file="\ud800"))
    assert options().defines == (("A", "1"),)
    Path("compile_commands.json").write_bytes(
        b'\xef\xbb\xbf[{"file": "\xe9.c", "command": "cc -DA -I\xe9"}, '
        b'{"file": "a.c", "command": "cc -DB"}]'
    )
    assert options().defines == (("B", "1"),)


def test_include_folders_that_are_not_there_are_noted() -> None:
    write("capilint.toml", "include = ['inc', 'gone']\n")
    Path("inc").mkdir()
    compiling = Compiling(Configuration().settings_of)
    for path in ("a.c", "b.c"):
        assert compiling.options_of(path).folders == ("inc", "gone")
    assert compiling.notes == ["no headers from gone: no such folder (capilint.toml:1)"]


def test_folders_outside_of_the_tree_are_those_of_a_named_database_only(tmp_path: Path) -> None:
    outside = (tmp_path.parent / "outside").as_posix()
    Path(outside).mkdir(exist_ok=True)
    database(entry(f"cc -Iinc -I{outside} -I/usr/include -c a.c"))
    compiling = Compiling(Configuration().settings_of)
    assert outside not in compiling.options_of("a.c").folders
    assert "/usr/include" in compiling.options_of("a.c").folders
    (note,) = compiling.notes
    assert outside in note and "compile_commands.json names it" in note and "--include" in note
    named = Compiling(Configuration({"compile_commands": "compile_commands.json"}).settings_of)
    assert outside in named.options_of("a.c").folders and not named.notes


# ---------------------------------------------------------------- any words


@given(st.lists(st.text(st.characters(codec="ascii", exclude_characters="\0"), max_size=6)))
def test_words_survive_being_written_as_a_command(words: list[str]) -> None:
    assert split(shlex.join(words), "/b") == words
    assert split(subprocess.list2cmdline(words), "C:\\b") == words
