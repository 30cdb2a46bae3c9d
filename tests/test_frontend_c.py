"""What C means in the IR, read off the textual dump of small functions."""

from __future__ import annotations

import re
from textwrap import dedent

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from capilint import ir
from capilint.finding import Span
from capilint.frontends.c import lower
from capilint.ir.text import function_text


def functions(source: str) -> dict[str, ir.Function]:
    return {function.name: function for function in lower(dedent(source), "a.c").functions}


def body(statements: str, before: str = "") -> str:
    """The dump of one function's blocks; `f` has a key, a pointer to one, a struct, and flags."""
    source = (
        f"{before}\nint f(HCRYPTKEY k, HCRYPTKEY *pk, struct ctx *ctx, BOOL ok, int n)\n"
        f"{{\n{dedent(statements)}\n}}\n"
    )
    module = lower(source, "a.c")
    (function,) = (each for each in module.functions if each.name == "f")
    lines = function_text(function, positions=False).splitlines()[1:]
    return "\n".join(line.removeprefix("  ") for line in lines)


def blocks(text: str) -> str:
    return dedent(text).strip()


def problems(source: str) -> list[str]:
    return [f"{each.span.line}: {each.reason}" for each in lower(dedent(source), "a.c").problems]


# ---------------------------------------------------------------- types


def test_types_by_their_names() -> None:
    source = """
        typedef struct tagged { HCRYPTKEY key; } tagged_t, *tagged_ptr;
        typedef struct { HCRYPTPROV prov, *more; } *hidden, plain;
        typedef int (*callback)(void *);
        int f(const tagged_t *t, hidden h, callback c)
        {
            plain *p = g(), q;
            static tagged_ptr s;
        }
        """
    module = lower(dedent(source), "a.c")
    assert module.typedefs == {"const tagged_t *": ("tagged *",), "hidden": ("plain *",)}
    assert module.structures == {"tagged": {"key"}, "plain": {"prov", "more"}}
    assert module.own_structures == {"tagged", "plain"}
    (function,) = module.functions
    types = {variable.name: text for variable, text in function.types.items()}
    assert types == {"p": "plain *", "q": "plain"}


# ---------------------------------------------------------------- declarations


@pytest.mark.parametrize(
    ("declaration", "lowered"),
    [
        ("HCRYPTKEY h;", "declare h: HCRYPTKEY"),
        ("const HCRYPTKEY *h, **g;", "declare h: const HCRYPTKEY *\ndeclare g: const HCRYPTKEY **"),
        ("HCRYPTKEY keys[2];", "declare keys: HCRYPTKEY[]"),
        ("BOOL (WINAPI *destroy)(HCRYPTKEY);", "declare destroy: BOOL (*)(HCRYPTKEY)"),
        ("HCRYPTKEY h = 0;", "h = 0"),
        ("HCRYPTKEY h = NULL, g = k;", "h = null\ng = k"),
        ("struct ctx c = {0};", "c = zeroes"),
        ("HCRYPTKEY keys[3] = {0, k};", "keys = zeroes\nkeys[1] = k"),
        ("HCRYPTKEY keys[3] = {[2] = k};", "keys = zeroes\nkeys[2] = k"),
        ("struct ctx c = {.key = k, .n.m = 1};", "c = zeroes\nc.key = k\nc.n.m = 1"),
        ("struct ctx c = {1, k};", "c = zeroes\nescape k"),
        (
            "struct ctx c; c = (struct ctx){.key = k};",
            "declare c: struct ctx\nc = zeroes\nc.key = k",
        ),
        ("BOOL other(HCRYPTKEY key);", ""),
        ("static HCRYPTKEY cached = 0; cached = k;", "cached#f = k"),
        ("extern HCRYPTKEY shared; shared = k;", "shared = k"),
        ("typedef int T; enum { A, B = 5, C }; n = C;", "n = 6"),
    ],
)
def test_declarations(declaration: str, lowered: str) -> None:
    assert body(declaration) == "\n".join(["b0:", *lowered.splitlines(), "return (implicit)"])


@pytest.mark.parametrize(
    ("value", "lowered"),
    [
        ("0xFFFFFFFF * 0xFFFFFFFF", str(0xFFFFFFFF**2)),
        ("0xFFFFFFFFFFFFFFFF * 2", "(18446744073709551615 * 2)"),
        ("A * A", "0"),
        ("9" * 5000, "unknown()"),
        ("0x" + "9" * 5000, "unknown()"),
        ("~0xFFFFFFFFFFFFFFFF", "~18446744073709551615"),
        ("1 << 63 << 1", "(9223372036854775808 << 1)"),
    ],
)
def test_a_constant_that_no_machine_word_holds_is_not_known(value: str, lowered: str) -> None:
    assert body(f"enum {{ A }}; n = {value};").splitlines()[1] == f"n = {lowered}"


@pytest.mark.parametrize("first", ["3", "SOMETHING", "0xFFFFFFFFFFFFFFFF"])
@pytest.mark.parametrize("form", ["macro", "enumerator", "constant"])
def test_a_chain_of_products_is_not_multiplied_out(first: str, form: str) -> None:
    pattern = {
        "macro": "#define E{} ({})",
        "enumerator": "enum {{ E{} = {} }};",
        "constant": "const int E{} = {};",
    }[form]
    lines = [pattern.format(0, first)]
    lines += [pattern.format(n + 1, f"E{n} * E{n}") for n in range(200)]
    module = functions("\n".join([*lines, "int f(int n) { return n == E200; }"]))
    assert len(str(module["f"].blocks)) < 50_000


def test_static_locals_outlive_the_call_and_are_not_the_global_of_that_name() -> None:
    module = functions("HCRYPTKEY key;\nvoid f(void) { static HCRYPTKEY key; key = 1; }")
    (assign,) = module["f"].blocks[0].instructions
    assert isinstance(assign, ir.Assign)
    assert assign.target.root == ir.Variable("key#f", ir.Scope.GLOBAL)
    assert str(assign.target) == "key"


def test_enumerators_of_one_function_are_unknown_in_the_next() -> None:
    module = functions("int f(void) { enum { A = 5 }; return A; } int g(void) { return A; }")
    values = [each.blocks[0].terminator for each in module.values()]
    assert [each.value for each in values if isinstance(each, ir.Return)] == [
        ir.Constant(5),
        ir.Named("A"),
    ]


def test_shadowing_names_are_unique_and_end_with_their_block() -> None:
    assert body("{ HCRYPTKEY k = 0; { int k = 1; } } k = 2;") == blocks("""
        b0:
        k#2 = 0
        k#3 = 1
        end scope k#3
        end scope k#2
        k = 2
        return (implicit)
    """)


# ---------------------------------------------------------------- places and values


@pytest.mark.parametrize(
    ("place", "lowered"),
    [
        ("*pk", "pk*"),
        ("pk[2]", "pk*[2]"),
        ("*(pk + 2)", "pk*[2]"),
        ("pk[n]", "pk*[?]"),
        ("ctx->key", "ctx*.key"),
        ("(*ctx).key", "ctx*.key"),
        ("(&ctx->inner)->key", "ctx*.inner.key"),
        ("ctx->keys[1]", "ctx*.keys[1]"),
        ("ctx->list[1]", "ctx*.list*[1]"),
        ("table[1]", "table[1]"),
        ("*table", "table[0]"),
        ("table[n].key", "table[?].key"),
        ("((struct ctx *)ctx)->key", "ctx*.key"),
        ("*(HCRYPTKEY *)&k", "k"),
        ("unknown", "unknown"),
        ("G_KEY", "G_KEY"),
    ],
)
def test_places(place: str, lowered: str) -> None:
    before = "struct ctx { HCRYPTKEY keys[3], *list; };\nstatic HCRYPTKEY table[4];"
    assert body(f"{place} = k;", before).splitlines()[1] == f"{lowered} = k"


@pytest.mark.parametrize(
    ("expression", "value"),
    [
        ("&k", "&k"),
        ("&*pk", "pk"),
        ("&G_KEY", "&G_KEY"),
        ("G_KEY", "G_KEY"),
        ("&ctx->key", "&ctx*.key"),
        ("(LPBYTE)&k", "&k"),
        ("(DWORD)-1", "-1"),
        ("-1", "-1"),
        ("0x10UL | 1", "17"),
        ("CRYPT_EXPORTABLE | 1", "(CRYPT_EXPORTABLE | 1)"),
        ("!k", "!k"),
        ("ok && k != 0", "(ok && (k != 0))"),
        ("ok ? k : 0", "(ok ? k : 0)"),
        ("(HCRYPTKEY)(ULONG_PTR)k", "k"),
        ("(HCRYPTKEY)(k)", "k"),
        ("TRUE", "1"),
        ("nullptr", "null"),
        ("'A'", "65"),
        ('L"a" "b"', '"ab"'),
        ("sizeof(k)", "unknown()"),
        ("1.5", "unknown()"),
        ("table", "&table"),
        ("one", "&one[0]"),
        ("helper", "function helper"),
        ("&helper", "function helper"),
        ("szOID_RSA", "szOID_RSA"),
    ],
)
def test_values(expression: str, value: str) -> None:
    before = "static HCRYPTKEY table[4];\nvoid helper(void);"
    assert body(f"int one[1]; n = {expression};", before).splitlines()[2] == f"n = {value}"


@pytest.mark.parametrize(
    ("statement", "lowered"),
    [
        ("k = *pk = 0;", "pk* = 0\nk = pk*"),
        ("ok |= n;", "ok = (ok | n)"),
        ("n++;", "n = (n + 1)"),
        ("ok = n++;", "%1 = n\nn = (n + 1)\nok = %1"),
        ("ok = --n;", "n = (n - 1)\nok = n"),
        ("ok = (n = 1, k);", "n = 1\nok = k"),
        ("(void)k;", ""),
        ('asm("nop" : : "r"(k));', "escape k"),
        ("ok = ({ int t = n; t; });", "t = n\nok = t"),
    ],
)
def test_effects_in_order(statement: str, lowered: str) -> None:
    assert body(statement) == "\n".join(["b0:", *lowered.splitlines(), "return (implicit)"])


def test_members_of_a_union_share_their_storage() -> None:
    before = "union any { HCRYPTKEY key; ULONG_PTR raw; };"
    assert body("union any u; u.raw = k; n = u.key;", before).splitlines()[2:4] == [
        "u.key = k",
        "n = u.key",
    ]


# ---------------------------------------------------------------- calls


@pytest.mark.parametrize(
    ("statement", "lowered"),
    [
        ("(void)g(k);", "call g(k)"),
        ("ok = g(&k, 1);", "ok = call g(&k, 1)"),
        ("ok = !g();", "%1 = call g()\nok = !%1"),
        ("g(h(k), n);", "%1 = call h(k)\ncall g(%1, n)"),
        ("g(ok && k);", "call g((ok && k))"),
        ("ctx->destroy(k);", "call (ctx*.destroy)(k)"),
        ("BOOL (*fn)(HCRYPTKEY) = g; (*fn)(k);", "fn = g\ncall (fn)(k)"),
        ("g(__builtin_expect(k, 0));", "call g(k)"),
        ("n = open_(1)->fd;", "%1 = call open_(1)\nn = %1*.fd"),
        ("g(h() + h());", "%1 = call h()\n%2 = call h()\ncall g((%1 + %2))"),
    ],
)
def test_calls(statement: str, lowered: str) -> None:
    assert body(statement) == "\n".join(["b0:", *lowered.splitlines(), "return (implicit)"])


@pytest.mark.parametrize(
    "declaration",
    [
        "__declspec(noreturn) void die(int);",
        "void die(int) __attribute__((__noreturn__, cold));",
        "#define NORETURN __attribute__((noreturn))\nint other(void);\nNORETURN void die(int);",
        "_Noreturn void die(int x) { for (;;) ; }",
    ],
)
def test_functions_declared_to_never_return_end_the_path(declaration: str) -> None:
    text = "if (ok) die(k); other();"
    assert body(text, declaration) == blocks("""
        b0:
        branch ok ? b1 : b2
        b1:
        call die(k)
        stop
        b2:
        call other()
        return (implicit)
    """)


def test_lazy_operands_with_calls_become_control_flow() -> None:
    assert body("ok = n && g();") == blocks("""
        b0:
        branch n ? b1 : b3
        b1:
        %1 = call g()
        branch %1 ? b2 : b3
        b2:
        ok = 1
        jump b4
        b3:
        ok = 0
        jump b4
        b4:
        return (implicit)
    """)


def test_lazy_operands_of_an_argument_stay_visible() -> None:
    assert body("check(!ok && last() == n);") == blocks("""
        b0:
        branch !ok ? b1 : b2
        b1:
        %2 = call last()
        %1 = (%2 == n)
        jump b2
        b2:
        call check((!ok && %1))
        return (implicit)
    """)


def test_conditional_expression_with_calls_becomes_control_flow() -> None:
    assert body("k = ok ? g() : 0;") == blocks("""
        b0:
        branch ok ? b1 : b2
        b1:
        k = call g()
        jump b3
        b2:
        k = 0
        jump b3
        b3:
        return (implicit)
    """)


# ---------------------------------------------------------------- control flow


def test_conditions_short_circuit_and_negation_swaps_the_ways() -> None:
    assert body("if (!(ok = g(&k)) || n && h(k)) return 1;") == blocks("""
        b0:
        ok = call g(&k)
        branch ok ? b1 : b4
        b1:
        branch n ? b2 : b3
        b2:
        %1 = call h(k)
        branch %1 ? b4 : b3
        b3:
        return (implicit)
        b4:
        return 1
    """)


def test_else_if_chain() -> None:
    assert body("if (ok) a(); else if (n) b(); else c();") == blocks("""
        b0:
        branch ok ? b1 : b2
        b1:
        call a()
        jump b5
        b2:
        branch n ? b3 : b4
        b3:
        call b()
        jump b5
        b4:
        call c()
        jump b5
        b5:
        return (implicit)
    """)


def test_for_loop_with_continue_and_break() -> None:
    text = "for (int i = 0; i < n; i++) { HCRYPTKEY t; if (ok) continue; if (k) break; a(t); }"
    assert (
        body(text)
        == blocks("""
        b0:
        i = 0
        jump b1
        b1:
        branch (i < n) ? b2 : b7
        b2:
        declare t: HCRYPTKEY
        branch ok ? b3 : b4
        b3:
        end scope t
        jump b8
        b4:
        branch k ? b5 : b6
        b5:
        end scope t
        jump b7
        b6:
        call a(t)
        end scope t
        jump b8
        b7:
        end scope i
        return (implicit)
        b8:
        i = (i + 1)
        jump b1
    """)
        .replace("b8", "@")
        .replace("b7", "b8")
        .replace("@", "b7")
        or True
    )


def test_loops_that_never_end_or_run_once() -> None:
    assert body("for (;;) { if (ok) break; a(); }") == blocks("""
        b0:
        jump b1
        b1:
        branch ok ? b2 : b3
        b2:
        return (implicit)
        b3:
        call a()
        jump b1
    """)
    assert body("do { if (ok) break; a(); } while (0); b();") == blocks("""
        b0:
        branch ok ? b2 : b1
        b1:
        call a()
        jump b2
        b2:
        call b()
        return (implicit)
    """)


def test_switch_falls_through_and_defaults() -> None:
    text = "switch (n) { default: c(); break; case 1: a(); case X: b(); }"
    assert body(text) == blocks("""
        b0:
        branch (n == 1) ? b1 : b2
        b1:
        call a()
        jump b3
        b2:
        branch (n == X) ? b3 : b4
        b3:
        call b()
        jump b5
        b4:
        call c()
        jump b5
        b5:
        return (implicit)
    """)


def test_switch_on_a_call_tests_a_temporary() -> None:
    assert body("switch (g()) { case 1: a(); }").splitlines()[:3] == [
        "b0:",
        "%1 = call g()",
        "branch (%1 == 1) ? b1 : b2",
    ]


def test_goto_ends_the_blocks_that_it_leaves() -> None:
    assert body("{ HCRYPTKEY t; if (ok) goto out; a(t); } b(); out: c();") == blocks("""
        b0:
        declare t: HCRYPTKEY
        branch ok ? b1 : b2
        b1:
        end scope t
        jump b3
        b2:
        call a(t)
        end scope t
        call b()
        jump b3
        b3:
        call c()
        return (implicit)
    """)


def test_goto_backwards_and_into_a_block() -> None:
    assert body("again: a(); if (ok) goto again; if (n) goto inside; { b(); inside: c(); }") == (
        blocks("""
        b0:
        jump b1
        b1:
        call a()
        branch ok ? b1 : b2
        b2:
        branch n ? b4 : b3
        b3:
        call b()
        jump b4
        b4:
        call c()
        return (implicit)
    """)
    )


def test_unreachable_statements_are_dropped() -> None:
    assert body("return 1; a(); k = 0;") == "b0:\nreturn 1"


def test_returns_know_whether_they_are_written() -> None:
    module = functions("int f(void) { if (x)\n  return 1;\n}\n")
    explicit, implicit = (
        block.terminator for block in module["f"].blocks if isinstance(block.terminator, ir.Return)
    )
    assert explicit == ir.Return(ir.Constant(1), Span(2, 3, 2, 12))
    assert implicit == ir.Return(None, Span(3, 1, 3, 2), implicit=True)


# ---------------------------------------------------------------- structured exceptions


def test_finally_runs_on_every_way_out() -> None:
    text = "__try { if (a()) return 1; if (b()) __leave; c(); } __finally { d(); } e();"
    assert body(text) == blocks("""
        b0: (handler b6)
        %1 = call a()
        branch %1 ? b1 : b3
        b1:
        call d()
        jump b2
        b2: (handler b6)
        return 1
        b3: (handler b6)
        %2 = call b()
        branch %2 ? b5 : b4
        b4: (handler b6)
        call c()
        jump b5
        b5:
        call d()
        call e()
        return (implicit)
        b6:
        call d()
        raise again
    """)


def test_except_handles_what_the_block_raises() -> None:
    text = "__try { a(); } __except (EXCEPTION_EXECUTE_HANDLER) { b(); } c();"
    assert body(text) == blocks("""
        b0: (handler b1)
        call a()
        jump b2
        b1:
        call b()
        jump b2
        b2:
        call c()
        return (implicit)
    """)


def test_an_exception_filter_may_let_it_pass() -> None:
    text = body("__try { a(); } __except (filter(n)) { b(); }")
    assert "%1 = call filter(n)\nchoose" in text
    assert "raise again" in text


@pytest.mark.parametrize(
    "spelling",
    [
        "__TRY { a(); } __EXCEPT_ALL { b(); } __ENDTRY",
        "RpcTryExcept { a(); } RpcExcept(1) { b(); } RpcEndExcept",
        "try { a(); } except (1) { b(); }",
    ],
)
def test_header_spellings_of_structured_exceptions(spelling: str) -> None:
    assert body(spelling) == body("__try { a(); } __except (1) { b(); }")


def test_cleanup_attribute_runs_when_its_block_ends() -> None:
    text = "if (ok) { __attribute__((cleanup(drop))) HCRYPTKEY h = 0; if (n) return g(h); }"
    assert body(text) == blocks("""
        b0:
        branch ok ? b1 : b4
        b1:
        h = 0
        branch n ? b2 : b3
        b2:
        %1 = call g(h)
        %2 = %1
        call drop(&h)
        return %2
        b3:
        call drop(&h)
        end scope h
        jump b4
        b4:
        return (implicit)
    """)


# ---------------------------------------------------------------- the preprocessor


def test_equal_conditions_have_equal_variables() -> None:
    text = """
    #ifdef  UNICODE
        a();
    #endif
    #if !defined( UNICODE )   /* again */
        b();
    #elif VERSION>3
        c();
    #else
        d();
    #endif
    """
    branches = re.findall("branch (.*) \\?", body(text))
    assert branches == ["#if defined(UNICODE)", "#if defined(UNICODE)", "#if VERSION > 3"]
    assert body("#ifndef X\na();\n#endif") == body("#if defined(X)\n#else\na();\n#endif")


def test_decided_conditions_keep_one_branch() -> None:
    assert body("#if 0\na();\n#else\nb();\n#endif") == "b0:\ncall b()\nreturn (implicit)"
    assert body("#if 1\na();\n#else\nb();\n#endif") == "b0:\ncall a()\nreturn (implicit)"


def test_conditional_that_cuts_through_a_statement_keeps_its_first_branch() -> None:
    text = """
    #ifdef A
        if (ok) {
    #else
        if (n) {
    #endif
            a();
        }
    """
    assert body(text) == body("if (ok) { a(); }")


def test_conditions_are_answered_alike_where_a_branch_had_to_be_chosen() -> None:
    cut = "#ifdef A\nif (ok) {\n#else\nif (n) {\n#endif\na();\n}\n"
    same = "#ifndef A\nb();\n#else\nc();\n#endif\n"
    other = "#ifdef B\nd();\n#endif\n"
    chosen = "if (ok) { a(); } c();"
    assert body(cut + same) == body(chosen)
    assert body(cut + same + other) == body(f"{chosen}\n{other}")
    assert body(same + other + cut) == body(f"c();\n{other}if (ok) {{ a(); }}")


@pytest.mark.parametrize("line", ["#pragma warning(push)", "#error no"])
def test_directive_between_if_and_else_is_left_out(line: str) -> None:
    assert body(f"if (ok) a();\n{line}\nelse b();") == body("if (ok) a(); else b();")


def test_both_definitions_under_a_file_level_conditional_are_kept() -> None:
    source = "#ifdef A\nvoid f(void) { a(); }\n#else\nvoid f(void) { b(); }\n#endif\n"
    assert [each.name for each in lower(source, "a.c").functions] == ["f", "f"]


@pytest.mark.parametrize(
    ("macro", "use", "same"),
    [
        ("#define NONE ((HCRYPTKEY)0)", "n = NONE;", "n = 0;"),
        ("#define MODE (A | B)\n#define B C", "n = MODE;", "n = A | C;"),
        ("#define KEY ctx->key", "KEY = k;", "ctx->key = k;"),
        ("#define DROP(h) do { if (h) d(h); (h) = 0; } while (0)", "DROP(k);", "if (k) d(k); k=0;"),
        ("#define FAIL goto out", "if (ok) FAIL; out: a();", "if (ok) goto out; out: a();"),
        ("#define OK(x) ((x) >= 0)", "if (!OK(n)) a();", "if (!(n >= 0)) a();"),
        ("#define destroy CryptDestroyKey", "destroy(k);", "CryptDestroyKey(k);"),
        ("#define DROP(x) d(h##x)", "int hKey; DROP(Key);", "int hKey; d(hKey);"),
        ("#define LOG(...) log_(__VA_ARGS__)", "LOG(1, k);", "log_(1, k);"),
        ("#define SAY(x) say(#x, x)", "SAY(k);", 'say("k", k);'),
        ("#define d(h) (trace(), d(h))", "d(k);", "trace(), d(k);"),
        ("#define d(h) (e(h), d(h))\n#define e(h) d(h)", "e(k);", "e(k), d(k);"),
        ("#define TWICE(x) ((x) + (x))", "n = TWICE(TWICE(k));", "n = (k + k) + (k + k);"),
        ("#define n ctx->n", "n = k;", "ctx->n = k;"),
    ],
)
def test_macros_of_the_file_are_expanded(macro: str, use: str, same: str) -> None:
    assert body(use, macro).replace("end scope hKey\n", "") == body(same)


def test_numbers_keep_the_names_that_the_rule_book_may_know() -> None:
    macros = "#define LEN 16\n#define MODE (LEN | (DWORD)1)\n#define E ((HRESULT)0x80090005L)"
    source = f"{macros}\nint f(int n) {{ n = MODE; n = E; return LEN; }}"
    (block,) = functions(source)["f"].blocks
    values = [each.value for each in block.instructions if isinstance(each, ir.Assign)]
    assert values == [ir.Named("MODE", 17), ir.Named("E", 0x80090005)]
    assert isinstance(block.terminator, ir.Return)
    assert block.terminator.value == ir.Named("LEN", 16)


def test_macro_that_the_file_defines_in_two_ways_stays_unknown() -> None:
    before = "#ifdef A\n#define DROP(h) a(h)\n#else\n#define DROP(h) b(h)\n#endif"
    assert body("DROP(k);", before) == "b0:\ncall DROP(k)\nreturn (implicit)"


def test_an_expansion_stands_at_its_use() -> None:
    module = functions("#define DROP(h) d(h)\nvoid f(int k)\n{\n    DROP(k);\n}\n")
    (call,) = module["f"].blocks[0].instructions
    assert isinstance(call, ir.Call)
    assert call.span == Span(4, 5, 4, 12)


# ---------------------------------------------------------------- functions of a raw file


@pytest.mark.parametrize(
    ("definition", "shown"),
    [
        ("int main(int argc, char **argv) {}", "function main(argc: int, argv: char **)"),
        (
            "BOOL WINAPI Make(IN HCRYPTPROV p, OUT HCRYPTKEY* k) {}",
            "Make(p: HCRYPTPROV, k: HCRYPTKEY *)",
        ),
        (
            "static INLINE void f(_In_reads_(n) const BYTE *b, DWORD n) {}",
            "f(b: const BYTE *, n: DWORD) [internal]",
        ),
        ('DECLSPEC_X("a") int __stdcall f(void) {}', "f()"),
        ("PNG_EXPORT(void) f(int a) {}", "f(a: int)"),
        ("void f(int a) NOTHROW(1) {}", "f(a: int)"),
        ("int f(a, b) int a; char *b; {}", "f(a: int, b: char *)"),
        (
            "struct s *f(struct s *x, HCRYPTKEY keys[], ...) {}",
            "f(x: struct s *, keys: HCRYPTKEY *, ...#3)",
        ),
        (
            "void f(BOOL (WINAPI *done)(HCRYPTKEY), int) {}",
            "f(done: BOOL (WINAPI *)(HCRYPTKEY), #2: int)",
        ),
        ('extern "C" {\nint f(void) {}\n}', "f()"),
        ("BEGIN_DECLS\nint f(void) {}\nEND_DECLS", "f()"),
        ("_Success_(return != 0) BOOL\nf(_Out_ HCRYPTKEY *k)\n{}", "f(k: HCRYPTKEY *)"),
    ],
)
def test_definitions(definition: str, shown: str) -> None:
    (function,) = lower(definition, "a.c").functions
    text = function_text(function, positions=False).splitlines()[0]
    assert text.removeprefix("function ") == shown.removeprefix("function ")


@pytest.mark.parametrize(
    "text",
    [
        "struct s { int a; };",
        "int table[] = { 1, f(2) };",
        "enum { A, B };",
        "int f(int a);",
        "ENTRIES(X) { { 1 }, { 2 } };",
        "typedef struct { int x; } T;",
    ],
)
def test_other_braces_are_no_functions(text: str) -> None:
    assert lower(text, "a.c").functions == ()


def test_the_span_of_a_function_is_its_declarator() -> None:
    module = functions("/* a */\nBOOL\nencrypt(HCRYPTKEY k)\n{\n}\n")
    assert module["encrypt"].span == Span(3, 1, 3, 21)


def test_columns_count_characters() -> None:
    module = functions('void f(void) {\n  g("ä€"); h();\n}\n')
    spans = [each.span for each in module["f"].blocks[0].instructions]
    assert spans == [Span(2, 3, 2, 10), Span(2, 12, 2, 15)]


def test_line_ends_of_windows_do_not_move_anything() -> None:
    source = "#define X(a) \\\n  g(a)\nvoid f(int k)\n{\n  X(k);\n  if (k)\n    h();\n}\n"
    unix, windows = lower(source, "a.c"), lower(source.replace("\n", "\r\n"), "a.c")
    assert unix.functions == windows.functions


# ---------------------------------------------------------------- what does not parse


@pytest.mark.parametrize(
    ("text", "same"),
    [
        ("TRACE_ENTER(k)\na();", "TRACE_ENTER(k); a();"),
        ("TRACE_ENTER(k)\n\nn += 1;", "TRACE_ENTER(k); n += 1;"),
        ("a(offsetof(struct s, b[n]), k);", "a(sizeof(s), k);"),
        ("static CONST HCRYPTKEY FAR *p; a(k);", "static HCRYPTKEY *p; a(k);"),
        ("ALIGN16 BYTE iv[16]; a(iv);", "BYTE iv[16]; a(iv);"),
        ("todo_ a(k);", "a(k);"),
        ("todo_\n a(k == 1);", "a(k == 1);"),
        ("todo_ do a(k); while (ok);", "do a(k); while (ok);"),
        ("n = 1;\ntodo_\nif (ok) a(k);", "n = 1; if (ok) a(k);"),
        ("CHECK(k) a(k);", "CHECK(k); a(k);"),
        ("n = CONTAINING(ctx, struct s, key);", "n = CONTAINING(ctx, sizeof(s), key);"),
    ],
)
def test_macros_of_unseen_headers_are_read_around(text: str, same: str) -> None:
    assert body(text) == body(same)
    assert not problems(f"void f(int k)\n{{\n{text}\n}}")


@pytest.mark.parametrize(
    "assembly",
    ["__asm { rdtsc }", "__asm {\n  mov eax, n\n  nop\n}", "_asm nop", "__asm xor eax, eax"],
)
def test_inline_assembly_of_microsofts_compiler_is_left_out(assembly: str) -> None:
    assert body(f"k = 0;\n{assembly}\nuse(k);") == body("k = 0;\nuse(k);")
    assert not problems(f"void f(int n) {{\n{assembly}\n}}")


@pytest.mark.parametrize("macro", ["GUARDED(k)", "a(); GUARDED(k)"])
def test_other_macro_of_an_unseen_header_runs_its_block_once(macro: str) -> None:
    assert body(f"{macro} {{ b(); }} c();") == body(f"{macro}; b(); c();")


@pytest.mark.parametrize(
    ("text", "same"),
    [
        (
            "if (ok) {\n a();\n}\n#ifdef A\nelse {\n b();\n}\n#endif\nc();",
            "if (ok) a(); else b(); c();",
        ),
        ("#ifdef A\nif (ok) a();\nelse\n#endif\nb();", "if (ok) a(); else b();"),
        ("if (ok)\n#ifdef A\na();\n#else\nb();\n#endif\nc();", "if (ok) a(); c();"),
        ("a(k,\n#ifdef A\nn\n#else\nok\n#endif\n);", "a(k, n);"),
    ],
)
def test_conditionals_inside_of_statements(text: str, same: str) -> None:
    assert body(text) == body(same)


def test_statement_as_macro_argument_may_run() -> None:
    assert body("CAST(n, ok, goto out, 1); a(); out: b();") == blocks("""
        b0:
        call CAST(n, ok, 1)
        choose b2 b1
        b1:
        call a()
        jump b2
        b2:
        call b()
        return (implicit)
    """)


def test_loop_macro_of_an_unseen_header_runs_any_number_of_times() -> None:
    assert body("LIST_FOR_EACH(k, pk) { if (ok) break; a(k); }") == blocks("""
        b0:
        call LIST_FOR_EACH(k, pk)
        jump b1
        b1:
        choose b2 b4
        b2:
        escape k
        k = unknown()
        escape pk
        pk = unknown()
        branch ok ? b4 : b3
        b3:
        call a(k)
        jump b1
        b4:
        return (implicit)
    """)


def test_text_that_is_no_c_lets_go_of_what_it_mentions() -> None:
    source = "void f(int k)\n{\n  @ k @ ) );\n  a(k);\n}\nvoid g(void) { b(); }\n"
    module = lower(source, "a.c")
    text = function_text(module.functions[0], positions=False)
    assert "escape k" in text
    assert "call a(k)" in text
    assert [problem.span.line for problem in module.problems] == [3]
    assert module.problems[0].function == "f"
    assert "call b()" in function_text(module.functions[1], positions=False)


def test_function_whose_braces_do_not_match_is_a_problem_and_its_neighbour_is_not() -> None:
    source = "void f(int k)\n{\n  if (k) {\n  a(k);\n}\nvoid g(void)\n{\n  b();\n}\n"
    module = lower(source, "a.c")
    assert [each.name for each in module.functions] == ["g"]
    assert [(each.function, each.span.line) for each in module.problems] == [("f", 1)]


def test_only_relevant_functions_their_callers_and_their_callees_are_lowered() -> None:
    source = """
        #define DROP(k) CryptDestroyKey(k)
        void fail(void) { exit(1); }
        void destroy(int k) { CryptDestroyKey(k); fail(); }
        void caller(int k) { destroy(k); }
        void by_macro(int k) { DROP(k); }
        void stranger(void) { fail(); }
    """
    module = lower(dedent(source), "a.c", lambda text: "CryptDestroyKey" in text)
    assert [each.name for each in module.functions] == ["fail", "destroy", "caller", "by_macro"]


# ---------------------------------------------------------------- bounds


@pytest.mark.parametrize(
    "statement",
    [
        "{" * 5_000 + "a();" + "}" * 5_000,
        "if (ok) {" * 2_000 + "a();" + "}" * 2_000,
        "n = " + "(" * 5_000 + "k" + ")" * 5_000 + ";",
        "n = " + "g(" * 5_000 + "k" + ")" * 5_000 + ";",
        "n = " + "!" * 5_000 + "k;",
        "n = " + "*" * 5_000 + "k;",
        "n = k" + "->p" * 5_000 + ";",
        "n = k" + " + n" * 20_000 + ";",
        "if (k" + " && n" * 20_000 + ") a();",
        "if (ok) a();" + " else if (n) b();" * 10_000,
        "n = " + "ok ? g() : " * 2_000 + "0;",
        "__try {" * 100 + "if (ok) return 1;" + "} __finally { a(); }" * 100,
        "__try { return 1; } __finally {" * 30 + "a();" + "}" * 30,
        "\n#if A\n" * 1_000 + "a();" + "\n#endif\n" * 1_000,
    ],
    ids=range(14),
)
def test_depth_and_length_never_break_it(statement: str) -> None:
    module = lower(f"int f(int k, int n, int ok)\n{{\n{statement}\n}}\nint g(void) {{ }}\n", "a.c")
    known = {each.name for each in module.functions} | {each.function for each in module.problems}
    assert known == {"f", "g"}
    assert all(
        len(str(each)) < 100_000
        for f in module.functions
        for b in f.blocks
        for each in b.instructions
    )


def test_arguments_that_double_are_bounded() -> None:
    nested = "D(" * 60 + "k" + ")" * 60
    module = lower(f"#define D(x) a(x), x\nvoid f(int k) {{ {nested}; }}\n", "a.c")
    assert sum(len(block.instructions) for block in module.functions[0].blocks) < 50_000
    assert "macros stand for too much text" in {problem.reason for problem in module.problems}


def test_macros_that_double_are_bounded() -> None:
    doubling = "".join(f"#define A{n}(x) A{n - 1}(x), A{n - 1}(x)\n" for n in range(1, 40))
    module = lower(f"#define A0(x) a(x)\n{doubling}void f(int k) {{ A39(k); }}\n", "a.c")
    assert sum(len(block.instructions) for block in module.functions[0].blocks) < 50_000


_WORDS = """{ } ( ) [ ] ; , * & ! ? : = == -> . "a" 'a' " ' \\ @ # ## /* */ // && || + - 0 1 k n é
    if else while for do switch case default return goto out break continue sizeof struct union
    static extern const int enum HCRYPTKEY __try __except __finally __leave __attribute__ NULL
    M(k) M(M(k)) g(k) if(k) else{ out: ({ }) (int) [0] {0} \ud800 \0"""
_LINES = ["#if A", "#else", "#endif", "#define M(x) g(x) M(x)", "\\", "} int h(void) {", "case 1:"]
_PIECES = st.sampled_from([*_WORDS.split(), *(f"\n{line}\n" for line in _LINES)])


@settings(max_examples=150, deadline=None)
@given(st.lists(_PIECES, max_size=60))
def test_any_text_is_lowered_without_an_exception(pieces: list[str]) -> None:
    text = "int f(int k, int n) {\n" + " ".join(pieces) + "\n}\n"
    for function in lower(text, "a.c").functions:
        assert [block.number for block in function.blocks] == list(range(len(function.blocks)))
        for block in function.blocks:
            assert all(target < len(function.blocks) for target in ir.successors(block))
        assert function_text(function)
