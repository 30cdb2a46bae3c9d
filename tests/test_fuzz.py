"""Generated programs: the linter and the runtime model agree, and a broken linter is found out."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest
from hypothesis import HealthCheck, Phase, given, seed, settings

from capilint.execution.run import headers
from capilint.language import Language
from tests.fuzz.__main__ import Tally, run
from tests.fuzz.compare import Disagreement, hold
from tests.fuzz.interpreter import mistakes_of
from tests.fuzz.mutations import MUTATIONS, programs_until_seen
from tests.fuzz.printers import text_of
from tests.fuzz.program import (
    Api,
    Block,
    Check,
    Condition,
    Copy,
    Do,
    If,
    Leave,
    Loop,
    Program,
    Scope,
    Statement,
    numbered,
)
from tests.fuzz.situation import Unclear
from tests.fuzz.strategy import programs
from tests.tools import require

GENERATE = Api("generate", "k0", ("c0",))
DESTROY = Do(Api("destroy", "", ("k0",)))
RELEASE = Do(Api("release", "", ("c0",)))
USE = Do(Api("set", "", ("k0",)))
BAIL: Block = (Leave(),)


@pytest.mark.parametrize("first_seed", [1, 2, 3, 4])
def test_linter_and_model_agree_on_generated_programs(first_seed: int) -> None:
    tally = Tally()
    disagreement = run(250, first_seed, tally)
    assert disagreement is None, str(disagreement)
    assert tally.unclear < tally.tried / 5
    assert tally.broken > tally.tried / 4


@pytest.mark.parametrize("mutation", MUTATIONS)
def test_a_broken_linter_is_found_out(mutation: str) -> None:
    assert programs_until_seen(mutation) is not None


# ---------------------------------------------------------------- the interpreter itself


@pytest.mark.parametrize(
    ("body", "cleanup", "expected"),
    [
        ([Check(GENERATE, (), BAIL), DESTROY], [], []),
        ([Do(GENERATE)], [], [("CAP101", 1)]),
        ([Check(GENERATE, (), BAIL), Check(USE.api, (), BAIL), DESTROY], [], [("CAP101", 1)]),
        ([Check(GENERATE, (), BAIL), Check(USE.api, (), BAIL)], [DESTROY], []),
        ([Do(GENERATE), DESTROY, USE], [], [("CAP201", 3)]),
        ([Do(GENERATE), DESTROY, DESTROY], [], [("CAP202", 3)]),
        ([Do(GENERATE), Do(Api("wrong", "", ("k0",)))], [], [("CAP203", 2)]),
        ([Do(GENERATE), RELEASE, DESTROY], [], [("CAP301", 2)]),
        ([Do(GENERATE), Copy("k0")], [], [("CAP103", 1)]),
        ([Do(GENERATE), Copy("k1", "k0"), Copy("k0"), Do(Api("destroy", "", ("k1",)))], [], []),
        ([Loop((Do(GENERATE),)), DESTROY], [], [("CAP103", 2)]),
        ([Loop((Do(GENERATE), DESTROY))], [], []),
        (
            [If(Condition("flag0"), (Do(GENERATE),), ()), If(Condition("flag0"), (DESTROY,), ())],
            [],
            [],
        ),
    ],
)
def test_interpreter_finds_what_is_wrong(
    body: list[Statement], cleanup: list[Statement], expected: list[tuple[str, int]]
) -> None:
    program = numbered(Program(("c0",), tuple(body), tuple(cleanup)))
    assert sorted((each.code, each.number) for each in mistakes_of(program)) == expected
    assert hold(program) == len(expected)


def test_program_with_too_many_paths_has_no_clear_answer() -> None:
    checks = tuple(Check(Api("generate", f"k{n}", ("c0",)), (), ()) for n in range(14))
    reads = tuple(Do(Api("drop_set", "", (f"k{n}",))) for n in range(14))
    with pytest.raises(Unclear):
        mistakes_of(numbered(Program(("c0",), (*checks, *reads))))


def test_paths_that_meet_again_are_walked_once() -> None:
    checks = tuple(Check(USE.api, (USE,), (USE,)) for _ in range(100))
    assert mistakes_of(numbered(Program(("c0", "k0"), checks))) == set()


def test_disagreement_shows_both_sides_and_the_text(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tests.fuzz.compare.findings_of", lambda _: [])
    with pytest.raises(Disagreement) as caught:
        hold(numbered(Program(("c0",), (Do(GENERATE),))))
    assert "model only" in str(caught.value)
    assert "CryptGenKey(c0, 0x6610, 0, &k0);" in caught.value.source
    assert caught.value.suffix == ".c"


# ---------------------------------------------------------------- the printed C++


@pytest.mark.parametrize("compiler", ["x86_64-w64-mingw32-g++", "c++"])
def test_programs_printed_as_cpp_compile(tmp_path: Path, compiler: str) -> None:
    """With the SDK's headers, and with those of `capilint run`."""
    require(compiler)
    headers.write(tmp_path)
    path = tmp_path / "programs.cpp"
    path.write_text(in_one_file(drawn(150)), encoding="utf-8")
    own = [] if "mingw" in compiler else [f"-I{tmp_path}"]
    command = [compiler, "-std=c++17", "-fsyntax-only", "-w", *own, str(path)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr[:2000]


def drawn(count: int) -> list[Program]:
    """So many programs of the strategy."""
    made: list[Program] = []

    @seed(1)
    @settings(
        max_examples=count,
        deadline=None,
        database=None,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @given(programs())
    def draw(program: Program) -> None:
        made.append(program)

    draw()
    return made


def in_one_file(made: list[Program]) -> str:
    """All of them, each in a namespace of its own."""
    lines = ["#include <windows.h>", "#include <wincrypt.h>"]
    for number, program in enumerate(made):
        text = text_of(program, Language.CPP)
        lines += [f"namespace program_{number} {{"]
        lines += [line for line in text.written if not line.startswith("#")]
        lines += ["}"]
    return "\n".join([*lines, ""])


def test_a_scope_ends_what_it_owns_on_every_way_out() -> None:
    made = Check(Api("generate", "k6", ("c0",)), (), ())
    use = Check(Api("set", "", ("k6",)), (), BAIL)
    again = Do(Api("destroy", "", ("k6",)))
    for body, expected in (((made, use), 0), ((made, again), 1), ((made, Copy("k6")), 1)):
        program = numbered(Program(("c0",), (Scope(body, ("k6",)),), (USE,)))
        assert hold(program) == expected
