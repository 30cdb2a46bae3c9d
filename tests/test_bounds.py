"""What one file may cost, whatever stands in it: steps are counted, and what was found stays."""

from __future__ import annotations

import pytest

from capilint.engine import shares
from capilint.engine.analysis import Analysis
from capilint.engine.domain import budget
from capilint.engine.domain.budget import Budget, Effort
from capilint.engine.shares import Shares
from capilint.finding import Finding
from capilint.frontends.c import lower
from capilint.ir import Module
from capilint.rulebook.book import load
from tests.fixture_format import FIXTURES
from tests.nasty.shapes import C_AFTER, C_BEFORE

BOOK = load()
LEAK = """
BOOL leaks_{}(HCRYPTPROV hProv, BYTE *buf, DWORD *n)
{{
    HCRYPTKEY hKey;
    if (!CryptGenKey(hProv, CALG_RC4, 0, &hKey)) return FALSE;
    if (!CryptEncrypt(hKey, 0, TRUE, 0, buf, n, 8)) return FALSE;
    return CryptDestroyKey(hKey);
}}
"""
INTRICATE = (FIXTURES / "c" / "bounds" / "nine_optional_keys.c").read_text()


class Checked:
    """A program that was analysed: what was found in which function, and the steps it took."""

    def __init__(self, *modules: Module) -> None:
        analysis = Analysis(BOOK)
        analysis.add(modules)
        self.findings: list[Finding] = analysis.findings()
        self.shares: Shares = analysis.interpreters.shares

    def codes(self, word: str) -> list[str]:
        return [each.code for each in self.findings if word in each.function]


def _copies(count: int) -> str:
    head, name, body = INTRICATE.partition("BOOL ")
    own = body.partition("(")[0].split()[-1]
    return head + "".join(name + body.replace(own, f"{own}_{n}") for n in range(count))


def test_the_functions_of_a_file_share_its_steps(monkeypatch: pytest.MonkeyPatch) -> None:
    module = lower(_copies(1), "a.c")
    alone = sum(Checked(module).shares.taken.values())
    monkeypatch.setattr(shares, "STEPS_OF_FILE", 2 * alone)
    monkeypatch.setattr(shares, "STEPS_PER_INSTRUCTION", 0)
    count = 6
    checked = Checked(lower(_copies(count), "a.c"))
    instructions = sum(len(b.instructions) + 1 for f in module.functions for b in f.blocks)
    least = budget.LEAST + budget.LEAST_PER_INSTRUCTION * instructions
    assert 2 * alone < checked.shares.taken["a.c"] < 2 * alone + count * least < count * alone
    assert "CAP902" not in checked.codes("_0") + checked.codes("_1")
    assert "CAP902" in checked.codes(f"_{count - 1}")


def test_a_plain_function_is_analysed_whatever_others_take(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shares, "STEPS_OF_FILE", 0)
    monkeypatch.setattr(shares, "STEPS_PER_INSTRUCTION", 0)
    checked = Checked(lower("".join(LEAK.format(n) for n in range(5)), "a.c"))
    assert [each.code for each in checked.findings if each.severity == "error"] == ["CAP101"] * 5
    assert not [each for each in checked.findings if each.code == "CAP902"]


def test_files_do_not_share(monkeypatch: pytest.MonkeyPatch) -> None:
    steps = sum(Checked(lower(_copies(1), "a.c")).shares.taken.values())
    monkeypatch.setattr(shares, "STEPS_OF_FILE", steps)
    monkeypatch.setattr(shares, "STEPS_PER_INSTRUCTION", 0)
    modules = [lower(_copies(1).replace("BOOL ", "static BOOL "), f"{n}.c") for n in range(3)]
    assert not [each for each in Checked(*modules).findings if each.code == "CAP902"]


def test_a_share_that_was_cut_is_told_from_one_that_sufficed() -> None:
    (function,) = lower(LEAK.format(0), "a.c").functions
    whole, little = Budget.of(function), Budget.of(function, 100)
    assert (whole.limited, little.limited) == (False, True)
    assert little.most < whole.most
    little.spend(little.ease)
    assert not little.cut_short
    little.spend(1)
    assert little.cut_short


def test_of_very_many_mistakes_in_a_function_the_first_are_told(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    module = lower(C_BEFORE + "    CryptGenKey(p, 1, 0, &k);\n" * 60 + C_AFTER, "a.c")
    assert Checked(module).codes("f").count("CAP103") == 60
    monkeypatch.setattr(Effort.__init__, "__defaults__", (600, 0, False))
    codes = Checked(module).codes("f")
    assert 5 < codes.count("CAP103") < 60
    assert codes.count("CAP902") == 1
