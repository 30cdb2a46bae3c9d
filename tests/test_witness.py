"""The story that a finding tells: exactly the steps that decide its path, in the source's words."""

from __future__ import annotations

from pathlib import Path
from textwrap import dedent

import pytest

from capilint.checking import Report, check
from capilint.config.settings import Settings
from capilint.files.source import Input, Source
from capilint.finding import Finding
from capilint.language import Language
from capilint.report.printable import other_places

FIXTURES = Path(__file__).parent.parent / "fixtures"
C = "#include <windows.h>\n#include <wincrypt.h>\n"
PYTHON = """\
import ctypes
from ctypes import byref, c_void_p
advapi32 = ctypes.WinDLL("advapi32")
"""
MADE = "if (!CryptGenKey(prov, CALG_RC4, 0, &key)) return 0;"


def checked(text: str, language: Language) -> Report:
    item = Input("a", language, text.encode(), named=True)
    return check([item], lambda path: Settings())


def story(finding: Finding, text: str) -> list[str]:
    """The steps, each with its line's text up to the first `//` or `#`."""
    lines = text.split("\n")
    return [f"{lines[step.span.line - 1].strip()} : {step.message}" for step in finding.steps]


def told(body: str, language: Language = Language.C) -> tuple[Finding, list[str]]:
    """The one finding in a text, and its story."""
    head = PYTHON if language is Language.PYTHON else C
    text = head + dedent(body)
    (finding,) = checked(text, language).findings
    return finding, story(finding, text)


def c(parameters: str, *lines: str) -> str:
    return "\n".join([f"int f(HCRYPTPROV prov{parameters}) {{ HCRYPTKEY key;", *lines, "}"])


MADE_HERE = f"{MADE} : key is created here"
ENDED = "digest_end(mac); // expect: CAP301 copy->hash"

IN_C = {
    "what does not matter is left out": (
        c(", int z, int log", "if (log) puts(0);", MADE, "if (log)", "puts(0);", "if (z > 3)",
          "return 1;", "CryptDestroyKey(key);", "return 2;"),
        [MADE_HERE, "if (z > 3) : `z > 3` is true", "return 1; : leaves with key alive"],
    ),
    "what happens to the context of a dead key is left out": (
        c("", MADE, "CryptDestroyKey(key);", "CryptReleaseContext(prov, 0);", "return key;"),
        [MADE_HERE, "CryptDestroyKey(key); : key is destroyed here",
         "return key; : the caller gets the dead handle"],
    ),
    "two ways to one place": (
        c(", int a, int b", MADE, "if (a)", "goto out;", "if (b)", "goto out;",
          "CryptDestroyKey(key);", "out:", "return 1;"),
        [MADE_HERE, "if (a) : `a` is true", "return 1; : leaves with key alive"],
    ),
    "a flag that is set before the key is made": (
        c(", int want", "int kept = 0;", "if (want & 1)", "kept = 1;", MADE,
          "if (!kept) CryptDestroyKey(key);", "return 1;"),
        ["if (want & 1) : `want & 1` is true", MADE_HERE, "return 1; : leaves with key alive"],
    ),
    "each condition of a chain by itself": (
        c(", const char *name", MADE, "if (name && *name == 'x')", "return 1;",
          "CryptDestroyKey(key);", "return 2;"),
        [MADE_HERE, "if (name && *name == 'x') : `name` is true",
         "if (name && *name == 'x') : `*name == 'x'` is true", "return 1; : leaves with key alive"],
    ),
    "the case that fits": (
        c(", int kind", MADE, "switch (kind) {", "case 1:", "case 2:", "CryptDestroyKey(key);",
          "return 1;", "case 3:", "return 2;", "}", "CryptDestroyKey(key);", "return 3;"),
        [MADE_HERE, "case 3: : case `3` fits", "return 2; : leaves with key alive"],
    ),
    "a wrapper that comes back with the key alive": (
        "static void end(HCRYPTKEY key, int keep) { if (keep) return; CryptDestroyKey(key); }\n"
        + c(", int keep", MADE, "end(key, keep);", "return 1;"),
        [MADE_HERE, "end(key, keep); : end returns where `keep` is true, key is still alive",
         "return 1; : leaves with key alive"],
    ),
    "a wrapper whose own call fails before the release": (
        "static BOOL end(HCRYPTKEY key, HCRYPTHASH hash) {\n"
        "if (!CryptDestroyHash(hash)) return FALSE;\nreturn CryptDestroyKey(key); }\n"
        + c(", HCRYPTHASH hash", MADE, "end(key, hash);", "return 1;"),
        [MADE_HERE, ("end(key, hash); : end returns where CryptDestroyHash failed, "
         "key is still alive"), "return 1; : leaves with key alive"],
    ),
    "a wrapper of a wrapper": (
        "static void end(HCRYPTKEY key, int n) { if (n > 3 && n < 9) CryptDestroyKey(key); }\n"
        "static void leave(HCRYPTKEY key, int n) { end(key, n); }\n"
        + c(", int n", MADE, "leave(key, n);", "return 1;"),
        [MADE_HERE, "leave(key, n); : leave returns where `n > 3` is false, key is still alive",
         "return 1; : leaves with key alive"],
    ),
    "a wrapper that tests whether there is a handle": (
        "static void end(HCRYPTKEY *key) { if (*key) CryptDestroyKey(*key); }\n"
        + c("", MADE, "end(&key);", "CryptDestroyKey(key);", "return 1;"),
        [MADE_HERE, "end(&key); : key is destroyed here by end",
         "CryptDestroyKey(key); : key is destroyed again"],
    ),
    "a callee that releases what is too long": (
        "static BOOL use(HCRYPTKEY key, int n) {\n"
        "if (n > 64) { CryptDestroyKey(key); return FALSE; }\nreturn TRUE; }\n"
        + c(", int n", MADE, "use(key, n);", "CryptDestroyKey(key);", "return 1;"),
        [MADE_HERE, "use(key, n); : key is destroyed here by use, where `n > 64` is true",
         "CryptDestroyKey(key); : key is destroyed again"],
    ),
    "a function that says no": (
        "static int good(const char *t) { return t[0] == 'g' && t[1] == 'o'; }\n"
        + c(", const char *t", MADE, "if (!good(t))", "return 1;", "CryptDestroyKey(key);",
            "return 2;"),
        [MADE_HERE, "if (!good(t)) : `good(t)` is false", "return 1; : leaves with key alive"],
    ),
    "a callee that releases only where it fails": (
        "static BOOL make(HCRYPTPROV prov, HCRYPTKEY *key) {\n"
        "if (!CryptGenKey(prov, CALG_RC4, 0, key)) return FALSE;\n"
        "if (CryptSetKeyParam(*key, KP_IV, NULL, 0)) return TRUE;\n"
        "CryptDestroyKey(*key); return FALSE; }\n"
        + c("", "key = 0;", "if (!make(prov, &key)) {", "if (key)", "CryptDestroyKey(key);",
            "return 1; }", "CryptDestroyKey(key);", "return 2;"),
        ["if (!make(prov, &key)) { : key is created here",
         "if (!make(prov, &key)) { : key is destroyed here by make, where CryptSetKeyParam failed",
         "CryptDestroyKey(key); : key is destroyed again"],
    ),
    "a callee that makes it and fails all the same": (
        "static BOOL make(HCRYPTPROV prov, HCRYPTKEY *key) {\n"
        "if (!CryptGenKey(prov, CALG_RC4, 0, key)) return FALSE;\n"
        "return CryptSetKeyParam(*key, KP_IV, NULL, 0); }\n"
        + c("", "key = 0;", "if (!make(prov, &key))", "return 1;",
            "CryptDestroyKey(key);", "return 2;"),
        ["if (!make(prov, &key)) : key is created here by make, where CryptSetKeyParam then fails",
         "return 1; : leaves with key alive"],
    ),
    "a macro that branches by a condition of its own": (
        "#define CHECK(e) do { int r = (e); if (r != 0) goto done; } while (0)\nint other(void);\n"
        + c("", MADE, "CHECK(other());", "CryptDestroyKey(key);", "done: return 1;"),
        [MADE_HERE, "CHECK(other()); : `CHECK(other())`: `r != 0` is true",
         "done: return 1; : leaves with key alive"],
    ),
    "what skips the creation": (
        c(", int z", "if (z)", "goto out;", MADE, "out:", "CryptDestroyKey(key);", "return 1;"),
        ["if (z) : `z` is true", "CryptDestroyKey(key); : key may never have been set"],
    ),
    "what skips the creation, in a place that says the rest": (
        c(", int z, int y", "if (y) {", "if (z)", "goto out;", MADE, "out:",
          "CryptDestroyKey(key);", "}", "return 1;"),
        ["if (z) : `z` is true", "CryptDestroyKey(key); : key may never have been set"],
    ),
    "a further round": (
        c(", int n", "while (n--)", MADE, "CryptDestroyKey(key);", "return 1;").replace(
            "HCRYPTKEY key;", "HCRYPTKEY key = 0;").replace("return 0;", "break;"),
        [f"{MADE.replace('return 0', 'break')} : key is created here",
         "while (n--) : `n--` is true, in the 2nd round",
         f"{MADE.replace('return 0', 'break')} : the last reference to key is gone here"],
    ),
    "the context of the member that its maker knows": (
        (FIXTURES / "c/outlives_owner/copy_outlives_the_context_of_the_first.c").read_text(),
        ["if (digest_begin(mac) && digest_copy(mac, copy)) : copy->hash is created here",
         ENDED + " : mac->prov is released here by digest_end, copy->hash is still alive",
         "digest_end(copy); : copy->hash is destroyed here, after its context"],
    ),
}  # fmt: skip


def test_a_finally_hides_none_of_the_places_that_raise() -> None:
    body = """
        def f(prov, data):
            try:
                key = c_void_p()
                if not advapi32.CryptGenKey(prov, 1, 0, byref(key)):
                    raise OSError("key")
                if not data:
                    raise ValueError("data")
                if len(data) > 64:
                    raise OverflowError("data")
                advapi32.CryptDestroyKey(key)
            finally:
                advapi32.CryptReleaseContext(prov, 0)
        """
    finding, _ = told(body, Language.PYTHON)
    left = [step for step in (*finding.steps, *finding.also) if step.kind == "leave"]
    lines = (PYTHON + dedent(body)).split("\n")
    assert [lines[step.span.line - 1].strip() for step in left] == [
        'raise ValueError("data")',
        'raise OverflowError("data")',
    ]


@pytest.mark.parametrize("name", IN_C)
def test_the_story_in_c(name: str) -> None:
    body, expected = IN_C[name]
    assert told(body)[1] == expected


CPP = {
    "an exception that no clause is for": (
        "#include <stdexcept>\n"
        + c(", int bits", MADE, "try {", "if (bits < 128)", "throw std::invalid_argument(0);",
            "} catch (const std::bad_alloc &) {", "}", "CryptDestroyKey(key);", "return 1;"),
        [MADE_HERE, "if (bits < 128) : `bits < 128` is true",
         "} catch (const std::bad_alloc &) { : the exception of line 8 is not caught",
         "throw std::invalid_argument(0); : an exception leaves with key alive"],
    ),
    "the next element": (
        "template<class T> struct list { T *begin() const; T *end() const; };\n"
        + c(", const list<int> &kinds", "for (int kind : kinds) {",
            "if (!CryptGenKey(prov, kind, 0, &key))", "break;", "}", "CryptDestroyKey(key);",
            "return 1;").replace("HCRYPTKEY key;", "HCRYPTKEY key = 0;"),
        ["if (!CryptGenKey(prov, kind, 0, &key)) : key is created here",
         "for (int kind : kinds) { : the 2nd round",
         "if (!CryptGenKey(prov, kind, 0, &key)) : the last reference to key is gone here"],
    ),
    "the destructor reaches by another method what it does once more": (
        """
        struct Key {
            ~Key() { if (h) clear(); }
            void clear() {
                CryptDestroyKey(h);
            }
            HCRYPTKEY h = 0;
        };
        """,
        ["CryptDestroyKey(h); : h is destroyed here",
         "~Key() { if (h) clear(); } : Key::~Key calls Key::clear",
         "CryptDestroyKey(h); : h is destroyed again, by Key::clear"],
    ),
    "an exception comes before the variable is set": (
        """
        struct Key {
            Key() {}
            ~Key() { if (t) CryptDestroyKey(t); }
            HCRYPTKEY t;
        };
        void made(HCRYPTPROV prov, const char *who, HCRYPTKEY *key) {
            if (!known(who)) throw 1;
            if (!CryptGenKey(prov, CALG_RC4, 0, key)) throw 2;
        }
        void f(HCRYPTPROV prov) {
            Key k;
            made(prov, "a", &k.t);
            puts("made");
        }
        """,
        ['made(prov, "a", &k.t); : made raises an exception', "} : k.t may never have been set"],
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", CPP)
def test_the_story_in_cpp(name: str) -> None:
    body, expected = CPP[name]
    assert told(body, Language.CPP)[1] == expected


GEN = "if not advapi32.CryptGenKey(prov, 0x6801, 0, byref(key)):"
IN_PYTHON = {
    "a branch": (
        f"""
        def f(prov, z):
            key = c_void_p()
            {GEN}
                return False
            if z > 3:
                return False
            advapi32.CryptDestroyKey(key)
        """,
        [f"{GEN} : key is created here", "if z > 3: : `z > 3` is true",
         "return False : leaves with key alive"],
    ),
    "the place where it is left by an exception": (
        """
        def f(prov, mode):
            key = c_void_p()
            mode = str(mode)
            try:
                assert advapi32.CryptGenKey(prov, 0x6610, 1, byref(key))
                if mode == "cfb":
                    raise NotImplementedError()
                advapi32.CryptDestroyKey(key)
            except AssertionError:
                raise OSError("failed")
        """,
        ["assert advapi32.CryptGenKey(prov, 0x6610, 1, byref(key)) : key is created here",
         'if mode == "cfb": : `mode == "cfb"` is true',
         "except AssertionError: : the exception of line 11 is not caught",
         "raise NotImplementedError() : an exception leaves with key alive"],
    ),
    "lost in the next round after an exception": (
        f"""
        def f(prov, names):
            while True:
                name = names.get()
                try:
                    if not name:
                        continue
                    key = c_void_p()
                    {GEN}
                        continue
                    print(name.lower())
                    advapi32.CryptDestroyKey(key)
                    return True
                except Exception:
                    continue
        """,
        [f"{GEN} : key is created here", "print(name.lower()) : `name.lower()` raises an exception",
         "key = c_void_p() : the last reference to key is gone here, in the 2nd round"],
    ),
    "the pattern that fits": (
        f"""
        def f(prov, what):
            key = c_void_p()
            {GEN}
                return
            match what:
                case "all":
                    pass
                case "keep", _:
                    return
            advapi32.CryptDestroyKey(key)
        """,
        [f"{GEN} : key is created here", 'case "keep", _: : case `"keep", _` fits',
         "return : leaves with key alive"],
    ),
    "the end of the text": (
        f"""
        def f(prov, tidy):
            key = c_void_p()
            {GEN}
                return
            if tidy:
                advapi32.CryptDestroyKey(key)
        """,
        [f"{GEN} : key is created here", "if tidy: : `tidy` is false",
         "advapi32.CryptDestroyKey(key) : the end of f is reached with key alive"],
    ),
    "a result that is thrown away": (
        f"""
        def make(prov):
            key = c_void_p()
            {GEN}
                raise OSError()
            return key

        def f(prov):
            make(prov)
        """,
        ["make(prov) : the key is created here",
         "make(prov) : the last reference to the key is gone here"],
    ),
    "a helper that raises where its call fails": (
        f"""
        def use(key, buffer):
            if not advapi32.CryptGetKeyParam(key, 9, buffer, None, 0):
                raise OSError()

        def f(prov, buffer):
            key = c_void_p()
            {GEN}
                return
            use(key, buffer)
            advapi32.CryptDestroyKey(key)
        """,
        [f"{GEN} : key is created here", "use(key, buffer) : use raises an exception",
         "use(key, buffer) : an exception leaves with key alive"],
    ),
    "the code of a module": (
        """
        prov, key = c_void_p(), c_void_p()
        if advapi32.CryptAcquireContextW(byref(prov), None, None, 24, 0):
            advapi32.CryptGenKey(prov, 0x6610, 1, byref(key))
            advapi32.CryptReleaseContext(prov, 0)
        """,
        ["advapi32.CryptGenKey(prov, 0x6610, 1, byref(key)) : key is created here",
         "advapi32.CryptReleaseContext(prov, 0) : prov is released here, key is still alive",
         "advapi32.CryptReleaseContext(prov, 0) : the end of the module is reached with key alive"],
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", IN_PYTHON)
def test_the_story_in_python(name: str) -> None:
    body, expected = IN_PYTHON[name]
    assert told(body, Language.PYTHON)[1] == expected


def test_a_handle_lost_in_the_next_round_is_one_finding() -> None:
    body, _ = IN_PYTHON["lost in the next round after an exception"]
    assert told(body, Language.PYTHON)[0].code == "CAP103"


def test_a_handle_without_a_variable_is_named_by_its_kind() -> None:
    body, _ = IN_PYTHON["a result that is thrown away"]
    finding, _ = told(body, Language.PYTHON)
    gone = "the last reference to key from make is gone at line 12, and it is not destroyed"
    assert finding.message == gone
    kept = "keep the key, and give it to CryptDestroyKey before its last reference goes"
    assert finding.help == kept


def test_the_code_of_a_module_is_no_function() -> None:
    finding, _ = told(IN_PYTHON["the code of a module"][0], Language.PYTHON)
    assert "is not destroyed when the module ends at line" in finding.message


def test_the_other_places_are_named() -> None:
    leaves = [f"if (a == {n})\nreturn {n};" for n in range(3)]
    finding, _ = told(c(", int a", MADE, *leaves, "CryptDestroyKey(key);", "return 9;"))
    assert finding.span.line == 4
    assert [step.span.line for step in finding.also] == [8, 10]
    assert other_places(finding) == "also leaves at lines 8, 10"


def test_no_step_contradicts_another() -> None:
    flags = "abcdefgh"
    sets = [f"if ({each})\n{each}1 = 1;" for each in flags]
    body = c(
        "".join(f", int {each}" for each in flags),
        f"int {', '.join(f'{each}1 = 0' for each in flags)};", MADE, *sets,
        f"if ({' && '.join(f'{each}1' for each in flags)}) return 1;", "CryptDestroyKey(key);",
        "return 2;",
    )  # fmt: skip
    finding, steps = told(body)
    assert [step.partition(" : ")[2] for step in steps[1:-1]] == [
        f"`{each}` is true" for each in flags
    ]
    assert finding.confirmed is True


def test_a_path_that_no_state_takes_is_no_finding() -> None:
    """Merged states do not know any more that `a1` is `a`; each by itself does."""
    flags = "abcde"
    sets = [f"if ({each})\n{each}1 = 1;" for each in flags]
    use = " + ".join(f"{each}1" for each in flags)
    body = c(
        "".join(f", int {each}" for each in flags),
        f"int {', '.join(f'{each}1 = 0' for each in flags)};", MADE, *sets, f"show({use});",
        "if (a1)", "CryptDestroyKey(key);", "if (!a)", "CryptDestroyKey(key);", "return 2;",
    )  # fmt: skip
    assert not checked(C + body, Language.C).findings


def quoted_steps(report: Report) -> list[tuple[Source, int, str]]:
    return [
        (report.sources[step.path], step.span.line, step.message.split("`")[1])
        for finding in report.findings
        for step in finding.steps
        if step.kind == "branch" and "`" in step.message
    ]


@pytest.mark.parametrize("folder", ["c", "cpp", "python"])
def test_every_step_lies_in_its_file_and_quotes_it(folder: str) -> None:
    """Over all fixtures of a language, as one run: lines exist, and quotes are in the source."""
    language = {"c": Language.C, "cpp": Language.CPP, "python": Language.PYTHON}[folder]
    suffix = {"c": ".c", "cpp": ".cpp", "python": ".py"}[folder]
    files = sorted((FIXTURES / folder).glob(f"*/*{suffix}"))
    quotes = 0
    for file in files:
        item = Input(str(file), language, file.read_bytes(), named=True)
        report = check([item], lambda path: Settings())
        for finding in report.findings:
            for step in (*finding.steps, *finding.also):
                lines = report.sources[step.path].lines
                assert 1 <= step.span.line <= step.span.end_line <= len(lines), (file, step)
        for source, line, quote in quoted_steps(report):
            quotes += 1
            rest = " ".join(" ".join(source.lines[line - 1 :]).split())
            assert quote.removesuffix("...") in rest[:1000], (file, line, quote)
    assert quotes > 10


PY_KEY = """
class Key:
    def __init__(self, prov):
        self.handle = c_void_p()
        if not advapi32.CryptGenKey(prov, 1, 1, byref(self.handle)):
            raise OSError()

    def finish(self):
        advapi32.CryptDestroyKey(self.handle)


def f(prov):
    key = Key(prov)
"""
CPP_KEY = """
class Key {
public:
    HCRYPTKEY handle = 0;
    bool open(HCRYPTPROV p) { return CryptGenKey(p, CALG_RC4, 0, &handle); }
    void finish() { if (handle) CryptDestroyKey(handle); handle = 0; }
};
void f(HCRYPTPROV prov) { Key key; key.open(prov); }
"""
C_KEY = """
struct key { HCRYPTKEY handle; };
BOOL opened(struct key *k, HCRYPTPROV p) { return CryptGenKey(p, CALG_RC4, 0, &k->handle); }
void ended(struct key *k) { CryptDestroyKey(k->handle); }
"""
ON_EVERY_PATH = "on every path that leaves"


@pytest.mark.parametrize(
    ("body", "language", "call"),
    [
        (PY_KEY, Language.PYTHON, "key.finish()"),
        (CPP_KEY, Language.CPP, "key.finish()"),
        (C_KEY + "void f(HCRYPTPROV p) { struct key k; opened(&k, p); }", Language.C, "ended(&k)"),
    ],
)
def test_the_help_names_the_call_that_ends_what_holds_the_handle(
    body: str, language: Language, call: str
) -> None:
    finding, _ = told(body, language)
    assert (finding.code, finding.help) == ("CAP101", f"call {call} {ON_EVERY_PATH}")


def test_where_several_calls_end_the_handle_the_help_names_the_function_of_the_api() -> None:
    second = PY_KEY.replace(
        "    def finish", "    def end(self):\n        self.finish()\n\n    def finish"
    )
    finding, _ = told(second, Language.PYTHON)
    assert finding.help == f"give key.handle to CryptDestroyKey {ON_EVERY_PATH}"
