"""States, summaries and defects in words: each thing that they hold is said, by its own name."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from capilint.engine.domain.events import Event, Origin, Role
from capilint.engine.domain.state import Handle, State, Typestate
from capilint.engine.domain.text import Names, event_text, handle_text, state_rows
from capilint.engine.domain.values import (
    ZERO,
    AbstractValue,
    Aggregate,
    Function,
    Location,
    Number,
    Pointer,
    Status,
    Symbol,
    Term,
    Text,
    Uninitialised,
)
from capilint.engine.inspection import inspect
from capilint.engine.reporting.text import states_text, witness_text
from capilint.engine.summaries.text import summary_text
from capilint.finding import Span
from capilint.frontends import python
from capilint.frontends.c import lower
from capilint.ir import Module, Scope, Variable
from capilint.rulebook.book import load

BOOK = load()
HERE = Span(9, 5, 9, 8)
CONTEXT = Variable("hProv", Scope.PARAMETER)
VARIABLE = Variable("hKey#2", Scope.LOCAL)


# Values are interned, and forgotten when an analysis begins: each test makes its own.


def _owner() -> Symbol:
    return Symbol("initial", "entry", Location(CONTEXT))


def _key() -> Symbol:
    return Symbol("handle", (0, 1), "phKey")


def _live(**fields: Any) -> Handle:
    return Handle("key", Typestate.LIVE, made=True, owner=_owner(), **fields)


def _names() -> Names:
    return Names({_key(): Origin("CryptGenKey", "hKey", HERE, "key")})


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (lambda: _key(), "key@9"),
        (lambda: _key().older(), "older key@9"),
        (lambda: _owner(), "hProv"),
        (lambda: Symbol("initial", "entry", Location(_owner(), (".key",))), "hProv->key"),
        (lambda: Symbol("result", (2, 1)), "result@b2.1"),
        (lambda: Symbol("join", 3, Location(VARIABLE)), "join(hKey#2)@b3"),
        (
            lambda: Symbol("initial", "entry", Location(Symbol("result", (2, 1)), (".x",))),
            "<result@b2.1>.x",
        ),
        (lambda: Number(-1), "-1"),
        (lambda: Text("a"), '"a"'),
        (lambda: Text("CALG_RC4", False), "CALG_RC4"),
        (lambda: Status((0, 1), 1), "1, the success of b0.1"),
        (lambda: Status((0, 1), 0, None, True), "0, the failure of b0.1"),
        (lambda: Pointer(Location(VARIABLE)), "&hKey#2"),
        (lambda: Uninitialised(VARIABLE), "not set"),
        (lambda: Function("f"), "function f"),
        (lambda: Term("&", (_owner(), Number(4))), "(hProv & 4)"),
        (lambda: Term("unknown", (_owner(), ZERO)), "unknown(hProv, 0)"),
        (lambda: Aggregate((_owner(), _key())), "(hProv, key@9)"),
    ],
)
def test_values(value: Callable[[], AbstractValue], text: str) -> None:
    assert _names().value(value()) == text


def test_two_handles_of_one_line_have_different_names() -> None:
    other = Symbol("handle", (0, 2), "phKey")
    beside = Origin("CryptGenKey", "hOther", Span(9, 40, 9, 50), "key")
    names = Names({**_names().origins, other: beside})
    assert names.symbol(_key()) == "key@9:5(hKey)"
    assert names.symbol(other) == "key@9:40(hOther)"


@pytest.mark.parametrize(
    ("handle", "text"),
    [
        (_live, "live, made here, context hProv"),
        (lambda: _live(escaped=True, handed=True), "escaped, handed to the caller"),
        (lambda: _live(entrusted=True), "entrusted to an object"),
        (lambda: _live(orphaned=True), "orphaned"),
        (lambda: _live(count=2), "2 references"),
        (lambda: _live(doubt=(0, 1)), "in doubt"),
        (
            lambda: _live(owns_itself=True, raised=True),
            "releases itself, lived through an exception",
        ),
        (lambda: Handle("context", Typestate.UNKNOWN, used=True), "unknown, used"),
    ],
)
def test_handles(handle: Callable[[], Handle], text: str) -> None:
    assert text in handle_text(handle(), _names())


def test_a_state_is_shown_whole() -> None:
    state = State()
    state.store(Location(VARIABLE), _key())
    state.handles[_key()] = _live()
    state.facts = {_owner(): True, Term("<=", (ZERO, _owner())): False}
    state.exposed = frozenset([VARIABLE])
    state.raising, state.exception = "certain", "ValueError"
    state.failed, state.failing = True, True
    assert state_rows(state, _names()) == [
        "place   hKey#2 = key@9",
        "handle  key@9: live, made here, context hProv",
        "fact    hProv is not 0",
        "fact    0 <= hProv does not hold",
        "note    seen from outside: hKey#2",
        "note    an exception is under way: certain ValueError",
        "note    the last API call failed",
        "note    the last branch was taken because a call failed",
    ]


@pytest.mark.parametrize(
    ("kind", "succeeded", "text"),
    [
        ("call", True, "f succeeds: releases key@9"),
        ("call", False, "f fails: releases key@9"),
        ("call", None, "f: releases key@9"),
        ("enter", None, "into f"),
        ("exit", None, "back from f"),
        ("raise", None, "f raises an exception"),
        ("lose", None, "key@9: the last reference is gone"),
        ("show", None, "key@9: stored in memory of the caller"),
        ("hand-out", None, "key@9: handed to the caller"),
    ],
)
def test_events(kind: str, succeeded: bool | None, text: str) -> None:
    role = Role("release", "hKey", _key(), "key")
    assert event_text(Event(kind, HERE, "a.c", "f", (role,), succeeded), _names()) == text


# ---------------------------------------------------------------- whole functions

LEAK = """
BOOL f(HCRYPTPROV hProv, HCRYPTKEY *phKey, int n)
{
    if (n < 4) return FALSE;
    if (!CryptGenKey(hProv, CALG_RC4, 0, phKey)) return FALSE;
    log_it();
    return TRUE;
}

BOOL g(HCRYPTPROV hProv)
{
    HCRYPTKEY hKey;
    return f(hProv, &hKey, 8);
}
"""
RAISES = """
import ctypes

def f(prov, key):
    if not ctypes.WinDLL("advapi32").CryptGenKey(prov, 1, 0, ctypes.byref(key)):
        raise ValueError
"""


def _dumps(module: Module) -> dict[str, tuple[str, str, list[str]]]:
    return {
        each.function.name: (
            states_text(each.graph, each.interpreter, each.names),
            summary_text(each.summary, each.names) if each.summary else "",
            [witness_text(witness, each.names) for witness in each.witnesses],
        )
        for each in inspect([module], BOOK)
    }


def test_a_summary_says_what_a_caller_is_told() -> None:
    _, summary, _ = _dumps(lower(LEAK, "a.c"))["f"]
    lines = [line.strip() for line in summary.splitlines()]
    assert lines[:2] == ["summary of f(hProv, phKey, n)", "it calls unknown code"]
    assert {"writes  *phKey = key@5", "if      n < 4 holds"} <= set(lines)
    assert "handle  key@5: live, made here, context hProv" in lines
    assert "path    5:10 CryptGenKey fails: uses hProv" in lines


def test_a_summary_says_that_a_function_raises() -> None:
    _, summary, _ = _dumps(python.lower(RAISES, "a.py"))["f"]
    assert "raises ValueError" in summary


def test_a_defect_stands_at_a_state_that_is_shown() -> None:
    states, _, witnesses = _dumps(lower(LEAK, "a.c"))["g"]
    (leak,) = (witness for witness in witnesses if witness.startswith("CAP101"))
    assert leak.startswith("CAP101 on key@13 (`hKey`) at 13:5\n")
    assert "5:10 CryptGenKey succeeds: uses hProv, creates key@13" in leak
    node = leak.partition("node    ")[2].split("\n")[0]
    assert f"\n{node} at b" in f"\n{states}"


def test_every_block_that_can_be_reached_has_a_state() -> None:
    module = lower(LEAK, "a.c")
    states, _, _ = _dumps(module)["f"]
    for block in module.functions[0].blocks:
        assert f" at b{block.number}\n" in states
