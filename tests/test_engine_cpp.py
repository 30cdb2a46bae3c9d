"""What the engine makes of C++'s IR, as text: names with signatures, exceptions, classes."""

from __future__ import annotations

from dataclasses import replace

import pytest

from capilint.engine import analyse
from capilint.engine.program.callgraph import sorted_roots
from capilint.engine.program.linkage import Definition
from capilint.finding import Finding
from capilint.frontends import cpp
from capilint.frontends.c import lower
from capilint.ir import Language, Module
from capilint.rulebook.book import load
from tests.ir_notation import module

BOOK = load()
OFF = ("CAP401", "CAP501")


def findings(*modules: Module) -> list[Finding]:
    return [finding for finding in analyse(modules, BOOK) if finding.code not in OFF]


def codes(*texts: str) -> list[tuple[str, str]]:
    """The findings in modules of C++: the code, and the function."""
    modules = [module(text, f"m{number}.cpp") for number, text in enumerate(texts)]
    return [(finding.code, finding.function) for finding in findings(*modules)]


# ---------------------------------------------------------------- names

CALLER = """
function caller(prov: HCRYPTPROV)
b0:
  declare key: HCRYPTKEY
  %1 = call CryptGenKey(prov, CALG_RC4, 0, &key)
  branch %1 ? b1 : b2
b1:
  call CALLEE(key)
  return
b2:
  return
"""
DESTROYS = """
function NAME(k: HCRYPTKEY)
b0:
  call CryptDestroyKey(k)
  return
"""
USES = """
function NAME(k: HCRYPTKEY)
b0:
  %1 = call CryptGetKeyParam(k, KP_LEN, null, null, 0)
  return
"""
LEAK = [("CAP101", "caller")]


def defined(text: str, name: str) -> str:
    return text.replace("NAME", name)


@pytest.mark.parametrize(
    ("callee", "definition"),
    [
        ("ns::end(HCRYPTKEY)", "ns::end(HCRYPTKEY)"),  # exactly
        ("ns::end(HCRYPTKEY)", "ns::end(unsigned long)"),  # another spelling of the type
        ("ns::end", "ns::end(HCRYPTKEY)"),
        ("ns::end(HCRYPTKEY)", "ns::end"),
        ("end(HCRYPTKEY)", "end"),  # a function of C
        ("end", "end(HCRYPTKEY)"),
        ("ns::Key::operator()(HCRYPTKEY)", "ns::Key::operator()(HCRYPTKEY)"),
        ("ns::Key::operator()", "ns::Key::operator()(HCRYPTKEY)"),
    ],
)
def test_a_call_means_the_one_function_that_fits(callee: str, definition: str) -> None:
    caller = CALLER.replace("CALLEE", callee)
    assert codes(caller, defined(DESTROYS, definition)) == []
    assert codes(caller, defined(USES, definition)) == LEAK
    assert codes(caller + defined(USES, definition)) == LEAK


def test_of_several_overloads_the_signature_decides() -> None:
    caller = CALLER.replace("CALLEE", "end(HCRYPTKEY)")
    uses, destroys = defined(USES, "end(HCRYPTKEY)"), defined(DESTROYS, "end(HCRYPTHASH)")
    assert codes(caller, uses, destroys) == LEAK
    assert codes(caller, defined(USES, "end(HCRYPTKEY,int)"), defined(DESTROYS, "end(long)")) == []


@pytest.mark.parametrize("callee", ["end", "end(HCRYPTKEY)"])
def test_where_several_may_be_meant_none_is(callee: str) -> None:
    caller = CALLER.replace("CALLEE", callee)
    assert codes(caller, defined(USES, "end(HCRYPTHASH)"), defined(USES, "end(long)")) == []


def test_one_name_in_two_files_is_nobodys() -> None:
    caller = CALLER.replace("CALLEE", "end(HCRYPTKEY)")
    uses = defined(USES, "end(HCRYPTKEY)")
    assert codes(caller, uses, uses) == []
    assert codes(caller + uses, uses) == LEAK


def test_a_static_function_of_another_file_is_not_meant() -> None:
    caller = CALLER.replace("CALLEE", "end(HCRYPTKEY)")
    internal = defined(USES, "end(long)").replace("HCRYPTKEY)", "HCRYPTKEY) [internal]")
    assert codes(caller, internal) == []
    assert codes(caller, internal, defined(USES, "end(int)")) == LEAK


def test_c_calls_a_function_of_cpp_and_the_other_way_round() -> None:
    c = lower("void end(HCRYPTKEY k) { CryptGetKeyParam(k, KP_LEN, NULL, NULL, 0); }", "a.c")
    caller = module(CALLER.replace("CALLEE", "end(HCRYPTKEY)"))
    assert [each.code for each in findings(caller, c)] == ["CAP101"]
    text = "void f(HCRYPTPROV p) { HCRYPTKEY k; if (CryptGenKey(p, 1, 0, &k)) end(k); }"
    cpp = module(defined(USES, "end(HCRYPTKEY)"))
    assert [each.code for each in findings(lower(text, "a.c"), cpp)] == ["CAP101"]


@pytest.mark.parametrize(
    ("callee", "is_api"),
    [
        ("CryptDestroyKey", True),
        ("::CryptDestroyKey", True),
        ("CryptDestroyKey(HCRYPTKEY)", True),
        ("CryptDestroyKey(KeyHolder&)", False),
        ("CryptDestroyKey(HCRYPTKEY,const char*)", False),
        ("ns::CryptDestroyKey(HCRYPTKEY)", False),
        ("Key::CryptDestroyKey", False),
    ],
)
def test_the_api_has_no_scope_and_its_own_parameters(callee: str, is_api: bool) -> None:
    again = CALLER.replace("CALLEE(key)", f"{callee}(key)\n  call CryptDestroyKey(key)")
    assert codes(again) == ([("CAP202", "caller")] if is_api else [])


def test_an_overload_of_the_apis_name_leaves_the_api_alone() -> None:
    overload = defined(USES, "CryptDestroyKey(KeyHolder&)")
    assert codes(CALLER.replace("CALLEE", "CryptDestroyKey") + overload) == []
    assert codes(CALLER.replace("CALLEE", "CryptDestroyKey(KeyHolder&)") + overload) == LEAK
    own = defined(USES, "CryptDestroyKey(HCRYPTKEY)")  # a stand-in, which may leave it undone
    assert codes(CALLER.replace("CALLEE", "CryptDestroyKey(HCRYPTKEY)") + own) == []


# ---------------------------------------------------------------- exceptions

THROWS = """
class ns::Failure: std::runtime_error
class ns::Other
function f(prov: HCRYPTPROV)
b0:
  declare key: HCRYPTKEY
  key = 0
  %1 = call CryptGenKey(prov, CALG_RC4, 0, &key)
  branch %1 ? b1 : b6
b1: (handler b2)
  CALL
b2:
  choose b3 (CLAUSE) b5
b3:
  return 0
b4:
  call CryptDestroyKey(key)
  return 1
b5:
  raise again
b6:
  return 0
function ns::check(n: int)
b0:
  raise ns::Failure
"""
BY_CALL = [("CAP102", "f")]


@pytest.mark.parametrize(
    ("call", "clause", "expected"),
    [
        ("raise ns::Failure", "ns::Failure", BY_CALL),
        ("raise ns::Failure", "std::exception", BY_CALL),
        ("raise ns::Failure", "...", BY_CALL),
        ("raise ns::Failure", "ns::Other", BY_CALL),  # leaves the function
        ("raise ns::Unseen", "ns::Other", BY_CALL),
        ("call ns::check(1)\n  jump b4", "std::exception", BY_CALL),
        ("call unseen(1)\n  jump b4", "...", BY_CALL),
        ("call unseen(1)\n  jump b4", "std::exception", BY_CALL),
        ("call unseen(1)\n  jump b4", "ns::Failure", []),  # one guess on another
        ("call strlen(1)\n  jump b4", "...", []),  # C's functions never raise
        ("%2 = call CryptGetKeyParam(key, 1, null, null, 0)\n  jump b4", "...", []),
        ("%2 = call operator new(4)\n  jump b4", "...", []),
    ],
)
def test_what_may_raise_and_who_catches_it(
    call: str, clause: str, expected: list[tuple[str, str]]
) -> None:
    assert codes(THROWS.replace("CALL", call).replace("CLAUSE", clause)) == expected


def test_an_exception_goes_to_the_first_clause_that_is_for_it() -> None:
    clauses = """
class ns::Base
class ns::Failure: ns::Base
class ns::Other
function f(prov: HCRYPTPROV)
b0:
  declare key: HCRYPTKEY
  key = 0
  %1 = call CryptGenKey(prov, CALG_RC4, 0, &key)
  branch %1 ? b1 : b4
b1: (handler b2)
  raise THROWN
b2:
  choose b4 (FIRST) b3 (SECOND) b5
b3:
  call CryptDestroyKey(key)
  return 1
b4:
  return 0
b5:
  raise again
"""

    def found(thrown: str, first: str, second: str) -> list[tuple[str, str]]:
        text = clauses.replace("THROWN", thrown).replace("FIRST", first)
        return codes(text.replace("SECOND", second))

    assert found("ns::Failure", "ns::Other", "ns::Base") == []
    assert found("ns::Failure", "std::exception", "...") == []
    assert found("std::bad_alloc", "std::logic_error", "std::exception") == []
    assert found("ns::Failure*", "ns::Base", "ns::Base*") == []
    assert found("int", "ns::Base", "int") == []
    assert found("const char*", "int", "...") == []
    assert found("ns::Failure", "ns::Base", "...") == BY_CALL
    assert found("ns::Unseen", "ns::Base", "...") == BY_CALL  # open
    assert found("Exception", "BaseException", "...") == BY_CALL  # Python's names mean nothing


LANDING_PAD = """
function ns::Key::~Key()(this: Key *) [owner ns::Key] [noexcept]
b0:
  branch this*.m_key ? b1 : b2
b1:
  %1 = call CryptDestroyKey(this*.m_key)
  jump b2
b2:
  return
function f(prov: HCRYPTPROV)
b0:
  declare key: ns::Key
  key.m_key = 0
  %1 = call CryptGenKey(prov, CALG_RC4, 0, &key.m_key)
  branch %1 ? b1 : b2
b1: (handler b3)
  call unseen()
  raise ns::Failure
b2:
  call DESTRUCTOR(&key)
  return
b3:
  call DESTRUCTOR(&key)
  raise again
"""


def test_destructors_run_on_the_way_of_an_exception() -> None:
    assert codes(LANDING_PAD.replace("DESTRUCTOR", "ns::Key::~Key()")) == []
    twice = LANDING_PAD.replace(
        "  call DESTRUCTOR(&key)\n  raise again",
        "  call DESTRUCTOR(&key)\n  call DESTRUCTOR(&key)\n  raise again",
    )
    assert codes(twice.replace("DESTRUCTOR", "ns::Key::~Key()")) == [("CAP202", "f")]


def test_what_ends_the_process_is_no_leak() -> None:
    bad = """
function f(prov: HCRYPTPROV)
b0:
  declare key: HCRYPTKEY
  %1 = call CryptGenKey(prov, CALG_RC4, 0, &key)
  raise ns::Failure
"""
    assert codes(bad) == BY_CALL
    assert codes(bad.replace("HCRYPTPROV)", "HCRYPTPROV) [noexcept]")) == []
    caller = "function g(p: HCRYPTPROV)\nb0:\n  call f(p)\n  return\n"
    assert codes(bad + caller) == BY_CALL


QUIET = """
function open(prov: HCRYPTPROV, out: HCRYPTKEY *)
b0:
  out* = 0
  %1 = call CryptGenKey(prov, CALG_RC4, 0, out)
  branch %1 ? b1 : b3
b1: (handler b2)
  call unseen()
  return 1
b2:
  choose b3 (...)
b3:
  return 0
function caller(prov: HCRYPTPROV)
b0:
  declare key: HCRYPTKEY
  %1 = call open(prov, &key)
  branch %1 ? b1 : b2
b1:
  call CryptDestroyKey(key)
  return
b2:
  return
"""


def test_callers_do_not_answer_for_what_a_mere_possibility_leaves() -> None:
    assert codes(QUIET) == []
    certain = QUIET.replace("  call unseen()\n  return 1", "  raise ns::Failure")
    assert codes(certain) == [("CAP101", "caller")]


STRUCTURED = """
function f(prov: HCRYPTPROV)
b0:
  declare key: HCRYPTKEY
  key = 0
  %1 = call CryptGenKey(prov, CALG_RC4, 0, &key)
  branch %1 ? b1 : b3
b1: (handler b2)
  %2 = call CryptGetKeyParam(key, 1, null, null, 0)
  call CryptDestroyKey(key)
  return 1
b2:
  choose b3 b4
b3:
  return 0
b4:
  raise again
"""


def test_structured_exceptions_are_the_same_in_c_and_cpp() -> None:
    for language in (Language.C, Language.CPP):
        assert findings(module(STRUCTURED, language=language)) == []


def test_functions_of_one_place_have_a_fixed_order() -> None:
    names = [f"Digest<Sha{number}>::stop" for number in range(20)]
    text = "".join(f"\nfunction {name}()\nb0:\n  return\n" for name in names)
    made = module(text, "m.cpp")
    place = made.functions[0].span
    same = [replace(each, span=place) for each in made.functions]
    found = sorted_roots(frozenset(Definition(made, each) for each in same))
    assert [each.function.qualified_name for each in found] == sorted(names)
    alike = [
        replace(each, qualified_name="stop()", path=f"{number:02}.hpp")
        for number, each in enumerate(same)
    ]
    found = sorted_roots(frozenset(Definition(made, each) for each in alike))
    assert [each.function.path for each in found] == [each.path for each in alike]


def test_calls_in_lambdas_are_reported_in_a_fixed_order() -> None:
    lambdas = "".join(
        f"    auto each_{number} = [&key](auto) {{ CryptDestroyKey(key); }}; each_{number}(1);\n"
        for number in range(20)
    )
    text = f"void stop(HCRYPTKEY key)\n{{\n{lambdas}}}\n"
    runs = [analyse([cpp.lower(text, "a.cpp")], BOOK) for _ in range(5)]
    first, *others = ([(each.span, each.function, each.code) for each in run] for run in runs)
    assert first
    assert all(each == first for each in others)
