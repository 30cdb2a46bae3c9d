"""The textual dump and the dot graph say what the IR holds, and nothing else."""

from __future__ import annotations

import pytest

from capilint import ir
from capilint.finding import Span
from capilint.ir.picture import function_picture
from capilint.ir.text import function_dot, function_text, module_text, statement_text, value_text

HERE = Span(3, 5, 3, 9)
KEY = ir.Place(ir.Variable("hKey", ir.Scope.LOCAL))
MEMBER = ir.Place(ir.Variable("ctx", ir.Scope.PARAMETER), ("*", ".key"))
ONE = ir.Constant(1)


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (ir.Constant(None), "null"),
        (ir.Constant('a"\n'), '"a\\"\\n"'),
        (ir.Named("CALG_RC4"), "CALG_RC4"),
        (ir.AddressOf(MEMBER), "&ctx*.key"),
        (ir.Operation("!", (ir.Read(KEY),)), "!hKey"),
        (ir.Operation("==", (ir.Read(KEY), ONE)), "(hKey == 1)"),
        (ir.Operation("?:", (ONE, ONE, ir.Read(KEY))), "(1 ? 1 : hKey)"),
        (ir.Operation("is-instance", (ir.Read(KEY),)), "is-instance(hKey)"),
        (ir.TupleOf((ONE, ir.Read(KEY))), "tuple(1, hKey)"),
        (ir.FunctionReference("f", (KEY,)), "function f [hKey]"),
        (ir.Unknown((ir.Read(KEY),)), "unknown(hKey)"),
    ],
)
def test_values(value: ir.Value, text: str) -> None:
    assert value_text(value) == text


@pytest.mark.parametrize(
    ("statement", "text"),
    [
        (ir.Declare(KEY.root, "HCRYPTKEY *", HERE), "declare hKey: HCRYPTKEY *"),
        (ir.EndScope((KEY.root,), HERE), "end scope hKey"),
        (ir.Assign(MEMBER, ir.Constant(0), HERE, zeroes=True), "ctx*.key = zeroes"),
        (ir.Call(ir.Direct("f"), (ONE,), KEY, HERE), "hKey = call f(1)"),
        (
            ir.Call(ir.Method(ir.Read(KEY), "m"), (), None, HERE, (("n", ONE),), spread=True),
            "call hKey.m(n=1, ...)",
        ),
        (ir.Call(ir.Indirect(ir.Read(MEMBER)), (), None, HERE), "call (ctx*.key)()"),
        (ir.Escape((ir.Read(KEY),), HERE), "escape hKey"),
        (ir.Yield(ONE, KEY, True, HERE), "hKey = yield 1 may raise"),
        (ir.Delete(KEY, HERE), "delete hKey"),
        (ir.Branch(ir.Read(KEY), 1, 2, HERE), "branch hKey ? b1 : b2"),
        (ir.Choose((1, 2), HERE), "choose b1 b2"),
        (ir.Return(None, HERE, implicit=True), "return (implicit)"),
        (ir.Raise(HERE, again=True), "raise again"),
        (ir.Stop(HERE, understood=False), "stop (not understood)"),
    ],
)
def test_statements(statement: ir.Instruction | ir.Terminator, text: str) -> None:
    assert statement_text(statement) == text


def _function() -> ir.Function:
    call = ir.Call(ir.Direct("f"), (ir.Constant('say "x"'),), KEY, HERE)
    blocks = (
        ir.BasicBlock(0, (call,), ir.Branch(ir.Read(KEY), 1, 2, HERE), handler=2),
        ir.BasicBlock(1, (), ir.Jump(2)),
        ir.BasicBlock(2, (), ir.Return(ir.Read(KEY), HERE)),
    )
    parameters = (
        ir.Parameter(MEMBER.root, "struct ctx *"),
        ir.Parameter(ir.Variable("rest", ir.Scope.PARAMETER), variadic=True),
    )
    return ir.Function("g", "m.g", ir.Language.C, parameters, blocks, HERE, internal=True)


def test_function_with_and_without_positions() -> None:
    assert function_text(_function(), positions=False) == (
        "function m.g(ctx: struct ctx *, ...rest) [internal]\n"
        "b0: (handler b2)\n"
        '  hKey = call f("say \\"x\\"")\n'
        "  branch hKey ? b1 : b2\n"
        "b1:\n"
        "  jump b2\n"
        "b2:\n"
        "  return hKey\n"
    )
    lines = function_text(_function()).splitlines()
    assert lines[0].endswith("at 3:5")
    assert lines[3].startswith("  branch hKey ? b1 : b2 ")
    assert lines[3].endswith(" ; 3:5")


def test_module_ends_with_its_problems() -> None:
    problem = ir.Problem(HERE, "not understood", "g")
    module = ir.Module("a.c", "a", ir.Language.C, (_function(),), problems=(problem,))
    assert module_text(module).splitlines()[-1] == "problem at 3:5 in g: not understood"
    assert module_text(ir.Module("a.c", "a", ir.Language.C, ())) == ""


def test_dot_has_every_block_and_edge_and_quotes_its_labels() -> None:
    lines = function_dot(_function()).splitlines()
    assert lines[0] == 'digraph "m.g" {'
    assert lines[-1] == "}"
    assert {line.strip() for line in lines if "->" in line} == {
        'b0 -> b1 [label="true"];',
        'b0 -> b2 [label="false"];',
        "b0 -> b2 [style=dashed];",
        "b1 -> b2;",
    }
    (entry,) = (line for line in lines if line.startswith("  b0 [label="))
    assert entry == (
        '  b0 [label="b0\\lhKey = call f(\\"say \\\\\\"x\\\\\\"\\")\\lbranch hKey ? b1 : b2\\l"];'
    )


# ---------------------------------------------------------------- pictures


def _picture(*blocks: ir.BasicBlock) -> str:
    return function_picture(ir.Function("f", "f", ir.Language.C, (), blocks, HERE))


def test_picture_joins_each_edge_with_the_head_that_it_leads_to() -> None:
    entry = ir.BasicBlock(0, (), ir.Branch(ir.Read(KEY), 1, 2, HERE))
    loop = ir.BasicBlock(1, (), ir.Jump(0))
    end = ir.BasicBlock(2, (), ir.Return(ONE, HERE), handler=1)
    assert _picture(entry, loop, end) == (
        "function f\n"
        "  +----> b0:\n"
        "  |        branch hKey ? b1 : b2\n"
        "+-|-----     true\n"
        "| | +---     false\n"
        "+-|-|--> b1:\n"
        "| +-|---   jump\n"
        "|   +--> b2:\n"
        "|          return 1\n"
        "+-------   on an exception\n"
    )


def test_picture_of_a_choice_has_an_edge_for_each_way() -> None:
    choice = ir.BasicBlock(0, (), ir.Choose((1, 1), HERE))
    end = ir.BasicBlock(1, (), ir.Return(None, HERE))
    assert _picture(choice, end).count("+---     or") == 2


def test_picture_cuts_long_lines() -> None:
    long = ir.Escape((ir.Read(KEY),) * 40, HERE)
    picture = _picture(ir.BasicBlock(0, (long,), ir.Return(None, HERE)))
    assert max(map(len, picture.splitlines())) == 100


def test_where_exceptions_go_and_what_they_are() -> None:
    caught = (("ns::Failure", "std::exception"), ("...",), None)
    choice = ir.Choose((1, 2, 3), HERE, caught)
    assert statement_text(choice) == "choose b1 (ns::Failure, std::exception) b2 (...) b3"
    assert statement_text(ir.Raise(HERE, exception="ns::Failure")) == "raise ns::Failure"
