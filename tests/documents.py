"""What a document shows of the program and of files, compared with what they are now.

A block of ```console holds commands (`$ ...`) and, below each, exactly what it prints; the
command runs at the top of the checkout. A block below `<!-- file: NAME -->` is that file.
"""

from __future__ import annotations

import os
import re
import shlex
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
_CONSOLE = re.compile(r"(?<=^```console\n)(.*?)(?=^```$)", re.MULTILINE | re.DOTALL)
_LISTING = re.compile(
    r"(?P<head>^<!-- file: (?P<name>\S+) -->\n```\w+\n)(?P<text>.*?)(?=^```$)",
    re.MULTILINE | re.DOTALL,
)


def capilint(
    arguments: list[str], folder: Path = ROOT, stdin: str = ""
) -> subprocess.CompletedProcess[str]:
    """Run the `capilint` of the tests' own environment, both of its outputs together."""
    return subprocess.run(
        [Path(sys.executable).with_name("capilint"), *arguments],
        cwd=folder,
        env={**os.environ, "NO_COLOR": "1", "COLUMNS": "100"},
        input=stdin,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        encoding="utf-8",
        check=False,
    )


def console_blocks(text: str) -> list[str]:
    """The blocks with commands and their outputs."""
    found: list[str] = _CONSOLE.findall(text)
    return found


def ran(block: str) -> str:
    """A console block with the outputs that its commands have now."""
    commands = [line for line in block.splitlines() if line.startswith("$ ")]
    return "".join(f"{line}\n{_output_of(line.removeprefix('$ '))}" for line in commands)


def _output_of(command: str) -> str:
    program, *arguments = shlex.split(command)
    assert program == "capilint", f"a document runs {program}"
    done = capilint(arguments)
    assert done.returncode in {0, 1}, done.stdout
    return done.stdout


def with_listings(text: str) -> str:
    """A document with the files that it shows as they are now."""
    return _LISTING.sub(
        lambda match: match["head"] + (ROOT / match["name"]).read_text(encoding="utf-8"), text
    )


def written_anew(text: str) -> str:
    """A document with its outputs and files as they are now."""
    return with_listings(_CONSOLE.sub(lambda match: ran(match[0]), text))
