"""A folder with leaks to find, and the ways to run capilint in it while something goes wrong."""

from __future__ import annotations

import io
import os
import subprocess
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

import pytest

from capilint.cli import main
from tests.documents import ROOT
from tests.doors import C_LEAK, PYTHON_LEAK

FOUND = ("leak.c:6:10: error: CAP101", "leak.py:9:12: error: CAP101")


class Outcome(NamedTuple):
    """What a run gave: its exit status, and what it printed."""

    status: int
    out: str
    err: str


class Situation(NamedTuple):
    """The working directory has `leak.c` and `leak.py`; `patch` is undone after the fault."""

    patch: pytest.MonkeyPatch

    def check(self, *arguments: str, stdin: bytes | None = None) -> Outcome:
        """`capilint check` in this process."""
        out, err = (io.TextIOWrapper(io.BytesIO(), "utf-8", write_through=True) for _ in range(2))
        self.patch.setattr(sys, "stdout", out)
        self.patch.setattr(sys, "stderr", err)
        if stdin is not None:
            self.patch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(stdin)))
        try:
            status = main(["check", *arguments])
        except SystemExit as exit_:
            status = int(exit_.code or 0)
        return Outcome(status, *(_text(each.buffer) for each in (out, err)))

    def process(
        self, *arguments: str, before: str = "", shell: str = "", program: str = ""
    ) -> Outcome:
        """`capilint check` in a process of its own.

        `before` is what it runs first, in Python; `shell` are redirections.
        """
        code = f"import sys; {before or 'pass'}\nfrom capilint.cli import main; sys.exit(main())"
        command = [sys.executable, "-c", code, "check", *arguments]
        if shell:
            command = ["sh", "-c", f'"$@" {shell}', "sh", *command]
        done = subprocess.run(
            command,
            env={**os.environ, "PYTHONPATH": str(ROOT), "NO_COLOR": "1"},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            check=False,
            timeout=300,
        )
        streams = (data.decode(errors="replace") for data in (done.stdout, done.stderr))
        return Outcome(done.returncode, *streams)


class Fault(NamedTuple):
    """A fault: how it is made and what is run then, and what must come of it.

    `found` are texts of the output, mostly the findings of the other files; `says` those on the
    standard error: what it is about, and the way out.
    """

    name: str
    happen: Callable[[Situation], Outcome]
    status: int
    says: Sequence[str]
    found: Sequence[str]

    def hold(self, outcome: Outcome) -> None:
        """Assert that nothing was lost, and that people were told."""
        printed = outcome.out + outcome.err
        assert "Traceback" not in printed and "internal error" not in printed, printed
        assert outcome.status == self.status, printed
        for text in self.found:
            assert text in outcome.out, printed
        for text in self.says:
            assert text in outcome.err, printed
        assert self.says or not outcome.err, outcome.err

    def row(self, outcome: Outcome) -> str:
        """The row of the page."""
        said = [line.removeprefix("capilint: ") for line in outcome.err.splitlines()]
        shown = "<br>".join(f"`` {line} ``" if "`" in line else f"`{line}`" for line in said)
        shown = shown.replace("|", r"\|")
        return f"| {self.name} | {outcome.status} | {shown} |"


@contextmanager
def scratch(folder: Path, patch: pytest.MonkeyPatch) -> Iterator[Situation]:
    """A situation in a folder, which is the working directory meanwhile."""
    patch.chdir(folder)
    (folder / "leak.c").write_text(C_LEAK, encoding="utf-8")
    (folder / "leak.py").write_text(PYTHON_LEAK, encoding="utf-8")
    with patch.context() as inner:
        yield Situation(inner)


def _text(stream: object) -> str:
    assert isinstance(stream, io.BytesIO)
    return stream.getvalue().decode()
