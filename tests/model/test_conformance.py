"""The model against Wine: every sequence of the conformance table behaves the same on both.

Where the SDK page and Wine disagree the model follows the page, and the row says so.
"""

from __future__ import annotations

import os
import sys
from pathlib import Path

import pytest

from capilint.model.functions import SIGNATURES
from tests.model.conformance import (
    DOCUMENTED,
    UNEXPLAINED,
    Comparison,
    compare,
    compare_all,
    counts,
)
from tests.model.on_model import Outcome, run
from tests.model.on_wine import missing
from tests.model.script import CallStep, Sequence, Show, load, parse_step, reasons

SEQUENCES = load()
LACKING = missing()


@pytest.fixture(scope="module")
def comparisons(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Comparison]:
    if LACKING and not os.environ.get("CI"):
        pytest.skip(f"this machine lacks {LACKING}")
    assert not LACKING, f"in CI nothing is skipped, and this machine lacks {LACKING}"
    directory: Path = tmp_path_factory.mktemp("wine")
    return {each.name: each for each in compare_all(directory, SEQUENCES)}


@pytest.mark.xdist_group("wine")
@pytest.mark.parametrize("name", [sequence.name for sequence in SEQUENCES])
def test_the_model_does_what_wine_does(comparisons: dict[str, Comparison], name: str) -> None:
    assert comparisons[name].verdict != UNEXPLAINED, "\n".join(comparisons[name].lines)


@pytest.mark.xdist_group("wine")
def test_the_counts(comparisons: dict[str, Comparison], capsys: pytest.CaptureFixture[str]) -> None:
    with capsys.disabled():
        # Standard error reaches the terminal from pytest-xdist's workers, too.
        print(f"\n{counts(list(comparisons.values()))}", file=sys.stderr)
    assert counts(list(comparisons.values())).endswith("0 unexplained")


# ---------------------------------------------------------------- the table itself


def test_the_table_has_at_least_120_sequences_with_names_of_their_own() -> None:
    assert len(SEQUENCES) >= 120
    assert len({sequence.name for sequence in SEQUENCES}) == len(SEQUENCES)


def test_every_function_of_the_model_is_in_the_table() -> None:
    called = {
        step.function
        for sequence in SEQUENCES
        for step in sequence.steps
        if isinstance(step, CallStep)
    }
    own = {name for name, signature in SIGNATURES.items() if signature.computed}
    macros = {name for name in own if {name + "A", name + "W"} <= own}
    assert own - macros <= called


def test_every_reason_is_given_and_used() -> None:
    used = {
        step.difference.reason
        for sequence in SEQUENCES
        for step in sequence.steps
        if isinstance(step, CallStep | Show) and step.difference
    }
    assert used == set(reasons())


# ---------------------------------------------------------------- the comparison itself

STEP = "CryptDestroyKey(key)"


def verdict(line: str, model: Outcome, wine: Outcome) -> str:
    return compare(Sequence("row", (parse_step(line),)), [model], [wine]).verdict


def test_a_difference_without_a_reason_is_unexplained() -> None:
    assert verdict(STEP, Outcome(), Outcome(False, 6)) == UNEXPLAINED
    assert verdict(STEP, Outcome(False, 87), Outcome(False, 6)) == UNEXPLAINED


def test_a_documented_difference_must_be_the_stated_one() -> None:
    line = f"{STEP} !! ERROR_INVALID_HANDLE released"
    assert verdict(line, Outcome(False, 6), Outcome(False, 87)) == DOCUMENTED
    assert verdict(line, Outcome(False, 170), Outcome(False, 87)) == UNEXPLAINED


def test_a_documented_difference_that_is_gone_is_unexplained() -> None:
    line = f"{STEP} !! ERROR_INVALID_HANDLE released"
    assert verdict(line, Outcome(False, 6), Outcome(False, 6)) == UNEXPLAINED


def test_a_reason_must_be_known() -> None:
    line = f"{STEP} !! ERROR_INVALID_HANDLE just-because"
    assert verdict(line, Outcome(False, 6), Outcome(False, 87)) == UNEXPLAINED


def test_a_malformed_step_is_refused() -> None:
    with pytest.raises(ValueError, match="not a step"):
        parse_step("do what I mean")


def test_each_sequence_runs_on_the_model_alone() -> None:
    for sequence in SEQUENCES:
        assert len(run(sequence)) == len(sequence.steps)
