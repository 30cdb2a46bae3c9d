"""The engine's laws: bounds, work that grows with the program, order that does not matter."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from capilint.engine import analyse, fixpoint
from capilint.engine.analysis import Analysis
from capilint.engine.domain.budget import Budget
from capilint.engine.domain.evaluate import Evaluator, normal_comparison
from capilint.engine.domain.state import State
from capilint.engine.domain.values import Location, Number, Symbol
from capilint.engine.fixpoint import Fixpoint
from capilint.engine.program import liveness
from capilint.finding import Finding
from capilint.frontends import python
from capilint.frontends.c import lower
from capilint.ir import Module, Scope, Variable
from capilint.rulebook.book import load
from tests.bench.programs import SHAPES
from tests.bench.shapes import functions_that_call
from tests.fixture_format import FIXTURES

BOOK = load()
OFF = ("CAP401", "CAP501")
LEAK = """
BOOL f(HCRYPTPROV hProv, BYTE *buf, DWORD *n)
{
    HCRYPTKEY hKey;
    if (!CryptGenKey(hProv, CALG_RC4, 0, &hKey)) return FALSE;
    if (!CryptEncrypt(hKey, 0, TRUE, 0, buf, n, 8)) return FALSE;
    return CryptDestroyKey(hKey);
}
"""


def findings(*modules: Module) -> list[Finding]:
    return [finding for finding in analyse(modules, BOOK) if finding.code not in OFF]


def test_a_function_past_the_bound_gets_one_note_and_no_guess(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    module = lower(LEAK, "a.c")
    assert [finding.code for finding in findings(module)] == ["CAP101"]
    monkeypatch.setattr(fixpoint, "MOST_GROUPS", 0)
    (note,) = findings(module)
    assert (note.code, note.function, note.severity) == ("CAP902", "f", "note")


@pytest.mark.parametrize("bound", ["MOST_VISITS", "MOST_KEPT"])
@pytest.mark.parametrize("name", ["goto", "leak", "loops"])
def test_what_is_read_later_may_be_known_less_well(
    bound: str, name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    paths = sorted((FIXTURES / "c" / name).glob("*.c"))
    modules = [lower(path.read_text(encoding="utf-8"), path.name) for path in paths]
    before = [findings(module) for module in modules]
    assert any(before)
    monkeypatch.setattr(liveness, bound, 1)
    assert [[(each.code, each.span) for each in findings(module)] for module in modules] == [
        [(each.code, each.span) for each in found] for found in before
    ]


def test_what_holds_much_takes_more_than_its_share_of_steps() -> None:
    def steps(places: int) -> int:
        state, budget = State(), Budget(0, 10**9)
        for number in range(places):
            state.store(Location(Variable(f"v{number}", Scope.LOCAL)), Number(number))
        budget.meet(state)
        return budget.spent

    assert steps(1) == 1
    assert steps(4_000) > 3 * steps(2_000)


RAISES = """
import ctypes
from ctypes import byref

advapi32 = ctypes.WinDLL("advapi32")


def f(prov, password):
    key = ctypes.c_void_p()
    try:
        if not advapi32.CryptGenKey(prov, 0x6801, 0, byref(key)):
            return None
        data = password.encode("utf-16le")
        advapi32.CryptDestroyKey(key)
        return data
    except UnicodeError:
        return None
"""


def test_a_leak_after_an_exception_names_the_call_that_raises() -> None:
    (leak,) = findings(python.lower(RAISES, "a.py"))
    assert leak.code == "CAP102"
    assert [(step.kind, step.span.line) for step in leak.steps] == [
        ("create", 11),
        ("raise", 13),
        ("leave", 17),
    ]
    assert "encode" in leak.steps[1].message


def nodes_in(module: Module) -> int:
    analysis = Analysis(BOOK)
    analysis.add([module])
    definitions = [definition for definition, _ in analysis.program.bottom_up()]
    graphs = [Fixpoint(analysis.interpreters.of(each)).solve() for each in definitions]
    return sum(len(graph.points) for graph in graphs)


def nodes_of(shape: str, size: float) -> int:
    return nodes_in(lower(SHAPES[shape](size), "a.c"))


@pytest.mark.parametrize("shape", [name for name in SHAPES if not name.startswith("whole")])
def test_twice_the_program_is_about_twice_the_nodes(shape: str) -> None:
    assert nodes_of(shape, 0.1) <= 2.5 * nodes_of(shape, 0.05)


CONSTANT_LOOPS = FIXTURES / "python" / "loops" / "constant_loops_around_tries.py"


def test_states_do_not_multiply_with_the_elements_of_constant_loops() -> None:
    text = CONSTANT_LOOPS.read_text(encoding="utf-8")
    one, six = (
        nodes_in(python.lower(text.replace("[1, 24, 12, 13]", kinds), "a.py"))
        for kinds in ("[1]", "[1, 24, 12, 13, 14, 15]")
    )
    assert six <= 6 * one


@pytest.mark.parametrize("name", ["creator", "closer", "user", "python"])
def test_a_program_that_grows_ends_like_one_that_is_whole(name: str) -> None:
    texts = {
        "creator": "BOOL make(HCRYPTPROV p, HCRYPTKEY *k) { return CryptGenKey(p, 1, 0, k); }",
        "closer": "void finish(HCRYPTKEY k) { CryptDestroyKey(k); }",
        "user": "void f(HCRYPTPROV p) { HCRYPTKEY k; if (make(p, &k)) { finish(k); finish(k); } }"
        "void g(HCRYPTPROV p) { HCRYPTKEY k;"
        " if (make(p, &k) && CryptGetKeyParam(k, 1, 0, 0, 0)) finish(k); }",
    }
    modules = [lower(text, f"{path}.c") for path, text in texts.items()]
    modules.append(python.lower("def check(k):\n    pass\n", "python.py"))
    whole = findings(*modules)
    assert {finding.code for finding in whole} == {"CAP101", "CAP202"}
    analysis = Analysis(BOOK)
    for module in sorted(modules, key=lambda module: module.path == f"{name}.c"):
        analysis.add([module])
    order = [finding for finding in analysis.findings() if finding.code not in OFF]
    assert sorted(order, key=str) == sorted(whole, key=str)


def test_levels_of_calls_do_not_double_what_summaries_tell() -> None:
    analysis = Analysis(BOOK)
    analysis.add([lower(functions_that_call(60), "a.c")])
    summaries = [summary for summary in analysis.summaries.values() if summary is not None]
    assert len(summaries) == 61
    events = (len(outcome.events) for summary in summaries for outcome in summary.outcomes)
    assert max(events) <= 2 * 60


def test_equal_values_are_one() -> None:
    place = Location(Variable("x", Scope.LOCAL), (".a", ".b"))
    assert Symbol("initial", "entry", place) is Symbol("initial", "entry", place, 0)
    assert place in Location(place.base).below
    assert place not in Location(Variable("y", Scope.LOCAL)).below


def test_files_of_one_program_may_come_in_any_order() -> None:
    helper = lower("void drop(HCRYPTKEY h) { CryptDestroyKey(h); }", "b.c")
    caller = lower(
        "void g(HCRYPTPROV p) { HCRYPTKEY k; if (CryptGenKey(p, 1, 0, &k)) drop(k); }", "c.c"
    )
    module = lower(LEAK, "a.c")
    forward = findings(module, helper, caller)
    backward = findings(caller, helper, module)
    assert {(f.path, f.span, f.code) for f in forward} == {
        (f.path, f.span, f.code) for f in backward
    }
    assert [(f.path, f.code) for f in forward] == [("a.c", "CAP101")]


def test_the_same_input_gives_the_same_findings() -> None:
    module = lower(LEAK, "a.c")
    assert findings(module) == findings(module)


SYMBOL = Symbol("initial", "entry", Location(Variable("x", Scope.PARAMETER)))
OPERATORS = st.sampled_from(["==", "!=", "<", "<=", ">", ">="])
NEGATED = {"==": "!=", "!=": "==", "<": ">=", ">=": "<", ">": "<=", "<=": ">"}


def evaluator() -> Evaluator:
    return Evaluator(BOOK.is_box_accessor, BOOK.constants.get, boxes=False)


@given(OPERATORS, st.integers(-3, 3), st.booleans())
def test_a_branch_that_was_taken_is_taken_again(operator: str, number: int, truth: bool) -> None:
    state, rules = State(), evaluator()
    question = rules.operate(state, operator, (SYMBOL, Number(number)))
    assert rules.assume(state, question, truth)
    assert rules.truth(state, rules.operate(state, operator, (SYMBOL, Number(number)))) is truth
    opposite = rules.operate(state, NEGATED[operator], (SYMBOL, Number(number)))
    assert rules.truth(state, opposite) is not truth


@given(OPERATORS, st.integers(-3, 3))
def test_a_comparison_has_one_spelling(operator: str, number: int) -> None:
    mirrored = {"<": ">", ">": "<", "<=": ">=", ">=": "<="}.get(operator, operator)
    one = normal_comparison(operator, SYMBOL, Number(number))
    assert one == normal_comparison(mirrored, Number(number), SYMBOL)


OPENER = """
struct digest { HCRYPTPROV prov; HCRYPTHASH hash; };
BOOL digest_open(struct digest *d)
{
    if (!CryptAcquireContext(&d->prov, NULL, NULL, 1, 0)) return FALSE;
    if (CryptCreateHash(d->prov, CALG_SHA1, 0, 0, &d->hash)) return TRUE;
    CryptReleaseContext(d->prov, 0);
    return FALSE;
}
"""
CLOSER = """
struct digest { HCRYPTPROV prov; HCRYPTHASH hash; };
void digest_close(struct digest *it)
{
    CryptReleaseContext(it->prov, 0);
}
"""


def test_what_a_closer_forgets_is_told_from_opener_to_closer_in_their_own_words() -> None:
    declared = "struct digest { HCRYPTPROV prov; HCRYPTHASH hash; };"
    modules = [
        lower(text.replace(declared, ""), name)
        for text, name in ((OPENER, "open.c"), (CLOSER, "close.c"))
    ]
    (finding,) = findings(*modules)
    assert (finding.code, finding.path, finding.span.line) == ("CAP101", "open.c", 6)
    assert (finding.handle, finding.function, finding.ender) == (
        "d->hash",
        "digest_open",
        "digest_close",
    )
    assert [(step.path, step.span.line, step.message) for step in finding.steps] == [
        ("open.c", 6, "d->hash is created here"),
        ("open.c", 6, "the caller gets it in d->hash"),
        ("close.c", 5, "d->prov is released here, d->hash is not"),
        ("close.c", 6, "leaves with it->hash alive"),
    ]
    assert finding.help == "give it->hash to CryptDestroyHash on every path that leaves"


def test_structures_that_two_files_define_for_themselves_are_two() -> None:
    assert not findings(lower(OPENER, "open.c"), lower(CLOSER, "close.c"))


@pytest.mark.parametrize("broken", ["void f(void) { if (((( }", "int f(struct digest *d) { x(; }"])
def test_nothing_is_forgotten_in_a_file_that_is_not_understood(broken: str) -> None:
    closer = CLOSER.split("};", 1)[1]
    assert findings(lower(OPENER + closer, "a.c"))
    module = lower(OPENER + closer + broken, "a.c")
    assert module.problems
    assert not findings(module)
