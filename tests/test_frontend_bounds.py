"""Long and deeply nested code costs the front ends no more than it is long, and means the same."""

from __future__ import annotations

import pytest

from capilint import ir
from capilint.checking import check
from capilint.config.settings import Settings
from capilint.files.source import Input
from capilint.frontends import c, cpp, python
from capilint.frontends.c.lowering.scopes import Names
from capilint.frontends.c.parsing.positions import MOST_COLUMNS
from capilint.language import Language

KEY = "HCRYPTKEY k; if (!CryptGenKey(p, 1, 0, &k)) return;"


def codes(text: str, language: Language) -> list[str]:
    """The codes of what is found in a file, those of notes left out."""
    report = check([Input("a", language, text.encode())], lambda _: Settings())
    return [each.code for each in report.findings if each.code < "CAP4"]


def test_a_name_is_sought_again_where_a_block_around_declares_it_after_all() -> None:
    names = Names("f", {})
    outer = names.open_block()
    names.declare("k", ir.Scope.LOCAL)
    inner = names.open_block()
    names.declare("other", ir.Scope.LOCAL)
    names.open_block()
    assert names.in_blocks("k") == ir.Variable("k", ir.Scope.LOCAL)
    assert names.in_blocks("unknown") is None
    names.frame = inner
    shadowing = names.declare("k", ir.Scope.LOCAL)
    names.open_block()
    assert names.in_blocks("k") == shadowing
    names.frame = inner
    names.forget("k")
    names.open_block()
    assert names.in_blocks("k") == outer.variables["k"]


@pytest.mark.parametrize(("number", "found"), [(10, ["CAP101"]), (500, ["CAP101"])])
def test_what_follows_many_attributes_is_understood(number: int, found: list[str]) -> None:
    attributes = " ".join(f"[[a{n}]]" for n in range(number))
    text = f"{attributes} void f(HCRYPTPROV p) {{ {KEY} {attributes}\n g(); }}"
    assert codes(text, Language.CPP) == found


@pytest.mark.parametrize("lower", [c.lower, cpp.lower])
def test_a_function_far_to_the_right_is_noted_and_the_others_are_read(lower: object) -> None:
    assert callable(lower)
    blanks = " " * MOST_COLUMNS
    text = f"void near(void) {{ {KEY} }}{blanks}void far(void) {{ {KEY} }}\nvoid next(void) {{}}\n"
    module = lower(text, "a.c")
    assert [each.name for each in module.functions] == ["near", "next"]
    assert [each.reason for each in module.problems] == [
        "the function begins behind column 10,000 of its line"
    ]


def test_classes_nested_in_dozens_are_read_and_those_in_thousands_do_no_harm() -> None:
    destructor = "HCRYPTKEY k; ~C() { CryptDestroyKey(k); }"
    for depth in (30, 2_000):
        heads = "".join(f"struct N{n} {{ " for n in range(depth))
        text = f"{heads} struct C {{ {destructor} }}; {'};' * depth}\n"
        text += f"void f(HCRYPTPROV p) {{ {KEY} }}"
        assert "CAP101" in codes(text, Language.CPP)


def test_overloads_that_are_declared_twice_stay_one() -> None:
    declared = "".join(f"void g(T{n} a);\n" for n in range(300))
    text = f"{declared}{declared}void g(HCRYPTKEY k) {{ CryptDestroyKey(k); }}\n"
    text += f"void f(HCRYPTPROV p) {{ {KEY} g(k); }}\n"
    assert codes(text, Language.CPP) == []


def test_a_chain_of_subscripts_has_no_end_that_matters() -> None:
    text = f"void f(HCRYPTPROV p, int *y) {{ {KEY} y = y{'[0]' * 3_000}; }}"
    assert codes(text, Language.CPP) == ["CAP101"]


def test_a_python_name_that_is_bound_over_and_over_stands_for_nothing() -> None:
    bindings = "".join(f"X = X + {n}\n" for n in range(2_000))
    text = (
        f"import ctypes\nX = 1\n{bindings}\ndef f(p):\n    k = ctypes.c_void_p()\n"
        "    ctypes.windll.advapi32.CryptGenKey(p, X, 0, ctypes.byref(k))\n"
    )
    assert python.lower(text, "a.py").problems == ()
    assert "CAP101" in codes(text, Language.PYTHON)
