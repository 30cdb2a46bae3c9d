"""Macros, headers and conditions of C: what the preprocessor makes of a function."""

from __future__ import annotations

import shutil
import subprocess
from textwrap import dedent

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from capilint import ir
from capilint.files.compile_options import CompileOptions
from capilint.files.source import Source
from capilint.finding import Span
from capilint.frontends.c import Headers, lower
from capilint.frontends.c.preprocessing.conditions import holds
from capilint.frontends.c.preprocessing.directives import directives_of
from capilint.frontends.c.preprocessing.expansion import expanded
from capilint.frontends.c.preprocessing.includes import Includes
from capilint.frontends.c.preprocessing.tokens import tokens_of
from capilint.ir.text import function_text
from capilint.language import Language

COMPILER = shutil.which("gcc") or shutil.which("cc")


class Files:
    """The headers of a test, by name; `asked` counts how often each is looked for."""

    def __init__(self, **texts: str) -> None:
        self.texts = {name.replace("_h", ".h"): dedent(text) for name, text in texts.items()}
        self.asked: list[str] = []

    def find(
        self, including: str, name: str, quoted: bool, folders: tuple[str, ...]
    ) -> Source | None:
        self.asked.append(name)
        text = self.texts.get(name)
        return None if text is None else Source(name, text, Language.C)


def lowered(source: str, defines: dict[str, str | None] | None = None, **texts: str) -> ir.Module:
    options = CompileOptions(defines=tuple((defines or {}).items()))
    return lower(dedent(source), "a.c", None, Headers(Files(**texts).find), options)


def dump(module: ir.Module, name: str = "f") -> str:
    (function,) = (each for each in module.functions if each.name == name)
    return function_text(function, positions=False).partition("\n")[2]


def body(statements: str, before: str = "", **texts: str) -> str:
    return dump(lowered(f"{before}\nint f(int k, int n, int ok)\n{{\n{statements}\n}}\n", **texts))


def calls(module: ir.Module) -> list[tuple[str, Span]]:
    return [
        (each.callee.name, each.span)
        for function in module.functions
        for block in function.blocks
        for each in block.instructions
        if isinstance(each, ir.Call) and isinstance(each.callee, ir.Direct)
    ]


# ---------------------------------------------------------------- expansion


@pytest.mark.parametrize(
    ("macro", "use", "same"),
    [
        ("#define E(x) if (!(x)) return 0", "E(g(k)); h();", "if (!g(k)) return 0; h();"),
        ("#define BEGIN {\n#define END }", "if (ok) BEGIN a(); END b();", "if (ok) { a(); } b();"),
        ("#define ELSE else", "if (ok) a(); ELSE b();", "if (ok) a(); else b();"),
        ("#define EACH(i) for (i = 0; i < 9; i++)", "EACH(n) a();", "for (n = 0; n < 9; n++) a();"),
        ("#define WHILE while (\n#define DO ) {", "WHILE ok DO a(); }", "while (ok) { a(); }"),
        ("#define REF &", "g(REF k);", "g(&k);"),
        ("#define TWO k, n", "g(TWO);", "g(k, n);"),
        ("#define CALL g(", "CALL k);", "g(k);"),
        ("#define F g", "F(k);", "g(k);"),
        ("#define F G\n#define G(x) g(x, x)", "F(k); F (n);", "g(k, k); g(n, n);"),
        ("#define F(x) G\n#define G(x) g(x, 1)", "F(k)(n);", "g(n, 1);"),
        ("#define INT int *", "INT p; g(p);", "int *p; g(p);"),
        ("#define NOTHING", "NOTHING a(NOTHING k NOTHING); NOTHING", "a(k);"),
        ("#define L(f, ...) g(f, ##__VA_ARGS__)", "L(k); L(k, n, 1);", "g(k); g(k, n, 1);"),
        ("#define L(f, a...) g(f, ##a)", "L(k); L(k, n, 1);", "g(k); g(k, n, 1);"),
        ("#define L(f, ...) g(f __VA_OPT__(,) __VA_ARGS__)", "L(k); L(k, n);", "g(k); g(k, n);"),
        ("#define L(...) g(k, __VA_ARGS__)", "L(1, 2);", "g(k, 1, 2);"),
        ("#define JOIN(a, b) a##b\n#define X JOIN(g, 1)", "JOIN(ok,)(k); X(k);", "ok(k); g1(k);"),
        ("#define S(x) #x\n#define X(x) S(x)\n#define A b", "g(S(A), X(A));", 'g("A", "b");'),
        ('#define STR(x) #x', 'g(STR("a\\n" \'"\'));', 'g("\\"a\\\\n\\" \'\\"\'");'),
        ("#define M(x) g(x)", "M((k, n));", "g((k, n));"),
        ("#define M(x) g(x)", 'M("a, )");', 'g("a, )");'),
        ("#define M(x) g(x)", "M(k /* , ) */);", "g(k);"),
        ("#define M() g()", "M(); M( );", "g(); g();"),
        ("#define NEG -k", "n = -NEG;", "n = - -k;"),
        ("#define M(x) -x", "n = M(-k);", "n = - -k;"),
        ("#define f(x) f(x + 1)", "f(k);", "f(k + 1);"),
        ("#define a b\n#define b a", "g(a, b);", "g(a, b);"),
        ("#define M(x) g(x)", "n = M;", "n = M;"),
    ],
)  # fmt: skip
def test_a_use_is_what_the_compiler_makes_of_it(macro: str, use: str, same: str) -> None:
    found = body(use, f"int g(int); int h(void);\n{macro}")
    assert found == body(same, "int g(int); int h(void);")


_PIECES = st.sampled_from(
    [
        "A",
        "B",
        "C",
        "F(k)",
        "G(A,B)",
        "H()",
        "V(1)",
        "V(1,2)",
        "V()",
        "F(G(F(1),2))",
        "F",
        "G",
        "(",
        ")",
        ",",
        "k",
        "1",
        "-",
        "+",
        "&",
        '"s"',
        "'c'",
        "x##y",
        "F(F)",
        "G((1,2),3)",
        "J(F,A)",
        "J(,)",
        "S(A)",
        'S("q")',
        "X(A)",
        "E",
        "E(2)",
        "F(E)",
        "-",
        "-1",
    ]
)
_MACROS = """
#define A B
#define B C A
#define C
#define E F
#define F(x) <x A>
#define G(x, y) F(y)(x)
#define H() G
#define V(a, ...) [a, ##__VA_ARGS__; __VA_ARGS__]
#define J(x, y) x##y
#define S(x) #x
#define X(x) S(x)
"""


@pytest.mark.skipif(COMPILER is None, reason="no C compiler")
@settings(max_examples=3, deadline=None)
@given(st.lists(st.lists(_PIECES, min_size=1, max_size=8), min_size=80, max_size=80))
def test_expansions_are_those_of_the_compilers_preprocessor(lines: list[list[str]]) -> None:
    """One line each, so that what one line opens cannot reach into the next."""
    texts = [" ".join(line) for line in lines]
    texts = [text for text in texts if text.count("(") == text.count(")") and _closes(text)]
    program = _MACROS + "".join(f"{text} ;\n" for text in texts)
    done = subprocess.run(
        [str(COMPILER), "-E", "-P", "-std=gnu11", "-w", "-"],
        input=program, capture_output=True, text=True, check=False,
    )  # fmt: skip
    find = Includes(lambda *_: None).unit("a.c", program, CompileOptions()).macros.find
    ours = [expanded(f"{text} ;", find).text for text in texts]
    theirs = [part for part in done.stdout.split("\n") if part.strip()]
    if done.returncode == 0:  # a use with too few arguments is an error
        assert [_words(each) for each in ours] == [_words(each) for each in theirs]


def _closes(text: str) -> bool:
    depth = 0
    for letter in text:
        depth += {"(": 1, ")": -1}.get(letter, 0)
        if depth < 0:
            return False
    return True


def _words(text: str) -> list[str]:
    return [token.text for token in tokens_of(text)]


def test_what_comes_from_a_macro_stands_at_its_use_and_all_else_where_it_is() -> None:
    module = lowered("""
        #define M(x, y) do { a(x); b(y); } while (0)
        void f(int k) {
            é(); M(k, c(1)); d();
            M(k,
              c(2)
            ); d(); M(1, 2); e();
            d();
        }
    """)
    assert calls(module) == [
        ("é", Span(4, 5, 4, 8)),
        ("a", Span(4, 10, 4, 20)),
        ("c", Span(4, 10, 4, 20)),
        ("b", Span(4, 10, 4, 20)),
        ("d", Span(4, 22, 4, 25)),
        ("a", Span(5, 5, 7, 6)),
        ("c", Span(5, 5, 7, 6)),
        ("b", Span(5, 5, 7, 6)),
        ("d", Span(7, 8, 7, 11)),
        ("a", Span(7, 13, 7, 20)),
        ("b", Span(7, 13, 7, 20)),
        ("e", Span(7, 22, 7, 25)),
        ("d", Span(8, 5, 8, 8)),
    ]


def test_what_begins_or_ends_in_a_macro_reaches_to_its_use() -> None:
    module = lowered(
        "#define CALL g(k,\n#define END )\nvoid f(int k) {\n  CALL 1 END; CALL 2); g(3 END;\n}\n"
    )
    assert [span for _, span in calls(module)] == [
        Span(4, 3, 4, 13),
        Span(4, 15, 4, 22),
        Span(4, 24, 4, 31),
    ]


def test_a_use_that_a_directive_cuts_stays_as_it_is() -> None:
    text = "M(k\n#ifdef A\n, 1\n#else\n, 2\n#endif\n); M(1, 2);"
    found = body(text, "#define M(x, y) g(x, y)")
    assert "call M(k, 1)" in found
    assert "call g(1, 2)" in found


def test_an_expansion_that_is_no_c_is_left_alone() -> None:
    found = body("M(k);\nN(k); a();", "#define M(x) @ x ]\n#define N(x) g(x)")
    assert found == body("M(k); g(k); a();")


def test_definitions_hold_from_where_they_stand_to_where_they_end() -> None:
    module = lowered("""
        #define M(x) a(x)
        void f(void) { M(1); }
        #undef M
        void g(void) { M(1); }
        #define M(x) b(x)
        void h(void) { M(1); }
    """)
    assert [name for name, _ in calls(module)] == ["a", "M", "b"]


def test_macros_in_heads_of_functions_and_in_declarations() -> None:
    module = lowered("""
        #define KEY HCRYPTKEY
        #define PARAMETERS KEY k, int n
        #define KEYS KEY keys[2];
        struct s { KEYS };
        void f(PARAMETERS, struct s *s) { g(s->keys); }
        static void old(a) KEY a; { }
    """)
    f, old = module.functions
    assert [each.type_name for each in f.parameters] == ["HCRYPTKEY", "int", "struct s *"]
    assert [each.type_name for each in old.parameters] == ["HCRYPTKEY"]
    assert "call g(&s*.keys)" in dump(module)


@pytest.mark.parametrize("use", ["if (ok) OPEN a(); }", "if (ok) { a(); CLOSE", "OPEN CLOSE CLOSE"])
def test_functions_end_where_the_braces_of_macros_say(use: str) -> None:
    closed = use if use.count("CLOSE") < 2 else "if (ok) OPEN CLOSE"
    macros = "#define OPEN {\n#define CLOSE }\n"
    module = lowered(f"{macros}int f(int ok)\n{{\n{closed}\n}}\nint g(void) {{ b(); }}\n")
    assert [each.name for each in module.functions] == ["f", "g"]
    assert not module.problems


# ---------------------------------------------------------------- headers


def test_headers_give_their_macros_types_and_names_however_deep() -> None:
    module = lowered(
        """
        #include "a.h"
        void f(struct s *s) {
            KEY k; REFERENCE p;
            USE(k);
            s->keys[SLOT] = LIMIT;
            n = FIVE;
            if (!s) die();
            inner();
        }
        """,
        a_h='#ifndef A\n#define A\n#include "b.h"\n#include "a.h"\n#define USE(k) use(k)\n#endif',
        b_h="""
            #include "a.h"
            #include <windows.h>
            #include "gone.h"
            #define SLOT 1
            typedef HCRYPTKEY KEY, *REFERENCE;
            struct s { KEY keys[2]; };
            static const int LIMIT = 7;
            enum { FOUR = 4, FIVE };
            void die(void) __attribute__((noreturn));
            static inline void inner(void) { }
        """,
    )
    text = dump(module)
    assert "call use(k)" in text
    assert "s*.keys[1] = 7" in text
    assert "n = 5" in text
    assert "call die()\n  stop" in text
    assert module.includes == ("a.h", "b.h")
    assert module.missing_headers == ("gone.h",)
    assert module.typedefs == {"KEY": ("HCRYPTKEY",), "REFERENCE": ("HCRYPTKEY *",)}


@pytest.mark.parametrize(
    ("header", "before", "expected"),
    [
        ("#define M(x) a(x)", "", "a"),
        ("#define M(x) a(x)", "#define M(x) b(x)", "M"),
        ("#define M(x) a(x)", "#undef M\n#define M(x) b(x)", "b"),
        ("#define M(x) a(x)", "#undef M", "M"),
        ("#define M(x) a(x)", "#ifndef M\n#define M(x) b(x)\n#endif", "a"),
        ("#ifndef M\n#define M(x) a(x)\n#endif", "#define M(x) b(x)", "b"),
        ("#ifndef H\n#define H\n#undef M\n#define M(x) a(x)\n#endif", "#define M(x) b(x)", "a"),
        ("#ifdef A\n#undef M\n#define M(x) a(x)\n#endif", "#define M(x) b(x)", "M"),
        ("#define M(x) a(x)", "/*\n#define M(x) b(x)\n*/", "a"),
        ("#ifdef A\n#define M(x) a(x)\n#else\n#define M(x) b(x)\n#endif", "", "M"),
        ("#ifdef _WIN32\n#define M(x) a(x)\n#else\n#define M(x) b(x)\n#endif", "", "a"),
        ("#if !defined(WIN32)\n#define M(x) a(x)\n#else\n#define M(x) b(x)\n#endif", "", "b"),
        ("#ifdef __linux__\n#define M(x) a(x)\n#endif", "#define M(x) b(x)", "b"),
        ("#if 0\n#define M(x) a(x)\n#endif", "#define M(x) b(x)", "b"),
    ],
)
def test_which_definition_holds(header: str, before: str, expected: str) -> None:
    found = body("M(k);", f'#include "a.h"\n{before}', a_h=header)
    assert found == body(f"{expected}(k);")


def test_a_header_is_looked_for_and_read_once_in_a_run() -> None:
    files = Files(
        a_h='#include "b.h"\n#define A(x) B(x)', b_h="#define B(x) g(x)\nstruct s { int n; };"
    )
    headers = Headers(files.find)
    for number in range(20):
        module = lower('#include "a.h"\nvoid f(void) { A(1); }', f"{number}.c", None, headers)
        assert "call g(1)" in dump(module)
    assert files.asked.count("b.h") == 1


def test_functions_of_the_program_may_hide_behind_macros_of_headers() -> None:
    files = Files(a_h="#define NEW(p) MAKE(Crypt, p)\n#define MAKE(a, p) a##GenKey(p)")
    source = '#include "a.h"\nvoid f(int *p) { NEW(p); }\nvoid g(void) { h(); }\nvoid h(void) { }'
    module = lower(source, "a.c", lambda text: "CryptGenKey" in text, Headers(files.find))
    assert [each.name for each in module.functions] == ["f"]


def test_a_name_of_the_api_that_stands_for_one_of_its_forms_stays() -> None:
    header = """
        #ifdef UNICODE
        #define AW(f) f##W
        #else
        #define AW(f) f##A
        #endif
        #define Acquire AW(Acquire)
    """
    assert body("Acquire(k);", '#include "a.h"', a_h=header) == body("Acquire(k);")


# ---------------------------------------------------------------- defines


def branch(condition: str, defines: dict[str, str | None]) -> str:
    """Which way a conditional goes: "a", "b", or "?"."""
    source = f"void f(void) {{\n{condition}\na();\n#else\nb();\n#endif\n}}\n"
    names = [name for name, _ in calls(lowered(source, defines))]
    return names[0] if len(names) == 1 else "?"


@pytest.mark.parametrize(
    ("condition", "way"),
    [
        ("#ifdef ON", "a"),
        ("#ifndef ON", "b"),
        ("#ifdef OFF", "b"),
        ("#ifdef OTHER", "?"),
        ("#if defined(ON) && !defined OFF", "a"),
        ("#if defined(OTHER) || ON", "a"),
        ("#if defined(OTHER) && OFF", "b"),
        ("#if defined(OTHER) && ON", "?"),
        ("#if VERSION >= 0x0600", "a"),
        ("#if VERSION + 1 == 0x602 /* at least */", "a"),
        ("#if (VERSION >> 8) == 6 ? 0 : 1", "b"),
        ("#if ALIAS > 5", "a"),
        ("#if UNKNOWN(VERSION)", "?"),
        ("#if VERSION >= \\\n 0x0600", "a"),
        ("#if 0", "b"),
        ("#if 0 && OTHER", "b"),
        ("#if 'a' == 97", "a"),
        ("#if 1 ? 1 ? 0 : 1 : 1", "b"),
    ],
)
def test_conditions_are_decided_by_what_is_defined_from_outside(condition: str, way: str) -> None:
    defines = {"ON": "1", "OFF": None, "VERSION": "0x0601", "ALIAS": "VERSION"}
    assert branch(condition, defines) == way


@pytest.mark.parametrize(
    "expression",
    [
        pytest.param("1?" * 1000 + "1" + ":0" * 1000, id="? in ?"),
        pytest.param("1?1:" * 1000 + "1", id=": in :"),
        pytest.param("(" * 1000 + "1" + ")" * 1000, id="parentheses"),
        pytest.param("!" * 1000 + "1", id="signs"),
        pytest.param("9" * 5000, id="digits"),
    ],
)
def test_what_is_too_much_for_the_evaluator_is_undecided(expression: str) -> None:
    (directive,) = directives_of(f"#if {expression}\n")
    assert holds(directive, {}) is None
    assert branch(f"#if {expression}", {}) in "a?"


def test_a_chain_of_defines_is_evaluated_once() -> None:
    products = {f"P{number}": f"(P{number + 1} * P{number + 1})" for number in range(18)}
    nested = {f"N{number}": "(" * 45 + f"N{number + 1}" + ")" * 45 for number in range(18)}
    defines = {**products, "P18": "1", **nested, "N18": "1"}
    assert branch("#if P0", defines) == "a"
    assert branch("#if N0", defines) in "a?"  # as deep as the stack goes


def test_chains_are_settled_as_far_as_they_are_decided() -> None:
    chain = "#if A\na();\n#elif B\nb();\n#elif C\nc();\n#else\nd();\n#endif\n"

    def ways(**defines: str | None) -> list[str]:
        return [name for name, _ in calls(lowered(f"void f(void) {{\n{chain}}}\n", defines))]

    assert ways() == ["a", "b", "c", "d"]
    assert ways(A=None) == ["b", "c", "d"]
    assert ways(A="1") == ["a"]
    assert ways(B="1") == ["a", "b"]
    assert ways(B=None) == ["a", "c", "d"]
    assert ways(A=None, B=None, C=None) == ["d"]
    assert ways(A=None, C="1") == ["b", "c"]


def test_what_goes_leaves_everything_else_in_its_place() -> None:
    head = "#ifdef A\nvoid f(void) {\n#else\nint f(int x) {\n#endif\n"
    source = f"{head}  if (1) g(); /*\n#if */ h();\n}}\n"
    module = lowered(source, {"A": None})
    assert [(each.name, each.span.line) for each in module.functions] == [("f", 4)]
    assert calls(module) == [("g", Span(6, 10, 6, 13)), ("h", Span(7, 8, 7, 11))]


@pytest.mark.parametrize("own", ["#define A 0", "#undef A"])
def test_names_that_the_program_sets_itself_are_not_decided_from_outside(own: str) -> None:
    text = "void f(void) {\n#if A\na();\n#endif\n}\n"
    assert calls(lowered(f"{own}\n{text}", {"A": "1"})) == []
    assert "#if A" in dump(lowered(f'#include "a.h"\n{text}', {"A": "1"}, a_h=own))
    assert "#if A" not in dump(lowered(text, {"A": "1"}))


def test_defines_are_macros() -> None:
    source = "#ifndef MODE\n#define MODE b\n#endif\nvoid f(void) { MODE(ALG, LEN); }"
    defines = {"MODE": "a", "ALG": "CALG_RC4", "LEN": "16", "F(x)": "x"}
    assert "call a(CALG_RC4, LEN)" in dump(lowered(source, defines))


def test_conditions_of_headers_are_decided_too() -> None:
    header = '#ifdef A\n#define M(x) a(x)\n#include "b.h"\n#else\n#define M(x) b(x)\n#endif'
    source = '#include "a.h"\nvoid f(void) { M(1); N(2); }'
    texts = {"a_h": header, "b_h": "#define N(x) n(x)"}
    assert [name for name, _ in calls(lowered(source, {"A": "1"}, **texts))] == ["a", "n"]
    assert [name for name, _ in calls(lowered(source, {"A": None}, **texts))] == ["b", "N"]
    assert [name for name, _ in calls(lowered(source, **texts))] == ["M", "n"]


# ---------------------------------------------------------------- bounds


@pytest.mark.parametrize(
    "text",
    [
        "#define M(x) g(x)\n" + "M(" * 3_000 + "1" + ")" * 3_000 + ";",
        "#define M(x) M(x) N(x)\n#define N(x) M(x) N(x)\n" + "M(N(M(N(1))));" * 50,
        "".join(f"#define M{n} M{n + 1} M{n + 1}\n" for n in range(40)) + "M0;",
        "#define M(x) g(x)\n" + "M(" * 3_000,
        "#define M(x) #x\n" + "M(" * 30 + '"' + ")" * 30 + ";",
        "#if " + "(" * 5_000 + "A" + ")" * 5_000 + "\na();\n#endif",
        "#if " + "!" * 5_000 + "A\na();\n#endif",
    ],
    ids=range(7),
)
def test_no_text_takes_too_long_or_too_deep(text: str) -> None:
    module = lowered(f"int f(void) {{\n{text}\n}}\nint g(int x) {{ }}\n", {"A": "1"})
    known = {each.name for each in module.functions} | {each.function for each in module.problems}
    assert known >= {"f"}


_WORDS = st.sampled_from(
    [
        "M",
        "N(x)",
        "M(N(1))",
        "V(1,2)",
        "(",
        ")",
        ",",
        "{",
        "}",
        ";",
        "#",
        "##",
        '"',
        "'",
        "/*",
        "*/",
        "//",
        "é",
        "A",
        "B",
        "1",
        "k",
        "__VA_ARGS__",
    ]
)
_DIRECTIVES = (
    "define M(x) g(x) N,define N(x) x##M #x,define V(a...) a##a {,define A B },undef M,"
    'if A,elif defined B,else,endif,ifdef B,include "a.h"'
)
_LINES = st.sampled_from([f"#{directive}" for directive in _DIRECTIVES.split(",")])


@settings(max_examples=200, deadline=None)
@given(st.lists(_WORDS | _LINES.map(lambda line: f"\n{line}\n"), max_size=50))
def test_any_text_is_preprocessed_without_an_exception(pieces: list[str]) -> None:
    text = "int f(int k) {\n" + " ".join(pieces) + "\n}\n"
    module = lowered(text, {"B": "1"}, a_h=text)
    rows = text.count("\n") + 1
    for function in module.functions:
        assert function_text(function)
        for _, span in calls(module):
            assert 1 <= span.line <= span.end_line <= rows
