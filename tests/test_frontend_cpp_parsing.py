"""Bodies of C++ functions as they are written: all of it is read, and what it says stays."""

from __future__ import annotations

import re
from textwrap import dedent

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from capilint.frontends.c.parsing.parse import Body, parse_body
from capilint.frontends.cpp import lower
from capilint.frontends.cpp.parsing.grammar import CPP
from capilint.frontends.cpp.parsing.packs import written_out
from capilint.frontends.cpp.parsing.spellings import SPELLINGS
from capilint.ir.text import function_text


def parsed(text: str) -> Body:
    return parse_body(dedent(text).strip(), CPP)


def lowered(body: str) -> str:
    """The dump of a function with such a body, without its positions."""
    source = (
        "int f(HCRYPTKEY k, HCRYPTKEY *pk, BOOL ok, int n, HRESULT hr, std::vector<Key> keys)\n"
        f"{body}\n"
    )
    module = lower(source, "a.cpp")
    assert not module.problems
    (function,) = (each for each in module.functions if each.name == "f")
    return function_text(function, positions=False)


# ---------------------------------------------------------------- what the grammar knows

PLAIN = [
    "{ if (not ok and n bitor 3) return 0; }",
    '{ auto s = R"x({")")x"; int n = 1\'000\'000; auto t = u8"}"; char c = \'{\'; }',
    "{ [[maybe_unused]] int x = 1; if (auto [a, b] = g(); a) { } for (auto& [k, v] : m) { } }",
    "{ __try { a(); __leave; } __except (EXCEPTION_EXECUTE_HANDLER) { b(); } }",
    "{ __try { a(); } __finally { b(); } }",
    "{ try { a(); } catch (const E& e) { b(); throw; } catch (...) { } }",
    "{ auto l = [&, this](int a) mutable noexcept -> int { return a; }; l(1); }",
    "{ HCRYPTKEY h {}; Key k {h}; Key l(h); auto m = Key{h}; g({h, k}); return { h, k }; }",
    "{ p = new (std::nothrow) BYTE[n](); q = new Key{h}; r = ::new (p) Key(h); delete q; }",
    "{ ::CryptGenKey(p, 1, 2, &h); (*pfn)(h); CRYPT(DestroyKey)(h); }",
    "{ if (HCRYPTKEY h = g()) { } switch (int x = g(); x) { case 1: { break; } default: ; } }",
    "{ struct L { HCRYPTKEY h; ~L() { CryptDestroyKey(h); } } l; union { int a; } u; }",
    "{ Schlüssel größe; größe.schließen(); }",
    "{ BYTE (*p)[4] = nullptr; int (Key::*m)(int) = &Key::f; decltype(&CryptDestroyKey) d; }",
    "{ x = (HCRYPTKEY)NULL; y = HCRYPTKEY(NULL); z = static_cast<DWORD>(-1); }",
    "try { a(); } catch (const E& e) { b(); }",
    ": m_h(h), m_b{1} { a(); }",
    "try : m_h(h) { a(); } catch (...) { b(); }",
]


@pytest.mark.parametrize("text", PLAIN)
def test_what_the_grammar_knows_is_read_as_it_stands(text: str) -> None:
    body = parsed(text)
    assert body.statement is not None
    assert not body.errors
    assert body.parsed.decode().endswith(text)


# ---------------------------------------------------------------- repairs


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        # conditions and loops of macros
        ("{ if FAILED(hr) return 1; g(k); }", "{ if (FAILED(hr)) return 1; g(k); }"),
        (
            "{ if SUCCEEDED(g(&k)) { h(k); } else if FAILED(hr) { h(n); } }",
            "{ if (SUCCEEDED(g(&k))) { h(k); } else if (FAILED(hr)) { h(n); } }",
        ),
        ("{ while\nPENDING(hr) g(k); }", "{ while (PENDING(hr)) g(k); }"),
        (
            "{ BOOST_FOREACH(const Key& key, keys) { g(key); } }",
            "{ for (const Key& key : keys) { g(key); } }",
        ),
        ("{ foreach(Key key, keys) g(key); }", "{ for (Key key : keys) g(key); }"),
        ("{ for each (Key key in keys) { g(key); } }", "{ for (Key key : keys) { g(key); } }"),
        # new and delete
        ("{ BYTE *p = alloc_new BYTE[n]; }", "{ BYTE *p = new BYTE[n]; }"),
        ("{ BYTE *p = (BYTE *)DEBUG_NEW BYTE[n]; }", "{ BYTE *p = (BYTE *)new BYTE[n]; }"),
        ("{ BYTE *p = new NOTHROW BYTE[n]; }", "{ BYTE *p = new BYTE[n]; }"),
        ("{ BYTE **p = new BYTE *[n]; }", "{ BYTE **p = new BYTE [n]; }"),
        ("{ delete[] *pk; }", "{ delete *pk; }"),
        ("{ delete [] (*pk); g(k); }", "{ delete (*pk); g(k); }"),
        ("{ if (ok) MY_DELETE[] pk; g(k); }", "{ if (ok) delete[] pk; g(k); }"),
        # methods that a pointer tells
        ("{ (this->*step)(k); g(k); }", "{ (this->_step)(k); g(k); }"),
        # literals side by side
        ('{ g(_T("a") _T("b"), k); }', '{ g("a", k); }'),
        ('{ g(_T(__FUNCTION__) L": %d" TAIL, k); }', '{ g(L": %d", k); }'),
        ('{ g(L"\\\\" NAME\n    L"b", k); }', '{ g(L"\\\\", k); }'),
        ('{ g("%" PRIx64 "\\n", k); }', '{ g("%", k); }'),
        # words
        ("{ CPP_TYPENAME Map::iterator it; g(k); }", "{ typename Map::iterator it; g(k); }"),
        ("{ __declspec(align(8)) ULONG64 p[3]; g(p); }", "{ ULONG64 p[3]; g(p); }"),
        ("{ g((void HUGEP **)&k); }", "{ g((void **)&k); }"),
        ("{ operator=(k); }", "{ *this = (k); }"),
        ("{ return this->operator+=(k); }", "{ return *this += (k); }"),
        # references
        ("{ const Key& key(keys.front()); g(key); }", "{ const Key& key = keys.front(); g(key); }"),
        ("{ g(k); auto& key(keys.all[0]); }", "{ g(k); auto& key = keys.all[0]; }"),
        # types as arguments of macros
        (
            "{ ALLOC(pk, unsigned char [n + 1]); g(k); }",
            "{ ALLOC(pk, sizeof(unsigned char [n + 1])); g(k); }",
        ),
        ("{ ALLOC(pk, unsigned char *); }", "{ ALLOC(pk, sizeof(unsigned char *)); }"),
        ("{ k = TO(const Key *, pk); }", "{ k = TO(sizeof(const Key *), pk); }"),
        ("{ ARRAY(start, uint8_t, n); g(k); }", "{ ARRAY(start, sizeof(uint8_t), n); g(k); }"),
        # exceptions in macros
        (
            "{ try { g(k); } CATCH_RETURN(); }",
            "{ try { g(k); } catch (...) { return CATCH_RETURN(); } }",
        ),
        (
            "{ try { g(k); } CATCH_LOG() h(k); }",
            "{ try { g(k); } catch (...) { CATCH_LOG(); } h(k); }",
        ),
        (
            "{ TRY { g(k); } CATCH (CException, e) { h(k); } END_CATCH }",
            "{ try { g(k); } catch (CException *e) { h(k); } }",
        ),
        # directives
        (
            "{\n#ifdef UNICODE\nif (ok) {\n#else\nif (n) {\n#endif\ng(k);\n}\n}",
            "{ if (ok) { g(k); } }",
        ),
        ("{ g(k,\n#if UNICODE\nn\n#else\nok\n#endif\n); }", "{ g(k, n); }"),
        # the bodies of functions
        (
            "try { g(k); } /* { */ CATCH_RETURN()",
            "try { g(k); } catch (...) { return CATCH_RETURN(); }",
        ),
    ],
)
def test_another_spelling_means_the_same(written: str, meant: str) -> None:
    assert lowered(written) == lowered(meant)


@pytest.mark.parametrize(
    "text",
    [
        "{ std::for_each(keys.begin(), keys.end(), g); x + ; }",
        "{ renew(k); x + ; }",
        '{ g("a", NAME, "b"); x + ; }',
        "{ delete[] p; x + ; }",
        "{ deleted[n] = a->b * c; x + ; }",
        "{ g((BYTE *)p, sizeof(BYTE *), a * b, c &d); x + ; }",
    ],
)
def test_what_is_no_other_spelling_is_left_alone(text: str) -> None:
    row = {0}
    assert CPP.respelt(text) == text
    for repair in SPELLINGS:
        assert repair(text, row) == text


def test_a_loop_over_a_variable_from_outside_is_a_loop() -> None:
    body = lowered("{ Key key; foreach(key, keys) g(k); h(k); }")
    assert re.search(r"jump b1\b.*jump b1\b", body, re.DOTALL) is not None


def test_a_throw_is_no_macro_in_front_of_a_call() -> None:
    assert parsed("{ throw E(1), g(k); }").parsed.endswith(b"{ throw E(1), g(k); }")


# ---------------------------------------------------------------- any text

_WORDS = (
    *(
        "if ",
        "while ",
        "FAILED(x)",
        "foreach(",
        "for each (",
        " in ",
        "T x",
        ",",
        ";",
        ")",
        "(",
        "{",
    ),
    *(
        "}",
        "new ",
        "alloc_new ",
        "*",
        "[",
        "]",
        "delete[] ",
        '"a"',
        'L"b" ',
        "NAME ",
        "_T(x) ",
        "\n",
    ),
    *(
        "operator=",
        "try { }",
        "CATCH_LOG()",
        "__declspec(",
        ".operator HCRYPTKEY()",
        "; operator delete(",
        "TYPENAME ",
        "\\",
        "'",
        "//",
        "return ",
    ),
)


@settings(max_examples=200)
@given(st.lists(st.sampled_from(_WORDS)).map("".join))
def test_repairs_keep_the_rows_of_any_text(text: str) -> None:
    rows = set(range(text.count("\n") + 1))
    assert CPP.respelt(text).count("\n") == text.count("\n")
    for repair in CPP.repairs:
        assert repair(text, rows).count("\n") == text.count("\n")


_REPEATED = (
    *("foreach(", "foreach (a b, c) ", "new ", "new A ", "new A<", '"a" ', "NAME ", "_T(x) "),
    *("if F(x) ", "= alloc_new ", "delete[] ", "operator= ", "__declspec(", "} CATCH_X("),
    *(
        "->*a ",
        "MY_DELETE[] ",
        "; a_delete ",
        "for each (a in ",
        "    ",
        "f(a *, ",
        "f(unsigned ",
        "; a & b(",
        "; a a ",
        ", a const ",
        ".operator A ",
        "->a::",
        "; operator new ",
    ),
)


@pytest.mark.parametrize("word", _REPEATED)
def test_long_texts_take_no_time_to_speak_of(word: str) -> None:
    text = "{ (" + word * (100_000 // len(word)) + "}"
    assert "\n" not in CPP.respelt(text)
    for repair in SPELLINGS:
        assert "\n" not in repair(text, {0})


@pytest.mark.parametrize(
    ("text", "count", "written"),
    [
        ("f(std::forward<A>(a)...);", 2, "f(std::forward<A__1>(a__1) , std::forward<A__2>(a__2));"),
        ("(f(a), ...);", 2, "(f(a__1) , f(a__2));"),
        ("return (... && ok(a));", 3, "return (ok(a__1) && ok(a__2) && ok(a__3));"),
        ("f(sizeof...(A), 1 + a...);", 1, "f(1, 1 + a__1);"),
        ('log("a..."); try { f(b...); } catch (...) {}', 2, None),
    ],
)
def test_parameter_packs_are_written_out(text: str, count: int, written: str | None) -> None:
    assert written_out(text, ("a", "A"), count) == (text if written is None else written)
