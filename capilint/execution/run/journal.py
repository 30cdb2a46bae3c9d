"""The journal: what the child process tells its parent, a JSON value a line.

Each line is written at once, so that a crash or `exit` loses nothing that was seen before it.

    start     the program begins
    call      a call that can fail: its number, whether it was made to fail, its stack
    verdict   a mistake that the monitor saw
    trouble   the run cannot go on: what is missing
    end       the program came back: `returned`, `raised` or `exited`
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path


class Journal:
    """The writing end."""

    def __init__(self, path: Path) -> None:
        """Starts a journal; an old file of that name is overwritten."""
        self._file = path.open("w", encoding="utf-8")

    def write(self, record: str, **fields: object) -> None:
        """Adds one line."""
        self._file.write(json.dumps({"record": record, **fields}) + "\n")
        self._file.flush()


def read(path: Path) -> Iterator[dict[str, object]]:
    """The lines of a journal. A last line that a crash cut off is left out."""
    if not path.exists():
        return
    for line in path.read_text(encoding="utf-8").splitlines():
        try:
            yield json.loads(line)
        except ValueError:
            return
