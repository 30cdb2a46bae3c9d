"""`capilint run` where a program cannot be run, crashes, or ends in its own way."""

from __future__ import annotations

from pathlib import Path

import pytest

from capilint.execution.run import launch
from capilint.language import Language
from tests.test_run_programs import needs_compiler, run

PYTHON = """\
import ctypes, sys
from ctypes import byref
advapi32 = ctypes.WinDLL("advapi32")

def open_context():
    prov = ctypes.c_void_p()
    advapi32.CryptAcquireContextW(byref(prov), None, None, 24, 0xF0000000)
    return prov

"""
C = """\
#include <windows.h>
#include <wincrypt.h>
#include <stdio.h>
static BOOL open_context(HCRYPTPROV *phProv)
{
    return CryptAcquireContext(phProv, NULL, NULL, PROV_RSA_AES, CRYPT_VERIFYCONTEXT);
}
"""


def python(folder: Path, text: str) -> Path:
    path = folder / "program.py"
    path.write_text(PYTHON + text, encoding="utf-8")
    return path


def c(folder: Path, text: str, name: str = "program.c") -> Path:
    path = folder / name
    needs_compiler(path)
    path.write_text(C + text, encoding="utf-8")
    return path


def cpp(folder: Path, text: str) -> Path:
    return c(folder, text, "program.cpp")


@pytest.mark.parametrize(
    ("text", "missing"),
    [
        ("ctypes.windll.user32.MessageBoxW(0, 'a', 'b', 0)", "user32.dll"),
        ("ctypes.WinDLL('C:/Windows/System32/Dbghelp.DLL')", "dbghelp.dll"),
        ("ctypes.windll.kernel32.VirtualAlloc(0, 1, 2, 3)", "kernel32.VirtualAlloc"),
        ("advapi32.RegOpenKeyExW()", "advapi32.RegOpenKeyExW"),
        ("advapi32.CryptAcquireContext()", "only CryptAcquireContextA and CryptAcquireContextW"),
        ("advapi32.CryptImportPublicKeyInfo()", "crypt32.dll has it"),
        ("import win32security", "'win32security'"),
        ("import win32crypt; win32crypt.CryptProtectData(b'')", "win32crypt.CryptProtectData"),
    ],
)
def test_what_a_script_lacks_is_named(tmp_path: Path, text: str, missing: str) -> None:
    ran = run(python(tmp_path, text))
    assert ran.status == 2
    assert missing in ran.errors.splitlines()[-1], ran.errors
    assert ran.output == "No findings in 0 files. 1 file could not be analysed.\n"


def test_a_script_may_do_without_what_is_missing(tmp_path: Path) -> None:
    ran = run(python(tmp_path, "print(hasattr(advapi32, 'RegOpenKeyExW'))"))
    assert (ran.status, ran.output.splitlines()[0]) == (0, "False")


@pytest.mark.parametrize(
    ("text", "missing"),
    [
        ("int main(void) { return MessageBoxA(0, 0, 0, 0); }", "the function MessageBoxA"),
        ("int main(void) { SERVICE_STATUS s; return 0; }", "the type SERVICE_STATUS"),
        ("#include <shlwapi.h>\nint main(void) { return 0; }", "the header shlwapi.h"),
        ("int main(void) { return MB_OK; }", "the name MB_OK"),
        ("BOOL Beep(DWORD); int main(void) { return Beep(1); }", "the function Beep"),
        ("int helper(void) { return 0; }", "none of main, wmain, WinMain and wWinMain"),
        ("int main(void) { return 0 }", "cannot compile it"),
    ],
)
def test_what_a_c_program_lacks_is_named(tmp_path: Path, text: str, missing: str) -> None:
    ran = run(c(tmp_path, text))
    assert ran.status == 2
    assert missing in ran.errors, ran.errors


@pytest.mark.parametrize(
    ("name", "variable", "language"), [("program.c", "CC", "C"), ("program.cpp", "CXX", "C++")]
)
def test_no_compiler(tmp_path: Path, name: str, variable: str, language: str) -> None:
    path = tmp_path / name
    path.write_text("int main(void) { return 0; }\n", encoding="utf-8")
    ran = run(path, **{variable: "no-such-compiler -O2"})
    assert ran.status == 2
    assert f"no {language} compiler was found (tried no-such-compiler)" in ran.errors
    assert f"set {variable}" in ran.errors
    assert "Traceback" not in ran.errors


@pytest.mark.parametrize("name", ["program.hpp", "program.cpp.txt", "absent.py", "absent.cpp"])
def test_files_that_are_no_programs(tmp_path: Path, name: str) -> None:
    if name.startswith("program"):
        (tmp_path / name).write_text("int main() {}\n", encoding="utf-8")
    ran = run(tmp_path / name)
    assert (ran.status, "Traceback" in ran.errors) == (2, False)
    assert name in ran.errors


@pytest.mark.parametrize("number", ["0", "-1", "all"])
def test_wrong_numbers_of_calls(tmp_path: Path, number: str) -> None:
    ran = run(f"--fail={number}", python(tmp_path, ""))
    assert ran.status == 2
    assert "neither a number from 1 nor `each`" in ran.errors


def test_a_cipher_without_its_package_is_named(tmp_path: Path) -> None:
    package = tmp_path / "cryptography"
    package.mkdir()
    (package / "__init__.py").write_text("raise ImportError('not here')\n", encoding="utf-8")
    text = "prov, key, size = open_context(), ctypes.c_void_p(), ctypes.c_ulong(1)\n"
    text += "advapi32.CryptGenKey(prov, 0x6610, 0, byref(key))\n"
    text += "data = ctypes.create_string_buffer(32)\n"
    text += "advapi32.CryptEncrypt(key, None, 1, 0, data, byref(size), 32)\n"
    ran = run(python(tmp_path, text))
    assert ran.status == 2
    assert "-m pip install cryptography" in ran.errors, ran.errors


def test_a_crash_costs_no_findings(tmp_path: Path) -> None:
    text = "prov = open_context()\nfor _ in range(2): advapi32.CryptReleaseContext(prov, 0)\n"
    ran = run(python(tmp_path, text + "ctypes.string_at(1)\n"))
    assert ran.status == 2
    assert "CAP202" in ran.output
    assert "crashed" in ran.errors


@pytest.mark.parametrize("name", ["program.c", "program.cpp"])
def test_a_crash_in_c(tmp_path: Path, name: str) -> None:
    ran = run(c(tmp_path, "int main(void) { return *(volatile int *)8; }", name))
    assert ran.status == 2
    assert "crashed" in ran.errors


def test_exit_is_no_leak_in_c(tmp_path: Path) -> None:
    body = "int main(void) { HCRYPTPROV h; open_context(&h); exit(7); }"
    ran = run(c(tmp_path, body))
    assert ran.status == 0, ran.output
    assert "exit status 7" in ran.errors


def test_return_from_main_is_a_leak_in_c(tmp_path: Path) -> None:
    ran = run("--format", "json", c(tmp_path, "int main(void) { HCRYPTPROV h; open_context(&h); }"))
    (finding,) = ran.findings
    assert (ran.status, finding["code"], finding["function"]) == (1, "CAP101", "open_context")
    assert (finding["line"], finding["column"], finding["handle"]) == (6, 12, "phProv")


def test_exit_in_the_middle_is_no_leak_in_python(tmp_path: Path) -> None:
    ran = run(python(tmp_path, "def main():\n    prov = open_context()\n    sys.exit(3)\nmain()\n"))
    assert (ran.status, ran.output) == (0, "No findings in 1 file.\n")
    assert "exit status 3" in ran.errors


def test_a_function_that_returned_before_the_exit_leaks(tmp_path: Path) -> None:
    text = "def main():\n    prov = open_context()\n    return 3\nsys.exit(main())\n"
    ran = run(python(tmp_path, text))
    assert ran.status == 1
    assert "when `main` returns at line 12" in ran.output


@pytest.mark.parametrize(
    "keeping",
    [
        "kept = open_context()",
        "kept = []\ndef fill(): kept.append(open_context())\nfill()",
        "class S: pass\ns = S()\ndef fill(): s.prov = open_context().value\nfill()",
        "def maker():\n    prov = open_context()\n    return lambda: prov\nkept = maker()",
    ],
)
def test_what_a_global_holds_is_no_leak(tmp_path: Path, keeping: str) -> None:
    ran = run(python(tmp_path, keeping + "\n"))
    assert ran.status == 0, ran.output


AT_EXIT = """\
import atexit
prov = open_context()
atexit.register(lambda: advapi32.CryptReleaseContext(prov, 0))
"""
DESTRUCTOR = """\
class Owner:
    def __init__(self):
        self.prov = open_context()
    def __del__(self):
        advapi32.CryptReleaseContext(self.prov, 0)
def main():
    owner = Owner()
main()
owner = Owner()
"""


@pytest.mark.parametrize("cleaning", [AT_EXIT, DESTRUCTOR], ids=["atexit", "destructor"])
def test_late_cleanup_counts(tmp_path: Path, cleaning: str) -> None:
    ran = run(python(tmp_path, cleaning))
    assert ran.status == 0, ran.output


def test_a_loop_that_leaks_is_one_finding(tmp_path: Path) -> None:
    text = "def main():\n    for _ in range(5):\n        open_context()\nmain()\n"
    ran = run("--format", "json", python(tmp_path, text))
    assert [(each["code"], each["line"]) for each in ran.findings] == [("CAP101", 7)]


def test_a_program_may_change_the_folder(tmp_path: Path) -> None:
    path = python(tmp_path, "import os\nos.chdir('/')\ndef main():\n    open_context()\nmain()\n")
    (finding,) = run("--format", "json", path).findings
    assert (finding["path"], finding["handle"]) == (path.as_posix(), "prov")


def test_the_program_gets_its_arguments(tmp_path: Path) -> None:
    script = run(python(tmp_path, "print(sys.argv[1:], __name__)"), "--fail", "two words")
    assert script.output.splitlines()[0] == "['--fail', 'two words'] __main__"
    body = 'int main(int argc, char **argv) { printf("%d %s\\n", argc, argv[2]); return 0; }'
    for write in (c, cpp):
        program = run(write(tmp_path, body), "--fail", "two words")
        assert program.output.splitlines()[0] == "3 two words"


@pytest.mark.parametrize(
    ("head", "result"),
    [
        ("int wmain(int argc, wchar_t **argv)", "argc == 2 && !wcscmp(argv[1], L\"word\")"),
        ("int WINAPI WinMain(HINSTANCE a, HINSTANCE b, LPSTR line, int show)",
         "!strcmp(line, \"word\")"),
    ],
)  # fmt: skip
@pytest.mark.parametrize("name", ["program.c", "program.cpp"])
def test_other_entry_points(tmp_path: Path, name: str, head: str, result: str) -> None:
    ran = run(c(tmp_path, f"{head} {{ return {result} ? 0 : 9; }}", name), "word")
    assert (ran.status, "exit status" in ran.errors) == (0, False)


def test_the_report_is_apart_from_the_programs_output(tmp_path: Path) -> None:
    ran = run("--format", "json", python(tmp_path, "print('my output')"))
    assert ran.findings == []
    assert "my output" in ran.errors


def test_a_seed_makes_runs_alike(tmp_path: Path) -> None:
    text = (
        "prov, data = open_context(), ctypes.create_string_buffer(16)\n"
        "advapi32.CryptGenRandom(prov, 16, data)\nprint(data.raw.hex())\n"
    )
    path = python(tmp_path, text)
    first, second, other = (run("--seed", seed, path).output for seed in ("1", "1", "2"))
    assert first == second != other


def test_a_comment_suppresses(tmp_path: Path) -> None:
    text = "def main():\n    prov = ctypes.c_void_p()\n    advapi32.CryptAcquireContextW("
    text += "byref(prov), None, None, 24, 0xF0000000)  # capilint: ignore[CAP101] lives on\n"
    assert run(python(tmp_path, text + "main()\n")).status == 0
    assert run(python(tmp_path, text.partition("  #")[0] + "\nmain()\n")).status == 1


def test_the_steps_are_stack_traces(tmp_path: Path) -> None:
    text = "def work():\n    open_context()\ndef main():\n    work()\nmain()\n"
    (finding,) = run("--format", "json", python(tmp_path, text)).findings
    created = [step["line"] for step in finding["steps"]][:4]
    assert created == [14, 13, 11, 7]  # <module>, main, work, open_context
    assert finding["function"] == "open_context"


def test_the_help_says_that_it_runs_code() -> None:
    ran = run("--help")
    assert "runs the code it is given" in ran.output


def test_a_child_that_never_started_is_no_clean_run(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(launch, "_child", lambda task, show_output: 1)
    with pytest.raises(launch.RunError, match="could not start"):
        launch.run_once(launch.Program(tmp_path / "program.py", Language.PYTHON), 0, None)
