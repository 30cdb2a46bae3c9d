"""All faults that docs/faults.md lists, by what is at fault."""

from __future__ import annotations

from tests.faults import caches, clusters, inputs, outputs, settings, workers
from tests.faults.situation import Fault

FAULTS: tuple[Fault, ...] = (
    *inputs.FAULTS,
    *settings.FAULTS,
    *outputs.FAULTS,
    *workers.FAULTS,
    *caches.FAULTS,
    *clusters.FAULTS,
)
