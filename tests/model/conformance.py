"""Compares the model with Wine over the conformance table, and counts.

`python -m tests.model.conformance` prints each difference and the counts; the exit status is 1
where a difference is unexplained.
"""

from __future__ import annotations

import sys
import tempfile
from collections import Counter
from dataclasses import dataclass
from pathlib import Path

from capilint.model import constants as sdk
from tests.model import on_model, on_wine
from tests.model.on_model import Outcome
from tests.model.script import Declaration, Difference, Sequence, load, reasons, written

SAME, DOCUMENTED, UNEXPLAINED = "same", "documented difference", "unexplained"
_ERROR_NAMES = {
    value: name
    for name, value in vars(sdk).items()
    if name.startswith(("ERROR_", "NTE_", "CRYPT_E_"))
}


@dataclass(frozen=True, slots=True)
class Comparison:
    """One sequence: the verdict and, where the sides differ, a line for each such step."""

    name: str
    verdict: str
    lines: tuple[str, ...] = ()


def compare(
    sequence: Sequence, model: list[Outcome | None], wine: list[Outcome | None]
) -> Comparison:
    """Holds the two sides against each other, step by step."""
    verdict, lines = SAME, []
    for step, ours, theirs in zip(sequence.steps, model, wine, strict=True):
        difference = None if isinstance(step, Declaration) else step.difference
        if ours == theirs and difference is None:
            continue
        found = DOCUMENTED if _explains(difference, ours, theirs) else UNEXPLAINED
        verdict = UNEXPLAINED if UNEXPLAINED in (found, verdict) else DOCUMENTED
        why = f": {difference.reason}" if difference else ""
        sides = f"model {describe(ours)}, Wine {describe(theirs)}"
        lines.append(f"{written(step)}: {sides} [{found}{why}]")
    return Comparison(sequence.name, verdict, tuple(lines))


def _explains(difference: Difference | None, ours: Outcome | None, theirs: Outcome | None) -> bool:
    """Whether a documented difference is there, and is the one that the table states."""
    return (
        difference is not None
        and ours != theirs
        and describe(ours) == difference.expected
        and difference.reason in reasons()
    )


def describe(outcome: Outcome | None) -> str:
    """An outcome in the SDK's words."""
    if outcome is None or outcome.shown:
        return outcome.shown if outcome else "nothing"
    if outcome.succeeded:
        return "OK"
    return _ERROR_NAMES.get(outcome.error, hex(outcome.error))


def compare_all(directory: Path, sequences: list[Sequence]) -> list[Comparison]:
    """Runs both sides; `directory` is for the program and the Wine prefix."""
    wine = on_wine.Wine(directory, sequences)
    try:
        results = wine.run()
    finally:
        wine.close()
    return [
        compare(sequence, on_model.run(sequence), result)
        for sequence, result in zip(sequences, results, strict=True)
    ]


def counts(comparisons: list[Comparison]) -> str:
    """The suite's figures in one line."""
    figures = Counter(comparison.verdict for comparison in comparisons)
    parts = [f"{figures[verdict]} {verdict}" for verdict in (SAME, DOCUMENTED, UNEXPLAINED)]
    return f"{len(comparisons)} sequences on the model and under Wine: " + ", ".join(parts)


def main() -> int:
    """The command line: see the module."""
    lacking = on_wine.missing()
    if lacking:
        print(f"not run, this machine lacks {lacking}", file=sys.stderr)
        return 2
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as directory:
        comparisons = compare_all(Path(directory), load())
    for comparison in comparisons:
        for line in comparison.lines:
            print(f"{comparison.name}: {line}")
    print(counts(comparisons))
    return any(comparison.verdict == UNEXPLAINED for comparison in comparisons)


if __name__ == "__main__":
    sys.exit(main())
