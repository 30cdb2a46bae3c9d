"""The source languages, apart from the IR so that naming one costs no import."""

from __future__ import annotations

from enum import StrEnum


class Language(StrEnum):
    """The source languages that a front end can lower."""

    C = "c"
    CPP = "c++"
    PYTHON = "python"


# What people call them on a command line: each language's own name, and the usual suffixes.
LANGUAGE_NAMES = {
    **{language.value: language for language in Language},
    **dict.fromkeys(("cpp", "cxx", "cc"), Language.CPP),
    "py": Language.PYTHON,
}
