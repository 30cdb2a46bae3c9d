"""How much a finding matters; apart from findings so that settings need no import of theirs."""

from __future__ import annotations

from enum import StrEnum


class Severity(StrEnum):
    """How much a finding matters, mildest last."""

    ERROR = "error"
    WARNING = "warning"
    NOTE = "note"
