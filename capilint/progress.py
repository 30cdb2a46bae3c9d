"""How far a run is: seconds by phase, counts, and what the present phase has to do still.

with progress.phase("analysis", 120): ──▶ seconds["analysis"], less those of phases inside
    progress.step() ─────────────────▶ `shown`, for whoever watches
    progress.count("functions") ─────▶ counts["functions"]
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from time import perf_counter

Shown = Callable[[str, int, int], None]
"""Told of a phase how many steps are done, and of how many; of 0 where that is not known."""


class Progress:
    """What a run has done so far."""

    def __init__(self, shown: Shown | None = None) -> None:
        self.seconds: defaultdict[str, float] = defaultdict(float)
        self.counts: defaultdict[str, int] = defaultdict(int)
        self._shown = shown
        self._phases: list[str] = []
        self._since = 0.0
        self._done = self._total = 0

    @contextmanager
    def phase(self, name: str, total: int = 0) -> Iterator[None]:
        """What is done in here belongs to a phase, of so many steps; an outer one stands still."""
        self._charge()
        outer = self._done, self._total
        self._phases.append(name)
        self._done, self._total = 0, total
        try:
            yield
        finally:
            self._charge()
            self._phases.pop()
            self._done, self._total = outer

    def step(self) -> None:
        """Another step of the phase is done."""
        self._done += 1
        if self._shown is not None and self._phases:
            self._shown(self._phases[-1], self._done, self._total)

    def count(self, what: str, number: int = 1) -> None:
        """So many more of something were met."""
        self.counts[what] += number

    def _charge(self) -> None:
        now = perf_counter()
        if self._phases:
            self.seconds[self._phases[-1]] += now - self._since
        self._since = now
