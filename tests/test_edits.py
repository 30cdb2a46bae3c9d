"""Edits: what they look like in each language, and that those of the fixtures hold.

Of the fixtures with findings every fourth is taken; `EDITS_STRIDE=1` in the environment takes all.
"""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import pytest

from capilint.checking import Report, check
from capilint.config.settings import Settings
from capilint.edits.session import Session
from capilint.files.source import Input
from capilint.finding import Fix
from capilint.language import Language
from tests import mingw
from tests.fixture_format import FIXTURES, fixture_programs, read_fixture

LANGUAGES = {".c": Language.C, ".cpp": Language.CPP, ".py": Language.PYTHON}
STRIDE = int(os.environ.get("EDITS_STRIDE", "8"))
PARTS = 2
C_HEAD = "#include <windows.h>\n#include <wincrypt.h>\n\n"
PY_HEAD = "import ctypes\nfrom ctypes import byref\n\nadvapi32 = ctypes.windll.advapi32\n\n\n"


@dataclass(frozen=True)
class Run:
    """One checked program, with the settings that it was checked with."""

    inputs: tuple[Input, ...]
    settings: Settings
    report: Report

    def session(self) -> Session:
        return Session(self.inputs, lambda _: self.settings, self.report)


def _run(inputs: Sequence[Input], settings: Settings | None = None) -> Run:
    settings = settings or Settings()
    return Run(tuple(inputs), settings, check(inputs, lambda _: settings))


def _mended(text: str, name: str, settings: Settings | None = None) -> str:
    """A file's text with all its findings mended that can be, which is then mended no further."""
    language = LANGUAGES[Path(name).suffix]
    run = _run([Input(name, language, text.encode())], settings)
    assert run.report.findings
    files = run.session().mended().files
    if not files:
        return text
    (file,) = files
    again = _run([Input(name, language, file.new)], settings)
    assert not again.session().mended().files
    return file.new.decode()


def _body(text: str, head: str, tail: str = "") -> str:
    return text.removeprefix(head).removesuffix(tail)


# ---------------------------------------------------------------- C


def _c(before: str, after: str, name: str = "a.c", settings: Settings | None = None) -> None:
    assert _body(_mended(C_HEAD + before, name, settings), C_HEAD) == after


def test_c_return_without_braces_gets_them() -> None:
    _c(
        """\
int f(HCRYPTPROV p, BYTE *b, DWORD *n)
{
    HCRYPTKEY k;
    if (!CryptGenKey(p, CALG_RC4, 0, &k)) return 1;
    if (!CryptEncrypt(k, 0, TRUE, 0, b, n, 64)) return 2;
    CryptDestroyKey(k);
    return 0;
}
""",
        """\
int f(HCRYPTPROV p, BYTE *b, DWORD *n)
{
    HCRYPTKEY k;
    if (!CryptGenKey(p, CALG_RC4, 0, &k)) return 1;
    if (!CryptEncrypt(k, 0, TRUE, 0, b, n, 64)) { CryptDestroyKey(k); return 2; }
    CryptDestroyKey(k);
    return 0;
}
""",
    )


def test_c_braces_stand_where_the_file_has_them() -> None:
    _c(
        """\
int f(HCRYPTPROV p, BYTE *b, DWORD *n)
{
\tHCRYPTKEY k;
\tif (!CryptGenKey(p, CALG_RC4, 0, &k))
\t{
\t\treturn 1;
\t}
\tif (!CryptEncrypt(k, 0, TRUE, 0, b, n, 64)) // it may fail
\t\treturn 2; // here
\tCryptDestroyKey(k);
\treturn 0;
}
""",
        """\
int f(HCRYPTPROV p, BYTE *b, DWORD *n)
{
\tHCRYPTKEY k;
\tif (!CryptGenKey(p, CALG_RC4, 0, &k))
\t{
\t\treturn 1;
\t}
\tif (!CryptEncrypt(k, 0, TRUE, 0, b, n, 64)) // it may fail
\t{
\t\tCryptDestroyKey(k);
\t\treturn 2; // here
\t}
\tCryptDestroyKey(k);
\treturn 0;
}
""",
    )


def test_c_value_is_worked_out_before_the_release() -> None:
    _c(
        """\
DWORD f(HCRYPTPROV p, BYTE *b, DWORD *n)
{
    HCRYPTKEY k;
    if (!CryptGenKey(p, CALG_RC4, 0, &k))
        return 1;
    if (!CryptEncrypt(k, 0, TRUE, 0, b, n, 64))
        return GetLastError();
    CryptDestroyKey(k);
    return 0;
}
""",
        """\
DWORD f(HCRYPTPROV p, BYTE *b, DWORD *n)
{
    HCRYPTKEY k;
    if (!CryptGenKey(p, CALG_RC4, 0, &k))
        return 1;
    if (!CryptEncrypt(k, 0, TRUE, 0, b, n, 64)) {
        DWORD result = GetLastError();
        CryptDestroyKey(k);
        return result;
    }
    CryptDestroyKey(k);
    return 0;
}
""",
    )


def test_c_cleanup_label_ends_the_key_before_its_context() -> None:
    _c(
        """\
BOOL f(BYTE *b, DWORD *n)
{
    HCRYPTPROV p = 0;
    HCRYPTKEY k = 0;
    BOOL ok = FALSE;
    if (!CryptAcquireContext(&p, NULL, NULL, PROV_RSA_FULL, CRYPT_VERIFYCONTEXT))
        goto done;
    if (!CryptGenKey(p, CALG_RC4, 0, &k))
        goto done;
    ok = CryptEncrypt(k, 0, TRUE, 0, b, n, 64);
done:
    if (p)
        CryptReleaseContext(p, 0);
    return ok;
}
""",
        """\
BOOL f(BYTE *b, DWORD *n)
{
    HCRYPTPROV p = 0;
    HCRYPTKEY k = 0;
    BOOL ok = FALSE;
    if (!CryptAcquireContext(&p, NULL, NULL, PROV_RSA_FULL, CRYPT_VERIFYCONTEXT))
        goto done;
    if (!CryptGenKey(p, CALG_RC4, 0, &k))
        goto done;
    ok = CryptEncrypt(k, 0, TRUE, 0, b, n, 64);
done:
    if (k)
        CryptDestroyKey(k);
    if (p)
        CryptReleaseContext(p, 0);
    return ok;
}
""",
    )


def test_c_context_is_released_with_both_arguments_and_after_its_key() -> None:
    _c(
        """\
BOOL f(void)
{
    HCRYPTPROV p;
    HCRYPTKEY k;
    if (!CryptAcquireContext(&p, NULL, NULL, PROV_RSA_FULL, CRYPT_VERIFYCONTEXT))
        return FALSE;
    if (!CryptGenKey(p, CALG_RC4, 0, &k)) {
        CryptReleaseContext(p, 0);
        return FALSE;
    }
    return TRUE;
}
""",
        """\
BOOL f(void)
{
    HCRYPTPROV p;
    HCRYPTKEY k;
    if (!CryptAcquireContext(&p, NULL, NULL, PROV_RSA_FULL, CRYPT_VERIFYCONTEXT))
        return FALSE;
    if (!CryptGenKey(p, CALG_RC4, 0, &k)) {
        CryptReleaseContext(p, 0);
        return FALSE;
    }
    CryptDestroyKey(k);
    CryptReleaseContext(p, 0);
    return TRUE;
}
""",
    )


def test_c_handle_that_others_may_have_is_not_ended() -> None:
    text = C_HEAD + (
        "BOOL f(HCRYPTPROV p, HCRYPTKEY *out)\n{\n    HCRYPTKEY k;\n"
        "    if (!CryptGenKey(p, CALG_RC4, 0, &k))\n        return FALSE;\n"
        "    if (out)\n        *out = k;\n    return TRUE;\n}\n"
    )
    assert _mended(text, "a.c") == text


def test_c_memory_is_not_used_once_it_is_freed() -> None:
    _c(
        """\
#include <stdlib.h>
struct box { HCRYPTKEY k; };
int f(HCRYPTPROV p)
{
    struct box *b = malloc(sizeof *b);
    if (!b)
        return 1;
    if (CryptGenKey(p, CALG_RC4, 0, &b->k)) {
        free(b);
        return 0;
    }
    free(b);
    return 2;
}
""",
        """\
#include <stdlib.h>
struct box { HCRYPTKEY k; };
int f(HCRYPTPROV p)
{
    struct box *b = malloc(sizeof *b);
    if (!b)
        return 1;
    if (CryptGenKey(p, CALG_RC4, 0, &b->k)) {
        CryptDestroyKey(b->k);
        free(b);
        return 0;
    }
    free(b);
    return 2;
}
""",
    )


def test_cpp_error_code_is_read_before_the_release() -> None:
    _c(
        """\
struct Error { Error(DWORD); };
void f(HCRYPTPROV p, BYTE *b, DWORD *n)
{
    HCRYPTKEY k;
    if (!CryptGenKey(p, CALG_RC4, 0, &k))
        throw Error(GetLastError());
    if (!CryptEncrypt(k, 0, TRUE, 0, b, n, 64))
        throw Error(GetLastError());
    CryptDestroyKey(k);
}
""",
        """\
struct Error { Error(DWORD); };
void f(HCRYPTPROV p, BYTE *b, DWORD *n)
{
    HCRYPTKEY k;
    if (!CryptGenKey(p, CALG_RC4, 0, &k))
        throw Error(GetLastError());
    if (!CryptEncrypt(k, 0, TRUE, 0, b, n, 64)) {
        DWORD error = GetLastError();
        CryptDestroyKey(k);
        throw Error(error);
    }
    CryptDestroyKey(k);
}
""",
        "a.cpp",
    )


def test_c_way_out_is_the_label_that_others_jump_to() -> None:
    _c(
        """\
BOOL f(BYTE *b, DWORD *n)
{
    HCRYPTPROV p = 0;
    HCRYPTKEY k = 0;
    BOOL ok = FALSE;
    if (!CryptAcquireContext(&p, NULL, NULL, PROV_RSA_FULL, CRYPT_VERIFYCONTEXT))
        goto done;
    if (!CryptGenKey(p, CALG_RC4, 0, &k))
        goto done;
    if (!CryptEncrypt(k, 0, TRUE, 0, b, n, 64)) {
        CryptReleaseContext(p, 0);
        return FALSE;
    }
    ok = TRUE;
done:
    if (k)
        CryptDestroyKey(k);
    if (p)
        CryptReleaseContext(p, 0);
    return ok;
}
""",
        """\
BOOL f(BYTE *b, DWORD *n)
{
    HCRYPTPROV p = 0;
    HCRYPTKEY k = 0;
    BOOL ok = FALSE;
    if (!CryptAcquireContext(&p, NULL, NULL, PROV_RSA_FULL, CRYPT_VERIFYCONTEXT))
        goto done;
    if (!CryptGenKey(p, CALG_RC4, 0, &k))
        goto done;
    if (!CryptEncrypt(k, 0, TRUE, 0, b, n, 64)) {
        ok = FALSE;
        goto done;
    }
    ok = TRUE;
done:
    if (k)
        CryptDestroyKey(k);
    if (p)
        CryptReleaseContext(p, 0);
    return ok;
}
""",
    )


def test_c_label_that_frees_what_is_freed_by_then_is_no_way_out() -> None:
    _c(
        """\
#include <stdlib.h>
void f(HCRYPTPROV p, BYTE *b, DWORD *n)
{
    HCRYPTKEY k = 0;
    BYTE *copy = malloc(64);
    if (!copy || !CryptGenKey(p, CALG_RC4, 0, &k))
        goto done;
    if (!CryptEncrypt(k, 0, TRUE, 0, b, n, 64)) {
        free(copy);
        if (*n > 64)
            return;
        copy = NULL;
    }
done:
    free(copy);
    if (k)
        CryptDestroyKey(k);
}
""",
        """\
#include <stdlib.h>
void f(HCRYPTPROV p, BYTE *b, DWORD *n)
{
    HCRYPTKEY k = 0;
    BYTE *copy = malloc(64);
    if (!copy || !CryptGenKey(p, CALG_RC4, 0, &k))
        goto done;
    if (!CryptEncrypt(k, 0, TRUE, 0, b, n, 64)) {
        free(copy);
        if (*n > 64) {
            if (k)
                CryptDestroyKey(k);
            return;
        }
        copy = NULL;
    }
done:
    free(copy);
    if (k)
        CryptDestroyKey(k);
}
""",
    )


def test_c_release_hangs_on_the_handle_where_another_test_loses_it() -> None:
    text = """\
BOOL f(HCRYPTPROV p, BYTE *b, DWORD *n)
{{
    HCRYPTKEY k{first};
    BOOL ok;
    ok = CryptGenKey(p, CALG_RC4, 0, &k);
    ok = CryptEncrypt(k, 0, TRUE, 0, b, n, 64);
    if ({tested})
        CryptDestroyKey(k);
    return ok;
}}
"""
    _c(text.format(first=" = 0", tested="ok"), text.format(first=" = 0", tested="k"))


def test_c_release_comes_at_the_end_of_the_branch_that_forgets_it() -> None:
    text = """\
BOOL f(HCRYPTPROV p, BYTE *b, DWORD *n)
{{
    HCRYPTKEY k;
    BOOL ok = FALSE;
    if (CryptGenKey(p, CALG_RC4, 0, &k)) {{
        if (*n <= 64) {{
            ok = CryptEncrypt(k, 0, TRUE, 0, b, n, 64);
            CryptDestroyKey(k);
        }} else {{
            SetLastError(ERROR_MORE_DATA);
{end}        }}
    }}
    return ok;
}}
"""
    _c(text.format(end=""), text.format(end="            CryptDestroyKey(k);\n"))


def test_c_unchecked_creation_leaves_as_the_function_does_elsewhere() -> None:
    _c(
        """\
int f(BCRYPT_ALG_HANDLE alg)
{
    BCRYPT_HASH_HANDLE first, second;
    if (BCryptCreateHash(alg, &first, NULL, 0, NULL, 0, 0) < 0)
        return -1;
    BCryptDuplicateHash(first, &second,
                        NULL, 0, 0);
    BCryptDestroyHash(second);
    BCryptDestroyHash(first);
    return 0;
}
""",
        """\
int f(BCRYPT_ALG_HANDLE alg)
{
    BCRYPT_HASH_HANDLE first, second;
    if (BCryptCreateHash(alg, &first, NULL, 0, NULL, 0, 0) < 0)
        return -1;
    if (BCryptDuplicateHash(first, &second,
                        NULL, 0, 0) < 0) {
        BCryptDestroyHash(first);
        return -1;
    }
    BCryptDestroyHash(second);
    BCryptDestroyHash(first);
    return 0;
}
""",
        settings=Settings(extend_select=("CAP401",)),
    )


def test_cpp_what_dies_last_is_declared_first() -> None:
    _c(
        """\
struct Prov { HCRYPTPROV h = 0; ~Prov() { if (h) CryptReleaseContext(h, 0); } };
struct Key { HCRYPTKEY h = 0; ~Key() { if (h) CryptDestroyKey(h); } };
class Vault {
public:
    bool open(const wchar_t *name)
    {
        return CryptAcquireContextW(&prov.h, name, nullptr, PROV_RSA_FULL, 0) &&
               CryptGetUserKey(prov.h, AT_KEYEXCHANGE, &key.h);
    }

private:
    Key key; // the newest
    int uses = 0;
    Prov prov;
};
""",
        """\
struct Prov { HCRYPTPROV h = 0; ~Prov() { if (h) CryptReleaseContext(h, 0); } };
struct Key { HCRYPTKEY h = 0; ~Key() { if (h) CryptDestroyKey(h); } };
class Vault {
public:
    bool open(const wchar_t *name)
    {
        return CryptAcquireContextW(&prov.h, name, nullptr, PROV_RSA_FULL, 0) &&
               CryptGetUserKey(prov.h, AT_KEYEXCHANGE, &key.h);
    }

private:
    Prov prov;
    Key key; // the newest
    int uses = 0;
};
""",
        "a.cpp",
    )


def test_no_edit_names_what_a_class_of_a_header_may_hide(tmp_path: Path) -> None:
    header = f"""\
{C_HEAD}class Holder {{
public:
    bool open(HCRYPTPROV prov) {{ return CryptGenKey(prov, CALG_RC4, 0, &key_); }}
private:
    void close() {{ CryptDestroyKey(key_); }}
    HCRYPTKEY key_ = 0;
}};
"""
    user = """\
#include "holder.h"
int f(HCRYPTPROV prov)
{
    Holder h;
    return h.open(prov) ? 0 : 1;
}
"""
    paths = [tmp_path / "holder.h", tmp_path / "a.cpp"]
    for path, text in zip(paths, (header, user), strict=True):
        path.write_text(text, encoding="utf-8")
    run = _run([Input(path.as_posix(), Language.CPP) for path in paths])
    found = {each.handle: each.fix for each in run.session().with_fixes().findings}
    assert found["h.key_"] is None


# ---------------------------------------------------------------- Python


def _python(before: str, after: str, settings: Settings | None = None) -> None:
    assert _body(_mended(PY_HEAD + before, "a.py", settings), PY_HEAD) == after


def test_python_release_is_written_as_the_file_calls_its_dll() -> None:
    _python(
        """\
def f(p, data, size):
    key = ctypes.c_void_p()
    if not advapi32.CryptGenKey(p, 0x6610, 0, byref(key)):
        return False
    if not advapi32.CryptEncrypt(key, None, True, 0, data, byref(size), 64): return False
    advapi32.CryptDestroyKey(key)
    return True
""",
        """\
def f(p, data, size):
    key = ctypes.c_void_p()
    if not advapi32.CryptGenKey(p, 0x6610, 0, byref(key)):
        return False
    if not advapi32.CryptEncrypt(key, None, True, 0, data, byref(size), 64):
        advapi32.CryptDestroyKey(key)
        return False
    advapi32.CryptDestroyKey(key)
    return True
""",
    )


def test_python_finally_takes_over_from_the_release_and_strings_keep_their_lines() -> None:
    _python(
        '''\
def f(p, data, size):
    key = ctypes.c_void_p()
    if not advapi32.CryptGenKey(p, 0x6610, 0, byref(key)):
        raise OSError
    if not advapi32.CryptEncrypt(key, None, True, 0, data, byref(size), 64):
        raise OSError("""not
encrypted""")

    # done
    advapi32.CryptDestroyKey(key)
''',
        '''\
def f(p, data, size):
    key = ctypes.c_void_p()
    if not advapi32.CryptGenKey(p, 0x6610, 0, byref(key)):
        raise OSError
    try:
        if not advapi32.CryptEncrypt(key, None, True, 0, data, byref(size), 64):
            raise OSError("""not
encrypted""")

        # done
    finally:
        advapi32.CryptDestroyKey(key)
''',
    )


def test_python_constructor_keeps_the_key_of_an_object_that_is_made() -> None:
    _python(
        """\
class Cipher:
    def __init__(self, p, iv):
        self.key = ctypes.c_void_p()
        if not advapi32.CryptGenKey(p, 0x6610, 0, byref(self.key)):
            raise OSError
        if not advapi32.CryptSetKeyParam(self.key, 1, iv, 0):
            raise OSError

    def close(self):
        advapi32.CryptDestroyKey(self.key)
""",
        """\
class Cipher:
    def __init__(self, p, iv):
        self.key = ctypes.c_void_p()
        if not advapi32.CryptGenKey(p, 0x6610, 0, byref(self.key)):
            raise OSError
        if not advapi32.CryptSetKeyParam(self.key, 1, iv, 0):
            advapi32.CryptDestroyKey(self.key)
            raise OSError

    def close(self):
        advapi32.CryptDestroyKey(self.key)
""",
    )


MANAGERS = {
    "class": """\
class Closing:
    def __init__(self, handle):
        self.handle = handle

    def __enter__(self):
        return self.handle

    def __exit__(self, *about):
        advapi32.CryptDestroyKey(self.handle)
""",
    "generator": """\
import contextlib


@contextlib.contextmanager
def Closing(handle):
    try:
        yield handle
    finally:
        advapi32.CryptDestroyKey(handle)
""",
}


@pytest.mark.parametrize("manager", MANAGERS)
def test_python_context_manager_of_the_file_is_used(manager: str) -> None:
    _python(
        f"""\
{MANAGERS[manager]}

def f(p, data, size):
    key = ctypes.c_void_p()
    if not advapi32.CryptGenKey(p, 0x6610, 0, byref(key)):
        raise OSError
    if not advapi32.CryptEncrypt(key, None, True, 0, data, byref(size), 64):
        raise OSError
    advapi32.CryptDestroyKey(key)
""",
        f"""\
{MANAGERS[manager]}

def f(p, data, size):
    key = ctypes.c_void_p()
    if not advapi32.CryptGenKey(p, 0x6610, 0, byref(key)):
        raise OSError
    with Closing(key):
        if not advapi32.CryptEncrypt(key, None, True, 0, data, byref(size), 64):
            raise OSError
""",
    )


def test_python_context_manager_of_another_kind_of_handle_is_not_used() -> None:
    other = MANAGERS["class"].replace(
        "CryptDestroyKey(self.handle)", "CryptDestroyHash(self.handle)"
    )
    before = f"""\
{other}

def f(p, data, size):
    key = ctypes.c_void_p()
    if not advapi32.CryptGenKey(p, 0x6610, 0, byref(key)):
        raise OSError
    if not advapi32.CryptEncrypt(key, None, True, 0, data, byref(size), 64):
        raise OSError
    advapi32.CryptDestroyKey(key)
"""
    assert "Closing(key)" not in _mended(PY_HEAD + before, "a.py")


def test_python_unchecked_creation_raises_as_the_file_does_elsewhere() -> None:
    _python(
        """\
def f():
    p, key = ctypes.c_void_p(), ctypes.c_void_p()
    if not advapi32.CryptAcquireContextW(byref(p), None, None, 24, 0xF0000000):
        raise ctypes.WinError(descr="CryptAcquireContextW")
    try:
        advapi32.CryptGenKey(p, 0x6610, 0, byref(key))
        advapi32.CryptDestroyKey(key)
    finally:
        advapi32.CryptReleaseContext(p, 0)
""",
        """\
def f():
    p, key = ctypes.c_void_p(), ctypes.c_void_p()
    if not advapi32.CryptAcquireContextW(byref(p), None, None, 24, 0xF0000000):
        raise ctypes.WinError(descr="CryptAcquireContextW")
    try:
        if not advapi32.CryptGenKey(p, 0x6610, 0, byref(key)):
            raise ctypes.WinError(descr="CryptGenKey")
        advapi32.CryptDestroyKey(key)
    finally:
        advapi32.CryptReleaseContext(p, 0)
""",
        Settings(extend_select=("CAP401",)),
    )


# ---------------------------------------------------------------- what is told of an edit


def _told(text: str, name: str) -> list[str]:
    run = _run([Input(name, LANGUAGES[Path(name).suffix], text.encode())])
    return [each.fix.title for each in run.session().with_fixes().findings if each.fix]


def test_what_is_told_of_an_edit_in_c_is_what_it_does() -> None:
    body = """\
int f(HCRYPTPROV p, BYTE *b, DWORD *n, int z)
{
    HCRYPTKEY k = 0;
    if (!CryptGenKey(p, CALG_RC4, 0, &k)) return 1;
    if (z > 3) return 2;
    if (z > 2)
        return 3;
    CryptDestroyKey(k);
    return 0;
}
int g(HCRYPTPROV p, BYTE *b, DWORD *n)
{
    HCRYPTKEY k = 0;
    if (!CryptGenKey(p, CALG_RC4, 0, &k)) return 1;
    return CryptEncrypt(k, 0, TRUE, 0, b, n, 64);
}
void h(HCRYPTPROV p, int z)
{
    HCRYPTKEY k = 0;
    if (z > 3)
        CryptGenKey(p, CALG_RC4, 0, &k);
}
void i(HCRYPTPROV p, int z) { HCRYPTKEY k; CryptGenKey(p, CALG_RC4, 0, &k); }
"""
    assert _told(C_HEAD + body, "a.c") == [
        "; ".join(
            [
                "call CryptDestroyKey(k) before `return 2` in line 8",
                "call CryptDestroyKey(k) before line 10",
            ]
        ),
        "call CryptDestroyKey(k) once line 18 has worked out what it returns",
        "call CryptDestroyKey(k) before line 25 where k is not 0",
        "call CryptDestroyKey(k) before the `}` in line 26",
    ]


def test_what_is_told_of_an_edit_in_python_is_what_it_does() -> None:
    body = """\
def f(p, z):
    k = ctypes.c_void_p()
    if not advapi32.CryptGenKey(p, 1, 0, byref(k)):
        return 1
    if z > 3: return 2
    advapi32.CryptDestroyKey(k)
    return 0


def g(p, b, n):
    k = ctypes.c_void_p()
    if not advapi32.CryptGenKey(p, 1, 0, byref(k)):
        return 1
    return advapi32.CryptEncrypt(k, None, True, 0, b, n, 64)


def h(p, z):
    k = ctypes.c_void_p()
    if not advapi32.CryptGenKey(p, 1, 0, byref(k)):
        return
    print("made",
          z)
"""
    assert _told(PY_HEAD + body, "a.py") == [
        "call advapi32.CryptDestroyKey(k) before `return 2` in line 11",
        "call advapi32.CryptDestroyKey(k) once line 20 has worked out what it returns",
        "call advapi32.CryptDestroyKey(k) after line 28",
    ]


def test_a_turn_of_a_loop_that_is_cut_short_ends_its_key_first() -> None:
    _python(
        """\
def f(p, names):
    while names:
        key = ctypes.c_void_p()
        if not advapi32.CryptGenKey(p, 0x6610, 0, byref(key)):
            continue
        if names.pop() is None:
            continue
        advapi32.CryptDestroyKey(key)
""",
        """\
def f(p, names):
    while names:
        key = ctypes.c_void_p()
        if not advapi32.CryptGenKey(p, 0x6610, 0, byref(key)):
            continue
        if names.pop() is None:
            advapi32.CryptDestroyKey(key)
            continue
        advapi32.CryptDestroyKey(key)
""",
    )
    _c(
        """\
void f(HCRYPTPROV p, int n)
{
    HCRYPTKEY k = 0;
    while (n-- > 0) {
        if (!CryptGenKey(p, CALG_RC4, 0, &k))
            continue;
        if (n == 7)
            continue;
        CryptDestroyKey(k);
    }
}
""",
        """\
void f(HCRYPTPROV p, int n)
{
    HCRYPTKEY k = 0;
    while (n-- > 0) {
        if (!CryptGenKey(p, CALG_RC4, 0, &k))
            continue;
        if (n == 7) {
            CryptDestroyKey(k);
            continue;
        }
        CryptDestroyKey(k);
    }
}
""",
    )


# ---------------------------------------------------------------- the fixtures


def _sample(language: str, part: int) -> Iterator[Run]:
    """Some of the fixtures with findings, in several parts for the parallel runs."""
    programs = [
        (program, fixture)
        for program in fixture_programs(FIXTURES / language)
        for fixture in [read_fixture(program)]
        if fixture.expected and "bounds" not in program[0].parts  # slow, to see that they end
    ]
    for program, fixture in programs[part * STRIDE // PARTS :: STRIDE]:
        suffixes = {".cpp": Language.CPP, ".hpp": Language.CPP, ".py": Language.PYTHON}
        default = Language.CPP if language == "cpp" else Language.C
        inputs = [
            Input(path.as_posix(), suffixes.get(path.suffix, default), path.read_bytes())
            for path in program
        ]
        yield _run(inputs, Settings(extend_select=fixture.selected))


def _kinds(report: Report) -> Counter[tuple[str, str, str, str]]:
    return Counter(
        (each.path, each.code, each.function, each.handle)
        for each in report.findings
        if each.resource
    )


@pytest.mark.parametrize("part", range(PARTS))
@pytest.mark.parametrize(
    ("language", "share", "least"), [("c", 0.7, 50), ("cpp", 0.5, 25), ("python", 0.7, 35)]
)
def test_edits_of_the_fixtures_hold(
    language: str, share: float, least: int, part: int, tmp_path: Path
) -> None:
    """In all parts together more than 200 edits are applied."""
    total = found = 0
    edited: list[Path] = []
    for run in _sample(language, part):
        before = _kinds(run.report)
        total += before.total()
        for finding in run.session().with_fixes().findings:
            if finding.fix is None:
                continue
            found += 1
            texts = {item.path: item.data.decode() for item in run.inputs if item.data}
            changed = {path: _applied(path, text, finding.fix) for path, text in texts.items()}
            after = check(
                [item._replace(data=changed[item.path].encode()) for item in run.inputs],
                lambda _, run=run: run.settings,  # type: ignore[misc]
            )
            kind = (finding.path, finding.code, finding.function, finding.handle)
            told = f"{finding.path}:{finding.span.line}: {finding.fix.title}"
            assert _kinds(after)[kind] < before[kind], told
            assert not _kinds(after) - before, told
            edited += _written(changed, tmp_path / str(found))
    assert found >= max(share * total, least), f"{found} of {total}"
    if language != "python":
        _compiled(mingw.CPP if language == "cpp" else mingw.C, edited, tmp_path)


def test_what_telling_costs_counts_for_edits_that_nobody_asked_for() -> None:
    """The same text twice as to its length; in one of them each handle leaks."""

    def fixed(ended: int) -> int:
        names = [f"k{number}" for number in range(70)]
        made = "".join(f"HCRYPTKEY {name}; CryptGenKey(p, 1, 0, &{name});\n" for name in names)
        ends = [f"CryptDestroyKey({name});\n" for name in names]
        body = (
            made + "".join(ends[:ended]) + "".join(f"/* {each[:-1]} */\n" for each in ends[ended:])
        )
        text = f"void f(HCRYPTPROV p)\n{{\n{body}}}\n"
        run = _run([Input("a.c", LANGUAGES[".c"], text.encode())])
        session = Session(run.inputs, lambda _: run.settings, run.report, most_work=11_000)
        return sum(each.fix is not None for each in session.with_fixes().findings)

    assert fixed(ended=69) == 1
    assert fixed(ended=0) == 0


@pytest.mark.parametrize("language", ["c", "cpp", "python"])
def test_mended_fixtures_are_mended_no_further(language: str) -> None:
    for number, run in enumerate(_sample(language, 0)):
        if number % 5:
            continue
        files = {each.path: each.new for each in run.session().mended().files}
        inputs = [item._replace(data=files.get(item.path, item.data)) for item in run.inputs]
        assert not _run(inputs, run.settings).session().mended().files, run.inputs[0].path


def _written(texts: Mapping[str, str], folder: Path) -> list[Path]:
    """The files of a program in a folder, without those that compile on Windows only."""
    paths = []
    for name, text in texts.items():
        path = folder / Path(name).relative_to(FIXTURES)
        if path.relative_to(folder).parts[1] in mingw.EXCLUDED:
            return []
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8", newline="")
        paths.append(path)
    return [path for path in paths if path.suffix in (".c", ".cpp")]


def _compiled(dialect: mingw.Dialect, files: Sequence[Path], folder: Path) -> None:
    lacking = mingw.lacking(dialect)
    if lacking:
        pytest.skip(f"the edits hold; they are not compiled: {lacking}")
    complaints = mingw.Compiler(dialect, folder).complaints(files)
    assert not complaints, complaints


def _applied(path: str, text: str, fix: Fix) -> str:
    """A text with a fix, by the words of the JSON report: whole lines for others."""
    lines = text.split("\n")
    for change in sorted(fix.changes, key=lambda each: -each.line):
        if change.path == path:
            lines[change.line - 1 : change.end_line - 1] = change.text.split("\n")[:-1]
    return "\n".join(lines)
