"""What is said of a mistake of capilint's own: it costs the function that brings it out, no more.

The place in capilint's text is told with it, so that a report without the file is of use.
"""

from __future__ import annotations

from pathlib import Path
from traceback import extract_tb

_HERE = Path(__file__).parent


def reason(error: Exception) -> str:
    """The reason of a CAP901 note about a function that is left out, for what was raised."""
    if isinstance(error, RecursionError):
        return "the code is nested too deeply"
    if isinstance(error, MemoryError):
        return "there is not enough memory for it"
    said = f"{type(error).__name__}: {error}" if str(error) else type(error).__name__
    return f"internal error ({said}{_raised_at(error)}); please report it as a bug of capilint"


def _raised_at(error: Exception) -> str:
    """The innermost of capilint's own lines on the way."""
    frames = [(Path(each.filename), each.lineno) for each in extract_tb(error.__traceback__)]
    own = [(path, line) for path, line in frames if _HERE in path.parents]
    if not own:
        return ""
    path, line = own[-1]
    return f" at {path.relative_to(_HERE).as_posix()}:{line}"
