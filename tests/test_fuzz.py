"""Generated programs: the linter and the runtime model agree, and a broken linter is found out."""

from __future__ import annotations

import pytest

from tests.fuzz.__main__ import Tally, run
from tests.fuzz.compare import Disagreement, hold
from tests.fuzz.interpreter import mistakes_of
from tests.fuzz.mutations import MUTATIONS, programs_until_seen
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
    Statement,
    numbered,
)
from tests.fuzz.situation import Unclear

GENERATE = Api("generate", "k0", ("c0",))
DESTROY = Do(Api("destroy", "", ("k0",)))
RELEASE = Do(Api("release", "", ("c0",)))
USE = Do(Api("set", "", ("k0",)))
BAIL: Block = (Leave(),)


@pytest.mark.parametrize("first_seed", [1, 2, 3, 4])
def test_linter_and_model_agree_on_generated_programs(first_seed: int) -> None:
    tally = Tally()
    disagreement = run(500, first_seed, tally)
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
