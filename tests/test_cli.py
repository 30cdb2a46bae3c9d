"""The command as a user runs it: options, outputs, exit statuses, and errors that help."""

from __future__ import annotations

import io
import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

import capilint.commands.check
from capilint import __version__
from capilint.checking import Report
from capilint.config.settings import Settings
from tests.command_line import Cli
from tests.reports import SESSION

CLEAN = "BOOL f(HCRYPTKEY hKey)\n{\n    return CryptDestroyKey(hKey);\n}\n"


@pytest.fixture(autouse=True)
def in_scratch_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    for name in ("NO_COLOR", "FORCE_COLOR", "GITHUB_STEP_SUMMARY"):
        monkeypatch.delenv(name, raising=False)
    Path("leak.c").write_text(SESSION, encoding="utf-8")
    Path("clean.c").write_text(CLEAN, encoding="utf-8")


@pytest.fixture
def cli(capsys: pytest.CaptureFixture[str]) -> Cli:
    return Cli(capsys)


# ---------------------------------------------------------------- exit status


def test_a_folder_without_sources_is_said(cli: Cli) -> None:
    Path("empty").mkdir()
    assert cli("check", "empty") == 0
    assert "no C, C++ or Python files in empty" in cli.err
    assert cli("check", "clean.c") == 0 and not cli.err


def test_codes_are_selected_by_name_as_well(cli: Cli) -> None:
    assert cli.codes("--select", "handle-leaked", "leak.c") == cli.codes(
        "--select", "CAP101", "leak.c"
    )
    assert cli.codes("--ignore", "Handle-Leaked", "leak.c") == cli.codes(
        "--ignore", "cap101", "leak.c"
    )


@pytest.mark.parametrize("name", ["py", "python", "PY"])
def test_a_language_is_known_by_its_usual_names(cli: Cli, name: str) -> None:
    assert cli("check", "--lang", name, "--verbose", "clean.c") == 0
    assert "1 analysed" in cli.out  # as a Python file that does not parse


def test_the_exit_status_tells_how_it_went(cli: Cli) -> None:
    assert cli("check", "clean.c") == 0
    assert cli("check") == cli("check", "leak.c") == 1
    assert cli("check", "gone.c", "leak.c") == 2
    assert "CAP101" in cli.out and "gone.c: no such file" in cli.err
    assert cli("check", "--fail-on", "error", "--ignore", "CAP1", "leak.c") == 0


def test_fail_on_sets_the_bar(cli: Cli) -> None:
    Path("capilint.toml").write_text("[severity]\nCAP101 = 'warning'\n", encoding="utf-8")
    assert cli("check", "leak.c") == 1
    assert cli("check", "--fail-on", "error", "leak.c") == 0
    assert "CAP101" in cli.out
    assert cli("check", "--isolated", "--fail-on", "error", "leak.c") == 1


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ([], "\n    check     find handle bugs in files and folders\n"),
        (["leak.c"], "unknown command `leak.c`; did you mean `capilint check leak.c`?"),
        (["check", "--sarif"], "unrecognized arguments: --sarif; did you mean `--format sarif`?"),
        (["check", "--hide"], "unrecognized arguments: --hide\n"),
        (["check", "--ignore", "CAP7"], "there is no code CAP7; `capilint rules` lists them\n"),
        (["explain", "CAP999"], "there is no code CAP999; `capilint rules` lists them\n"),
        (["chekc"], "chekc"),
        (["check", "--nope"], "--nope"),
        (["check", "--select", "leaks!"], "'leaks!' is no code, such as CAP101"),
        (["check", "--ignore", "CAP107"], "there is no code CAP107; did you mean `CAP10"),
        (["check", "--select", "handle-leakd"], "did you mean `handle-leaked`?"),
        (["check", "--select", ""], "no code is named"),
        (["check", "--resources", "kye"], "did you mean `key`?"),
        (["check", "--resources", ","], "no resource is named"),
        (["check", "--formt", "json"], "usage: capilint check"),
        (["check", "--formt=json"], "did you mean `--format`?"),
        (["check", "--verb"], "unrecognized arguments: --verb"),
        (["check", "--lang", "pyton"], "did you mean `python`?"),
        (["check", "--output", "gitlba:x"], "unknown format `gitlba`; did you mean `gitlab`?"),
        (["chekc"], "unknown command `chekc`; did you mean `check`?"),
        (["run"], "required: FILE\n"),
        (["check", "--format", "xml"], "xml"),
        (["check", "--fail-on", "never"], "never"),
        (["check", "--lang", "cobol"], "cobol"),
        (["check", "--config", "gone.toml"], "gone.toml: cannot be read"),
        (["check", "--output", "no/such/folder.json"], "folder that exists"),
        (["check", "--output", "text:-", "--output", "json:-"], "- is written to already"),
        (["check", "-"], "--stdin-filename or --lang"),
        (["check", "-p", "gone"], "gone: no such file or folder; CMake makes one"),
        (["check", "-p", "."], ".: has no compile_commands.json; CMake makes one"),
        (["check", "-D", "F(x)=x"], "-DF(x)=x: 'F(x)' is no name of a macro, such as UNICODE"),
        (["check", "-UA=1"], "-UA=1: 'A=1' is no name of a macro"),
        (["explain", "CAP1O1"], "did you mean `CAP101`?"),
        (["debug", "ir", "gone.c"], "gone.c: no such file"),
        (["debug", "ir", "."], "not a single file"),
        (["debug", "cfg", "leak.c", "encrpyt"], "did you mean `encrypt`?"),
    ],
)
def test_wrong_use_is_status_2_with_a_way_out(cli: Cli, arguments: list[str], words: str) -> None:
    assert cli(*arguments) == 2
    assert words in cli.err
    assert "Traceback" not in cli.err


def test_a_wrong_configuration_is_status_2(cli: Cli) -> None:
    Path("capilint.toml").write_text("selct = ['CAP1']\n", encoding="utf-8")
    assert cli("check", "leak.c") == 2
    assert cli.err == (
        "capilint: error: capilint.toml:1: unknown key `selct`; did you mean `select`?\n"
    )


def test_a_bug_of_ours_is_not_taken_for_findings(cli: Cli, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*arguments: object) -> None:
        raise ZeroDivisionError("oops")

    monkeypatch.setattr(capilint.commands.outputs, "render", broken)
    monkeypatch.setattr(capilint.report.partly, "render", broken)
    assert cli("check", "leak.c") == 2
    assert "ZeroDivisionError" in cli.err and "please report it" in cli.err


# ---------------------------------------------------------------- what is checked


def test_codes_are_selected_by_prefix(cli: Cli) -> None:
    assert cli.codes("leak.c") == [("CAP101", "error")]
    assert cli.codes("--select", "CAP2,CAP3", "leak.c") == []
    assert cli.codes("--select", "cap1", "leak.c") == [("CAP101", "error")]
    assert cli.codes("--select", "CAP1", "--ignore", "CAP101", "leak.c") == []
    assert cli.codes("--resources", "hash,context", "leak.c") == []


def test_codes_that_are_off_are_added_by_name(cli: Cli) -> None:
    unchecked = SESSION.replace("if (!CryptGenKey", "(CryptGenKey").replace(
        "return FALSE;\n    if", "\n    if", 1
    )
    Path("unchecked.c").write_text(unchecked.replace("&hKey))", "&hKey));"), encoding="utf-8")
    assert cli.codes("unchecked.c") == [("CAP101", "error")]
    assert cli.codes("--select", "CAP4", "unchecked.c") == [("CAP401", "warning")]
    assert cli.codes("--extend-select", "CAP401", "unchecked.c") == [
        ("CAP101", "error"),
        ("CAP401", "warning"),
    ]


def test_standard_input_stands_for_a_file(cli: Cli, monkeypatch: pytest.MonkeyPatch) -> None:
    def given(text: str) -> None:
        monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(text.encode())))

    given(SESSION)
    assert cli("check", "-", "--stdin-filename", "src/z.c") == 1
    assert cli.out.startswith("src/z.c:6:10: error: CAP101")
    given(SESSION)
    assert cli("check", "-", "--lang", "c") == 1
    assert cli.out.startswith("<stdin>:6:10: error: CAP101")
    given(SESSION)
    Path("src").mkdir()
    Path("src/capilint.toml").write_text("ignore = ['CAP101']\n", encoding="utf-8")
    assert cli("check", "-", "--stdin-filename", "src/z.c") == 0


def test_compiler_options_come_in_the_order_of_the_command_line(
    cli: Cli, monkeypatch: pytest.MonkeyPatch
) -> None:
    found: list[Settings] = []

    def check(
        inputs: object, settings_of: Callable[[str], Settings], *_: object, **rest: object
    ) -> Report:
        found.append(settings_of("leak.c"))
        return Report()

    monkeypatch.setattr(capilint.commands.check, "check", check)
    Path("build").mkdir()
    Path("build/compile_commands.json").write_text("[]", encoding="utf-8")
    assert (
        cli("check", "-Iinc", "-DA", "-UA", "-D", "B=x y", "--include", "more", "-p", "build") == 0
    )
    assert cli("check", "-U", "B", "--define=B=", "--compile-commands", "") == 0
    one, other = found
    assert one.include == ("inc", "more")
    assert one.define == (("A", "1"), ("A", None), ("B", "x y"))
    assert one.compile_commands == "build/compile_commands.json"
    assert (other.define, other.compile_commands) == ((("B", None), ("B", "")), "")


def test_other_suffixes_need_a_language(cli: Cli) -> None:
    Path("leak.inc").write_text(SESSION, encoding="utf-8")
    assert cli("check", "leak.inc") == 2
    assert "--lang" in cli.err
    assert cli("check", "--lang", "c", "leak.inc") == 1


def test_excluded_files_are_left_out_though_named(cli: Cli) -> None:
    Path("capilint.toml").write_text("exclude = ['leak.c']\n", encoding="utf-8")
    assert cli("check", "leak.c", "clean.c") == 0
    assert cli.out == "No findings in 1 file.\n"


def test_suppressed_findings_are_shown_on_request_only(cli: Cli) -> None:
    text = SESSION.replace("&hKey))", "&hKey)) // capilint: ignore[CAP101] tested")
    Path("leak.c").write_text(text, encoding="utf-8")
    assert cli("check", "leak.c") == 0
    assert "CAP101" not in cli.out
    assert cli("check", "--verbose", "leak.c") == 0
    assert "suppressed: leak.c:6:10: CAP101" in cli.out


def test_python_is_checked_too(cli: Cli) -> None:
    Path("a.py").write_text(
        "import win32crypt\n"
        "prov = win32crypt.CryptAcquireContext(None, None, 1, 0)\n"
        "key = prov.CryptGenKey(1, 0)\n"
        "key.CryptDestroyKey()\n"
        "key.CryptDestroyKey()\n",
        encoding="utf-8",
    )
    assert ("CAP202", "error") in cli.codes("a.py")


# ---------------------------------------------------------------- where it is reported


def test_several_outputs_in_one_run(cli: Cli) -> None:
    outputs = ["--output", "json:out.json", "-o", "github:out.txt", "-o", "text:-"]
    assert cli("check", *outputs, "leak.c") == 1
    assert cli.out.startswith("leak.c:6:10: error: CAP101")
    assert json.loads(Path("out.json").read_text(encoding="utf-8"))["findings"]
    assert Path("out.txt").read_text(encoding="utf-8").startswith("::error file=leak.c,")


def test_an_output_without_format_has_the_format_of_the_run(cli: Cli) -> None:
    assert cli("check", "--format", "json", "--output", "out.json", "leak.c") == 1
    assert cli.out == ""
    assert json.loads(Path("out.json").read_text(encoding="utf-8"))["version"] == 1


def test_a_text_in_a_file_of_another_format_is_told(cli: Cli) -> None:
    assert cli("check", "-o", "report.html", "leak.c") == 1
    assert "report.html gets the text report; `--output html:report.html` writes html" in cli.err
    cli("check", "-o", "html:report.html", "-o", "json:b.html", "-o", "report.txt", "leak.c")
    assert cli.err == ""


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish", "tcsh"])
def test_a_shell_completes_commands_and_options(cli: Cli, shell: str) -> None:
    assert cli("completion", shell) == 0
    for word in ("baseline", "explain-silence", "jsonl"):
        assert word in cli.out


def test_the_same_input_gives_the_same_bytes(cli: Cli) -> None:
    for name in ("one.json", "two.json"):
        cli("check", "--format", "json", "--output", name, "leak.c", "clean.c")
    assert Path("one.json").read_bytes() == Path("two.json").read_bytes()


def test_a_step_summary_is_appended_where_github_asks_for_one(
    cli: Cli, monkeypatch: pytest.MonkeyPatch
) -> None:
    Path("summary.md").write_text("before\n", encoding="utf-8")
    monkeypatch.setenv("GITHUB_STEP_SUMMARY", "summary.md")
    cli("check", "leak.c")
    assert Path("summary.md").read_text(encoding="utf-8") == "before\n"
    cli("check", "--format", "github", "leak.c")
    assert cli.out.startswith("::error file=leak.c,line=6,")
    text = Path("summary.md").read_text(encoding="utf-8")
    assert text.startswith("before\n### capilint: 1 finding") and "CAP101" in text


@pytest.mark.parametrize(
    ("environment", "option", "coloured"),
    [
        ({}, "auto", False),  # not a terminal
        ({"FORCE_COLOR": "1"}, "auto", True),
        ({"FORCE_COLOR": "1", "NO_COLOR": "1"}, "auto", False),
        ({"NO_COLOR": "1"}, "always", True),
        ({"FORCE_COLOR": "1"}, "never", False),
    ],
)
def test_colours_are_asked_for(
    cli: Cli,
    monkeypatch: pytest.MonkeyPatch,
    environment: dict[str, str],
    option: str,
    coloured: bool,
) -> None:
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    cli("check", "--color", option, "leak.c")
    assert ("\x1b[" in cli.out) is coloured


# ---------------------------------------------------------------- the other commands


def test_every_code_is_listed_and_explained(cli: Cli) -> None:
    assert cli("rules") == 0
    codes = [line.split()[0] for line in cli.out.splitlines()[1:]]
    assert {"CAP101", "CAP301", "CAP903"} <= set(codes)
    for code in codes:
        assert cli("explain", code) == 0
        assert cli.out.startswith(f"# {code}: ") and "## Use instead" in cli.out
    assert cli("explain", "handle-leaked") == 0
    assert cli.out.startswith("# CAP101: handle-leaked\n\nseverity: error; [CWE-772](https://cwe.")
    assert cli("explain", "cap301", "CAP20", "double-release") == 0
    titles = [line[2:8] for line in cli.out.splitlines() if line.startswith("# CAP")]
    assert titles == ["CAP301", "CAP201", "CAP202", "CAP203"]


def test_codes_that_there_are_are_explained_beside_those_that_are_not(cli: Cli) -> None:
    assert cli("explain", "CAP999", "CAP301", "CAP888") == 2
    assert cli.out.startswith("# CAP301: ") and cli.out.count("# CAP") == 1
    assert "no code CAP999" in cli.err and "no code CAP888" in cli.err


def test_a_terminal_shows_the_text_of_a_code_as_it_looks(
    cli: Cli, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sys.stdout.isatty", lambda: True)
    assert cli("explain", "CAP301") == 0
    assert "CWE-826" in cli.out and "What it does" in cli.out and "##" not in cli.out


def test_what_is_known_of_a_function_is_listed(cli: Cli) -> None:
    assert cli("rules", "--functions") == 0
    (line,) = [line for line in cli.out.splitlines() if line.startswith("CryptDeriveKey ")]
    assert "makes a key into phKey, owned by hProv" in line
    assert "uses context hProv, hash hBaseData" in line


def test_effective_settings_are_shown_with_their_origin(cli: Cli) -> None:
    Path("pyproject.toml").write_text(
        "[tool.capilint]\nfail-on = 'error'\nseverity = { CAP1 = 'note' }\n"
        "define = ['A', 'B=\"x\"']\n",
        encoding="utf-8",
    )
    assert cli("config", "leak.c") == 0
    lines = cli.out.splitlines()
    assert 'fail-on = "error" # pyproject.toml:2' in lines
    assert 'define = ["A=1", "B=\\"x\\""] # pyproject.toml:4' in lines
    assert "# compile-commands is not set" in lines
    assert "ignore = [] # default" in lines
    assert lines[lines.index("[severity] # pyproject.toml:3") + 1] == 'CAP1 = "note"'


def test_settings_as_shown_are_a_configuration_that_says_the_same(cli: Cli) -> None:
    Path("capilint.toml").write_text(
        "select = ['CAP1', 'double-release']\nresources = ['key']\nexclude = ['a b/']\n"
        "define = ['A', 'B=\"x\"']\nnoreturn = ['die']\ninclude = ['inc']\n"
        "[severity]\nCAP1 = 'note'\n[per-file-ignores]\n'x\"y/*.c' = ['CAP2']\n"
        "[functions.DropKey]\nsignature = ['hKey']\nreleases = { hKey = 'key' }\n",
        encoding="utf-8",
    )
    assert cli("config") == 0
    shown = cli.out
    Path("shown.toml").write_text(shown, encoding="utf-8")
    assert cli("config", "--config", "shown.toml") == 0
    told = [text.partition(" #")[0] for text in shown.splitlines()]
    assert [text.partition(" #")[0] for text in cli.out.splitlines()] == told
    assert 'signature = ["hKey"]' in told


def test_the_analysis_can_be_looked_at(cli: Cli) -> None:
    assert cli("debug", "ir", "leak.c") == 0
    assert "call CryptGenKey(hProv, CALG_RC4, CRYPT_EXPORTABLE, &hKey)" in cli.out
    assert cli("debug", "dot", "leak.c", "encrypt") == 0
    assert cli.out.startswith('digraph "encrypt"')
    assert cli("debug", "cfg", "leak.c", "encrypt") == 0
    assert cli.out.startswith("function encrypt\n")


@pytest.mark.parametrize(
    ("view", "words"),
    [
        ("states", "live, made here"),
        ("summary", "summary of encrypt("),
        ("defects", "in encrypt: CAP101 on key@"),
        ("replay", "the monitor agrees: CAP101 of handle 2"),
    ],
)
def test_a_view_shows_the_functions_that_are_asked_for(cli: Cli, view: str, words: str) -> None:
    assert cli("debug", view, "leak.c", "encrypt") == 0
    assert words in cli.out
    assert cli("debug", view, "clean.c") == 0
    assert words not in cli.out


def test_help_is_a_command_too(cli: Cli) -> None:
    assert cli("help") == 0
    assert cli.out.startswith("usage: capilint [-h]")
    assert cli("help", "explain") == 0
    assert cli.out.startswith("usage: capilint explain [-h]")
    assert cli("help", "chekc") == 2
    assert "did you mean `check`?" in cli.err


def test_the_version_is_told(cli: Cli) -> None:
    assert cli("--version") == 0
    assert cli.out == f"capilint {__version__}\n"


# ---------------------------------------------------------------- as a process


def run(*arguments: str, **options: object) -> subprocess.CompletedProcess[bytes]:
    command = [sys.executable, "-m", "capilint", *arguments]
    return subprocess.run(command, capture_output=True, check=False, **options)  # type: ignore[call-overload, no-any-return]


def test_it_runs_as_a_module_and_survives_a_poor_terminal() -> None:
    Path("caf\u00e9.c").write_text(SESSION, encoding="utf-8")
    environment = {**os.environ, "PYTHONIOENCODING": "ascii"}
    done = run("check", "caf\u00e9.c", env=environment)
    assert done.returncode == 1
    assert done.stdout.startswith(b"caf\\xe9.c:6:10: error: CAP101")


CONFIGURATION = (
    "[tool.capilint]\nignore = ['CAP3']\nexclude = ['third/', '*.gen.c']\nfail-on = 'note'\n"
    "resources = ['key']\nnoreturn = ['die']\nper-file-ignores = { 'tests/' = ['CAP101'] }\n"
)


@pytest.mark.parametrize(("configuration", "needed"), [("", []), (CONFIGURATION, ["tomllib"])])
def test_files_of_no_concern_load_neither_parser_nor_analysis(
    configuration: str, needed: list[str]
) -> None:
    Path("pyproject.toml").write_text(configuration, encoding="utf-8")
    Path("plain.py").write_text("print('hello')\n", encoding="utf-8")
    Path("plain.c").write_text("int x;\n", encoding="utf-8")
    code = (
        "import sys\nfrom capilint.cli import main\n"
        "status = main(['check', 'plain.py', 'plain.c'])\n"
        "heavy = {'tree_sitter', 'libcst', 'tomllib', 'pathspec', 'json', 'dataclasses', 'pathlib',"
        " 'capilint.ir', 'capilint.engine', 'capilint.rulebook.book', 'capilint.frontends'}\n"
        "print(status, sorted(heavy & set(sys.modules)))\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.splitlines()[-1] == f"0 {needed}"
