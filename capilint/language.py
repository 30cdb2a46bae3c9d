"""The source languages, apart from the IR so that naming one costs no import."""

from __future__ import annotations

from enum import StrEnum


class Language(StrEnum):
    """The source languages that a front end can lower."""

    C = "c"
    CPP = "c++"
    PYTHON = "python"
