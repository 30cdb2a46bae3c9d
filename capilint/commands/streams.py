"""The standard streams, which may be closed, broken or full, and the signal that asks to end.

Python has no stream at all for one that is closed at the start: `print` would then print what is
for people to the other, or nothing.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress

from capilint.commands import CommandError
from capilint.files.source import LARGEST_FILE
from capilint.interruption import TERMINATE, Terminated
from capilint.report.printable import printable


def prepare() -> None:
    """Have streams that take any text; to write to a closed standard output is an error."""
    if sys.stdout is None:
        sys.stdout = os.fdopen(os.open(os.devnull, os.O_RDONLY), "w", encoding="utf-8")
    if sys.stderr is None:
        sys.stderr = os.fdopen(os.open(os.devnull, os.O_WRONLY), "w", encoding="utf-8")
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):  # a name from a source file must not end the run
            stream.reconfigure(errors="backslashreplace")


def write_out(text: str) -> None:
    """Print a text. A reader that went away, as `head` does, has had enough.

    Raises CommandError where the standard output cannot be written.
    """
    try:
        sys.stdout.write(text)
        sys.stdout.flush()
    except BrokenPipeError:
        hush()
    except OSError as error:
        hush()
        raise CommandError(f"the standard output cannot be written: {error.strerror}") from error


def say(text: str) -> None:
    """Print a line for people, to the standard error; where that is no use, nothing is lost."""
    with suppress(OSError):
        print("\n".join(map(printable, text.split("\n"))), file=sys.stderr, flush=True)


def hush() -> None:
    """Let nothing more go to the standard output, not even what it still holds at the end."""
    with suppress(OSError, ValueError):
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def read_in() -> bytes:
    """The standard input, which may be without an end. Raises CommandError."""
    if sys.stdin is None:
        raise CommandError("the standard input is closed")
    try:
        data = sys.stdin.buffer.read(LARGEST_FILE + 1)
    except OSError as error:
        raise CommandError(f"the standard input cannot be read: {error.strerror}") from error
    if len(data) > LARGEST_FILE:
        limit = LARGEST_FILE // (1024 * 1024)
        raise CommandError(f"the standard input is larger than the limit of {limit} MiB")
    return data


@contextmanager
def terminable() -> Iterator[None]:
    """Have a wish to end the process (SIGTERM) raise Terminated, where nobody else hears it."""
    import signal

    def terminate(*_: object) -> None:
        raise Terminated

    try:
        before = signal.signal(TERMINATE, terminate)
    except ValueError:  # not the main thread
        yield
        return
    try:
        yield
    finally:
        signal.signal(TERMINATE, before)
