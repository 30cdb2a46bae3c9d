"""The program of a run grows: by files that use what it shows, and that define what it calls."""

from __future__ import annotations

from pathlib import Path

import pytest

from capilint.checking import Report, check
from capilint.config.settings import Settings
from capilint.files.discover import discover
from capilint.files.source import Input
from capilint.finding import Finding
from capilint.language import Language

C_LIBRARY = """
BOOL session_key(HCRYPTPROV prov, HCRYPTKEY *key) { return CryptGenKey(prov, 1, 0, key); }
BOOL session_use(HCRYPTKEY key) { return CryptGetKeyParam(key, 1, 0, 0, 0); }
BOOL session_end(HCRYPTKEY key) { return CryptDestroyKey(key); }
"""
C_USER = """
BOOL work(HCRYPTPROV prov)
{
    HCRYPTKEY key;
    if (!session_key(prov, &key))
        return FALSE;
    if (!session_use(key))
        return FALSE;
    return session_end(key);
}
"""
PY_LIBRARY = """
from ctypes import byref, c_void_p, windll

def session_key(prov):
    key = c_void_p()
    if not windll.advapi32.CryptGenKey(prov, 1, 0, byref(key)):
        raise OSError
    return key

def session_end(key):
    windll.advapi32.CryptDestroyKey(key)

class Session:
    def __init__(self, prov):
        self.key = session_key(prov)

    def close(self):
        session_end(self.key)
"""
PY_USER = """
from lib import session_end, session_key

def work(prov):
    key = session_key(prov)
    session_end(key)
    session_end(key)
"""


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


def checked(files: dict[str, str], *paths: str) -> Report:
    for name, text in files.items():
        Path(name).parent.mkdir(parents=True, exist_ok=True)
        Path(name).write_text(text, encoding="utf-8")
    found = discover(paths or ["."])
    return check(found.inputs, lambda _: Settings(), found.unreadable)


def told(report: Report) -> list[str]:
    assert not report.unreadable
    return [f"{each.path}:{each.span.line} {each.code}" for each in report.findings]


def test_a_user_of_wrappers_names_no_function_of_the_api(folder: Path) -> None:
    report = checked({"app.c": C_USER, "lib.c": C_LIBRARY, "other.c": "int main(void) {}"})
    assert told(report) == ["app.c:5 CAP101"]
    assert (report.seen, report.analysed) == (3, 2)


def test_wrappers_of_wrappers(folder: Path) -> None:
    middle = """
BOOL open_it(HCRYPTPROV prov, HCRYPTKEY *key) { return session_key(prov, key); }
BOOL use_it(HCRYPTKEY key) { return session_use(key); }
BOOL close_it(HCRYPTKEY key) { return session_end(key); }
"""
    user = C_USER.replace("session_key", "open_it").replace("session_use", "use_it")
    files = {"lib.c": C_LIBRARY, "middle.c": middle, "user.c": user.replace("session_end", "x")}
    assert told(checked(files)) == ["user.c:5 CAP101"]


def test_what_defines_a_helper_is_read(folder: Path) -> None:
    user = """
BOOL work(HCRYPTPROV prov)
{
    HCRYPTKEY key;
    if (!CryptGenKey(prov, 1, 0, &key))
        fail("no key");
    if (!CryptGetKeyParam(key, 1, 0, 0, 0))
        fail("no parameter");
    return CryptDestroyKey(key);
}
"""
    assert told(checked({"user.c": user})) == []
    assert told(checked({"helper.c": "void fail(char *text)\n{\n    log_it(text);\n}\n"})) != []
    assert told(checked({"helper.c": "void fail(char *text)\n{\n    exit(1);\n}\n"})) == []


def test_a_helper_may_stand_behind_others_in_cpp(folder: Path) -> None:
    user = """
BOOL work(HCRYPTPROV prov)
{
    HCRYPTKEY key;
    if (!CryptGenKey(prov, 1, 0, &key))
        fail("no key");
    if (!CryptGetKeyParam(key, 1, 0, 0, 0))
        fail("no parameter");
    return CryptDestroyKey(key);
}
"""
    before = "int other(int n)\n{\n    return n + 1;\n}\n"
    logs = before + "void fail(const char *text)\n{\n    log_it(text);\n}\n"
    assert told(checked({"user.cpp": user, "helper.cpp": logs})) != []
    ends = before + "void fail(const char *text)\n{\n    exit(1);\n}\n"
    assert told(checked({"user.cpp": user, "helper.cpp": ends})) == []


def test_a_static_function_of_the_name_is_meant_in_its_own_file(folder: Path) -> None:
    other = "static BOOL session_key(int *p, int *q)\n{\n    return p == q;\n}\n"
    report = checked({"lib.c": C_LIBRARY, "other.c": other + "int f() { session_key(0, 0); }"})
    assert (told(report), report.analysed) == ([], 1)


def test_a_name_that_another_file_defines_too_is_nobodys(folder: Path) -> None:
    other = "BOOL session_key(int *p, int *q)\n{\n    return p == q;\n}\n"
    files = {"lib.c": C_LIBRARY, "other.c": other, "user.c": C_USER}
    assert told(checked(files)) == []


def test_of_the_many_files_that_define_a_name_few_are_read(folder: Path) -> None:
    other = "BOOL session_key(int *p, int *q)\n{\n    return p == q;\n}\n"
    others = {f"other/lib_{number}.c": other for number in range(50)}
    report = checked({"lib.c": C_LIBRARY, "user.c": C_USER, **others})
    assert (told(report), report.seen) == ([], 52)
    assert report.analysed < 20


@pytest.mark.parametrize("text", ["int session_key;", "/* session_key */", "int my_session_key();"])
def test_a_name_that_is_not_called_concerns_nobody(folder: Path, text: str) -> None:
    assert checked({"lib.c": C_LIBRARY, "other.c": text}).analysed == 1


def test_a_helper_of_a_file_is_read_once_more_when_more_of_the_file_matters(folder: Path) -> None:
    helper = "void fail(char *text)\n{\n    exit(1);\n}\n" + C_USER
    library = C_LIBRARY + "void f(HCRYPTPROV p)\n{\n    HCRYPTKEY k;\n    fail(p);\n}\n"
    assert told(checked({"helper.c": helper, "lib.c": library})) == ["helper.c:9 CAP101"]


# ---------------------------------------------------------------- Python


@pytest.mark.parametrize(
    "user",
    [
        PY_USER,
        PY_USER.replace("from lib import session_end, session_key", "import lib").replace(
            "session_", "lib.session_"
        ),
        PY_USER.replace("from lib import", "from lib import session_key as k,").replace(
            "= session_key", "= k"
        ),
    ],
    ids=["names", "the module", "other names"],
)
def test_a_python_user_of_wrappers(folder: Path, user: str) -> None:
    report = checked({"lib.py": PY_LIBRARY, "app.py": user, "unrelated.py": "def work(): pass\n"})
    assert told(report) == ["app.py:7 CAP202"]
    assert (report.seen, report.analysed) == (3, 2)


def test_names_through_a_package(folder: Path) -> None:
    files = {
        "pkg/__init__.py": "from .lib import session_end, session_key\n",
        "pkg/lib.py": PY_LIBRARY,
        "app.py": PY_USER.replace("from lib", "from pkg"),
        "pkg/near.py": PY_USER.replace("from lib", "from ."),
    }
    assert told(checked(files)) == ["app.py:7 CAP202", "pkg/near.py:7 CAP202"]


def test_a_class_that_owns_a_handle(folder: Path) -> None:
    user = (
        "from lib import Session\n\ndef f(p):\n    s = Session(p)\n    s.close()\n    s.close()\n"
    )
    assert told(checked({"lib.py": PY_LIBRARY, "app.py": user})) == ["app.py:6 CAP202"]


def test_a_python_helper_that_raises(folder: Path) -> None:
    user = """
from ctypes import byref, c_void_p, windll
from errors import failed

def work(prov):
    key = c_void_p()
    if not windll.advapi32.CryptGenKey(prov, 1, 0, byref(key)):
        raise OSError
    if not windll.advapi32.CryptGetKeyParam(key, 1, None, None, 0):
        failed("no parameter")
    windll.advapi32.CryptDestroyKey(key)
"""
    files = {"app.py": user, "errors.py": "def failed(text):\n    raise OSError(text)\n"}
    assert told(checked(files)) == ["app.py:7 CAP102"]


def test_the_same_name_in_another_module(folder: Path) -> None:
    files = {
        "lib.py": PY_LIBRARY,
        "strings.py": "def session_key(text): return text\n",
        "app.py": PY_USER.replace("from lib", "from strings"),
    }
    assert told(checked(files)) == []


# ---------------------------------------------------------------- files beside a named one


def test_a_named_file_is_checked_with_the_modules_beside_it(folder: Path) -> None:
    library = PY_LIBRARY + "\ndef wrong(key):\n    session_end(key)\n    session_end(key)\n"
    report = checked({"lib.py": library, "app.py": PY_USER}, "app.py")
    assert told(report) == ["app.py:7 CAP202"]
    assert (report.seen, report.analysed) == (1, 1)


def test_a_module_beside_it_that_only_passes_wrappers_on(folder: Path) -> None:
    middle = "import lib\n\ndef session_end(key):\n    lib.session_end(key)\n"
    user = PY_USER.replace(
        "from lib import session_end,", "from middle import session_end\nfrom lib import"
    )
    files = {"lib.py": PY_LIBRARY, "middle.py": middle, "app.py": user}
    assert told(checked(files, "app.py")) == ["app.py:8 CAP202"]


def test_a_module_beside_it_that_cannot_be_read_costs_nothing(folder: Path) -> None:
    Path("broken.py").write_bytes(b"# coding: no-such-encoding\nCryptGenKey()")
    user = PY_USER.replace("from lib", "import broken\nfrom lib")
    assert told(checked({"lib.py": PY_LIBRARY, "app.py": user}, "app.py")) == ["app.py:8 CAP202"]


def test_a_named_c_file_is_checked_with_its_headers(folder: Path) -> None:
    header = "#define make(prov, key) CryptGenKey(prov, 1, 0, key)\n"
    wrong = "static void wrong(HCRYPTKEY k) { CryptDestroyKey(k); CryptDestroyKey(k); }\n"
    user = '#include "inner/keys.h"\nBOOL f(HCRYPTPROV p) { HCRYPTKEY k; return make(p, &k); }\n'
    files = {"inner/keys.h": '#include "more.h"\n', "inner/more.h": header + wrong, "user.c": user}
    report = checked(files, "user.c")
    assert told(report) == ["user.c:2 CAP101"]
    assert (report.seen, report.analysed) == (1, 1)


def test_inline_functions_of_a_header_are_reported_in_it_once(folder: Path) -> None:
    inline = """
static __inline BOOL make(HCRYPTPROV prov, HCRYPTKEY *key)
{
    HCRYPTHASH hash;
    CryptCreateHash(prov, 1, 0, 0, &hash);
    return CryptGenKey(prov, 1, 0, key);
}
"""
    body = "(HCRYPTPROV p)\n{\n    HCRYPTKEY k;\n    return make(p, &k);\n}\n"
    user = '#include "keys.h"\nBOOL %s' + body
    files = {"keys.h": inline, "a.c": user % "f", "b.c": user % "g"}
    assert told(checked(files)) == ["a.c:5 CAP101", "b.c:5 CAP101", "keys.h:5 CAP101"]


def test_options_decide_what_a_file_says(folder: Path) -> None:
    user = """
#ifdef KEEP
#define FINISH(key)
#else
#define FINISH(key) CryptDestroyKey(key)
#endif
void f(HCRYPTPROV p) { HCRYPTKEY k; if (CryptGenKey(p, 1, 0, &k)) { FINISH(k); } }
"""
    Path("a.c").write_text(user, encoding="utf-8")
    found = discover(["a.c"]).inputs
    for define, codes in ((("KEEP", "1"), ["CAP101"]), (("KEEP", None), [])):
        report = check(found, lambda _, define=define: Settings(define=(define,)))
        assert [each.code for each in report.findings] == codes


CHAIN = 12  # files, of which the later ones are looked for ahead of the analysis


def test_a_chain_of_c_files_is_followed_to_its_end(folder: Path) -> None:
    files = {"f0.c": "BOOL f0(HCRYPTPROV p, HCRYPTKEY *k) { return CryptGenKey(p, 1, 0, k); }\n"}
    for here in range(1, CHAIN):
        files[f"f{here}.c"] = f"""
static BOOL inner{here}(HCRYPTPROV p, HCRYPTKEY *k)
{{
    return f{here - 1}(p, k);
}}
BOOL f{here}(HCRYPTPROV p, HCRYPTKEY *k)
{{
    return inner{here}(p, k);
}}
BOOL other{here}(int count)
{{
    return count > 0;
}}
"""
    files["user.c"] = f"""
BOOL user(HCRYPTPROV prov)
{{
    HCRYPTKEY key;
    return f{CHAIN - 1}(prov, &key);
}}
"""
    files["others.c"] = f"int others(void) {{ return other{CHAIN - 1}(1); }}\n"
    report = checked(files)
    assert told(report) == ["user.c:5 CAP101"]
    assert report.analysed == CHAIN + 1


def test_a_chain_of_python_modules_is_followed_to_its_end(folder: Path) -> None:
    files = {
        "m0.py": PY_LIBRARY.replace("def session_key", "def f0").partition("def session_end")[0]
    }
    for here in range(1, CHAIN):
        files[f"m{here}.py"] = f"""
from m{here - 1} import f{here - 1}

def inner(prov):
    return f{here - 1}(prov)

def f{here}(prov):
    return inner(prov)

def other{here}(count):
    return count > 0
"""
    last = f"m{CHAIN - 1}"
    files["user.py"] = f"""
from {last} import f{CHAIN - 1}

def user(prov):
    key = f{CHAIN - 1}(prov)
"""
    files["others.py"] = f"import {last}\n\ndef others():\n    return {last}.other{CHAIN - 1}(1)\n"
    report = checked(files)
    assert told(report) == ["user.py:5 CAP101"]
    assert report.analysed == CHAIN + 1


def test_a_path_through_many_calls_tells_of_the_outermost_and_of_the_innermost_call() -> None:
    def found(levels: int) -> Finding:
        text = "int f0(HCRYPTPROV p, HCRYPTKEY *k) { return CryptGenKey(p, 1, 0, k); }\n"
        text += "".join(
            f"int f{n}(HCRYPTPROV p, HCRYPTKEY *k) {{ return f{n - 1}(p, k); }}\n"
            for n in range(1, levels)
        )
        text += f"int use(HCRYPTPROV p) {{ HCRYPTKEY k; return f{levels - 1}(p, &k); }}\n"
        report = check([Input("a.c", Language.C, text.encode())], lambda _: Settings())
        (finding,) = report.findings
        return finding

    short, long = found(20), found(100)
    assert (long.code, long.confirmed) == (short.code, short.confirmed) == ("CAP101", True)
    assert [step.kind for step in short.steps] == [step.kind for step in long.steps]
    assert len(long.trace) < 80
