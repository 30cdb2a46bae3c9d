"""`capilint run` on C++: destructors, exceptions, static objects, and the lines of all that."""

from __future__ import annotations

from pathlib import Path

import pytest

from capilint.execution.run.argument_texts import variables
from capilint.execution.run.cpp_places import plain_name
from tests.test_run_programs import run
from tests.test_run_troubles import cpp

OWNER = """\
#include <stdexcept>
namespace app {
struct Owner {
    HCRYPTPROV prov = 0;
    explicit Owner(HCRYPTPROV given) : prov(given) {}
    ~Owner() { CryptReleaseContext(prov, 0); }
};
}
"""


@pytest.mark.parametrize(
    ("text", "missing"),
    [
        ("int main() { return MessageBoxA(0, 0, 0, 0); }", "MessageBoxA"),
        ("int main() { SERVICE_STATUS s; return 0; }", " SERVICE_STATUS, which"),
        ("SERVICE_STATUS s; int main() { return 0; }", "the type SERVICE_STATUS"),
        ("#include <wil/resource.h>\nint main() { return 0; }", "the header wil/resource.h"),
        ('#include "no such.hpp"\nint main() { return 0; }', "cannot compile it"),
        ("int helper() { return 0; }", "none of main, wmain, WinMain and wWinMain"),
        ("int main() { std::string s; return 0; }", "cannot compile it"),
        ("int main() { __try { return 1; } __finally { } }", "structured exception handling"),
        ("#include <string>\nint main() { __try { return 1; } __except (1) { } }",
         "structured exception handling"),
    ],
)  # fmt: skip
def test_what_a_cpp_program_lacks_is_named(tmp_path: Path, text: str, missing: str) -> None:
    ran = run(cpp(tmp_path, text))
    assert ran.status == 2
    assert missing in ran.errors, ran.errors


def test_the_compiler_may_be_given_options(tmp_path: Path) -> None:
    path = cpp(tmp_path, "int main() { return __cplusplus < 202002L; }")
    assert run(path).errors.endswith("exit status 1\n")
    assert not run(path, CXX="c++ -std=c++20").errors


def test_exit_is_no_leak_in_cpp_and_static_objects_end(tmp_path: Path) -> None:
    text = 'struct End { HCRYPTPROV h; ~End() { CryptReleaseContext(h, 0); puts("ended"); } };\n'
    text += "static End end; int main() { HCRYPTPROV h; open_context(&h); open_context(&end.h);"
    ran = run(cpp(tmp_path, text + " exit(7); }"))
    assert (ran.status, ran.output.splitlines()[0]) == (0, "ended")
    assert "exit status 7" in ran.errors


@pytest.mark.parametrize(
    "keeping",
    [
        (
            "struct End { HCRYPTPROV h; ~End() { CryptReleaseContext(h, 0); } };\n"
            "End end; int main() { open_context(&end.h); }"
        ),
        (
            "struct End { HCRYPTPROV h; End() { open_context(&h); }"
            " ~End() { CryptReleaseContext(h, 0); } };\n"
            "End global; End &local() { static End end; return end; } int main() { local(); }"
        ),
        "static HCRYPTPROV h; int main() { open_context(&h); }",
        (
            "#include <vector>\nstruct S { std::vector<HCRYPTPROV> all; };\n"
            "S *all() { static S *only = new S; return only; }\n"
            "int main() { HCRYPTPROV h; open_context(&h); all()->all.push_back(h); }"
        ),
    ],
)
def test_what_a_static_object_holds_is_no_leak(tmp_path: Path, keeping: str) -> None:
    ran = run(cpp(tmp_path, keeping))
    assert ran.status == 0, ran.output


def test_what_only_the_stack_held_is_a_leak_in_cpp(tmp_path: Path) -> None:
    text = "static HCRYPTPROV kept;\nint main() { HCRYPTPROV h; open_context(&kept);\n"
    ran = run("--format", "json", cpp(tmp_path, text + "open_context(&h); }"))
    assert [(each["code"], each["steps"][0]["line"]) for each in ran.findings] == [("CAP101", 10)]


def test_a_mistake_in_a_destructor_names_its_line_and_who_ended_the_object(tmp_path: Path) -> None:
    text = "int main()\n{\n    HCRYPTPROV h;\n    open_context(&h);\n    app::Owner one(h);\n"
    path = cpp(tmp_path, OWNER + text + "    app::Owner two = one;\n}\n")
    (finding,) = run("--format", "json", path).findings
    assert (finding["code"], finding["line"], finding["column"]) == ("CAP202", 13, 16)
    assert finding["function"] == "Owner::~Owner"
    assert [each["line"] for each in finding["steps"]][-3:] == [22, 13, 13]


def test_a_function_pointer_is_seen_to_release(tmp_path: Path) -> None:
    text = "#include <memory>\nint main()\n{\n    HCRYPTPROV h;\n    open_context(&h);\n"
    text += "    using Release = BOOL (*)(HCRYPTPROV, DWORD);\n    {\n"
    text += "        auto end = [](HCRYPTPROV *h) { Release f = CryptReleaseContext; f(*h, 0); };\n"
    text += "        std::unique_ptr<HCRYPTPROV, decltype(end)> owner(&h, end);\n    }\n"
    text += "    CryptReleaseContext(h, 0);\n}\n"
    (finding,) = run("--format", "json", cpp(tmp_path, text)).findings
    assert (finding["code"], finding["line"], finding["function"]) == ("CAP202", 18, "main")
    released = finding["steps"][-2]
    assert (released["line"], "main::lambda#1" in released["message"]) == (15, True)


def test_methods_may_have_the_names_of_functions(tmp_path: Path) -> None:
    text = "struct Prov { HCRYPTPROV h; BOOL CryptReleaseContext(DWORD flags) {\n"
    text += "    return ::CryptReleaseContext(h, flags); } };\n"
    text += "BOOL CryptReleaseContext(Prov &prov) { return prov.CryptReleaseContext(0); }\n"
    text += "int main() { Prov p; open_context(&p.h); CryptReleaseContext(p);\n"
    text += "return CryptReleaseContext(p); }"
    (finding,) = run("--format", "json", cpp(tmp_path, text)).findings
    assert (finding["code"], finding["line"], finding["column"]) == ("CAP202", 9, 14)
    assert finding["function"] == "Prov::CryptReleaseContext"


@pytest.mark.parametrize(
    ("then", "code", "left"),
    [
        ("throw 1;", "CAP102", 22),
        ("std::string().at(3);", "CAP102", 19),  # by code of no line: the function's first
        ("fails();", "CAP102", 22),
        ("try { fails(); } catch (int) { throw; }", "CAP102", 22),
        ("try { fails(); } catch (...) {}", "CAP101", 0),
        ("CryptReleaseContext(h, 0); throw 1;", "", 0),
        ("app::Owner owner(h); throw 1;", "", 0),
        ("app::Owner owner(h); fails();", "", 0),
        ("kept = h; throw 1;", "", 0),
    ],
)
def test_exceptions_that_leave_a_handle(tmp_path: Path, then: str, code: str, left: int) -> None:
    text = "#include <string>\nstatic HCRYPTPROV kept;\nstatic void fails() { throw 1; }\n"
    text += f"static void work() {{\n    HCRYPTPROV h;\n    open_context(&h);\n    {then}\n}}\n"
    text += "int main() { try { work(); } catch (...) {} }\n"
    found = run("--format", "json", cpp(tmp_path, OWNER + text)).findings
    assert [each["code"] for each in found] == ([code] if code else [])
    if left:
        assert f"`work` is left at line {left}" in found[0]["message"]


def test_an_exception_that_nobody_catches(tmp_path: Path) -> None:
    text = "#include <stdexcept>\nint main() { HCRYPTPROV h; open_context(&h);\n"
    ran = run(cpp(tmp_path, text + 'throw std::runtime_error("not caught"); }'))
    assert (ran.status, "No findings" in ran.output) == (0, True)
    assert "not caught" in ran.errors and "ended by an exception" in ran.errors


def test_a_jump_out_of_functions_leaves_the_stack_right(tmp_path: Path) -> None:
    text = "#include <setjmp.h>\nstatic jmp_buf out; static void away() { longjmp(out, 1); }\n"
    text += "int main() {\n    HCRYPTPROV h;\n    if (!setjmp(out)) away();\n"
    ran = run("--format", "json", cpp(tmp_path, text + "    open_context(&h); }\n"))
    (finding,) = ran.findings
    assert [step["line"] for step in finding["steps"]] == [12, 6]


def test_threads_of_cpp_have_stacks_of_their_own(tmp_path: Path) -> None:
    text = "#include <thread>\nstatic void work() {\n    HCRYPTPROV h;\n    open_context(&h);\n}\n"
    text += "int main() { std::thread a(work), b(work); a.join(); b.join(); }\n"
    (finding,) = run("--format", "json", cpp(tmp_path, text)).findings
    assert [step["line"] for step in finding["steps"]] == [11, 6]


@pytest.mark.parametrize(
    ("demangled", "name"),
    [
        ("main", "main"),
        ("work(app::Provider&, bool)", "work"),
        ("app::Key::Key(unsigned long)", "Key::Key"),
        ("app::(anonymous namespace)::Key::~Key()", "Key::~Key"),
        ("app::Key::operator unsigned long() const", "Key::operator unsigned long"),
        ("app::Key::operator()(int)", "Key::operator()"),
        ("app::Key::operator<(app::Key const&)", "Key::operator<"),
        ("Holder<unsigned long, &(CryptDestroyKey)>::get() const", "Holder::get"),
        ("unsigned long made<app::Holder<int> >(app::Holder<int>)", "made"),
        ("main::{lambda(int)#1}::operator()(int) const", "main::lambda#1::operator()"),
        ("main::$_0::operator()(int) const", "main::lambda#1::operator()"),
        ("Key::load(int)::{lambda()#2}::operator()() const", "Key::load::lambda#2::operator()"),
        ("__static_initialization_and_destruction_0", "<module>"),
    ],
)
def test_names_are_those_that_people_write(demangled: str, name: str) -> None:
    assert plain_name(demangled, ["app"]) == name


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("hProv, CALG_RC4, 0, &hKey)) return;", ("hProv", "CALG_RC4", "", "hKey")),
        ("(HCRYPTKEY *)&hKey", ("hKey",)),
        ("static_cast<HCRYPTPROV>(m_prov), 0", ("m_prov", "")),
        ("reinterpret_cast<BYTE *>(&mode)", ("mode",)),
        ("&this->m_key, &keys[2], &(s->key)", ("m_key", "keys[2]", "s->key")),
        ("key.put(), std::addressof(other), m_key->receive()", ("key", "other", "m_key")),
        ("f(a, b), {1, 2}, g()", ("", "", "")),
        ("app::global", ("app::global",)),
    ],
)
def test_variables_in_arguments(text: str, names: tuple[str, ...]) -> None:
    assert variables(text) == names
