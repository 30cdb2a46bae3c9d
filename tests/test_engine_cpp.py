"""What the engine makes of C++'s IR, as text: names with signatures, exceptions, classes."""

from __future__ import annotations

import pytest

from capilint.engine import analyse
from capilint.finding import Finding
from capilint.frontends.c import lower
from capilint.ir import Module
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
    own = defined(USES, "CryptDestroyKey(HCRYPTKEY)")
    assert codes(CALLER.replace("CALLEE", "CryptDestroyKey(HCRYPTKEY)") + own) == LEAK
