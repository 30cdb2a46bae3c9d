"""capilint: a linter for the life of CryptoAPI handles in C, C++ and Python.

What is exported is the Python API, described in `capilint.api` and imported when it is used.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from capilint.api import (
        FORMATS,
        Change,
        Finding,
        Fix,
        Options,
        Report,
        SettingsError,
        Severity,
        Span,
        Step,
        Suppressed,
        Unreadable,
        check,
        check_text,
        render,
    )

__version__ = "0.1.0"
__all__ = [
    "FORMATS",
    "Change",
    "Finding",
    "Fix",
    "Options",
    "Report",
    "SettingsError",
    "Severity",
    "Span",
    "Step",
    "Suppressed",
    "Unreadable",
    "__version__",
    "check",
    "check_text",
    "render",
]


if not TYPE_CHECKING:  # a checker would take any name for one of ours

    def __getattr__(name: str) -> object:
        """A name of the API; the first one imports it."""
        if name not in __all__:
            raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
        from capilint import api

        globals().update({each: getattr(api, each) for each in api.__all__})
        return globals()[name]


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
